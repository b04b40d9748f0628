/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Hypotheses about where in its round trip the bar is, weighed against each other.
 *
 *     HOME --> OUT --> FAR --> BACK --> HOME      out is the first movement of a rep: down in a squat, up in a deadlift
 *
 * A slow lowering is inertially the same as rest; what came before and what follows tells them apart. So nothing is
 * decided at once: each hypothesis follows the motion with its own filter, pays for what it finds unlikely, in nats
 * (negative logarithms of probability), and the best of them is believed once its round trip is over. */

#include <repcast/attitude.h>
#include <repcast/cycle.h>
#include <repcast/vertical.h>

#define BEAM_WIDTH      24u
#define BEAM_TICKS      5u   /* of 10 ms between two weighings, */
#define BEAM_REST_TICKS 100u /* while nothing moves the bar, */
#define BEAM_LONG_TICKS 400u /* and when after ... */
#define BEAM_LONG_RESTS 10u  /* such weighings in a row all is decided that went before */

struct beam_params {
        double rest_mps; /* how still a hold is: sigma of velocity averaged over 1 s, m/s, 0.002 to 0.2; 0.015 */
        double racked_mps; /* the same before a set, with nobody touching the bar, m/s, 0.0005 to 0.1; 0.004 */
        double turn_mps; /* sigma of velocity where one movement turns into the other, m/s, 0.002 to 0.2; 0.03 */
        double close_m;  /* a round trip ends where it began: sigma, m, 0.01 to 0.5; 0.04 */
        double reach;    /* the bar stays about its place: sigma of position averaged over 1 s, usual ROMs,
                              0.1 to 10; 0.35 */
        double reach_mps; /* and of velocity, m/s, 0.1 to 10; 1 */
        double sure_mps;  /* a movement is sure that was this fast beyond one sigma, m/s, 0.005 to 0.5; 0.06 */
        double certain;   /* nats by which it leads all hypotheses that do not know it; before a set twice that,
                              0 to 20; 4 */
        double confirm_s; /* a round trip is believed so long after its end, s, 0.1 to 2; 0.7 */
        double width;     /* hypotheses that survive a weighing, 1 to BEAM_WIDTH; BEAM_WIDTH */
};

enum leg {
        LEG_HOME,  /* at rest where a rep begins */
        LEG_OUT,   /* first movement */
        LEG_FAR,   /* at rest at its end */
        LEG_BACK,  /* second movement */
        LEG_LOOSE, /* movement that belongs to no rep */
        _LEG_MAX,
};

/* One round trip. */
struct lap {
        uint64_t hold_us; /* start of the hold before it */
        uint64_t out_us, far_us, back_us, home_us;
        float out_m, back_m;     /* travel */
        float out_rad, back_rad; /* turned on the way */
        float b[3], P[3][3];     /* bias at its start */
        bool up_first;
        bool cold;  /* the sensor had not been still for a second before it, ever */
        bool whole; /* its start was seen */
};

struct hypothesis {
        struct vertical motion; /* p = 0 at home */
        enum leg leg;
        bool up_first;
        bool pending;      /* done is a lap that was not taken yet */
        unsigned laps;     /* since the start */
        double score;      /* behind the best hypothesis, nats, 0 or less */
        uint64_t since_us; /* start of this leg */
        double far_m;      /* position of the far end */
        float turn_rad;    /* turned in this leg */
        float peak_mps;    /* in this leg: greatest speed that was sure */
        float against,
                flat; /* nats charged in this leg for velocity against its direction, for too even an acceleration */
        struct lap lap, done; /* the running one, the one before */
};

/* What the hypotheses that hold the bar to go one way, or to rest, say together. */
struct beam_claim {
        double p;                          /* probability */
        uint64_t since_us;                 /* of the best of them: since when, */
        double v_mps, sigma_mps, travel_m; /* how fast, how sure of that, how far by now */
};

struct beam_view {
        struct beam_claim down, up, hold;
        double loose;      /* probability of what belongs to no rep */
        double a_mps2;     /* of the last 30 ms, less the bias of the best hypothesis */
        double swell_mps2; /* the same of 0.1 s: tremor is not in it any more */
};

struct beam {
        struct beam_params params;
        struct vertical_params vertical;
        double bias_P[3][3]; /* what is known of the accelerometer's bias when it starts */
        double rom_min_m, rom_typical_m;
        double rom_m;         /* of this lifter; 0 = not known yet */
        uint64_t rom_from_us; /* round trips that set out before tell nothing but what it was learned from */
        enum exercise_start order;

        bool started, rested, quiet;
        uint64_t now_us;
        struct vertical_step step; /* motion since the last weighing */
        unsigned ticks;
        unsigned rests;                /* weighings in a row at rest */
        double turn_rad;               /* turned in it */
        double a_mps2;                 /* mean acceleration in it */
        double a_fast, a_slow, ripple; /* the same low-passed over 0.12 and 0.7 s; variance of the difference */
        double quiet_s;
        unsigned n;
        struct hypothesis hypotheses[BEAM_WIDTH]; /* best first */
        struct beam_view view;
};

void beam_init(struct beam *b, const struct beam_params *params, const struct vertical_params *vertical,
        const struct exercise *exercise);

/* Forget all motion. From here on bias_P is the covariance of the bias in the motion. */
void beam_reset(struct beam *b);
void beam_trust(struct beam *b, double bias_P[3][3]);

/* What the set has shown: the order of the movements, the lifter's ROM (0 = nothing yet) and from when on that foretells others'. */
void beam_expect(struct beam *b, enum exercise_start order, double rom_m, uint64_t rom_from_us);

/* Take the motion of a tick. lies: no movement can have begun, by what the tracker feels. Returns true if
 * that completed a round trip. */
bool beam_push(struct beam *b, const struct motion *m, bool lies, uint64_t t_us, struct cycle *ret);

/* Start of the round trip that is most likely under way, or now. */
uint64_t beam_begun(const struct beam *b);

/* What they say by now: odds as of the last weighing, speeds as of the newest motion. False before the first weighing. */
bool beam_look(const struct beam *b, struct beam_view *ret);

/* The stream ends here. Returns true if that completes a round trip. */
bool beam_flush(struct beam *b, struct cycle *ret);
