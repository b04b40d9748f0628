/* SPDX-License-Identifier: Apache-2.0 */
/* The prices.
 *
 * An ideal weighing would multiply likelihoods of all samples. They are not independent: the error of the velocity is
 * one slowly wandering number, and a wrong sign of it is one fact, however long it is looked at. So what contradicts a
 * movement is charged in full once, by how much it contradicts at the worst, and then at a rate by which sway and
 * intent make it news again. Rest is entered by a measurement, v = 0, and pays for it by chi2; there is no reward
 * for being quiet, since a glide is quiet too. */

#include "core/hypothesis.h"

#include <math.h>

#include "util/macros.h"

#define NEWS_PER_S  3.0   /* a contradiction is news again every third of a second at most, as sway is */
#define NEWS_NOISE  50.0  /* or when noise has added a fiftieth to the variance of the velocity */
#define SWAY_MPS2   0.012 /* 3 mm rms at 0.3 Hz */
#define SURE_NEWS   0.5   /* and at each weighing if the velocity is known better than SURE_MPS */
#define SURE_MPS    0.018
#define SWAY_MPS    0.008 /* of a lifter who means to stand still */
#define ONSET_S     0.8   /* a movement may be slower at its start */
#define ONSET_MPS   0.004
#define SLOWEST_MPS 0.014 /* slower is no lifting: 10 cm in 7 s */
#define LONGEST_S   12.0
#define LONG_PER_S  4.0
#define COLD_PER_S  2.0 /* a movement whose start was not seen */
#define SHORTEST_S  0.2
#define DRIFT_PER_S 3.5 /* a hold whose velocity leaves zero, per chi2 above its expectation */
#define LOOSE_PER_S 4.0
#define FLAT_PER_S  6.0 /* acceleration too even for so fast a movement */
#define FLAT_MOST   5.0
#define FLAT_SHARE  0.4
#define UNSURE      6.0 /* a movement that was never sure to be one */
#define HALT_PER_S  2.0 /* a hold in the middle of a movement, beyond its first second */
#define CHI2_MOST   40.0
#define SHORT_M     0.03 /* a rep's least travel is no sharp border */
#define SHORT_MOST  15.0
#define ROM_SHARE   0.12 /* of one lifter's ROM from rep to rep, and in m */
#define ROM_M       0.03
#define TYPICAL_LOG 0.5 /* of lifters' ROMs about the usual one, as a logarithm */

/* -log of the probability per 50 ms: a leg lasts about a second, other ways are one in hundreds to thousands. A first
 * rep comes out of a hold: out of a loose movement it is rarer still. */
double hypothesis_price(enum leg from, enum leg to) {
        static const double price[_LEG_MAX][_LEG_MAX] = {
                /*              HOME OUT  FAR  BACK LOOSE */
                [LEG_HOME] = {-1, 3.2, -1, -1, 9},
                [LEG_OUT] = {6, -1, 1.6, 3.2, 9},
                [LEG_FAR] = {-1, 4, -1, 2.8, 9},
                [LEG_BACK] = {1.6, 3.2, -1, -1, 9},
                [LEG_LOOSE] = {5, 11, -1, -1, -1},
        };
        return price[from][to];
}

static double square(double x) {
        return x * x;
}

static double p_of(const struct hypothesis *h) {
        return h->motion.p;
}

static double v_of(const struct hypothesis *h) {
        return h->motion.v;
}

static double var_p(const struct hypothesis *h) {
        return h->motion.pp;
}

static double var_v(const struct hypothesis *h) {
        return h->motion.vv;
}

/* Which way the running leg, or the one to come, goes: 1 up, -1 down. */
static double way(const struct hypothesis *h) {
        bool second = h->leg == LEG_FAR || h->leg == LEG_BACK;
        return h->up_first != second ? 1 : -1;
}

static double travel(const struct hypothesis *h) {
        return way(h) * (p_of(h) - (h->leg == LEG_BACK ? h->far_m : 0));
}

static double lasted_s(const struct beam *b, const struct hypothesis *h) {
        return (double) (b->now_us - h->since_us) * 1e-6;
}

double hypothesis_rom(const struct beam *b, const struct hypothesis *h) {
        return h->lap.out_us >= b->rom_from_us ? b->rom_m : 0;
}

/* Log of the normal distribution function; an expansion where that would underflow, and 0 from where it is less than a
 * double can tell from it. */
static double log_phi(double z) {
        if (z > 8.3)
                return 0;
        return z < -6 ? -0.5 * z * z - log(-z) - 0.919 : log(0.5 * erfc(-z * M_SQRT1_2));
}

static double hold(const struct beam *b, const struct hypothesis *h) {
        double chi2 = square(v_of(h)) / (var_v(h) + square(b->params.rest_mps));
        return b->step.t_s * DRIFT_PER_S * CLAMP(chi2 - 1.5, 0.0, 20.0);
}

/* How often per second a contradiction is news. The error of the velocity wanders with what is not known of the bias,
 * and with sway: on a good sensor it takes seconds to become another. Noise, as of slow sampling, makes it new at once. */
static double news(const struct beam *b, const struct hypothesis *h) {
        double wander2 = square(SWAY_MPS2), v = var_v(h);
        for (unsigned i = 0; i < 3; i++)
                for (unsigned j = 0; j < 3; j++)
                        wander2 += b->step.av[i] * b->step.av[j] / square(b->step.t_s) * h->motion.bb[i][j];
        return fmin(NEWS_PER_S, sqrt(wander2 / v) + NEWS_NOISE * b->step.q / (b->step.t_s * v));
}

/* Velocity against the movement, and position beyond home. */
static double contradiction(const struct beam *b, struct hypothesis *h, double v) {
        double slowest = lasted_s(b, h) < ONSET_S ? ONSET_MPS : SLOWEST_MPS;
        double nats = -log_phi((v - slowest) / sqrt(var_v(h) + square(SWAY_MPS)));
        double beyond = h->leg == LEG_BACK ? fmax(0, way(h) * p_of(h) - b->params.close_m) : 0;
        double fresh = nats - M_LN2 + 0.5 * square(beyond) / (var_p(h) + square(0.05)) - (double) h->against;
        double again = fmax(b->step.t_s * news(b, h), SURE_NEWS * fmin(1, square(SURE_MPS) / var_v(h)));

        fresh = fmax(fresh, 0);
        h->against += (float) fresh;
        return again * nats + fresh;
}

/* Speed v over a way s is reached and lost with an rms acceleration of about 1.2 v2 / s (minimum jerk). One that
 * stays far more even is at rest, with a velocity that is an error. Charged up to a limit: a bar can be led evenly. */
static double evenness(const struct beam *b, struct hypothesis *h, double v) {
        h->peak_mps = fmaxf(h->peak_mps, (float) (v - sqrt(var_v(h))));
        double rom_m = hypothesis_rom(b, h), rom = rom_m > 0 ? rom_m : b->rom_typical_m;
        double expected = FLAT_SHARE * 1.2 * square((double) h->peak_mps) / rom, found = sqrt(b->ripple);
        if (found >= expected || (double) h->flat >= FLAT_MOST)
                return 0;
        double nats = b->step.t_s * FLAT_PER_S * (1 - found / expected);
        h->flat += (float) nats;
        return nats;
}

static double move(const struct beam *b, struct hypothesis *h) {
        double v = way(h) * v_of(h), rom_m = hypothesis_rom(b, h);
        double most = rom_m > 0 ? 1.15 * rom_m + 0.06 : 2 * b->rom_typical_m;
        double too_far = fmax(0, travel(h) - most);
        double nats = contradiction(b, h, v) + evenness(b, h, v);
        nats += fmin(3, 0.3 * square(too_far) / (square(0.05) + var_p(h)));
        nats += h->lap.whole ? 0 : b->step.t_s * COLD_PER_S;
        return nats + (lasted_s(b, h) > LONGEST_S ? b->step.t_s * LONG_PER_S : 0);
}

double hypothesis_stay(const struct beam *b, struct hypothesis *h) {
        double v2 = square(v_of(h)), nats = 0.5 * b->step.t_s * v2 / (square(b->params.reach_mps) + var_v(h));
        switch (h->leg) {
        case LEG_HOME:
        case LEG_FAR:
                nats += hold(b, h);
                break;
        case LEG_OUT:
        case LEG_BACK:
                nats += move(b, h);
                break;
        case LEG_LOOSE:
                nats += b->quiet ? fmin(hold(b, h), b->step.t_s * LOOSE_PER_S) : b->step.t_s * LOOSE_PER_S;
                break;
        case _LEG_MAX:
                break;
        }
        return nats;
}

void hypothesis_rest(const struct beam *b, struct hypothesis *h) {
        const struct beam_params *p = &b->params;
        bool racked = (h->leg == LEG_HOME || h->leg == LEG_LOOSE) && b->quiet && h->laps == 0;
        if (h->leg == LEG_HOME || h->leg == LEG_FAR || (h->leg == LEG_LOOSE && b->quiet))
                vertical_update_v(&h->motion, 0, square(racked ? p->racked_mps : p->rest_mps) / b->step.t_s);
}

/* Variance of "v = 0" at the moment of stopping or turning: the moment is known to a weighing only. */
static double stop_variance(const struct beam *b, bool turns) {
        double dv = b->a_mps2 * b->step.t_s;
        return turns ? square(b->params.turn_mps) + square(0.5 * dv)
                     : square(b->params.rest_mps) + square(0.4 * dv);
}

/* Of a movement that ends here: what its travel and its speed are worth. */
static double ending(const struct beam *b, const struct hypothesis *h) {
        double made = travel(h), least = 0.7 * b->rom_min_m, v = var_p(h), rom_m = hypothesis_rom(b, h);
        double nats = (double) h->peak_mps < b->params.sure_mps ? UNSURE : 0;

        if (made < least)
                nats += fmin(SHORT_MOST, 0.5 * square(least - made) / (square(SHORT_M) + v) + 2);
        if (h->leg == LEG_BACK)
                return nats + 0.5 * fmin(CHI2_MOST, square(p_of(h)) / (v + square(b->params.close_m)));
        if (rom_m > 0)
                nats += 0.5 * fmin(14, square(made - rom_m) / (square(ROM_M + ROM_SHARE * rom_m) + v));
        else if (made > 0.02)
                nats += 0.5 *
                        fmin(9,
                                square(log(made / b->rom_typical_m) / TYPICAL_LOG) /
                                        (1 + v / square(TYPICAL_LOG * b->rom_typical_m)));
        return nats;
}

double hypothesis_leave(const struct beam *b, const struct hypothesis *h, enum leg to) {
        double nats = hypothesis_price(h->leg, to);
        if (nats < 0 || to == LEG_LOOSE)
                return nats;

        double v = way(h) * v_of(h), sigma = sqrt(var_v(h));
        double dv = fabs(b->a_mps2) * b->step.t_s, slow = 0.06 + 0.8 * dv + 2 * sigma;
        bool turns = to == LEG_BACK || to == LEG_OUT;
        double stop = 0.5 * MIN(CHI2_MOST, square(v) / (var_v(h) + stop_variance(b, turns)));

        switch (h->leg) {
        case LEG_HOME:
                return v > -0.01 - sigma && v < 0.25 + dv ? nats : -1;
        case LEG_FAR:
                if (to == LEG_OUT)
                        return fabs(v) < 0.2 ? nats + HALT_PER_S * fmax(0, lasted_s(b, h) - 1) : -1;
                return v > -0.01 - sigma && v < 0.3 + dv ? nats : -1;
        case LEG_OUT:
        case LEG_BACK:
                if (lasted_s(b, h) < SHORTEST_S || (h->leg == LEG_BACK && h->pending) || v > slow ||
                        (turns && v < -0.06 - slow))
                        return -1;
                if (h->leg == LEG_OUT && to == LEG_HOME) /* a nod of the bar */
                        return fabs(p_of(h)) < 0.08 ? nats + stop + 0.5 * square(p_of(h) / SHORT_M) : -1;
                return nats + stop + ending(b, h);
        case LEG_LOOSE:
                return nats + fmin(0.25 * CHI2_MOST, stop);
        case _LEG_MAX:
                break;
        }
        return -1;
}

/* The bar stops or turns; a velocity far from zero shows that it was not known. */
static void stop(const struct beam *b, struct hypothesis *h, bool turns) {
        double v2 = square(v_of(h)), r = stop_variance(b, turns);
        if (v2 > 25 * (var_v(h) + r))
                h->motion.vv += v2;
        vertical_update_v(&h->motion, 0, r);
}

static void set_out(const struct beam *b, struct hypothesis *h, uint64_t hold_us) {
        vertical_place(&h->motion, 0, square(0.01));
        h->lap = (struct lap){
                .hold_us = hold_us,
                .out_us = b->now_us,
                .up_first = h->up_first,
                .whole = true,
                .cold = !b->rested,
        };
        for (unsigned i = 0; i < 3; i++) {
                h->lap.b[i] = (float) h->motion.b[i];
                for (unsigned j = 0; j < 3; j++)
                        h->lap.P[i][j] = (float) h->motion.bb[i][j];
        }
}

static void arrive(const struct beam *b, struct hypothesis *h) {
        double s = h->up_first ? 1 : -1, rom_m = hypothesis_rom(b, h);
        if (rom_m > 0)
                vertical_update_p(&h->motion, s * rom_m, square(ROM_M + ROM_SHARE * rom_m));
        h->far_m = p_of(h);
        h->lap.far_us = b->now_us;
        h->lap.out_m = (float) (s * p_of(h));
        h->lap.out_rad = h->turn_rad;
}

static void come_home(const struct beam *b, struct hypothesis *h) {
        double s = h->up_first ? 1 : -1, r = square(b->params.close_m);
        h->lap.home_us = b->now_us;
        h->lap.back_m = (float) (s * (h->far_m - p_of(h)));
        h->lap.back_rad = h->turn_rad;
        if (square(p_of(h)) < 25 * (var_p(h) + r))
                vertical_update_p(&h->motion, 0, r);
        if (h->lap.whole) {
                h->done = h->lap;
                h->pending = true;
        }
        h->laps++;
}

void hypothesis_go(const struct beam *b, struct hypothesis *h, enum leg to, bool up_first) {
        bool turns = to == LEG_OUT || to == LEG_BACK;
        uint64_t hold_us = h->leg == LEG_HOME ? h->since_us : b->now_us;

        if (to != LEG_LOOSE && h->leg != LEG_HOME && h->leg != LEG_FAR)
                stop(b, h, turns);
        if (h->leg == LEG_OUT && (to == LEG_FAR || to == LEG_BACK))
                arrive(b, h);
        if (h->leg == LEG_BACK && to != LEG_LOOSE)
                come_home(b, h);
        if (h->leg == LEG_LOOSE)
                h->up_first = up_first;
        if (to == LEG_HOME)
                vertical_place(&h->motion, 0, square(0.01));
        if (to == LEG_OUT && h->leg != LEG_FAR)
                set_out(b, h, hold_us);
        if (to == LEG_BACK)
                h->lap.back_us = b->now_us;
        h->leg = to;
        h->since_us = b->now_us;
        h->turn_rad = h->peak_mps = h->against = h->flat = 0;
}
