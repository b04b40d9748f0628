/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as a source: states in order, instants that keep their distances, rounds, and faults. */

#include <math.h>
#include <time.h>
#include <unistd.h>

#include "hub/source-recording.h"
#include "unit.h"

#define STEP_US 10000

/* What a source has told, and when it shall end. */
struct ear {
        sd_event *loop;
        char states[256];
        char why[1024];
        uint64_t t_us[4096];
        size_t n, largest, enough;
};

static void on_samples(void *userdata, const struct sample *samples, size_t n) {
        struct ear *ear = userdata;

        assert_true(n > 0);
        ear->largest = n > ear->largest ? n : ear->largest;
        for (size_t i = 0; i < n && ear->n < 4096; i++)
                ear->t_us[ear->n++] = samples[i].t_us;
        if (ear->enough > 0 && ear->n >= ear->enough)
                sd_event_exit(ear->loop, 0);
}

static void on_state(void *userdata, enum source_state state, const char *why) {
        struct ear *ear = userdata;

        strcat(ear->states, source_state_to_string(state));
        strcat(ear->states, " ");
        if (why)
                snprintf(ear->why, sizeof(ear->why), "%s", why);
        if (state == SOURCE_ENDED || state == SOURCE_FAILED)
                sd_event_exit(ear->loop, 0);
}

static uint64_t now_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* Play a recording of n samples and what else stands in the file; returns how long it took. */
static uint64_t play(size_t n, const char *rest, struct source_recording_config config, struct ear *ear) {
        static const struct source_handler handler = {.on_samples = on_samples, .on_state = on_state};
        char path[] = "/tmp/test-source-XXXXXX";
        int fd = mkstemp(path);
        FILE *file = fdopen(fd, "w");
        struct source *source;
        uint64_t start_us;

        assert_non_null(file);
        fputs("t,ax,ay,az,gx,gy,gz\n", file);
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%.2f,0,0,9.81,0,0,0\n", 5 + (double) i * STEP_US / 1e6);
        fputs(rest, file);
        fclose(file);

        assert_true(sd_event_new(&ear->loop) >= 0);
        if (!config.path)
                config.path = path;
        assert_int_equal(source_recording_new(ear->loop, &config, &source), 0);
        start_us = now_us();
        assert_true(source_start(source, &handler, ear) >= 0);
        if (!strstr(ear->states, "failed")) /* else the loop would wait for ever */
                assert_true(sd_event_loop(ear->loop) >= 0);
        start_us = now_us() - start_us;
        source_free(source);
        sd_event_unref(ear->loop);
        unlink(path);
        return start_us;
}

static void test_real_time(void **state) {
        struct ear ear = {.n = 0};
        uint64_t before_us = now_us(), took_us;

        (void) state;
        took_us = play(50, "", (struct source_recording_config){.speed = 1}, &ear);
        assert_string_equal(ear.states, "waiting streaming ended ");
        assert_int_equal(ear.n, 50);
        assert_true(took_us >= 49 * STEP_US && took_us < 49 * STEP_US + 2000000);
        assert_true(ear.t_us[0] >= before_us && ear.t_us[0] < before_us + 2000000);
        for (size_t i = 1; i < ear.n; i++)
                assert_int_equal(ear.t_us[i] - ear.t_us[0], i * STEP_US);
}

/* Faster or slower, the instants keep the recording's own distances. */
static void test_speed(void **state) {
        struct ear fast = {.n = 0}, slow = {.n = 0};
        uint64_t took_us;

        (void) state;
        took_us = play(3000, "", (struct source_recording_config){.speed = 1000}, &fast);
        assert_true(took_us < 2000000);
        assert_int_equal(fast.n, 3000);
        assert_int_equal(fast.t_us[2999] - fast.t_us[0], 2999 * STEP_US);
        assert_true(fast.largest <= 64);
        took_us = play(4, "", (struct source_recording_config){.speed = 0.1}, &slow);
        assert_true(took_us >= 10 * 3 * STEP_US);
        assert_int_equal(slow.t_us[3] - slow.t_us[0], 3 * STEP_US);
}

static void test_rounds(void **state) {
        struct ear ear = {.enough = 250};

        (void) state;
        play(100, "", (struct source_recording_config){.speed = 100, .loop = true, .pause_s = 10}, &ear);
        assert_string_equal(ear.states, "waiting streaming ");
        assert_true(ear.n >= 250);
        assert_int_equal(ear.t_us[100] - ear.t_us[99], 10000000);
        assert_int_equal(ear.t_us[200] - ear.t_us[199], 10000000);
        assert_int_equal(ear.t_us[249] - ear.t_us[200], 49 * STEP_US);
}

static void test_fault_on_the_way(void **state) {
        struct ear ear = {.n = 0};

        (void) state;
        play(20, "6.00,0,0,fast,0,0,0\n", (struct source_recording_config){.speed = 1000}, &ear);
        assert_string_equal(ear.states, "waiting streaming failed ");
        assert_int_equal(ear.n, 20);
        assert_non_null(strstr(ear.why, ":22:"));
}

static void test_nothing_to_play(void **state) {
        struct ear empty = {.n = 0}, absent = {.n = 0}, device = {.n = 0};

        (void) state;
        play(0, "", (struct source_recording_config){.speed = 1}, &empty);
        assert_string_equal(empty.states, "waiting failed ");
        assert_true(strlen(empty.why) > 0);
        play(0, "", (struct source_recording_config){.path = "/nowhere.rec", .speed = 1}, &absent);
        assert_string_equal(absent.states, "waiting failed ");
        assert_string_equal(absent.why, "/nowhere.rec: cannot be read: No such file or directory");
        play(0, "", (struct source_recording_config){.path = "/dev/zero", .speed = 1}, &device);
        assert_string_equal(device.why, "/dev/zero: cannot be read: it is no regular file");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_real_time),
                cmocka_unit_test(test_speed),
                cmocka_unit_test(test_rounds),
                cmocka_unit_test(test_fault_on_the_way),
                cmocka_unit_test(test_nothing_to_play),
        };
        return run_unit_tests(tests);
}
