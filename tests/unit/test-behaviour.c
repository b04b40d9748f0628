/* SPDX-License-Identifier: Apache-2.0 */
/* A virtual sensor understands the plan of its profile, of every shipped one: it streams at the rate that was written,
 * falls silent, sleeps, wakes and answers, and nothing else moves it. */

#include "peripheral/behaviour.h"
#include "unit.h"

static struct profiles profiles;
static struct behaviour b;

static bool write_step(const struct gatt_step *s) {
        return behaviour_write(&b, s->characteristic, s->bytes, s->n_bytes);
}

/* The writes of a sequence but the last `but`. Was one of them a question for the battery? */
static bool write_all(const struct gatt_sequence *s, unsigned but) {
        unsigned writes = 0;
        bool asked = false;

        for (unsigned i = 0; i < s->n_steps; i++)
                writes += s->steps[i].action == GATT_WRITE || s->steps[i].action == GATT_SEND;
        for (unsigned i = 0; i < s->n_steps && writes > but; i++)
                if (s->steps[i].action == GATT_WRITE || s->steps[i].action == GATT_SEND) {
                        asked |= write_step(&s->steps[i]);
                        writes--;
                }
        return asked;
}

static bool has_writes(const struct gatt_sequence *s) {
        for (unsigned i = 0; i < s->n_steps; i++)
                if (s->steps[i].action == GATT_WRITE || s->steps[i].action == GATT_SEND)
                        return true;
        return false;
}

/* Does the rate make a difference to what is written? */
static bool rate_is_written(const struct profile *p) {
        struct gatt_plan low, high;

        assert_int_equal(profile_plan(p, p->rates[0].hz, &low), 0);
        assert_int_equal(profile_plan(p, p->rates[p->n_rates - 1].hz, &high), 0);
        return memcmp(&low.init, &high.init, sizeof(low.init)) != 0;
}

static void start(const struct profile *p, unsigned rate, struct gatt_plan *ret_plan) {
        assert_int_equal(behaviour_init(&b, p, p->default_rate), 0);
        assert_int_equal(profile_plan(p, p->rates[rate].hz, ret_plan), 0);
        (void) write_all(&ret_plan->init, 0);
}

static void test_rates(void **state) {
        (void) state;
        struct gatt_plan plan;

        for (size_t i = 0; i < profiles.n; i++) {
                const struct profile *p = profiles.items[i];

                for (unsigned r = 0; r < p->n_rates; r++) {
                        start(p, r, &plan);
                        if (has_writes(&plan.init)) {
                                behaviour_reset(&b);
                                assert_near(behaviour_rate_hz(&b), 0, 0);
                                (void) write_all(&plan.init, 1);
                                assert_near(behaviour_rate_hz(&b), 0, 0);
                                (void) write_all(&plan.init, 0);
                        }
                        assert_near(behaviour_rate_hz(&b),
                                p->rates[rate_is_written(p) ? r : p->default_rate].hz, 1e-9);
                        behaviour_done(&b);
                }
        }
}

/* A hub may change the rate of a sensor that streams. */
static void test_change_of_rate(void **state) {
        (void) state;
        struct gatt_plan plan;
        unsigned tried = 0;

        for (size_t i = 0; i < profiles.n; i++) {
                const struct profile *p = profiles.items[i];

                if (!rate_is_written(p))
                        continue;
                tried++;
                start(p, 0, &plan);
                assert_int_equal(profile_plan(p, p->rates[p->n_rates - 1].hz, &plan), 0);
                (void) write_all(&plan.init, 0);
                assert_near(behaviour_rate_hz(&b), p->rates[p->n_rates - 1].hz, 1e-9);
                behaviour_done(&b);
        }
        assert_true(tried >= 3);
}

static void test_stop(void **state) {
        (void) state;
        struct gatt_plan plan;
        unsigned tried = 0;

        for (size_t i = 0; i < profiles.n; i++) {
                const struct profile *p = profiles.items[i];

                start(p, p->default_rate, &plan);
                if (has_writes(&plan.stop)) {
                        tried++;
                        (void) write_all(&plan.stop, 0);
                        assert_near(behaviour_rate_hz(&b), 0, 0);
                        (void) write_all(&plan.init, 0);
                        assert_true(behaviour_rate_hz(&b) > 0);
                }
                behaviour_done(&b);
        }
        assert_true(tried >= 3);
}

static void test_idle(void **state) {
        (void) state;
        struct gatt_plan plan;
        unsigned tried = 0;
        double rate_hz;

        for (size_t i = 0; i < profiles.n; i++) {
                const struct profile *p = profiles.items[i];

                start(p, p->default_rate, &plan);
                rate_hz = behaviour_rate_hz(&b);
                if (plan.idle_kind != GATT_IDLE_NONE) {
                        tried++;
                        (void) write_all(&plan.idle, 0);
                        assert_near(behaviour_rate_hz(&b), plan.idle_kind == GATT_IDLE_SLOW ? plan.idle_hz : 0,
                                1e-9);
                        behaviour_moved(&b);
                        if (plan.idle_kind != GATT_IDLE_MOTION)
                                (void) write_all(&plan.wake, 0);
                        assert_near(behaviour_rate_hz(&b), rate_hz, 1e-9);
                }
                behaviour_done(&b);
        }
        assert_true(tried >= 2);
}

static void test_poll(void **state) {
        (void) state;
        struct gatt_plan plan;
        unsigned tried = 0;

        for (size_t i = 0; i < profiles.n; i++) {
                const struct profile *p = profiles.items[i];
                double rate_hz;

                start(p, p->default_rate, &plan);
                rate_hz = behaviour_rate_hz(&b);
                if (has_writes(&plan.poll)) {
                        tried++;
                        assert_true(write_all(&plan.poll, 0));
                        assert_near(behaviour_rate_hz(&b), rate_hz, 1e-9);
                }
                behaviour_done(&b);
        }
        assert_true(tried >= 2);
}

static void test_strangers(void **state) {
        (void) state;
        static const uint8_t junk[64] = {0xde, 0xad};
        struct gatt_plan plan;
        double rate_hz;

        for (size_t i = 0; i < profiles.n; i++) {
                start(profiles.items[i], profiles.items[i]->default_rate, &plan);
                rate_hz = behaviour_rate_hz(&b);
                for (unsigned c = 0; c < plan.n_characteristics; c++)
                        for (size_t n = 0; n <= sizeof(junk); n++)
                                assert_false(behaviour_write(&b, c, junk, n));
                assert_near(behaviour_rate_hz(&b), rate_hz, 0);
                behaviour_done(&b);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rates),
                cmocka_unit_test(test_change_of_rate),
                cmocka_unit_test(test_stop),
                cmocka_unit_test(test_idle),
                cmocka_unit_test(test_poll),
                cmocka_unit_test(test_strangers),
        };
        struct faults none = {0};
        int r;

        if (profiles_load_builtin(&profiles, &none) < 0 || profiles.n < 8)
                return 99;
        r = run_unit_tests(tests);
        profiles_done(&profiles);
        return r;
}
