/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* From single movements, down and up, to cycles of an eccentric and a concentric. */

#include <stdbool.h>
#include <stdint.h>

#include <repcast/exercise.h>

struct cycle_params {
        double blip_m;     /* a movement shorter than this, or than blip_share of the least ROM, is none, m,
                              0.005 to 0.1; 0.03 */
        double blip_share; /* 0 to 0.5; 0.25 */
        double first_share; /* a first movement shorter than this share of the least ROM begins no cycle, 0 to 1; 0.7 */
        double return_share; /* a second movement this long has come back, share of the first,
                                0.5 to 1; 0.7 */
        double bounce_share; /* one shorter than this, then turning again, was a bounce, 0.1 to 0.6; 0.4 */
        double confirm_s;    /* hold after it until it is believed to be over, s, 0.1 to 2; 0.3 */
        double hesitate_s;   /* longest hold inside one movement, s, 0.2 to 10; 2 */
        double settle_s;     /* a short second movement is taken as the whole after this hold, s, 0.2 to 5; 1 */
        double hold_s;       /* longest hold between the two movements, s, 1 to 20; 10 */
};

/* What the vertical filter knew of the accelerometer's bias at an instant. */
struct bias {
        double b[3], P[3][3];
};

/* A movement in one direction. On the muscle axis the eccentric is down, whichever way the bar goes. */
struct move {
        bool up;
        uint64_t start_us, end_us; /* as found live; a look back improves on them */
        double travel_m;
        double turn_rad;         /* turned on the way */
        uint64_t still_since_us; /* start of the hold before it; start_us without one */
        struct bias bias;        /* at its start */
        bool cold;               /* the sensor had not been still for a second before it, ever */
};

struct cycle {
        struct move first, second;
        bool swung;        /* the sensor turned with it, so where its strokes begin and end was seen */
        uint64_t until_us; /* the hold after it lasted until here so far: to the next movement, or to now */
};

enum cycle_state {
        CYCLE_EMPTY,  /* waiting for a first movement */
        CYCLE_FIRST,  /* first movement made */
        CYCLE_SECOND, /* second movement made, but it has not come back far enough */
        _CYCLE_STATE_MAX,
};

struct cycler {
        struct cycle_params params;
        enum exercise_start order; /* which movement is the first; EITHER: whichever comes */
        double blip_m, most_m;     /* least and greatest travel of a movement */
        double least_m, usual_m;   /* least travel of a first movement; the exercise's usual one */
        enum cycle_state state;
        struct cycle cycle;
};

enum cycle_result {
        CYCLE_NONE,
        CYCLE_DONE,  /* *ret is a cycle */
        CYCLE_STRAY, /* ret->first is a movement without a partner */
};

void cycle_init(struct cycler *c, const struct cycle_params *params, const struct exercise *exercise);
void cycle_reset(struct cycler *c);

/* A movement started in this direction at that instant; it ended (still: in a hold); all has been still for so long. */
enum cycle_result cycle_begin(struct cycler *c, bool up, uint64_t start_us, struct cycle *ret);
enum cycle_result cycle_move(struct cycler *c, const struct move *move, bool still, struct cycle *ret);
enum cycle_result cycle_still(struct cycler *c, double still_s, struct cycle *ret);

/* The stream ends: a cycle that has come back far enough counts as it is. */
enum cycle_result cycle_flush(struct cycler *c, struct cycle *ret);

/* The cycle last handed out, a slow one, had only hesitated: this movement, a stray one, goes on with its second one. Returns
 * true if so; *ret is all of it. */
bool cycle_goes_on(struct cycler *c, const struct move *move, struct cycle *ret);

/* The cycle last handed out was not one: its second movement may be the first of the next (order EITHER). */
void cycle_refuse(struct cycler *c, const struct cycle *cycle);
