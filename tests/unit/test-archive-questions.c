/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of the store: pages of the past, lifts, what is known of sensors. */

#include <errno.h>

#include "store-folder.h"
#include "store/calibration-text.h"

/* ---- what is known of strength ---- */

static void add_one(struct archive *a, const char *run, const char *station, uint64_t seq, int64_t made_ms,
        const char *athlete) {
        char json[96];
        struct row row = {.number = seq, .seq = seq, .type = MESSAGE_REP, .made_ms = made_ms, .json = json};
        snprintf(row.run, sizeof(row.run), "%s", run);
        snprintf(row.station, sizeof(row.station), "%s", station);
        snprintf(json, sizeof(json), "{\"station\":\"%s\",\"seq\":%u,\"athlete\":\"%s\",\"exercise\":\"curl\"}",
                station, (unsigned) seq, athlete);
        archive_add(a, &row, 1);
}

static char lifts[512];

static void note_lift(
        void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps) {
        unsigned *n = userdata;
        size_t at = strlen(lifts);

        (*n)++;
        snprintf(lifts + at, sizeof(lifts) - at, "%s %s %g %g; ", athlete, exercise, load_kg, best_mps);
}

static void add_set(struct archive *a, uint64_t seq, enum message_type type, const char *json) {
        char text[256];
        struct row row = {
                .run = "0123", .station = "rack-1", .number = seq, .seq = seq, .type = type, .json = text};

        snprintf(text, sizeof(text), "%s", json);
        archive_add(a, &row, 1);
}

static void test_lifts_of_the_history(void **state) {
        static const char *const sets[] = {
                "{\"set\":1,\"athlete\":\"ana\",\"exercise\":\"squat\",\"load_kg\":80.0,\"best_mps\":0.6,"
                "\"velocity_loss_pct\":5.0}",
                /* paced; without a load; nobody's, and claimed by the next event */
                "{\"set\":2,\"athlete\":\"ana\",\"exercise\":\"squat\",\"load_kg\":90.0,\"best_mps\":0.5,"
                "\"velocity_loss_pct\":null}",
                "{\"set\":3,\"athlete\":\"ana\",\"exercise\":\"squat\",\"load_kg\":null,\"best_mps\":0.5,"
                "\"velocity_loss_pct\":0.0}",
                "{\"set\":4,\"athlete\":null,\"exercise\":\"squat\",\"load_kg\":60.0,\"best_mps\":0.8,"
                "\"velocity_loss_pct\":0.0}",
        };
        struct archive *a = begin(&config);
        unsigned n = 0;

        (void) state;
        for (unsigned i = 0; i < 4; i++)
                add_set(a, i + 1, MESSAGE_SET, sets[i]);
        add_set(a, 5, MESSAGE_AMEND, "{\"set\":4,\"athlete\":\"ben\",\"change\":\"claimed\"}");
        lifts[0] = '\0';
        archive_load_lifts(a, 100, note_lift, &n);
        assert_int_equal(n, 2);
        assert_string_equal(lifts, "ana squat 80 0.6; ben squat 60 0.8; ");
        n = 0;
        archive_load_lifts(a, 1, note_lift, &n); /* the newest one */
        assert_int_equal(n, 1);
        archive_close(a);
}

/* ---- questions ---- */

/* Every page of an answer; returns the sum of all seq, and how many events there were. */
static unsigned ask_all(struct archive *a, struct query q, unsigned *ret_pages, uint64_t *ret_sum) {
        unsigned n = 0;
        struct page p;

        *ret_pages = 0;
        *ret_sum = 0;
        do {
                assert_int_equal(archive_answer(a, &q, &p), 0);
                assert_true(p.n <= q.limit);
                for (unsigned i = 0; i < p.n; i++)
                        *ret_sum += strtoul(strstr(p.events[i], "\"seq\":") + 6, NULL, 10);
                n += p.n;
                if (q.kind == QUERY_HISTORY)
                        q.after = p.next;
                else
                        q.from_seq = p.next;
                page_done(&p);
                assert_true(++*ret_pages < 1000);
        } while (p.next > 0);
        return n;
}

static void check_answers(struct archive *a) {
        struct query history = {.kind = QUERY_HISTORY, .limit = 20};
        struct query resync = {.kind = QUERY_RESYNC,
                .limit = 20,
                .session = "b",
                .station = "rack-1",
                .from_seq = 11,
                .to_seq = 60};
        unsigned pages;
        uint64_t sum;

        assert_int_equal(ask_all(a, history, &pages, &sum), 4000);
        assert_true(pages >= 200);
        strcpy(history.station, "rack-2");
        history.limit = 100;
        assert_int_equal(ask_all(a, history, &pages, &sum), 2000);
        strcpy(history.athlete, "ben");
        assert_int_equal(ask_all(a, history, &pages, &sum), 1000);
        strcpy(history.exercise, "squat");
        assert_int_equal(ask_all(a, history, &pages, &sum), 0);
        assert_true(pages >= 2); /* so many events are not looked at in one go */
        history.exercise[0] = '\0';
        history.since_ms = TODAY_MS + 1001;
        history.until_ms = TODAY_MS + 1011;
        assert_int_equal(ask_all(a, history, &pages, &sum), 10);
        assert_int_equal(sum, 10 * 1 + 45);

        assert_int_equal(ask_all(a, resync, &pages, &sum), 50);
        assert_int_equal(pages, 3);
        assert_int_equal(sum, (11 + 60) * 25);
        resync.to_seq = 100000;
        resync.from_seq = 991;
        assert_int_equal(ask_all(a, resync, &pages, &sum), 10);
        strcpy(resync.session, "c");
        assert_int_equal(ask_all(a, resync, &pages, &sum), 0);
}

static void fill(struct archive *a) {
        for (unsigned run = 0; run < 2; run++)
                for (unsigned seq = 1; seq <= 1000; seq++)
                        for (unsigned rack = 1; rack <= 2; rack++)
                                add_one(a, run ? "b" : "a", rack == 1 ? "rack-1" : "rack-2", seq,
                                        TODAY_MS + 1000 * run + seq, run ? "ben" : "ana");
}

static void test_questions(void **state) {
        (void) state;
        struct archive_config memory = config;
        struct archive *a = begin(&config);
        fill(a);
        check_answers(a);
        archive_close(a);
        memory.path = NULL;
        a = begin(&memory);
        fill(a);
        check_answers(a);
        archive_close(a);

        /* Half on disk, half in memory. */
        a = begin(&config);
        for (unsigned seq = 1; seq <= 30; seq++)
                add_one(a, "b", "rack-1", seq, TODAY_MS, "ana");
        disk_set_fault(DISK_FULL);
        for (unsigned seq = 31; seq <= 60; seq++)
                add_one(a, "b", "rack-1", seq, TODAY_MS, "ana");
        struct query history = {.kind = QUERY_HISTORY, .limit = 7};
        struct query resync = {.kind = QUERY_RESYNC,
                .limit = 20,
                .session = "b",
                .station = "rack-1",
                .from_seq = 11,
                .to_seq = 60};
        unsigned pages;
        uint64_t sum;
        assert_int_equal(ask_all(a, history, &pages, &sum), 60);
        assert_int_equal(ask_all(a, resync, &pages, &sum), 50);
        disk_set_fault(DISK_WELL);
        archive_close(a);
}

static void test_a_page_is_bounded(void **state) {
        (void) state;
        static char json[10000];
        struct query history = {.kind = QUERY_HISTORY, .limit = 100};
        struct archive *a = begin(&config);
        struct page p;
        memset(json, 'x', sizeof(json) - 1);
        for (unsigned seq = 1; seq <= 20; seq++) {
                struct row row = {.run = "b",
                        .station = "rack-1",
                        .number = seq,
                        .seq = seq,
                        .type = MESSAGE_SET,
                        .json = json};
                archive_add(a, &row, 1);
        }
        assert_int_equal(archive_answer(a, &history, &p), 0);
        assert_int_equal(p.n, 6);
        assert_int_equal(p.next, 6);
        page_done(&p);
        archive_close(a);
}

/* ---- calibration ---- */

static struct calibration known(double bias) {
        struct calibration_params params = {0.25, 0.03, 0.008, 0.02, 0.02, 0.02};
        struct calibration c;
        calibration_init(&c, &params);
        for (unsigned i = 0; i < 20; i++) {
                double m[3] = {
                        i % 3 == 0 ? 9.8 + bias : 0.1, i % 3 == 1 ? 9.8 : 0.2, i % 3 == 2 ? 9.8 : 1.0 / 3};
                calibration_rest(&c, &params, m);
        }
        c.flipped = 3;
        return c;
}

static struct {
        unsigned n;
        char sensor[MESSAGE_NAME_MAX];
        struct calibration c;
        int64_t saved_ms;
} loaded;

static void take(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        (void) userdata;
        loaded.n++;
        snprintf(loaded.sensor, sizeof(loaded.sensor), "%s", sensor);
        loaded.c = *c;
        loaded.saved_ms = saved_ms;
}

static void test_calibration_is_kept(void **state) {
        (void) state;
        struct archive *a = begin(&config);
        struct calibration c = known(0.1), newer = known(0.2);
        assert_int_equal(archive_save_calibration(a, "D4:22:CD:00:11:22", &c, TODAY_MS - 1), 0);
        assert_int_equal(archive_save_calibration(a, "D4:22:CD:00:11:22", &newer, TODAY_MS), 0);
        archive_close(a);
        a = reopen(&config);
        loaded.n = 0;
        archive_load_calibrations(a, take, NULL);
        assert_int_equal(loaded.n, 1);
        assert_string_equal(loaded.sensor, "D4:22:CD:00:11:22");
        assert_int_equal(loaded.saved_ms, TODAY_MS);
        assert_memory_equal(loaded.c.x, newer.x, sizeof(newer.x)); /* to the last bit */
        assert_int_equal(loaded.c.flipped, 3);
        assert_int_equal(loaded.c.rests, newer.rests);
        for (unsigned i = 0; i < CALIBRATION_N; i++)
                for (unsigned j = 0; j <= i; j++)
                        assert_memory_equal(&loaded.c.P[i][j], &newer.P[i][j], sizeof(double));
        archive_close(a);
}

static void test_text_of_no_sensor_is_refused(void **state) {
        (void) state;
        char text[CALIBRATION_TEXT_MAX], bad[CALIBRATION_TEXT_MAX + 8];
        struct calibration c = known(0.1), ret;
        calibration_to_text(&c, text);
        assert_int_equal(calibration_from_text(text, &ret), 0);
        assert_int_equal(calibration_from_text("", &ret), -EINVAL);
        assert_int_equal(calibration_from_text("1 2 3", &ret), -EINVAL);
        snprintf(bad, sizeof(bad), "%s 7", text);
        assert_int_equal(calibration_from_text(bad, &ret), -EINVAL);
        snprintf(bad, sizeof(bad), "-%s", text);
        assert_int_equal(calibration_from_text(bad, &ret), -EINVAL);
        snprintf(bad, sizeof(bad), "%s", text);
        *strrchr(bad, ' ') = '\0';
        assert_int_equal(calibration_from_text(bad, &ret), -EINVAL);
        c.P[0][0] = -1;
        calibration_to_text(&c, text);
        assert_int_equal(calibration_from_text(text, &ret), -EINVAL);
        c.P[0][0] = (double) NAN;
        calibration_to_text(&c, text);
        assert_int_equal(calibration_from_text(text, &ret), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lifts_of_the_history),
                cmocka_unit_test(test_questions),
                cmocka_unit_test(test_a_page_is_bounded),
                cmocka_unit_test(test_calibration_is_kept),
                cmocka_unit_test(test_text_of_no_sensor_is_refused),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
