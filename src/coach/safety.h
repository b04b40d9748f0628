/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A bar that falls onto its lifter. An alarm for people nearby, not a safety device: a radio link and a broker lie between. */

#include <repcast/event.h>
#include <repcast/sample.h>

struct safety_params {
        double fall_s; /* a free fall that lasts longer, s, 0.03 to 0.5; 0.08 */
        double weight; /* the sensor feels less than this share of its weight while it falls, 0.05 to 0.6; 0.25 */
        double brake;       /* stopping at the deepest point would take more than so many g, 0.5 to 5; 1.5 */
        double speed_share; /* and it is faster than this share of a free fall from the top, 0.1 to 1; 0.4 */
};

enum alarm_kind {
        ALARM_FREE_FALL,
        ALARM_UNBRAKED,
        _ALARM_KIND_MAX,
};

struct alarm {
        enum alarm_kind kind;
        uint32_t set, rep;   /* 0 = not known yet */
        uint64_t start_us;   /* of the fall, or of the eccentric */
        double fall_s;       /* so far; NAN = not a free fall */
        double speed_mps;    /* downwards, as far as it is known */
        uint64_t latency_us; /* from the instant at which it was one to the sample that showed it */
};

struct safety {
        uint64_t fall_us;     /* since when it feels no weight; 0 = it does */
        uint64_t flight_us;   /* of that, so long it still rises */
        uint64_t unbraked_us; /* since when it is too fast to be braked; 0 = it is not */
        uint64_t last_us;
        uint64_t told_us; /* of the newest alarm; 0 = none */
};

void safety_init(struct safety *s);

/* Each sample with the live figures after it. under_bar: of the exercise; others are never watched. Returns true once for
 * each fall. */
bool safety_push(struct safety *s, const struct safety_params *params, const struct sample *sample,
        const struct live *live, bool under_bar, struct alarm *ret);

const char *alarm_kind_to_string(enum alarm_kind kind);
