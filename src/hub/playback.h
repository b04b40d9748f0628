/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A recording as a stream of samples: reader and decoder in one.
 *
 *     struct playback *p = NULL;
 *     struct sample sample;
 *     k = playback_open("set.rec", NULL, &p);
 *     while (k >= 0 && (k = playback_next(p, &sample)) > 0)
 *             core_push(&core, &sample);
 *     if (k < 0)
 *             fprintf(stderr, "%s\n", playback_error(p));
 *     playback_free(p);
 */

#include <stdint.h>
#include <stdio.h>

#include <repcast/sample.h>

#include "recording/recording.h"
#include "sensor/profile.h"

struct playback_info {
        const struct recording_header *header; /* sensor, exercise, note, truth; empty where not known */
        double rate_hz;                        /* nominal; for a plain CSV measured over its start */
        double duration_s;                     /* first to last row; NAN = not known (a pipe) */
        uint64_t samples;                      /* given out so far */
        uint64_t lost;                         /* samples known to be missing so far */
        uint64_t stale; /* packets left out so far because they repeat or precede others */
        uint64_t bad;   /* packets left out so far because they are none of the profile's (raw recordings) */
};

struct playback;

/* "-" is standard input. profiles: where the profile of a raw recording is looked up, and what must live as long; NULL =
 * the shipped ones. Always sets *ret to an object that holds the error text, except for -ENOMEM; free it in
 * any case. Returns 0 or a negative errno value. */
int playback_open(const char *path, const struct profiles *profiles, struct playback **ret);

/* The same with a stream of the caller's, who closes it; name is what faults say. */
int playback_open_stream(
        FILE *stream, const char *name, const struct profiles *profiles, struct playback **ret);

void playback_free(struct playback *p);

/* 1 = a sample, 0 = the end, negative = a fault, which is final. Instants are strictly rising. Allocates nothing. */
int playback_next(struct playback *p, struct sample *ret);

struct playback_info playback_get_info(const struct playback *p);
struct recording_position playback_get_position(const struct playback *p);
const char *playback_error(const struct playback *p);
