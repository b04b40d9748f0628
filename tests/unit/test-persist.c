/* SPDX-License-Identifier: Apache-2.0 */
/* Small files written off the loop: whole, in order, and the loop is told. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/persist.h"
#include "unit.h"

#define FILES 20

static char folder[] = "/tmp/test-persist-XXXXXX";

static int set_up(void **state) {
        (void) state;
        return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int tear_down(void **state) {
        char command[64];

        (void) state;
        snprintf(command, sizeof(command), "rm -rf %s", folder);
        return chdir("/") < 0 ? -1 : system(command);
}

struct heard {
        sd_event *loop;
        int results[FILES];
        unsigned n, wanted;
};

static void on_done(int r, void *userdata) {
        struct heard *h = userdata;

        h->results[h->n++] = r;
        if (h->n == h->wanted)
                sd_event_exit(h->loop, 0);
}

static void write_number(struct persist *p, const char *path, int number, struct heard *h) {
        char *text = NULL;
        int n = asprintf(&text, "%d\n", number);

        assert_true(n > 0);
        assert_int_equal(persist_write(p, path, text, (size_t) n, h ? on_done : NULL, h), 0);
}

static int read_number(const char *path) {
        FILE *f = fopen(path, "re");
        int number = -1;

        assert_non_null(f);
        assert_int_equal(fscanf(f, "%d", &number), 1);
        fclose(f);
        return number;
}

static void test_in_order(void **state) {
        struct heard h = {.wanted = FILES};
        struct persist *p = NULL;
        struct stat st;

        (void) state;
        assert_true(sd_event_new(&h.loop) >= 0);
        assert_int_equal(persist_new(h.loop, &p), 0);
        for (int i = 0; i < FILES; i++)
                write_number(p, "file", i, &h);
        assert_int_equal(h.n, 0); /* on the loop, and nowhere else */
        assert_int_equal(sd_event_loop(h.loop), 0);
        for (int i = 0; i < FILES; i++)
                assert_int_equal(h.results[i], 0);
        assert_int_equal(read_number("file"), FILES - 1);
        assert_int_equal(stat("file", &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640 & ~umask(0));
        assert_int_equal(access("file.new", F_OK), -1);
        persist_free(p);
        sd_event_unref(h.loop);
}

static void test_failures_are_told(void **state) {
        struct heard h = {.wanted = 2};
        struct persist *p = NULL;

        (void) state;
        assert_int_equal(mkdir("place", 0700), 0);
        assert_true(sd_event_new(&h.loop) >= 0);
        assert_int_equal(persist_new(h.loop, &p), 0);
        write_number(p, "nowhere/file", 1, &h);
        write_number(p, "place", 2, &h);
        assert_int_equal(sd_event_loop(h.loop), 0);
        assert_int_equal(h.results[0], -ENOENT);
        assert_int_equal(h.results[1], -EISDIR);
        assert_int_equal(access("place.new", F_OK), -1); /* nothing is left behind */
        persist_free(p);
        sd_event_unref(h.loop);
}

/* What was asked for is on the disk when the daemon ends, though nobody hears of it any more. */
static void test_end_waits(void **state) {
        struct heard h = {.wanted = FILES};
        struct persist *p = NULL;
        char name[32];

        (void) state;
        assert_true(sd_event_new(&h.loop) >= 0);
        assert_int_equal(persist_new(h.loop, &p), 0);
        for (int i = 0; i < FILES; i++) {
                snprintf(name, sizeof(name), "last-%d", i);
                write_number(p, name, i, i % 2 ? &h : NULL);
        }
        persist_free(p);
        for (int i = 0; i < FILES; i++) {
                snprintf(name, sizeof(name), "last-%d", i);
                assert_int_equal(read_number(name), i);
        }
        assert_int_equal(h.n, 0);
        sd_event_unref(h.loop);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_in_order),
                cmocka_unit_test(test_failures_are_told),
                cmocka_unit_test(test_end_waits),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
