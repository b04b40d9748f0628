/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The look back on one cycle: velocity corrected by all that is known once it is over, borders, figures. */

#include <repcast/cycle.h>
#include <repcast/event.h>
#include <repcast/history.h>

struct repfit_params {
        double rest_mps;   /* sigma of velocity in a hold, averaged over 1 s, m/s, 0.001 to 0.1; 0.007 */
        double turn_mps;   /* sigma of velocity at a turnaround, m/s, 0.002 to 0.2; 0.03 */
        double close_m;    /* sigma of the way from start to end, m, 0.005 to 0.3; 0.03 */
        double edge_share; /* borders are sought from this share of the peak speed outwards, 0.01 to 0.3; 0.06 */
        double edge_mps;   /* but from no less than this, m/s, 0.001 to 0.1; 0.006 */
        double pause_s;    /* a shorter pause is a turnaround, s, 0 to 0.5; 0.06 */
        double sticking_depth; /* least drop of velocity that is a sticking region, 0.05 to 0.9; 0.15 */
        double passes; /* borders are sought so often, each time finer, 0 to 3; 3. 0: as tracker or beam saw them */
};

/* One moving phase. */
struct phase_fit {
        uint64_t start_us, end_us;
        double travel_m, mean_mps, peak_mps;
        double back_m; /* moved the other way meanwhile */
        double force; /* rms change of acceleration in its middle, in units of the least that this travel needs */
};

struct cycle_fit {
        bool eccentric_first;
        bool weighed;  /* its cycle was chosen among hypotheses, with all that followed it in view */
        bool searched; /* it is slow: its layout was searched for */
        bool swung;    /* the sensor turned with it, so its strokes were seen and not integrated */
        struct phase_fit eccentric, concentric;
        double mpv_mps;
        struct sticking sticking;
        uint8_t course[REP_COURSE_N];  /* of the eccentric, as in struct rep */
        double up_start[3], up_end[3]; /* unit vector up in sensor axes before and after */
        double swing_deg;         /* how far up turned in the sensor from its start to where it turned round */
        double turn_before_radps; /* how fast the sensor turned just before it */
        double sample_s;          /* mean interval between samples */
        double misfit;            /* chi2: how hard the constraints had to pull, 5 degrees of freedom */
        double loss_pct;
        float balance; /* push and brake of a stroke, the lesser of them by its peak speed: about 1 if even, 0.5 if the
                          one is short and the other long; the lesser of both strokes */
        float unrest_mps2; /* rms of acceleration that moved it nowhere: in a stroke, between them, just before */
        float unrest_between_mps2, unrest_before_mps2;
        float turned_rad; /* about the vertical, from its start to its end */
        unsigned flags;   /* enum rep_flags */
};

/* Its strokes in the order in which they were made. */
const struct phase_fit *cycle_fit_first(const struct cycle_fit *f);
const struct phase_fit *cycle_fit_second(const struct cycle_fit *f);

/* The travel to expect of a movement. */
struct expected_rom {
        double rom_m;
        bool known; /* this lifter's, of this set; else the exercise's usual one */
};

/* The time to expect its parts to take: that of the rep before. */
struct expected_tempo {
        double first_s, hold_s, second_s; /* all 0 where there was none */
};

struct repfit {
        struct repfit_params params;
        struct expected_rom rom;
        struct expected_tempo tempo;
        bool within; /* a set: between the rep before and a cycle there is rest, or more of the cycle */
        double incline_sin;
};

void repfit_init(struct repfit *f, const struct repfit_params *params, const struct exercise *exercise);

/* within: a rep of the same set came before. like: a rep of the set, NULL = none is known yet. */
void repfit_expect(struct repfit *f, double rom_m, bool within, const struct cycle_fit *like);

/* Returns 0, or -ENODATA for a cycle that the history does not hold whole, or that moved in no two directions. Takes
 * up to 64 KiB of the stack: the velocity of the cycle, and what the search for the layout of a slow one knows of each
 * quarter of a second. */
int repfit_run(
        const struct repfit *f, const struct history *h, const struct cycle *cycle, struct cycle_fit *ret);
