/* SPDX-License-Identifier: Apache-2.0 */
/* What is said later is put over what was published. */

#include <errno.h>
#include <jansson.h>

#include "message/amended.h"
#include "unit.h"

#define REP                                                                                                    \
        "{\"type\":\"rep\",\"id\":\"r-1\",\"athlete\":null,\"set\":3,\"rep\":2,\"rom_m\":0.5,\"late\":false}"
#define SET                                                                                                    \
        "{\"type\":\"set\",\"id\":\"r-9\",\"athlete\":null,\"set\":3,\"n_reps\":3,\"tut_s\":9.0,\"reps\":["    \
        "{\"rep\":1,\"rom_m\":0.1},{\"rep\":2,\"rom_m\":0.2,\"velocity_loss_pct\":5.0},{\"rep\":4,\"rom_m\":"  \
        "0.4}]}"
#define HEAD(n) "{\"type\":\"amend\",\"id\":\"r-" n "\",\"set\":3,"

static void check(const char *json, const char *wanted, const char *const *amends, unsigned n) {
        char *text = NULL;
        json_t *a, *b;

        assert_int_equal(amended_json(json, (char *const *) (uintptr_t) amends, n, &text), 0);
        a = json_loads(text, 0, NULL);
        b = json_loads(wanted, 0, NULL);
        assert_non_null(b);
        if (!json_equal(a, b))
                fail_msg("got %s\nwanted %s", text, wanted);
        json_decref(a);
        json_decref(b);
        free(text);
}

static const char rejected[] = HEAD("2") "\"rep\":2,\"change\":\"rejected\",\"reason\":\"rerack\"}";
static const char figures[] =
        HEAD("3") "\"athlete\":\"nobody\",\"rep\":2,\"by\":\"hub\",\"change\":\"figures\","
                  "\"rom_m\":0.6,\"late\":false}";
static const char other[] = HEAD("4") "\"rep\":1,\"change\":\"discarded\",\"restores\":null,\"figures\":null}";
static const char claimed[] = HEAD("5") "\"rep\":null,\"athlete\":\"ana\",\"change\":\"claimed\","
                                        "\"restores\":null,\"figures\":null}";
static const char unclaimed[] = HEAD("6") "\"rep\":null,\"athlete\":null,\"change\":\"restored\","
                                          "\"restores\":\"claimed\",\"figures\":null}";
static const char discarded[] =
        HEAD("7") "\"rep\":2,\"athlete\":\"ana\",\"change\":\"discarded\",\"restores\":null,\"figures\":{"
                  "\"n_reps\":2,\"tut_s\":6.0,\"reps\":[{\"rep\":1,\"velocity_loss_pct\":0.0},{\"rep\":4,"
                  "\"velocity_loss_pct\":9.0}]}}";
static const char restored[] = HEAD(
        "8") "\"rep\":2,\"athlete\":\"ana\",\"change\":\"restored\",\"restores\":\"discarded\",\"figures\":{"
             "\"n_reps\":3,\"tut_s\":9.0,\"reps\":[{\"rep\":1},{\"rep\":2},{\"rep\":4}]}}";
static const char elsewhere[] =
        "{\"type\":\"amend\",\"id\":\"r-1\",\"set\":4,\"rep\":2,\"athlete\":\"x\",\"change\":\"claimed\"}";

static void test_rep(void **state) {
        (void) state;
        check(REP,
                "{\"type\":\"rep\",\"id\":\"r-1\",\"athlete\":null,\"set\":3,\"rep\":2,\"rom_m\":0.5,\"late\":"
                "false,"
                "\"stands\":true,\"amended\":[]}",
                (const char *const[]){other, elsewhere}, 2);
        check(REP,
                "{\"type\":\"rep\",\"id\":\"r-1\",\"athlete\":\"ana\",\"set\":3,\"rep\":2,\"rom_m\":0.6,"
                "\"late\":"
                "false,\"stands\":false,\"reason\":\"rerack\",\"amended\":[\"r-3\",\"r-2\",\"r-5\"]}",
                (const char *const[]){figures, rejected, claimed}, 3);
        check(REP,
                "{\"type\":\"rep\",\"id\":\"r-1\",\"athlete\":null,\"set\":3,\"rep\":2,\"rom_m\":0.5,\"late\":"
                "false,"
                "\"stands\":true,\"amended\":[\"r-5\",\"r-7\",\"r-8\",\"r-6\"]}",
                (const char *const[]){claimed, discarded, restored, unclaimed}, 4);
}

static void test_set(void **state) {
        (void) state;
        check(SET,
                "{\"type\":\"set\",\"id\":\"r-9\",\"athlete\":\"ana\",\"set\":3,\"n_reps\":2,\"tut_s\":6.0,"
                "\"reps\":["
                "{\"rep\":1,\"rom_m\":0.1,\"velocity_loss_pct\":0.0},{\"rep\":4,\"rom_m\":0.4,"
                "\"velocity_loss_pct\":9.0}],\"amended\":[\"r-5\",\"r-7\"]}",
                (const char *const[]){claimed, discarded}, 2);
        check(SET,
                "{\"type\":\"set\",\"id\":\"r-9\",\"athlete\":null,\"set\":3,\"n_reps\":3,\"tut_s\":9.0,"
                "\"reps\":["
                "{\"rep\":1,\"rom_m\":0.1},{\"rep\":2,\"rom_m\":0.2,\"velocity_loss_pct\":5.0},{\"rep\":4,"
                "\"rom_m\":"
                "0.4}],\"amended\":[\"r-7\",\"r-8\"]}",
                (const char *const[]){discarded, restored}, 2);
}

static void test_nonsense(void **state) {
        char *text = NULL;

        (void) state;
        assert_int_equal(amended_json("[]", NULL, 0, &text), -EINVAL);
        assert_int_equal(amended_json(REP, (char *const[]){(char[]){"{"}}, 1, &text), -EINVAL);
        assert_int_equal(
                amended_json(REP, (char *const[]){(char[]){"{\"set\":3}"}}, 1, &text), -EINVAL); /* no id */
        assert_null(text);
        /* what an amendment of ours would say, and this one does not, is not known */
        check(REP,
                "{\"type\":\"rep\",\"id\":\"r-1\",\"athlete\":null,\"set\":3,\"rep\":2,\"rom_m\":0.5,\"late\":"
                "false,\"stands\":false,\"reason\":null,\"amended\":[\"r-2\"]}",
                (const char *const[]){HEAD("2") "\"rep\":2,\"change\":\"rejected\"}"}, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rep),
                cmocka_unit_test(test_set),
                cmocka_unit_test(test_nonsense),
        };
        return run_unit_tests(tests);
}
