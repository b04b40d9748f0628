/* SPDX-License-Identifier: Apache-2.0 */
/* Packets into a pipe: a reader that is slow, gone, or no pipe at all does not matter to anybody. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "hub/recorder.h"
#include "unit.h"

static const struct recording_header header = {.layout = RECORDING_PACKETS,
        .sensor = "D4:22:CD:00:11:22",
        .exercise = "deadlift",
        .profile = "repcast-bar",
        .rate_hz = 100,
        .truth.count = -1};

static const uint8_t packet[] = {0x22, 0x07, 0xff};

struct setup {
        sd_event *loop;
        int fds[2];
        struct recorder *r;
};

static struct setup start(void) {
        struct setup s;

        assert_true(sd_event_new(&s.loop) >= 0);
        assert_int_equal(pipe2(s.fds, O_CLOEXEC | O_NONBLOCK), 0);
        assert_int_equal(recorder_new(s.loop, s.fds[1], &header, &s.r), 0);
        return s;
}

static void end(struct setup *s) {
        recorder_free(s->r);
        sd_event_unref(s->loop);
        if (s->fds[0] >= 0)
                close(s->fds[0]);
}

/* Everything that is there, and what the loop brings. */
static size_t read_all(struct setup *s, char *text, size_t size) {
        size_t n = 0;
        ssize_t k = 1;

        while (k > 0 || sd_event_run(s->loop, 0) > 0) {
                k = read(s->fds[0], text + n, size - 1 - n);
                n += k > 0 ? (size_t) k : 0;
        }
        text[n] = '\0';
        return n;
}

static void test_what_comes_out_is_a_recording(void **state) {
        struct setup s = start();
        struct recording *recording = NULL;
        struct recording_row row;
        char text[4096];
        FILE *file;

        (void) state;
        recorder_push(s.r, 0, packet, sizeof(packet), 1000);
        recorder_push(s.r, 1, packet, 1, 1000);
        file = fmemopen(text, read_all(&s, text, sizeof(text)), "r");
        assert_int_equal(recording_open_stream(file, "pipe", &recording), 0);
        assert_string_equal(recording_get_header(recording)->profile, "repcast-bar");
        assert_int_equal(recording_next(recording, &row), 1);
        assert_int_equal(row.n_bytes, 3);
        assert_memory_equal(row.bytes, packet, 3);
        assert_int_equal(recording_next(recording, &row), 1);
        assert_int_equal(row.stream, 1);
        assert_int_equal(recording_next(recording, &row), 0);
        recording_free(recording);
        fclose(file);
        end(&s);
}

/* It reads nothing for as long as can be held, and then everything: each row is there once, in order. */
static void test_a_slow_reader(void **state) {
        struct setup s = start();
        char *text = malloc(1 << 20), *line;
        unsigned n = 0;

        (void) state;
        assert_non_null(text);
        fcntl(s.fds[0], F_SETPIPE_SZ, 4096);
        for (unsigned i = 0; i < 10000; i++)
                recorder_push(s.r, 0, packet, sizeof(packet), i);
        assert_false(recorder_has_ended(s.r));
        read_all(&s, text, 1 << 20);
        line = strstr(text, "arrival_us,stream,packet\n");
        assert_non_null(line);
        for (line = strchr(line, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
                char wanted[64];

                snprintf(wanted, sizeof(wanted), "%u,0,2207ff\n", n++);
                assert_memory_equal(line, wanted, strlen(wanted));
        }
        assert_int_equal(n, 10000);
        free(text);
        end(&s);
}

/* Slower than that: the recording ends, and nobody waits. */
static void test_a_reader_that_sleeps(void **state) {
        struct setup s = start();
        char *text = malloc(1 << 20);
        size_t n;

        (void) state;
        for (unsigned i = 0; i < 100000 && !recorder_has_ended(s.r); i++)
                recorder_push(s.r, 0, packet, sizeof(packet), i);
        assert_true(recorder_has_ended(s.r));
        recorder_push(s.r, 0, packet, sizeof(packet), 1 << 20); /* no harm */
        n = read_all(&s, text, 1 << 20);
        assert_true(n > 60000); /* what the pipe holds by itself */
        free(text);
        end(&s);
}

static void test_a_reader_that_goes(void **state) {
        struct setup s = start();

        (void) state;
        close(s.fds[0]);
        s.fds[0] = -1;
        while (sd_event_run(s.loop, 0) > 0) {}
        assert_true(recorder_has_ended(s.r));
        recorder_push(s.r, 0, packet, sizeof(packet), 5);
        end(&s);
}

static void test_pipes_only(void **state) {
        struct recorder *r = NULL;
        sd_event *loop = NULL;
        FILE *file = tmpfile();
        int fd = dup(fileno(file));

        (void) state;
        assert_true(sd_event_new(&loop) >= 0);
        assert_int_equal(recorder_new(loop, fd, &header, &r), -EINVAL);
        assert_int_equal(fcntl(fd, F_GETFD), -1); /* taken, and closed */
        assert_null(r);
        fclose(file);
        sd_event_unref(loop);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_comes_out_is_a_recording),
                cmocka_unit_test(test_a_slow_reader),
                cmocka_unit_test(test_a_reader_that_sleeps),
                cmocka_unit_test(test_a_reader_that_goes),
                cmocka_unit_test(test_pipes_only),
        };
        signal(SIGPIPE, SIG_IGN); /* as the daemon does */
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
