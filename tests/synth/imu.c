/* SPDX-License-Identifier: Apache-2.0 */
/* Sensor grades. Noise densities are data sheet figures: BMI270 160 ug and 0.007 dps per root hertz, MPU-6050 400 ug
 * and 0.005 to 0.02; the middle one stands between. Biases are uniform within the figure, as after soldering. */

#include "synth/imu.h"

#include <math.h>
#include <string.h>

#include <repcast/sample.h>

#include "util/macros.h"

#define RAD(deg)   ((deg) *M_PI / 180)
#define SUBSAMPLES 4 /* of the part's own filter, a mean over one period */

static const struct grade {
        double accel_ug_rthz, gyro_dps_rthz;
        double accel_bias_mg, gyro_bias_dps;
        double scale; /* standard deviation of scale and cross-axis errors, in hard mode */
} grades[_SYNTH_GRADE_MAX] = {
        [SYNTH_PERFECT] = {0},
        [SYNTH_GOOD] = {160, 0.007, 20, 0.5, 0.003},
        [SYNTH_MIDDLE] = {250, 0.012, 40, 1, 0.006},
        [SYNTH_CHEAP] = {400, 0.02, 60, 3, 0.012},
};

static void matrix_of(struct random *r, double deviation, double ret[3][3]) {
        for (unsigned i = 0; i < 3; i++)
                for (unsigned k = 0; k < 3; k++)
                        ret[i][k] = (i == k) + deviation * random_normal(r);
}

void imu_init(struct imu *imu, const struct synth_options *o) {
        const struct grade *g = &grades[o->grade];
        const struct synth_lift *lift = synth_lift_find(o->exercise);
        double bandwidth = sqrt(o->rate_hz / 2); /* noise density to deviation: white up to half the rate */
        double accel_bias = g->accel_bias_mg * 1e-3 * STANDARD_GRAVITY_MPS2, gyro_bias = RAD(g->gyro_bias_dps);

        *imu = (struct imu){
                .grade = o->grade,
                /* A dropped bar needs the wider range, at the price of coarser counts. */
                .format = {o->counter, lift->floor || o->hard ? 16 : 8, 1000},
                .random = random_stream(o->seed, 3),
                .period_s = 1 / o->rate_hz,
                .accel_noise_mps2 = g->accel_ug_rthz * 1e-6 * STANDARD_GRAVITY_MPS2 * bandwidth,
                .gyro_noise_radps = RAD(g->gyro_dps_rthz) * bandwidth,
                .accel_drift_mps2 =
                        o->hard && g->accel_bias_mg > 0 ? 1e-3 * STANDARD_GRAVITY_MPS2 / sqrt(600) : 0,
        };
        for (unsigned i = 0; i < 3; i++) {
                imu->accel_bias[i] = accel_bias * random_uniform(&imu->random, -1, 1);
                imu->gyro_bias[i] = gyro_bias * random_uniform(&imu->random, -1, 1);
        }
        matrix_of(&imu->random, o->hard ? g->scale : 0, imu->accel_matrix);
        matrix_of(&imu->random, o->hard ? g->scale : 0, imu->gyro_matrix);
}

/* Counts of a 16-bit converter, which stops at the ends of its range. */
static double quantise(double value, double full, uint16_t *flags) {
        double counts = rint(value / full * 32768);

        if (counts >= 32767 || counts <= -32768)
                *flags |= SAMPLE_CLIPPED;
        return CLAMP(counts, -32768.0, 32767.0) * full / 32768;
}

void imu_measure(struct imu *imu, const struct bar_motion *motion, double t, struct packet_sample *ret) {
        unsigned n = imu->grade == SYNTH_PERFECT ? 1 : SUBSAMPLES;
        double f[3] = {0}, w[3] = {0};

        for (unsigned j = 0; j < n; j++) {
                struct motion_state ideal = motion_at(motion, t + ((j + 0.5) / n - 0.5) * imu->period_s);

                for (unsigned i = 0; i < 3; i++) {
                        f[i] += ideal.f_mps2[i] / n;
                        w[i] += ideal.w_radps[i] / n;
                }
        }
        imu_spoil(imu, f, w, ret);
}

void imu_spoil(struct imu *imu, const double f[static 3], const double w[static 3], struct packet_sample *ret) {
        struct packet_sample s = {0};

        for (unsigned i = 0; i < 3; i++) {
                const double *a = imu->accel_matrix[i], *g = imu->gyro_matrix[i];

                imu->accel_bias[i] += imu->accel_drift_mps2 * sqrt(imu->period_s) * random_normal(&imu->random);
                s.f_mps2[i] = a[0] * f[0] + a[1] * f[1] + a[2] * f[2] + imu->accel_bias[i] +
                        imu->accel_noise_mps2 * random_normal(&imu->random);
                s.w_radps[i] = g[0] * w[0] + g[1] * w[1] + g[2] * w[2] + imu->gyro_bias[i] +
                        imu->gyro_noise_radps * random_normal(&imu->random);
                if (imu->grade == SYNTH_PERFECT)
                        continue;
                s.f_mps2[i] =
                        quantise(s.f_mps2[i], imu->format.accel_range_g * STANDARD_GRAVITY_MPS2, &s.flags);
                s.w_radps[i] = quantise(s.w_radps[i], RAD(imu->format.gyro_range_dps), &s.flags);
        }
        *ret = s;
}
