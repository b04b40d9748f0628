/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The last 25 s of motion along the path, for looking back on a rep once it is complete. */

#include <stdint.h>

#include <repcast/resample.h>

#define HISTORY_N 2500

/* One tick, 16 bytes. */
struct moment {
        float a_mps2;      /* acceleration along the path, bias included */
        uint16_t noise;    /* of it: see moment_noise() */
        int16_t heading;   /* about the vertical, in units of a turn / 65536 */
        int16_t up[3];     /* d a / d bias, in units of 1/4096: an incline of 10 degrees stretches it to 5.8 */
        unsigned got : 6;  /* samples in it */
        unsigned lost : 8; /* samples missing */
        unsigned gap : 1;  /* bridged */
        unsigned clipped : 1;
};

struct history {
        uint64_t t_us;   /* end of the newest moment */
        unsigned n;      /* how many there are */
        unsigned newest; /* its place */
        struct moment moments[HISTORY_N];
};

void history_reset(struct history *h);
void history_push(struct history *h, uint64_t t_us, const struct moment *m);

/* The moment that ended `ago` ticks before the newest; ago < h->n. */
const struct moment *history_ago(const struct history *h, unsigned ago);

/* How many ticks ago t_us was: 0 for anything newer, h->n for anything forgotten. */
unsigned history_find(const struct history *h, uint64_t t_us);

/* Turned about the vertical from one instant to the other, rad, -pi to pi. */
double history_turned(const struct history *h, uint64_t from_us, uint64_t to_us);

void moment_set_heading(struct moment *m, double rad);

/* Noise of the acceleration, m2/s3: kept as the upper half of a float, good to 0.4 %. */
void moment_set_noise(struct moment *m, double q_m2ps3);
double moment_noise(const struct moment *m);

/* Up, as doubles. */
void moment_up(const struct moment *m, double ret[3]);

/* How far gravity turned in the sensor from one to the other, rad. */
double moment_angle(const struct moment *from, const struct moment *to);
