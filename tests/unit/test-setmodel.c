/* SPDX-License-Identifier: Apache-2.0 */
/* Groups among candidates: reps find each other, strangers do not. */

#include <math.h>

#include <repcast/core.h>

#include "fit.h"
#include "unit.h"

static struct setmodel model;

static void start(void) {
        struct core_params p;
        core_params_init(&p);
        setmodel_init(&model, &p.setmodel, &p.traits, &fit_squat);
}

static void add(struct cycle_fit f) {
        setmodel_add(&model, &f);
}

static unsigned believed(void) {
        unsigned n = 0;
        for (unsigned i = 0; i < model.n; i++)
                n += setmodel_believes(&model, &model.candidates[i]);
        return n;
}

static bool believes(struct cycle_fit f) {
        start();
        add(f);
        return setmodel_believes(&model, &model.candidates[0]);
}

static void publish_all(void) {
        for (unsigned i = 0; i < model.n; i++)
                model.candidates[i].rep = i + 1;
}

/* Two movements of set-up, three reps, one of putting away. */
static void test_a_set_among_strangers(void **state) {
        (void) state;
        start();
        add(fit_turned(fit_rep(0, 0.3), 70, 20));
        add(fit_turned(fit_rep(5, 0.5), 80, 50));
        assert_false(setmodel_is_sure(&model));
        for (unsigned i = 0; i < 3; i++)
                add(fit_rep(10 + 4 * i, 0.5 + 0.02 * i));
        assert_true(setmodel_is_sure(&model));
        add(fit_turned(fit_rep(24, 0.3), 10, 90));
        assert_int_equal(believed(), 3);
        for (unsigned i = 0; i < 6; i++)
                assert_int_equal(setmodel_believes(&model, &model.candidates[i]), i >= 2 && i <= 4);
        assert_true(model.evidence > 16 && model.evidence < 18); /* two neighbours, each of nearly 9 */
}

/* What is neither quite like the others nor free of flaws is none of them, though each alone would be forgiven. */
static void test_flaws_count_with_distance(void **state) {
        (void) state;
        struct cycle_fit odd = fit_turned(fit_rep(22, 0.5), 36, 36), rough = odd;
        rough.unrest_mps2 = 2;
        for (unsigned flawed = 0; flawed < 2; flawed++) {
                start();
                for (unsigned i = 0; i < 3; i++)
                        add(fit_rep(10 + 4 * i, 0.5));
                add(flawed ? rough : odd);
                assert_int_equal(believed(), flawed ? 3 : 4);
        }
}

static void test_strangers_are_no_set(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 12; i++)
                add(fit_turned(fit_rep(5 * i, 0.25 + 0.05 * (i % 5)), 47 * i % 180, 83 * i % 180));
        assert_false(setmodel_is_sure(&model));
}

/* What stands between two reps splits no set; a rest longer than the exercise's gap does. */
static void test_what_splits_a_set(void **state) {
        (void) state;
        start();
        add(fit_rep(0, 0.5));
        add(fit_rep(4, 0.5));
        add(fit_turned(fit_rep(8, 0.3), 80, 80));
        add(fit_rep(12, 0.5));
        assert_true(setmodel_is_sure(&model));
        assert_int_equal(model.n_members, 3);
        start();
        add(fit_rep(0, 0.5));
        add(fit_rep(4, 0.5));
        add(fit_rep(7 + 15.5, 0.5));
        assert_false(setmodel_is_sure(&model));
        assert_int_equal(model.n_members, 2);
}

static void test_a_first_rep_by_itself(void **state) {
        (void) state;
        struct cycle_fit f = fit_rep(0, 0.55);
        assert_true(believes(f));
        assert_true(setmodel_confidence(&model, &model.candidates[0]) > 0.95);
        assert_false(believes(fit_turned(f, 0, 60))); /* ends in another direction */
        f.turn_before_radps = 0.9;                    /* out of a turn, not out of a hold */
        assert_false(believes(f));
        f = fit_rep(0, 0.55);
        f.concentric.force = 0.5; /* half of what would have been felt */
        assert_false(believes(f));
        f = fit_rep(0, 0.55);
        f.misfit = 1000;
        assert_false(believes(f));
        f.misfit = 100;
        assert_true(believes(f));
        f.searched = true; /* the borders were chosen to suit the correction, and it pulls all the same */
        assert_false(believes(f));
        f = fit_rep(0, 0.55);
        f.eccentric.travel_m = 0.15;
        assert_false(believes(f));
}

/* Picked up, held for four seconds, put down. A pause at the bottom of a squat is none of that. */
static void test_who_lingers_carries(void **state) {
        (void) state;
        struct cycle_fit f = fit_pull(0, 0.55);
        assert_true(believes(f));
        f.eccentric.start_us += 4000000;
        f.eccentric.end_us += 4000000;
        assert_false(believes(f));
        f = fit_rep(0, 0.55);
        f.concentric.start_us += 4000000;
        f.concentric.end_us += 4000000;
        assert_true(believes(f));
}

/* Picked up quickly and held for eight seconds: a jolt, then what seems to be a slow lowering. A lowering that leads may begin
 * anywhere. */
static void test_who_picks_a_bar_up_does_not_lift_it(void **state) {
        (void) state;
        struct cycle_fit (*const make[])(double, double) = {fit_pull, fit_rep};
        for (unsigned eccentric_first = 0; eccentric_first < 2; eccentric_first++) {
                struct cycle_fit first = make[eccentric_first](10, 0.5);
                if (eccentric_first)
                        first.eccentric.start_us -= 8000000;
                else
                        first.eccentric.end_us += 8000000;
                first.concentric.peak_mps *= 1.8;
                for (unsigned jolt = 0; jolt < 2; jolt++) {
                        start();
                        first.balance = jolt ? 0.06F : 0.9F;
                        add(first);
                        for (unsigned i = 1; i < 4; i++)
                                add(make[eccentric_first](18 + 4 * i, 0.5));
                        assert_int_equal(believed(), !eccentric_first && jolt ? 3 : 4);
                }
        }
}

/* The set's lowerings last as long as he stands; but nothing pushes or brakes what only seems to move. */
static void test_who_stands_as_long_as_a_lowering_lasts(void **state) {
        (void) state;
        for (unsigned felt = 0; felt < 2; felt++) {
                start();
                for (unsigned i = 0; i < 6; i++) {
                        struct cycle_fit f = fit_pull(10 + 8 * i, 0.5);
                        f.eccentric.end_us += 3000000;
                        f.concentric.peak_mps *= i == 0 ? 2 : 1;
                        f.balance = i > 0 ? 0.9F : felt ? 0.3F : 0.15F;
                        add(f);
                }
                assert_int_equal(believed(), felt ? 6 : 5);
        }
}

/* Two that are alike speak for each other where neither would be believed alone. */
static void test_a_pair(void **state) {
        (void) state;
        struct cycle_fit f = fit_rep(0, 0.55);
        f.unrest_before_mps2 = 1.05F; /* somebody seemed to walk */
        assert_false(believes(f));
        f = fit_rep(5, 0.55);
        f.unrest_before_mps2 = 1.05F;
        add(f);
        assert_false(setmodel_is_sure(&model));
        assert_int_equal(believed(), 2);
}

/* A bar that is carried about again and again: alike, but flawed. */
static void test_alike_and_flawed(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 4; i++) {
                struct cycle_fit f = fit_rep(8 * i, 0.55);
                f.unrest_mps2 = 1.5F;
                f.unrest_before_mps2 = 0.5F;
                f.turned_rad = 0.8F;
                add(f);
        }
        assert_int_equal(model.n_members, 4);
        assert_false(setmodel_is_sure(&model));
        assert_int_equal(believed(), 0);
}

/* The weight is put down, somebody walks, and lifts something in the same way. */
static void test_steps_end_a_set(void **state) {
        (void) state;
        for (unsigned walks = 0; walks < 2; walks++) {
                start();
                for (unsigned i = 0; i < 4; i++)
                        add(fit_rep(4 * i, 0.55));
                struct cycle_fit f = fit_rep(22, 0.55);
                f.concentric.force = 0.7; /* not quite alike */
                f.unrest_before_mps2 = walks ? 2 : 0.3F;
                add(f);
                assert_int_equal(model.n_members, walks ? 4 : 5);
        }
}

/* A lift in several goes is believed until the set ends without any other like it; so is one that only the tracker saw. */
static void test_a_single_must_be_smooth(void **state) {
        (void) state;
        struct cycle_fit f = fit_rep(0, 0.55);
        assert_true(believes(f));
        model.over = true;
        assert_int_equal(believed(), 0);
        f.weighed = true;
        assert_true(believes(f));
        model.over = true;
        assert_int_equal(believed(), 1);
        f.eccentric.force = 2.6;
        assert_true(believes(f));
        model.over = true;
        assert_int_equal(believed(), 0);
}

/* up 0, then down 1 up 1, down 2 up 2, ...: paired either way. */
static void test_either_order(void **state) {
        (void) state;
        start();
        add(fit_turned(fit_pull(9, 0.3), 60, 0)); /* with what took the bar out */
        for (unsigned i = 0; i < 4; i++) {
                add(fit_rep(10 + 4 * i, 0.5));
                if (i < 3)
                        add(fit_pull(12 + 4 * i, 0.5));
        }
        assert_true(setmodel_is_sure(&model));
        assert_int_equal(model.n_members, 4);
        for (unsigned i = 0; i < model.n; i++)
                assert_int_equal(model.candidates[i].member, model.candidates[i].fit.eccentric_first);
}

/* What is published stays, as long as the other pairing has no rep more. */
static void test_the_published_pairing_stays(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 4; i++) {
                add(fit_pull(4 * i, 0.5));
                model.candidates[model.n - 1].rep = i + 1;
                add(fit_rep(4 * i + 1, 0.52));
        }
        for (unsigned i = 0; i < model.n; i++)
                assert_int_equal(model.candidates[i].member, !model.candidates[i].fit.eccentric_first);
        add(fit_rep(17, 0.52));
        assert_true(model.candidates[model.n - 1].member);
}

static void end_a_set_of(unsigned n, double at_s, struct cycle_fit (*make)(double, double)) {
        for (unsigned i = 0; i < n; i++)
                add(make(at_s + 4 * i, 0.5));
        publish_all();
        assert_true(setmodel_is_sure(&model));
        setmodel_end_set(&model);
        assert_int_equal(model.n, 0);
}

/* Of a rep that was laid out wrong nothing is to be learned for the movements that it was made of. */
static void test_a_rep_foretells_others(void **state) {
        (void) state;
        double rom_m;
        start();
        assert_null(setmodel_others(&model, 0, fit_us(9), &rom_m));
        assert_near(rom_m, fit_squat.rom_typical_m, 1e-9);
        assert_int_equal(setmodel_rom_since(&model), 0);
        for (unsigned i = 0; i < 2; i++)
                add(fit_rep(10 + 4 * i, 0.4 + 0.1 * i));
        publish_all();
        assert_ptr_equal(setmodel_others(&model, fit_us(18), fit_us(21), &rom_m), &model.candidates[1].fit);
        assert_near(rom_m, 0.45, 1e-9);
        assert_ptr_equal(setmodel_others(&model, fit_us(13), fit_us(18), &rom_m), &model.candidates[0].fit);
        assert_near(rom_m, 0.4, 1e-9);
        assert_null(setmodel_others(&model, fit_us(9), fit_us(18), &rom_m));
        assert_near(rom_m, fit_squat.rom_typical_m, 1e-9);

        assert_int_equal(setmodel_rom_since(&model), fit_us(9.5)); /* quick: as it is */
        model.candidates[0].fit.searched = true;
        assert_int_equal(setmodel_rom_since(&model), model.candidates[0].fit.concentric.start_us);
}

static struct cycle_fit upside_down(double at_s, double rom_m) {
        return fit_turned(fit_rep(at_s, rom_m), 170, 170);
}

/* Once a set is known, movements unlike it need more to be believed. */
static void test_the_set_before(void **state) {
        (void) state;
        start();
        end_a_set_of(5, 0, fit_rep);
        assert_near(setmodel_rom(&model), 0.5, 1e-9);
        add(upside_down(100, 0.5));
        assert_int_equal(believed(), 0);
        add(upside_down(104, 0.5));
        add(fit_turned(fit_rep(108, 0.5), 150, 140));
        assert_false(setmodel_is_sure(&model)); /* three would do if they were like the set before */
        add(upside_down(112, 0.5));
        assert_true(setmodel_is_sure(&model)); /* the sensor sits another way now */
        assert_int_equal(believed(), 4);
        setmodel_end_set(&model);

        start();
        end_a_set_of(5, 0, fit_rep);
        add(fit_rep(100, 0.45));
        assert_int_equal(believed(), 1);
}

static void test_confidence_follows_the_fit(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 4; i++)
                add(fit_rep(4 * i, 0.5));
        add(fit_rep(16, 0.29));
        assert_int_equal(believed(), 5);
        double good = setmodel_confidence(&model, &model.candidates[1]);
        double poor = setmodel_confidence(&model, &model.candidates[4]);
        assert_true(good > 0.99 && good <= 1);
        assert_true(poor > 0.5 && poor < 0.99);
}

static void test_there_is_always_room(void **state) {
        (void) state;
        start();
        for (unsigned i = 0; i < 3 * SETMODEL_CANDIDATES; i++) {
                add(fit_rep(4 * i, 0.5));
                assert_true(model.n <= SETMODEL_CANDIDATES);
                for (unsigned k = 1; k < model.n; k++)
                        assert_true(traits_end_us(&model.candidates[k - 1].fit) <=
                                traits_end_us(&model.candidates[k].fit));
        }
        assert_int_equal(model.n_members, SETMODEL_CANDIDATES);
}

/* A rep was told, and another pairing of its movements waits. When the rep is so old that it goes, that one must not come up
 * in its place. */
static void test_what_goes_takes_its_other_pairing_along(void **state) {
        (void) state;
        start();
        add(fit_rep(0, 0.5));
        model.candidates[0].rep = 1;
        add(fit_rep(1.5, 0.5));
        for (unsigned i = 1; model.n < SETMODEL_CANDIDATES; i++)
                add(fit_rep(5 + 4 * i, 0.5));
        assert_true(traits_start_us(&model.candidates[1].fit) == fit_us(1.5));
        add(fit_rep(1000, 0.5));
        assert_int_equal(model.n, SETMODEL_CANDIDATES - 1);
        assert_true(traits_start_us(&model.candidates[0].fit) > fit_us(3));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_flaws_count_with_distance),
                cmocka_unit_test(test_a_set_among_strangers),
                cmocka_unit_test(test_strangers_are_no_set),
                cmocka_unit_test(test_what_splits_a_set),
                cmocka_unit_test(test_a_first_rep_by_itself),
                cmocka_unit_test(test_who_lingers_carries),
                cmocka_unit_test(test_who_picks_a_bar_up_does_not_lift_it),
                cmocka_unit_test(test_who_stands_as_long_as_a_lowering_lasts),
                cmocka_unit_test(test_a_pair),
                cmocka_unit_test(test_alike_and_flawed),
                cmocka_unit_test(test_steps_end_a_set),
                cmocka_unit_test(test_a_single_must_be_smooth),
                cmocka_unit_test(test_either_order),
                cmocka_unit_test(test_the_published_pairing_stays),
                cmocka_unit_test(test_the_set_before),
                cmocka_unit_test(test_a_rep_foretells_others),
                cmocka_unit_test(test_confidence_follows_the_fit),
                cmocka_unit_test(test_there_is_always_room),
                cmocka_unit_test(test_what_goes_takes_its_other_pairing_along),
        };
        return run_unit_tests(tests);
}
