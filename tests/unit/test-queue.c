/* SPDX-License-Identifier: Apache-2.0 */
/* Order, bound, count of what was refused, and the descriptor that tells the truth: alone and with two threads. */

#include <errno.h>
#include <poll.h>
#include <pthread.h>

#include "unit.h"
#include "util/queue.h"

static bool readable(int fd) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        return poll(&p, 1, 0) == 1;
}

static void test_order_bound_and_count(void **state) {
        (void) state;
        struct queue *q;
        int x = 7;

        assert_int_equal(queue_new(sizeof(int), 3, &q), 0);
        assert_false(readable(queue_fd(q)));
        assert_false(queue_pop(q, &x));
        assert_int_equal(x, 7);

        for (int round = 0; round < 5; round++) { /* round and round the ring */
                for (int i = 0; i < 3; i++)
                        assert_int_equal(queue_push(q, &(int){10 * round + i}), 0);
                assert_int_equal(queue_push(q, &(int){99}), -ENOBUFS);
                assert_int_equal(queue_length(q), 3);
                for (int i = 0; i < 3; i++) {
                        assert_true(readable(queue_fd(q)));
                        assert_true(queue_pop(q, &x));
                        assert_int_equal(x, 10 * round + i);
                }
                assert_false(readable(queue_fd(q)));
                assert_int_equal(queue_dropped(q), round + 1);
        }
        queue_free(q);
        assert_null(queue_free(NULL));
}

static void test_absurd_size_is_refused(void **state) {
        (void) state;
        struct queue *q = NULL;
        assert_int_equal(queue_new(SIZE_MAX / 2, 3, &q), -ENOMEM);
        assert_null(q);
}

#define N_ITEMS 20000

/* Bigger than a word, so that a torn copy would show. */
struct item {
        unsigned value[32];
};

static void *push_all(void *userdata) {
        struct queue *q = userdata;
        for (unsigned i = 1; i <= N_ITEMS; i++) {
                struct item item;
                for (size_t k = 0; k < 32; k++)
                        item.value[k] = i;
                (void) queue_push(q, &item);
        }
        return NULL;
}

static void test_two_threads(void **state) {
        (void) state;
        struct queue *q;
        pthread_t thread;
        unsigned last = 0, taken = 0;

        assert_int_equal(queue_new(sizeof(struct item), 64, &q), 0);
        assert_int_equal(pthread_create(&thread, NULL, push_all, q), 0);
        while (taken + queue_dropped(q) < N_ITEMS) {
                struct pollfd p = {.fd = queue_fd(q), .events = POLLIN};
                struct item item;

                assert_true(poll(&p, 1, 100) >= 0);
                while (queue_pop(q, &item)) {
                        assert_true(item.value[0] > last);
                        for (size_t k = 1; k < 32; k++)
                                assert_int_equal(item.value[k], item.value[0]);
                        last = item.value[0];
                        taken++;
                }
        }
        pthread_join(thread, NULL);
        assert_int_equal(taken + queue_dropped(q), N_ITEMS);
        assert_false(readable(queue_fd(q)));
        queue_free(q);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_order_bound_and_count),
                cmocka_unit_test(test_absurd_size_is_refused),
                cmocka_unit_test(test_two_threads),
        };
        return run_unit_tests(tests);
}
