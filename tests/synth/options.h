/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What can be asked of the generator. */

#include <stdbool.h>
#include <stdint.h>

#include "recording/recording.h"

/* How the bar moves within a phase. */
enum synth_family {
        SYNTH_MIN_JERK,
        SYNTH_RAMP,         /* even speed between two ramps */
        SYNTH_ASYMMETRIC,   /* early or late peak of speed */
        SYNTH_SUBMOVEMENTS, /* overlapping small movements */
        SYNTH_HESITATION,   /* near stops on the way */
        _SYNTH_FAMILY_MAX,
};

/* The sensor. */
enum synth_grade {
        SYNTH_PERFECT, /* no error at all, no quantisation */
        SYNTH_GOOD,    /* BMI270 class, calibrated */
        SYNTH_MIDDLE,
        SYNTH_CHEAP, /* MPU-6050 class */
        _SYNTH_GRADE_MAX,
};

/* What may happen on top of plain reps; bits. */
enum synth_incident {
        SYNTH_PARTIALS = 1 << 0, /* after every second rep a movement of a quarter of the ROM: no rep */
        SYNTH_FAILED = 1 << 1, /* one rep more: half way up, and back down onto the pins, where the bar stays */
        SYNTH_ASSISTED = 1 << 2, /* the last concentric stalls twice and takes two and a half times as long */
        SYNTH_BUMPED = 1 << 3,   /* knocks against the bar in the middle of the strokes */
        SYNTH_DROPPED = 1 << 4,  /* the last rep of a floor lift is let go at the top */
        SYNTH_BUSY = 1 << 5,     /* people at the bar in the rests between sets: plates, knocks, turning */
        SYNTH_ARC = 1 << 6,      /* the path bulges forward by a quarter of the ROM, as a curl's does */
};
#define SYNTH_INCIDENTS 7

struct synth_options {
        char exercise[RECORDING_NAME_MAX];
        double tempo_s[4];   /* E-B-C-T; tempo_s[2] = 0: explosive (0.7 s) */
        unsigned reps, sets; /* 0 to 100, 0 to 20 */
        double rom_m;        /* 0 = usual for the exercise */
        double fatigue_pct;  /* velocity loss of a set's last concentric, 0 to 80 */
        double scatter_pct;  /* standard deviation of ROM and durations from rep to rep, 0 to 20 */
        double breath_s;     /* longest pause between reps beside the tempo's, drawn for each, 0 to 60 */
        enum synth_family family;
        bool hard;          /* sway, tremor, lever arm, impacts, drift, scale errors */
        double roll_deg;    /* largest roll of the bar within a rep, 0 to 60 */
        unsigned rests;     /* before the first set: the bar lies still, at another roll each time, 0 to 50 */
        double turn_deg;    /* by so much the sensor turns with each stroke, and back, 0 to 150 */
        unsigned incidents; /* enum synth_incident */
        double lead_in_s;   /* standing still before the first rep, 0.5 to 120 */
        double rest_s;      /* between sets, 5 to 600 */
        double idle_min;    /* after the sets, with people around the bar, 0 to 600 */
        uint64_t seed;

        enum synth_grade grade;
        double rate_hz;      /* 5 to 1000 */
        double skew_ppm;     /* the sensor's clock is fast by so much, -5000 to 5000 */
        unsigned per_packet; /* samples, 1 to 42 */
        double loss_pct;     /* of the packets, 0 to 50 */
        double jitter_ms;    /* mean of the delay of arrivals beyond the least, 0 to 500 */
        enum packet_counter counter;
        enum recording_layout layout;
};

/* A set of back squats 2-0-1-0 with a good sensor at 100 Hz. */
struct synth_options synth_options_default(void);

/* 0, or -EINVAL with *ret_why in words. */
int synth_options_check(const struct synth_options *o, const char **ret_why);

/* NULL or -EINVAL for what is not known. */
const char *synth_family_to_string(enum synth_family family);
const char *synth_grade_to_string(enum synth_grade grade);
const char *synth_incident_to_string(enum synth_incident incident);
int synth_family_from_string(const char *s);
int synth_grade_from_string(const char *s);
int synth_incident_from_string(const char *s);

/* Lifts that the generator knows. */
struct synth_lift {
        const char *exercise;
        double rom_m;
        bool bottom_first; /* the concentric comes first */
        bool eccentric_up; /* the sensor rises in the eccentric */
        bool floor;        /* each rep ends on the floor, hard */
        double unrack_m;   /* up into the start position; 0 = it starts where it lies */
        double walk_m;     /* from the rack to the place */
        double incline_deg;
};

const struct synth_lift *synth_lift_get(unsigned i); /* NULL beyond the last */
const struct synth_lift *synth_lift_find(const char *exercise);
