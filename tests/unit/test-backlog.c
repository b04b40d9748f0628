/* SPDX-License-Identifier: Apache-2.0 */
/* Nothing is lost below the bound, nothing is out of order, and what is lost is counted. */

#include <errno.h>

#include "mqtt/backlog.h"
#include "unit.h"

static void add(struct backlog *b, int i) {
        char json[64];
        snprintf(json, sizeof(json), "{\"i\":%d,\"late\":false}", i);
        backlog_add(b, strdup("t"), strdup(json));
}

/* Sends the next one and says which it was. */
static int send_next(struct backlog *b, int mid) {
        const struct backlog_entry *e = backlog_next(b);
        int i = -1;
        if (!e)
                return -1;
        assert_int_equal(sscanf(e->json, "{\"i\":%d", &i), 1);
        assert_string_equal(e->topic, "t");
        backlog_sent(b, mid);
        return i;
}

static void test_in_order_and_gone_when_acknowledged(void **state) {
        (void) state;
        struct backlog *b;
        assert_int_equal(backlog_new(3, &b), 0);
        assert_null(backlog_next(b));
        for (int round = 0; round < 10; round++) {
                add(b, 2 * round);
                add(b, 2 * round + 1);
                assert_int_equal(send_next(b, 100), 2 * round);
                assert_int_equal(send_next(b, 101), 2 * round + 1);
                assert_int_equal(send_next(b, 102), -1);
                assert_int_equal(backlog_in_flight(b), 2);
                assert_int_equal(backlog_acked(b, 99), 0);
                assert_int_equal(backlog_acked(b, 101), 1); /* acknowledgements may overtake each other */
                assert_int_equal(backlog_acked(b, 101), 0);
                assert_int_equal(backlog_acked(b, 100), 1);
                assert_int_equal(backlog_length(b), 0);
        }
        assert_int_equal(backlog_dropped(b), 0);
        backlog_free(b);
        assert_null(backlog_free(NULL));
}

static void test_a_lost_connection_keeps_the_order(void **state) {
        (void) state;
        struct backlog *b;
        assert_int_equal(backlog_new(8, &b), 0);
        for (int i = 0; i < 6; i++)
                add(b, i);
        for (int i = 0; i < 4; i++)
                assert_int_equal(send_next(b, 10 + i), i);
        assert_int_equal(backlog_acked(b, 11), 1);

        backlog_disconnected(b);
        assert_int_equal(backlog_in_flight(b), 0);
        assert_int_equal(backlog_length(b), 5);
        assert_int_equal(backlog_acked(b, 10), 0); /* an id of the old connection means nothing */
        assert_string_equal(backlog_next(b)->json, "{\"i\":0,\"late\":true}");
        static const int wanted[] = {0, 2, 3, 4, 5};
        for (size_t i = 0; i < 5; i++)
                assert_int_equal(send_next(b, (int) (20 + i)), wanted[i]);
        backlog_free(b);
}

static void test_the_oldest_waiting_gives_way(void **state) {
        (void) state;
        struct backlog *b;
        assert_int_equal(backlog_new(4, &b), 0);
        add(b, 0);
        assert_int_equal(send_next(b, 1), 0); /* in flight: stays */
        for (int i = 1; i < 7; i++)
                add(b, i);
        assert_int_equal(backlog_length(b), 4);
        assert_int_equal(backlog_dropped(b), 3);
        static const int wanted[] = {4, 5, 6, -1};
        for (size_t i = 0; i < 4; i++)
                assert_int_equal(send_next(b, (int) (2 + i)), wanted[i]);

        add(b, 7); /* all are in flight: the oldest of them */
        assert_int_equal(backlog_length(b), 4);
        assert_int_equal(backlog_dropped(b), 4);
        assert_int_equal(backlog_acked(b, 1), 0);
        assert_int_equal(backlog_acked(b, 4), 1);
        assert_int_equal(send_next(b, 9), 7);
        backlog_free(b);
}

static void test_of_one(void **state) {
        (void) state;
        struct backlog *b;
        assert_int_equal(backlog_new(1, &b), 0);
        add(b, 0);
        add(b, 1);
        assert_int_equal(send_next(b, 1), 1);
        assert_int_equal(backlog_acked(b, 1), 1);
        assert_int_equal(backlog_length(b), 0);
        backlog_free(b);
        assert_int_equal(backlog_new(SIZE_MAX, &b), -ENOMEM);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_in_order_and_gone_when_acknowledged),
                cmocka_unit_test(test_a_lost_connection_keeps_the_order),
                cmocka_unit_test(test_the_oldest_waiting_gives_way),
                cmocka_unit_test(test_of_one),
        };
        return run_unit_tests(tests);
}
