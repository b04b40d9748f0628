/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the signal core tells: one tagged type for phase borders, reps, sets, rejected movements and amendments.
 *
 * Instants are microseconds on the clock of the samples. Figures are along the path of the lift (for a sled on
 * an incline: along the rails). A figure that cannot be known is NAN, never a guess. */

#include <stdbool.h>
#include <stdint.h>

/* Longest set kept as one; the next rep opens a new set. Far above any prescribed set (domain limit: 30). */
#define SET_REPS_MAX 100

/* Muscle phases. BOTTOM and TOP are the holds after the eccentric and after the concentric; REST is everything
 * outside a set. The first four values index tempo arrays, in the order of tempo notation E-B-C-T. */
enum phase {
        PHASE_ECCENTRIC,
        PHASE_BOTTOM,
        PHASE_CONCENTRIC,
        PHASE_TOP,
        _PHASE_TEMPO_MAX,
        PHASE_REST = _PHASE_TEMPO_MAX,
        _PHASE_MAX,
};

struct phase_span {
        enum phase phase;
        uint64_t start_us, end_us;
};

/* A phase has begun. */
struct phase_event {
        enum phase phase;
        uint64_t start_us;   /* the border */
        uint64_t latency_us; /* from the border to the sample that revealed it */
        uint32_t set, rep;   /* the set and rep that the phase belongs to, from 1; 0 while not yet known */
};

/* Of a movement's time, as many equal parts: fine enough for what a hand corrects (8 a second in 4 s), coarse enough that
 * the sensor's noise has gone. */
#define REP_COURSE_N 32

enum rep_flags {
        REP_FLAG_GAP = 1 << 0,     /* a link gap longer than 0.2 s lies inside */
        REP_FLAG_CLIPPED = 1 << 1, /* a sample was clipped */
        REP_FLAG_COLD = 1 << 2,    /* the sensor had not been still before it: bias and tilt less sure */
        REP_FLAG_HELD = 1 << 3,    /* held back until the set showed it was a rep: told out of its time */
        _REP_FLAG_MAX = 1 << 4,
};

struct stroke {
        double mean_mps; /* travel / duration of the moving phase, m/s, positive */
        double peak_mps; /* greatest speed, m/s, positive */
};

/* From the first velocity peak of the concentric to the minimum that follows it. */
struct sticking {
        double at_m;       /* height of the minimum above the start of the concentric, m */
        double min_mps;    /* velocity there, m/s */
        double duration_s; /* from the first peak to the minimum, s */
};

struct rep {
        uint32_t set,
                rep; /* numbers, from 1; rep restarts with each set, set counts over the life of the core. Of
                              a set's reps each has its own number, in the order in which they were published */
        uint64_t start_us; /* onset of the first moving phase, by extrapolation to v = 0 */
        uint64_t end_us;   /* end of the last moving phase */
        uint8_t n_phases;  /* 2 or 3 */
        struct phase_span phases[_PHASE_TEMPO_MAX]; /* in the order in which they happened */
        double tempo_s[_PHASE_TEMPO_MAX]; /* E-B-C-T, s; the pause after the last moving phase is NAN */
        double pause_before_s; /* hold between the rep before and this one; NAN for the first of a set */
        double rom_m;          /* travel of the concentric along the path, m */
        struct stroke eccentric, concentric;
        double mpv_mps;           /* mean propulsive velocity of the concentric, m/s */
        struct sticking sticking; /* all NAN where there is none */
        uint8_t course
                [REP_COURSE_N]; /* of the eccentric: mean speed in each part of its time, 255 = the greatest */
        double velocity_loss_pct; /* 100 (best - this) / best mean concentric velocity of the set so far, >= 0 */
        double tut_s;             /* eccentric + concentric + pauses in loaded positions, s */
        double loss_pct;          /* samples lost on the way, per cent of those due */
        double confidence;        /* that this was a rep, 0 to 1 */
        unsigned flags;           /* enum rep_flags */
};

/* A rep as the set lists it: with the pause after it, which is known by then. */
struct set_rep {
        uint32_t rep; /* the number under which it was published */
        uint64_t start_us, end_us;
        float tempo_s[_PHASE_TEMPO_MAX];
        float rom_m;
        float eccentric_mean_mps, concentric_mean_mps, concentric_peak_mps;
        float velocity_loss_pct, tut_s, confidence;
        uint32_t flags;
};

enum set_end {
        SET_END_REST,    /* a rest longer than the exercise's set gap */
        SET_END_RERACK,  /* the bar was put away */
        SET_END_FULL,    /* SET_REPS_MAX reached */
        SET_END_GAP,     /* the link was away for longer than the set gap */
        SET_END_STREAM,  /* the stream ended or the station was re-assigned */
        SET_END_COMMAND, /* somebody said so */
        _SET_END_MAX,
};

struct set {
        uint32_t set; /* number, from 1 */
        enum set_end end;
        uint64_t start_us, end_us; /* first rep's start, last rep's end */
        double tut_s;              /* of all reps, with the loaded pauses between them */
        double best_mps;           /* best mean concentric velocity */
        double velocity_loss_pct;  /* of the last rep */
        uint32_t n_reps;           /* those that stand after all amendments, by time */
        struct set_rep reps[SET_REPS_MAX];
};

enum rejection {
        REJECTED_UNRACK,
        REJECTED_RERACK,
        REJECTED_PARTIAL, /* travel under the exercise's least ROM */
        REJECTED_BOUNCE,
        REJECTED_WALKOUT,
        REJECTED_DROP,
        REJECTED_NOISE,
        _REJECTED_MAX,
};

/* A movement that was looked at and not counted. */
struct rejected {
        enum rejection reason;
        uint64_t start_us, end_us;
        double rom_m;
        double peak_mps;
};

enum amendment {
        AMENDED_REJECTED, /* it was no rep */
        AMENDED_FIGURES,  /* it was one, but with other borders and figures */
        _AMENDMENT_MAX,
};

/* A published rep is corrected: what came after it showed what it was. Only reps of the open set are. */
struct amend {
        uint32_t set, rep; /* the numbers under which it was published */
        enum amendment change;
        enum rejection reason; /* AMENDED_REJECTED */
        struct rep figures;    /* AMENDED_FIGURES: in place of the old ones, under the same numbers */
};

enum event_type {
        EVENT_PHASE,
        EVENT_REP,
        EVENT_SET,
        EVENT_REJECTED,
        EVENT_AMEND,
        _EVENT_MAX,
};

struct event {
        enum event_type type;
        uint64_t t_us; /* instant of the sample that revealed it */
        union {
                struct phase_event phase;
                struct rep rep;
                const struct set *set; /* owned by the core, valid until the next core_push() or core_flush() */
                struct rejected rejected;
                struct amend amend;
        };
};

/* What can be shown while the bar moves; read with core_live(). */
struct live {
        uint64_t t_us;
        enum phase phase;
        double phase_s;      /* seconds since the phase's border */
        double velocity_mps; /* along the path, negative in the eccentric */
        double position_m;   /* above the deepest point of the rep, m; NAN outside a rep */
        double rom_m;        /* expected ROM, m; NAN outside a rep */
        double rom_share;    /* position / expected ROM, 0 to 1; NAN outside a rep */
        uint32_t set, rep;   /* the running set and rep, from 1; 0 outside a set */
        bool moving;
};

const char *phase_to_string(enum phase phase);
const char *rejection_to_string(enum rejection reason);
const char *amendment_to_string(enum amendment change);
const char *set_end_to_string(enum set_end end);
const char *rep_flag_to_string(enum rep_flags flag); /* of one flag; NULL for none or several */
