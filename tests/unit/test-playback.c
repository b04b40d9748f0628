/* SPDX-License-Identifier: Apache-2.0 */
/* Playback gives the generator's samples back: exactly from samples, within counts and jitter from packets. */

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <repcast/core.h>

#include "hub/exercises.h"
#include "hub/playback.h"
#include "sensor/encoder.h"
#include "synth/synth.h"
#include "unit.h"

static FILE *write_recording(const struct synth_options *o) {
        FILE *f = tmpfile();

        assert_non_null(f);
        assert_int_equal(synth_write(o, f), 0);
        rewind(f);
        return f;
}

static struct playback *play(FILE *f) {
        struct playback *p = NULL;
        int k = playback_open_stream(f, "x", NULL, &p);

        if (k < 0)
                fail_msg("%s", playback_error(p));
        return p;
}

static void test_samples(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();
        struct synth *s = NULL;
        struct playback *p;
        struct playback_info info;
        struct sample wanted, got;
        FILE *f;

        o.grade = SYNTH_PERFECT;
        o.loss_pct = 3;
        for (o.layout = RECORDING_CSV; o.layout <= RECORDING_SAMPLES; o.layout++) {
                f = write_recording(&o);
                p = play(f);
                assert_int_equal(synth_new(&o, &s), 0);
                for (bool first = true; synth_next(s, &wanted) > 0; first = false) {
                        assert_int_equal(playback_next(p, &got), 1);
                        if (first)
                                wanted.lost = 0; /* nobody knows what was before */
                        assert_memory_equal(&got, &wanted, sizeof(got));
                }
                assert_int_equal(playback_next(p, &got), 0);
                info = playback_get_info(p);
                assert_near(info.rate_hz, 100, 1e-9);
                assert_true(info.samples > 2000 && info.lost > 20);
                assert_string_equal(info.header->exercise, o.layout == RECORDING_CSV ? "" : "back-squat");
                assert_int_equal(info.header->truth.count, o.layout == RECORDING_CSV ? -1 : 5);
                synth_free(s);
                playback_free(p);
                fclose(f);
        }
}

/* The generator's packets leave 2 ms after their last sample, and late. */
static void packets(enum packet_counter counter, double jitter_ms, double tolerance_s) {
        struct synth_options o = synth_options_default();
        struct synth *s = NULL;
        struct playback *p;
        struct sample wanted, got;
        double worst = 0;
        FILE *f;

        o.layout = RECORDING_PACKETS;
        o.counter = counter;
        o.jitter_ms = jitter_ms;
        o.reps = 10;
        f = write_recording(&o);
        p = play(f);
        o.layout = RECORDING_SAMPLES;
        o.jitter_ms = 0;
        assert_int_equal(synth_new(&o, &s), 0);
        for (uint64_t last = 0; playback_next(p, &got) > 0; last = got.t_us) {
                assert_int_equal(synth_next(s, &wanted), 1);
                assert_true(got.t_us > last);
                assert_int_equal(got.lost, 0);
                for (unsigned i = 0; i < 3; i++) {
                        assert_near(got.f_mps2[i], wanted.f_mps2[i], 1e-9); /* both are whole counts */
                        assert_near(got.w_radps[i], wanted.w_radps[i], 1e-9);
                }
                if (wanted.t_us > 10000000)
                        worst = fmax(worst, fabs((double) got.t_us - (double) wanted.t_us - 2000) * 1e-6);
        }
        printf("# %s, jitter %g ms: instants within %.2f ms\n", packet_counter_to_string(counter), jitter_ms,
                worst * 1e3);
        assert_near(worst, 0, tolerance_s);
        assert_true(playback_get_info(p).samples > 3000);
        synth_free(s);
        playback_free(p);
        fclose(f);
}

static void test_packets(void **state) {
        (void) state;
        for (enum packet_counter c = 0; c < _PACKET_COUNTER_MAX; c++) {
                packets(c, 0, 0.0001);
                packets(c, 15, 0.002);
        }
}

static void test_lost_packets(void **state) {
        (void) state;
        struct synth_options o = synth_options_default();
        struct playback *p;
        struct sample got;
        double first_us = 0, due = 0;
        FILE *f;

        o.layout = RECORDING_PACKETS;
        o.loss_pct = 5;
        o.jitter_ms = 10;
        o.reps = 20;
        f = write_recording(&o);
        p = play(f);
        while (playback_next(p, &got) > 0) {
                if (got.t_us < 10000000) /* the timebase settles */
                        first_us = (double) got.t_us;
                else
                        due += 1 + got.lost;
        }
        /* All samples, here or known to be missing, are 10 ms apart. */
        assert_near(((double) got.t_us - first_us) * 1e-4, due, 0.2);
        assert_near((double) playback_get_info(p).lost / due, 0.05, 0.02);
        playback_free(p);
        fclose(f);
}

#define PACKETS                                                                                                \
        "repcast-recording 1\nrate_hz: 100\npacket: imu16\ncounter: u16-32768hz\naccel_range_g: "              \
        "8\ngyro_range_dps: 1000\n"                                                                            \
        "arrival_us,packet\n"
#define ZEROS "000000000000000000000000"

static void expect_fault(const char *text, const char *error) {
        struct playback *p = NULL;
        struct sample got;
        FILE *f = fmemopen((void *) (uintptr_t) text, strlen(text), "r");
        int k;

        assert_non_null(f);
        k = playback_open_stream(f, "x", NULL, &p);
        while (k >= 0 && (k = playback_next(p, &got)) > 0)
                ;
        assert_int_equal(k, -EBADMSG);
        assert_string_equal(playback_error(p), error);
        assert_int_equal(playback_next(p, &got), -EBADMSG);
        playback_free(p);
        fclose(f);
}

static void test_faults(void **state) {
        (void) state;
        expect_fault(PACKETS "5,010100" ZEROS "\n",
                "x:8:3: packet does not decode: 1 to 42 samples of 12 bytes behind a header of 4 are allowed, "
                "15 bytes were "
                "given");
        expect_fault(PACKETS "5,01010000" ZEROS "\n60,0201" ZEROS "\n",
                "x:9:4: packet is of another version: imu16 version 1 is allowed, version 2 was given");
        expect_fault("t,ax,ay,az,gx,gy,gz\n0,0,0,9.8,0,0,0\n0.01,0,0,nan,0,0,0\n",
                "x:3:10: az is no number: a finite decimal number is allowed, \"nan\" was given");
        expect_fault("t,ax",
                "x:1:1: wrong first line: \"t,ax,ay,az,gx,gy,gz\" or \"repcast-recording 1\" is allowed, "
                "\"t,ax\" was given (the file ends in this line)");
}

/* ---- raw packets of a sensor ---- */

struct sent {
        struct recording_writer writer;
        uint64_t now_us;
};

static void write_packet(void *userdata, unsigned stream, const uint8_t *bytes, size_t n) {
        struct sent *sent = userdata;

        assert_int_equal(recording_write_packet(&sent->writer, sent->now_us + 2000, stream, bytes, n), 0);
}

/* A set as this sensor would have sent it. */
static FILE *send_set(const struct profile *p, double rate_hz) {
        static struct encoder encoder;
        struct recording_header header = {
                .layout = RECORDING_PACKETS,
                .rate_hz = rate_hz,
                .exercise = "back-squat",
                .truth.count = -1,
        };
        struct synth_options o = synth_options_default();
        struct synth *s = NULL;
        struct sent sent;
        struct sample sample;
        FILE *f = tmpfile();

        assert_non_null(f);
        o.rate_hz = rate_hz;
        strcpy(header.profile, p->name);
        assert_int_equal(recording_writer_init(&sent.writer, f, &header), 0);
        assert_int_equal(encoder_init(&encoder, p, 5, 244, write_packet, &sent), 0);
        assert_int_equal(synth_new(&o, &s), 0);
        while (synth_next(s, &sample) > 0) {
                sent.now_us = sample.t_us;
                encoder_push(&encoder, &sample);
        }
        encoder_flush(&encoder);
        synth_free(s);
        rewind(f);
        return f;
}

static unsigned drain(struct core *core) {
        const struct event *e;
        unsigned reps = 0;

        while ((e = core_next(core)))
                reps += e->type == EVENT_REP;
        return reps;
}

static unsigned count_reps(struct playback *p, const struct exercise *x) {
        static struct core core;
        struct sample sample;
        unsigned reps = 0;

        assert_int_equal(core_init(&core, NULL, x, NULL), 0);
        while (playback_next(p, &sample) > 0) {
                core_push(&core, &sample);
                reps += drain(&core);
        }
        core_flush(&core);
        return reps + drain(&core);
}

/* Whichever sensor is on the bar, five reps are five reps. */
static void test_every_sensor_counts(void **state) {
        struct faults faults = {.sink = NULL};
        struct profiles set = {NULL, 0};
        struct exercises exercises;

        (void) state;
        assert_int_equal(profiles_load_builtin(&set, &faults), 0);
        assert_int_equal(exercises_load(NULL, &faults, &exercises), 0);
        for (size_t i = 0; i < set.n; i++) {
                FILE *f = send_set(set.items[i], profile_rate(set.items[i], 0));
                struct playback *p = play(f);
                unsigned reps = count_reps(p, exercises_find(&exercises, "back-squat", NULL));

                if (reps != 5 || playback_get_info(p).bad > 0 || playback_get_info(p).lost > 0)
                        fail_msg("%s: %u reps, %llu bad packets, %llu samples lost", set.items[i]->name, reps,
                                (unsigned long long) playback_get_info(p).bad,
                                (unsigned long long) playback_get_info(p).lost);
                playback_free(p);
                fclose(f);
        }
        exercises_done(&exercises);
        profiles_done(&set);
}

#define RAW(profile) "repcast-recording 1\nrate_hz: 100\nprofile: " profile "\narrival_us,stream,packet\n"
#define FRAME        "5561f5ff2e000008feffffffffffd9ffb5000000"

static void test_raw_faults(void **state) {
        (void) state;
        expect_fault(RAW("witmotion-ble4") "5,0," FRAME "\n",
                "x:4:1: no profile is called \"witmotion-ble4\"; did you mean \"witmotion-ble5\"?");
        expect_fault(RAW("zzzzzz") "5,0," FRAME "\n", "x:4:1: no profile is called \"zzzzzz\"");
        expect_fault(RAW("witmotion-ble5") "5,1," FRAME "\n",
                "x:5:5: profile witmotion-ble5 has no stream 1: it has 1");
}

/* What a sensor sent may be anything: only what is a sample counts. */
static void test_raw_packets_of_any_kind(void **state) {
        static const char text[] =
                RAW("witmotion-ble5") "5,0,ff\n10005,0,55710300000000000000000000000000000000\n"
                                      "20005,0,00" FRAME "\n30005,0," FRAME "5561f5\n"
                                      "40005,0,ff2e000008feffffffffffd9ffb5000000\n";
        struct playback *p;
        struct sample got;
        unsigned n = 0;
        FILE *f = fmemopen((void *) (uintptr_t) text, strlen(text), "r");

        (void) state;
        assert_non_null(f);
        p = play(f);
        while (playback_next(p, &got) > 0)
                n++;
        assert_int_equal(n, 3);
        assert_string_equal(playback_error(p), "");
        playback_free(p);
        fclose(f);
}

static void test_duration(void **state) {
        (void) state;
        char path[] = "/tmp/repcast-playback-XXXXXX";
        struct synth_options o = synth_options_default();
        struct playback *p = NULL;
        struct sample got;
        double forecast, end = 0;
        FILE *f = fdopen(mkstemp(path), "w");

        assert_non_null(f);
        assert_int_equal(synth_write(&o, f), 0);
        fclose(f);
        assert_int_equal(playback_open(path, NULL, &p), 0);
        unlink(path);
        forecast = playback_get_info(p).duration_s;
        assert_true(playback_get_position(p).total > 100000);
        while (playback_next(p, &got) > 0)
                end = (double) got.t_us * 1e-6;
        assert_near(forecast, end, 1e-6);
        assert_true(playback_get_position(p).bytes == playback_get_position(p).total);
        playback_free(p);

        p = NULL;
        assert_int_equal(playback_open("/no/such", NULL, &p), -ENOENT);
        assert_string_equal(playback_error(p), "/no/such: No such file or directory");
        playback_free(p);
}

/* "repcastctl replay PIPE", with a writer that has finished before the reader looks for the end. */
static void test_named_pipe(void **state) {
        (void) state;
        static const char text[] = "t,ax,ay,az,gx,gy,gz\n0,0,0,9.81,0,0,0\n0.01,0,0,9.81,0,0,0\n";
        char folder[] = "/tmp/repcast-pipe-XXXXXX", path[64];
        struct playback *p = NULL;
        struct sample sample;
        pid_t writer;

        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/pipe", folder);
        assert_int_equal(mkfifo(path, 0600), 0);
        writer = fork();
        if (writer == 0) {
                FILE *f = fopen(path, "w");

                _exit(!f || fputs(text, f) < 0 || fclose(f) != 0);
        }
        alarm(10); /* to wait for another writer is the fault that is looked for */
        assert_int_equal(playback_open(path, NULL, &p), 0);
        assert_int_equal(playback_next(p, &sample), 1);
        assert_int_equal(playback_next(p, &sample), 1);
        assert_int_equal(playback_next(p, &sample), 0);
        assert_true(isnan(playback_get_info(p).duration_s));
        alarm(0);
        playback_free(p);
        waitpid(writer, NULL, 0);
        unlink(path);
        rmdir(folder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_samples),
                cmocka_unit_test(test_packets),
                cmocka_unit_test(test_lost_packets),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_every_sensor_counts),
                cmocka_unit_test(test_raw_faults),
                cmocka_unit_test(test_raw_packets_of_any_kind),
                cmocka_unit_test(test_duration),
                cmocka_unit_test(test_named_pipe),
        };
        return run_unit_tests(tests);
}
