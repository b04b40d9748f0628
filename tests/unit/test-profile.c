/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: the shipped ones load and decode their test vectors, the best one is found, plans say what to do. */

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "profile-text.h"
#include "sensor/profile-private.h"
#include "unit.h"
#include "util/macros.h"

static void test_shipped_profiles_load(void **state) {
        static const char *const wanted[] = {"adafruit-bluefruit", "arduino-blesense", "metamotion-r",
                "metamotion-s", "movella-dot", "movesense-imu6", "nus-csv", "repcast-bar", "witmotion-ble5"};
        struct profiles set = shipped();

        (void) state;
        assert_int_equal(set.n, ARRAY_SIZE(wanted));
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                const struct profile *p = profiles_find(&set, wanted[i], NULL);

                assert_non_null(p);
                assert_true(p->n_tests > 0);
                assert_null(profile_refusal(p, profile_rate(p, 0)));
        }
        profiles_done(&set);
}

static void test_find(void **state) {
        struct profiles set = shipped();
        const char *nearest = NULL;

        (void) state;
        assert_null(profiles_find(&set, "witmotion-ble", &nearest));
        assert_string_equal(nearest, "witmotion-ble5");
        assert_null(profiles_find(&set, "zzz", &nearest));
        assert_null(nearest);
        assert_non_null(profiles_find(&set, "nus-csv", &nearest));
        assert_null(nearest);
        profiles_done(&set);
}

static void test_match(void **state) {
        static const char wit[] = "0000ffe5-0000-1000-8000-00805f9a34fb",
                          nus[] = "6E400001-B5A3-F393-E0A9-E50E24DCCA9E",
                          meta[] = "326a9000-85cb-9195-d9dd-464cfbbae75a",
                          adafruit[] = "adaf0200-c332-42a8-93bd-25e905756cb8";
        static const struct {
                const char *name, *service, *address, *model, *wanted;
                uint16_t company;
        } peripherals[] = {
                {.service = wit, .wanted = "witmotion-ble5"},
                {.name = "WT901BLE67", .wanted = "witmotion-ble5"},
                {.name = "WT901BLE67", .service = wit, .wanted = "witmotion-ble5"},
                {.name = "wt901ble67"}, /* names are what they are, letter by letter */
                {.service = "0000ffe5-0000-1000-8000-00805f9b34fb"},
                {.service = nus},
                {.name = "BarNode-7"},
                {.name = "BarNode-7", .service = nus, .wanted = "nus-csv"},
                {.name = "Movella DOT", .wanted = "movella-dot"},
                {.company = 0x0886, .wanted = "movella-dot"},
                {.address = "d4:22:cd:00:11:22", .wanted = "movella-dot"},
                {.address = "D4:22:CE:00:11:22"},
                {.company = 0x0887},
                {.name = "MetaWear", .service = meta, .wanted = "metamotion-r"}, /* of equals the first */
                {.service = meta, .model = "8", .wanted = "metamotion-s"},
                {.service = meta, .model = "5", .wanted = "metamotion-r"},
                {.service = meta, .model = "4"},
                {.name = "Movesense 174630000192", .wanted = "movesense-imu6"},
                {.company = 0x0822, .service = adafruit, .wanted = "adafruit-bluefruit"},
                {.name = ""},
                {.name = NULL},
        };
        struct profiles set = shipped();

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(peripherals); i++) {
                struct profile_peripheral peripheral = {
                        .name = peripherals[i].name,
                        .address = peripherals[i].address,
                        .model = peripherals[i].model,
                        .services = &peripherals[i].service,
                        .n_services = peripherals[i].service ? 1 : 0,
                        .companies = &peripherals[i].company,
                        .n_companies = peripherals[i].company ? 1 : 0,
                };
                const struct profile *p = profiles_match(&set, &peripheral);

                if (!p != !peripherals[i].wanted || (p && strcmp(p->name, peripherals[i].wanted) != 0))
                        fail_msg("peripheral %zu is taken for %s, wanted %s", i, p ? p->name : "nothing",
                                peripherals[i].wanted ? peripherals[i].wanted : "nothing");
        }
        profiles_done(&set);
}

static void test_rates(void **state) {
        struct profiles set = shipped();
        const struct profile *wit = profiles_find(&set, "witmotion-ble5", NULL);
        struct gatt_plan plan;

        (void) state;
        assert_near(profile_rate(wit, 0), 100, 0);
        assert_near(profile_rate(wit, NAN), 100, 0);
        assert_near(profile_rate(wit, 1), 10, 0);
        assert_near(profile_rate(wit, 50), 50, 0);
        assert_near(profile_rate(wit, 51), 100, 0);
        assert_near(profile_rate(wit, 500), 100, 0);
        assert_null(profile_refusal(wit, 50));
        assert_non_null(strstr(profile_refusal(wit, 20), "less than 50 times a second"));
        assert_int_equal(profile_plan(wit, 60, &plan), -EINVAL);
        profiles_done(&set);
}

static void expect_step(const struct gatt_step *s, enum gatt_action action, unsigned characteristic,
        const void *bytes, unsigned n) {
        assert_int_equal(s->action, action);
        assert_int_equal(s->characteristic, characteristic);
        assert_int_equal(s->n_bytes, n);
        assert_memory_equal(s->bytes, bytes, n);
}

static void test_plan_of_witmotion(void **state) {
        struct profiles set = shipped();
        struct gatt_plan plan;

        (void) state;
        assert_int_equal(profile_plan(profiles_find(&set, "witmotion-ble5", NULL), 50, &plan), 0);
        assert_int_equal(plan.n_characteristics, 2);
        assert_int_equal(plan.characteristics[0].n_uuids, 2);
        assert_string_equal(plan.characteristics[0].uuids[0], "0000ffe4-0000-1000-8000-00805f9a34fb");
        assert_int_equal(plan.characteristics[0].beside, 0);
        assert_int_equal(plan.n_streams, 1);
        assert_int_equal(plan.streams[0], 0);
        assert_int_equal(plan.least_mtu, 23); /* frames are cut anywhere */
        assert_int_equal(plan.init.n_steps, 6);
        expect_step(&plan.init.steps[0], GATT_SUBSCRIBE, 0, "", 0);
        expect_step(&plan.init.steps[1], GATT_WRITE, 1, "\xff\xaa\x24\x01\x00", 5);
        assert_int_equal(plan.init.steps[2].action, GATT_WAIT);
        assert_int_equal(plan.init.steps[2].wait_ms, 100);
        expect_step(&plan.init.steps[5], GATT_WRITE, 1, "\xff\xaa\x03\x08\x00", 5);
        assert_int_equal(plan.stop.n_steps, 0);
        assert_int_equal(plan.idle_kind, GATT_IDLE_SLOW);
        assert_near(plan.idle_hz, 10, 0);
        assert_int_equal(plan.idle.n_steps, 1);
        expect_step(&plan.idle.steps[0], GATT_WRITE, 1, "\xff\xaa\x03\x06\x00", 5);
        assert_int_equal(plan.wake.n_steps, 1);
        expect_step(&plan.wake.steps[0], GATT_WRITE, 1, "\xff\xaa\x03\x08\x00", 5);
        assert_int_equal(plan.battery, GATT_BATTERY_STREAM);
        assert_int_equal(plan.poll.n_steps, 1);
        assert_int_equal(plan.poll_period_s, 60);
        assert_int_equal(plan.connect_cooldown_s, 40);
        assert_true(plan.weak_adverts);
        profiles_done(&set);
}

static void test_other_plans(void **state) {
        struct profiles set = shipped();
        struct gatt_plan plan;

        (void) state;
        assert_int_equal(profile_plan(profiles_find(&set, "movella-dot", NULL), 60, &plan), 0);
        assert_int_equal(plan.least_mtu, 31);
        assert_int_equal(plan.battery, GATT_BATTERY_CHARACTERISTIC);
        assert_string_equal(plan.characteristics[plan.battery_characteristic].uuids[0],
                "15173001-4947-11e9-8646-d663bd873d93");
        assert_int_equal(plan.init.steps[2].n_bytes, 32);
        assert_memory_equal(plan.init.steps[2].bytes + 24, "\x3c\x00\x01\x00\x00\x00\x00\x00", 8);
        assert_int_equal(plan.idle_kind, GATT_IDLE_OFF);

        assert_int_equal(profile_plan(profiles_find(&set, "nus-csv", NULL), 100, &plan), 0);
        expect_step(&plan.init.steps[1], GATT_WRITE, 1, "rate 100\n", 9);

        assert_int_equal(profile_plan(profiles_find(&set, "movesense-imu6", NULL), 52, &plan), 0);
        expect_step(&plan.init.steps[1], GATT_WRITE, 1, "\x01\x63/Meas/IMU6/52", 15);
        expect_step(&plan.idle.steps[1], GATT_WRITE, 1, "\x01\x63/Meas/IMU6/13", 15);

        assert_int_equal(profile_plan(profiles_find(&set, "adafruit-bluefruit", NULL), 50, &plan), 0);
        assert_int_equal(plan.n_streams, 2);
        assert_string_equal(plan.characteristics[3].uuids[0], plan.characteristics[2].uuids[0]);
        assert_int_equal(plan.characteristics[2].beside, 1 + 0);
        assert_int_equal(plan.characteristics[3].beside, 1 + 1);

        /* Without [wake], what started it starts it again. */
        assert_int_equal(profile_plan(profiles_find(&set, "repcast-bar", NULL), 100, &plan), 0);
        assert_int_equal(plan.idle_kind, GATT_IDLE_MOTION);
        assert_memory_equal(&plan.wake, &plan.init, sizeof(plan.wake));
        assert_int_equal(plan.battery, GATT_BATTERY_STANDARD);
        profiles_done(&set);
}

static void test_battery(void **state) {
        struct profiles set = shipped();
        const struct profile *wit = profiles_find(&set, "witmotion-ble5", NULL),
                             *dot = profiles_find(&set, "movella-dot", NULL);
        static const struct {
                uint16_t raw;
                double percent;
        } table[] = {{1, 5}, {340, 5}, {345, 7.5}, {382, 60}, {383, 63}, {396, 100}, {420, 100}, {65535, 100}};
        uint8_t bytes[] = {0x55, 0x71, 0x64, 0, 0, 0};
        double percent = -1;

        (void) state;
        assert_int_equal(profile_battery(wit, bytes, sizeof(bytes), &percent), -ENODATA);
        assert_int_equal(profile_battery(wit, bytes, sizeof(bytes) - 1, &percent), -EBADMSG);
        assert_near(percent, -1, 0);
        for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
                bytes[4] = (uint8_t) table[i].raw;
                bytes[5] = (uint8_t) (table[i].raw >> 8);
                assert_int_equal(profile_battery(wit, bytes, sizeof(bytes), &percent), 0);
                assert_near(percent, table[i].percent, 1e-6);
        }
        assert_int_equal(profile_battery(dot, (const uint8_t[]){100, 1}, 2, &percent), 0);
        assert_near(percent, 100, 0);
        assert_int_equal(profile_battery(dot, (const uint8_t[]){101, 1}, 2, &percent), -EBADMSG);
        assert_int_equal(profile_battery(dot, NULL, 0, &percent), -EBADMSG);
        assert_int_equal(profile_battery(profiles_find(&set, "nus-csv", NULL), bytes, 6, &percent), -EBADMSG);
        profiles_done(&set);
}

static void write_file(const char *folder, const char *name, const char *text) {
        char path[256];
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        f = fopen(path, "w");
        assert_non_null(f);
        fputs(text, f);
        fclose(f);
}

#define OWN(name, label)                                                                                       \
        "[profile " name "]\nLabel=" label "\n[characteristics]\n"                                             \
        "data=00000001-0000-0000-0000-000000000000\n"                                                          \
        "[match]\nName=Own*\n[rates]\n100=\nDefault=100\n[stream data]\nCharacteristic=data\n"                 \
        "Framing=message\n[packet imu]\nStream=data\nLength=12\nAcc=0 i16 16/32768 g\n"                        \
        "Gyro=6 i16 2000/32768 dps\n[test one]\nPacket=imu\nHex=000000000008000000000000\nAcc=0 0 1\n"

/* The user's folder: new ones beside the shipped, its own in the place of shipped ones, faulty ones left out. */
static void test_folder(void **state) {
        char folder[] = "/tmp/test-profile-XXXXXX", path[256];
        static const char *const names[] = {"own.conf", "nus.conf", "bad.conf", "notes.txt", ".hidden.conf"};
        struct faults faults = {.sink = listen_to};
        struct profiles set = shipped();
        size_t n = set.n;

        (void) state;
        assert_non_null(mkdtemp(folder));
        assert_int_equal(profiles_load_folder(&set, folder, &faults), 0);
        write_file(folder, names[0], OWN("a-node", "mine"));
        write_file(folder, names[1], OWN("nus-csv", "in its place"));
        write_file(folder, names[2], "[profile x]\nLabel=x\n");
        write_file(folder, names[3], "no profile");
        write_file(folder, names[4], "no profile");
        assert_int_equal(profiles_load_folder(&set, folder, &faults), -EINVAL);
        assert_int_equal(set.n, n + 1);
        assert_string_equal(profiles_find(&set, "nus-csv", NULL)->label, "in its place");
        assert_string_equal(set.items[0]->name, "a-node"); /* in the order of the names */
        assert_null(strstr(said, "notes"));
        assert_null(strstr(said, "hidden"));
        assert_non_null(strstr(said, "/bad.conf: has no [characteristics]"));
        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                unlink(path);
        }
        rmdir(folder);
        assert_int_equal(profiles_load_folder(&set, folder, &faults), 0); /* a folder that is not there */
        profiles_done(&set);
}

static void test_unreadable(void **state) {
        struct faults faults = {.sink = listen_to};
        struct profile *p = NULL;

        (void) state;
        said[0] = '\0';
        assert_int_equal(profile_load("/no/such.conf", &faults, &p), -EINVAL);
        assert_string_equal(said, "/no/such.conf: cannot be read: No such file or directory\n");
        assert_int_equal(profile_load("/tmp", &faults, &p), -EINVAL);
        assert_null(p);
}

/* ---- the documentation ---- */

static char *read_text(const char *name) {
        char path[4096];
        char *text = calloc(1, 100000);
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", getenv("srcdir") ? getenv("srcdir") : ".", name);
        f = fopen(path, "r");
        assert_non_null(f);
        assert_non_null(text);
        assert_true(fread(text, 1, 99999, f) < 99999);
        fclose(f);
        return text;
}

/* The manual has each key under its section, as often as the section has it. */
static void test_manual_has_every_key(void **state) {
        char *manual = read_text("man/repcast-profile.5"), item[128];

        (void) state;
        for (size_t i = 0; i < load_n_sections; i++) {
                const struct load_section *s = &load_sections[i];
                char *at, *end;

                snprintf(item, sizeof(item), "\n.Ss [%s%s]\n", s->name, s->named ? " NAME" : "");
                at = strstr(manual, item);
                if (!at)
                        fail_msg("the manual has no %s", item);
                end = strstr(at + 1, "\n.S");
                assert_non_null(end);
                *end = '\0';
                for (size_t k = 0; k < s->n_keys; k++) {
                        snprintf(item, sizeof(item), "\n.It Cm %s Ns = Ns ", s->keys[k].name);
                        if (!strstr(at, item))
                                fail_msg("[%s] of the manual has no %s=", s->name, s->keys[k].name);
                }
                *end = '\n';
        }
        free(manual);
}

/* What stands between two lines loads as it is. */
static void expect_loads(const char *file, const char *from, const char *to, const char *name) {
        char *text = read_text(file), *start = strstr(text, from), *end;
        struct profile *p;

        assert_non_null(start);
        start += strlen(from);
        end = strstr(start, to);
        assert_non_null(end);
        *end = '\0';
        p = good_text(start);
        assert_string_equal(p->name, name);
        assert_null(profile_refusal(p, profile_rate(p, 0)));
        profile_free(p);
        free(text);
}

static void test_documented_profiles_load(void **state) {
        (void) state;
        expect_loads("man/repcast-profile.5", "\n.Bd -literal -offset indent\n", ".Ed\n", "my-node");
        expect_loads("doc/writing-a-profile.md", "\n```ini\n", "```\n", "barpod");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shipped_profiles_load),
                cmocka_unit_test(test_find),
                cmocka_unit_test(test_match),
                cmocka_unit_test(test_rates),
                cmocka_unit_test(test_plan_of_witmotion),
                cmocka_unit_test(test_other_plans),
                cmocka_unit_test(test_battery),
                cmocka_unit_test(test_folder),
                cmocka_unit_test(test_unreadable),
                cmocka_unit_test(test_manual_has_every_key),
                cmocka_unit_test(test_documented_profiles_load),
        };

        return run_unit_tests(tests);
}
