/* SPDX-License-Identifier: Apache-2.0 */
/* The file of passkeys, and that its secrets are not repeated. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/passkeys.h"
#include "unit.h"

static char path[] = "/tmp/test-passkeys-XXXXXX";
static char said[2048];

static void listen_to(const char *text, void *userdata) {
        (void) userdata;
        strncat(said, text, sizeof(said) - strlen(said) - 2);
        strcat(said, "\n");
}

static int load(const char *text, struct passkeys *ret) {
        struct faults faults = {.sink = listen_to};
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        said[0] = '\0';
        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
        return passkeys_load(ret, path, &faults);
}

static void test_lines(void **state) {
        struct passkeys p;

        (void) state;
        assert_int_equal(load("# back room\n\nd4:22:cd:00:11:22 005822\nD4:22:CD:00:11:23\t999999\n", &p), 0);
        assert_string_equal(said, "");
        assert_int_equal(p.n, 2);
        assert_int_equal(passkeys_find(&p, "D4:22:CD:00:11:22"), 5822);
        assert_int_equal(passkeys_find(&p, "D4:22:CD:00:11:23"), 999999);
        assert_int_equal(passkeys_find(&p, "D4:22:CD:00:11:24"), -1);
        assert_int_equal(load("", &p), 0);
        assert_int_equal(p.n, 0);
}

static void test_faults(void **state) {
        struct passkeys p;
        char text[512] = "D4:22:CD:00:11:22 582247\nD4:22:CD:00:11:22 123457\nD4:22:CD:00:11:23 58224\n"
                         "D4:22:CD:00:11:23 58224x\nD4:22:CD:00:11 582248\nD4:22:CD:00:11:29\n#";

        (void) state;
        memset(text + strlen(text), 'x', 300);
        assert_int_equal(load(text, &p), -EINVAL);
        assert_int_equal(p.n, 1);
        assert_non_null(strstr(said, ":2: the address stands here a second time\n"));
        assert_non_null(strstr(said, ":3: the passkey is not understood; allowed are six digits\n"));
        assert_non_null(strstr(said, ":4: the passkey"));
        assert_non_null(strstr(said, ":5: the line starts with no address"));
        assert_non_null(strstr(said, ":6: the passkey"));
        assert_null(strstr(said, "5822"));
        assert_null(strstr(said, "123457"));
}

static void test_for_its_owner_only(void **state) {
        struct faults faults = {.sink = listen_to};
        struct passkeys p;

        (void) state;
        assert_int_equal(load("", &p), 0);
        assert_int_equal(chmod(path, 0640), 0);
        said[0] = '\0';
        assert_int_equal(passkeys_load(&p, path, &faults), -EINVAL);
        assert_non_null(strstr(said, "others can read or change it; allow its owner alone (chmod 600)"));
        assert_int_equal(passkeys_load(&p, "/nowhere", &faults), -EINVAL);
}

static int set_up(void **state) {
        int fd = mkstemp(path);

        (void) state;
        return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state) {
        (void) state;
        return unlink(path);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lines),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_for_its_owner_only),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
