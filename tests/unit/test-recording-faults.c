/* SPDX-License-Identifier: Apache-2.0 */
/* Each kind of bad recording gets its own clear words, with line and column. */

#include <errno.h>

#include "recording/recording.h"
#include "unit.h"
#include "util/macros.h"

#define CSV     "t,ax,ay,az,gx,gy,gz\n"
#define SAMPLES "repcast-recording 1\nrate_hz: 100\n"
#define PACKETS SAMPLES "packet: imu16\ncounter: none\naccel_range_g: 8\ngyro_range_dps: 1000\n"

static const struct {
        const char *text, *error;
} faults[] = {
#include "recording-faults.inc"
};

static void expect(const char *bytes, size_t n, const char *error) {
        struct recording *r = NULL;
        struct recording_row row;
        FILE *f = fmemopen((void *) (uintptr_t) bytes, n, "r");
        int k;

        assert_non_null(f);
        k = recording_open_stream(f, "x", &r);
        while (k >= 0 && (k = recording_next(r, &row)) > 0)
                ;
        if (k != -EBADMSG || strcmp(recording_error(r), error) != 0)
                fail_msg("%d \"%s\", wanted \"%s\"", k, recording_error(r), error);
        assert_int_equal(recording_next(r, &row), -EBADMSG); /* a fault is final */
        recording_free(r);
        fclose(f);
}

static void test_texts(void **state) {
        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(faults); i++)
                expect(faults[i].text, strlen(faults[i].text), faults[i].error);
}

static void test_binary(void **state) {
        (void) state;
        static const char nul[] = CSV "0,1,1,\0001,1,1,1\n";
        static const char latin[] = SAMPLES "note: Kr\xe4"
                                            "ftig\n";

        expect(nul, sizeof(nul) - 1, "x:2:7: not a text file: UTF-8 text is allowed, byte 0x00 was given");
        expect(latin, sizeof(latin) - 1, "x:3:9: not a text file: UTF-8 text is allowed, byte 0xe4 was given");
}

static void test_long_line(void **state) {
        (void) state;
        char line[RECORDING_LINE_MAX + 100];

        memset(line, '7', sizeof(line));
        memcpy(line, CSV, strlen(CSV));
        expect(line, sizeof(line), "x:2:2049: line too long: 2048 bytes are allowed");
}

static void test_empty(void **state) {
        (void) state;
        struct recording *r = NULL;
        FILE *f = tmpfile();

        assert_non_null(f);
        assert_int_equal(recording_open_stream(f, "x", &r), -EBADMSG);
        assert_string_equal(recording_error(r),
                "x:1:1: the file is empty: \"t,ax,ay,az,gx,gy,gz\" or \"repcast-recording 1\" is allowed as "
                "first line");
        recording_free(r);
        fclose(f);
}

static void test_no_file(void **state) {
        (void) state;
        struct recording *r = NULL;
        struct recording_row row;

        assert_int_equal(recording_open("/no/such.csv", &r), -ENOENT);
        assert_string_equal(recording_error(r), "/no/such.csv: No such file or directory");
        assert_int_equal(recording_next(r, &row), -ENOENT);
        recording_free(r);
        r = NULL;
        assert_int_equal(recording_open("/", &r), -EISDIR);
        assert_string_equal(recording_error(r), "/: Is a directory");
        recording_free(r);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_texts),
                cmocka_unit_test(test_binary),
                cmocka_unit_test(test_long_line),
                cmocka_unit_test(test_empty),
                cmocka_unit_test(test_no_file),
        };
        return run_unit_tests(tests);
}
