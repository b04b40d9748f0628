/* SPDX-License-Identifier: Apache-2.0 */
/* Activities, splines, and what a sensor makes of them. */

#include "accuracy/idle.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include <repcast/core.h>

#include "synth/imu.h"
#include "synth/random.h"
#include "util/macros.h"

#define KNOTS_HZ 8.0
#define DIFF_S   1e-3 /* step of the differences of the pose */
#define LEVER_M  0.03
#define PLATE_M  0.225 /* radius of a full plate */
#define ARM_M    0.6
#define KNOCKS   4096
#define STEP_HZ  1.8
#define RAD(deg) ((deg) *M_PI / 180)

enum channel_of_bar {
        EAST,
        NORTH,
        UP,
        ROLL,
        TILT,
        HEADING,
        CHANNELS,
};

/* D (1 - cos wt) exp(-t / tau): starts at rest and leaves nothing behind. */
struct knock {
        double at_s, depth_m, omega, decay_s;
};

struct idle {
        struct random random;
        double *points[CHANNELS];
        size_t n;              /* of each */
        double base[CHANNELS]; /* where the bar lies now */
        size_t at;             /* next point to write */
        struct knock knocks[KNOCKS];
        unsigned n_knocks;
        unsigned first_knock; /* none before it rings any more */
};

const char *idle_activity_to_string(enum idle_activity activity) {
        static const char *const words[_IDLE_ACTIVITY_MAX + 1] = {
                [IDLE_PLATES] = "plates loaded and taken off",
                [IDLE_ROLLED] = "bar rolled along the floor",
                [IDLE_WIPED] = "bar wiped",
                [IDLE_KICKED] = "bar kicked",
                [IDLE_CARRIED] = "bar carried to another place",
                [IDLE_WALKING] = "walking about with the bar",
                [IDLE_IN_HAND] = "sensor in a swinging hand",
                [IDLE_MIXED] = "all of it, mixed",
        };

        return words[activity];
}

/* ---- activities ---- */

static double draw(struct idle *g, double low, double high) {
        return random_uniform(&g->random, low, high);
}

/* One point of every channel: the place where the bar lies, plus this. */
static void point(struct idle *g, const double offset[static CHANNELS]) {
        if (g->at >= g->n)
                return;
        for (unsigned c = 0; c < CHANNELS; c++)
                g->points[c][g->at] = g->base[c] + offset[c];
        g->at++;
}

static void settle(struct idle *g, const double offset[static CHANNELS]) {
        for (unsigned c = 0; c < CHANNELS; c++)
                g->base[c] += offset[c];
}

static void lie(struct idle *g, double duration_s) {
        const double none[CHANNELS] = {0};

        for (double t = 0; t < duration_s; t += 1 / KNOTS_HZ)
                point(g, none);
}

static void knock(struct idle *g, double acceleration_mps2) {
        double omega = 2 * M_PI * draw(g, 10, 25);

        if (g->n_knocks < KNOCKS)
                g->knocks[g->n_knocks++] = (struct knock){
                        .at_s = (double) g->at / KNOTS_HZ,
                        .depth_m = acceleration_mps2 / (omega * omega),
                        .omega = omega,
                        .decay_s = draw(g, 0.02, 0.06),
                };
}

/* Share u of a movement that starts and ends at rest. */
static double ease(double u) {
        return (1 - cos(M_PI * CLAMP(u, 0.0, 1.0))) / 2;
}

/* From here to there within the duration, with steps on the way. */
static void move(struct idle *g, double duration_s, const double way[static CHANNELS], double bob_m) {
        double phase = draw(g, 0, 2 * M_PI), sway = draw(g, 0.01, 0.03);

        for (double t = 0; t < duration_s; t += 1 / KNOTS_HZ) {
                double offset[CHANNELS], fade = fmin(1, fmin(t, duration_s - t));

                for (unsigned c = 0; c < CHANNELS; c++)
                        offset[c] = way[c] * ease(t / duration_s);
                offset[UP] += fade * bob_m * cos(2 * M_PI * STEP_HZ * t + phase);
                offset[NORTH] += fade * sway * sin(M_PI * STEP_HZ * t + phase);
                offset[TILT] += fade * 0.5 * sway * sin(M_PI * STEP_HZ * t);
                point(g, offset);
        }
        settle(g, way);
}

static void plates(struct idle *g) {
        unsigned n = 2 + random_below(&g->random, 4);

        for (unsigned i = 0; i < n; i++) {
                double side = i % 2 ? 1 : -1;

                knock(g, draw(g, 2, 20));
                move(g, draw(g, 0.3, 0.8),
                        (double[CHANNELS]){[NORTH] = side * draw(g, 0, 0.03),
                                [UP] = draw(g, -0.006, 0.006),
                                [TILT] = side * RAD(draw(g, 0.2, 1.5)),
                                [ROLL] = RAD(draw(g, -8, 8))},
                        0);
                lie(g, draw(g, 1, 6));
        }
}

static void rolled(struct idle *g) {
        double turns = draw(g, 0.3, 3) * (random_below(&g->random, 2) ? 1 : -1), angle = 2 * M_PI * turns;

        move(g, fabs(turns) * draw(g, 1.5, 3), (double[CHANNELS]){[EAST] = PLATE_M * angle, [ROLL] = angle}, 0);
        if (random_below(&g->random, 2))
                knock(g, draw(g, 3, 15));
}

static void wiped(struct idle *g) {
        double hz = draw(g, 0.8, 2), turn = RAD(draw(g, 4, 25)), duration = draw(g, 3, 10),
               shift = draw(g, 0, 0.02);

        for (double t = 0; t < duration; t += 1 / KNOTS_HZ) {
                double wave = sin(2 * M_PI * hz * t) * fmin(1, fmin(t, duration - t));

                point(g, (double[CHANNELS]){[ROLL] = turn * wave, [NORTH] = shift * wave, [UP] = 0.003 * wave});
        }
}

static void kicked(struct idle *g) {
        knock(g, draw(g, 10, 60));
        move(g, draw(g, 0.4, 1.2),
                (double[CHANNELS]){[EAST] = draw(g, -0.3, 0.3),
                        [ROLL] = RAD(draw(g, -60, 60)),
                        [HEADING] = RAD(draw(g, -5, 5))},
                0);
}

static void carried(struct idle *g) {
        double height = draw(g, 0.4, 0.95), down = height + draw(g, -0.2, 0.2);

        move(g, draw(g, 0.8, 2), (double[CHANNELS]){[UP] = height, [ROLL] = RAD(draw(g, -20, 20))}, 0.005);
        move(g, draw(g, 3, 15), (double[CHANNELS]){[EAST] = draw(g, -6, 6), [HEADING] = draw(g, -2, 2)},
                draw(g, 0.01, 0.03));
        move(g, draw(g, 0.8, 2.5), (double[CHANNELS]){[UP] = -down, [ROLL] = RAD(draw(g, -20, 20))}, 0.005);
        knock(g, draw(g, 2, 30));
}

static void walking(struct idle *g) {
        move(g, draw(g, 5, 25), (double[CHANNELS]){[EAST] = draw(g, -8, 8), [HEADING] = draw(g, -3, 3)},
                draw(g, 0.01, 0.035));
}

/* A pendulum of an arm's length, while walking. */
static void in_hand(struct idle *g) {
        double swing = RAD(draw(g, 10, 35)), duration = draw(g, 5, 30), hz = STEP_HZ / 2 * draw(g, 0.85, 1.15);
        double turned = draw(g, -1.5, 1.5);

        for (double t = 0; t < duration; t += 1 / KNOTS_HZ) {
                double fade = fmin(1, fmin(t, duration - t)), angle = fade * swing * sin(2 * M_PI * hz * t);

                point(g,
                        (double[CHANNELS]){
                                [EAST] = ARM_M * sin(angle),
                                [UP] = ARM_M * (1 - cos(angle)) + fade * 0.02 * cos(4 * M_PI * hz * t),
                                [ROLL] = -angle,
                                [HEADING] = turned * ease(t / duration),
                        });
        }
        g->base[HEADING] += turned;
}

static void act(struct idle *g, enum idle_activity activity) {
        void (*const activities[_IDLE_ACTIVITY_MAX])(struct idle *) = {
                [IDLE_PLATES] = plates,
                [IDLE_ROLLED] = rolled,
                [IDLE_WIPED] = wiped,
                [IDLE_KICKED] = kicked,
                [IDLE_CARRIED] = carried,
                [IDLE_WALKING] = walking,
                [IDLE_IN_HAND] = in_hand,
        };

        activities[activity < _IDLE_ACTIVITY_MAX ? activity : random_below(&g->random, _IDLE_ACTIVITY_MAX)](g);
}

/* ---- pose ---- */

struct pose {
        double position_m[3];
        double rotation[3][3]; /* sensor to east, north, up */
};

/* Uniform cubic B-spline: twice continuously differentiable, so that the force has no steps. */
static double spline(const struct idle *g, enum channel_of_bar channel, double t_s) {
        double x = t_s * KNOTS_HZ, u = x - floor(x), v = 1 - u;
        size_t i = (size_t) CLAMP(floor(x), 1.0, (double) g->n - 3);
        const double *p = &g->points[channel][i - 1];

        return (v * v * v * p[0] + (3 * u * u * u - 6 * u * u + 4) * p[1] +
                       (-3 * u * u * u + 3 * u * u + 3 * u + 1) * p[2] + u * u * u * p[3]) /
                6;
}

static double knocks_at(const struct idle *g, double t_s) {
        double sum = 0;

        for (unsigned i = g->first_knock; i < g->n_knocks && g->knocks[i].at_s < t_s; i++) {
                const struct knock *k = &g->knocks[i];
                double t = t_s - k->at_s;

                sum += k->depth_m * (1 - cos(k->omega * t)) * exp(-t / k->decay_s);
        }
        return sum;
}

/* Rz(heading) Rx(tilt) Ry(roll), the bar along north; the sensor sits a lever away from the axis. */
static struct pose pose_at(const struct idle *g, double t_s) {
        double h = spline(g, HEADING, t_s), x = spline(g, TILT, t_s), y = spline(g, ROLL, t_s);
        double ch = cos(h), sh = sin(h), cx = cos(x), sx = sin(x), cy = cos(y), sy = sin(y),
               k = knocks_at(g, t_s);
        struct pose p = {
                .rotation =
                        {
                                {ch * cy - sh * sx * sy, -sh * cx, ch * sy + sh * sx * cy},
                                {sh * cy + ch * sx * sy, ch * cx, sh * sy - ch * sx * cy},
                                {-cx * sy, sx, cx * cy},
                        },
        };

        for (unsigned i = 0; i < 3; i++)
                p.position_m[i] = spline(g, EAST + i, t_s) + LEVER_M * p.rotation[i][0] + (i == 2 ? k : k / 2);
        return p;
}

/* Force from second differences of the place, rate from R' dR/dt. */
static void ideal(struct idle *g, double t_s, double f[static 3], double w[static 3]) {
        struct pose before = pose_at(g, t_s - DIFF_S), at = pose_at(g, t_s), after = pose_at(g, t_s + DIFF_S);
        double force[3], spin[3][3] = {0};

        for (unsigned i = 0; i < 3; i++) {
                force[i] =
                        (after.position_m[i] - 2 * at.position_m[i] + before.position_m[i]) / (DIFF_S * DIFF_S);
                force[i] += i == 2 ? STANDARD_GRAVITY_MPS2 : 0;
        }
        for (unsigned i = 0; i < 3; i++) {
                f[i] = 0;
                for (unsigned k = 0; k < 3; k++) {
                        f[i] += at.rotation[k][i] * force[k];
                        for (unsigned j = 0; j < 3; j++)
                                spin[i][j] += at.rotation[k][i] *
                                        (after.rotation[k][j] - before.rotation[k][j]) / (2 * DIFF_S);
                }
        }
        w[0] = (spin[2][1] - spin[1][2]) / 2;
        w[1] = (spin[0][2] - spin[2][0]) / 2;
        w[2] = (spin[1][0] - spin[0][1]) / 2;
        while (g->first_knock < g->n_knocks && g->knocks[g->first_knock].at_s < t_s - 2)
                g->first_knock++;
}

/* ---- stream ---- */

static void feed(struct idle *g, struct core *core, struct imu *imu, double rate_hz, double duration_s,
        struct outcome *ret) {
        const struct event *e;
        double mounting = draw(g, 0, 2 * M_PI), c = cos(mounting), s = sin(mounting);

        for (uint64_t n = 1; (double) n / rate_hz < duration_s - 1; n++) {
                double t = (double) n / rate_hz, f[3], w[3];
                struct packet_sample measured;
                struct sample sample = {.t_us = (uint64_t) llrint(t * 1e6)};

                ideal(g, t, f, w);
                imu_spoil(imu, (double[]){c * f[0] + s * f[2], f[1], c * f[2] - s * f[0]},
                        (double[]){c * w[0] + s * w[2], w[1], c * w[2] - s * w[0]}, &measured);
                for (unsigned i = 0; i < 3; i++) {
                        sample.f_mps2[i] = measured.f_mps2[i];
                        sample.w_radps[i] = measured.w_radps[i];
                }
                sample.flags = measured.flags;
                core_push(core, &sample);
                while ((e = core_next(core)))
                        outcome_take(ret, e, t);
        }
        core_flush(core);
        while ((e = core_next(core)))
                outcome_take(ret, e, duration_s);
}

int idle_run(const struct synth_options *sensor, const struct exercise *exercise, enum idle_activity activity,
        double duration_s, enum part without, struct outcome *ret) {
        struct idle *g = calloc(1, sizeof(*g));
        struct core *core = calloc(1, sizeof(*core));
        struct imu imu;
        int k = g && core ? 0 : -ENOMEM;

        *ret = (struct outcome){0};
        for (unsigned c = 0; k >= 0 && c < CHANNELS; c++) {
                g->n = (size_t) (duration_s * KNOTS_HZ) + 4;
                g->points[c] = calloc(g->n, sizeof(double));
                if (!g->points[c])
                        k = -ENOMEM;
        }
        if (k >= 0)
                k = without_init(core, exercise, NULL, without);
        if (k >= 0) {
                g->random = random_stream(sensor->seed, 11);
                imu_init(&imu, sensor);
                while (g->at < g->n) {
                        lie(g, draw(g, 2, 15));
                        act(g, activity);
                }
                feed(g, core, &imu, sensor->rate_hz, duration_s, ret);
                k = ret->failed ? -ENOMEM : 0;
        }
        for (unsigned c = 0; g && c < CHANNELS; c++)
                free(g->points[c]);
        free(core);
        free(g);
        return k;
}
