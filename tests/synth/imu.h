/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a real part makes of the ideal measurement: noise, bias, drift, scale and cross-axis errors, its filter, its
 * range and its counts. */

#include "synth/motion.h"

struct imu {
        enum synth_grade grade;
        struct packet_format format;
        struct random random;
        double period_s;
        double accel_noise_mps2, gyro_noise_radps; /* standard deviation of a sample */
        double accel_drift_mps2;                   /* of the bias, per square root of a second */
        double accel_bias[3], gyro_bias[3];
        double accel_matrix[3][3], gyro_matrix[3][3];
};

void imu_init(struct imu *imu, const struct synth_options *options);

/* The sample of the instant t. Call in the order of time: noise and drift go on from call to call. */
void imu_measure(struct imu *imu, const struct bar_motion *motion, double t_s, struct packet_sample *ret);

/* The same for a force and a rate that are known already. */
void imu_spoil(struct imu *imu, const double f[static 3], const double w[static 3], struct packet_sample *ret);
