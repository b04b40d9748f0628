/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of a sensor ages with the time since, as far as that is known; it is written only when it is new. */

#include "hub/calibrations.h"
#include "unit.h"

#define TODAY_US INT64_C(1795288142130000)
#define HOUR_US  UINT64_C(3600000000)

static struct outbox *outbox;
static struct store *store;
static struct calibrations known;

static int set_up(void **state) {
        (void) state;
        struct store_config config = {
                .archive.disk_max = 1 << 20, .archive.memory_max = 1 << 20, .n_stations = 2};
        assert_int_equal(outbox_new(&outbox), 0);
        config.outbox = outbox;
        assert_int_equal(store_new(&config, &store), 0);
        memset(&known, 0, sizeof(known));
        calibrations_load(&known, store);
        return 0;
}

static int tear_down(void **state) {
        (void) state;
        store_free(store);
        outbox_free(outbox);
        return 0;
}

/* Nothing but its count of rests, and a bias that is known well. */
static struct calibration learned(uint32_t rests) {
        struct calibration_params params = {0.25, 0.03, 0.008, 0.02, 0.02, 0.02};
        struct calibration c;
        calibration_init(&c, &params);
        c.rests = rests;
        for (unsigned i = 0; i < 3; i++)
                c.P[i][i] = 0.0004;
        return c;
}

static double variance_after(const char *sensor, const struct wallclock *clock, uint64_t now_us) {
        struct calibration c;
        return calibrations_get(&known, sensor, clock, now_us, &c) ? c.P[0][0] : -1;
}

static void test_it_ages(void **state) {
        (void) state;
        const struct wallclock clock = {.epoch_us = TODAY_US, .known = true, .synced = true};
        const struct wallclock unsynced = {.epoch_us = TODAY_US, .known = true};
        const struct calibration c = learned(5);

        assert_near(variance_after("A", &clock, HOUR_US), -1, 0);
        calibrations_put(&known, 0, "A", &clock, HOUR_US, &c);
        assert_near(variance_after("A", &clock, HOUR_US), 0.0004, 1e-9);
        assert_near(variance_after("A", &clock, 2 * HOUR_US), 0.0008, 1e-9); /* walks by 0.02 in an hour */
        assert_near(variance_after("A", &unsynced, 2 * HOUR_US), 0.0008, 1e-9);
        assert_near(variance_after("B", &clock, HOUR_US), -1, 0);
        assert_near(variance_after("", &clock, HOUR_US), -1, 0);

        /* As the next run finds it: the time of day alone tells how long it was. */
        known.list[0].known_us = 0;
        assert_int_equal(known.list[0].known_ms, TODAY_US / 1000 + 3600000);
        assert_near(variance_after("A", &clock, 2 * HOUR_US), 0.0008, 1e-9);
        assert_near(variance_after("A", &unsynced, 2 * HOUR_US), 0.0625, 1e-9); /* as of a new sensor */
        assert_near(variance_after("A", &clock, 0), 0.0625, 1e-9);              /* the clock was set back */
}

static void test_only_news_is_written(void **state) {
        (void) state;
        const struct wallclock clock = {.epoch_us = TODAY_US, .known = true, .synced = true};
        struct calibration c = learned(0);

        calibrations_put(&known, 0, "A", &clock, HOUR_US, &c); /* nothing was learned */
        assert_near(variance_after("A", &clock, HOUR_US), -1, 0);
        c = learned(5);
        calibrations_put(&known, 0, "A", &clock, HOUR_US, &c);
        calibrations_put(&known, 0, "A", &clock, 2 * HOUR_US, &c); /* no rest more: it ages on */
        assert_near(variance_after("A", &clock, 2 * HOUR_US), 0.0008, 1e-9);
        c = learned(6);
        calibrations_put(&known, 0, "A", &clock, 2 * HOUR_US, &c);
        assert_near(variance_after("A", &clock, 2 * HOUR_US), 0.0004, 1e-9);
}

static void test_the_one_longest_unused_is_forgotten(void **state) {
        (void) state;
        const struct wallclock clock = {.epoch_us = TODAY_US, .known = true, .synced = true};
        const struct calibration c = learned(5);
        char name[16];

        for (unsigned i = 0; i < CALIBRATIONS_MAX + 2; i++) {
                snprintf(name, sizeof(name), "sensor-%u", i);
                calibrations_put(&known, 0, name, &clock, HOUR_US + i, &c);
        }
        assert_near(variance_after("sensor-0", &clock, 2 * HOUR_US), -1, 0);
        assert_near(variance_after("sensor-1", &clock, 2 * HOUR_US), -1, 0);
        assert_true(variance_after("sensor-2", &clock, 2 * HOUR_US) > 0);
        assert_true(variance_after(name, &clock, 2 * HOUR_US) > 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_it_ages, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_only_news_is_written, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_the_one_longest_unused_is_forgotten, set_up, tear_down),
        };
        return run_unit_tests(tests);
}
