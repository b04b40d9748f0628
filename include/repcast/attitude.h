/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Which way is up, seen from the sensor, and how the sensor accelerates along it. */

#include <stdbool.h>

#include <repcast/resample.h>

struct attitude_params {
        double tilt_tau_s;  /* tilt is drawn to the accelerometer over this time, s, 0.5 to 30; 3 */
        double start_tau_s; /* the same in the first 3 s of a timeline, s, 0.1 to 5; 0.7 */
        double calm_tau_s;  /* the same after 0.3 s of calm, s, 0.1 to 5; 0.8 */
        double calm_mps2;   /* calm: rms of the accelerometer's fast part below this, m/s2, 0.02 to 1; 0.15 */
        double impact_mps2; /* a fast part of this rms halves the pull of the accelerometer, m/s2, 0.2 to 10; 1 */
        double quiet_mps2;  /* quiet, as on a rack: rms of the fast part per axis, m/s2, 0.005 to 0.5; 0.03 */
        double quiet_radps; /* and of the angular rate's, rad/s, 0.0005 to 0.05; 0.004 */
        double gyro_bias_radps; /* greatest gyro bias that is believed, rad/s, 0.01 to 0.5; 0.1 */
};

/* Motion along the vertical during one tick. */
struct motion {
        double a_mps2;     /* upward specific force minus gravity; still holds the accelerometer's bias */
        double up[3];      /* unit vector up, in sensor axes: d a / d bias */
        double turn_radps; /* rate of turn, gyro bias removed */
        double heading_rad; /* about the vertical, -pi to pi; its zero is arbitrary, and it drifts with the gyro's bias */
        double turn_mps2; /* sigma of what a radian of this turn changes in the bias, scale errors being as they are */
        double shake_m2ps4; /* energy of the accelerometer's fast part */
        double q_m2ps3;     /* growth of velocity variance by what lay between the samples, m2/s3 */
        double silent_s;    /* neither sensor has shown more than its noise for so long */
        bool knocked;       /* that began within half a second of a knock */
        bool quiet;         /* nobody holds it: no tremor, no turn, for 0.8 s */
        bool anew;          /* up was found to be wrong, and starts anew here */
};

struct attitude {
        struct attitude_params params;
        bool started;
        float ring_s;       /* so long it may still ring of a knock; stands in silence */
        double age_s;       /* since the start of the timeline */
        double q[4], up[3]; /* sensor to level frame, its heading is arbitrary; what is up in the sensor's */
        double heading_rad; /* turned about the vertical since the start */
        double f_level[3];  /* specific force in the level frame, low-passed */
        double f_fast[3], f_slow[3]; /* specific force low-passed over 60 ms and 1 s, sensor frame */
        double w_slow[3];            /* angular rate low-passed over 0.25 s */
        double w_var, shake;         /* variance about w_slow, about f_fast */
        double gyro_bias[3], bias_s; /* bias, and the seconds of rest behind it */
        double quiet_s, calm_s;
        double f_anchor[3], w_anchor[3], silent_s; /* silent about these for so long */
        unsigned gathered;                         /* ticks of a bar that lies, not yet taken, */
        struct tick sum;                           /* and the sum of their figures */
};

void attitude_init(struct attitude *a, const struct attitude_params *params);

/* What is known of the gyroscope's bias, and how well. */
void attitude_set_gyro_bias(struct attitude *a, const double bias_radps[3], double sigma_radps);
void attitude_get_gyro_bias(const struct attitude *a, double ret_radps[3], double *ret_sigma_radps);

/* From the next tick on these axes of the gyroscope (bits 0 to 2) count the other way: so far they were wrong. */
void attitude_flip(struct attitude *a, unsigned axes);

/* A new timeline: the tilt is unknown again, the gyroscope's bias is the sensor's and stays. */
void attitude_restart(struct attitude *a);

void attitude_push(struct attitude *a, const struct tick *tick, struct motion *ret);
