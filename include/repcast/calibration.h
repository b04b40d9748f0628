/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is known of one sensor's errors, learned over its life.
 *
 * An accelerometer at rest measures g, whichever way it lies. Each rest is one equation for its bias and scale; rests
 * at many angles of the bar determine both. The signal core learns while it works; the caller keeps the result per
 * sensor and gives it back the next time:
 *
 *     core_init(&core, NULL, &exercise, known ? &calibration : NULL);
 *     ...
 *     core_get_calibration(&core, &calibration);
 *
 * To store it, write the members in the order of their declaration (of P the lower triangle is enough: it is
 * symmetric) as numbers with 17 significant digits, and the time. On loading fill them in, call calibration_age() with
 * the seconds since, then calibration_check(). The struct holds no pointers, but its layout in memory is no format. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/resample.h>

#define CALIBRATION_VERSION 1

enum {
        CALIBRATION_BIAS = 0,  /* x y z, m/s2 */
        CALIBRATION_SCALE = 3, /* xx yy zz, a pure number */
        CALIBRATION_SKEW = 6,  /* yz zx xy */
        CALIBRATION_N = 9,
};

struct calibration_params {
        double bias_mps2; /* prior sigma of bias per axis, m/s2, 0.01 to 2; 0.25 (25 mg) */
        double scale;     /* prior sigma of scale common to the axes, 0.001 to 0.2; 0.03 */
        double skew;      /* of what an axis has of its own, and of skew, 0.0001 to 0.1; 0.008 */
        double rest_mps2; /* sigma of |f| = g at a rest, m/s2, 0.001 to 0.5; 0.02 (2 mg): what the model leaves out */
        double trust_mps2; /* bias is never believed better than this per axis, m/s2, 0.001 to 0.2; 0.02 (2 mg) */
        double walk_mps2; /* bias wanders by this in the square root of an hour, m/s2, 0 to 0.2; 0.02 (2 mg) */
};

/* Corrected force f = m - bias - S m, of the measured m; S is symmetric, of scale and skew. */
struct calibration {
        uint32_t version; /* CALIBRATION_VERSION */
        uint32_t flipped; /* HANDEDNESS_ bits: axes of the gyroscope that count the other way */
        uint32_t rests;   /* equations so far */
        double x[CALIBRATION_N];
        double P[CALIBRATION_N][CALIBRATION_N]; /* covariance of x */
        double gyro_bias_radps[3];
        double gyro_sigma_radps; /* of it, per axis */
};

/* Nothing is known. */
void calibration_init(struct calibration *c, const struct calibration_params *params);

/* 0, or -EINVAL for what cannot be the state of any sensor: another version, figures out of range, variances that are
 * not positive. */
int calibration_check(const struct calibration *c);

/* So much time has passed: temperature has moved the biases. */
void calibration_age(struct calibration *c, const struct calibration_params *params, double s);

/* Correct a measured specific force. */
void calibration_correct(const struct calibration *c, double f_mps2[3]);

/* A rest with this mean force, as measured. */
void calibration_rest(struct calibration *c, const struct calibration_params *params, const double m_mps2[3]);

/* Covariance of the bias that the correction leaves, scale errors at this direction of up (of any length) included. */
void calibration_left(const struct calibration *c, const struct calibration_params *params, const double up[3],
        double ret[3][3]);

/* Sigma of what a turn of a radian, with this angular rate about this direction of up, changes in that bias along
 * gravity. */
double calibration_turn(const struct calibration *c, const double up[3], const double w_radps[3]);

/* Picks the rests out of the stream: one for as long as the sensor lies as it does. */
struct rests {
        double quiet_s;  /* so far */
        double sum[3];   /* of the force as measured */
        unsigned n;      /* ticks in it */
        double last[3];  /* direction of the last rest, length 1; 0 = none */
        double since_s;  /* that rest, or the start */
        double before_s; /* from the rest before it, or the start, to that rest */
};

void rests_init(struct rests *r);

/* quiet: nobody holds the sensor. Returns true once per rest, with its mean force. */
bool rests_push(struct rests *r, const struct tick *tick, bool quiet, double ret_m_mps2[3]);
