/* SPDX-License-Identifier: Apache-2.0 */
/* A recording as motion: between samples, behind the end, round and round, faster. */

#include <errno.h>
#include <unistd.h>

#include "peripheral/tape.h"
#include "unit.h"

static char path[] = "/tmp/test-tape-XXXXXX";

/* Ten samples a second; ax counts them, gz is 2 at each. */
static void write_tape(const char *header, unsigned n) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        fputs(header, f);
        for (unsigned i = 0; i < n; i++)
                fprintf(f, "%.1f,%u,0,9.81,0,0,2\n", 100 + 0.1 * i, i);
        assert_int_equal(fclose(f), 0);
}

static void test_between(void **state) {
        (void) state;
        struct sample s;
        struct tape t;

        write_tape("t,ax,ay,az,gx,gy,gz\n", 21);
        assert_int_equal(tape_open(&t, path, NULL, 1, false), 0);
        assert_int_equal(tape_at(&t, 0, &s), 1);
        assert_near(s.f_mps2[0], 0, 1e-9);
        assert_int_equal(tape_at(&t, 50000, &s), 1);
        assert_near(s.f_mps2[0], 0.5, 1e-9);
        assert_near(s.f_mps2[2], 9.81, 1e-9);
        assert_int_equal(tape_at(&t, 1925000, &s), 1);
        assert_near(s.f_mps2[0], 19.25, 1e-9);
        assert_int_equal(tape_at(&t, 2000000, &s), 1);
        assert_near(s.w_radps[2], 2, 1e-9);

        /* Behind the end the bar is where it was, and still. */
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(tape_at(&t, 2000001 + i * 1000000, &s), 0);
                assert_near(s.f_mps2[0], 20, 1e-9);
                assert_near(s.w_radps[2], 0, 0);
        }
        tape_close(&t);
}

static void test_loop(void **state) {
        (void) state;
        struct sample s;
        struct tape t;

        write_tape("t,ax,ay,az,gx,gy,gz\n", 21);
        assert_int_equal(tape_open(&t, path, NULL, 1, true), 0);
        for (unsigned round = 0; round < 3; round++) {
                assert_int_equal(tape_at(&t, 500000 + round * 2010000, &s), 1);
                assert_near(s.f_mps2[0], 5, 1e-9);
        }
        tape_close(&t);
}

static void test_speed(void **state) {
        (void) state;
        struct sample s;
        struct tape t;

        write_tape("t,ax,ay,az,gx,gy,gz\n", 21);
        assert_int_equal(tape_open(&t, path, NULL, 4, false), 0);
        assert_int_equal(tape_at(&t, 250000, &s), 1);
        assert_near(s.f_mps2[0], 10, 1e-9);
        assert_int_equal(tape_at(&t, 500001, &s), 0);
        tape_close(&t);
}

static void test_faults(void **state) {
        (void) state;
        struct sample s;
        struct tape t;
        FILE *f;

        assert_int_equal(tape_open(&t, "/nonexistent/x", NULL, 1, false), -ENOENT);
        assert_non_null(strstr(t.why, "/nonexistent/x"));
        tape_close(&t);

        write_tape("t,ax,ay,az,gx,gy,gz\n", 0);
        assert_int_equal(tape_open(&t, path, NULL, 1, false), -EBADMSG);
        assert_non_null(strstr(t.why, "no rows"));
        tape_close(&t);

        write_tape("t,ax,ay,az,gx,gy,gz\n", 100);
        f = fopen(path, "a");
        assert_non_null(f);
        fputs("110.0,1,2\n", f);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(tape_open(&t, path, NULL, 1, true), 0);
        assert_int_equal(tape_at(&t, 20000000, &s), -EBADMSG);
        assert_non_null(strstr(t.why, ":102:"));
        tape_close(&t);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_between),
                cmocka_unit_test(test_loop),
                cmocka_unit_test(test_speed),
                cmocka_unit_test(test_faults),
        };
        int r, fd = mkstemp(path);

        if (fd < 0)
                return 99;
        close(fd);
        r = run_unit_tests(tests);
        unlink(path);
        return r;
}
