/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Follows the bar: which way it moves now, and which movements it has made.
 *
 * Motion goes in tick by tick, already turned onto the muscle axis, on which the eccentric is down. Out come at once
 * the running mode, velocity and position, and later complete cycles with the filter's knowledge at their start,
 * which is what the per-rep correction needs. A tracker that weighs several hypotheses gives the same. */

#include <repcast/attitude.h>
#include <repcast/cycle.h>
#include <repcast/history.h>
#include <repcast/vertical.h>

struct tracker_params {
        double start_mps;    /* a movement has begun: speed, m/s, 0.005 to 0.3; 0.03 */
        double start_sigmas; /* and in units of the filter's own doubt, 0.5 to 5; 2.5 */
        double look_sigmas;  /* the same for slow movements that are looked for in hindsight, 0.5 to 5; 1.5 */
        double start_s;      /* for so long, s, 0.01 to 0.5; 0.06 */
        double stop_mps;     /* a movement has ended: speed, m/s, 0.005 to 0.3; 0.022 */
        double stop_sigmas;  /* 0.2 to 5; 1.5 */
        double stop_s;       /* s, 0.02 to 1; 0.15 */
        double stop_share;   /* but no more than this share of the movement's peak speed, 0.05 to 0.9; 0.35 */
        double doubt_mps;    /* doubt raises neither threshold beyond this, m/s, 0.02 to 1; 0.12 */
        double rest_mps; /* how still a hold is: sigma of velocity averaged over 1 s, m/s, 0.002 to 0.2; 0.015 */
        double racked_mps;  /* the same before a set, with nobody touching the bar, m/s, 0.0005 to 0.1; 0.004 */
        double turn_mps;    /* sigma of velocity at the end of a movement, m/s, 0.002 to 0.2; 0.03 */
        double flat_mps2;   /* rms change of acceleration in a steady hold, m/s2, 0.01 to 1; 0.05 */
        double flat_radps;  /* rate of turn in a steady hold, rad/s, 0.01 to 1; 0.1 */
        double steady_mps2; /* acceleration steady within this, m/s2, 0.002 to 0.1; 0.01 */
        double steady_s; /* for so long, any movement has ended, s, 0.5 to 5; 2.3: a minimum-jerk negative of 8 s comes to 2.1 */
        double rewind_s; /* a movement out of a hold is followed from so long before it was noticed, s, 0 to 2; 1.5 */
        double reach; /* the bar stays about its place: sigma of position averaged over 1 s, usual ROMs, 0.1 to 10; 0.35 */
        double reach_mps; /* and of velocity, m/s, 0.1 to 10; 1 */
        double close_m;   /* a cycle ends where it began: sigma, m, 0.01 to 0.5; 0.04 */
};

enum track_mode {
        TRACK_IDLE, /* nothing known, or at rest for long */
        TRACK_DOWN,
        TRACK_BOTTOM,
        TRACK_UP,
        TRACK_TOP,
        _TRACK_MODE_MAX,
};

enum track_event {
        TRACK_GOES_DOWN,
        TRACK_GOES_UP,
        TRACK_STOPS,
        TRACK_TIRES, /* a hold lasted for the set gap */
        TRACK_LOSES, /* the timeline broke off */
        _TRACK_EVENT_MAX,
};

#define TRACKER_SNAPSHOTS 7u

struct tracker {
        struct tracker_params params;
        struct vertical_params vertical_params;
        double rom_typical_m;
        double idle_s;         /* a hold longer than this is no part of a lift: the exercise's set gap */
        bool started, watched; /* there is a belief; there are means of what was felt */
        enum track_mode mode;
        struct vertical vertical;
        struct vertical_step step; /* not yet in it: while the bar lies it is advanced now and then */
        unsigned ticks;            /* of the step */
        double bias_P[3][3];       /* what is known of the accelerometer's bias when it starts */
        struct cycler cycler;

        double doubt;                    /* in the sensor: scales the drift of its bias, 1 to 100 */
        double a_mean, a_var, turn_mean; /* of the last 0.3 s */
        double turn_mps2;                /* of the newest motion */
        double a_anchor;                 /* where a_mean stood when it was last unsteady */
        double flat_s, steady_s;         /* in this mode without shaking, without change, for so long */
        double even_anchor, even_s; /* a_mean stood within noise of this for so long, whatever the mode was */
        double toward_s, against_s; /* above the start threshold downwards, upwards; in a move: with, against */
        double slow_s;              /* below the stop threshold */
        uint64_t crossed_us;        /* velocity last changed its sign */
        int sign;
        uint64_t hold_us; /* start of the running hold */
        bool rested;      /* there has been a steady second */
        bool begun;       /* the running movement is more than a blip */
        struct move move; /* the running movement */
        double move_peak; /* its greatest speed so far */
        double made_m; /* its travel so far: the integral of velocity, which corrections of position do not touch */

        struct vertical snapshots[TRACKER_SNAPSHOTS]; /* every 0.25 s of a hold */
        unsigned n_snapshots;
        unsigned snapshot_age; /* ticks since the newest of them */
        unsigned reach_ticks;
};

struct track {
        enum track_mode mode;
        bool changed;       /* mode is new, since */
        uint64_t border_us; /* this instant */
        double held_s;      /* in a hold for so long */
        bool put_down;      /* it hit something, and has been silent since: it lies there */
        bool rests;         /* nobody touches the bar, and nothing moves it */
        bool lies;          /* the same of a hold, less exactly: no movement has begun in it */
        double v_mps, p_m;  /* up is positive; p is 0 where the cycle began */
        double sigma_mps;   /* of v */
        enum cycle_result result;
        struct cycle cycle; /* with result CYCLE_DONE, or CYCLE_STRAY (first only) */
};

/* Which mode follows. The whole state machine. */
enum track_mode track_next(enum track_mode mode, enum track_event event);

void tracker_init(struct tracker *t, const struct tracker_params *params, const struct cycle_params *cycle,
        const struct vertical_params *vertical, const struct exercise *exercise);

/* Covariance of the bias that is in the motion from here on. The tracker starts with it; one that runs already starts
 * anew from rest, and forgets what it followed. */
void tracker_trust(struct tracker *t, double bias_P[3][3]);

/* What it knows of the accelerometer's bias now. */
void tracker_bias(const struct tracker *t, struct bias *ret);

/* Take the motion of the tick that is also the newest of the history. */
void tracker_push(struct tracker *t, const struct motion *m, const struct history *h, struct track *ret);

/* The stream ends here: a running movement ends with it. Returns what that makes of the running cycle. */
enum cycle_result tracker_flush(struct tracker *t, uint64_t end_us, struct cycle *ret);

/* What was believed of the motion cannot be; what was felt, and for how long it was even, stays as it is. */
void tracker_disbelieve(struct tracker *t);

/* Forget all motion: the timeline breaks off. */
void tracker_lose(struct tracker *t);
