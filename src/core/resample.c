/* SPDX-License-Identifier: Apache-2.0 */
/* From samples at any rate to ticks of 10 ms.
 *
 *      sample   o-------------o------------o---------------o
 *      tick     |    |    |    |    |    |    |    |    |    |
 *
 * Between two samples the signal is taken as straight. A tick's figures are the exact mean of that line over its
 * 10 ms, so the integral (velocity, angle) is conserved whether the samples are faster or slower than the ticks.
 *
 * What the straight line misses is carried along as noise. The trapezoid rule errs by dt f'' dt2 / 12 per
 * interval, and f'' dt2 is seen as the second difference of the samples; over a link gap the unseen velocity is
 * bounded by human acceleration instead. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/resample.h>

#include "util/macros.h"
#include "util/seconds.h"

#define F_LIMIT_MPS2    400.0 /* widest common accelerometer range is 32 g = 314 m/s2 */
#define W_LIMIT_RADPS   80.0  /* widest common gyroscope range is 4000 deg/s = 70 rad/s */
#define SETBACK_US      1000000
#define GAP_ACCEL_MPS2  0.3 /* rms acceleration of slow lifting: what a gap may hide */
#define GAP_RELIABLE_S  0.1 /* a straight line over less than this misses little */
#define CLIPPED_Q_M2PS3 1.0 /* a clipped peak of 0.1 s hides about 0.3 m/s */

void resample_init(struct resample *r, const struct resample_params *params) {
        *r = (struct resample){.params = *params};
}

static bool plausible(const struct sample *s) {
        if (s->t_us > INT64_MAX)
                return false; /* leaves room for the sums of instants below */
        for (unsigned i = 0; i < 3; i++)
                if (!(fabs(s->f_mps2[i]) <= F_LIMIT_MPS2) || !(fabs(s->w_radps[i]) <= W_LIMIT_RADPS))
                        return false; /* NaN fails every comparison */
        return true;
}

static int begin(struct resample *r, const struct sample *s) {
        resample_init(r, &(struct resample_params){r->params.gap_s, r->params.break_s});
        r->started = true;
        r->sample_us = r->tick_us = r->from_us = r->to_us = s->t_us;
        memcpy(r->f, s->f_mps2, sizeof(r->f));
        memcpy(r->w, s->w_radps, sizeof(r->w));
        memcpy(r->f_from, r->f, sizeof(r->f));
        memcpy(r->w_from, r->w, sizeof(r->w));
        r->got = 1;
        return RESAMPLE_BEGUN;
}

/* Is this one of a run of stale samples that shows that the clock was set back? */
static bool set_back(struct resample *r, uint64_t t_us) {
        if (!r->stale_us || t_us <= r->stale_us || t_us - r->stale_us > SETBACK_US)
                r->stale_since_us = t_us;
        r->stale_us = t_us;
        return t_us - r->stale_since_us >= SETBACK_US;
}

static double unseen(const struct resample *r, const double step[3], double dt) {
        double bend2 = 0;
        for (unsigned i = 0; i < 3; i++)
                bend2 += (step[i] - r->f_step[i]) * (step[i] - r->f_step[i]);

        double q = dt * bend2 / 144;
        if (dt > r->params.gap_s) {
                double dv = GAP_ACCEL_MPS2 * (dt - GAP_RELIABLE_S);
                q += dv * dv / (2 * dt);
        }
        return q;
}

int resample_push(struct resample *r, const struct sample *s) {
        if (!plausible(s))
                return -EINVAL;
        if (!r->started)
                return begin(r, s);
        if (s->t_us <= r->sample_us)
                return set_back(r, s->t_us) ? begin(r, s) : -ESTALE;

        double dt = (double) (s->t_us - r->sample_us) * US_S;
        if (dt > r->params.break_s)
                return begin(r, s);

        double step[3];
        for (unsigned i = 0; i < 3; i++)
                step[i] = s->f_mps2[i] - r->f[i];
        r->segment_q = unseen(r, step, dt);
        r->segment_flags = dt > r->params.gap_s ? TICK_GAP : 0;
        if (s->flags & SAMPLE_CLIPPED) {
                r->segment_flags |= TICK_CLIPPED;
                r->segment_q += CLIPPED_Q_M2PS3;
        }

        memcpy(r->f_step, step, sizeof(step));
        memcpy(r->f_from, r->f, sizeof(r->f));
        memcpy(r->w_from, r->w, sizeof(r->w));
        memcpy(r->f, s->f_mps2, sizeof(r->f));
        memcpy(r->w, s->w_radps, sizeof(r->w));
        r->from_us = r->sample_us;
        r->to_us = r->sample_us = s->t_us;
        r->stale_us = 0;
        r->got++;
        r->lost += s->lost;
        return RESAMPLE_JOINED;
}

/* Integrate the newest segment up to end_us and move its near end there. */
static void integrate(struct resample *r, uint64_t end_us) {
        double share = (double) (end_us - r->from_us) / (double) (r->to_us - r->from_us);
        double dt = (double) (end_us - r->from_us) * US_S;

        for (unsigned i = 0; i < 3; i++) {
                double f = r->f_from[i] + share * (r->f[i] - r->f_from[i]);
                double w = r->w_from[i] + share * (r->w[i] - r->w_from[i]);
                r->sum_f[i] += 0.5 * (r->f_from[i] + f) * dt;
                r->sum_w[i] += 0.5 * (r->w_from[i] + w) * dt;
                r->f_from[i] = f;
                r->w_from[i] = w;
        }
        r->sum_q += r->segment_q * dt;
        r->flags |= r->segment_flags;
        r->from_us = end_us;
}

bool resample_next(struct resample *r, struct tick *ret) {
        uint64_t due_us = r->tick_us + TICK_US;

        if (r->from_us < r->to_us)
                integrate(r, MIN(r->to_us, due_us));
        if (!r->started || r->from_us < due_us)
                return false;

        *ret = (struct tick){
                .t_us = due_us,
                .q_m2ps3 = r->sum_q * TICK_HZ,
                .got = (uint8_t) MIN(r->got, 255u),
                .lost = (uint8_t) MIN(r->lost, 255u),
                .flags = r->flags,
        };
        for (unsigned i = 0; i < 3; i++) {
                ret->f_mps2[i] = r->sum_f[i] * TICK_HZ;
                ret->w_radps[i] = r->sum_w[i] * TICK_HZ;
                r->sum_f[i] = r->sum_w[i] = 0;
        }
        r->sum_q = 0;
        r->got = r->lost = r->flags = 0;
        r->tick_us = due_us;
        return true;
}
