/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bounds-checked cursor over bytes from outside, and its opposite for encoders. Header only.
 *
 * A read beyond the end gives 0 and marks the cursor as failed for good, so a decoder reads all its fields and
 * asks once:
 *
 *     struct bytes b = bytes_of(data, size);
 *     version = bytes_u8(&b);
 *     counter = bytes_le32(&b);
 *     if (b.failed)
 *             return -EBADMSG;
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
        const uint8_t *at, *end;
        bool failed;
};

static inline struct bytes bytes_of(const void *data, size_t size) {
        const uint8_t *at = data;

        return (struct bytes){.at = at, .end = size > 0 ? at + size : at};
}

static inline size_t bytes_left(const struct bytes *b) {
        return b->at ? (size_t) (b->end - b->at) : 0;
}

/* The next n bytes, or NULL. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t n) {
        const uint8_t *taken = b->at;

        if (b->failed || n > bytes_left(b)) {
                b->failed = true;
                return NULL;
        }
        b->at += n;
        return taken;
}

static inline uint64_t bytes_le(struct bytes *b, unsigned width) {
        const uint8_t *p = bytes_take(b, width);
        uint64_t value = 0;

        for (unsigned i = 0; p && i < width; i++)
                value |= (uint64_t) p[i] << (8 * i);
        return value;
}

static inline uint64_t bytes_be(struct bytes *b, unsigned width) {
        const uint8_t *p = bytes_take(b, width);
        uint64_t value = 0;

        for (unsigned i = 0; p && i < width; i++)
                value = value << 8 | p[i];
        return value;
}

static inline uint8_t bytes_u8(struct bytes *b) {
        return (uint8_t) bytes_le(b, 1);
}

static inline uint16_t bytes_le16(struct bytes *b) {
        return (uint16_t) bytes_le(b, 2);
}

static inline uint32_t bytes_le32(struct bytes *b) {
        return (uint32_t) bytes_le(b, 4);
}

static inline uint64_t bytes_le64(struct bytes *b) {
        return bytes_le(b, 8);
}

static inline uint16_t bytes_be16(struct bytes *b) {
        return (uint16_t) bytes_be(b, 2);
}

static inline uint32_t bytes_be32(struct bytes *b) {
        return (uint32_t) bytes_be(b, 4);
}

static inline uint64_t bytes_be64(struct bytes *b) {
        return bytes_be(b, 8);
}

/* Two's complement by hand: a conversion of a value above INT16_MAX is the implementation's choice. */
static inline int16_t bytes_int16(uint16_t u) {
        return (int16_t) (u < 0x8000U ? (int32_t) u : (int32_t) u - 0x10000);
}

static inline int16_t bytes_lei16(struct bytes *b) {
        return bytes_int16(bytes_le16(b));
}

static inline int16_t bytes_bei16(struct bytes *b) {
        return bytes_int16(bytes_be16(b));
}

/* IEEE 754 binary32; may be NaN or infinite, which the caller has to look at. */
static inline float bytes_float(uint32_t u) {
        float f;

        memcpy(&f, &u, sizeof(f));
        return f;
}

static inline float bytes_lef32(struct bytes *b) {
        return bytes_float(bytes_le32(b));
}

static inline float bytes_bef32(struct bytes *b) {
        return bytes_float(bytes_be32(b));
}

/* Where an encoder writes; a write beyond the end is left out and marks the sink as failed. */
struct bytes_sink {
        uint8_t *at, *end;
        bool failed;
};

static inline struct bytes_sink bytes_sink_of(uint8_t *data, size_t size) {
        return (struct bytes_sink){.at = data, .end = data + size};
}

static inline void bytes_put_le(struct bytes_sink *s, unsigned width, uint64_t value) {
        if (s->failed || width > (size_t) (s->end - s->at)) {
                s->failed = true;
                return;
        }
        for (unsigned i = 0; i < width; i++)
                *s->at++ = (uint8_t) (value >> (8 * i));
}
