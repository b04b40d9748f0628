/* SPDX-License-Identifier: Apache-2.0 */
/* The mirror of BlueZ's objects, by messages that are made here. */

#include <errno.h>
#include <sys/socket.h>

#include "bluez/mirror.h"
#include "unit.h"
#include "util/macros.h"

#define DEVICE "/org/bluez/hci0/dev_C0_FF_EE_00_00_01"

static sd_bus *bus;

static bool wanted(void *userdata, const char *address) {
        (void) userdata;
        return strncmp(address, "C0:FF:EE", 8) == 0;
}

/* A bus with nobody at the other end: messages are made for it and never sent. */
static int start(void **state) {
        int fds[2];

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds), 0);
        assert_true(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0 && sd_bus_start(bus) >= 0);
        return 0;
}

static int end(void **state) {
        (void) state;
        sd_bus_close_unref(bus);
        return 0;
}

static sd_bus_message *make(const char *path, const char *types, ...) {
        sd_bus_message *m;
        va_list ap;

        assert_true(sd_bus_message_new_signal(bus, &m, path, "x.y", "Z") >= 0);
        va_start(ap, types);
        assert_true(sd_bus_message_appendv(m, types, ap) >= 0);
        va_end(ap);
        assert_true(sd_bus_message_seal(m, 1, 0) >= 0 && sd_bus_message_rewind(m, 1) >= 0);
        return m;
}

typedef int (*take_fn)(struct mirror *m, sd_bus_message *message, uint64_t now_us);

/* ... and the message is gone. */
static int take(take_fn function, struct mirror *m, sd_bus_message *message, uint64_t now_us) {
        int r = function(m, message, now_us);

        sd_bus_message_unref(message);
        return r;
}

static int removed(struct mirror *m, sd_bus_message *message, uint64_t now_us) {
        (void) now_us;
        return mirror_removed(m, message);
}

static int refresh(struct mirror *m, sd_bus_message *message, uint64_t now_us) {
        return mirror_refresh(m, DEVICE, message, now_us);
}

static void add_device(struct mirror *m, const char *path, const char *address) {
        assert_int_equal(take(mirror_added, m,
                                 make("/", "oa{sa{sv}}", path, 1, "org.bluez.Device1", 2, "Address", "s",
                                         address, "RSSI", "n", -50),
                                 1000),
                0);
}

static void test_load_in_any_order(void **state) {
        struct mirror m;
        const struct mirror_object *o;
        char path[MIRROR_PATH_MAX];

        (void) state;
        mirror_init(&m, wanted, NULL);
        assert_int_equal(take(mirror_load, &m,
                                 make("/", "a{oa{sa{sv}}}", 3, DEVICE "/service0001/char0002", 1,
                                         "org.bluez.GattCharacteristic1", 2, "UUID", "s",
                                         "0000FFE4-0000-1000-8000-00805F9A34FB", "Flags", "as", 2, "notify",
                                         "magic", DEVICE, 1, "org.bluez.Device1", 3, "Address", "s",
                                         "c0:ff:ee:00:00:01", "Connected", "b", 1, "Name", "s", "Bar\x1b\n1",
                                         "/org/bluez/hci0", 1, "org.bluez.Adapter1", 2, "Address", "s",
                                         "00:11:22:33:44:00", "Powered", "b", 1),
                                 7),
                0);
        assert_int_equal(m.n_adapters, 1);
        assert_true(m.dirty);
        assert_true(mirror_find(&m, "/org/bluez/hci0")->adapter->powered);
        o = mirror_find_device(&m, "/org/bluez/hci0", "C0:FF:EE:00:00:01", path);
        assert_non_null(o);
        assert_string_equal(path, DEVICE);
        assert_string_equal(o->device->info.name, "Bar1");
        assert_true(o->device->info.connected);
        assert_false(o->device->has_bonded);
        o = mirror_find_characteristic(&m, DEVICE, "0000ffe4-0000-1000-8000-00805f9a34fb");
        assert_int_equal(o->characteristic->flags, GATT_FLAG_NOTIFY);
        assert_null(mirror_find_characteristic(
                &m, "/org/bluez/hci0/dev_C0_FF_EE_00_00_0", "0000ffe4-0000-1000-8000-00805f9a34fb"));
        assert_null(mirror_find_device(&m, "/org/bluez/hci1", "C0:FF:EE:00:00:01", path));
        assert_string_equal(path, "/org/bluez/hci1/dev_C0_FF_EE_00_00_01");

        /* What a later load does not have is gone; what it has stays the same object. */
        uint64_t generation = mirror_find(&m, "/org/bluez/hci0")->generation;
        assert_int_equal(take(mirror_load, &m,
                                 make("/", "a{oa{sa{sv}}}", 1, "/org/bluez/hci0", 1, "org.bluez.Adapter1", 1,
                                         "Powered", "b", 0),
                                 8),
                0);
        assert_null(mirror_find(&m, DEVICE));
        assert_int_equal(mirror_find(&m, "/org/bluez/hci0")->generation, generation);
        assert_false(mirror_find(&m, "/org/bluez/hci0")->adapter->powered);
        mirror_clear(&m);
        assert_null(mirror_next(&m, NULL));
}

static void change(struct mirror *m, const char *types, ...) {
        sd_bus_message *msg;
        va_list ap;

        assert_true(sd_bus_message_new_signal(bus, &msg, DEVICE, "x.y", "Z") >= 0);
        va_start(ap, types);
        assert_true(sd_bus_message_appendv(msg, types, ap) >= 0);
        va_end(ap);
        assert_true(sd_bus_message_seal(msg, 1, 0) >= 0 && sd_bus_message_rewind(msg, 1) >= 0);
        assert_int_equal(mirror_changed(m, msg, 2000), 0);
        sd_bus_message_unref(msg);
}

static void test_changes(void **state) {
        struct mirror m;
        const struct mirror_device *d;

        (void) state;
        mirror_init(&m, wanted, NULL);
        /* Nothing is made of a change. */
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "Address", "s", "C0:FF:EE:00:00:01", 0);
        assert_null(mirror_next(&m, NULL));
        add_device(&m, DEVICE, "C0:FF:EE:00:00:01");
        d = mirror_find(&m, DEVICE)->device;
        assert_int_equal(d->heard_us, 1000);
        assert_int_equal(d->last_rssi_dbm, -50);

        /* Up and down again within one turn is not missed. */
        change(&m, "sa{sv}as", "org.bluez.Device1", 2, "Connected", "b", 1, "ServicesResolved", "b", 1, 0);
        assert_true(d->info.connected && d->resolved);
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "Connected", "b", 0, 0);
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "Connected", "b", 1, 0);
        assert_true(d->info.connected);
        assert_false(d->resolved);
        assert_int_equal(d->downs, 1);

        /* Resolved services are proof of a link, told or not; the end of it is the end of them. */
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "Connected", "b", 0, 0);
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "ServicesResolved", "b", 1, 0);
        assert_true(d->info.connected && d->resolved);
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "Connected", "b", 0, 0);
        assert_true(!d->info.connected && !d->resolved);
        assert_int_equal(d->downs, 3);
        assert_int_equal(take(refresh, &m, make("/", "a{sv}", 1, "Connected", "b", 1), 9), 0);
        assert_true(d->info.connected);

        change(&m, "sa{sv}as", "org.bluez.Device1", 0, 1, "RSSI");
        assert_int_equal(d->info.rssi_dbm, BLUEZ_RSSI_NONE);
        assert_int_equal(d->last_rssi_dbm, -50);
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "RSSI", "n", -61, 0);
        assert_int_equal(d->last_rssi_dbm, -61);
        assert_int_equal(d->heard_us, 2000);

        change(&m, "sa{sv}as", "org.bluez.Battery1", 1, "Percentage", "y", 101, 0);
        assert_int_equal(d->battery_percent, -1);
        change(&m, "sa{sv}as", "org.bluez.Battery1", 1, "Percentage", "y", 99, 0);
        assert_int_equal(d->battery_percent, 99);

        /* Types that do not fit are passed over, and the rest is taken. */
        change(&m, "sa{sv}as", "org.bluez.Device1", 4, "Connected", "s", "no", "Name", "u", 7, "Address", "s",
                "nonsense", "Paired", "b", 1, 0);
        assert_true(d->info.connected && d->info.paired);
        assert_string_equal(d->info.address, "C0:FF:EE:00:00:01");
        assert_true(mirror_device_is_bonded(d));
        change(&m, "sa{sv}as", "org.bluez.Device1", 1, "Bonded", "b", 0, 0);
        assert_false(mirror_device_is_bonded(d));
        mirror_clear(&m);
}

/* A private address becomes the identity address, and the path stays. */
static void test_an_address_that_is_resolved(void **state) {
        static const char path[] = "/org/bluez/hci0/dev_5A_00_00_00_00_01";
        char found[MIRROR_PATH_MAX];
        struct mirror m;

        (void) state;
        mirror_init(&m, wanted, NULL);
        add_device(&m, path, "5A:00:00:00:00:01");
        assert_int_equal(m.n_strangers, 1);
        assert_int_equal(
                take(mirror_changed, &m,
                        make(path, "sa{sv}as", "org.bluez.Device1", 1, "Address", "s", "C0:FF:EE:00:00:09", 0),
                        5),
                0);
        assert_int_equal(m.n_strangers, 0);
        assert_non_null(mirror_find_device(&m, "/org/bluez/hci0", "C0:FF:EE:00:00:09", found));
        assert_string_equal(found, path);
        mirror_clear(&m);
}

static void test_removal(void **state) {
        struct mirror m;
        uint64_t generation;

        (void) state;
        mirror_init(&m, wanted, NULL);
        add_device(&m, DEVICE, "C0:FF:EE:00:00:01");
        generation = mirror_find(&m, DEVICE)->generation;
        assert_int_equal(take(removed, &m, make("/", "oas", "/org/bluez/hci7", 1, "org.bluez.Adapter1"), 1), 0);
        assert_int_equal(take(removed, &m, make("/", "oas", DEVICE, 1, "org.bluez.Battery1"), 1), 0);
        assert_non_null(mirror_find(&m, DEVICE));
        assert_int_equal(take(removed, &m, make("/", "oas", DEVICE, 2, "x.y", "org.bluez.Device1"), 1), 0);
        assert_null(mirror_find(&m, DEVICE));
        add_device(&m, DEVICE, "C0:FF:EE:00:00:01");
        assert_true(mirror_find(&m, DEVICE)->generation > generation);
        mirror_clear(&m);
}

static void test_bounds(void **state) {
        struct mirror m;
        char path[MIRROR_PATH_MAX], address[BLUEZ_ADDRESS_MAX];

        (void) state;
        mirror_init(&m, wanted, NULL);
        for (unsigned i = 0; i < MIRROR_DEVICES_MAX + 10; i++) {
                snprintf(address, sizeof(address), "F0:00:00:00:%02X:%02X", i >> 8 & 255, i & 255);
                snprintf(
                        path, sizeof(path), "/org/bluez/hci0/dev_F0_00_00_00_%02X_%02X", i >> 8 & 255, i & 255);
                add_device(&m, path, address);
        }
        assert_int_equal(m.n_strangers, MIRROR_DEVICES_MAX);
        assert_int_equal(m.passed_over, 10);
        add_device(&m, DEVICE, "C0:FF:EE:00:00:01");
        assert_non_null(mirror_find(&m, DEVICE));
        for (unsigned i = 0; i < MIRROR_CHARACTERISTICS_MAX + 5; i++) {
                snprintf(path, sizeof(path), DEVICE "/service0001/char%04x", i);
                assert_int_equal(take(mirror_added, &m,
                                         make("/", "oa{sa{sv}}", path, 1, "org.bluez.GattCharacteristic1", 1,
                                                 "UUID", "s", "0000ffe4-0000-1000-8000-00805f9a34fb"),
                                         1),
                        0);
        }
        assert_int_equal(m.passed_over, 15);
        assert_string_equal(
                mirror_find_characteristic(&m, DEVICE, "0000ffe4-0000-1000-8000-00805f9a34fb")->path,
                DEVICE "/service0001/char0000");
        for (unsigned i = 0; i < MIRROR_ADAPTERS_MAX + 3; i++) {
                snprintf(path, sizeof(path), "/org/bluez/hci%u", i);
                assert_int_equal(
                        take(mirror_added, &m, make("/", "oa{sa{sv}}", path, 1, "org.bluez.Adapter1", 0), 1),
                        0);
        }
        assert_int_equal(m.n_adapters, MIRROR_ADAPTERS_MAX);
        mirror_clear(&m);
}

/* Two services with a characteristic of the same UUID: what stands beside another is in the other's service. */
static void test_beside(void **state) {
        static const struct {
                const char *path, *uuid;
        } characteristics[] = {
                {DEVICE "/service0001/char0002", "00000001-0000-0000-0000-000000000000"},
                {DEVICE "/service0001/char0004", "0000000a-0000-0000-0000-000000000000"},
                {DEVICE "/service0010/char0011", "0000000b-0000-0000-0000-000000000000"},
                {DEVICE "/service0010/char0013", "00000001-0000-0000-0000-000000000000"},
        };
        struct mirror m;

        (void) state;
        mirror_init(&m, wanted, NULL);
        add_device(&m, DEVICE, "C0:FF:EE:00:00:01");
        for (size_t i = 0; i < ARRAY_SIZE(characteristics); i++)
                assert_int_equal(take(mirror_added, &m,
                                         make("/", "oa{sa{sv}}", characteristics[i].path, 1,
                                                 "org.bluez.GattCharacteristic1", 1, "UUID", "s",
                                                 characteristics[i].uuid),
                                         1),
                        0);
        for (size_t i = 1; i <= 2; i++) {
                const struct mirror_object *o = mirror_find(&m, characteristics[i].path);

                assert_string_equal(mirror_find_beside(&m, o, characteristics[0].uuid)->path,
                        characteristics[i == 1 ? 0 : 3].path);
                assert_null(mirror_find_beside(&m, o, characteristics[3 - i].uuid));
        }
        mirror_clear(&m);
}

/* Another form than BlueZ's is a fault and no crash. */
static void test_wrong_forms(void **state) {
        struct mirror m;

        (void) state;
        mirror_init(&m, wanted, NULL);
        assert_true(take(mirror_load, &m, make("/", "s", "nothing"), 1) < 0);
        assert_true(take(mirror_load, &m, make("/", "a{sv}", 1, "x", "s", "y"), 1) < 0);
        assert_true(take(mirror_added, &m, make("/", "u", 7), 1) < 0);
        assert_true(take(mirror_added, &m, make("/", "os", "/x", "y"), 1) < 0);
        assert_true(take(removed, &m, make("/", "ou", "/x", 7), 1) < 0);
        assert_true(take(mirror_changed, &m, make("/", "u", 7), 1) < 0);
        add_device(&m, DEVICE, "C0:FF:EE:00:00:01");
        assert_true(take(mirror_changed, &m, make(DEVICE, "su", "org.bluez.Device1", 7), 1) < 0);
        assert_true(take(mirror_changed, &m, make(DEVICE, "sa{sv}", "org.bluez.Device1", 0), 1) < 0);
        mirror_clear(&m);
}

static void test_parsing(void **state) {
        char address[BLUEZ_ADDRESS_MAX] = "untouched", uuid[BLUEZ_UUID_MAX] = "untouched";

        (void) state;
        assert_false(address_parse("", address));
        assert_false(address_parse("c0:ff:ee:00:00:1", address));
        assert_false(address_parse("c0:ff:ee:00:00:011", address));
        assert_false(address_parse("c0:ff:ee:00:00:01 ", address));
        assert_string_equal(address, "untouched");
        assert_true(address_parse("c0:ff:ee:00:00:01", address));
        assert_string_equal(address, "C0:FF:EE:00:00:01");
        assert_false(uuid_parse("ffe4", uuid));
        assert_false(uuid_parse("0000ffe4-0000-1000-8000-00805f9a34fbx", uuid));
        assert_string_equal(uuid, "untouched");
        assert_true(uuid_parse("0000FFE4-0000-1000-8000-00805F9A34FB", uuid));
        assert_string_equal(uuid, "0000ffe4-0000-1000-8000-00805f9a34fb");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_load_in_any_order),
                cmocka_unit_test(test_changes),
                cmocka_unit_test(test_an_address_that_is_resolved),
                cmocka_unit_test(test_removal),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_beside),
                cmocka_unit_test(test_wrong_forms),
                cmocka_unit_test(test_parsing),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, start, end);
}
