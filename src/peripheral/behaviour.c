/* SPDX-License-Identifier: Apache-2.0 */
/* The plan from the sensor's side. */

#include "peripheral/behaviour.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_written(const struct gatt_step *s) {
        return s->action == GATT_WRITE || s->action == GATT_SEND;
}

static uint32_t all_writes(const struct gatt_sequence *s) {
        uint32_t bits = 0;

        for (unsigned i = 0; i < s->n_steps; i++)
                if (is_written(&s->steps[i]))
                        bits |= UINT32_C(1) << i;
        return bits;
}

/* The steps of the sequence that this write is. */
static uint32_t matches(
        const struct gatt_sequence *s, unsigned characteristic, const uint8_t *bytes, size_t n) {
        uint32_t bits = 0;

        for (unsigned i = 0; i < s->n_steps; i++) {
                const struct gatt_step *step = &s->steps[i];

                if (is_written(step) && step->characteristic == characteristic && step->n_bytes == n &&
                        memcmp(step->bytes, bytes, n) == 0)
                        bits |= UINT32_C(1) << i;
        }
        return bits;
}

/* Is this write what the sequence ends with? */
static bool completes(const struct gatt_sequence *s, unsigned characteristic, const uint8_t *bytes, size_t n) {
        uint32_t all = all_writes(s), now = matches(s, characteristic, bytes, n);

        return now > all / 2; /* its highest bit is there */
}

int behaviour_init(struct behaviour *b, const struct profile *profile, unsigned rate) {
        int k;

        *b = (struct behaviour){.profile = profile, .rate = rate};
        b->plans = calloc(profile->n_rates, sizeof(*b->plans));
        if (!b->plans)
                return -ENOMEM;
        for (unsigned i = 0; i < profile->n_rates; i++) {
                k = profile_plan(profile, profile->rates[i].hz, &b->plans[i]);
                if (k < 0) {
                        behaviour_done(b);
                        return k;
                }
        }
        behaviour_reset(b);
        return 0;
}

void behaviour_done(struct behaviour *b) {
        free(b->plans);
        b->plans = NULL;
}

void behaviour_reset(struct behaviour *b) {
        memset(b->seen, 0, sizeof(b->seen));
        b->idle = false;
        b->started = all_writes(&b->plans[b->rate].init) == 0;
}

static void take_init(struct behaviour *b, unsigned characteristic, const uint8_t *bytes, size_t n) {
        bool complete[PROFILE_RATES_MAX] = {false};
        unsigned found = PROFILE_RATES_MAX;

        for (unsigned i = 0; i < b->profile->n_rates; i++) {
                uint32_t now = matches(&b->plans[i].init, characteristic, bytes, n);

                b->seen[i] |= now;
                complete[i] = now != 0 && b->seen[i] == all_writes(&b->plans[i].init);
                if (complete[i] && found == PROFILE_RATES_MAX)
                        found = i;
        }
        if (found == PROFILE_RATES_MAX)
                return;
        if (!complete[b->rate]) /* a plan that does not write the rate fits every one: the sensor's stays */
                b->rate = found;
        b->started = true;
        b->idle = false;
}

bool behaviour_write(struct behaviour *b, unsigned characteristic, const uint8_t *bytes, size_t n) {
        const struct gatt_plan *plan = &b->plans[b->rate];

        /* What puts it to sleep is for some the same write as what stops it; both are followed by init or by wake. */
        if (b->started && !b->idle && completes(&plan->idle, characteristic, bytes, n)) {
                b->idle = true;
                return false;
        }
        if (b->idle && completes(&plan->wake, characteristic, bytes, n)) {
                b->idle = false;
                return false;
        }
        if (completes(&plan->stop, characteristic, bytes, n)) {
                behaviour_reset(b);
                b->started = false; /* and on: some plans begin with a stop */
        }
        take_init(b, characteristic, bytes, n);
        return matches(&plan->poll, characteristic, bytes, n) != 0;
}

void behaviour_moved(struct behaviour *b) {
        if (b->plans[b->rate].idle_kind == GATT_IDLE_MOTION)
                b->idle = false;
}

double behaviour_rate_hz(const struct behaviour *b) {
        const struct gatt_plan *plan = &b->plans[b->rate];

        if (!b->started)
                return 0;
        if (b->idle)
                return plan->idle_kind == GATT_IDLE_SLOW ? plan->idle_hz : 0;
        return b->profile->rates[b->rate].hz;
}
