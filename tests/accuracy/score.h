/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How well what was published agrees with what happened. The rules are in README.md. */

#include "accuracy/trial.h"

struct series {
        double *x;
        size_t n;
};

/* Of the reps as they stood at lockout, or after amendment. */
struct rep_score {
        size_t n_true, found, matched;
        struct series eccentric_short_s,
                eccentric_long_s; /* error of the duration, true one under and from 5 s */
        struct series concentric_s;
        struct series eccentric_moving_s, concentric_moving_s; /* against 1 % to 99 % of the travel */
        struct series velocity_mps, rom_m, loss_points;
        struct series delay_s;  /* from the true end of the rep to its publication */
        size_t sure, sure_true; /* published with a confidence of SURE, and true among them */
};

#define SURE        0.9
#define LONG_S      5.0
#define EARLY_S     0.1
#define MATCH_LEAST 0.5
#define RACKED_S    10.0

struct live_score {
        size_t borders, extra, early;
        struct series delay_s; /* from the true crossing to the display; INFINITY = not while it lasted */
        struct series
                racked_s; /* of a moving phase shown in the first RACKED_S that the bar lies in the rack */
};

enum view {
        AT_LOCKOUT,
        AMENDED,
        _VIEW_MAX,
};

struct score {
        struct rep_score reps[_VIEW_MAX];
        struct live_score live;
        size_t retracted; /* reps published and taken back */
        double stream_s;
        bool failed; /* no memory: void */
};

/* Something that the table counts against the core, for those who look for its reason. */
enum fault_kind {
        FAULT_MISSED,
        FAULT_FALSE,
        FAULT_LATE,       /* published over LATE_S after its end */
        FAULT_ECCENTRIC,  /* its duration errs by more than OFF_S */
        FAULT_CONCENTRIC, /* ... by more than a quarter of that */
        FAULT_EARLY,      /* its start was shown over EARLY_S before it */
        FAULT_AGAIN,      /* a movement was shown that no stroke claims */
        _FAULT_MAX,
};
struct fault {
        enum fault_kind kind;
        enum phase phase; /* shown early or again; else PHASE_REST */
        uint32_t rep;     /* the true one's number; 0 = there is none */
        double start_s, end_s;
        double error_s; /* signed; of a late one: the delay */
};
#define OFF_S  1.0
#define LATE_S 1.2
const char *fault_to_string(enum fault_kind kind);
typedef void (*fault_fn)(const struct fault *fault, void *userdata);

/* on_fault may be NULL; it hears of the amended view. */
void score_add(struct score *s, const struct trial_truth *truth, const struct outcome *outcome,
        fault_fn on_fault, void *userdata);
void score_merge(struct score *into, const struct score *from);
void score_done(struct score *s);

double score_f1(const struct rep_score *r); /* 1 where nothing was and nothing was found */

/* Of absolute values; NAN for none. */
double series_quantile(const struct series *s, double share);
double series_mean(const struct series *s);

/* The same with their signs. */
double series_signed_quantile(const struct series *s, double share);

/* a and b as one; release it. */
struct series series_join(const struct series *a, const struct series *b);
void series_done(struct series *s);
