/* SPDX-License-Identifier: Apache-2.0 */
/* Recordings: what is written is read again to the last bit, and the documentation's examples are read as they stand. */

#include <errno.h>

#include "recording/recording.h"
#include "sensor/decoder.h"
#include "unit.h"
#include "util/macros.h"

static FILE *memory;

static FILE *text(const char *s, size_t n) {
        memory = fmemopen((void *) (uintptr_t) s, n, "r");
        assert_non_null(memory);
        return memory;
}

static void test_csv(void **state) {
        (void) state;
        static const char csv[] = "t,ax,ay,az,gx,gy,gz\n"
                                  "0.0,-1,2e0,9.81,0.5,-.25,0\r\n"
                                  "0.000001,0,0,0,0,0,-0";
        struct recording *r = NULL;
        struct recording_row row;

        assert_int_equal(recording_open_stream(text(csv, sizeof(csv) - 1), "a.csv", &r), 0);
        assert_int_equal(recording_get_header(r)->layout, RECORDING_CSV);
        assert_true(isnan(recording_get_header(r)->rate_hz));
        assert_int_equal(recording_next(r, &row), 1);
        assert_int_equal(row.t_us, 0);
        assert_near(row.f_mps2[1], 2, 0);
        assert_near(row.w_radps[1], -0.25, 0);
        assert_int_equal(recording_next(r, &row), 1); /* no newline at the end */
        assert_int_equal(row.t_us, 1);
        assert_int_equal(recording_next(r, &row), 0);
        assert_int_equal(recording_next(r, &row), 0);
        assert_int_equal(recording_get_position(r).bytes, sizeof(csv) - 1);
        recording_free(r);
        fclose(memory);
}

static struct truth_phase phases[] = {
        {1, 1, PHASE_ECCENTRIC, 6500000, 10500000},
        {1, 1, PHASE_BOTTOM, 10500000, 10700001},
        {1, 1, PHASE_CONCENTRIC, 10700001, 12500000},
        {2, 1, PHASE_ECCENTRIC, 3999999999999999, 4000000000000000},
};
static struct truth_rep reps[] = {
        {1, 1, 0.1 + 0.2, {1.0 / 3, 0.25}, {0, 20}},
};
static struct truth_move moves[] = {
        {REJECTED_UNRACK, 0, 1},
        {REJECTED_RERACK, 14000000, 15500000},
};

static const struct recording_header header = {
        .layout = RECORDING_SAMPLES,
        .sensor = "D4:22:CD:00:11:22",
        .exercise = "back-squat",
        .note = "Kniebeuge, tief: 4-0-2-0 \xc3\xbc",
        .rate_hz = 99.7,
        .format = {PACKET_COUNTER_U32_US, 16, 2000},
        .truth =
                {
                        .phases = phases,
                        .n_phases = ARRAY_SIZE(phases),
                        .reps = reps,
                        .n_reps = ARRAY_SIZE(reps),
                        .moves = moves,
                        .n_moves = ARRAY_SIZE(moves),
                        .count = 12,
                },
};

static void assert_same_header(const struct recording_header *a, const struct recording_header *b) {
        assert_int_equal(a->layout, b->layout);
        assert_string_equal(a->sensor, b->sensor);
        assert_string_equal(a->exercise, b->exercise);
        assert_string_equal(a->note, b->note);
        assert_near(a->rate_hz, b->rate_hz, 0);
        assert_int_equal(a->truth.count, b->truth.count);
        assert_int_equal(a->truth.n_phases, b->truth.n_phases);
        assert_int_equal(a->truth.n_reps, b->truth.n_reps);
        assert_int_equal(a->truth.n_moves, b->truth.n_moves);
        for (size_t i = 0; i < a->truth.n_phases; i++) {
                assert_int_equal(a->truth.phases[i].phase, b->truth.phases[i].phase);
                assert_int_equal(a->truth.phases[i].set, b->truth.phases[i].set);
                assert_true(a->truth.phases[i].start_us == b->truth.phases[i].start_us);
                assert_true(a->truth.phases[i].end_us == b->truth.phases[i].end_us);
        }
        for (size_t i = 0; i < a->truth.n_reps; i++)
                assert_memory_equal(&a->truth.reps[i], &b->truth.reps[i], sizeof(a->truth.reps[i]));
        for (size_t i = 0; i < a->truth.n_moves; i++) {
                assert_int_equal(a->truth.moves[i].kind, b->truth.moves[i].kind);
                assert_true(a->truth.moves[i].end_us == b->truth.moves[i].end_us);
        }
}

/* Doubles of every magnitude in range, from a fixed multiplicative sequence. */
static double figure(uint64_t *state, double max) {
        *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
        double unit = (double) (*state >> 11) / 9007199254740992.0 - 0.5;
        return ldexp(2 * max * unit, -(int) (*state % 40));
}

static void test_samples_round_trip(void **state) {
        (void) state;
        struct recording_writer w;
        struct recording *r = NULL;
        struct recording_row row;
        uint64_t seed = 1;
        FILE *f = tmpfile();

        assert_non_null(f);
        assert_int_equal(recording_writer_init(&w, f, &header), 0);
        for (unsigned i = 0; i < 1000; i++) {
                double force[3], rate[3];
                for (unsigned k = 0; k < 3; k++) {
                        force[k] = figure(&seed, RECORDING_FORCE_MAX_MPS2);
                        rate[k] = figure(&seed, RECORDING_RATE_MAX_RADPS);
                }
                assert_int_equal(recording_write_sample(&w, 1795288142000000 + 9973ULL * i, force, rate), 0);
        }
        rewind(f);

        assert_int_equal(recording_open_stream(f, "trip", &r), 0);
        assert_same_header(recording_get_header(r), &header);
        seed = 1;
        for (unsigned i = 0; i < 1000; i++) {
                assert_int_equal(recording_next(r, &row), 1);
                assert_true(row.t_us == 1795288142000000 + 9973ULL * i);
                for (unsigned k = 0; k < 3; k++) {
                        double force = figure(&seed, RECORDING_FORCE_MAX_MPS2);
                        double rate = figure(&seed, RECORDING_RATE_MAX_RADPS);
                        assert_memory_equal(&row.f_mps2[k], &force, sizeof(force));
                        assert_memory_equal(&row.w_radps[k], &rate, sizeof(rate));
                }
        }
        assert_int_equal(recording_next(r, &row), 0);
        struct recording_position at = recording_get_position(r);
        assert_true(at.total > 0 && at.bytes == at.total);
        recording_free(r);
        fclose(f);
}

static void test_packets_round_trip(void **state) {
        (void) state;
        struct recording_header h = header;
        struct recording_writer w;
        struct recording *r = NULL;
        struct recording_row row;
        uint8_t bytes[PACKET_SIZE_MAX];
        FILE *f = tmpfile();

        assert_non_null(f);
        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = (uint8_t) (i * 7);
        h.layout = RECORDING_PACKETS;
        assert_int_equal(recording_writer_init(&w, f, &h), 0);
        assert_int_equal(recording_write_packet(&w, 5, 0, bytes, 1), 0);
        assert_int_equal(recording_write_packet(&w, 5, 0, bytes, sizeof(bytes)), 0);
        rewind(f);

        assert_int_equal(recording_open_stream(f, "trip", &r), 0);
        assert_same_header(recording_get_header(r), &h);
        assert_int_equal(recording_get_header(r)->format.counter, PACKET_COUNTER_U32_US);
        assert_near(recording_get_header(r)->format.accel_range_g, 16, 0);
        assert_int_equal(recording_next(r, &row), 1);
        assert_int_equal(row.n_bytes, 1);
        assert_int_equal(recording_next(r, &row), 1);
        assert_int_equal(row.t_us, 5);
        assert_int_equal(row.n_bytes, sizeof(bytes));
        assert_memory_equal(row.bytes, bytes, sizeof(bytes));
        assert_int_equal(recording_next(r, &row), 0);
        recording_free(r);
        fclose(f);
}

static void test_raw_packets_round_trip(void **state) {
        (void) state;
        struct recording_header h = header;
        struct recording_writer w;
        struct recording *r = NULL;
        struct recording_row row;
        FILE *f = tmpfile();

        assert_non_null(f);
        h.layout = RECORDING_PACKETS;
        strcpy(h.profile, "movella-dot");
        assert_int_equal(recording_writer_init(&w, f, &h), 0);
        for (unsigned stream = 0; stream < GATT_STREAMS_MAX; stream++)
                assert_int_equal(recording_write_packet(&w, 5, stream, (const uint8_t *) "\x42", 1), 0);
        assert_int_equal(recording_write_packet(&w, 5, GATT_STREAMS_MAX, (const uint8_t *) "x", 1), -EINVAL);
        rewind(f);
        assert_int_equal(recording_open_stream(f, "trip", &r), 0);
        assert_same_header(recording_get_header(r), &h);
        assert_string_equal(recording_get_header(r)->profile, "movella-dot");
        for (unsigned stream = 0; stream < GATT_STREAMS_MAX; stream++) {
                assert_int_equal(recording_next(r, &row), 1);
                assert_int_equal(row.stream, stream);
                assert_int_equal(row.n_bytes, 1);
                assert_int_equal(row.bytes[0], 0x42);
        }
        assert_int_equal(recording_next(r, &row), 0);
        recording_free(r);

        rewind(f);
        strcpy(h.profile, "Movella DOT");
        assert_int_equal(recording_writer_init(&w, f, &h), -EINVAL);
        *h.profile = '\0'; /* without a profile there is one stream */
        assert_int_equal(recording_writer_init(&w, f, &h), 0);
        assert_int_equal(recording_write_packet(&w, 5, 1, (const uint8_t *) "x", 1), -EINVAL);
        fclose(f);
}

/* What the reader would refuse, the writer refuses first. */
static void test_writer_is_strict(void **state) {
        (void) state;
        static const double zero[3] = {0}, nan[3] = {0, NAN, 0}, far[3] = {0, 0, 2001};
        struct recording_header h = {.layout = RECORDING_SAMPLES, .rate_hz = NAN, .truth.count = -1};
        struct recording_writer w;
        FILE *f = tmpfile();

        assert_non_null(f);
        assert_int_equal(recording_writer_init(&w, f, &h), -EINVAL);
        h.rate_hz = 100;
        strcpy(h.note, "two\nlines");
        assert_int_equal(recording_writer_init(&w, f, &h), -EINVAL);
        strcpy(h.note, "one line");
        assert_int_equal(recording_writer_init(&w, f, &h), 0);
        assert_int_equal(recording_write_sample(&w, 10, nan, zero), -EINVAL);
        assert_int_equal(recording_write_sample(&w, 10, far, zero), -EINVAL);
        assert_int_equal(recording_write_sample(&w, 10, zero, zero), 0);
        assert_int_equal(recording_write_sample(&w, 10, zero, zero), -EINVAL);
        assert_int_equal(recording_write_sample(&w, 9, zero, zero), -EINVAL);
        assert_int_equal(recording_write_packet(&w, 11, 0, (const uint8_t *) "x", 1), -EINVAL);
        fclose(f);
}

static void listen_to(const char *text, void *userdata) {
        (void) userdata;
        fail_msg("%s", text);
}

static void expect_at_rest(void *userdata, const struct sample *samples, size_t n) {
        *(size_t *) userdata += n;
        for (size_t i = 0; i < n; i++)
                assert_near(samples[i].f_mps2[2], 9.81, 0.05);
}

/* Whatever the documentation shows was measured at rest, the sensor flat. Returns the number of samples. */
static size_t play_to_end(struct recording *r) {
        static const struct decoder_handler handler = {.on_samples = expect_at_rest};
        static struct decoder decoder;
        const struct recording_header *h = recording_get_header(r);
        struct faults faults = {.sink = listen_to};
        struct profiles set = {NULL, 0};
        struct recording_row row;
        struct profile imu16;
        size_t n = 0;
        int k;

        assert_int_equal(profiles_load_builtin(&set, &faults), 0);
        packet_profile(&h->format, &imu16);
        if (h->layout == RECORDING_PACKETS)
                assert_int_equal(
                        decoder_init(&decoder, *h->profile ? profiles_find(&set, h->profile, NULL) : &imu16,
                                h->rate_hz, &handler, &n),
                        0);
        while ((k = recording_next(r, &row)) > 0)
                if (h->layout == RECORDING_PACKETS)
                        decoder_push(&decoder, row.stream, row.bytes, row.n_bytes, row.t_us);
                else
                        n++;
        if (k < 0)
                fail_msg("%s", recording_error(r));
        profiles_done(&set);
        return n;
}

/* Every fenced block of the documentation that is a recording. */
static void test_documentation(void **state) {
        (void) state;
        char path[4096], line[4096], *block = NULL;
        size_t size = 0;
        unsigned n_blocks[_RECORDING_LAYOUT_MAX] = {0};
        FILE *doc, *out = NULL;

        snprintf(path, sizeof(path), "%s/doc/recording-format.md", getenv("srcdir") ? getenv("srcdir") : ".");
        doc = fopen(path, "r");
        assert_non_null(doc);
        while (fgets(line, sizeof(line), doc)) {
                if (!out && (strcmp(line, "```csv\n") == 0 || strcmp(line, "```repcast\n") == 0)) {
                        out = open_memstream(&block, &size);
                        assert_non_null(out);
                } else if (out && strcmp(line, "```\n") == 0) {
                        struct recording *r = NULL;

                        fclose(out);
                        out = NULL;
                        if (recording_open_stream(text(block, size), "doc", &r) < 0)
                                fail_msg("%s", recording_error(r));
                        assert_true(play_to_end(r) >= 2);
                        n_blocks[recording_get_header(r)->layout]++;
                        recording_free(r);
                        fclose(memory);
                        free(block);
                        block = NULL;
                } else if (out)
                        fputs(line, out);
        }
        fclose(doc);
        for (unsigned i = 0; i < _RECORDING_LAYOUT_MAX; i++)
                assert_int_equal(n_blocks[i], i == RECORDING_PACKETS ? 2 : 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_csv),
                cmocka_unit_test(test_samples_round_trip),
                cmocka_unit_test(test_packets_round_trip),
                cmocka_unit_test(test_raw_packets_round_trip),
                cmocka_unit_test(test_writer_is_strict),
                cmocka_unit_test(test_documentation),
        };
        return run_unit_tests(tests);
}
