/* SPDX-License-Identifier: Apache-2.0 */
/* Handedness, calibration and attitude in their order, and the rests that feed the calibration. */

#include <math.h>
#include <string.h>

#include <repcast/front.h>

#include "util/macros.h"

#define WORTH_IT                                                                                               \
        0.5 /* starting anew costs what is known of the motion: the volume of doubt must shrink by half */

#define SILENT_S    2.0  /* from then on what the handedness goes by stands still, until the bar moves again */
#define ABOUT_TAU_S 20.0 /* longer than a rep, shorter than a rest between sets */

void front_init(struct front *f, const struct attitude_params *attitude,
        const struct calibration_params *calibration, const struct handedness_params *handedness,
        const struct calibration *known) {
        struct calibration start;

        if (known)
                start = *known;
        else
                calibration_init(&start, calibration);
        *f = (struct front){.params = *calibration, .learned = start, .used = start};
        handedness_init(&f->handedness, handedness, start.flipped);
        attitude_init(&f->attitude, attitude);
        attitude_set_gyro_bias(&f->attitude, start.gyro_bias_radps, start.gyro_sigma_radps);
        rests_init(&f->rests);
}

void front_restart(struct front *f) {
        f->used = f->learned;
        memset(f->about, 0, sizeof(f->about));
        handedness_restart(&f->handedness);
        attitude_restart(&f->attitude);
}

/* Scale and skew make an error e(u) = u'Su g of the direction of up, not of the path on which it came there. About a
 * direction r it is e(r) + 2 r'S d g + d'S d g, u = r + d: to the filter behind this the first two are a constant bias, so
 * only the last one is news, and its rate by the angle is 2 |d| times that of u'Su. What a bar turns to and fro by, rep
 * after rep, is learned once; a turn to another posture is not. */
static double news_of_turn(struct front *f, const double up[3]) {
        double away2 = 0, known2 = 0;
        for (unsigned i = 0; i < 3; i++)
                known2 += f->about[i] * f->about[i];
        for (unsigned i = 0; i < 3; i++) {
                f->about[i] += (known2 > 0 ? TICK_S / ABOUT_TAU_S : 1) * (up[i] - f->about[i]);
                away2 += (up[i] - f->about[i]) * (up[i] - f->about[i]);
        }
        return MIN(1, 2 * sqrt(away2));
}

void front_push(struct front *f, const struct tick *tick, struct motion *ret) {
        unsigned before = f->handedness.flipped;
        struct tick corrected = *tick;
        double rest_mps2[3], w_radps[3];

        /* A bar that lies tells nothing of how its sensor turns. */
        if (f->attitude.silent_s < SILENT_S && handedness_push(&f->handedness, tick))
                attitude_flip(&f->attitude, before ^ f->handedness.flipped);
        handedness_correct(&f->handedness, corrected.w_radps);
        calibration_correct(&f->used, corrected.f_mps2);
        attitude_push(&f->attitude, &corrected, ret);
        for (unsigned i = 0; i < 3; i++)
                w_radps[i] = corrected.w_radps[i] - f->attitude.gyro_bias[i];
        ret->turn_mps2 = calibration_turn(&f->used, ret->up, w_radps) * news_of_turn(f, ret->up);

        if (rests_push(&f->rests, tick, ret->quiet, rest_mps2)) {
                calibration_age(&f->learned, &f->params, f->rests.before_s);
                calibration_rest(&f->learned, &f->params, rest_mps2);
        }
}

static double determinant(double M[3][3]) {
        return M[0][0] * (M[1][1] * M[2][2] - M[1][2] * M[2][1]) -
                M[0][1] * (M[1][0] * M[2][2] - M[1][2] * M[2][0]) +
                M[0][2] * (M[1][0] * M[2][1] - M[1][1] * M[2][0]);
}

bool front_settle(struct front *f, const double up[3]) {
        double used[3][3] _uninitialized_, learned[3][3] _uninitialized_;
        /* The first rest of a sensor tells nothing that whoever follows the motion has not seen by itself. */
        if (f->used.rests == f->learned.rests || f->learned.rests < 2)
                return false;
        calibration_left(&f->used, &f->params, up, used);
        calibration_left(&f->learned, &f->params, up, learned);
        if (determinant(learned) > WORTH_IT * determinant(used))
                return false;
        f->used = f->learned;
        return true;
}

void front_left(const struct front *f, const double up[3], double ret[3][3]) {
        calibration_left(&f->used, &f->params, up, ret);
}

void front_get_calibration(const struct front *f, struct calibration *ret) {
        *ret = f->learned;
        ret->flipped = f->handedness.flipped;
        attitude_get_gyro_bias(&f->attitude, ret->gyro_bias_radps, &ret->gyro_sigma_radps);
}
