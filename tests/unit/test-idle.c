/* SPDX-License-Identifier: Apache-2.0 */
/* Rest and wake: every state with every thing that can happen to it. */

#include "hub/idle.h"
#include "unit.h"
#include "util/macros.h"

#define SECOND   UINT64_C(1000000)
#define AFTER_US (60 * SECOND)
#define NOW_US   (1000 * SECOND)

enum event {
        STEP,  /* nothing, soon after the state began */
        MOVED, /* motion, soon after */
        LATER, /* nothing, as long after as anything takes */
        MOVED_LATE,
        SWITCHED_OFF, /* IdleAfter=0 comes by a reload, later */
        _EVENT_MAX,
};

struct outcome {
        enum idle_state state;
        enum idle_action action;
};

/* Of a sensor with GATT_IDLE_OFF, which knows the most. */
static const struct outcome table[_IDLE_STATE_MAX][_EVENT_MAX] =
        {
                [IDLE_AWAKE] =
                        {
                                [STEP] = {IDLE_AWAKE, IDLE_NOTHING},
                                [MOVED] = {IDLE_AWAKE, IDLE_NOTHING},
                                [LATER] = {IDLE_RESTING, IDLE_REST},
                                [MOVED_LATE] = {IDLE_AWAKE, IDLE_NOTHING},
                                [SWITCHED_OFF] = {IDLE_AWAKE, IDLE_NOTHING},
                        },
                [IDLE_RESTING] =
                        {
                                [STEP] = {IDLE_RESTING, IDLE_NOTHING},
                                [MOVED] = {IDLE_WAKING, IDLE_WAKE},
                                [LATER] = {IDLE_ASLEEP, IDLE_HAS_SLOWED},
                                [MOVED_LATE] = {IDLE_WAKING, IDLE_WAKE},
                                [SWITCHED_OFF] = {IDLE_ASLEEP, IDLE_HAS_SLOWED},
                        },
                [IDLE_ASLEEP] =
                        {
                                [STEP] = {IDLE_ASLEEP, IDLE_NOTHING},
                                [MOVED] = {IDLE_WAKING, IDLE_WAKE},
                                [LATER] = {IDLE_WAKING, IDLE_WAKE}, /* to look */
                                [MOVED_LATE] = {IDLE_WAKING, IDLE_WAKE},
                                [SWITCHED_OFF] = {IDLE_WAKING, IDLE_WAKE},
                        },
                [IDLE_WAKING] =
                        {
                                [STEP] = {IDLE_WAKING, IDLE_NOTHING},
                                [MOVED] = {IDLE_WAKING, IDLE_NOTHING},
                                [LATER] = {IDLE_LOOKING, IDLE_HAS_WOKEN},
                                [MOVED_LATE] = {IDLE_AWAKE, IDLE_HAS_WOKEN},
                                [SWITCHED_OFF] = {IDLE_AWAKE, IDLE_HAS_WOKEN},
                        },
                [IDLE_LOOKING] =
                        {
                                [STEP] = {IDLE_LOOKING, IDLE_NOTHING},
                                [MOVED] = {IDLE_AWAKE, IDLE_NOTHING},
                                [LATER] = {IDLE_RESTING, IDLE_REST},
                                [MOVED_LATE] = {IDLE_AWAKE, IDLE_NOTHING},
                                [SWITCHED_OFF] = {IDLE_RESTING, IDLE_REST},
                        },
};

static void test_table(void **state) {
        (void) state;
        for (enum idle_state s = 0; s < _IDLE_STATE_MAX; s++)
                for (enum event e = 0; e < _EVENT_MAX; e++) {
                        struct idle i = {
                                .state = s, .kind = GATT_IDLE_OFF, .moved_us = NOW_US - 1, .since_us = NOW_US};
                        bool late = e == LATER || e == MOVED_LATE || e == SWITCHED_OFF;
                        enum idle_action action = idle_step(&i, e == MOVED || e == MOVED_LATE,
                                e == SWITCHED_OFF ? 0 : AFTER_US, NOW_US + (late ? AFTER_US : SECOND / 10));

                        if (i.state != table[s][e].state || action != table[s][e].action)
                                fail_msg("%s, event %d: now %s with action %d", idle_state_to_string(s),
                                        (int) e, idle_state_to_string(i.state), (int) action);
                }
}

/* A sensor without an idle sequence is never told to rest. */
static void test_what_cannot_rest_does_not(void **state) {
        struct idle i;

        (void) state;
        idle_init(&i, GATT_IDLE_NONE, NOW_US);
        assert_int_equal(idle_step(&i, false, AFTER_US, NOW_US + 100 * AFTER_US), IDLE_NOTHING);
        assert_int_equal(i.state, IDLE_AWAKE);
}

/* Those that show motion while they rest are not woken to look. */
static void test_only_the_silent_are_looked_at(void **state) {
        struct idle i;

        (void) state;
        for (enum gatt_idle kind = GATT_IDLE_SLOW; kind <= GATT_IDLE_MOTION; kind++) {
                i = (struct idle){.state = IDLE_ASLEEP, .kind = kind, .since_us = NOW_US};
                assert_int_equal(idle_step(&i, false, AFTER_US, NOW_US + 10 * IDLE_LOOK_EVERY_US),
                        kind == GATT_IDLE_OFF ? IDLE_WAKE : IDLE_NOTHING);
        }
}

/* A day with one set in it: rest, woken by the bar, rest again. */
static void test_in_turn(void **state) {
        static const struct {
                double at_s;
                bool moved;
                enum idle_action action;
        } steps[] = {
                {59, false, IDLE_NOTHING},
                {60, false, IDLE_REST},
                {60.5, false, IDLE_NOTHING},
                {60.8, false, IDLE_HAS_SLOWED},
                {500, false, IDLE_NOTHING},
                {600, true, IDLE_WAKE},
                {600.4, true, IDLE_NOTHING},
                {600.8, false, IDLE_HAS_WOKEN},
                {620, true, IDLE_NOTHING},
                {679, false, IDLE_NOTHING},
                {680, false, IDLE_REST},
        };
        struct idle i;

        (void) state;
        idle_init(&i, GATT_IDLE_SLOW, 0);
        for (size_t k = 0; k < ARRAY_SIZE(steps); k++)
                assert_int_equal(idle_step(&i, steps[k].moved, AFTER_US, (uint64_t) (steps[k].at_s * 1e6)),
                        steps[k].action);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_table),
                cmocka_unit_test(test_what_cannot_rest_does_not),
                cmocka_unit_test(test_only_the_silent_are_looked_at),
                cmocka_unit_test(test_in_turn),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
