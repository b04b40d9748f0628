/* SPDX-License-Identifier: Apache-2.0 */
/* The store's thread between a sense thread and an uplink, both played by the test: committed before it is handed out,
 * live beside late, nothing twice on one connection, nothing forgotten over a restart. */

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "store/store.h"
#include "unit.h"

#define PATIENCE_MS 20000

static char folder[64];
static char path[96];
static struct outbox *outbox;
static struct store *store;
static uint64_t number;

static int set_up(void **state) {
        (void) state;
        strcpy(folder, "/tmp/repcast-store-XXXXXX");
        assert_non_null(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/events.db", folder);
        return 0;
}

static int tear_down(void **state) {
        (void) state;
        DIR *d = opendir(folder);
        for (struct dirent *e; (e = readdir(d));) {
                char name[400];
                snprintf(name, sizeof(name), "%s/%s", folder, e->d_name);
                if (e->d_name[0] != '.')
                        (void) remove(name);
        }
        closedir(d);
        rmdir(folder);
        return 0;
}

static void start(void) {
        const struct store_config config = {
                .archive.path = path,
                .archive.disk_max = 16 << 20,
                .archive.memory_max = 1 << 20,
                .archive.history_days = 90,
                .archive.unsent_days = 30,
                .n_stations = 2,
        };
        struct store_config c = config;
        assert_int_equal(outbox_new(&outbox), 0);
        c.outbox = outbox;
        assert_int_equal(store_new(&c, &store), 0);
}

static void stop(void) {
        store_finish(store);
        assert_int_equal(store_stop(store, PATIENCE_MS * 1000), 0);
        store_free(store);
        outbox_free(outbox);
}

static int post(enum message_type type) {
        struct message m = {.type = type, .run = "0123", .origin.load_kg = 80};
        m.number = m.seq = ++number;
        strcpy(m.origin.station, "rack-1");
        return store_post(store, &m);
}

/* The next one out of a lane, waiting for it. */
static struct parcel take(enum outbox_lane lane) {
        struct parcel p = {0};
        bool last;
        while (!outbox_take(outbox, lane, &p)) {
                struct pollfd fd = {.fd = outbox_uplink_fd(outbox), .events = POLLIN};
                (void) outbox_hear(outbox, &last);
                if (outbox_take(outbox, lane, &p))
                        break;
                if (poll(&fd, 1, PATIENCE_MS) != 1)
                        fail_msg("waited %d ms for an event in lane %u", PATIENCE_MS, lane);
        }
        return p;
}

static void expect(enum outbox_lane lane, uint64_t wanted, bool late, bool ack) {
        struct parcel p = take(lane);
        char id[32];
        snprintf(id, sizeof(id), "\"id\":\"0123-%u\"", (unsigned) wanted);
        if (!strstr(p.json, id))
                fail_msg("wanted %s, got %s", id, p.json);
        if (!strstr(p.json, late ? "\"late\":true}" : "\"late\":false}"))
                fail_msg("wanted late %d, got %s", late, p.json);
        assert_string_equal(p.station, "rack-1");
        if (ack)
                outbox_acked(outbox, p.position);
        free(p.json);
}

static void wait_for_waiting(uint64_t wanted) {
        struct store_stats s;
        for (unsigned ms = 0; ms < PATIENCE_MS; ms++) {
                store_get_stats(store, &s);
                if (s.queued == 0 && s.archive.waiting == wanted)
                        return;
                usleep(1000);
        }
        fail_msg("%u events wait, wanted %u", (unsigned) s.archive.waiting, (unsigned) wanted);
}

static void test_late_before_live_and_all_over_restarts(void **state) {
        (void) state;
        struct store_stats s;
        number = 0;
        start();
        assert_int_equal(store_start(store), 0);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(post(i % 3 == 2 ? MESSAGE_SET : MESSAGE_REP), 0);
        wait_for_waiting(10);
        outbox_connected(outbox);
        expect(OUTBOX_LATE, 1, true, true);
        expect(OUTBOX_LATE, 2, true, false);
        expect(OUTBOX_LATE, 3, true, true);
        assert_int_equal(post(MESSAGE_AMEND), 0);
        expect(OUTBOX_LIVE, 11, false, true);
        outbox_disconnected(outbox); /* 4 to 10 lay ready */
        wait_for_waiting(8);
        outbox_connected(outbox);
        expect(OUTBOX_LATE, 2, true, true);
        expect(OUTBOX_LATE, 4, true, true);
        wait_for_waiting(6);
        store_get_stats(store, &s);
        assert_int_equal(s.acknowledged, 5);
        assert_true(s.archive.on_disk);
        assert_int_equal(s.refused, 0);
        stop();

        start();
        assert_int_equal(store_start(store), 0);
        outbox_connected(outbox);
        for (uint64_t i = 5; i <= 10; i++)
                expect(OUTBOX_LATE, i, true, true);
        wait_for_waiting(0);
        stop();
}

static void test_more_than_the_lanes_hold(void **state) {
        (void) state;
        enum { MANY = 3000 };
        number = 0;
        start();
        assert_int_equal(store_start(store), 0);
        for (unsigned i = 0; i < MANY; i++)
                while (post(MESSAGE_REP) == -ENOBUFS) { /* the queue is bounded */
                        number--;
                        usleep(1000);
                }
        wait_for_waiting(MANY);
        outbox_connected(outbox);
        for (uint64_t i = 1; i <= MANY; i++)
                expect(OUTBOX_LATE, i, true, true);
        wait_for_waiting(0);
        stop();
}

static void test_a_full_queue_refuses_and_counts(void **state) {
        (void) state;
        struct store_stats s;
        unsigned taken = 0;
        start(); /* and the thread does not run */
        while (post(MESSAGE_REP) == 0)
                taken++;
        assert_int_equal(post(MESSAGE_REP), -ENOBUFS);
        store_get_stats(store, &s);
        assert_int_equal(s.queued, taken);
        assert_int_equal(s.refused, 2);
        store_free(store);
        outbox_free(outbox);
}

static void test_rejected_movements_are_passed_on_and_not_kept(void **state) {
        (void) state;
        number = 0;
        start();
        assert_int_equal(store_start(store), 0);
        assert_int_equal(post(MESSAGE_REJECTED), 0); /* nobody is there */
        assert_int_equal(post(MESSAGE_REP), 0);
        wait_for_waiting(1); /* so both have been worked through */
        outbox_connected(outbox);
        expect(OUTBOX_LATE, 2, true, true); /* so the store knows of the connection */
        assert_int_equal(post(MESSAGE_REJECTED), 0);
        struct parcel p = take(OUTBOX_LIVE);
        assert_int_equal(p.position, 0);
        assert_int_equal(p.type, MESSAGE_REJECTED);
        assert_non_null(strstr(p.json, "\"id\":\"0123-3\""));
        free(p.json);
        wait_for_waiting(0);
        stop();
}

static void test_what_is_shown_is_no_event(void **state) {
        (void) state;
        start();
        for (unsigned type = 0; type <= _MESSAGE_MAX; type++) {
                struct message m = {.type = type};
                bool event = type == MESSAGE_REP || type == MESSAGE_SET || type == MESSAGE_REJECTED ||
                        type == MESSAGE_AMEND || type == MESSAGE_FATIGUE || type == MESSAGE_ADVICE ||
                        type == MESSAGE_SAFETY;
                assert_int_equal(store_post(store, &m), event ? 0 : -EINVAL);
        }
        store_free(store);
        outbox_free(outbox);
}

static unsigned n_known;

static void count(void *userdata, const char *sensor, const struct calibration *c, int64_t saved_ms) {
        (void) userdata;
        assert_string_equal(sensor, n_known == 0 ? "A" : "B");
        assert_int_equal(saved_ms, n_known == 0 ? 7 : 0);
        assert_int_equal(c->rests, 3);
        n_known++;
}

static void test_calibration_goes_to_the_disk(void **state) {
        (void) state;
        struct calibration_params params = {0.25, 0.03, 0.008, 0.02, 0.02, 0.02};
        struct calibration c;
        calibration_init(&c, &params);
        c.rests = 3;
        start();
        assert_int_equal(store_start(store), 0);
        store_save_calibration(store, 0, "A", &c, 7);
        store_save_calibration(store, 1, "B", &c, 0);
        stop();
        start();
        store_load_calibrations(store, count, NULL);
        assert_int_equal(n_known, 2);
        store_free(store);
        outbox_free(outbox);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_late_before_live_and_all_over_restarts, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_more_than_the_lanes_hold, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_full_queue_refuses_and_counts, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_rejected_movements_are_passed_on_and_not_kept, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_shown_is_no_event, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_calibration_goes_to_the_disk, set_up, tear_down),
        };
        return run_unit_tests(tests);
}
