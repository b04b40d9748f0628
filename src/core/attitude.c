/* SPDX-License-Identifier: Apache-2.0 */
/* Tilt from gyroscope and accelerometer, after the idea of VQF (Laidig & Seel 2023, arXiv 2203.17024).
 *
 * The gyroscope carries the attitude through the lift. Its slow error is taken out by the accelerometer, which is
 * low-passed in the level frame: there a lift's accelerations, up and then down, cancel, while gravity stays. In
 * the sensor frame they would not, as the bar rolls.
 *
 * Upward acceleration a = u.f - g suffers from tilt only in second order, so a degree of error costs 1.5 mm/s2.
 *
 * The gyroscope's bias is learned only where nobody holds the sensor: neither shaking nor turning, and gravity
 * standing still in the sensor frame, which tells a bias from a slow even turn of the bar. */

#include <math.h>
#include <string.h>

#include <repcast/attitude.h>

#include "util/macros.h"

#define T TICK_S

#define F_FAST_TAU_S   0.06
#define F_SLOW_TAU_S   1.0
#define W_SLOW_TAU_S   0.25
#define SHAKE_TAU_S    0.15
#define START_S        3.0
#define CALM_S         0.3
#define CALM_W_RADPS   0.05 /* rms angular shake of a calm hold */
#define CALM_TURN      0.12 /* and mean turn, rad/s: a quarter turn takes 13 s */
#define QUIET_S        0.6  /* quiet for so long before the gyro bias is touched */
#define REPORT_QUIET_S 0.8
#define QUIET_DRIFT    0.08  /* gravity's direction stands still: |f_fast - f_slow|, m/s2 = 0.5 deg over 1 s */
#define BIAS_SURE_S    2.0   /* rest collected until the bias counts as known */
#define BIAS_KNOWN_S   1.0   /* a bias of another day is worth as much: temperature has moved it */
#define BIAS_NOISE     0.004 /* of its mean over rest, rad/s in 1 s */
#define BIAS_MAX_S     20.0  /* and at most: keeps following temperature */
#define BIAS_STEP      0.006 /* once known, a bias moves less than this, rad/s = 0.35 deg/s */
#define UPSIDE_DOWN    -0.9999999                  /* cosine within 0.03 deg of it */
#define F_MOST         (2 * STANDARD_GRAVITY_MPS2) /* no lift accelerates by more than 1 g; impacts and nonsense do */
#define LOST_TAU_S     0.3
#define W_MOST         3.0  /* rad/s: surely no rest, yet soon forgotten */
#define KNOCK_MPS2     2.0  /* of the fast part: a lift of 0.5 m in 1 s comes to 1.8 */
#define RINGS_S        0.5F /* after a knock */
#define SILENT_SIGMAS  5.0  /* peaks of noise that is quiet */
#define SILENT_S       0.5  /* nothing in a lift stays within them for so long, but a hold or a slow glide */
#define LOST_RATE      0.03 /* rad/s for 1 s: 1.7 degrees would have shown in a silent accelerometer */
#define PULL           0.7  /* gain of the tilt correction; below 1 damps the loop of two lags */
#define LIES_S                                                                                                 \
        10.0 /* longer than rests within a set; what glides for so long turns too slowly for a tick to matter */
#define LIES_TICKS 5u /* are then one step */

/* A step, and the share of what it brings in each low pass. */
struct pace {
        double dt_s, f_fast, f_slow, w_slow, shake;
};

#define PACE(dt)                                                                                               \
        { (dt), (dt) / F_FAST_TAU_S, (dt) / F_SLOW_TAU_S, (dt) / W_SLOW_TAU_S, (dt) / SHAKE_TAU_S }

static const struct pace by_tick = PACE(T), lying = PACE(LIES_TICKS * T);

void attitude_init(struct attitude *a, const struct attitude_params *params) {
        *a = (struct attitude){.params = *params};
}

void attitude_restart(struct attitude *a) {
        struct attitude kept = *a;
        attitude_init(a, &kept.params);
        memcpy(a->gyro_bias, kept.gyro_bias, sizeof(a->gyro_bias));
        a->bias_s = kept.bias_s;
}

void attitude_set_gyro_bias(struct attitude *a, const double bias[3], double sigma) {
        memcpy(a->gyro_bias, bias, sizeof(a->gyro_bias));
        a->bias_s = MIN(BIAS_NOISE / sigma * BIAS_NOISE / sigma, BIAS_KNOWN_S);
}

void attitude_get_gyro_bias(const struct attitude *a, double ret[3], double *ret_sigma) {
        double sigma = BIAS_NOISE / sqrt(MAX(a->bias_s, T));
        memcpy(ret, a->gyro_bias, sizeof(a->gyro_bias));
        *ret_sigma = MIN(sigma, a->params.gyro_bias_radps);
}

void attitude_flip(struct attitude *a, unsigned axes) {
        for (unsigned i = 0; i < 3; i++)
                if (axes & 1u << i) {
                        a->gyro_bias[i] = -a->gyro_bias[i];
                        a->w_slow[i] = -a->w_slow[i];
                }
        a->age_s = 0; /* draws the tilt back quickly */
}

static double square(double x) {
        return x * x;
}

static double norm(const double v[3]) {
        return sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
}

/* The shortest rotation that takes the measured specific force to the vertical. */
static void start(struct attitude *a, const struct tick *tick) {
        const double *f = tick->f_mps2;
        double n = norm(f);
        double c = n > 0 ? f[2] / n : 1;

        if (n > 0 && c > UPSIDE_DOWN) {
                double s = 1 / sqrt(2 * (1 + c));
                a->q[0] = (1 + c) * s;
                a->q[1] = f[1] / n * s;
                a->q[2] = -f[0] / n * s;
                a->q[3] = 0;
        } else {
                double flip[4] = {n > 0 ? 0 : 1, n > 0 ? 1 : 0, 0, 0}; /* upside down, or falling freely */
                memcpy(a->q, flip, sizeof(flip));
        }
        memcpy(a->f_fast, f, sizeof(a->f_fast));
        memcpy(a->f_slow, f, sizeof(a->f_slow));
        for (unsigned i = 0; i < 3; i++)
                a->w_slow[i] = CLAMP(tick->w_radps[i], -W_MOST, W_MOST);
        a->f_level[2] = STANDARD_GRAVITY_MPS2;
        a->w_var = 3 * square(a->params.quiet_radps);
        a->started = true;
}

/* How long neither sensor has left the band about where it stood. The low passes forget slowly, the more slowly the
 * greater what they saw; this forgets at once. */
static void listen(struct attitude *a, const struct tick *tick) {
        const struct attitude_params *p = &a->params;
        bool silent = a->started;
        for (unsigned i = 0; i < 3; i++)
                silent = silent && fabs(tick->f_mps2[i] - a->f_anchor[i]) < SILENT_SIGMAS * p->quiet_mps2 &&
                        fabs(tick->w_radps[i] - a->w_anchor[i]) < SILENT_SIGMAS * p->quiet_radps;
        a->silent_s = silent ? a->silent_s + T : 0;
        if (!silent) {
                memcpy(a->f_anchor, tick->f_mps2, sizeof(a->f_anchor));
                memcpy(a->w_anchor, tick->w_radps, sizeof(a->w_anchor));
        }
}

/* Low-pass both sensors and tell calm and quiet from the rest. */
static void watch(struct attitude *a, const struct tick *tick, const struct pace *pace) {
        const struct attitude_params *p = &a->params;
        double w2 = 0, f2 = 0, drift2 = 0, turn2 = 0;

        for (unsigned i = 0; i < 3; i++) {
                double f = tick->f_mps2[i], w = CLAMP(tick->w_radps[i], -W_MOST, W_MOST);
                a->w_slow[i] += (w - a->w_slow[i]) * pace->w_slow;
                a->f_fast[i] += (f - a->f_fast[i]) * pace->f_fast;
                a->f_slow[i] += (f - a->f_slow[i]) * pace->f_slow;
                w2 += (w - a->w_slow[i]) * (w - a->w_slow[i]);
                f2 += (f - a->f_fast[i]) * (f - a->f_fast[i]);
                drift2 += (a->f_fast[i] - a->f_slow[i]) * (a->f_fast[i] - a->f_slow[i]);
                turn2 += (a->w_slow[i] - a->gyro_bias[i]) * (a->w_slow[i] - a->gyro_bias[i]);
        }
        a->w_var += (w2 - a->w_var) * pace->w_slow;
        a->ring_s = f2 > square(KNOCK_MPS2) ? RINGS_S
                : a->silent_s > 0           ? a->ring_s
                                            : fmaxf(0, a->ring_s - (float) pace->dt_s);
        a->shake += (MIN(f2, F_MOST * F_MOST) - a->shake) * pace->shake;

        bool calm = a->shake < p->calm_mps2 * p->calm_mps2 && a->w_var < CALM_W_RADPS * CALM_W_RADPS &&
                turn2 < CALM_TURN * CALM_TURN;
        a->calm_s = calm ? a->calm_s + pace->dt_s : 0;

        double turn = a->bias_s < BIAS_SURE_S ? p->gyro_bias_radps : BIAS_STEP;
        bool still = a->shake < 3 * p->quiet_mps2 * p->quiet_mps2 &&
                a->w_var < 3 * p->quiet_radps * p->quiet_radps && turn2 < turn * turn;
        if (!still)
                memcpy(a->f_slow, a->f_fast, sizeof(a->f_slow)); /* gravity's direction drifts from here on */
        a->quiet_s = still && drift2 < QUIET_DRIFT * QUIET_DRIFT ? a->quiet_s + pace->dt_s : 0;
        if (a->quiet_s <= QUIET_S)
                return;

        a->bias_s = MIN(a->bias_s + pace->dt_s, BIAS_MAX_S);
        const double share = pace->dt_s / a->bias_s;
        for (unsigned i = 0; i < 3; i++) {
                a->gyro_bias[i] += (a->w_slow[i] - a->gyro_bias[i]) * share; /* mean of all rest */
                a->gyro_bias[i] = CLAMP(a->gyro_bias[i], -p->gyro_bias_radps, p->gyro_bias_radps);
        }
}

/* q <- q * (1, r): a small rotation r/2 about the sensor's axes. */
static void turn(double q[4], const double r[3]) {
        const double w = q[0], x = q[1], y = q[2], z = q[3];
        q[0] = w - r[0] * x - r[1] * y - r[2] * z;
        q[1] = x + r[0] * w + r[2] * y - r[1] * z;
        q[2] = y + r[1] * w - r[2] * x + r[0] * z;
        q[3] = z + r[2] * w + r[1] * x - r[0] * y;
}

/* Upper two rows of R(q) f; the third, the vertical, is u.f with u = R(q)^T z. */
static inline void level(const double q[4], const double f[3], double ret[3]) {
        ret[0] = (1 - 2 * (q[2] * q[2] + q[3] * q[3])) * f[0] + 2 * (q[1] * q[2] - q[0] * q[3]) * f[1] +
                2 * (q[1] * q[3] + q[0] * q[2]) * f[2];
        ret[1] = 2 * (q[1] * q[2] + q[0] * q[3]) * f[0] + (1 - 2 * (q[1] * q[1] + q[3] * q[3])) * f[1] +
                2 * (q[2] * q[3] - q[0] * q[1]) * f[2];
        ret[2] = 2 * (q[1] * q[3] - q[0] * q[2]) * f[0] + 2 * (q[2] * q[3] + q[0] * q[1]) * f[1] +
                (1 - 2 * (q[1] * q[1] + q[2] * q[2])) * f[2];
}

static inline void up_of(const double q[4], double ret[3]) {
        ret[0] = 2 * (q[1] * q[3] - q[0] * q[2]);
        ret[1] = 2 * (q[2] * q[3] + q[0] * q[1]);
        ret[2] = 1 - 2 * (q[1] * q[1] + q[2] * q[2]);
}

/* More than 6 degrees off: no lift pushes sideways by 1 m/s2 while it is calm, so the tilt must be wrong. */
static bool lost(double up_mps2, double aside2) {
        return up_mps2 < 0 || aside2 > 0.01 * up_mps2 * up_mps2;
}

/* Draw the low-passed specific force of the level frame to the vertical. */
static void pull(struct attitude *a, const struct tick *tick, double dt_s) {
        const struct attitude_params *p = &a->params;
        double *m = a->f_level, tau = a->age_s < START_S ? p->start_tau_s : p->tilt_tau_s;
        if (a->calm_s > CALM_S)
                tau = MIN(tau,
                        lost(m[2], m[0] * m[0] + m[1] * m[1]) || a->silent_s > SILENT_S ? LOST_TAU_S
                                                                                        : p->calm_tau_s);
        double impact2 = square(p->impact_mps2), k = MIN(1.0, dt_s * impact2 / (tau * (impact2 + a->shake)));

        double f[3];
        level(a->q, tick->f_mps2, f);
        double f2 = f[0] * f[0] + f[1] * f[1] + f[2] * f[2],
               share = f2 > F_MOST * F_MOST ? F_MOST / sqrt(f2) : 1;
        for (unsigned i = 0; i < 3; i++)
                m[i] += (share * f[i] - m[i]) * k;

        double n = norm(m);
        if (!(n > 0))
                return;
        if (m[2] < 0) /* upside down the way is long: the sine would slow down where it should not */
                n = sqrt(m[0] * m[0] + m[1] * m[1]);
        double pulled = n > 0 ? PULL * k / n : 0, ex = n > 0 ? pulled * m[1] : PULL * k, ey = -pulled * m[0];

        /* q <- (1, e/2) * q and the low-passed force with it */
        const double x = 0.5 * ex, y = 0.5 * ey, q[4] = {a->q[0], a->q[1], a->q[2], a->q[3]};
        a->q[0] = q[0] - x * q[1] - y * q[2];
        a->q[1] = q[1] + x * q[0] + y * q[3];
        a->q[2] = q[2] + y * q[0] - x * q[3];
        a->q[3] = q[3] + x * q[2] - y * q[1];
        const double g[3] = {m[0], m[1], m[2]};
        m[0] = g[0] + ey * g[2];
        m[1] = g[1] - ex * g[2];
        m[2] = g[2] + ex * g[1] - ey * g[0];
}

/* Silence bounds what the low passes can hold; beyond that it is what is left of a blow. */
static void forget(struct attitude *a, const struct tick *tick) {
        const struct attitude_params *p = &a->params;
        if (a->silent_s < SILENT_S ||
                (a->shake < 3 * square(SILENT_SIGMAS * p->quiet_mps2) &&
                        a->w_var < 3 * square(SILENT_SIGMAS * p->quiet_radps)))
                return;
        memcpy(a->f_fast, tick->f_mps2, sizeof(a->f_fast));
        memcpy(a->f_slow, tick->f_mps2, sizeof(a->f_slow));
        for (unsigned i = 0; i < 3; i++)
                a->w_slow[i] = CLAMP(tick->w_radps[i], -W_MOST, W_MOST);
        a->w_var = 3 * square(p->quiet_radps);
        a->shake = 3 * square(p->quiet_mps2);
        level(a->q, tick->f_mps2, a->f_level);
}

/* Silent, and the sensor is said to turn while gravity stands still in it, or up is not where gravity is: what is
 * believed was built on bad data. The gyroscope's bias is learned anew; returns whether all else must be, too. */
static bool contradicted(struct attitude *a, const struct tick *tick) {
        double up[3], along = 0, all = 0, turn2 = 0;
        if (a->silent_s < SILENT_S)
                return false;
        for (unsigned i = 0; i < 3; i++)
                turn2 += square(tick->w_radps[i] - a->gyro_bias[i]);
        if (a->bias_s > 0 && turn2 > square(LOST_RATE / a->silent_s + SILENT_SIGMAS * a->params.quiet_radps))
                a->bias_s = 0;
        up_of(a->q, up);
        for (unsigned i = 0; i < 3; i++) {
                along += up[i] * tick->f_mps2[i];
                all += square(tick->f_mps2[i]);
        }
        return lost(along, all - square(along));
}

/* Ticks of a bar that lies, up to a step; returns whether that is complete, and its means. */
static bool gather(struct attitude *a, const struct tick *tick, struct tick *mean) {
        if (a->gathered == 0)
                a->sum = (struct tick){0};
        for (unsigned i = 0; i < 3; i++) {
                a->sum.f_mps2[i] += tick->f_mps2[i];
                a->sum.w_radps[i] += tick->w_radps[i];
        }
        if (++a->gathered < LIES_TICKS)
                return false;
        for (unsigned i = 0; i < 3; i++) {
                mean->f_mps2[i] = a->sum.f_mps2[i] / LIES_TICKS;
                mean->w_radps[i] = a->sum.w_radps[i] / LIES_TICKS;
        }
        a->gathered = 0;
        return true;
}

static void step(struct attitude *a, const struct tick *tick, const struct pace *pace) {
        forget(a, tick);
        watch(a, tick, pace);

        const double *rate = tick->w_radps, *bias = a->gyro_bias, dt = pace->dt_s;
        const double w[3] = {rate[0] - bias[0], rate[1] - bias[1], rate[2] - bias[2]};
        const double half[3] = {0.5 * dt * w[0], 0.5 * dt * w[1], 0.5 * dt * w[2]};
        turn(a->q, half);
        pull(a, tick, dt);

        /* 1 / |q|, by one step of Newton's from 1: a turn by x has lengthened q by x2 / 8. It leaves |q| short by 0.03 % at
         * 2000 deg/s, and by 4.3 % at the 80 rad/s about each axis that are believed at all (resample.c). */
        double *q = a->q, s = 1.5 - 0.5 * (q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
        for (unsigned i = 0; i < 4; i++)
                q[i] *= s;
        a->age_s += dt;

        up_of(q, a->up);
        for (unsigned i = 0; i < 3; i++)
                a->heading_rad += dt * a->up[i] * w[i];
        if (fabs(a->heading_rad) > M_PI)
                a->heading_rad -= 2 * M_PI * round(a->heading_rad / (2 * M_PI));
}

static void tell(const struct attitude *a, const struct tick *tick, bool anew, struct motion *ret) {
        const double *rate = tick->w_radps, *bias = a->gyro_bias;
        const double w[3] = {rate[0] - bias[0], rate[1] - bias[1], rate[2] - bias[2]};
        *ret = (struct motion){
                .a_mps2 = -STANDARD_GRAVITY_MPS2,
                .up = {a->up[0], a->up[1], a->up[2]},
                .turn_radps = norm(w),
                .heading_rad = a->heading_rad,
                .shake_m2ps4 = a->shake,
                .q_m2ps3 = tick->q_m2ps3,
                .knocked = a->ring_s > 0,
                .quiet = a->quiet_s > REPORT_QUIET_S,
                .silent_s = a->silent_s,
                .anew = anew,
        };
        for (unsigned i = 0; i < 3; i++)
                ret->a_mps2 += a->up[i] * tick->f_mps2[i];
}

void attitude_push(struct attitude *a, const struct tick *tick, struct motion *ret) {
        struct tick mean = *tick;
        bool anew = false;

        listen(a, tick);
        bool lies = a->silent_s > LIES_S;
        if (!lies)
                a->gathered = 0;
        if (!lies || gather(a, tick, &mean)) {
                anew = contradicted(a, &mean);
                if (anew)
                        attitude_restart(a);
                if (!a->started)
                        start(a, &mean);
                step(a, &mean, lies ? &lying : &by_tick);
        }
        tell(a, tick, anew, ret);
}
