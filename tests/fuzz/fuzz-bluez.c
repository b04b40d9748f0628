/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what BlueZ says: well-formed messages with hostile contents, in any order, into the mirror. (Malformed
 * ones do not pass sd-bus.) What the mirror then holds is clean and within its bounds.
 *
 * The input is a program: an operation, a path, interfaces, properties with right and wrong types, values. */

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bluez/mirror.h"
#include "fuzz.h"
#include "util/bytes.h"
#include "util/utf8.h"

static sd_bus *bus;

static const char *const paths[] = {
        "/",
        "/org/bluez",
        "/org/bluez/hci0",
        "/org/bluez/hci1",
        "/org/bluez/hci0/dev_C0_FF_EE_00_00_01",
        "/org/bluez/hci0/dev_C0_FF_EE_00_00_02",
        "/org/bluez/hci1/dev_C0_FF_EE_00_00_01",
        "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service0001/char0002",
        "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service0001/char0003",
        "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/service0001",
        "/org/bluez/hci0/dev_C0_FF_EE_00_00_01/x",
        "/x/y/z",
        "/org/bluez/hci0/a_path_that_is_longer_than_any_that_BlueZ_makes/"
        "a_path_that_is_longer_than_any_that_BlueZ_makes/"
        "a_path_that_is_longer_than_any_that_BlueZ_makes",
};

static const char *const interfaces[] = {"org.bluez.Adapter1", "org.bluez.Device1",
        "org.bluez.GattCharacteristic1", "org.bluez.Battery1", "org.bluez.GattService1",
        "org.freedesktop.DBus.Properties"};

static const char *const names[] = {"Address", "AddressType", "Name", "RSSI", "UUIDs", "ManufacturerData",
        "Paired", "Bonded", "Trusted", "Connected", "ServicesResolved", "Powered", "PowerState", "Discovering",
        "Percentage", "UUID", "Flags", "MTU", "Value", ""};

static const char *const texts[] = {"C0:FF:EE:00:00:01", "c0:ff:ee:00:00:02", "C0:FF:EE:00:00:0", "random",
        "off-blocked", "0000FFE5-0000-1000-8000-00805F9A34FB", "0000ffe5-0000-1000-8000-00805f9a34f", "notify",
        "indicate", "read", "\x1b[2J\x07", "\xc3\xa9\xe2\x82\xac"};

static const char *pick(struct bytes *b, const char *const *words, size_t n) {
        return words[bytes_u8(b) % n];
}

/* One of the known texts, or some bytes as far as they are text. */
static const char *text(struct bytes *b) {
        static char made[256];
        size_t n = bytes_u8(b);

        if (n < 2 * ARRAY_SIZE(texts))
                return texts[n / 2];
        for (size_t i = 0; i < n; i++) {
                made[i] = (char) (bytes_u8(b) & 0x7f);
                made[i] = made[i] ? made[i] : 'x';
        }
        made[n] = '\0';
        return made;
}

static void append_list(sd_bus_message *m, struct bytes *b) {
        must(sd_bus_message_open_container(m, 'v', "as") >= 0 &&
                sd_bus_message_open_container(m, 'a', "s") >= 0);
        for (unsigned n = bytes_u8(b) % 24; n > 0; n--)
                must(sd_bus_message_append(m, "s", text(b)) >= 0);
        must(sd_bus_message_close_container(m) >= 0 && sd_bus_message_close_container(m) >= 0);
}

static void append_company(sd_bus_message *m, struct bytes *b) {
        static const uint8_t data[300];

        must(sd_bus_message_open_container(m, 'v', "a{qv}") >= 0 &&
                sd_bus_message_open_container(m, 'a', "{qv}") >= 0);
        for (unsigned n = bytes_u8(b) % 4; n > 0; n--) {
                must(sd_bus_message_open_container(m, 'e', "qv") >= 0 &&
                        sd_bus_message_append(m, "q", bytes_le16(b)) >= 0);
                if (bytes_u8(b) % 4 == 0) {
                        must(sd_bus_message_append(m, "v", "s", "no bytes") >= 0);
                } else {
                        must(sd_bus_message_open_container(m, 'v', "ay") >= 0 &&
                                sd_bus_message_append_array(m, 'y', data, bytes_u8(b)) >= 0 &&
                                sd_bus_message_close_container(m) >= 0);
                }
                must(sd_bus_message_close_container(m) >= 0);
        }
        must(sd_bus_message_close_container(m) >= 0 && sd_bus_message_close_container(m) >= 0);
}

static void append_variant(sd_bus_message *m, struct bytes *b) {
        switch (bytes_u8(b) % 9) {
        case 0:
                must(sd_bus_message_append(m, "v", "b", bytes_u8(b) & 1) >= 0);
                break;
        case 1:
                must(sd_bus_message_append(m, "v", "n", (int) bytes_lei16(b)) >= 0);
                break;
        case 2:
                must(sd_bus_message_append(m, "v", "y", bytes_u8(b)) >= 0);
                break;
        case 3:
                must(sd_bus_message_append(m, "v", "q", bytes_le16(b)) >= 0);
                break;
        case 4:
                append_list(m, b);
                break;
        case 5:
                append_company(m, b);
                break;
        case 6:
                must(sd_bus_message_append(m, "v", "o", pick(b, paths, ARRAY_SIZE(paths))) >= 0);
                break;
        case 7:
                must(sd_bus_message_append(m, "v", "a{sv}", 1, "x", "v", "(us)", 7, "deep") >= 0);
                break;
        default:
                must(sd_bus_message_append(m, "v", "s", text(b)) >= 0);
                break;
        }
}

static void append_properties(sd_bus_message *m, struct bytes *b) {
        must(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        for (unsigned n = bytes_u8(b) % 8; n > 0; n--) {
                must(sd_bus_message_open_container(m, 'e', "sv") >= 0 &&
                        sd_bus_message_append(m, "s", pick(b, names, ARRAY_SIZE(names))) >= 0);
                append_variant(m, b);
                must(sd_bus_message_close_container(m) >= 0);
        }
        must(sd_bus_message_close_container(m) >= 0);
}

static void append_interfaces(sd_bus_message *m, struct bytes *b) {
        must(sd_bus_message_open_container(m, 'a', "{sa{sv}}") >= 0);
        for (unsigned n = bytes_u8(b) % 3; n > 0; n--) {
                must(sd_bus_message_open_container(m, 'e', "sa{sv}") >= 0 &&
                        sd_bus_message_append(m, "s", pick(b, interfaces, ARRAY_SIZE(interfaces))) >= 0);
                append_properties(m, b);
                must(sd_bus_message_close_container(m) >= 0);
        }
        must(sd_bus_message_close_container(m) >= 0);
}

static void append_names(sd_bus_message *m, struct bytes *b, const char *const *words, size_t n_words) {
        must(sd_bus_message_open_container(m, 'a', "s") >= 0);
        for (unsigned n = bytes_u8(b) % 3; n > 0; n--)
                must(sd_bus_message_append(m, "s", pick(b, words, n_words)) >= 0);
        must(sd_bus_message_close_container(m) >= 0);
}

static void append_objects(sd_bus_message *m, struct bytes *b) {
        must(sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}") >= 0);
        for (unsigned n = bytes_u8(b) % 6; n > 0; n--) {
                must(sd_bus_message_open_container(m, 'e', "oa{sa{sv}}") >= 0 &&
                        sd_bus_message_append(m, "o", pick(b, paths, ARRAY_SIZE(paths))) >= 0);
                append_interfaces(m, b);
                must(sd_bus_message_close_container(m) >= 0);
        }
        must(sd_bus_message_close_container(m) >= 0);
}

/* ---- what must hold ------------------------------------------------------------------------------------------ */

static void check_text(const char *s, size_t size) {
        size_t n = strnlen(s, size);

        must(n < size);
        for (size_t at = 0, length; at < n; at += length) {
                length = utf8_printable(s + at, n - at);
                must(length > 0);
        }
}

static void check_device(const struct mirror_device *d) {
        char again[BLUEZ_ADDRESS_MAX];

        must(address_parse(d->info.address, again) && strcmp(again, d->info.address) == 0);
        check_text(d->info.name, sizeof(d->info.name));
        must(d->info.n_uuids <= BLUEZ_UUIDS_MAX && d->info.n_company_data <= BLUEZ_COMPANY_DATA_MAX);
        must(d->info.company >= -1 && d->info.company <= UINT16_MAX);
        must(d->battery_percent >= -1 && d->battery_percent <= 100);
        for (size_t i = 0; i < d->info.n_uuids; i++) {
                char uuid[BLUEZ_UUID_MAX];

                must(uuid_parse(d->info.uuids[i], uuid) && strcmp(uuid, d->info.uuids[i]) == 0);
        }
}

static void check(const struct mirror *m) {
        size_t n_adapters = 0, n_strangers = 0, n = 0;

        for (const struct mirror_object *o = mirror_next(m, NULL); o; o = mirror_next(m, o)) {
                must(mirror_find(m, o->path) == o);
                must(o->adapter || o->device || o->characteristic);
                must(o->generation > 0 && o->generation <= m->generation);
                n_adapters += o->adapter != NULL;
                n_strangers += o->device && !o->device->wanted;
                if (o->device)
                        check_device(o->device);
                must(n++ < ARRAY_SIZE(paths));
        }
        must(n_adapters == m->n_adapters && n_strangers == m->n_strangers);
}

static bool wanted(void *userdata, const char *address) {
        (void) userdata;
        return strcmp(address, "C0:FF:EE:00:00:01") == 0;
}

/* A bus without anybody at the other end: messages are made for it, and never sent. */
static void start(void) {
        int fds[2];

        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == 0);
        must(sd_bus_new(&bus) >= 0 && sd_bus_set_fd(bus, fds[0], fds[0]) >= 0 && sd_bus_start(bus) >= 0);
}

static sd_bus_message *seal(sd_bus_message *m) {
        must(sd_bus_message_seal(m, 1, 0) >= 0 && sd_bus_message_rewind(m, 1) >= 0);
        return m;
}

static void run(struct mirror *m, struct bytes *b, uint64_t now_us) {
        const char *path = pick(b, paths, ARRAY_SIZE(paths));
        unsigned operation = bytes_u8(b) % 4;
        sd_bus_message *msg;
        int r;

        must(sd_bus_message_new_signal(
                     bus, &msg, path, "org.freedesktop.DBus.Properties", "PropertiesChanged") >= 0);
        if (operation == 0) {
                append_objects(msg, b);
                r = mirror_load(m, seal(msg), now_us);
        } else if (operation == 1) {
                must(sd_bus_message_append(msg, "o", path) >= 0);
                append_interfaces(msg, b);
                r = mirror_added(m, seal(msg), now_us);
        } else if (operation == 2) {
                must(sd_bus_message_append(msg, "o", path) >= 0);
                append_names(msg, b, interfaces, ARRAY_SIZE(interfaces));
                r = mirror_removed(m, seal(msg));
        } else {
                must(sd_bus_message_append(msg, "s", pick(b, interfaces, ARRAY_SIZE(interfaces))) >= 0);
                append_properties(msg, b);
                append_names(msg, b, names, ARRAY_SIZE(names));
                r = mirror_changed(m, seal(msg), now_us);
        }
        must(r == 0); /* each is of the right form */
        sd_bus_message_unref(msg);
        check(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bytes b = bytes_of(data, size);
        struct mirror m;

        if (!bus)
                start();
        mirror_init(&m, wanted, NULL);
        for (uint64_t now_us = 1; bytes_left(&b) > 0 && !b.failed && now_us < 200; now_us++)
                run(&m, &b, now_us);
        mirror_review(&m);
        check(&m);
        mirror_clear(&m);
        must(!mirror_next(&m, NULL) && m.n_adapters == 0 && m.n_strangers == 0);
        return 0;
}
