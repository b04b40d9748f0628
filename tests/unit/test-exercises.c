/* SPDX-License-Identifier: Apache-2.0 */
/* The exercise table: the shipped file loads and makes sense; every kind of fault is told with its place. */

#include <errno.h>

#include "hub/exercises.h"
#include "told.h"

static int load(const char *path, struct faults *faults, void *ret) {
        return exercises_load(path, faults, ret);
}

static int load_text(const char *text, struct exercises *ret) {
        return told_load(text, load, ret);
}

static const char *shipped(char *buffer, size_t size) {
        const char *srcdir = getenv("srcdir");

        snprintf(buffer, size, "%s/conf/exercises.conf", srcdir ? srcdir : ".");
        return buffer;
}

static void test_shipped_table(void **state) {
        static const char *const wanted[] = {
                "back-squat",
                "front-squat",
                "bench-press",
                "incline-press",
                "overhead-press",
                "deadlift",
                "barbell-row",
                "curl",
                "preacher-curl",
                "lat-pulldown",
                "lat-pulldown-stack",
                "machine-shoulder-press",
                "ez-skull-crusher",
                "leg-press",
                "lying-leg-curl",
                "pull-up",
                "negative-push-up",
                "hip-thrust",
                "bodyweight-squat",
        };
        _cleanup_(exercises_done) struct exercises e = {NULL, 0};
        struct faults faults = {.sink = listen_to};
        char path[4096];

        (void) state;
        said[0] = '\0';
        if (exercises_load(shipped(path, sizeof(path)), &faults, &e) < 0)
                fail_msg("%s", said);
        for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
                if (!exercises_find(&e, wanted[i], NULL))
                        fail_msg("%s is missing", wanted[i]);
        for (size_t i = 0; i < e.n; i++) {
                const struct exercise *x = &e.items[i];

                /* Bounds of a human body, and of the tracker's prior. */
                assert_true(x->rom_typical_m >= 0.08 && x->rom_typical_m <= 0.8);
                assert_true(x->rom_min_m >= 0.2 * x->rom_typical_m && x->rom_min_m <= 0.5 * x->rom_typical_m);
                assert_true(x->set_gap_s >= 5 && x->set_gap_s <= 30);
                assert_true((x->mount == EXERCISE_MOUNT_SLED) == (x->incline_deg < 90));
                assert_true(x->mount != EXERCISE_MOUNT_STACK || !x->under_bar);
                assert_true(x->mount != EXERCISE_MOUNT_STACK || x->eccentric == EXERCISE_ECCENTRIC_DOWN);
                assert_true(strlen(x->muscle_group) > 0);
        }
}

static void test_figures_of_one_lift(void **state) {
        _cleanup_(exercises_done) struct exercises e = {NULL, 0};
        const struct exercise *x;

        (void) state;
        assert_int_equal(load_text("[sled]\nStart=top\nEccentric=down\nMinRom=0.1\nTypicalRom=0.4\nMount=sled\n"
                                   "Incline=45\nLoaded=top bottom\nUnderBar=yes\nMuscleGroup=quadriceps\n"
                                   "[pull]\nStart=bottom\nEccentric=up\nMinRom=0.1\nTypicalRom=0.1\nSetGap=30\n"
                                   "Mount=bar\nLoaded=none\nUnderBar=no\nMuscleGroup=back\n",
                                 &e),
                0);
        assert_int_equal(e.n, 2);
        x = exercises_find(&e, "sled", NULL);
        assert_non_null(x);
        assert_int_equal(x->start, EXERCISE_START_TOP);
        assert_int_equal(x->eccentric, EXERCISE_ECCENTRIC_DOWN);
        assert_int_equal(x->mount, EXERCISE_MOUNT_SLED);
        assert_int_equal(x->loaded, EXERCISE_LOADED_TOP | EXERCISE_LOADED_BOTTOM);
        assert_true(x->under_bar);
        assert_near(x->rom_min_m, 0.1, 0);
        assert_near(x->incline_deg, 45, 0);
        assert_near(x->set_gap_s, 12, 0);
        assert_string_equal(x->muscle_group, "quadriceps");
        x = exercises_find(&e, "pull", NULL);
        assert_non_null(x);
        assert_int_equal(x->start, EXERCISE_START_BOTTOM);
        assert_int_equal(x->eccentric, EXERCISE_ECCENTRIC_UP);
        assert_int_equal(x->loaded, 0);
        assert_false(x->under_bar);
        assert_near(x->incline_deg, 90, 0);
        assert_near(x->set_gap_s, 30, 0);
}

static void test_nearest(void **state) {
        _cleanup_(exercises_done) struct exercises e = {NULL, 0};
        struct faults faults = {.sink = listen_to};
        const char *nearest;
        char path[4096];

        (void) state;
        assert_int_equal(exercises_load(shipped(path, sizeof(path)), &faults, &e), 0);
        assert_null(exercises_find(&e, "back-sqat", &nearest));
        assert_string_equal(nearest, "back-squat");
        assert_null(exercises_find(&e, "juggling", &nearest));
        assert_null(nearest);
        assert_non_null(exercises_find(&e, "curl", &nearest));
        assert_null(nearest);
}

#define REST                                                                                                   \
        "Eccentric=down\nMinRom=0.1\nTypicalRom=0.4\nMount=bar\nLoaded=none\nUnderBar=no\nMuscleGroup=legs\n"

static void test_faults(void **state) {
        static const struct {
                const char *text, *wanted;
        } cases[] = {
                {"", "F: holds no exercise; at least one [section] is needed\n"},
                {"[a]\nStart=up\n" REST,
                        "F:2: Start=: not understood; allowed is one of top, bottom, either; given was 'up'\n"},
                {"[a]\nStrat=top\nStart=top\n" REST, "F:2: Strat=: no such key in [a]; did you mean Start=?\n"},
                {"[a]\nStart=top\nStart=top\n" REST,
                        "F:3: Start=: given a second time; the first is in line 2; one is allowed\n"},
                {"[a]\nStart=top\nSetGap=2.9\n" REST,
                        "F:3: SetGap=: out of range; allowed is a number from 3 to 300 (s); given was '2.9'\n"},
                {"[a]\nStart=top\nSetGap=12s\n" REST,
                        "F:3: SetGap=: not understood; allowed is a number from 3 to 300 (s); given was "
                        "'12s'\n"},
                {"[a]\nStart=top\nSetGap=nan\n" REST,
                        "F:3: SetGap=: not understood; allowed is a number from 3 to 300 (s); given was "
                        "'nan'\n"},
                {"[a]\nStart=top\nSetGap=\n" REST,
                        "F:3: SetGap=: has no value; allowed is a number from 3 to 300 (s)\n"},
                {"[a]\n" REST, "F:1: Start=: is missing in [a]; allowed is one of top, bottom, either\n"},
                {"[a]\nStart=top\n" REST "[a]\nStart=top\n" REST,
                        "F:10: [a] stands here a second time; one is allowed\n"},
                {"[A]\nStart=top\n" REST,
                        "F:1: an exercise's name is made of small letters, digits and -, at most 47; given was "
                        "'A'\n"},
                {"[a b]\nStart=top\n" REST,
                        "F:1: an exercise's name is made of small letters, digits and -, at most 47; given was "
                        "'a b'\n"},
                {"[a]\nStart=top\nEccentric=down\nMinRom=0.5\nTypicalRom=0.4\nMount=bar\nLoaded=top "
                 "up\nUnderBar=1\n"
                 "MuscleGroup=Legs\nColour=red\n",
                        "F:7: Loaded=: not understood; allowed is none, or any of bottom, top; given was 'top "
                        "up'\n"
                        "F:8: UnderBar=: not understood; allowed is yes or no; given was '1'\n"
                        "F:9: MuscleGroup=: not understood; allowed is small letters, digits and -, at most "
                        "47; given "
                        "was 'Legs'\n"
                        "F:10: Colour=: no such key in [a]; allowed are Start=, Eccentric=, MinRom=, "
                        "TypicalRom=, "
                        "SetGap=, OneRmVelocity=, Mount=, Incline=, Loaded=, UnderBar=, MuscleGroup=\n"},
                {"[a]\nStart=top\nEccentric=down\nMinRom=0.5\nTypicalRom=0.4\nMount=bar\nLoaded=none\nUnderBar="
                 "no\n"
                 "MuscleGroup=legs\n",
                        "F:1: [a]: TypicalRom=0.4 is less than MinRom=0.5; it must be that much at least\n"},
                {"hello\n", "F:1: neither [section] nor Key=value nor a comment (# or ; in front)\n"},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct exercises e = {NULL, 0};

                assert_int_equal(load_text(cases[i].text, &e), -EINVAL);
                assert_null(e.items);
                assert_string_equal(said, cases[i].wanted);
        }
}

static void test_file_that_is_not_there(void **state) {
        struct exercises e = {NULL, 0};
        struct faults faults = {.sink = listen_to};

        (void) state;
        said[0] = '\0';
        assert_int_equal(exercises_load("/nowhere/at/all.conf", &faults, &e), -EINVAL);
        assert_string_equal(said, "/nowhere/at/all.conf: cannot be read: No such file or directory\n");
        said[0] = '\0';
        assert_int_equal(exercises_load("/", &faults, &e), -EINVAL);
        assert_string_equal(said, "/: cannot be read: Is a directory\n");
        said[0] = '\0';
        assert_int_equal(exercises_load("/dev/zero", &faults, &e), -EINVAL);
        assert_string_equal(said, "/dev/zero: cannot be read: it is no regular file\n");
}

static void test_many_faults_are_bounded(void **state) {
        static char text[4096];
        struct exercises e = {NULL, 0};
        unsigned lines = 0;

        (void) state;
        for (unsigned i = 0; i < 1000; i++)
                strcpy(text + 2 * i, "x\n");
        assert_int_equal(load_text(text, &e), -EINVAL);
        for (const char *s = said; *s; s++)
                lines += *s == '\n';
        assert_int_equal(lines, FAULTS_SHOWN_MAX + 1);
        assert_non_null(strstr(said, "more faults follow; they are not listed\n"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_shipped_table),
                cmocka_unit_test(test_figures_of_one_lift),
                cmocka_unit_test(test_nearest),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_file_that_is_not_there),
                cmocka_unit_test(test_many_faults_are_bounded),
        };
        return run_unit_tests(tests);
}
