/* SPDX-License-Identifier: Apache-2.0 */
/* Any samples in the signal core: whatever it tells is in order and in range, and good data from a bar at rest bring it
 * back to rest.
 *
 * First byte: which lift. Then records: kind (1 byte) and
 *     0  one sample as a sensor sends it: interval in 100 us (2), six 16-bit counts at +-16 g and +-2000 deg/s (12)
 *     1  one sample of any bits: instant (8), six doubles (48)
 *     2  the last sample again and again: how often (1)
 *     3  up and down: samples (1), amplitude in 4 mm/s2 (1), samples a cycle (1)
 *     4  a leap in time: microseconds (8), from now
 * All little-endian. */

#include <errno.h>
#include <math.h>
#include <string.h>

#include <repcast/core.h>

#include "fuzz.h"
#include "util/bytes.h"
#include "util/macros.h"

#define TICK_US       10000
#define TICKS_PER_S   100
#define RIGHT_AGAIN_S 8
#define QUIET_UNTIL_S 11

static const struct exercise lifts[] = {
        {"squat", "", EXERCISE_START_TOP, EXERCISE_ECCENTRIC_DOWN, EXERCISE_MOUNT_BAR, EXERCISE_LOADED_TOP,
                true, 0.2, 0.55, 90, 15},
        {"deadlift", "", EXERCISE_START_BOTTOM, EXERCISE_ECCENTRIC_DOWN, EXERCISE_MOUNT_BAR, 0, false, 0.25,
                0.55, 90, 20},
        {"press", "", EXERCISE_START_EITHER, EXERCISE_ECCENTRIC_DOWN, EXERCISE_MOUNT_BAR, 0, true, 0.15, 0.5,
                90, 12},
        {"pull-down", "", EXERCISE_START_BOTTOM, EXERCISE_ECCENTRIC_UP, EXERCISE_MOUNT_BAR, 0, false, 0.15, 0.5,
                90, 12},
        {"sled", "", EXERCISE_START_TOP, EXERCISE_ECCENTRIC_DOWN, EXERCISE_MOUNT_SLED, 0, true, 0.15, 0.45, 30,
                12},
};

static struct core core;
static uint64_t now_us;

static bool share(double x) {
        return x >= 0 && x <= 1;
}

static bool known_or_not(double x) {
        return isnan(x) || (isfinite(x) && x >= 0);
}

static void check_rep(const struct rep *r) {
        uint64_t last_us = r->start_us;

        must(r->set > 0 && r->rep > 0 && r->start_us < r->end_us);
        must(r->n_phases == 2 || r->n_phases == 3);
        for (unsigned i = 0; i < r->n_phases; i++) {
                must(r->phases[i].phase < _PHASE_TEMPO_MAX);
                must(r->phases[i].start_us == last_us && r->phases[i].end_us > last_us);
                last_us = r->phases[i].end_us;
        }
        must(last_us == r->end_us);
        for (unsigned i = 0; i < _PHASE_TEMPO_MAX; i++)
                must(known_or_not(r->tempo_s[i]));
        must(isfinite(r->rom_m) && r->rom_m > 0);
        must(isfinite(r->eccentric.mean_mps) && r->eccentric.mean_mps > 0 && r->eccentric.peak_mps > 0);
        must(isfinite(r->concentric.mean_mps) && r->concentric.mean_mps > 0 && r->concentric.peak_mps > 0);
        must(known_or_not(r->pause_before_s) && known_or_not(r->velocity_loss_pct) && known_or_not(r->mpv_mps));
        must(isfinite(r->tut_s) && r->tut_s > 0 && share(r->confidence));
        must(r->loss_pct >= 0 && r->loss_pct <= 100);
}

static void check_set(const struct set *s) {
        must(s->end < _SET_END_MAX && s->n_reps <= SET_REPS_MAX);
        must(s->n_reps == 0 || s->start_us < s->end_us);
        for (unsigned i = 0; i < s->n_reps; i++)
                must(s->reps[i].start_us < s->reps[i].end_us && s->reps[i].end_us <= s->end_us &&
                        (i == 0 || s->reps[i].start_us >= s->reps[i - 1].end_us));
        must(isfinite(s->tut_s));
}

static void check_live(void) {
        struct live live;

        core_live(&core, &live);
        must(live.phase < _PHASE_MAX && isfinite(live.phase_s) && isfinite(live.velocity_mps));
        must(isnan(live.position_m) || isfinite(live.position_m));
        must(isnan(live.rom_share) || share(live.rom_share));
}

static void drain(void) {
        const struct event *e;

        while ((e = core_next(&core))) {
                must(e->type < _EVENT_MAX);
                if (e->type == EVENT_REP)
                        check_rep(&e->rep);
                if (e->type == EVENT_SET)
                        check_set(e->set);
                if (e->type == EVENT_REJECTED)
                        must(e->rejected.reason < _REJECTED_MAX && known_or_not(e->rejected.rom_m));
                if (e->type == EVENT_PHASE)
                        must(e->phase.phase < _PHASE_MAX);
        }
        check_live();
}

static void push(const struct sample *s) {
        int k = core_push(&core, s);

        must(k == 0 || k == -EINVAL || k == -ESTALE);
        drain();
}

static void read_counts(struct bytes *b, struct sample *s) {
        now_us += 100 * (uint64_t) bytes_le16(b);
        s->t_us = now_us;
        for (unsigned i = 0; i < 3; i++)
                s->f_mps2[i] = (int16_t) bytes_le16(b) * (16 * STANDARD_GRAVITY_MPS2 / 32768);
        for (unsigned i = 0; i < 3; i++)
                s->w_radps[i] = (int16_t) bytes_le16(b) * (2000 * M_PI / 180 / 32768);
        s->flags = fabs(s->f_mps2[0]) > 15.99 * STANDARD_GRAVITY_MPS2 ? SAMPLE_CLIPPED : 0;
}

static void read_bits(struct bytes *b, struct sample *s) {
        s->t_us = bytes_le64(b);
        for (unsigned i = 0; i < 3; i++) {
                uint64_t f = bytes_le64(b), w = bytes_le64(b);

                memcpy(&s->f_mps2[i], &f, sizeof(f));
                memcpy(&s->w_radps[i], &w, sizeof(w));
        }
}

/* z up, moving by amplitude sin(2 pi k / cycle). */
static void sway(unsigned n, double amplitude_mps2, unsigned cycle) {
        for (unsigned k = 0; k < n; k++) {
                struct sample s = {.t_us = now_us += TICK_US};

                s.f_mps2[2] = STANDARD_GRAVITY_MPS2 + amplitude_mps2 * sin(2 * M_PI * k / cycle);
                push(&s);
        }
}

/* Good data again, from a bar at rest: the core knows that it rests, and from then on it stays so. Of a blow 0.3 m/s2 may
 * be left in the tracker's mean of 0.3 s, which is steady when it keeps within 4 mm/s2 of an anchor for 2.3 s. 1.3 s bring
 * it down to the band; if it is anchored there by a hair e outside, it has to leave that once more, after 0.3 s ln(4 mm/s2
 * / e). Eight seconds are enough for a hair of 2 nm/s2. */
static void check_recovery(void) {
        struct live live;

        sway(RIGHT_AGAIN_S * TICKS_PER_S, 0, 1);
        for (unsigned s = RIGHT_AGAIN_S; s < QUIET_UNTIL_S; s++) {
                core_live(&core, &live);
                must(!live.moving && fabs(live.velocity_mps) <= 0);
                sway(TICKS_PER_S, 0, 1);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bytes b = bytes_of(data, size);
        struct sample s = {.f_mps2 = {0, 0, STANDARD_GRAVITY_MPS2}};

        must(core_init(&core, NULL, &lifts[bytes_u8(&b) % ARRAY_SIZE(lifts)], NULL) == 0);
        now_us = 1000000;
        while (!b.failed) {
                unsigned n, amplitude, cycle;

                switch (bytes_u8(&b) % 5) {
                case 0:
                        read_counts(&b, &s);
                        push(&s);
                        break;
                case 1:
                        read_bits(&b, &s);
                        push(&s);
                        break;
                case 2:
                        for (n = bytes_u8(&b); n > 0; n--) {
                                s.t_us = now_us += TICK_US;
                                push(&s);
                        }
                        break;
                case 3:
                        n = bytes_u8(&b);
                        amplitude = bytes_u8(&b);
                        cycle = 1 + bytes_u8(&b);
                        sway(n, 0.004 * amplitude, cycle);
                        break;
                case 4:
                        now_us = (now_us + bytes_le64(&b)) % (UINT64_MAX / 4);
                        break;
                }
        }
        check_recovery();
        core_flush(&core);
        drain();
        return 0;
}
