/* SPDX-License-Identifier: Apache-2.0 */
/* repcast-synth: writes a synthetic recording with its truth. */

#include <argp.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "synth/synth.h"
#include "util/macros.h"
#include "util/number.h"

enum option_key {
        OPTION_EXERCISE = 0x100,
        OPTION_TEMPO,
        OPTION_REPS,
        OPTION_SETS,
        OPTION_ROM,
        OPTION_FATIGUE,
        OPTION_SCATTER,
        OPTION_BREATH,
        OPTION_FAMILY,
        OPTION_HARD,
        OPTION_ROLL,
        OPTION_TURN,
        OPTION_INCIDENT,
        OPTION_RESTS,
        OPTION_LEAD_IN,
        OPTION_REST,
        OPTION_IDLE,
        OPTION_SEED,
        OPTION_GRADE,
        OPTION_RATE,
        OPTION_SKEW,
        OPTION_PER_PACKET,
        OPTION_LOSS,
        OPTION_JITTER,
        OPTION_COUNTER,
        OPTION_LAYOUT,
};

static const struct argp_option options[] = {
        {NULL, 0, NULL, 0, "The lifter", 1},
        {"exercise", OPTION_EXERCISE, "NAME", 0,
                "back-squat (default), bench-press, deadlift, ...; \"help\" lists them", 0},
        {"tempo", OPTION_TEMPO, "E-B-C-T", 0,
                "Seconds, as 4-0-2-0; X in the third place is explosive (2-0-1-0)", 0},
        {"reps", OPTION_REPS, "N", 0, "Reps of a set (5)", 0},
        {"sets", OPTION_SETS, "N", 0, "Sets (1); 0 with --idle: no set at all", 0},
        {"rom", OPTION_ROM, "M", 0, "Range of motion in metres (usual for the exercise)", 0},
        {"fatigue", OPTION_FATIGUE, "PCT", 0, "Velocity loss of a set's last rep (15)", 0},
        {"scatter", OPTION_SCATTER, "PCT", 0, "Deviation of ROM and durations from rep to rep (3)", 0},
        {"breath", OPTION_BREATH, "S", 0, "Longest pause between reps beside the tempo's, drawn for each (0)",
                0},
        {"family", OPTION_FAMILY, "NAME", 0, "min-jerk (default), ramp, asymmetric, submovements or hesitation",
                0},
        {"hard", OPTION_HARD, NULL, 0, "Sway, tremor, lever arm, impacts, drift, scale errors", 0},
        {"roll", OPTION_ROLL, "DEG", 0, "Largest roll of the bar in a rep (10)", 0},
        {"turn", OPTION_TURN, "DEG", 0, "The sensor turns by so much with each stroke, and back (0)", 0},
        {"incident", OPTION_INCIDENT, "NAME", 0,
                "partials, failed, assisted, bumped, dropped, busy or arc; may be given more than once", 0},
        {"rests", OPTION_RESTS, "N", 0,
                "Times that the bar lies still at another roll before the first set (0)", 0},
        {"lead-in", OPTION_LEAD_IN, "S", 0, "Seconds of standing still before the first rep (3)", 0},
        {"rest", OPTION_REST, "S", 0, "Seconds between sets (45)", 0},
        {"idle", OPTION_IDLE, "MIN", 0, "Minutes after the sets with people around the bar (0)", 0},
        {"seed", OPTION_SEED, "N", 0, "Everything random follows from it (1)", 0},
        {NULL, 0, NULL, 0, "The sensor and its link", 2},
        {"grade", OPTION_GRADE, "NAME", 0, "perfect, good (default), middle or cheap", 0},
        {"rate", OPTION_RATE, "HZ", 0, "Sample rate (100)", 0},
        {"skew", OPTION_SKEW, "PPM", 0, "The sensor's clock is fast by so much (0)", 0},
        {"per-packet", OPTION_PER_PACKET, "N", 0, "Samples of a packet (5)", 0},
        {"loss", OPTION_LOSS, "PCT", 0, "Packets lost (0)", 0},
        {"jitter-ms", OPTION_JITTER, "MS", 0, "Mean delay of arrivals; --layout packets only (0)", 0},
        {"counter", OPTION_COUNTER, "KIND", 0, "none, u16-32768hz (default), u32-32768hz or u32-us", 0},
        {NULL, 0, NULL, 0, "The file", 3},
        {"layout", OPTION_LAYOUT, "NAME", 0, "csv, samples (default) or packets", 0},
        {"output", 'o', "FILE", 0, "Instead of standard output", 0},
        {0},
};

static const char doc[] = "Write a synthetic recording of a sensor on a bar, with the truth in its header."
                          "\vExamples:\n"
                          "  repcast-synth -o squat.rec\n"
                          "  repcast-synth --tempo 4-0-2-0 --reps 6 --fatigue 35 --hard -o negative.rec\n"
                          "  repcast-synth --exercise deadlift --tempo 2-1-X-0 --layout packets --jitter-ms 15 "
                          "--loss 2 -o pull.rec\n"
                          "  repcast-synth --sets 0 --idle 15 --hard --layout csv > nothing.csv";

struct arguments {
        struct synth_options options;
        const char *output;
};

static double number(struct argp_state *state, const char *name, const char *text) {
        double value;

        if (number_parse_double(text, -1e9, 1e9, &value) < 0)
                argp_error(state, "--%s: a number is needed, not \"%s\"", name, text);
        return value;
}

static uint64_t whole(struct argp_state *state, const char *name, const char *text, uint64_t max) {
        uint64_t value;

        if (number_parse_u64(text, 0, max, &value) < 0)
                argp_error(state, "--%s: a whole number is needed, not \"%s\"", name, text);
        return value;
}

static void tempo(struct argp_state *state, const char *text, double ret[static 4]) {
        char copy[64], *rest = copy, *part;
        unsigned n = 0;

        if (strlen(text) < sizeof(copy)) {
                strcpy(copy, text);
                while ((part = strsep(&rest, "-")) && n < 4) {
                        if (n == 2 && (strcmp(part, "X") == 0 || strcmp(part, "x") == 0))
                                ret[n] = 0;
                        else if (number_parse_double(part, n == 0 || n == 2 ? 0.3 : 0, 30, &ret[n]) < 0)
                                break;
                        n++;
                }
        }
        if (n != 4 || part)
                argp_error(state, "--tempo: four figures as 4-0-2-0 or 3-1-X-0 are needed, not \"%s\"", text);
}

static void exercise(struct argp_state *state, const char *text, struct synth_options *o) {
        if (strcmp(text, "help") == 0) {
                for (unsigned i = 0; synth_lift_get(i); i++)
                        puts(synth_lift_get(i)->exercise);
                exit(0);
        }
        if (!synth_lift_find(text))
                argp_error(state, "--exercise: \"%s\" is not known; --exercise help lists all", text);
        strcpy(o->exercise, text);
}

static int word(struct argp_state *state, const char *name, const char *text, int value) {
        if (value < 0)
                argp_error(state, "--%s: \"%s\" is not known; see --help", name, text);
        return value;
}

static int layout_from_string(const char *s) {
        static const char *const words[_RECORDING_LAYOUT_MAX] = {"csv", "samples", "packets"};

        for (int i = 0; i < _RECORDING_LAYOUT_MAX; i++)
                if (strcmp(words[i], s) == 0)
                        return i;
        return -EINVAL;
}

static error_t parse(int key, char *text, struct argp_state *state) {
        struct arguments *a = state->input;
        struct synth_options *o = &a->options;
        const char *why;

        switch (key) {
        case OPTION_EXERCISE:
                exercise(state, text, o);
                return 0;
        case OPTION_TEMPO:
                tempo(state, text, o->tempo_s);
                return 0;
        case OPTION_REPS:
                o->reps = (unsigned) whole(state, "reps", text, 1000);
                return 0;
        case OPTION_SETS:
                o->sets = (unsigned) whole(state, "sets", text, 1000);
                return 0;
        case OPTION_ROM:
                o->rom_m = number(state, "rom", text);
                return 0;
        case OPTION_FATIGUE:
                o->fatigue_pct = number(state, "fatigue", text);
                return 0;
        case OPTION_SCATTER:
                o->scatter_pct = number(state, "scatter", text);
                return 0;
        case OPTION_BREATH:
                o->breath_s = number(state, "breath", text);
                return 0;
        case OPTION_FAMILY:
                o->family = (enum synth_family) word(state, "family", text, synth_family_from_string(text));
                return 0;
        case OPTION_HARD:
                o->hard = true;
                return 0;
        case OPTION_ROLL:
                o->roll_deg = number(state, "roll", text);
                return 0;
        case OPTION_TURN:
                o->turn_deg = number(state, "turn", text);
                return 0;
        case OPTION_INCIDENT:
                o->incidents |= (unsigned) word(state, "incident", text, synth_incident_from_string(text));
                return 0;
        case OPTION_RESTS:
                o->rests = (unsigned) whole(state, "rests", text, 1000);
                return 0;
        case OPTION_LEAD_IN:
                o->lead_in_s = number(state, "lead-in", text);
                return 0;
        case OPTION_REST:
                o->rest_s = number(state, "rest", text);
                return 0;
        case OPTION_IDLE:
                o->idle_min = number(state, "idle", text);
                return 0;
        case OPTION_SEED:
                o->seed = whole(state, "seed", text, UINT64_MAX);
                return 0;
        case OPTION_GRADE:
                o->grade = (enum synth_grade) word(state, "grade", text, synth_grade_from_string(text));
                return 0;
        case OPTION_RATE:
                o->rate_hz = number(state, "rate", text);
                return 0;
        case OPTION_SKEW:
                o->skew_ppm = number(state, "skew", text);
                return 0;
        case OPTION_PER_PACKET:
                o->per_packet = (unsigned) whole(state, "per-packet", text, 1000);
                return 0;
        case OPTION_LOSS:
                o->loss_pct = number(state, "loss", text);
                return 0;
        case OPTION_JITTER:
                o->jitter_ms = number(state, "jitter-ms", text);
                return 0;
        case OPTION_COUNTER:
                o->counter =
                        (enum packet_counter) word(state, "counter", text, packet_counter_from_string(text));
                return 0;
        case OPTION_LAYOUT:
                o->layout = (enum recording_layout) word(state, "layout", text, layout_from_string(text));
                return 0;
        case 'o':
                a->output = text;
                return 0;
        case ARGP_KEY_ARG:
                argp_error(state, "\"%s\" is too much: options only", text);
                return 0;
        case ARGP_KEY_END:
                if (synth_options_check(o, &why) < 0)
                        argp_error(state, "%s", why);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

int main(int argc, char *argv[]) {
        static const struct argp argp = {.options = options, .parser = parse, .doc = doc};
        struct arguments a = {.options = synth_options_default()};
        FILE *out = stdout;
        int k;

        argp_parse(&argp, argc, argv, 0, NULL, &a);
        if (a.output) {
                out = fopen(a.output, "we");
                if (!out) {
                        fprintf(stderr, "repcast-synth: %s: %s\n", a.output, strerror(errno));
                        return EXIT_FAILURE;
                }
        }
        k = synth_write(&a.options, out);
        if (fclose(out) != 0 && k >= 0)
                k = -errno;
        if (k < 0) {
                fprintf(stderr, "repcast-synth: %s: %s\n", a.output ? a.output : "standard output",
                        strerror(-k));
                return EXIT_FAILURE;
        }
        return EXIT_SUCCESS;
}
