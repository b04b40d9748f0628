/* SPDX-License-Identifier: Apache-2.0 */
/* Two signs of a bar that nobody holds any more:
 *
 *     free fall   what falls feels no weight: |f| under a quarter of g for longer than 80 ms. By then it has fallen 3 cm and
 *                 gained 0.8 m/s; the fastest lowering on purpose takes away a third of the weight for as long. A bar that
 *                 is thrown up flies for v/g before it falls: that time does not count.
 *     unbraked    v^2 / (2 way left): the deceleration that would still stop it at the deepest point. A fast lowering needs
 *                 0.5 g at most (0.55 m in 0.7 s, a single bell), 1.2 g in 0.5 s; above 1.5 g it is taken as lost.
 *
 * Only for lifts with the lifter under the bar. A free fall is told within a set and in the eccentric that may begin one; how
 * much way is left is not known before a set has shown its range. */

#include "coach/safety.h"

#include <math.h>
#include <stddef.h>

#include "util/macros.h"
#include "util/seconds.h"

#define GAP_US  UINT64_C(50000)   /* a hole in the samples ends whatever was going on */
#define HOLD_US UINT64_C(20000)   /* a figure of one sample is none */
#define REST_US UINT64_C(3000000) /* a bar that bounces is one alarm */
#define LEAST_M 0.1               /* the way left is not known better while the bar moves fast */

static const char *const kinds[_ALARM_KIND_MAX] = {
        [ALARM_FREE_FALL] = "free_fall",
        [ALARM_UNBRAKED] = "unbraked",
};

const char *alarm_kind_to_string(enum alarm_kind kind) {
        return kind < _ALARM_KIND_MAX ? kinds[kind] : NULL;
}

void safety_init(struct safety *s) {
        *s = (struct safety){.fall_us = 0};
}

static bool is_weightless(const struct safety_params *params, const struct sample *sample) {
        const double *f = sample->f_mps2;
        double most = params->weight * STANDARD_GRAVITY_MPS2;

        return f[0] * f[0] + f[1] * f[1] + f[2] * f[2] < most * most;
}

static bool is_unbraked(const struct safety_params *params, const struct live *live) {
        double v = -live->velocity_mps;

        if (live->set == 0 || live->phase != PHASE_ECCENTRIC || !(live->rom_m > 0) ||
                !isfinite(live->position_m))
                return false;
        return v > params->speed_share * sqrt(2 * STANDARD_GRAVITY_MPS2 * live->rom_m) &&
                v * v / (2 * fmax(live->position_m, LEAST_M)) > params->brake * STANDARD_GRAVITY_MPS2;
}

static void follow(uint64_t *since_us, bool is_so, uint64_t now_us) {
        if (!is_so)
                *since_us = 0;
        else if (*since_us == 0)
                *since_us = now_us;
}

bool safety_push(struct safety *s, const struct safety_params *params, const struct sample *sample,
        const struct live *live, bool under_bar, struct alarm *ret) {
        uint64_t now_us = sample->t_us, fall_us = (uint64_t) (params->fall_s * 1e6);
        bool watched = under_bar && (live->set > 0 || (live->moving && live->phase == PHASE_ECCENTRIC));

        if (now_us > s->last_us + GAP_US || sample->lost > 0)
                s->fall_us = s->unbraked_us = 0;
        s->last_us = now_us;
        if (s->fall_us == 0)
                s->flight_us = (uint64_t) (fmax(live->velocity_mps, 0) / STANDARD_GRAVITY_MPS2 * 1e6);
        follow(&s->fall_us, watched && is_weightless(params, sample), now_us);
        follow(&s->unbraked_us, watched && is_unbraked(params, live), now_us);

        uint64_t since_us = s->fall_us + s->flight_us;
        bool falls = s->fall_us != 0 && now_us > since_us + fall_us;
        bool unbraked = s->unbraked_us != 0 && now_us >= s->unbraked_us + HOLD_US;
        if ((!falls && !unbraked) || (s->told_us != 0 && now_us < s->told_us + REST_US))
                return false;
        s->told_us = now_us;
        *ret = (struct alarm){
                .kind = falls ? ALARM_FREE_FALL : ALARM_UNBRAKED,
                .set = live->set,
                .rep = live->rep,
                .start_us = falls ? since_us : now_us - (uint64_t) (fmax(live->phase_s, 0) * 1e6),
                .fall_s = falls ? seconds(since_us, now_us) : (double) NAN,
                .speed_mps = fmax(
                        -live->velocity_mps, falls ? STANDARD_GRAVITY_MPS2 * seconds(since_us, now_us) : 0),
                .latency_us = falls ? now_us - since_us - fall_us : now_us - s->unbraked_us,
        };
        return true;
}
