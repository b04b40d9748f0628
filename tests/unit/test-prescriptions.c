/* SPDX-License-Identifier: Apache-2.0 */
/* Prescriptions: the shipped ones load and cover the practices; own ones go before them; every fault is told. */

#include <errno.h>

#include "hub/prescriptions.h"
#include "told.h"

static int load(const char *path, struct faults *faults, void *ret) {
        return prescriptions_load(path, faults, ret);
}

static int load_text(const char *text, struct prescriptions *ret) {
        return told_load(text, load, ret);
}

static const char *show_range(double min, double max) {
        static char text[32];

        if (min < max)
                snprintf(text, sizeof(text), "%g-%g", min, max);
        else if (min > 0)
                snprintf(text, sizeof(text), "%g", min);
        else
                strcpy(text, "-");
        return text;
}

static void test_shipped(void **state) {
        static const struct {
                const char *name;
                enum prescription_kind kind;
                bool negative, assisted, shows_speed;
        } wanted[] = {
                {"negative-squat", PRESCRIPTION_NEGATIVE, true, false, true},
                {"negative-squat-8", PRESCRIPTION_NEGATIVE, true, false, true},
                {"three-second-rule", PRESCRIPTION_NEGATIVE, true, false, true},
                {"paused-negative", PRESCRIPTION_NEGATIVE, true, false, true},
                {"supramaximal-negative", PRESCRIPTION_SUPRAMAXIMAL, true, true, false},
                {"eccentric-only", PRESCRIPTION_ECCENTRIC_ONLY, true, true, false},
                {"back-off", PRESCRIPTION_BACK_OFF, false, false, true},
                {"explosive", PRESCRIPTION_NORMAL, false, false, true},
                {"rehabilitation", PRESCRIPTION_NORMAL, false, false, false},
        };
        _cleanup_(prescriptions_done) struct prescriptions table = {NULL, 0};
        struct faults faults = {.sink = listen_to};

        (void) state;
        said[0] = '\0';
        if (prescriptions_load(NULL, &faults, &table) < 0)
                fail_msg("%s", said);
        assert_int_equal(table.n, ARRAY_SIZE(wanted));
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
                const struct prescription *p = prescriptions_find(&table, wanted[i].name, NULL);

                if (!p)
                        fail_msg("%s is missing", wanted[i].name);
                assert_int_equal(p->kind, wanted[i].kind);
                assert_int_equal(prescription_is_negative(p), wanted[i].negative);
                assert_int_equal(prescription_is_assisted(p), wanted[i].assisted);
                assert_int_equal(prescription_shows_speed(p), wanted[i].shows_speed);
                assert_true(*p->title != '\0');
                if (prescription_is_negative(p)) { /* each has the rule and a budget */
                        assert_true(isfinite(p->hold_s) && p->hold_s <= 3);
                        assert_int_equal(p->budget_sets, 4);
                }
                print_message("# %-22s %-14s %-10s reps %s\n", p->name, prescription_kind_to_string(p->kind),
                        p->tempo_text, show_range(p->reps_min, p->reps_max));
        }
}

static void test_tempo(void **state) {
        static const char *const bad[] = {"", "4", "4-0-2", "4-0-2-0-1", "X-0-2-0", "4-0-x-0", "4-0-2-",
                "-4-0-2-0", "4--2-0", "4-0-<-0", "4-0-<>2-0", "4 -0-2-0", "21-0-2-0", "1e1-0-2-0", "4-0-+2-0",
                "4,5-0-2-0", "**-0-2-0", "00000000000000000000000000000000004-0-2-0"};
        struct tempo_part t[_PHASE_TEMPO_MAX];

        (void) state;
        assert_int_equal(prescription_parse_tempo("4-0-<2-*", t), 0);
        assert_int_equal(t[PHASE_ECCENTRIC].rule, TEMPO_PACED);
        assert_near(t[PHASE_ECCENTRIC].s, 4, 0);
        assert_int_equal(t[PHASE_BOTTOM].rule, TEMPO_PACED);
        assert_int_equal(t[PHASE_CONCENTRIC].rule, TEMPO_AT_MOST);
        assert_near(t[PHASE_CONCENTRIC].s, 2, 0);
        assert_int_equal(t[PHASE_TOP].rule, TEMPO_FREE);
        assert_int_equal(prescription_parse_tempo(">2.5-1-X-0", t), 0);
        assert_int_equal(t[PHASE_ECCENTRIC].rule, TEMPO_AT_LEAST);
        assert_near(t[PHASE_ECCENTRIC].s, 2.5, 0);
        assert_int_equal(t[PHASE_CONCENTRIC].rule, TEMPO_FAST);
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
                if (prescription_parse_tempo(bad[i], t) != -EINVAL)
                        fail_msg("\"%s\" was taken", bad[i]);
        assert_near(t[PHASE_ECCENTRIC].s, 2.5, 0); /* untouched */
}

static void test_tolerance(void **state) {
        struct prescription p = {.tolerance_s = 0.3, .tolerance_pct = 10, .tempo = {{TEMPO_PACED, 8}}};

        (void) state;
        assert_near(prescription_tolerance(&p, PHASE_ECCENTRIC), 0.8, 1e-9);
        assert_near(prescription_tolerance(&p, PHASE_BOTTOM), 0.3, 1e-9);
}

static void test_own_go_before(void **state) {
        _cleanup_(prescriptions_done) struct prescriptions table = {NULL, 0};
        const struct prescription *p;
        const char *nearest;

        (void) state;
        assert_int_equal(load_text("[negative-squat]\nTempo=5-1-X-0\nReps=3\nSets=2-3\nLoad=62.5-70\n"
                                   "[my-own]\nTempo=*-*-*-*\n",
                                 &table),
                0);
        assert_int_equal(table.n, 10);
        p = prescriptions_find(&table, "negative-squat", &nearest);
        assert_non_null(p);
        assert_null(nearest);
        assert_string_equal(p->tempo_text, "5-1-X-0");
        assert_int_equal(p->kind, PRESCRIPTION_NORMAL); /* nothing is left of the shipped one */
        assert_int_equal(p->reps_min, 3);
        assert_int_equal(p->reps_max, 3);
        assert_int_equal(p->sets_min, 2);
        assert_int_equal(p->sets_max, 3);
        assert_near(p->load_min_pct, 62.5, 0);
        assert_near(p->load_max_pct, 70, 0);
        assert_true(isnan(p->hold_s) && isnan(p->velocity_loss_pct));
        p = prescriptions_find(&table, "my-own", NULL);
        assert_non_null(p);
        assert_int_equal(p->reps_max, 0);
        assert_true(isnan(p->load_min_pct));
        assert_null(prescriptions_find(&table, "explosiv", &nearest));
        assert_string_equal(nearest, "explosive");
}

static void test_faults(void **state) {
        static const struct {
                const char *text, *said;
        } faults[] = {
                {"[a]\nKind=normal\n", "F:1: Tempo=: is missing in [a]"},
                {"[a]\nTempo=4-0-2\n",
                        "F:2: Tempo=: not understood; allowed is E-B-C-T with seconds from 0 to 20"},
                {"[a]\nTempo=*-*-*-*\nReps=10-6\n",
                        "F:3: Reps=: not understood; allowed is a number or a range from 1 to 100"},
                {"[a]\nTempo=*-*-*-*\nSets=0\n", "F:3: Sets=:"},
                {"[a]\nTempo=*-*-*-*\nReps=2.5\n", "F:3: Reps=:"},
                {"[a]\nTempo=*-*-*-*\nLoad=300\n", "F:3: Load=:"},
                {"[a]\nTempo=*-*-*-*\nKind=negativ\n", "F:3: Kind=:"},
                {"[a]\nTempo=2-0-X-0\nHoldAtLeast=3\n",
                        "F:3: HoldAtLeast=: 3 s is longer than the eccentric of Tempo=2-0-X-0; at most that is "
                        "allowed"},
                {"[negative-squat]\nTempo=*-*-*-*\n[negative-squat]\nTempo=*-*-*-*\n",
                        "F:3: [negative-squat] stands here a second time; one is allowed"},
                {"[a]\nTempo=*-*-*-*\n[a]\nTempo=*-*-*-*\n", "F:3: [a] stands here a second time"},
                {"[A]\nTempo=*-*-*-*\n", "F:1: a prescription's name is made of small letters"},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
                struct prescriptions table = {NULL, 0};

                assert_int_equal(load_text(faults[i].text, &table), -EINVAL);
                assert_null(table.items);
                if (!strstr(said, faults[i].said))
                        fail_msg("wanted: %s\nsaid: %s", faults[i].said, said);
        }
}

static void test_no_file(void **state) {
        struct prescriptions table = {NULL, 0};
        struct faults faults = {.sink = listen_to};

        (void) state;
        said[0] = '\0';
        assert_int_equal(prescriptions_load("/nowhere/at-all", &faults, &table), -EINVAL);
        assert_non_null(strstr(said, "/nowhere/at-all: cannot be read"));
}

static void test_too_many(void **state) {
        struct prescriptions table = {NULL, 0};
        char *text = calloc(1, (PRESCRIPTIONS_MAX + 1) * 32), *at = text;

        (void) state;
        for (int i = 0; i <= PRESCRIPTIONS_MAX; i++)
                at += sprintf(at, "[p%d]\nTempo=*-*-*-*\n", i);
        assert_int_equal(load_text(text, &table), -EINVAL);
        assert_non_null(strstr(said, "more than 256 prescriptions"));
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shipped),
                cmocka_unit_test(test_tempo),
                cmocka_unit_test(test_tolerance),
                cmocka_unit_test(test_own_go_before),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_no_file),
                cmocka_unit_test(test_too_many),
        };
        return run_unit_tests(tests);
}
