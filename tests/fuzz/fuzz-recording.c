/* SPDX-License-Identifier: Apache-2.0 */
/* Any file as a recording: reader, decoder and timebase behind playback. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include "fuzz.h"
#include "hub/playback.h"

static void check(const struct sample *s, uint64_t *last_us, bool *any) {
        must(!*any || s->t_us > *last_us);
        for (unsigned i = 0; i < 3; i++) {
                must(fabs(s->f_mps2[i]) <= RECORDING_FORCE_MAX_MPS2);
                must(fabs(s->w_radps[i]) <= RECORDING_RATE_MAX_RADPS);
        }
        *last_us = s->t_us;
        *any = true;
}

static void fault(const char *text, void *userdata) {
        (void) userdata;
        fprintf(stderr, "%s\n", text);
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static struct profiles set;
        struct faults faults = {.sink = fault};
        FILE *f = fmemopen((void *) (uintptr_t) data, size, "r");
        struct playback *p = NULL;
        struct sample sample;
        uint64_t last_us = 0;
        bool any = false;
        int k;

        if (!f)
                return 0;
        if (set.n == 0) /* once: it takes longer than most recordings */
                must(profiles_load_builtin(&set, &faults) == 0);
        k = playback_open_stream(f, "x", &set, &p);
        must(p);
        while (k >= 0 && (k = playback_next(p, &sample)) > 0)
                check(&sample, &last_us, &any);
        if (k < 0) { /* a fault has words, and is final */
                must(k == -EBADMSG);
                must(strncmp(playback_error(p), "x:", 2) == 0);
                must(playback_next(p, &sample) == k);
        } else
                must(any || *playback_get_info(p).header->profile); /* a sensor's packets may hold none */
        must(playback_get_position(p).bytes <= size);
        playback_free(p);
        fclose(f);
        return 0;
}
