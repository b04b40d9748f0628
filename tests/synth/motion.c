/* SPDX-License-Identifier: Apache-2.0 */
/* Kinematics of a sensor on a bar.
 *
 * The bar's attitude is R = Rz(heading) Rx(tilt) Ry(roll), bar frame to east-north-up, the bar lying along y. Its
 * angular rate in the bar's frame is that of these Euler angles, exactly, so force and rate belong to one rotation.
 * The sensor sits at lever r: a = a_bar + R (alpha x r + w x (w x r)). */

#include "synth/motion.h"

#include <math.h>
#include <string.h>

#include <repcast/sample.h>

#include "util/macros.h"

#define RAD(deg) ((deg) *M_PI / 180)

static void multiply(double a[3][3], double b[3][3], double ret[3][3]) {
        for (unsigned i = 0; i < 3; i++)
                for (unsigned k = 0; k < 3; k++)
                        ret[i][k] = a[i][0] * b[0][k] + a[i][1] * b[1][k] + a[i][2] * b[2][k];
}

static void apply(double m[3][3], const double v[3], double ret[3]) {
        for (unsigned i = 0; i < 3; i++)
                ret[i] = m[i][0] * v[0] + m[i][1] * v[1] + m[i][2] * v[2];
}

static void apply_transposed(double m[3][3], const double v[3], double ret[3]) {
        for (unsigned i = 0; i < 3; i++)
                ret[i] = m[0][i] * v[0] + m[1][i] * v[1] + m[2][i] * v[2];
}

static void cross(const double a[3], const double b[3], double ret[3]) {
        ret[0] = a[1] * b[2] - a[2] * b[1];
        ret[1] = a[2] * b[0] - a[0] * b[2];
        ret[2] = a[0] * b[1] - a[1] * b[0];
}

static struct value sum_of(struct value a, struct value b) {
        return (struct value){a.p + b.p, a.v + b.v, a.a + b.a};
}

/* Product rule: a disturbance fades in and out with the hands on the bar. */
static struct value product(struct value a, struct value b) {
        return (struct value){a.p * b.p, a.v * b.p + a.p * b.v, a.a * b.p + 2 * a.v * b.v + a.p * b.a};
}

static struct value waves_at(const struct waves *w, double t) {
        struct value sum = {0};

        for (unsigned i = 0; i < w->n; i++) {
                double omega = 2 * M_PI * w->w[i].hz, x = omega * t + w->w[i].phase, a = w->w[i].amplitude;

                sum = sum_of(sum, (struct value){a * sin(x), a * omega * cos(x), -a * omega * omega * sin(x)});
        }
        return sum;
}

static struct waves waves_of(struct random *r, double amplitude, double low_hz, double high_hz) {
        struct waves w = {.n = WAVES};

        for (unsigned i = 0; i < WAVES; i++)
                w.w[i] = (struct wave){
                        .amplitude = amplitude / sqrt(WAVES / 2.0), /* rms of the sum = amplitude */
                        .hz = random_uniform(r, low_hz, high_hz),
                        .phase = random_uniform(r, 0, 2 * M_PI),
                };
        return w;
}

/* d = D exp(-t/tau) sin^3(omega t): starts without a jerk, leaves no displacement behind. The sensor's peak of d'' is
 * close to 2.4 D omega^2. */
static struct value impact_at(const struct impact *i, double t) {
        double omega = 2 * M_PI * i->hz, k = 1 / i->decay_s, x = omega * t;
        double e = i->peak_mps2 / (2.4 * omega * omega) * exp(-k * t), s = sin(x), c = cos(x);
        struct value g = {
                .p = s * s * s,
                .v = 3 * omega * s * s * c,
                .a = 3 * omega * omega * s * (2 * c * c - s * s),
        };

        return product((struct value){e, -k * e, k * k * e}, g);
}

/* A uniformly random rotation (Shoemake, Graphics Gems III, 1992). */
static void random_rotation(struct random *r, double ret[3][3]) {
        double u = random_uniform(r, 0, 1), a = random_uniform(r, 0, 2 * M_PI),
               b = random_uniform(r, 0, 2 * M_PI);
        double x = sqrt(1 - u) * sin(a), y = sqrt(1 - u) * cos(a), z = sqrt(u) * sin(b), w = sqrt(u) * cos(b);
        double m[3][3] = {
                {1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
                {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
                {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)},
        };

        memcpy(ret, m, sizeof(m));
}

void motion_init(struct bar_motion *m, const struct script *script, const struct synth_options *options) {
        struct random r = random_stream(options->seed, 2);
        double tremor_hz = random_uniform(&r, 8, 10), tremor_mps2 = random_uniform(&r, 0.03, 0.12);

        *m = (struct bar_motion){.script = script, .heading_rad = random_uniform(&r, 0, 2 * M_PI)};
        random_rotation(&r, m->mounting);
        if (!options->hard)
                return;
        m->sway[0] = waves_of(&r, 0.005, 0.2, 0.6);
        m->sway[1] = waves_of(&r, 0.005, 0.2, 0.6);
        m->sway[2] = waves_of(&r, random_uniform(&r, 0.0005, 0.002), 0.2, 0.6);
        m->tremor = waves_of(&r, tremor_mps2 / pow(2 * M_PI * tremor_hz, 2), tremor_hz, tremor_hz + 2);
        m->wander[0] = waves_of(&r, RAD(1.2), 0.1, 0.5);
        m->wander[1] = waves_of(&r, RAD(0.5), 0.1, 0.5);
        for (unsigned i = 0; i < 3; i++)
                m->lever_m[i] = 0.03 * random_uniform(&r, -1, 1);
}

/* Roll and tilt with their derivatives. */
static void angles_at(const struct bar_motion *m, double t, struct value *ret_roll, struct value *ret_tilt) {
        struct value held = channel_at(&m->script->held, t);

        *ret_roll = sum_of(channel_at(&m->script->roll, t), product(held, waves_at(&m->wander[0], t)));
        *ret_tilt = product(held, waves_at(&m->wander[1], t));
}

/* Angular rate in the bar's frame, and its derivative: Ry' (tilt rate about x) + roll rate about y; the heading stands. */
static void rate_of(
        const struct value *roll, const struct value *tilt, double ret_rate[3], double ret_change[3]) {
        double c = cos(roll->p), s = sin(roll->p);

        ret_rate[0] = c * tilt->v;
        ret_rate[1] = roll->v;
        ret_rate[2] = s * tilt->v;
        ret_change[0] = c * tilt->a - s * roll->v * tilt->v;
        ret_change[1] = roll->a;
        ret_change[2] = s * tilt->a + c * roll->v * tilt->v;
}

static void rotation_of(
        const struct bar_motion *m, const struct value *roll, const struct value *tilt, double ret[3][3]) {
        double cz = cos(m->heading_rad), sz = sin(m->heading_rad), cx = cos(tilt->p), sx = sin(tilt->p);
        double cy = cos(roll->p), sy = sin(roll->p);
        double z[3][3] = {{cz, -sz, 0}, {sz, cz, 0}, {0, 0, 1}};
        double x[3][3] = {{1, 0, 0}, {0, cx, -sx}, {0, sx, cx}};
        double y[3][3] = {{cy, 0, sy}, {0, 1, 0}, {-sy, 0, cy}};
        double zx[3][3];

        multiply(z, x, zx);
        multiply(zx, y, ret);
}

/* Of the bar, east, north, up. */
static void translation_at(const struct bar_motion *m, double t, struct value ret[3]) {
        const struct script *s = m->script;
        struct value path = channel_at(&s->path, t), walk = channel_at(&s->walk, t),
                     held = channel_at(&s->held, t);
        double along = cos(s->incline_rad), up = sin(s->incline_rad);

        ret[0] = (struct value){along * path.p + walk.p, along * path.v + walk.v, along * path.a + walk.a};
        ret[1] = (struct value){0};
        ret[2] = (struct value){up * path.p, up * path.v, up * path.a};
        for (unsigned i = 0; i < 3; i++)
                ret[i] = sum_of(ret[i], product(held, waves_at(&m->sway[i], t)));
        ret[2] = sum_of(ret[2], product(held, waves_at(&m->tremor, t)));
        for (size_t k = s->n_impacts; k > 0; k--) {
                const struct impact *hit = &s->impacts[k - 1];
                struct value d;

                if (hit->at_s > t)
                        continue;
                if (t - hit->at_s >
                        40 * 0.06) /* exp(-40): below any double's notice, and so are all before it */
                        break;
                d = impact_at(hit, t - hit->at_s);
                for (unsigned i = 0; i < 3; i++)
                        ret[i] = sum_of(ret[i],
                                (struct value){hit->direction[i] * d.p, hit->direction[i] * d.v,
                                        hit->direction[i] * d.a});
        }
}

struct motion_state motion_at(const struct bar_motion *m, double t) {
        struct motion_state state;
        struct value translation[3], roll, tilt;
        double bar[3][3], mounting[3][3], rate[3], angular[3], inner[3], arm[3], at[3], moving[3];
        double force[3], turned[3];

        memcpy(mounting, m->mounting, sizeof(mounting));
        translation_at(m, t, translation);
        angles_at(m, t, &roll, &tilt);
        rotation_of(m, &roll, &tilt, bar);
        rate_of(&roll, &tilt, rate, angular);

        cross(rate, m->lever_m, inner);
        apply(bar, inner, moving);
        apply(bar, m->lever_m, at);
        cross(rate, inner, arm);
        cross(angular, m->lever_m, inner);
        for (unsigned i = 0; i < 3; i++)
                arm[i] += inner[i];
        apply(bar, arm, turned);
        for (unsigned i = 0; i < 3; i++) {
                state.position_m[i] = translation[i].p + at[i];
                state.velocity_mps[i] = translation[i].v + moving[i];
                state.acceleration_mps2[i] = translation[i].a + turned[i];
                force[i] = state.acceleration_mps2[i] + (i == 2 ? STANDARD_GRAVITY_MPS2 : 0);
        }
        multiply(bar, mounting, state.rotation);
        apply_transposed(state.rotation, force, state.f_mps2);
        apply_transposed(mounting, rate, state.w_radps);
        return state;
}
