/* SPDX-License-Identifier: Apache-2.0 */
/* Who lifts what, now and next; how that is kept; and what people say of sets. */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <unistd.h>

#include "hub/assigned.h"
#include "hub/roster.h"
#include "hub/setbook.h"
#include "unit.h"
#include "util/macros.h"

static const struct assignment ana = {"ana", "back-squat", "negative-squat", 80, 110};

static struct wish want(unsigned given, const char *athlete, const char *exercise, double load_kg) {
        struct wish w = {.given = given, .values = {.load_kg = load_kg, .one_rm_kg = 90}};

        snprintf(w.values.athlete, sizeof(w.values.athlete), "%s", athlete);
        snprintf(w.values.exercise, sizeof(w.values.exercise), "%s", exercise);
        return w;
}

/* ---- roster ---- */

static void test_what_stays_and_what_goes(void **state) {
        struct wish w = want(ASSIGNMENT_LOAD, "", "", 85);
        struct assignment a = assignment_merge(&ana, &w);

        (void) state;
        assert_string_equal(a.athlete, "ana");
        assert_float_equal(a.load_kg, 85, 0);
        assert_float_equal(a.one_rm_kg, 110, 0);

        w = want(ASSIGNMENT_ATHLETE, "ben", "", 0);
        a = assignment_merge(&ana, &w);
        assert_string_equal(a.athlete, "ben");
        assert_string_equal(a.prescription, "negative-squat");
        assert_float_equal(a.load_kg, 80, 0); /* the bar is the same */
        assert_true(isnan(a.one_rm_kg));

        w = want(ASSIGNMENT_ATHLETE, "ana", "", 0);
        a = assignment_merge(&ana, &w);
        assert_float_equal(a.one_rm_kg, 110, 0); /* nothing has changed */

        w = want(ASSIGNMENT_EXERCISE | ASSIGNMENT_ONE_RM, "", "deadlift", 0);
        a = assignment_merge(&ana, &w);
        assert_string_equal(a.athlete, "ana");
        assert_string_equal(a.prescription, "");
        assert_true(isnan(a.load_kg));
        assert_float_equal(a.one_rm_kg, 90, 0);

        w = want(ASSIGNMENT_ATHLETE, "", "", 0);
        a = assignment_merge(&ana, &w);
        assert_string_equal(a.athlete, "");
}

static void test_between_and_during_sets(void **state) {
        struct assignment ben = {"ben", "back-squat", "", 60, NAN}, cara = {"cara", "curl", "", NAN, NAN};
        struct wish heavier = want(ASSIGNMENT_LOAD, "", "", 65);
        struct roster r;

        (void) state;
        roster_init(&r, &ana);
        assert_true(roster_assign(&r, &ben, false));
        assert_string_equal(r.now.athlete, "ben");
        assert_false(roster_set_over(&r));

        assert_false(roster_assign(&r, &cara, true));
        assert_string_equal(r.now.athlete, "ben");
        struct assignment next = roster_preview(&r, &heavier); /* goes on from what was said last */
        assert_string_equal(next.athlete, "cara");
        assert_false(roster_assign(&r, &next, true));
        assert_true(roster_assign(&r, &ben, true)); /* he stays after all: nothing waits */
        assert_false(r.has_next);
        assert_false(roster_assign(&r, &cara, true));
        assert_true(roster_set_void(&r));
        assert_string_equal(r.now.athlete, "cara");
        assert_false(roster_set_void(&r));
}

/* Who is at the rack after each of the sets. */
static void check_turns(struct roster *r, const char *const *names, size_t n) {
        for (size_t i = 0; i < n; i++) {
                assert_string_equal(r->now.athlete, names[i]);
                roster_set_over(r);
        }
}

static void test_queue(void **state) {
        static const char *const once[] = {"ana", "ben", "cara", "cara", "cara"};
        static const char *const round[] = {"ana", "ben", "cara", "ana", "ben", "cara", "ana"};
        struct assignment dan = {"dan", "back-squat", "", 70, NAN};
        struct roster r;

        (void) state;
        for (unsigned rotate = 0; rotate < 2; rotate++) {
                roster_init(&r, &ana);
                r.queue[0] = want(ASSIGNMENT_ATHLETE | ASSIGNMENT_LOAD, "ben", "", 60);
                r.queue[1] = want(ASSIGNMENT_ATHLETE, "cara", "", 0);
                r.n_queue = 2;
                r.rotate = rotate;
                if (rotate)
                        check_turns(&r, round, ARRAY_SIZE(round));
                else
                        check_turns(&r, once, ARRAY_SIZE(once));
        }
        /* With rotation everybody comes back as they were. */
        assert_string_equal(r.now.athlete, "ben");
        assert_float_equal(r.now.load_kg, 60, 0);
        roster_set_over(&r);
        assert_float_equal(r.now.load_kg, 60, 0); /* cara said nothing of it: the bar's */
        roster_set_over(&r);
        assert_string_equal(r.now.athlete, "ana");
        assert_float_equal(r.now.load_kg, 80, 0);
        assert_float_equal(r.now.one_rm_kg, 110, 0);
        assert_string_equal(r.now.prescription, "negative-squat");

        /* What is said goes before whose turn it is, which is then still theirs. */
        assert_false(roster_assign(&r, &dan, true));
        roster_set_over(&r);
        assert_string_equal(r.now.athlete, "dan");
        assert_int_equal(r.n_queue, 3); /* ana has lifted, and waits again */
        assert_string_equal(r.queue[2].values.athlete, "ana");
        roster_set_over(&r);
        assert_string_equal(r.now.athlete, "ben");
        assert_string_equal(r.queue[2].values.athlete, "dan");
        /* A set that came to nothing is nobody's turn. */
        assert_false(roster_set_void(&r));
        assert_string_equal(r.now.athlete, "ben");
        /* Nobody goes to the end of a queue without a name. */
        r.now.athlete[0] = '\0';
        roster_set_over(&r);
        assert_int_equal(r.n_queue, 2);
        assert_string_equal(r.now.athlete, "cara");
        /* Nor twice. */
        assert_string_equal(r.queue[0].values.athlete, "ana");
        snprintf(r.now.athlete, sizeof(r.now.athlete), "dan");
        roster_set_over(&r);
        assert_string_equal(r.now.athlete, "ana");
        assert_int_equal(r.n_queue, 1);
        snprintf(r.now.athlete, sizeof(r.now.athlete), "dan");
        roster_set_over(&r);
        assert_string_equal(r.now.athlete, "dan");
        assert_int_equal(r.n_queue, 0);
}

/* ---- the file ---- */

static char said[2048];

static void listen_to(const char *text, void *userdata) {
        (void) userdata;
        strncat(said, text, sizeof(said) - strlen(said) - 2);
        strcat(said, "\n");
}

static void load(const char *text, struct assigned *a) {
        struct faults notes = {.sink = listen_to};
        char path[] = "/tmp/test-assigned-XXXXXX";
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
        said[0] = '\0';
        assigned_load(a, path, &notes);
        unlink(path);
}

static void test_file(void **state) {
        static struct assigned a, again;
        struct roster r, *read;
        char *text = NULL;
        size_t n;
        FILE *stream;

        (void) state;
        roster_init(&r, &ana);
        strcpy(r.now.athlete, "J\xc3\xb6rg # 2");
        r.queue[0] = want(ASSIGNMENT_ATHLETE | ASSIGNMENT_LOAD, "ben", "", 60.25);
        r.queue[1] = want(ASSIGNMENT_ALL, "cara", "curl", NAN);
        r.n_queue = 2;
        r.rotate = true;
        assert_int_equal(assigned_put(&a, "rack-1", &r, NULL, NULL), 0);
        r.has_next = true;
        r.next = (struct assignment){.athlete = "dan", .exercise = "curl", .load_kg = NAN, .one_rm_kg = NAN};
        assert_int_equal(assigned_put(&a, "rack-2", &r, NULL, NULL), 0);
        stream = open_memstream(&text, &n);
        assert_int_equal(assigned_write(&a, stream), 0);
        fclose(stream);
        load(text, &again);
        free(text);
        assert_string_equal(said, "");
        assert_int_equal(again.n, 2);
        read = &again.items[0].roster;
        assert_true(assignment_equal(&read->now, &r.now));
        assert_int_equal(read->n_queue, 2);
        assert_true(read->rotate);
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(read->queue[i].given, r.queue[i].given);
                assert_string_equal(read->queue[i].values.athlete, r.queue[i].values.athlete);
        }
        assert_float_equal(read->queue[0].values.load_kg, 60.25, 0);
        assert_true(isnan(read->queue[1].values.load_kg));
        assert_string_equal(
                assigned_find(&again, "rack-2")->now.athlete, "dan"); /* the running set is over by then */
        assert_int_equal(assigned_put(&again, "rack-1", NULL, NULL, NULL), 0);
        assert_null(assigned_find(&again, "rack-1"));
        assert_non_null(assigned_find(&again, "rack-2"));
        assert_int_equal(assigned_put(&again, "rack-1", NULL, NULL, NULL), 0);
}

static void test_file_faults(void **state) {
        static struct assigned a;

        (void) state;
        load("[queue rack-0]\nAthlete=x\n[station rack-1]\nAthlete=ana\nLoadKg=heavy\n[station rack-1]\n[junk\n"
             "Athlete=lost\n[hub]\n[station rack-2]\nAthlete=ben\nColour=red\n",
                &a);
        assert_int_equal(a.n, 2);
        assert_string_equal(assigned_find(&a, "rack-1")->now.athlete, "ana");
        assert_true(isnan(assigned_find(&a, "rack-1")->now.load_kg));
        assert_string_equal(assigned_find(&a, "rack-2")->now.athlete, "ben");
        assert_non_null(strstr(said, ":1: [queue NAME]: follows [station NAME]"));
        assert_non_null(strstr(said, ":5: LoadKg=: not understood"));
        assert_non_null(strstr(said, ":6: [station NAME]: a second time"));
        assert_non_null(strstr(said, ":9: sections are [station NAME] and [queue NAME] here"));
        assert_non_null(strstr(said, ":12: Colour=: no such key"));
}

/* ---- setbook ---- */

#define MINUTE UINT64_C(60000000)

static struct message_origin origin(const char *athlete) {
        struct message_origin o = {.load_kg = 80};

        snprintf(o.athlete, sizeof(o.athlete), "%s", athlete);
        return o;
}

/* Reps of 4 s with pauses of 1 s, numbered from 1, of mean velocities given. */
static struct set make_set(uint32_t number, const double *mean_mps, unsigned n, bool loaded) {
        struct set s = {.set = number, .n_reps = n, .tut_s = 4.0 * n + (loaded ? n - 1 : 0)};

        for (unsigned i = 0; i < n; i++)
                s.reps[i] = (struct set_rep){.rep = i + 1,
                        .start_us = i * 5000000,
                        .end_us = i * 5000000 + 4000000,
                        .tut_s = 4,
                        .concentric_mean_mps = (float) mean_mps[i]};
        s.start_us = s.reps[0].start_us;
        s.end_us = s.reps[n - 1].end_us;
        return s;
}

static void lift(struct setbook *b, uint32_t set, unsigned n, const char *athlete) {
        struct message_origin o = origin(athlete);

        for (unsigned i = 1; i <= n; i++)
                setbook_take_rep(b, set, i, 100 * set + i, &o);
}

static const double speeds[] = {0.5, 0.6, 0.54, 0.3};

static void test_discard_in_a_running_set(void **state) {
        static struct setbook b;
        static struct correction c;
        struct set set = make_set(1, speeds, 4, true);
        unsigned counted;

        (void) state;
        memset(&b, 0, sizeof(b));
        assert_int_equal(setbook_discard(&b, 0, 0, &c), -ENOENT);
        lift(&b, 1, 4, "ana");
        assert_int_equal(setbook_discard(&b, 2, 0, &c), 0);
        assert_int_equal(c.edit.change, EDIT_DISCARDED);
        assert_int_equal(c.edit.set, 1);
        assert_int_equal(c.edit.rep, 2);
        assert_int_equal(c.ref, 102);
        assert_false(c.edit.has_figures);
        assert_string_equal(c.origin.athlete, "ana");
        assert_int_equal(setbook_discard(&b, 2, 0, &c), -EALREADY);
        assert_int_equal(setbook_discard(&b, 7, 0, &c), -ENOENT);
        setbook_take_rejection(&b, 1, 4);
        assert_int_equal(setbook_discard(&b, 4, 0, &c), -ENOENT); /* the hub took it back already */
        assert_int_equal(setbook_standing(&b, &counted), 3);
        assert_int_equal(counted, 2);
        assert_int_equal(setbook_discard(&b, 0, 0, &c), 0); /* the last one that counts */
        assert_int_equal(c.edit.rep, 3);
        assert_int_equal(setbook_bring_back(&b, 1, 3, 0, &c), 0);
        assert_int_equal(c.edit.restores, EDIT_DISCARDED);

        set.n_reps = 3;
        set.tut_s = 14;
        setbook_take_set(&b, &set, MINUTE);
        assert_int_equal(set.n_reps, 2);
        assert_int_equal(set.reps[0].rep, 1);
        assert_int_equal(set.reps[1].rep, 3);
        assert_float_equal(set.tut_s, 9, 1e-9); /* two reps and the pause behind the first */
        assert_float_equal(set.best_mps, 0.54, 1e-6);
        assert_float_equal(set.velocity_loss_pct, 0, 1e-9);
}

static void test_discard_after_the_set(void **state) {
        static struct setbook b;
        static struct correction c;
        struct set set = make_set(1, speeds, 4, false);

        (void) state;
        memset(&b, 0, sizeof(b));
        lift(&b, 1, 4, "ana");
        setbook_take_set(&b, &set, MINUTE);
        assert_int_equal(set.n_reps, 4);
        setbook_published(&b, 1, 200);
        assert_int_equal(setbook_discard(&b, 0, 2 * MINUTE, &c), 0);
        assert_int_equal(c.edit.rep, 4);
        assert_true(c.edit.has_figures);
        assert_int_equal(c.edit.figures.n_reps, 3);
        assert_float_equal(c.edit.figures.tut_s, 12, 1e-9);
        assert_float_equal(c.edit.figures.best_mps, 0.6, 1e-6);
        assert_float_equal(c.edit.figures.velocity_loss_pct, 10, 1e-4);
        assert_int_equal(c.edit.figures.end_us, 14000000);
        assert_int_equal(setbook_discard(&b, 1, 2 * MINUTE, &c), 0);
        assert_int_equal(c.edit.figures.start_us, 5000000);
        assert_int_equal(setbook_discard(&b, 2, 2 * MINUTE, &c), 0);
        assert_int_equal(setbook_discard(&b, 3, 2 * MINUTE, &c), -EBUSY);
        assert_int_equal(setbook_bring_back(&b, 1, 4, 3 * MINUTE, &c), 0);
        assert_int_equal(c.edit.change, EDIT_RESTORED);
        assert_int_equal(c.edit.figures.n_reps, 2);
        assert_int_equal(setbook_bring_back(&b, 1, 4, 3 * MINUTE, &c), -EALREADY);
        assert_int_equal(setbook_discard(&b, 0, 11 * MINUTE + 1, &c), -ETIME);
        lift(&b, 2, 1, "ben");
        assert_int_equal(setbook_bring_back(&b, 1, 2, 3 * MINUTE, &c), -ENOENT); /* the next one has begun */
}

static void test_claims(void **state) {
        static struct setbook b;
        static struct correction c;
        struct set set = make_set(1, speeds, 1, false);
        uint32_t free[4];

        (void) state;
        memset(&b, 0, sizeof(b));
        lift(&b, 1, 1, "");
        setbook_take_set(&b, &set, MINUTE);
        setbook_published(&b, 1, 11);
        lift(&b, 2, 1, "ben");
        set.set = 2;
        setbook_take_set(&b, &set, 2 * MINUTE);
        setbook_published(&b, 2, 12);
        lift(&b, 3, 2, "");
        assert_int_equal(setbook_unclaimed(&b, 3 * MINUTE, free, 4), 2);
        assert_int_equal(free[0], 1);
        assert_int_equal(free[1], 3);
        assert_int_equal(setbook_claim(&b, 2, "ana", 3 * MINUTE, &c), -EALREADY);
        assert_int_equal(setbook_claim(&b, 4, "ana", 3 * MINUTE, &c), -ENOENT);
        assert_int_equal(setbook_claim(&b, 0, "cara", 3 * MINUTE, &c), 0); /* the running one */
        assert_int_equal(c.edit.set, 3);
        assert_int_equal(c.edit.rep, 0);
        assert_int_equal(c.ref, 0);
        assert_string_equal(c.origin.athlete, "cara");
        assert_int_equal(setbook_claim(&b, 0, "ana", 3 * MINUTE, &c), 0);
        assert_int_equal(c.edit.set, 1);
        assert_int_equal(c.ref, 11);
        assert_false(c.edit.has_figures);
        assert_int_equal(setbook_claim(&b, 0, "ana", 3 * MINUTE, &c), -ENOENT);
        assert_int_equal(setbook_unclaim(&b, 1, 4 * MINUTE, &c), 0);
        assert_int_equal(c.edit.restores, EDIT_CLAIMED);
        assert_string_equal(c.origin.athlete, "");
        assert_int_equal(setbook_unclaimed(&b, 4 * MINUTE, free, 4), 1);
        assert_int_equal(setbook_unclaimed(&b, 12 * MINUTE, free, 4), 0);
        assert_int_equal(setbook_claim(&b, 1, "ana", 12 * MINUTE, &c), -ETIME);
}

/* Sets go by for days: only the newest are remembered. */
static void test_many_sets(void **state) {
        static struct setbook b;
        static struct correction c;
        uint32_t free[SETBOOK_SETS];

        (void) state;
        memset(&b, 0, sizeof(b));
        for (uint32_t set = 1; set <= 100; set++) {
                struct set s = make_set(set, speeds, 2, true);

                lift(&b, set, 2, "");
                setbook_take_set(&b, &s, MINUTE);
                setbook_published(&b, set, set);
        }
        assert_int_equal(setbook_unclaimed(&b, MINUTE, free, SETBOOK_SETS), SETBOOK_SETS);
        assert_int_equal(free[0], 100 - SETBOOK_SETS + 1);
        assert_int_equal(free[SETBOOK_SETS - 1], 100);
        assert_int_equal(setbook_claim(&b, 3, "ana", MINUTE, &c), -ENOENT);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_stays_and_what_goes),
                cmocka_unit_test(test_between_and_during_sets),
                cmocka_unit_test(test_queue),
                cmocka_unit_test(test_file),
                cmocka_unit_test(test_file_faults),
                cmocka_unit_test(test_discard_in_a_running_set),
                cmocka_unit_test(test_discard_after_the_set),
                cmocka_unit_test(test_claims),
                cmocka_unit_test(test_many_sets),
        };
        return run_unit_tests(tests);
}
