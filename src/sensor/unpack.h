/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* One packet -> its raw samples, as a loaded profile says: no framing, no time, no state. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sensor/profile.h"

struct unpacked_sample {
        double f_mps2[3], w_radps[3]; /* 0 where the packet holds none */
        uint16_t flags;               /* enum sample_flags */
};

/* The raw samples of one packet. */
struct unpacked {
        unsigned n;
        uint64_t time; /* ticks, as they stand in the packet; 0 without */
        uint64_t seq;
        struct unpacked_sample samples[PROFILE_SAMPLES_MAX];
};

/* Which packet of the profile is it? An index, -ENOENT where no When= knows it, -EBADMSG where only its length is
 * wrong. */
int unpack_find(const struct profile *p, unsigned stream, const uint8_t *bytes, size_t n);

/* -EBADMSG for a packet that its own figures contradict, or figures that no sensor measures; -ENOENT for a line with
 * another tag. */
int unpack(const struct profile_packet *packet, const uint8_t *bytes, size_t n, struct unpacked *ret);

bool unpack_is(const struct profile_when *when, const uint8_t *bytes, size_t n);

/* Where the three numbers of sample k of n are: one sample after the other, or all of one kind after the other. */
unsigned unpack_place(
        const struct profile_packet *packet, const struct profile_axes *axes, unsigned n, unsigned k);

/* A number as it stands in the packet; the caller knows that the field is within the bytes. */
double unpack_number(const struct profile_field *f, const uint8_t *at);
uint64_t unpack_unsigned(const struct profile_field *f, const uint8_t *at);

/* Bytes of a type; its ends, which mean that the sensor was at its own (0 for TYPE_F32, which has none). */
unsigned type_size(enum profile_type type);
double type_min(enum profile_type type);
double type_max(enum profile_type type);
