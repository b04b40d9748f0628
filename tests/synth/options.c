/* SPDX-License-Identifier: Apache-2.0 */
/* Options, their words and their limits; the lifts that the generator knows. */

#include "synth/options.h"

#include <errno.h>
#include <string.h>

#include "util/macros.h"

static const char *const families[_SYNTH_FAMILY_MAX] = {
        [SYNTH_MIN_JERK] = "min-jerk",
        [SYNTH_RAMP] = "ramp",
        [SYNTH_ASYMMETRIC] = "asymmetric",
        [SYNTH_SUBMOVEMENTS] = "submovements",
        [SYNTH_HESITATION] = "hesitation",
};

static const char *const grades[_SYNTH_GRADE_MAX] = {
        [SYNTH_PERFECT] = "perfect",
        [SYNTH_GOOD] = "good",
        [SYNTH_MIDDLE] = "middle",
        [SYNTH_CHEAP] = "cheap",
};

static const char *const incidents[SYNTH_INCIDENTS] = {
        "partials",
        "failed",
        "assisted",
        "bumped",
        "dropped",
        "busy",
        "arc",
};

/* Travel as usual for the lift; the bar is taken from a rack, from the floor, or hangs on a cable. */
static const struct synth_lift lifts[] = {
        {.exercise = "back-squat", .rom_m = 0.60, .unrack_m = 0.08, .walk_m = 0.6, .incline_deg = 90},
        {.exercise = "front-squat", .rom_m = 0.60, .unrack_m = 0.07, .walk_m = 0.6, .incline_deg = 90},
        {.exercise = "bench-press", .rom_m = 0.40, .unrack_m = 0.05, .walk_m = 0.2, .incline_deg = 90},
        {.exercise = "incline-press", .rom_m = 0.42, .unrack_m = 0.05, .walk_m = 0.2, .incline_deg = 90},
        {.exercise = "overhead-press",
                .rom_m = 0.50,
                .bottom_first = true,
                .unrack_m = 0.08,
                .walk_m = 0.6,
                .incline_deg = 90},
        {.exercise = "deadlift", .rom_m = 0.55, .bottom_first = true, .floor = true, .incline_deg = 90},
        {.exercise = "barbell-row", .rom_m = 0.38, .bottom_first = true, .unrack_m = 0.30, .incline_deg = 90},
        {.exercise = "curl", .rom_m = 0.45, .bottom_first = true, .unrack_m = 0.55, .incline_deg = 90},
        {.exercise = "lat-pulldown",
                .rom_m = 0.55,
                .bottom_first = true,
                .eccentric_up = true,
                .incline_deg = 90},
        {.exercise = "lat-pulldown-stack", .rom_m = 0.55, .bottom_first = true, .incline_deg = 90},
        {.exercise = "leg-press", .rom_m = 0.40, .unrack_m = 0.06, .incline_deg = 45},
};

const struct synth_lift *synth_lift_get(unsigned i) {
        return i < ARRAY_SIZE(lifts) ? &lifts[i] : NULL;
}

const struct synth_lift *synth_lift_find(const char *exercise) {
        for (size_t i = 0; i < ARRAY_SIZE(lifts); i++)
                if (strcmp(lifts[i].exercise, exercise) == 0)
                        return &lifts[i];
        return NULL;
}

struct synth_options synth_options_default(void) {
        return (struct synth_options){
                .exercise = "back-squat",
                .tempo_s = {2, 0, 1, 0},
                .reps = 5,
                .sets = 1,
                .fatigue_pct = 15,
                .scatter_pct = 3,
                .family = SYNTH_MIN_JERK,
                .roll_deg = 10,
                .lead_in_s = 3,
                .rest_s = 45,
                .seed = 1,
                .grade = SYNTH_GOOD,
                .rate_hz = 100,
                .per_packet = 5,
                .counter = PACKET_COUNTER_U16_32768,
                .layout = RECORDING_SAMPLES,
        };
}

int synth_options_check(const struct synth_options *o, const char **ret_why) {
        const struct {
                double value, min, max;
                const char *why;
        } limits[] = {
                {o->tempo_s[0], 0.3, 30, "the eccentric takes 0.3 to 30 s"},
                {o->tempo_s[1], 0, 30, "the bottom pause takes 0 to 30 s"},
                {o->tempo_s[2], 0, 30, "the concentric takes 0.3 to 30 s, or X"},
                {o->tempo_s[3], 0, 30, "the top pause takes 0 to 30 s"},
                {o->reps, 0, 100, "a set has 0 to 100 reps"},
                {o->sets, 0, 20, "there are 0 to 20 sets"},
                {o->rom_m, 0, 2, "the ROM is 0.02 to 2 m"},
                {o->fatigue_pct, 0, 80, "the fatigue is 0 to 80 %"},
                {o->scatter_pct, 0, 20, "the scatter is 0 to 20 %"},
                {o->breath_s, 0, 60, "the breath is 0 to 60 s"},
                {o->roll_deg, 0, 60, "the roll is 0 to 60 degrees"},
                {o->turn_deg, 0, 150, "the sensor turns by 0 to 150 degrees"},
                {o->incidents, 0, (1 << SYNTH_INCIDENTS) - 1, "the incident is not known"},
                {o->rests, 0, 50, "there are 0 to 50 rests"},
                {o->lead_in_s, 0.5, 3600, "the lead-in takes 0.5 to 3600 s"},
                {o->rest_s, 5, 600, "the rest takes 5 to 600 s"},
                {o->idle_min, 0, 600, "the idle time is 0 to 600 min"},
                {o->rate_hz, 5, 1000, "the rate is 5 to 1000 Hz"},
                {o->skew_ppm, -5000, 5000, "the skew is -5000 to 5000 ppm"},
                {o->per_packet, 1, PACKET_SAMPLES_MAX, "a packet has 1 to 42 samples"},
                {o->loss_pct, 0, 50, "the loss is 0 to 50 %"},
                {o->jitter_ms, 0, 500, "the jitter is 0 to 500 ms"},
        };

        for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
                if (!(limits[i].value >= limits[i].min && limits[i].value <= limits[i].max)) {
                        *ret_why = limits[i].why;
                        return -EINVAL;
                }
        if (!synth_lift_find(o->exercise)) {
                *ret_why = "the exercise is not one that the generator knows";
                return -EINVAL;
        }
        if (o->rom_m > 0 && o->rom_m < 0.02) {
                *ret_why = "the ROM is 0.02 to 2 m";
                return -EINVAL;
        }
        if (o->tempo_s[2] > 0 && o->tempo_s[2] < 0.3) {
                *ret_why = "the concentric takes 0.3 to 30 s, or X";
                return -EINVAL;
        }
        if (o->jitter_ms > 0 && o->layout != RECORDING_PACKETS) {
                *ret_why = "jitter is in the arrival of packets: it needs that layout";
                return -EINVAL;
        }
        return 0;
}

static int find(const char *const *words, size_t n, const char *s) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i], s) == 0)
                        return (int) i;
        return -EINVAL;
}

const char *synth_family_to_string(enum synth_family family) {
        return family < _SYNTH_FAMILY_MAX ? families[family] : NULL;
}

const char *synth_grade_to_string(enum synth_grade grade) {
        return grade < _SYNTH_GRADE_MAX ? grades[grade] : NULL;
}

int synth_family_from_string(const char *s) {
        return find(families, ARRAY_SIZE(families), s);
}

int synth_grade_from_string(const char *s) {
        return find(grades, ARRAY_SIZE(grades), s);
}

const char *synth_incident_to_string(enum synth_incident incident) {
        for (unsigned i = 0; i < SYNTH_INCIDENTS; i++)
                if ((unsigned) incident == 1u << i)
                        return incidents[i];
        return NULL;
}

int synth_incident_from_string(const char *s) {
        int i = find(incidents, SYNTH_INCIDENTS, s);

        return i < 0 ? i : 1 << i;
}
