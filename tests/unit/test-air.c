/* SPDX-License-Identifier: Apache-2.0 */
/* Mishaps of a virtual link: nothing happens by default, loss and delay are as configured, order is kept. */

#include "peripheral/air.h"
#include "unit.h"

#define STEP_US 10000

/* Push n notifications a step apart, take what arrives. Returns how many did; the last one's number in *ret_last. */
static unsigned pass(struct air *a, unsigned n, uint64_t *ret_latest_us) {
        const struct air_item *item;
        unsigned arrived = 0, last = 0;

        *ret_latest_us = 0;
        for (unsigned i = 1; i <= n + 1000; i++) {
                uint64_t now_us = (uint64_t) i * STEP_US;
                uint8_t bytes[2] = {(uint8_t) i, (uint8_t) (i >> 8)};

                if (i <= n)
                        air_push(a, i % 2, bytes, sizeof(bytes), now_us);
                while ((item = air_pop(a, now_us))) {
                        unsigned number = item->bytes[0] | (unsigned) item->bytes[1] << 8;

                        assert_true(number > last);
                        assert_int_equal(item->stream, number % 2);
                        assert_int_equal(item->n, 2);
                        last = number;
                        arrived++;
                        *ret_latest_us = now_us - (uint64_t) number * STEP_US > *ret_latest_us
                                ? now_us - (uint64_t) number * STEP_US
                                : *ret_latest_us;
                }
        }
        assert_true(air_due_us(a) == UINT64_MAX);
        return arrived;
}

static struct air air;

static void test_nothing_happens(void **state) {
        (void) state;
        uint64_t latest_us;

        air_init(&air, &(struct air_config){0}, 0);
        assert_int_equal(pass(&air, 1000, &latest_us), 1000);
        assert_int_equal(latest_us, 0);
        assert_int_equal(air.lost, 0);
}

static void test_loss(void **state) {
        (void) state;
        struct air_config config = {.loss = 0.1, .seed = 1};
        uint64_t latest_us;
        unsigned first, again;

        air_init(&air, &config, 0);
        first = pass(&air, 10000, &latest_us);
        assert_in_range(first, 8900, 9100); /* 3.3 standard deviations */
        assert_int_equal(first + air.lost, 10000);
        air_init(&air, &config, 0);
        again = pass(&air, 10000, &latest_us);
        assert_int_equal(first, again);
        config.loss = 1;
        air_init(&air, &config, 0);
        assert_int_equal(pass(&air, 100, &latest_us), 0);
}

static void test_jitter(void **state) {
        (void) state;
        struct air_config config = {.jitter_s = 0.05, .seed = 1};
        uint64_t latest_us;

        air_init(&air, &config, 0);
        assert_int_equal(pass(&air, 1000, &latest_us), 1000);
        assert_in_range(latest_us, 30000, 60000); /* looked at every 10 ms */
}

/* For half a second nothing gets through; what was kept comes at its end, older ones are lost. */
static void test_stall(void **state) {
        (void) state;
        struct air_config config = {.stall = {.period_s = 10, .length_s = 0.5}};
        uint64_t latest_us;

        air_init(&air, &config, 0);
        assert_int_equal(pass(&air, 1500, &latest_us), 1500);
        assert_in_range(latest_us, 490000, 500000);

        config.stall.length_s = 2;
        air_init(&air, &config, 0);
        /* 200 during the stall, and that of its very end, which comes behind them. */
        assert_int_equal(pass(&air, 1500, &latest_us), 1500 - (201 - AIR_QUEUE_MAX));
        assert_int_equal(air.lost, 201 - AIR_QUEUE_MAX);
}

static void test_spell(void **state) {
        (void) state;
        struct air_spell spell = {.period_s = 10, .length_s = 2};
        uint64_t end_us = 7;

        assert_int_equal(air_spell_at(&spell, 5000000, 5500000, &end_us), 0); /* not at the very start */
        assert_int_equal(air_spell_at(&spell, 5000000, 14999999, &end_us), 0);
        assert_int_equal(end_us, 7);
        assert_int_equal(air_spell_at(&spell, 5000000, 15500000, &end_us), 1);
        assert_int_equal(end_us, 17000000);
        assert_int_equal(air_spell_at(&spell, 5000000, 17000000, &end_us), 0);
        assert_int_equal(air_spell_at(&spell, 5000000, 26999999, &end_us), 1);
        spell.period_s = 0;
        assert_int_equal(air_spell_at(&spell, 5000000, 15500000, &end_us), 0);
}

static void test_clear(void **state) {
        (void) state;
        struct air_config config = {.jitter_s = 1, .seed = 3};

        air_init(&air, &config, 0);
        for (unsigned i = 0; i < 2 * AIR_QUEUE_MAX; i++)
                air_push(&air, 0, (const uint8_t *) "x", 1, 0);
        assert_int_equal(air.lost, AIR_QUEUE_MAX);
        assert_true(air_due_us(&air) < 1000000);
        air_clear(&air);
        assert_null(air_pop(&air, UINT64_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_happens),
                cmocka_unit_test(test_loss),
                cmocka_unit_test(test_jitter),
                cmocka_unit_test(test_stall),
                cmocka_unit_test(test_spell),
                cmocka_unit_test(test_clear),
        };
        return run_unit_tests(tests);
}
