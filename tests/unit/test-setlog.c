/* SPDX-License-Identifier: Apache-2.0 */
/* What is told of a set, in which order and under which numbers. */

#include <math.h>
#include <string.h>

#include <repcast/core.h>

#include "fit.h"
#include "unit.h"

static struct setlog setlog;
static struct event events[64];
static unsigned n_events;

static void collect(void) {
        struct event e;
        while (setlog_next(&setlog, &e)) {
                assert_true(n_events < 64);
                events[n_events++] = e;
        }
}

static void start_with(enum exercise_start order) {
        struct core_params p;
        struct exercise x = fit_squat;
        core_params_init(&p);
        x.start = order;
        setlog_init(&setlog, &p.setlog, &p.setmodel, &p.traits, &x);
        n_events = 0;
}

static void start(void) {
        start_with(EXERCISE_START_TOP);
}

static void cycle(struct cycle_fit f) {
        struct event e;
        if (setlog_cycle(&setlog, &f, &e))
                events[n_events++] = e;
        collect();
}

static void wait_until(double s) {
        for (uint64_t t = setlog.now_us; t < fit_us(s); t += 10000) {
                setlog_wait(&setlog, t, t, t, false);
                collect();
        }
}

static void end(void) {
        setlog_close(&setlog, SET_END_STREAM);
        collect();
}

static const struct event *nth(enum event_type type, unsigned n) {
        for (unsigned i = 0; i < n_events; i++)
                if (events[i].type == type && n-- == 0)
                        return &events[i];
        return NULL;
}

static unsigned count(enum event_type type) {
        unsigned n = 0;
        while (nth(type, n))
                n++;
        return n;
}

static void test_reps_at_once_and_the_set_at_its_end(void **state) {
        (void) state;
        static const double concentric_s[] = {1, 0.8, 1.25};
        start();
        for (unsigned i = 0; i < 3; i++) {
                struct cycle_fit f = fit_rep(10 + 5 * i, 0.5);
                f.concentric.end_us = f.concentric.start_us + fit_us(concentric_s[i]);
                f.concentric.mean_mps = 0.5 / concentric_s[i];
                cycle(f);
                assert_int_equal(count(EVENT_REP), i + 1);
                assert_int_equal(nth(EVENT_REP, i)->rep.rep, i + 1);
                assert_int_equal(nth(EVENT_REP, i)->rep.flags, 0);
        }
        assert_true(isnan(nth(EVENT_REP, 0)->rep.pause_before_s));
        assert_near(nth(EVENT_REP, 1)->rep.pause_before_s, 2, 1e-3);
        assert_near(nth(EVENT_REP, 2)->rep.velocity_loss_pct, 36, 0.1);
        assert_int_equal(setlog_set(&setlog), 1);
        assert_int_equal(setlog_reps(&setlog), 3);
        assert_int_equal(setlog_next_rep(&setlog), 4);

        wait_until(40);
        assert_int_equal(count(EVENT_SET), 1);
        const struct set *set = nth(EVENT_SET, 0)->set;
        assert_int_equal(set->end, SET_END_REST);
        assert_int_equal(set->n_reps, 3);
        assert_near(set->best_mps, 0.625, 1e-6);
        assert_near(set->velocity_loss_pct, 36, 0.1);
        assert_near((double) set->reps[0].tempo_s[PHASE_TOP], 2, 1e-3);
        assert_true(isnan(set->reps[2].tempo_s[PHASE_TOP]));
        assert_near(set->tut_s, 3 + 2 + 2.8 + 2.2 + 3.25, 1e-3);
        assert_int_equal(setlog_set(&setlog), 0);
}

/* The first movement looks like a rep of the exercise until the set shows how the lifter's own look. */
static void test_a_rep_is_taken_back(void **state) {
        (void) state;
        start();
        cycle(fit_turned(fit_rep(2, 0.5), 50, 50));
        assert_int_equal(count(EVENT_REP), 1);
        for (unsigned i = 0; i < 3; i++)
                cycle(fit_rep(8 + 5 * i, 0.5));
        assert_int_equal(count(EVENT_REP), 4);
        assert_int_equal(count(EVENT_AMEND), 1);
        const struct amend *a = &nth(EVENT_AMEND, 0)->amend;
        assert_int_equal(a->set, 1);
        assert_int_equal(a->rep, 1);
        assert_int_equal(a->change, AMENDED_REJECTED);
        assert_int_equal(a->reason, REJECTED_WALKOUT);
        assert_int_equal(setlog_reps(&setlog), 3);
        assert_int_equal(setlog_next_rep(&setlog), 5); /* numbers do not move */

        cycle(fit_rep(23, 0.5));
        end();
        const struct set *set = nth(EVENT_SET, 0)->set;
        assert_int_equal(set->n_reps, 4);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(set->reps[i].rep, i + 2);
        assert_int_equal(set->start_us, 8000000);
}

static void test_a_rep_in_doubt_comes_late(void **state) {
        (void) state;
        start();
        struct cycle_fit f = fit_rep(2, 0.5);
        f.misfit = 2000;         /* the correction had to pull hard: not believed by itself, */
        f.turn_before_radps = 1; /* nor, out of a turn, for one like it */
        cycle(f);
        assert_int_equal(n_events, 0);
        for (unsigned i = 1; i < 4; i++)
                cycle(fit_rep(2 + 5 * i, 0.5));
        assert_int_equal(count(EVENT_REP), 4);
        const struct rep *late = &nth(EVENT_REP, 1)->rep;
        assert_int_equal(late->rep, 2);
        assert_int_equal(late->start_us, 2000000);
        assert_int_equal(late->flags, REP_FLAG_HELD);
        assert_true(isnan(late->pause_before_s));
        end();
        const struct set *set = nth(EVENT_SET, 0)->set;
        static const uint32_t numbers[] = {2, 1, 3, 4}; /* by time */
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(set->reps[i].rep, numbers[i]);
        assert_near((double) set->reps[0].tempo_s[PHASE_TOP], 2, 1e-3);
}

/* Racked high, unracked with a rep's travel: the pairs were shifted by one movement. */
static void test_another_pairing_amends_the_figures(void **state) {
        (void) state;
        start_with(EXERCISE_START_EITHER);
        cycle(fit_turned(fit_pull(2, 0.5), 17, 0));
        assert_int_equal(setlog_order(&setlog), EXERCISE_START_BOTTOM);
        for (unsigned i = 0; i < 3; i++) {
                cycle(fit_rep(3 + 4 * i, 0.5));
                if (i < 2)
                        cycle(fit_turned(fit_pull(5 + 4 * i, 0.5 + 0.3 * i), 0, 30 * i));
        }
        cycle(fit_rep(15, 0.5));
        assert_int_equal(setlog_order(&setlog), EXERCISE_START_TOP);
        bool figures = false;
        for (unsigned i = 0; i < count(EVENT_AMEND); i++)
                figures = figures || nth(EVENT_AMEND, i)->amend.change == AMENDED_FIGURES;
        assert_true(figures);
        const struct rep *r = &nth(EVENT_AMEND, 0)->amend.figures;
        assert_int_equal(r->rep, 1);
        assert_int_equal(r->set, 1);
        assert_int_equal(r->phases[0].phase, PHASE_ECCENTRIC);
        assert_int_equal(r->start_us, 3000000);
        end();
        const struct set *set = nth(EVENT_SET, 0)->set;
        assert_int_equal(set->n_reps, 4);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(set->reps[i].start_us, fit_us(3 + 4 * i));
}

/* Published by itself, then shown to be none: no set is told of, and its number is not used again. */
static void test_a_set_of_nothing(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 4; i++)
                cycle(fit_rep(2 + 4 * i, 0.5));
        end();
        cycle(fit_rep(60, 0.5));
        assert_int_equal(nth(EVENT_REP, 4)->rep.set, 2);
        for (unsigned i = 0; i < 5; i++)
                cycle(fit_turned(fit_rep(64 + 4 * i, 0.4), 120, 120));
        assert_int_equal(count(EVENT_AMEND), 1);
        assert_int_equal(setlog_reps(&setlog), 5);
        end();
        assert_int_equal(count(EVENT_SET), 2);
        assert_int_equal(nth(EVENT_SET, 1)->set->reps[0].rep, 2);
}

static void test_reasons(void **state) {
        (void) state;
        struct cycle_fit f;
        struct event e;
        start();
        cycle(fit_rep(0, 0.1));
        assert_int_equal(events[0].rejected.reason, REJECTED_PARTIAL);
        f = fit_rep(4, 0.5);
        f.eccentric.peak_mps = 5;
        cycle(f);
        assert_int_equal(events[1].rejected.reason, REJECTED_DROP);
        f = fit_rep(8, 0.5);
        f.concentric.end_us = f.concentric.start_us + 100000;
        cycle(f);
        assert_int_equal(events[2].rejected.reason, REJECTED_BOUNCE);
        f = fit_rep(12, 0.5);
        f.concentric.force = 0.2; /* an error of the integral */
        cycle(f);
        assert_int_equal(events[3].rejected.reason, REJECTED_NOISE);
        cycle(fit_rep(16, 1.8));
        assert_int_equal(events[4].rejected.reason, REJECTED_WALKOUT);
        cycle(fit_pull(20, 1.8));
        assert_int_equal(events[5].rejected.reason, REJECTED_UNRACK);

        struct move lone = {.up = true, .start_us = fit_us(24), .end_us = fit_us(25), .travel_m = 0.08};
        assert_false(setlog_stray(&setlog, &lone, &e));
        lone.travel_m = 0.15;
        assert_true(setlog_stray(&setlog, &lone, &e));
        assert_int_equal(e.rejected.reason, REJECTED_PARTIAL);
        lone.travel_m = 0.4;
        assert_true(setlog_stray(&setlog, &lone, &e));
        assert_int_equal(e.rejected.reason, REJECTED_UNRACK);
}

/* Told when it is certain: at the end of a set that is sure, after a minute without one. */
static void test_doubt_ends(void **state) {
        (void) state;
        start();
        cycle(fit_turned(fit_rep(2, 0.5), 0, 90));
        wait_until(61);
        assert_int_equal(n_events, 0);
        wait_until(66);
        assert_int_equal(n_events, 1);
        assert_int_equal(events[0].rejected.start_us, 2000000);
        assert_int_equal(events[0].rejected.reason, REJECTED_WALKOUT);

        start();
        for (unsigned i = 0; i < 3; i++)
                cycle(fit_rep(2 + 4 * i, 0.5));
        cycle(fit_turned(fit_rep(15, 0.3), 20, 90));
        assert_int_equal(n_events, 3);
        end();
        assert_int_equal(n_events, 5);
        assert_int_equal(events[3].rejected.reason, REJECTED_RERACK);
        assert_int_equal(events[4].type, EVENT_SET);
}

/* The beam follows this set. */
static void three_weighed(void) {
        for (unsigned i = 0; i < 3; i++) {
                struct cycle_fit f = fit_rep(10 + 5 * i, 0.5);
                f.weighed = true;
                cycle(f);
        }
}

/* Half a stroke that hesitated, as the tracker takes it, waits for the beam to finish the round trip. */
static void test_a_half_waits_for_the_whole(void **state) {
        (void) state;
        for (unsigned answers = 0; answers < 2; answers++) {
                start();
                three_weighed();
                wait_until(28);
                cycle(fit_rep(25, 0.3));
                uint64_t ends_us = traits_end_us(&setlog.model.candidates[3].fit);
                wait_until((double) ends_us * 1e-6);
                for (uint64_t t = ends_us; t < ends_us + 3000000;
                        t += 10000) { /* the beam is still on its way */
                        setlog_wait(&setlog, t, t, fit_us(25), false);
                        collect();
                }
                assert_int_equal(count(EVENT_REP), 3);
                if (answers) {
                        struct cycle_fit whole = fit_rep(25, 0.5);
                        whole.concentric.end_us += fit_us(1);
                        whole.weighed = true;
                        cycle(whole);
                }
                wait_until((double) ends_us * 1e-6 + 6);
                assert_int_equal(count(EVENT_REP), 4);
                assert_int_equal(count(EVENT_AMEND), 0);
                assert_near(nth(EVENT_REP, 3)->rep.rom_m, answers ? 0.5 : 0.3, 1e-6);
                assert_int_equal(nth(EVENT_REP, 3)->rep.flags, 0);
        }
}

/* The beam believes it over as well, but the bar goes on where it halted. */
static void test_a_half_that_goes_on_waits(void **state) {
        (void) state;
        start();
        three_weighed();
        wait_until(28);
        cycle(fit_rep(25, 0.3));
        wait_until(29.2);
        struct event e;
        const struct move rest = {.up = true, .start_us = fit_us(28.1), .end_us = fit_us(29), .travel_m = 0.2};
        assert_true(setlog_stray(&setlog, &rest, &e));
        wait_until(30.3);
        assert_int_equal(count(EVENT_REP), 3);
        wait_until(31);
        assert_int_equal(count(EVENT_REP), 4); /* but not for ever */
}

/* Where the beam does not follow, as on a wrist, nothing waits. */
static void test_nothing_waits_for_a_beam_that_does_not_follow(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 3; i++)
                cycle(fit_rep(10 + 5 * i, 0.5));
        cycle(fit_rep(25, 0.3));
        assert_int_equal(count(EVENT_REP), 4);
}

/* Eccentric of 6 s, hold of 3 s, concentric of 4 s. */
static struct cycle_fit fit_slow(double start_s, double rom_m) {
        struct cycle_fit f = fit_rep(start_s, rom_m);
        f.searched = true;
        f.eccentric.end_us = fit_us(start_s + 6);
        f.concentric.start_us = fit_us(start_s + 9);
        f.concentric.end_us = fit_us(start_s + 13);
        return f;
}

/* The tracker sees another layout of a slow rep than the beam, whose takes its place, unless the look back had to pull harder
 * for it. Of a quick rep the set goes on to judge both. */
static void test_a_slow_rep_laid_out_anew(void **state) {
        (void) state;
        enum { BETTER, WORSE, QUICK, CASES };
        for (unsigned what = 0; what < CASES; what++) {
                start();
                for (unsigned i = 0; i < 3; i++) {
                        struct cycle_fit f = fit_slow(10 + 14 * i, 0.5);
                        f.weighed = true;
                        wait_until(24 + 14 * i);
                        cycle(f);
                }
                struct cycle_fit early = fit_slow(50, 0.5), right = fit_slow(52, 0.5);
                right.weighed = true;
                right.misfit = what == WORSE ? 6 : 1;
                early.searched = right.searched = what != QUICK;

                wait_until(64);
                cycle(early);
                assert_int_equal(count(EVENT_REP), 4);
                wait_until(66);
                cycle(right);
                end();
                assert_int_equal(count(EVENT_REP), 4);
                assert_int_equal(count(EVENT_AMEND), what == BETTER);
                const struct set *set = nth(EVENT_SET, 0)->set;
                assert_int_equal(set->n_reps, 4);
                assert_int_equal(set->reps[3].end_us, fit_us(what == BETTER ? 65 : 63));
                if (what == BETTER) {
                        assert_int_equal(nth(EVENT_AMEND, 0)->amend.change, AMENDED_FIGURES);
                        assert_int_equal(nth(EVENT_AMEND, 0)->amend.rep, 4);
                        assert_int_equal(nth(EVENT_AMEND, 0)->amend.figures.start_us, fit_us(52));
                }
        }
}

/* A first rep is told at its halt: lowered by half, and lifted by half. The bar goes on, and what the beam found of the whole takes
 * its place, though the half fits no worse. Without a movement that followed it is the beam that saw too much. */
static void test_a_part_that_went_on(void **state) {
        (void) state;
        for (unsigned went_on = 0; went_on < 2; went_on++) {
                struct cycle_fit part = fit_slow(14, 0.3), whole = fit_slow(10, 0.6);
                struct move rest = {
                        .up = true, .start_us = fit_us(27.5), .end_us = fit_us(30), .travel_m = 0.3};
                whole.eccentric.end_us = part.eccentric.end_us;
                whole.concentric.start_us = part.concentric.start_us;
                whole.concentric.end_us = fit_us(30);
                whole.weighed = true;
                whole.misfit = 1;
                part.misfit = 0.1;
                start();
                cycle(part);
                assert_int_equal(count(EVENT_REP), 1);
                if (went_on)
                        setlog_goes_on(&setlog, &rest);
                cycle(whole);
                assert_int_equal(count(EVENT_REP), 1);
                assert_int_equal(count(EVENT_AMEND), went_on);
                if (went_on)
                        assert_int_equal(nth(EVENT_AMEND, 0)->amend.figures.end_us, fit_us(30));
        }
}

/* Of a slow rep the tracker saw the middle: a quick rep with the same turn. What the beam found of the whole takes its place. That it
 * does not where the turn is another one's, nor where the piece goes as far as the set's other reps and the whole farther. */
static void test_a_part_with_the_same_turn(void **state) {
        (void) state;
        enum { SAME, OTHER_TURN, TOO_FAR, CASES };
        for (unsigned what = 0; what < CASES; what++) {
                struct cycle_fit part = fit_rep(what == OTHER_TURN ? 53 : 55.5, 0.4), whole = fit_slow(50, 0.6);
                double usual_m = what == TOO_FAR ? 0.42 : 0.55;

                whole.concentric.start_us = fit_us(57.5);
                whole.weighed = true;
                whole.misfit = 1;
                start();
                for (unsigned i = 0; i < 3; i++)
                        cycle(fit_rep(30 + 6 * i, usual_m));
                cycle(part);
                cycle(whole);
                assert_int_equal(setlog.model.n, what == SAME ? 4 : 5);
                const struct candidate *last = &setlog.model.candidates[setlog.model.n - 1];
                if (what == SAME)
                        assert_int_equal(traits_start_us(&last->fit), fit_us(50));
        }
}

/* The look back on the tracker's guess of a first rep held the walk out of the rack to be rest, and is not believed. The beam finds
 * the same borders without force: that is told, at once. */
static void test_an_untold_guess_gives_way(void **state) {
        (void) state;
        struct cycle_fit guess = fit_rep(10, 0.5), found = fit_rep(10.05, 0.5);
        guess.searched = true;
        guess.misfit = 100;
        found.weighed = true;
        start();
        cycle(guess);
        assert_int_equal(count(EVENT_REP), 0);
        cycle(found);
        assert_int_equal(count(EVENT_REP), 1);
        assert_int_equal(nth(EVENT_REP, 0)->rep.start_us, fit_us(10.05));
        assert_int_equal(setlog.model.n, 1);
}

/* The sensor turned with the fourth rep, which the tracker took for two. What others make of it afterwards is not looked at. */
static void test_what_was_seen_needs_no_other_layout(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 3; i++)
                cycle(fit_rep(10 + 5 * i, 0.5));
        cycle(fit_rep(26.5, 0.5));
        struct cycle_fit seen = fit_rep(25, 0.5);
        seen.swung = true;
        cycle(seen);
        assert_int_equal(count(EVENT_AMEND), 1);
        assert_int_equal(nth(EVENT_AMEND, 0)->amend.figures.start_us, fit_us(25));
        cycle(seen);
        cycle(fit_rep(24, 0.5));
        struct cycle_fit arm = fit_rep(50, 0.02);
        arm.swung = true; /* and what is no rep is not told of */
        cycle(arm);
        end();
        assert_int_equal(n_events, 4 + 1 + 1);
        assert_int_equal(nth(EVENT_SET, 0)->set->n_reps, 4);
        assert_int_equal(nth(EVENT_SET, 0)->set->reps[3].start_us, fit_us(25));
}

/* Half a second apart they may be of the same movements, and the one stands that fits better. What comes after the swing is not
 * looked at. */
static void test_the_better_of_two_that_agree_stands(void **state) {
        (void) state;
        for (unsigned better = 0; better < 2; better++) {
                start();
                for (unsigned i = 0; i < 3; i++)
                        cycle(fit_rep(10 + 5 * i, 0.5));
                cycle(fit_rep(25.5, 0.5));
                struct cycle_fit seen = fit_rep(25, 0.5), later = fit_rep(25.5, 0.5);
                seen.swung = true;
                seen.misfit = better ? 3 : 7; /* the other has 5 */
                cycle(seen);
                later.misfit = 2;
                cycle(later);
                end();
                assert_int_equal(count(EVENT_REP), 4);
                assert_int_equal(count(EVENT_AMEND), better);
                const struct set *set = nth(EVENT_SET, 0)->set;
                assert_int_equal(set->n_reps, 4);
                assert_int_equal(set->reps[3].start_us, fit_us(better ? 25 : 25.5));
        }
}

/* Negatives of 11 s with holds: 17 s from rep to rep, and a set gap of 15 s. One of them is missed. */
static void test_a_slow_rep_that_is_missed_ends_no_set(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 6; i++) {
                struct cycle_fit f = fit_rep(2 + 17 * i, 0.5);
                f.eccentric.end_us = f.eccentric.start_us + fit_us(11);
                f.concentric.start_us = f.eccentric.end_us + fit_us(3);
                f.concentric.end_us = f.concentric.start_us + fit_us(2);
                wait_until(2 + 17 * i);
                if (i != 3)
                        cycle(f);
        }
        assert_int_equal(count(EVENT_REP), 5);
        assert_int_equal(count(EVENT_SET), 0);
        wait_until(2 + 17 * 6 + 22); /* one and a half reps after the last one's end */
        assert_int_equal(count(EVENT_SET), 0);
        wait_until(2 + 17 * 6 + 24);
        assert_int_equal(count(EVENT_SET), 1);
        assert_int_equal(nth(EVENT_SET, 0)->set->n_reps, 5);
}

/* What begins before the end of the set before is of that one, unless the clock was set back. */
static void test_clock_set_back(void **state) {
        (void) state;
        for (unsigned back = 0; back < 2; back++) {
                start();
                for (unsigned i = 0; i < 3; i++)
                        cycle(fit_rep(1000 + 5 * i, 0.5));
                cycle(fit_pull(1016, 0.9)); /* in doubt when it ends */
                if (back)
                        setlog_set_back(&setlog);
                else
                        setlog_close(&setlog, SET_END_GAP);
                collect();
                assert_int_equal(count(EVENT_SET), 1);
                assert_int_equal(nth(EVENT_SET, 0)->set->n_reps, 3);
                for (unsigned i = 0; i < 3; i++)
                        cycle(fit_rep(10 + 5 * i, 0.5));
                assert_int_equal(count(EVENT_REP), back ? 6 : 3);
                assert_int_equal(setlog.model.n, back ? 3 : 0);
        }
}

static void test_numbers_end_at_the_limit(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i <= SET_REPS_MAX; i++) {
                n_events = 0;
                cycle(fit_rep(4 * i, 0.5));
                assert_true(events[0].rep.rep <= SET_REPS_MAX);
                setlog_wait(&setlog, fit_us(4 * i + 3.1), fit_us(4 * i + 3.1), fit_us(4 * i + 3.1), false);
                collect();
                assert_int_equal(count(EVENT_SET), i == SET_REPS_MAX - 1);
        }
        assert_int_equal(events[0].rep.set, 2);
        assert_int_equal(events[0].rep.rep, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_half_waits_for_the_whole),
                cmocka_unit_test(test_a_half_that_goes_on_waits),
                cmocka_unit_test(test_nothing_waits_for_a_beam_that_does_not_follow),
                cmocka_unit_test(test_a_slow_rep_laid_out_anew),
                cmocka_unit_test(test_reps_at_once_and_the_set_at_its_end),
                cmocka_unit_test(test_a_rep_is_taken_back),
                cmocka_unit_test(test_a_rep_in_doubt_comes_late),
                cmocka_unit_test(test_another_pairing_amends_the_figures),
                cmocka_unit_test(test_a_set_of_nothing),
                cmocka_unit_test(test_reasons),
                cmocka_unit_test(test_doubt_ends),
                cmocka_unit_test(test_an_untold_guess_gives_way),
                cmocka_unit_test(test_a_part_that_went_on),
                cmocka_unit_test(test_a_part_with_the_same_turn),
                cmocka_unit_test(test_what_was_seen_needs_no_other_layout),
                cmocka_unit_test(test_the_better_of_two_that_agree_stands),
                cmocka_unit_test(test_a_slow_rep_that_is_missed_ends_no_set),
                cmocka_unit_test(test_clock_set_back),
                cmocka_unit_test(test_numbers_end_at_the_limit),
        };
        return run_unit_tests(tests);
}
