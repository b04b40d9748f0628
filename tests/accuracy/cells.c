/* SPDX-License-Identifier: Apache-2.0 */
/* The design of the grid. It is no full product: tempo, family and difficulty are crossed with everything else at its
 * nominal value; then sensor, link and lifter vary one at a time on a mix of tempos and families, hard. */

#include "accuracy/cells.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "synth/random.h"
#include "util/macros.h"

#define SETS     18 /* of 6 reps: 108 */
#define SETS_MIX 36 /* the mix is wider than a tempo */
#define REPS     6
#define ABOVE    1.08 /* so far from the border of the slow cells, as scatter must not carry a rep across */
#define BELOW    0.92

struct tempo {
        const char *name;
        double s[4];
};

static const struct tempo tempos[] = {
        {"0.6-0-0.8-0", {0.6, 0, 0.8, 0}},
        {"1-0-1-0", {1, 0, 1, 0}},
        {"2-0-1-0", {2, 0, 1, 0}},
        {"2-1-1-1", {2, 1, 1, 1}},
        {"3-1-1-0", {3, 1, 1, 0}},
        {"4-1-2-0", {4, 1, 2, 0}},
        {"5-0-2-1", {5, 0, 2, 1}},
        {"6-0-2-0", {6, 0, 2, 0}},
        {"6-3-4-1", {6, 3, 4, 1}},
        {"8-0-3-1", {8, 0, 3, 1}},
        {"10-0-3-0", {10, 0, 3, 0}},
};

/* What people train: quick, controlled, slow, and slow with pauses. */
static const double mix[][4] = {
        {1, 0, 1, 0}, {2, 1, 1, 1}, {3, 1, 1, 0}, {4, 1, 2, 0}, {6, 0, 2, 0}, {8, 0, 3, 1}};

const char *section_to_string(enum section section) {
        static const char *const words[_SECTION_MAX] = {
                [SECTION_TEMPO] = "tempo",
                [SECTION_SLOW] = "under 5 cm/s",
                [SECTION_SENSOR] = "sensor",
                [SECTION_LINK] = "link",
                [SECTION_LIFTER] = "lifter",
                [SECTION_STRUCTURE] = "structure",
                [SECTION_IDLE] = "idle",
        };

        return section < _SECTION_MAX ? words[section] : NULL;
}

/* A good sensor with a counter, 100 Hz, five samples a packet, some jitter, nothing lost. */
static struct cell nominal(enum section section) {
        struct cell c = {
                .section = section,
                .gated = true,
                .sets = SETS_MIX,
                .family = -1,
                .rom_low_m = 0.2,
                .rom_high_m = 0.7,
                .trial.options = synth_options_default(),
                .skew_ppm = 100,
        };

        c.trial.options.reps = REPS;
        c.trial.options.hard = true;
        c.trial.options.layout = RECORDING_PACKETS;
        c.trial.options.jitter_ms = 8;
        return c;
}

static struct cell *add(struct cells *cells, struct cell c) {
        struct cell *grown = array_grow(cells->items, cells->n, sizeof(*grown));

        if (!grown)
                return NULL;
        cells->items = grown;
        cells->items[cells->n] = c;
        return &cells->items[cells->n++];
}

static int add_tempos(struct cells *cells) {
        for (unsigned hard = 0; hard < 2; hard++)
                for (size_t i = 0; i < ARRAY_SIZE(tempos); i++)
                        for (int family = 0; family < _SYNTH_FAMILY_MAX; family++) {
                                struct cell c = nominal(SECTION_TEMPO);

                                snprintf(c.name, sizeof(c.name), "%s %s %s", tempos[i].name,
                                        hard ? "hard" : "easy",
                                        synth_family_to_string((enum synth_family) family));
                                memcpy(c.tempo_s, tempos[i].s, sizeof(c.tempo_s));
                                c.family = family;
                                c.sets = SETS;
                                c.trial.options.hard = hard;
                                c.gated = hard;
                                if (!add(cells, c))
                                        return -ENOMEM;
                        }
        return 0;
}

static int add_slow(struct cells *cells) {
        for (size_t i = 0; i < ARRAY_SIZE(tempos); i++) {
                struct cell c = nominal(SECTION_SLOW);

                if (tempos[i].s[0] * SLOW_MPS <= c.rom_low_m * 1.2)
                        continue;
                snprintf(c.name, sizeof(c.name), "%s hard, under 5 cm/s", tempos[i].name);
                memcpy(c.tempo_s, tempos[i].s, sizeof(c.tempo_s));
                c.slow = true;
                c.gated = false;
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

static int add_sensors(struct cells *cells) {
        static const struct {
                const char *name;
                enum synth_grade grade;
                unsigned rests;
                double rate_hz;
                bool gated;
        } sensors[] = {
                {"nominal mix: good, fresh, 100 Hz", SYNTH_GOOD, 0, 100, true},
                {"good, after ten rests", SYNTH_GOOD, 10, 100, true},
                {"middle, fresh", SYNTH_MIDDLE, 0, 100, true},
                {"middle, after ten rests", SYNTH_MIDDLE, 10, 100, true},
                {"cheap, fresh", SYNTH_CHEAP, 0, 100, false},
                {"cheap, after ten rests", SYNTH_CHEAP, 10, 100, true},
                {"perfect", SYNTH_PERFECT, 0, 100, false},
                {"50 Hz", SYNTH_GOOD, 0, 50, true},
                {"200 Hz", SYNTH_GOOD, 0, 200, true},
        };

        for (size_t i = 0; i < ARRAY_SIZE(sensors); i++) {
                struct cell c = nominal(SECTION_SENSOR);

                strcpy(c.name, sensors[i].name);
                c.trial.options.grade = sensors[i].grade;
                c.trial.options.rests = sensors[i].rests;
                c.trial.options.rate_hz = sensors[i].rate_hz;
                c.gated = sensors[i].gated;
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

/* What is left when the sensor is without fault and nothing shakes: the method and the definition of a border. */
static int add_perfect(struct cells *cells) {
        for (int family = 0; family < _SYNTH_FAMILY_MAX; family++) {
                struct cell c = nominal(SECTION_SENSOR);

                snprintf(c.name, sizeof(c.name), "perfect and easy, %s",
                        synth_family_to_string((enum synth_family) family));
                c.family = family;
                c.gated = false;
                c.trial.options.hard = false;
                c.trial.options.grade = SYNTH_PERFECT;
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

static int add_links(struct cells *cells) {
        static const struct {
                const char *name;
                double loss_pct;
                unsigned per_packet;
                double skew_ppm, jitter_ms;
                enum packet_counter counter;
                enum synth_grade grade;
                double rate_hz;
        } links[] = {
                {"2 % lost", 2, 5, 100, 8, PACKET_COUNTER_U16_32768, SYNTH_GOOD, 100},
                {"5 % lost", 5, 5, 100, 8, PACKET_COUNTER_U16_32768, SYNTH_GOOD, 100},
                {"10 % lost", 10, 5, 100, 8, PACKET_COUNTER_U16_32768, SYNTH_GOOD, 100},
                {"1 sample a packet", 0, 1, 100, 8, PACKET_COUNTER_U16_32768, SYNTH_GOOD, 100},
                {"10 samples a packet", 0, 10, 100, 8, PACKET_COUNTER_U16_32768, SYNTH_GOOD, 100},
                {"sensor clock off by up to 0.5 %", 0, 5, 5000, 8, PACKET_COUNTER_U16_32768, SYNTH_GOOD, 100},
                {"arrival stamps, jitter 8 ms", 0, 5, 500, 8, PACKET_COUNTER_NONE, SYNTH_GOOD, 100},
                {"arrival stamps, jitter 25 ms, off by 0.5 %", 0, 5, 5000, 25, PACKET_COUNTER_NONE, SYNTH_GOOD,
                        100},
                {"arrival stamps, jitter 15 ms, 2 % lost", 2, 5, 500, 15, PACKET_COUNTER_NONE, SYNTH_GOOD, 100},
                {"all at once: middle, 50 Hz, arrival, 5 % lost", 5, 10, 5000, 15, PACKET_COUNTER_NONE,
                        SYNTH_MIDDLE, 50},
        };

        for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
                struct cell c = nominal(SECTION_LINK);
                struct synth_options *o = &c.trial.options;

                strcpy(c.name, links[i].name);
                o->loss_pct = links[i].loss_pct;
                o->per_packet = links[i].per_packet;
                o->jitter_ms = links[i].jitter_ms;
                o->counter = links[i].counter;
                o->grade = links[i].grade;
                o->rate_hz = links[i].rate_hz;
                c.skew_ppm = links[i].skew_ppm;
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

static int add_lifters(struct cells *cells) {
        static const struct {
                const char *name;
                double rom_low_m, rom_high_m, fatigue_pct, scatter_pct, roll_deg, lead_in_s, breath_s;
        } lifters[] = {
                {"ROM 0.2-0.3 m", 0.2, 0.3, 15, 3, 10, 3},
                {"ROM 0.3-0.5 m", 0.3, 0.5, 15, 3, 10, 3},
                {"ROM 0.5-0.7 m", 0.5, 0.7, 15, 3, 10, 3},
                {"no fatigue", 0.2, 0.7, 0, 3, 10, 3},
                {"velocity loss 45 %", 0.2, 0.7, 45, 3, 10, 3},
                {"scatter 10 %", 0.2, 0.7, 15, 10, 10, 3},
                {"no roll", 0.2, 0.7, 15, 3, 0, 3},
                {"roll to 30 degrees", 0.2, 0.7, 15, 3, 30, 3},
                {"roll to 60 degrees", 0.2, 0.7, 15, 3, 60, 3},
                {"starts at once", 0.2, 0.7, 15, 3, 10, 0.5},
                {"breathes for up to 5 s between reps", 0.2, 0.7, 15, 3, 10, 3, 5},
                {"breathes for up to 14 s between reps", 0.2, 0.7, 15, 3, 10, 3, 14},
        };

        for (size_t i = 0; i < ARRAY_SIZE(lifters); i++) {
                struct cell c = nominal(SECTION_LIFTER);
                struct synth_options *o = &c.trial.options;

                strcpy(c.name, lifters[i].name);
                c.rom_low_m = lifters[i].rom_low_m;
                c.rom_high_m = lifters[i].rom_high_m;
                o->fatigue_pct = lifters[i].fatigue_pct;
                o->scatter_pct = lifters[i].scatter_pct;
                o->roll_deg = lifters[i].roll_deg;
                o->lead_in_s = lifters[i].lead_in_s;
                o->breath_s = lifters[i].breath_s;
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

/* What happens to sets besides tempo. The tempo is that of the row, or the mix. */
static int add_structures(struct cells *cells) {
        static const struct structure {
                const char *name, *lift;
                double tempo_s[4];
                unsigned incidents;
                double turn_deg;
                unsigned join_rep, gap_rep;
                double gap_s;
                unsigned sets, reps;
        } structures[] = {
                {"deadlift, touch and go", "deadlift", {1.2, 0, 1, 0.3}, .reps = REPS},
                {"deadlift, dead stop", "deadlift", {1.2, 1.5, 1, 0.5}, .reps = REPS},
                {"deadlift, slow negative", "deadlift", {5, 1, 1, 0.5}, .reps = REPS},
                {"deadlift, last one dropped", "deadlift", {1.2, 1, 1, 0.5}, SYNTH_DROPPED, .reps = REPS},
                {"bench, touch and go", "bench-press", {1, 0, 0.8, 0}, .reps = REPS},
                {"bench, paused", "bench-press", {2, 2, 1, 1}, .reps = REPS},
                {"squat, paused", "back-squat", {3, 3, 1, 1}, .reps = REPS},
                {"overhead press", "overhead-press", {0}, .reps = REPS},
                {"row", "barbell-row", {0}, .reps = REPS},
                {"curl", "curl", {0}, SYNTH_ARC, .reps = REPS},
                {"curl, sensor turns by 120 degrees", "curl", {0}, SYNTH_ARC, 120, .reps = REPS},
                {"pull-down, sensor on the bar", "lat-pulldown", {0}, .reps = REPS},
                {"pull-down, sensor on the stack", "lat-pulldown-stack", {0}, .reps = REPS},
                {"partial reps between", NULL, {0}, SYNTH_PARTIALS, .reps = REPS},
                {"last rep fails", "back-squat", {0}, SYNTH_FAILED, .reps = REPS},
                {"last rep assisted", NULL, {0}, SYNTH_ASSISTED, .reps = REPS},
                {"bar bumped", NULL, {0}, SYNTH_BUMPED, .reps = REPS},
                {"joined within rep 2", NULL, {0}, .join_rep = 2, .reps = REPS},
                {"link away for 0.3 s in rep 3", NULL, {4, 1, 2, 0}, .gap_rep = 3, .gap_s = 0.3, .reps = REPS},
                {"link away for 2 s in rep 3", NULL, {4, 1, 2, 0}, .gap_rep = 3, .gap_s = 2, .reps = REPS},
                {"link away for 10 s in rep 3", NULL, {4, 1, 2, 0}, .gap_rep = 3, .gap_s = 10, .reps = REPS},
                {"two sets", NULL, {0}, .sets = 2, .reps = REPS},
                {"two sets, plates changed between", NULL, {0}, SYNTH_BUSY, .sets = 2, .reps = REPS},
                {"one rep", NULL, {0}, .reps = 1},
                {"unrack, walk out, re-rack, no rep", "back-squat", {0}, .reps = 0},
        };

        for (size_t i = 0; i < ARRAY_SIZE(structures); i++) {
                const struct structure *s = &structures[i];
                struct cell c = nominal(SECTION_STRUCTURE);
                struct synth_options *o = &c.trial.options;

                strcpy(c.name, s->name);
                memcpy(c.tempo_s, s->tempo_s, sizeof(c.tempo_s));
                c.gated = false;
                c.lift = s->lift;
                c.rom_low_m = s->lift && strcmp(s->lift, "bench-press") != 0 ? 0.4 : 0.3;
                c.rom_high_m = s->lift && strcmp(s->lift, "bench-press") == 0 ? 0.45 : 0.65;
                c.sets = SETS;
                o->incidents = s->incidents;
                o->turn_deg = s->turn_deg;
                o->reps = s->reps;
                o->sets = s->sets > 0 ? s->sets : 1;
                o->rest_s = s->incidents & SYNTH_BUSY ? 120 : 45;
                c.trial.join_rep = s->join_rep;
                c.trial.gap_rep = s->gap_rep;
                c.trial.gap_s = s->gap_s;
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

static int add_idle(struct cells *cells) {
        for (enum idle_activity i = 0; i <= IDLE_MIXED; i++) {
                struct cell c = nominal(SECTION_IDLE);

                strcpy(c.name, idle_activity_to_string(i));
                c.idle = i;
                c.gated = false;
                c.sets = (unsigned) ((i == IDLE_MIXED ? 3 : 1) * 3600 / IDLE_S);
                if (!add(cells, c))
                        return -ENOMEM;
        }
        return 0;
}

/* Sensors and exercises take turns. */
static void draw_station(struct synth_options *o, unsigned set, const char **ret_lift) {
        static const char *const lifts[] = {"back-squat", "bench-press", "deadlift", "curl", "barbell-row"};

        *ret_lift = lifts[set % ARRAY_SIZE(lifts)];
        o->grade = (enum synth_grade)(SYNTH_GOOD + set % 3);
}

int cells_init(struct cells *c) {
        int (*const parts[])(struct cells *) = {add_tempos, add_slow, add_sensors, add_perfect, add_links,
                add_lifters, add_structures, add_idle};

        *c = (struct cells){0};
        for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
                if (parts[i](c) < 0) {
                        cells_done(c);
                        return -ENOMEM;
                }
        return 0;
}

void cells_done(struct cells *c) {
        free(c->items);
        *c = (struct cells){0};
}

/* FNV-1a: a cell keeps its seeds when others come or go. */
static uint64_t seed_of(const struct cell *c, enum seeds seeds, unsigned set) {
        uint64_t hash = 2166136261u;

        for (const char *p = c->name; *p; p++)
                hash = (hash ^ (unsigned char) *p) * 16777619u & 0xffffffffu;
        return hash * 1000 + set + (seeds == SEEDS_FIGURE ? UINT64_C(1) << 62 : 0);
}

/* The speed of the eccentric decides between the slow cells and the others. */
static double draw_rom(const struct cell *c, const double tempo[static 4], struct random *r) {
        double border = SLOW_MPS * tempo[0], low = c->rom_low_m, high = c->rom_high_m;

        if (c->slow)
                high = CLAMP(BELOW * border, low, high);
        else
                low = MAX(low, ABOVE * border);
        return random_uniform(r, low, MAX(low, high));
}

struct trial cell_trial(
        const struct cell *c, enum seeds seeds, unsigned set, const struct exercises *exercises) {
        struct trial t = c->trial;
        struct synth_options *o = &t.options;
        const char *lift = c->lift;
        struct random r;

        o->seed = seed_of(c, seeds, set);
        r = random_stream(o->seed, 9); /* the generator uses 1 to 4 */
        do
                memcpy(o->tempo_s, c->tempo_s[0] > 0 ? c->tempo_s : mix[random_below(&r, ARRAY_SIZE(mix))],
                        sizeof(o->tempo_s));
        while (!c->slow && ABOVE * SLOW_MPS * o->tempo_s[0] > c->rom_high_m);
        o->family = (enum synth_family)(c->family >= 0 ? c->family : (int) random_below(&r, _SYNTH_FAMILY_MAX));
        o->rom_m = draw_rom(c, o->tempo_s, &r);
        o->skew_ppm = random_uniform(&r, -c->skew_ppm, c->skew_ppm);
        if (c->section == SECTION_IDLE)
                draw_station(o, set, &lift);
        if (!lift) /* a short way is a press */
                lift = o->rom_m < 0.4 ? "bench-press" : "back-squat";
        strcpy(o->exercise, lift);
        t.exercise = exercises_find(exercises, c->table ? c->table : lift, NULL);
        return t;
}
