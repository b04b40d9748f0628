/* SPDX-License-Identifier: Apache-2.0 */
/* The load-velocity line: exact where there is no noise, with a standard error that is true where there is some, unmoved by
 * outliers, and silent where nothing is known. Prints its tables. */

#include "coach/strength.h"
#include "unit.h"
#include "util/macros.h"

#define ONE_RM_MPS 0.3
#define TRIALS     4000

/* A lifter with a 1RM of 140 kg: 1.3 m/s at no load. */
static double speed(double load_kg) {
        return 1.3 - (1.3 - ONE_RM_MPS) / 140 * load_kg;
}

static uint64_t seed = 1;

static double uniform(void) {
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return ((double) (seed >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(void) {
        return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static void test_exact(void **state) {
        const struct strength_point two[] = {{60, (float) speed(60)}, {100, (float) speed(100)}};
        struct strength s;

        (void) state;
        strength_fit(two, 2, ONE_RM_MPS, &s);
        assert_true(s.known);
        assert_near(s.e1rm_kg, 140, 0.01);
        assert_near(s.intercept, 1.3, 1e-5);
        assert_true(s.e1rm_se_kg > 2 && s.e1rm_se_kg < 20); /* two points, never believed to the gram */
}

static void test_silence(void **state) {
        const struct strength_point one[] = {{60, 0.9F}};
        const struct strength_point near[] = {{80, 0.7F}, {85, 0.66F}, {90, 0.63F}};
        const struct strength_point rising[] = {{60, 0.5F}, {100, 0.7F}};
        const struct strength_point flat[] = {{60, 0.70F}, {80, 0.66F}, {100, 0.69F}};
        const struct strength_point light[] = {{10, 1.2F}, {20, 1.13F}, {20, 1.14F}};
        struct strength s;

        (void) state;
        strength_fit(one, 0, ONE_RM_MPS, &s);
        assert_false(s.known);
        strength_fit(one, 1, ONE_RM_MPS, &s);
        assert_false(s.known);
        strength_fit(near, 3, ONE_RM_MPS, &s); /* loads too near each other */
        assert_false(s.known);
        strength_fit(rising, 2, ONE_RM_MPS, &s);
        assert_false(s.known);
        strength_fit(flat, 3, ONE_RM_MPS, &s);
        assert_false(s.known);
        strength_fit(light, 3, ONE_RM_MPS, &s); /* too far from any load that was lifted */
        assert_false(s.known);
        strength_fit(near, 3, NAN, &s);
        assert_false(s.known);
        assert_true(isnan(s.e1rm_kg) && isnan(s.e1rm_se_kg));
}

struct outcome {
        double bias_kg, sd_kg, told_kg, covered;
};

static struct outcome try(const double *loads, unsigned n, double noise, double outliers) {
        double sum = 0, squares = 0, told = 0;
        unsigned known = 0, covered = 0;

        for (unsigned t = 0; t < TRIALS; t++) {
                struct strength_point p[STRENGTH_POINTS];
                struct strength s;

                for (unsigned i = 0; i < n; i++) {
                        double v = speed(loads[i]) + noise * normal();

                        if (uniform() < outliers) /* a lazy set */
                                v -= 0.2;
                        p[i] = (struct strength_point){(float) loads[i], (float) v};
                }
                strength_fit(p, n, ONE_RM_MPS, &s);
                if (!s.known)
                        continue;
                known++;
                sum += s.e1rm_kg - 140;
                squares += (s.e1rm_kg - 140) * (s.e1rm_kg - 140);
                told += s.e1rm_se_kg;
                covered += fabs(s.e1rm_kg - 140) < 1.96 * s.e1rm_se_kg;
        }
        assert_true(known > TRIALS / 2);
        return (struct outcome){
                .bias_kg = sum / known,
                .sd_kg = sqrt(squares / known - (sum / known) * (sum / known)),
                .told_kg = told / known,
                .covered = (double) covered / known,
        };
}

static void test_standard_error(void **state) {
        static const double few[] = {60, 80, 100}, some[] = {60, 70, 80, 90, 100, 110},
                            many[] = {60, 60, 70, 70, 80, 80, 90, 90, 100, 100, 110, 110};
        static const struct {
                const double *loads;
                unsigned n;
        } rows[] = {{few, ARRAY_SIZE(few)}, {some, ARRAY_SIZE(some)}, {many, ARRAY_SIZE(many)}};

        (void) state;
        print_message("# e1RM of 140 kg, sets scatter by 0.03 m/s: bias, scatter, mean standard error told, "
                      "share within 1.96 of it\n");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                for (unsigned bad = 0; bad <= 1; bad++) {
                        struct outcome o = try(rows[i].loads, rows[i].n, 0.03, bad ? 0.1 : 0);

                        print_message("#   %2u sets%s  %+5.1f kg  %5.1f kg  %5.1f kg  %3.0f %%\n", rows[i].n,
                                bad ? ", each tenth 0.2 m/s too slow" : "                              ",
                                o.bias_kg, o.sd_kg, o.told_kg, 100 * o.covered);
                        if (!bad) {
                                assert_true(o.told_kg > 0.7 * o.sd_kg && o.told_kg < 1.5 * o.sd_kg);
                                assert_true(o.covered > 0.88);
                        }
                }
}

static void test_outlier(void **state) {
        static const double loads[] = {60, 70, 80, 90, 100, 110};
        struct strength_point p[ARRAY_SIZE(loads)];
        struct strength s;

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(loads); i++)
                p[i] = (struct strength_point){(float) loads[i], (float) speed(loads[i])};
        p[1].best_mps -= 0.4F; /* somebody forgot to enter the load */
        strength_fit(p, ARRAY_SIZE(loads), ONE_RM_MPS, &s);
        assert_true(s.known);
        assert_near(s.e1rm_kg, 140, 6);
}

static void test_profiles(void **state) {
        static struct strengths s;
        const struct strength_profile *p = NULL;

        (void) state;
        assert_null(strengths_add(&s, "", "back-squat", 80, 0.6));
        assert_null(strengths_add(&s, "ana", "back-squat", NAN, 0.6));
        assert_null(strengths_add(&s, "ana", "back-squat", 80, NAN));
        for (unsigned i = 0; i < STRENGTH_POINTS + 5; i++)
                p = strengths_add(&s, "ana", "back-squat", 50 + i, 0.6);
        assert_int_equal(p->n, STRENGTH_POINTS);
        assert_near((double) p->points[p->next].load_kg, 55, 0); /* the oldest of those kept */
        for (unsigned i = 0; i < 2 * STRENGTH_PROFILES; i++) {
                char name[16];

                snprintf(name, sizeof(name), "athlete-%u", i);
                assert_int_equal(strengths_add(&s, name, "back-squat", 80, 0.6)->n, 1);
        }
        assert_int_equal(strengths_add(&s, "athlete-511", "back-squat", 80, 0.6)->n, 2);
        assert_int_equal(strengths_add(&s, "athlete-511", "deadlift", 80, 0.6)->n, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_exact),
                cmocka_unit_test(test_silence),
                cmocka_unit_test(test_standard_error),
                cmocka_unit_test(test_outlier),
                cmocka_unit_test(test_profiles),
        };
        return run_unit_tests(tests);
}
