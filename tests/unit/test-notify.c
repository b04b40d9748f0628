/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager hears. */

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hub/notify.h"
#include "unit.h"

static int manager = -1;
static char heard[1024];

/* Listen at an abstract address, which leaves no file. */
static int set_up(void **state) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char name[64];
        int n = snprintf(name, sizeof(name), "@repcast-test-notify-%d", (int) getpid());

        (void) state;
        memcpy(address.sun_path + 1, name + 1, (size_t) n - 1);
        manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        if (manager < 0 ||
                bind(manager, (struct sockaddr *) &address,
                        (socklen_t) (offsetof(struct sockaddr_un, sun_path) + (size_t) n)) < 0)
                return -1;
        return setenv("NOTIFY_SOCKET", name, 1);
}

static int tear_down(void **state) {
        (void) state;
        return close(manager);
}

static const char *hear(void) {
        ssize_t n = recv(manager, heard, sizeof(heard) - 1, 0);

        heard[n > 0 ? n : 0] = '\0';
        return heard;
}

static void test_life_of_a_service(void **state) {
        struct notify n;

        (void) state;
        notify_init(&n);
        notify_ready(&n);
        assert_string_equal(hear(), "READY=1");
        notify_reloading(&n);
        assert_int_equal(strncmp(hear(), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
        assert_int_equal(strspn(heard + 27, "0123456789"), strlen(heard + 27));
        notify_stopping(&n);
        assert_int_equal(strncmp(hear(), "STOPPING=1\nSTATUS=", 18), 0);
        assert_string_equal(hear(), "");
}

static void test_status_is_told_when_it_changes(void **state) {
        struct notify n;

        (void) state;
        notify_init(&n);
        notify_status(&n, "stations: %d", 1);
        assert_string_equal(hear(), "STATUS=stations: 1");
        notify_status(&n, "stations: %d", 1);
        assert_string_equal(hear(), "");
        notify_status(&n, "stations: %d", 2);
        assert_string_equal(hear(), "STATUS=stations: 2");
}

static void test_watchdog(void **state) {
        struct notify n;

        (void) state;
        unsetenv("WATCHDOG_USEC");
        notify_init(&n);
        assert_int_equal(n.feed_us, 0);
        setenv("WATCHDOG_USEC", "30000000", 1);
        notify_init(&n);
        assert_int_equal(n.feed_us, 7500000);
        setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
        notify_init(&n);
        assert_int_equal(n.feed_us, 0);
        unsetenv("WATCHDOG_PID");
        unsetenv("WATCHDOG_USEC");
}

/* A thread that hangs starves the watchdog; when it comes back, the watchdog is fed again. */
static void test_no_sign_of_life_while_a_thread_hangs(void **state) {
        struct notify n;

        (void) state;
        notify_init(&n);
        notify_alive(&n, NULL);
        assert_string_equal(hear(), "WATCHDOG=1");
        notify_alive(&n, "MQTT");
        notify_alive(&n, "MQTT");
        assert_string_equal(hear(), "");
        assert_true(n.starving);
        notify_alive(&n, NULL);
        assert_string_equal(hear(), "WATCHDOG=1");
        assert_false(n.starving);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_life_of_a_service),
                cmocka_unit_test(test_status_is_told_when_it_changes),
                cmocka_unit_test(test_watchdog),
                cmocka_unit_test(test_no_sign_of_life_while_a_thread_hangs),
        };

        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
