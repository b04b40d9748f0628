/* SPDX-License-Identifier: Apache-2.0 */
/* What is handed out belongs to one connection, acknowledgements are never lost, and each side is woken. */

#include <errno.h>
#include <poll.h>
#include <stdbool.h>

#include "message/outbox.h"
#include "unit.h"

static bool readable(int fd) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        return poll(&p, 1, 0) == 1;
}

static int put(struct outbox *o, uint64_t connection, enum outbox_lane lane, uint64_t position) {
        struct parcel p = {
                .position = position, .type = MESSAGE_REP, .station = "rack-1", .json = strdup("{}")};
        int r = outbox_put(o, connection, lane, &p);
        if (r < 0)
                free(p.json);
        return r;
}

static uint64_t take(struct outbox *o, enum outbox_lane lane) {
        struct parcel p;
        if (!outbox_take(o, lane, &p))
                return 0;
        assert_string_equal(p.json, "{}");
        assert_string_equal(p.station, "rack-1");
        free(p.json);
        return p.position;
}

static void test_out_and_back(void **state) {
        (void) state;
        static struct outbox_news news;
        struct outbox *o;
        bool last;
        assert_int_equal(outbox_new(&o), 0);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 1), -ESTALE); /* nobody is connected */

        outbox_connected(o);
        assert_true(readable(outbox_store_fd(o)));
        outbox_look(o, &news);
        assert_false(readable(outbox_store_fd(o)));
        assert_int_equal(news.connection, 1);
        assert_int_equal(news.n_acked, 0);
        assert_false(readable(outbox_uplink_fd(o)));
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 8), 0);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 9), 0);
        assert_int_equal(put(o, 1, OUTBOX_LATE, 3), 0);
        assert_true(readable(outbox_uplink_fd(o)));
        assert_int_equal(outbox_hear(o, &last), 0);
        assert_false(readable(outbox_uplink_fd(o)));
        assert_int_equal(take(o, OUTBOX_LATE), 3);
        assert_int_equal(take(o, OUTBOX_LATE), 0);
        assert_int_equal(take(o, OUTBOX_LIVE), 8);
        assert_int_equal(take(o, OUTBOX_LIVE), 9);
        outbox_acked(o, 9);
        outbox_acked(o, 3);
        assert_true(readable(outbox_store_fd(o)));
        outbox_look(o, &news);
        assert_int_equal(news.n_acked, 2);
        assert_int_equal(news.acked[0], 9);
        assert_int_equal(news.acked[1], 3);
        outbox_look(o, &news);
        assert_int_equal(news.n_acked, 0);
        outbox_free(o);
        assert_null(outbox_free(NULL));
}

static void test_a_lost_connection_takes_its_parcels_along(void **state) {
        (void) state;
        static struct outbox_news news;
        struct outbox *o;
        assert_int_equal(outbox_new(&o), 0);
        outbox_connected(o);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 1), 0);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 2), 0);
        assert_int_equal(take(o, OUTBOX_LIVE), 1);
        outbox_acked(o, 1);
        outbox_disconnected(o);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 3), -ESTALE);
        outbox_connected(o);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, 3), -ESTALE);
        assert_int_equal(take(o, OUTBOX_LIVE), 0);
        outbox_look(o, &news);
        assert_int_equal(news.connection, 2);
        assert_int_equal(news.n_acked, 1); /* it counts although its connection is gone */
        assert_int_equal(news.acked[0], 1);
        outbox_free(o);
}

static void test_bounds(void **state) {
        (void) state;
        static struct outbox_news news;
        struct outbox *o;
        unsigned n = 0, n_late = 0;
        assert_int_equal(outbox_new(&o), 0);
        outbox_connected(o);
        while (put(o, 1, OUTBOX_LATE, 1000 + n_late) == 0)
                n_late++;
        assert_true(n_late >= 20);
        /* The store hears of nothing for long: what it has handed out stays within bounds. */
        for (;;) {
                int r = put(o, 1, OUTBOX_LIVE, n + 1);
                if (r == 0)
                        n++;
                else if (take(o, OUTBOX_LIVE) > 0)
                        outbox_acked(o, n);
                else
                        break;
        }
        assert_int_equal(n, OUTBOX_MAX - n_late);
        outbox_look(o, &news);
        assert_int_equal(news.n_acked, n);
        assert_int_equal(put(o, 1, OUTBOX_LIVE, n + 1), 0);

        /* What needs no acknowledgement takes no room for one. */
        assert_int_equal(take(o, OUTBOX_LIVE), n + 1);
        struct parcel p;
        for (unsigned i = 0; i < 2 * OUTBOX_MAX; i++) {
                assert_int_equal(put(o, 1, OUTBOX_LIVE, 0), 0);
                assert_true(outbox_take(o, OUTBOX_LIVE, &p));
                free(p.json);
        }
        outbox_free(o);
}

static void test_room_for_late_ones_is_told(void **state) {
        (void) state;
        static struct outbox_news news;
        struct outbox *o;
        unsigned n = 0;
        assert_int_equal(outbox_new(&o), 0);
        outbox_connected(o);
        outbox_look(o, &news);
        while (put(o, 1, OUTBOX_LATE, n + 1) == 0)
                n++;
        while (!readable(outbox_store_fd(o)))
                assert_true(take(o, OUTBOX_LATE) > 0);
        assert_int_equal(put(o, 1, OUTBOX_LATE, n + 1), 0);
        outbox_free(o);
}

static void test_queries(void **state) {
        (void) state;
        static struct outbox_news news;
        struct query q = {.id = "a"};
        struct outbox *o;
        unsigned n = 0;
        assert_int_equal(outbox_new(&o), 0);
        assert_false(outbox_asked(o, &q));
        while (outbox_ask(o, &q) == 0) {
                q.id[0]++;
                n++;
        }
        assert_true(n >= 4);
        assert_true(readable(outbox_store_fd(o)));
        outbox_look(o, &news);
        for (unsigned i = 0; i < n; i++) {
                assert_true(outbox_asked(o, &q));
                assert_int_equal(q.id[0], 'a' + i);
        }
        assert_false(outbox_asked(o, &q));
        outbox_free(o);
}

static void test_report(void **state) {
        (void) state;
        struct outbox *o;
        bool last = true;
        assert_int_equal(outbox_new(&o), 0);
        outbox_report(
                o, 7, false); /* nothing that changes what the uplink does: it hears of it when it wakes */
        assert_false(readable(outbox_uplink_fd(o)));
        assert_int_equal(outbox_hear(o, &last), 7);
        assert_false(last);
        outbox_report(o, 0, false);
        assert_false(readable(outbox_uplink_fd(o)));
        outbox_report(o, 2, true);
        assert_true(readable(outbox_uplink_fd(o)));
        assert_int_equal(outbox_hear(o, &last), 2);
        assert_true(last);
        outbox_report(o, 0, true); /* and so it may leave */
        assert_true(readable(outbox_uplink_fd(o)));
        assert_int_equal(outbox_hear(o, &last), 0);
        outbox_free(o);
}

/* The uplink spaces what waited by a timer, which it sets for as long as something waits. */
static void test_what_waits_in_the_lane_is_told(void **state) {
        (void) state;
        struct outbox *o;
        bool last;
        assert_int_equal(outbox_new(&o), 0);
        outbox_connected(o);
        assert_int_equal(put(o, 1, OUTBOX_LATE, 1), 0);
        assert_int_equal(outbox_hear(o, &last), 0);
        assert_false(readable(outbox_uplink_fd(o)));
        outbox_report(o, 1, false);
        assert_true(readable(outbox_uplink_fd(o)));
        assert_int_equal(outbox_hear(o, &last), 1);
        outbox_free(o);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_out_and_back),
                cmocka_unit_test(test_a_lost_connection_takes_its_parcels_along),
                cmocka_unit_test(test_bounds),
                cmocka_unit_test(test_room_for_late_ones_is_told),
                cmocka_unit_test(test_queries),
                cmocka_unit_test(test_report),
                cmocka_unit_test(test_what_waits_in_the_lane_is_told),
        };
        return run_unit_tests(tests);
}
