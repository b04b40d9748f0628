/* SPDX-License-Identifier: Apache-2.0 */
/* A recording, read as it is played. */

#include "peripheral/tape.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "util/macros.h"

#define BETWEEN_ROUNDS_US                                                                                      \
        10000 /* the bar comes back to where the recording began: an instant, so that time rises */

static int fail(struct tape *t, int k) {
        snprintf(t->why, sizeof(t->why), "%s", t->playback ? playback_error(t->playback) : strerror(-k));
        return k;
}

/* The next sample into b. 1, 0 at the recording's end, negative. */
static int advance(struct tape *t) {
        struct sample next;
        int k = playback_next(t->playback, &next);

        if (k < 0)
                return fail(t, k);
        if (k == 0)
                return 0;
        t->a = t->b;
        t->b = next;
        t->b.t_us = t->base_us + (next.t_us - t->first_us);
        return 1;
}

static int begin_round(struct tape *t, uint64_t base_us) {
        int k = playback_open(t->path, t->profiles, &t->playback);

        if (k >= 0)
                k = playback_next(t->playback, &t->b);
        if (k < 0)
                return fail(t, k);
        if (k == 0) {
                snprintf(t->why, sizeof(t->why), "%s: the recording holds no samples", t->path);
                return -EBADMSG;
        }
        t->first_us = t->b.t_us;
        t->base_us = t->b.t_us = base_us;
        return 0;
}

int tape_open(struct tape *t, const char *path, const struct profiles *profiles, double speed, bool loop) {
        int k;

        *t = (struct tape){.path = path, .profiles = profiles, .speed = speed, .loop = loop};
        k = begin_round(t, 0);
        t->a = t->b;
        return k;
}

void tape_close(struct tape *t) {
        playback_free(TAKE_PTR(t->playback));
}

static int next_round(struct tape *t) {
        struct sample last = t->b;
        int k;

        playback_free(TAKE_PTR(t->playback));
        k = begin_round(t, last.t_us + BETWEEN_ROUNDS_US);
        t->a = last;
        return k;
}

static double mix(double a, double b, double share) {
        return a + (b - a) * share;
}

int tape_at(struct tape *t, uint64_t elapsed_us, struct sample *ret) {
        uint64_t at_us = (uint64_t) ((double) elapsed_us * t->speed);
        double share;
        int k;

        while (!t->ended && t->b.t_us < at_us) {
                k = advance(t);
                if (k == 0 && t->loop)
                        k = next_round(t);
                else if (k == 0)
                        t->ended = true;
                if (k < 0)
                        return k;
        }
        *ret = t->b;
        ret->lost = 0;
        ret->flags = 0;
        if (t->ended) {
                memset(ret->w_radps, 0, sizeof(ret->w_radps));
                return 0;
        }
        share = t->b.t_us > t->a.t_us && at_us >= t->a.t_us
                ? (double) (at_us - t->a.t_us) / (double) (t->b.t_us - t->a.t_us)
                : 1;
        for (unsigned i = 0; i < 3; i++) {
                ret->f_mps2[i] = mix(t->a.f_mps2[i], t->b.f_mps2[i], share);
                ret->w_radps[i] = mix(t->a.w_radps[i], t->b.w_radps[i], share);
        }
        return 1;
}
