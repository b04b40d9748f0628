/* SPDX-License-Identifier: Apache-2.0 */
/* Adopted sensors: their file, and how they are put over the configuration. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "hub/adopted.h"
#include "hub/config.h"
#include "told.h"

#define A "D4:22:CD:00:11:0A"
#define B "D4:22:CD:00:11:0B"
#define C "D4:22:CD:00:11:0C"

static char folder[] = "/tmp/test-adopted-XXXXXX";

static void put(const char *name, const char *text) {
        int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static int set_up(void **state) {
        (void) state;
        if (!mkdtemp(folder) || chdir(folder) < 0)
                return -1;
        put("lifts",
                "[back-squat]\nStart=top\nEccentric=down\nMinRom=0.2\nTypicalRom=0.55\nMount=bar\n"
                "Loaded=top bottom\nUnderBar=yes\nMuscleGroup=quadriceps\n");
        return 0;
}

static int tear_down(void **state) {
        char command[64];

        (void) state;
        snprintf(command, sizeof(command), "rm -rf %s", folder);
        return chdir("/") < 0 ? -1 : system(command);
}

static void load(const char *text, struct adopted *ret) {
        struct faults notes = {.sink = listen_to};

        said[0] = '\0';
        put("adopted.conf", text);
        adopted_load(ret, "adopted.conf", &notes);
}

static void test_file(void **state) {
        struct faults notes = {.sink = listen_to};
        struct adopted a = {.n = 3}, again;
        char *text = NULL;
        size_t n;
        FILE *stream;

        (void) state;
        adopted_load(&a, "absent.conf", &notes);
        assert_int_equal(a.n, 0);
        assert_int_equal(adopted_set(&a, "rack-1", A, ""), 0);
        assert_int_equal(adopted_set(&a, "rack-2", B, "movella-dot"), 0);
        assert_int_equal(adopted_set(&a, "rack-3", C, ""), 0);
        assert_int_equal(adopted_set(&a, "rack-1", A, "witmotion-ble5"), 0);
        assert_true(adopted_remove(&a, "rack-2"));
        assert_false(adopted_remove(&a, "rack-2"));
        stream = open_memstream(&text, &n);
        assert_int_equal(adopted_write(&a, stream), 0);
        fclose(stream);
        load(text, &again);
        assert_string_equal(said, "");
        assert_int_equal(again.n, 2);
        for (size_t i = 0; i < a.n; i++) { /* the line numbers of what is written are known before it is read */
                assert_string_equal(again.items[i].station, a.items[i].station);
                assert_string_equal(again.items[i].sensor, a.items[i].sensor);
                assert_string_equal(again.items[i].profile, a.items[i].profile);
                assert_int_equal(again.items[i].line, a.items[i].line);
        }
        assert_ptr_equal(adopted_find_sensor(&again, C), adopted_find(&again, "rack-3"));
        assert_null(adopted_find_sensor(&again, B));
        free(text);
}

/* None of them keeps the daemon from starting; what is in order counts. */
static void test_faults(void **state) {
        struct adopted a;

        (void) state;
        load("[station rack-1]\nSensor=" A "\n[junk\n[station rack-2]\nSensor=nonsense\nColour=red\n"
             "[hub]\nSensor=" B "\n[station rack-3]\nSensor=" A "\n[station rack-4]\nProfile=x\nSensor=" C "\n",
                &a);
        assert_int_equal(a.n, 2);
        assert_string_equal(a.items[0].station, "rack-1");
        assert_string_equal(a.items[1].station, "rack-4");
        assert_int_equal(a.items[1].line, 13);
        assert_non_null(strstr(said, "adopted.conf:5: Sensor=ADDRESS and Profile=NAME are allowed here\n"));
        assert_non_null(strstr(said, "adopted.conf:8: sections are [station NAME] here\n"));
        assert_non_null(strstr(
                said, "adopted.conf:10: Sensor=: the station or the sensor stands here a second time\n"));
        assert_non_null(strstr(said, "adopted.conf:12: Profile=: follows a Sensor="));
}

static void test_no_more_than_there_is_room(void **state) {
        struct adopted a = {.n = 0};
        char name[32];

        (void) state;
        for (unsigned i = 0; i < ADOPTED_MAX; i++) {
                snprintf(name, sizeof(name), "rack-%u", i);
                assert_int_equal(adopted_set(&a, name, A, ""), 0);
        }
        assert_int_equal(adopted_set(&a, "one-more", B, ""), -ENOSPC);
        assert_int_equal(adopted_set(&a, "rack-7", B, ""), 0);
        assert_int_equal(a.n, ADOPTED_MAX);
}

static struct config *configure(const char *stations) {
        struct faults faults = {.sink = listen_to};
        struct config *config = NULL;
        char text[2048];

        said[0] = '\0';
        snprintf(text, sizeof(text), "[hub]\nExercises=lifts\n%s", stations);
        put("c.conf", text);
        if (config_load("c.conf", &faults, &config) < 0)
                fail_msg("%s", said);
        return config;
}

#define STATION(name, keys) "[station " name "]\nExercise=back-squat\n" keys

static void adopt(struct config *c, const struct adopted *a) {
        struct faults notes = {.sink = listen_to};

        said[0] = '\0';
        assert_int_equal(config_adopt(c, a, "adopted.conf", &notes), 0);
}

static void test_over_the_configuration(void **state) {
        _cleanup_(config_freep) struct config *c =
                configure(STATION("a", "Sensor=" A "\nProfile=movella-dot\n") STATION("b", ""));
        struct adopted adopted = {.n = 0};

        (void) state;
        adopted_set(&adopted, "a", B, "");
        adopted_set(&adopted, "b", A, "witmotion-ble5");
        adopt(c, &adopted); /* A is free: its station was given another one */
        assert_string_equal(said, "");
        assert_string_equal(c->stations[0].sensor, B);
        assert_string_equal(c->stations[0].profile, ""); /* that was the other sensor's */
        assert_string_equal(c->stations[1].sensor, A);
        assert_string_equal(c->stations[1].profile, "witmotion-ble5");
        assert_string_equal(config_sensor_origin(&c->stations[1])->path, "adopted.conf");
        assert_int_equal(config_sensor_origin(&c->stations[1])->line, 6);

        adopted_remove(&adopted, "b");
        adopt(c, &adopted);
        assert_string_equal(c->stations[1].sensor, "");
        adopted_remove(&adopted, "a");
        adopt(c, &adopted);
        assert_string_equal(c->stations[0].sensor, A);
        assert_string_equal(c->stations[0].profile, "movella-dot");
        assert_string_equal(config_sensor_origin(&c->stations[0])->path, "c.conf");
        assert_int_equal(config_sensor_origin(&c->stations[0])->line, 5);
}

static void test_what_does_not_fit_is_left_out(void **state) {
        _cleanup_(config_freep) struct config *c =
                configure(STATION("a", "Recording=x\n") STATION("b", "Sensor=" B "\n") STATION("c", ""));
        struct adopted adopted = {.n = 0};

        (void) state;
        adopted_set(&adopted, "a", A, "");
        adopted_set(&adopted, "gone", C, "");
        adopted_set(&adopted, "c", B, "");
        adopt(c, &adopted);
        assert_string_equal(said,
                "adopted.conf:4: " A " for a is left out: the station plays a recording\n"
                "adopted.conf:6: " C " for gone is left out: no such station is configured\n"
                "adopted.conf:8: " B " for c is left out: the configuration gives it to station b\n");
        assert_string_equal(c->stations[0].sensor, "");
        assert_string_equal(c->stations[1].sensor, B);
        assert_string_equal(c->stations[2].sensor, "");
}

/* b would have made room for c, but does not get its own. */
static void test_left_out_one_after_the_other(void **state) {
        _cleanup_(config_freep) struct config *c =
                configure(STATION("a", "Sensor=" A "\n") STATION("b", "Sensor=" B "\n") STATION("c", ""));
        struct adopted adopted = {.n = 0};

        (void) state;
        adopted_set(&adopted, "c", B, "");
        adopted_set(&adopted, "b", A, "");
        adopt(c, &adopted);
        assert_string_equal(said,
                "adopted.conf:6: " A " for b is left out: the configuration gives it to station a\n"
                "adopted.conf:4: " B " for c is left out: the configuration gives it to station b\n");
        assert_string_equal(c->stations[0].sensor, A);
        assert_string_equal(c->stations[1].sensor, B);
        assert_string_equal(c->stations[2].sensor, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_file),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_no_more_than_there_is_room),
                cmocka_unit_test(test_over_the_configuration),
                cmocka_unit_test(test_what_does_not_fit_is_left_out),
                cmocka_unit_test(test_left_out_one_after_the_other),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
