/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Kalman filter of motion along the path of the lift.
 *
 *     state  x = [p v b1 b2 b3]      position m, velocity m/s, accelerometer bias in sensor axes m/s2
 *     p' = v,   v' = a - u.b + white noise,   b' = white noise
 *
 * The bias has three axes because the bar rolls: seen along the vertical it changes with the roll. */

#include <repcast/resample.h>

struct vertical_params {
        double noise;       /* white noise of acceleration, m/s2 per root Hz, 1e-4 to 0.1; 0.003 */
        double shake_noise; /* the same per m/s2 of shake, root s, 0 to 1; 0.05 */
        double bias_walk;   /* bias random walk, m/s2 per root s, 0 to 0.01; 2e-4 */
        double turn_share; /* bias random walk per root radian turned, of the error that a radian brings, 0 to 2; 0.4 */
};

/* The covariance is symmetric, so of what stands in it twice only the bias's block is kept twice. */
struct vertical {
        double p, v, b[3];
        double pp, pv, vv, pb[3], vb[3], bb[3][3];
};

/* Start at rest's place with what the calibration leaves of the bias: its covariance. */
void vertical_init(struct vertical *v, double bias_P[3][3]);

/* Motion of some ticks added up: what it does to any state. v += dv - av.b, p += t v + dp - ap.b */
struct vertical_step {
        double t_s, dv, dp, av[3], ap[3];
        double q, q_bias; /* growth of the variances of velocity, m2/s2, and of bias, m2/s4 */
};

void vertical_add(struct vertical_step *s, double a, const double u[3], double q, double q_bias);
void vertical_advance(struct vertical *v, const struct vertical_step *s);

/* One tick of acceleration a along the direction u; q and q_bias: growth of the variances of velocity, m2/s3, and
 * of bias, m2/s5. */
void vertical_predict(struct vertical *v, double a, const double u[3], double q, double q_bias);

/* Both figures for a tick of motion: sensor noise, shaking that aliases, gaps; drift of the bias, faster while the
 * sensor turns, since scale and skew errors look like a bias that turns with it: by turn_mps2 within a radian. */
double vertical_noise(const struct vertical_params *params, double shake_m2ps4, double q_m2ps3);
double vertical_drift(const struct vertical_params *params, double turn_radps, double turn_mps2);

/* The position, the velocity was seen as z with variance r. */
void vertical_update_p(struct vertical *v, double z, double r);
void vertical_update_v(struct vertical *v, double z, double r);

/* At rest the sensor showed the acceleration a along u, with variance r: that is its bias, u.b. */
void vertical_rest(struct vertical *v, double a, const double u[3], double r);

/* Position is now p with variance r; forget how it was reached. */
void vertical_place(struct vertical *v, double p, double r);
