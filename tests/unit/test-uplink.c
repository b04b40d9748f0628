/* SPDX-License-Identifier: Apache-2.0 */
/* The uplink before it has a broker: what it refuses. The rest is in tests/integration/test-uplink.py. */

#include <errno.h>
#include <poll.h>

#include "mqtt/addresses.h"
#include "mqtt/lookup.h"
#include "mqtt/route.h"
#include "mqtt/uplink.h"
#include "unit.h"

static const struct uplink_broker broker = {"127.0.0.1", 1883, false}, nameless = {"", 1883, false},
                                  portless = {"host", 0, false};

static struct uplink_config good = {
        .brokers = &broker,
        .n_brokers = 1,
        .client_id = "id",
        .prefix = "repcast",
        .hub = "hub",
        .run = "run",
        .version = "0",
        .keepalive_s = 30,
        .n_stations = 2,
};

static int try_config(struct uplink_config config) {
        struct uplink *u = NULL;
        int r = uplink_new(&config, &u);
        if (r < 0)
                assert_null(u);
        uplink_free(u);
        return r;
}

#define WITH(field, value)                                                                                     \
        __extension__({                                                                                        \
                struct uplink_config _c = good;                                                                \
                _c.field = (value);                                                                            \
                _c;                                                                                            \
        })

static void test_figures_out_of_range(void **state) {
        (void) state;
        char long_prefix[2000];
        memset(long_prefix, 'x', sizeof(long_prefix));
        for (size_t i = 7; i < sizeof(long_prefix); i += 8)
                long_prefix[i] = '/';
        long_prefix[sizeof(long_prefix) - 1] = '\0';

        assert_int_equal(try_config(good), 0);
        assert_int_equal(try_config(WITH(n_stations, 0)), 0);
        assert_int_equal(try_config(WITH(brokers, NULL)), -EINVAL);
        assert_int_equal(try_config(WITH(brokers, &nameless)), -EINVAL);
        assert_int_equal(try_config(WITH(brokers, &portless)), -EINVAL);
        assert_int_equal(try_config(WITH(n_brokers, 0)), -EINVAL);
        assert_int_equal(try_config(WITH(n_brokers, ROUTE_BROKERS_MAX + 1)), -EINVAL);
        assert_int_equal(try_config(WITH(client_id, "")), -EINVAL);
        assert_int_equal(try_config(WITH(run, NULL)), -EINVAL);
        assert_int_equal(try_config(WITH(keepalive_s, 4)), -EINVAL);
        assert_int_equal(try_config(WITH(keepalive_s, 3601)), -EINVAL);
        assert_int_equal(try_config(WITH(outbox, NULL)), -EINVAL);
        assert_int_equal(try_config(WITH(reconnect_min_us, 5)), -EINVAL); /* over the highest */
        assert_int_equal(try_config(WITH(prefix, long_prefix)), -EINVAL);
}

static void test_stop_without_start(void **state) {
        (void) state;
        struct uplink *u;
        assert_int_equal(uplink_new(&good, &u), 0);
        assert_int_equal(uplink_stop(u, 1000), 0);
        uplink_free(u);
        assert_null(uplink_free(NULL));
}

static void test_addresses(void **state) {
        (void) state;
        struct addresses a;
        const char *why = NULL;
        char nowhere[80];

        assert_int_equal(addresses_resolve(&a, "127.0.0.1", &why), 0);
        assert_string_equal(addresses_next(&a), "127.0.0.1");
        assert_null(addresses_next(&a));
        assert_int_equal(addresses_resolve(&a, "::1", &why), 0);
        assert_string_equal(addresses_next(&a), "::1");
        assert_null(why);

        memset(nowhere, 'x', sizeof(nowhere)); /* too long for a label: no resolver need be asked */
        nowhere[sizeof(nowhere) - 1] = '\0';
        assert_int_equal(addresses_resolve(&a, nowhere, &why), -EHOSTUNREACH);
        assert_non_null(why);
        assert_null(addresses_next(&a));
}

/* Freed before it has ended, and after. */
static void test_lookup(void **state) {
        (void) state;
        struct addresses a = {0};
        struct lookup *l = NULL;
        const char *why = NULL;

        for (int i = 0; i < 4; i++) {
                assert_int_equal(lookup_start("localhost", &l), 0);
                if (i % 2 == 0) {
                        struct pollfd done = {.fd = lookup_fd(l), .events = POLLIN};
                        assert_int_equal(poll(&done, 1, 60000), 1);
                        assert_int_equal(lookup_result(l, &a, &why), 0);
                        assert_non_null(addresses_next(&a));
                }
                l = lookup_free(l);
        }
        assert_int_equal(addresses_parse(&a, "localhost"), -EINVAL);
        assert_int_equal(addresses_parse(&a, "::1"), 0);
        assert_string_equal(addresses_next(&a), "::1");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_figures_out_of_range),
                cmocka_unit_test(test_stop_without_start),
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_lookup),
        };
        if (outbox_new(&good.outbox) < 0)
                return 1;
        int failed = run_unit_tests(tests);
        outbox_free(good.outbox);
        return failed;
}
