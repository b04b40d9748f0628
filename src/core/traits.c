/* SPDX-License-Identifier: Apache-2.0 */
/* What the reps of a set have in common: range of motion, tempo, and the way the sensor points before and after.
 *
 * A distance is a sum of squares, each in units of the scatter within recorded sets, so that for two reps of one set
 * it follows chi2 with 5 degrees of freedom: 5 on average, below 12.8 in 97.5 %. How far the sensor swings goes with where it
 * starts and ends, and is no degree of its own. */

#include <math.h>

#include <repcast/traits.h>

#include "util/macros.h"
#include "util/seconds.h"

/* Scatter of the logarithm of a figure within a set, one sigma. */
#define ROM_SIGMA      0.25
#define BALANCE_SIGMA  0.35 /* of eccentric to concentric travel */
#define DURATION_SIGMA 0.45
#define PEAK_SIGMA     0.35

/* A sensor that turns with the bar shows its travel by that, which is compared as well; and its travel is the worse for
 * it, as the bias turns with the position. So there two sigmas of travel are the most that can speak against a rep. */
#define SWINGS_DEG   75.0
#define TRAVEL_MOST  16.0
#define TRAVEL_SWUNG 4.0

/* What is felt of every rep, one sigma. Recorded and generated reps have three quarters of it or less. */
#define FORCE_SIGMA 0.15 /* of the least force: slow sampling and a bias that turns hide so much of it */
#define EVEN_LEAST                                                                                             \
        0.4 /* of push and brake: reps have 0.5 to 1, one in twenty on a wrist 0.25; a jolt 0.01 to 0.1 */
#define EVEN_SIGMA  0.12
#define EVEN_LOG    0.4  /* of its logarithm within recorded sets */
#define ROUGH_MPS2  0.6  /* in a stroke: tremor is 0.1, a wrist's 0.4, hesitation 0.3 to 1; steps 0.7 to 2.5 */
#define UNREST_MPS2 0.35 /* in a hold: sway is 0.1, a wrist's 0.3 */
#define JERK_MPS3   10.0 /* a push of 2 m/s2 comes within 0.2 s */
#define BACK_SHARE  0.05 /* of the travel: 99 of 100 reps have less */
#define TURNED_DEG  25.0 /* wrists come back to within 20, a gyroscope without calibration to 15 */
#define LIFTED_S    1.0  /* hold between the strokes of a rep that starts with the concentric */
#define LOWERED_S   4.0  /* and with the eccentric: longer than the pauses that are prescribed */
#define WASTE_FROM  1.2  /* least forces that a lift of one go takes: minimum jerk 1.2 */
#define WASTE_SIGMA 0.35 /* of the logarithm: two goes take 2 */

static double square(double x) {
        return x * x;
}

double traits_ratio2(double a, double b) {
        return square(log(MAX(a, 1e-3) / MAX(b, 1e-3)));
}

/* Angle between two directions, degrees. */
static double angle_deg(const double a[3], const double b[3]) {
        double dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
        double a2 = a[0] * a[0] + a[1] * a[1] + a[2] * a[2], b2 = b[0] * b[0] + b[1] * b[1] + b[2] * b[2];
        double n = sqrt(a2 * b2);
        return n > 0 ? acos(CLAMP(dot / n, -1.0, 1.0)) * 180 / M_PI : 0;
}

static double concentric_s(const struct cycle_fit *f) {
        return seconds(f->concentric.start_us, f->concentric.end_us);
}

static double eccentric_s(const struct cycle_fit *f) {
        return seconds(f->eccentric.start_us, f->eccentric.end_us);
}

/* What the sample interval alone does to a duration, as a variance of its logarithm. */
static double coarse(const struct cycle_fit *f) {
        return square(1.5 * fmax(f->sample_s, TICK_S) / fmax(concentric_s(f), 0.3));
}

/* Both strokes, for a rep that is cut short is so on both ways. */
static double travel_m(const struct cycle_fit *f) {
        return sqrt(MAX(f->concentric.travel_m, 1e-3) * MAX(f->eccentric.travel_m, 1e-3));
}

static double balance(const struct cycle_fit *f) {
        return MAX(f->eccentric.travel_m, 1e-3) / MAX(f->concentric.travel_m, 1e-3);
}

/* What the sensor's direction scatters by at either end, deg. One that turns with the bar, as on a wrist that curls it, shows by it
 * where in its travel a rep begins and ends, and that scatters as the travel does. */
static double lean_sigma(const struct traits_params *p, double swing_deg) {
        return hypot(p->lean_deg, ROM_SIGMA * swing_deg);
}

/* A grinding rep is slow in both duration and peak, so these two share one degree of freedom. Each term is capped: no
 * single one decides. */
double traits_distance(const struct traits_params *p, const struct cycle_fit *a, const struct cycle_fit *b) {
        double q = MAX(coarse(a), coarse(b)), lean_deg = lean_sigma(p, MAX(a->swing_deg, b->swing_deg));
        double tempo =
                0.5 * traits_ratio2(concentric_s(a), concentric_s(b)) / (square(DURATION_SIGMA) + 2 * q) +
                0.5 * traits_ratio2(a->concentric.peak_mps, b->concentric.peak_mps) / (square(PEAK_SIGMA) + q);

        double most = MIN(a->swing_deg, b->swing_deg) > SWINGS_DEG ? TRAVEL_SWUNG : TRAVEL_MOST;
        return MIN(most, traits_ratio2(travel_m(a), travel_m(b)) / (square(ROM_SIGMA) + q)) + MIN(6.0, tempo) +
                MIN(12.0, square((a->swing_deg - b->swing_deg) / lean_deg)) +
                MIN(12.0, square(angle_deg(a->up_start, b->up_start) / lean_deg)) +
                MIN(12.0, square(angle_deg(a->up_end, b->up_end) / lean_deg)) +
                MIN(6.0, traits_ratio2(balance(a), balance(b)) / (square(BALANCE_SIGMA) + 2 * q));
}

double traits_lowering(const struct cycle_fit *a, const struct cycle_fit *b) {
        double q = MAX(coarse(a), coarse(b));
        return MIN(8.0, traits_ratio2(eccentric_s(a), eccentric_s(b)) / (square(DURATION_SIGMA) + 2 * q));
}

double traits_hold_s(const struct cycle_fit *f) {
        uint64_t from = f->eccentric_first ? f->eccentric.end_us : f->concentric.end_us;
        uint64_t to = f->eccentric_first ? f->concentric.start_us : f->eccentric.start_us;
        return seconds(from, to);
}

double traits_unclosed(const struct traits_params *p, const struct cycle_fit *f) {
        return MIN(8.0,
                traits_ratio2(f->concentric.travel_m, f->eccentric.travel_m) /
                        (square(p->closure) + 2 * coarse(f)));
}

double traits_lean(const struct traits_params *p, const struct cycle_fit *f) {
        return MIN(12.0, square(angle_deg(f->up_start, f->up_end) / lean_sigma(p, f->swing_deg)));
}

/* What is missing of a share, in units of its scatter. */
static double lack2(double share, double least, double sigma) {
        return square(MAX(least - share, 0.0) / sigma);
}

/* A bar that is picked up or taken out, held and put back makes a movement like a rep but for the hold; so does one
 * that is put down, left lying and picked up. */
static double lingers(const struct cycle_fit *f) {
        return MIN(9.0, square(traits_hold_s(f) / (f->eccentric_first ? LOWERED_S : LIFTED_S)));
}

/* Steps carry a bar up and down; a lifter who hesitates stops, but does not go back. */
static double goes_back(const struct phase_fit *p) {
        return MIN(16.0, square(p->back_m / (BACK_SHARE * MAX(p->travel_m, 1e-3))));
}

/* Push and brake of a stroke are equal. */
static double uneven(const struct cycle_fit *f) {
        return MIN(16.0, lack2((double) f->balance, EVEN_LEAST, EVEN_SIGMA));
}

double traits_flaws(const struct traits_params *p, const struct cycle_fit *f) {
        double turned_deg = (double) f->turned_rad * 180 / M_PI;
        return p->felt *
                (MIN(16.0, lack2(fmin(f->concentric.force, f->eccentric.force), 1, FORCE_SIGMA)) + uneven(f) +
                        MIN(16.0, square((double) f->unrest_mps2 / ROUGH_MPS2)) +
                        MIN(16.0, square(turned_deg / TURNED_DEG)) + goes_back(&f->concentric) +
                        goes_back(&f->eccentric) + lingers(f));
}

double traits_feebler(const struct traits_params *p, const struct cycle_fit *a, const struct cycle_fit *b) {
        double lack = fmax(log(fmax((double) b->balance, 1e-3) / fmax((double) a->balance, 1e-3)), 0);
        return p->felt * fmax(MIN(16.0, square(lack / EVEN_LOG)) - uneven(a), 0);
}

double traits_waste(const struct traits_params *p, const struct cycle_fit *f) {
        double most = fmax(f->concentric.force, f->eccentric.force);
        return p->felt *
                (MIN(16.0, square(fmax(log(fmax(most, 1e-3) / WASTE_FROM), 0) / WASTE_SIGMA)) +
                        MIN(16.0,
                                square((double) fmaxf(f->unrest_mps2, f->unrest_between_mps2) / UNREST_MPS2)));
}

/* Samples that are rare show part of a push before it. */
static double unrest_before(const struct cycle_fit *f, double sigma_mps2) {
        double sigma = hypot(sigma_mps2, JERK_MPS3 * f->sample_s);
        return MIN(16.0, square((double) f->unrest_before_mps2 / sigma));
}

double traits_unrest(const struct traits_params *p, const struct cycle_fit *f) {
        return p->felt * unrest_before(f, UNREST_MPS2);
}

double traits_steps(const struct traits_params *p, const struct cycle_fit *f) {
        return p->felt * unrest_before(f, ROUGH_MPS2);
}

uint64_t traits_start_us(const struct cycle_fit *f) {
        return MIN(f->eccentric.start_us, f->concentric.start_us);
}

uint64_t traits_end_us(const struct cycle_fit *f) {
        return MAX(f->eccentric.end_us, f->concentric.end_us);
}
