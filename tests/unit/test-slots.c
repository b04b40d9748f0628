/* SPDX-License-Identifier: Apache-2.0 */
/* The newest value wins, every key gets its turn, nothing is taken twice. */

#include <poll.h>
#include <pthread.h>

#include "unit.h"
#include "util/slots.h"

static bool readable(int fd) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        return poll(&p, 1, 0) == 1;
}

static void test_newest_wins(void **state) {
        (void) state;
        struct slots *s;
        size_t key = 42;
        int x = 7;

        assert_int_equal(slots_new(sizeof(int), 3, &s), 0);
        assert_false(readable(slots_fd(s)));
        assert_false(slots_take(s, &key, &x));
        assert_int_equal(key, 42);
        assert_int_equal(x, 7);

        for (int i = 0; i < 10; i++)
                slots_put(s, 1, &i, sizeof(i));
        assert_true(readable(slots_fd(s)));
        assert_true(slots_take(s, &key, &x));
        assert_int_equal(key, 1);
        assert_int_equal(x, 9);
        assert_false(slots_take(s, &key, &x));
        assert_false(readable(slots_fd(s)));
        assert_false(slots_take(s, &key, &x)); /* of a bell that is hushed already */

        slots_put(s, 2, &(int){11}, sizeof(int)); /* and it rings again */
        assert_true(readable(slots_fd(s)));
        assert_true(slots_take(s, &key, &x));
        assert_int_equal(key, 2);
        assert_int_equal(x, 11);
        slots_free(s);
        assert_null(slots_free(NULL));
}

/* A key that is put again before each take must not starve the others. */
static void test_keys_take_turns(void **state) {
        (void) state;
        struct slots *s;
        size_t key;
        int x;

        assert_int_equal(slots_new(sizeof(int), 3, &s), 0);
        for (int i = 0; i < 3; i++)
                slots_put(s, (size_t) i, &i, sizeof(i));
        for (size_t wanted = 0; wanted < 3; wanted++) {
                slots_put(s, 0, &(int){100}, sizeof(int));
                assert_true(slots_take(s, &key, &x));
                assert_int_equal(key, wanted);
        }
        slots_free(s);
}

static void test_many_are_laid_and_rung_for_once(void **state) {
        (void) state;
        struct slots *s;
        size_t key;
        int x;

        assert_int_equal(slots_new(sizeof(int), 3, &s), 0);
        slots_ring(s);
        assert_false(readable(slots_fd(s))); /* for nothing */
        for (int i = 0; i < 3; i++)
                slots_lay(s, (size_t) i, &i, sizeof(i));
        assert_false(readable(slots_fd(s)));
        assert_true(slots_take(s, &key, &x)); /* by somebody who was awake */
        assert_int_equal(x, 0);
        slots_ring(s);
        assert_true(readable(slots_fd(s)));
        assert_true(slots_take(s, &key, &x));
        assert_true(slots_take(s, &key, &x));
        assert_true(readable(slots_fd(s))); /* until it is found empty */
        slots_put(s, 1, &(int){11}, sizeof(int));
        assert_true(slots_take(s, &key, &x));
        assert_int_equal(x, 11);
        assert_false(slots_take(s, &key, &x));
        assert_false(readable(slots_fd(s)));
        slots_lay(s, 2, &(int){12}, sizeof(int));
        slots_ring(s);
        assert_true(readable(slots_fd(s)));
        slots_free(s);
}

#define N_PUTS 20000
#define N_KEYS 4

struct item {
        unsigned value[32];
};

static void *put_all(void *userdata) {
        struct slots *s = userdata;
        for (unsigned i = 1; i <= N_PUTS; i++) {
                struct item item;
                for (size_t k = 0; k < 32; k++)
                        item.value[k] = i;
                slots_put(s, i % N_KEYS, &item, sizeof(item));
        }
        return NULL;
}

static void test_two_threads(void **state) {
        (void) state;
        struct slots *s;
        pthread_t thread;
        unsigned last[N_KEYS] = {0};

        assert_int_equal(slots_new(sizeof(struct item), N_KEYS, &s), 0);
        assert_int_equal(pthread_create(&thread, NULL, put_all, s), 0);
        for (bool all = false; !all;) {
                struct item item;
                size_t key;

                if (slots_take(s, &key, &item)) {
                        for (size_t k = 1; k < 32; k++)
                                assert_int_equal(item.value[k], item.value[0]);
                        assert_int_equal(item.value[0] % N_KEYS, key);
                        assert_true(
                                item.value[0] > last[key]); /* never the same value twice, never an older one */
                        last[key] = item.value[0];
                }
                all = true; /* once the last value of every key was seen */
                for (unsigned k = 0; k < N_KEYS; k++)
                        all = all && last[k] > N_PUTS - N_KEYS;
        }
        pthread_join(thread, NULL);
        assert_false(slots_take(s, &(size_t){0}, &(struct item){{0}}));
        assert_false(readable(slots_fd(s)));
        slots_free(s);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_newest_wins),
                cmocka_unit_test(test_keys_take_turns),
                cmocka_unit_test(test_many_are_laid_and_rung_for_once),
                cmocka_unit_test(test_two_threads),
        };
        return run_unit_tests(tests);
}
