/* SPDX-License-Identifier: Apache-2.0 */
/* What a picture is made of: curves that keep extremes, text that cannot break out, reps that are taken back. */

#include "ctl/curve.h"
#include "ctl/scene.h"
#include "ctl/svg.h"
#include "unit.h"
#include "util/macros.h"

static struct curve curve;

static void a_spike_survives_any_length(_unused_ void **state) {
        struct curve_bucket b;

        curve_init(&curve, 1000000);
        for (uint64_t i = 0; i < 3600 * 100; i++) /* an hour at 100 Hz */
                curve_add(&curve, 1000000 + i * 10000, i == 123456 ? 9.5 : i == 200000 ? -7.25 : 1);
        b = curve_between(&curve, 0, UINT64_MAX);
        assert_near(b.low, -7.25, 1e-9);
        assert_near(b.high, 9.5, 1e-9);
        b = curve_between(&curve, 1000000 + 1234000000, 1000000 + 1235000000); /* the second of the spike */
        assert_near(b.low, 1, 1e-9);
        assert_near(b.high, 9.5, 1e-9);
        b = curve_between(&curve, 1000000 + 1236000000, 1000000 + 1237000000);
        assert_near(b.high, 1, 1e-9);
}

static void seconds_side_by_side_share_no_value(_unused_ void **state) {
        curve_init(&curve, 0);
        for (uint64_t i = 0; i < 100; i++)
                curve_add(&curve, i * 10000, (double) i);
        assert_near(curve_between(&curve, 0, 500000).high, 49, 1e-9);
        assert_near(curve_between(&curve, 500000, 1000000).low, 50, 1e-9);
}

static void a_gap_breaks_the_curve_and_a_slow_sensor_does_not(_unused_ void **state) {
        curve_init(&curve, 0);
        curve_add(&curve, 0, 1);
        curve_add(&curve, 125000, 2);
        curve_add(&curve, 250000, NAN);
        assert_true(curve_bucket_is_empty(curve_between(&curve, 50000, 100000)));
        assert_false(curve_bucket_is_break(curve_between(&curve, 50000, 100000)));
        assert_true(curve_bucket_is_break(curve_between(&curve, 250000, 300000)));
        assert_near(curve_between(&curve, 125000, 300000).high, 2, 1e-9); /* a line and a break: the line */
        assert_true(curve_bucket_is_empty(curve_between(&curve, 400000, 300000)));
}

static void text_is_escaped_and_repaired(_unused_ void **state) {
        static const struct {
                const char *text, *wanted;
        } cases[] = {
                {"squat", "squat"},
                {"</text><script>x</script>", "&lt;/text&gt;&lt;script&gt;x&lt;/script&gt;"},
                {"a&b \"c\"", "a&amp;b &quot;c&quot;"},
                {"\x01\x1b[2m\t.", "\xef\xbf\xbd\xef\xbf\xbd[2m\t."},
                {"\xff\xc3", "\xef\xbf\xbd\xef\xbf\xbd"},
                {"\xef\xbf\xbf", "\xef\xbf\xbd"},
                {"\xc3\xa4\xf0\x9f\x8f\x8b", "\xc3\xa4\xf0\x9f\x8f\x8b"},
                {"", ""},
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char buffer[256] = "";
                FILE *out = fmemopen(buffer, sizeof(buffer), "w");

                assert_non_null(out);
                svg_escape(out, cases[i].text);
                assert_int_equal(fclose(out), 0);
                assert_string_equal(buffer, cases[i].wanted);
        }
}

static void a_path_leaves_out_what_is_no_number(_unused_ void **state) {
        char buffer[256] = "";
        FILE *out = fmemopen(buffer, sizeof(buffer), "w");
        struct svg s = {.out = out};

        assert_non_null(out);
        svg_path_begin(&s, "curve");
        svg_path_point(&s, 1, 2);
        svg_path_point(&s, 2, 3);
        svg_path_point(&s, 3, NAN);
        svg_path_point(&s, HUGE_VAL, 1);
        svg_path_point(&s, 4, 5);
        svg_path_end(&s);
        assert_int_equal(fclose(out), 0);
        assert_string_equal(buffer, "<path class=\"curve\" d=\"M0 0M1.0 2.0L2.0 3.0M4.0 5.0\"/>\n");
}

static struct event rep_event(uint32_t number, uint64_t start_us, uint64_t end_us) {
        return (struct event){
                .type = EVENT_REP,
                .rep = {.set = 1, .rep = number, .start_us = start_us, .end_us = end_us, .rom_m = 0.5},
        };
}

static struct scene scene;

static void tell(struct event e) {
        assert_int_equal(scene_event(&scene, &e), 0);
}

static void a_rep_can_be_taken_back(_unused_ void **state) {
        struct event e = {
                .type = EVENT_AMEND,
                .amend = {.set = 1, .rep = 2, .change = AMENDED_REJECTED, .reason = REJECTED_RERACK},
        };

        scene_init(&scene);
        tell(rep_event(1, 1000000, 3000000));
        tell(rep_event(2, 3500000, 6000000));
        assert_int_equal(scene_count(&scene), 2);
        tell(e);
        assert_int_equal(scene_count(&scene), 1);
        assert_false(scene.reps[0].withdrawn);
        assert_true(scene.reps[1].withdrawn);
        assert_int_equal(scene.reps[1].reason, REJECTED_RERACK);
        assert_int_equal(scene.n_rejected, 1);
        assert_int_equal(scene.rejected[0].start_us, 3500000);
        e.amend.rep = 7; /* of a rep that was never told */
        tell(e);
        assert_int_equal(scene_count(&scene), 1);
        assert_int_equal(scene.n_rejected, 1);
        scene_done(&scene);
}

static void better_figures_replace_a_rep(_unused_ void **state) {
        struct event better = rep_event(1, 1100000, 3100000);
        struct event e = {
                .type = EVENT_AMEND,
                .amend = {.set = 1, .rep = 1, .change = AMENDED_FIGURES, .figures = better.rep},
        };

        scene_init(&scene);
        e.amend.figures.rom_m = 0.6;
        tell(rep_event(1, 1000000, 3000000));
        tell(e);
        assert_int_equal(scene.n_reps, 1);
        assert_int_equal(scene.reps[0].rep.start_us, 1100000);
        assert_near(scene.reps[0].rep.rom_m, 0.6, 1e-9);
        scene_done(&scene);
}

static void phases_end_where_the_next_begins(_unused_ void **state) {
        static const struct phase_event told[] = {
                {.phase = PHASE_ECCENTRIC, .start_us = 1000, .latency_us = 200},
                {.phase = PHASE_BOTTOM, .start_us = 5000},
                {.phase = PHASE_CONCENTRIC,
                        .start_us = 4000}, /* before the hold that it follows: none was there */
        };

        scene_init(&scene);
        for (size_t i = 0; i < ARRAY_SIZE(told); i++)
                tell((struct event){.type = EVENT_PHASE, .phase = told[i]});
        assert_int_equal(scene.n_phases, 3);
        assert_int_equal(scene.phases[0].span.end_us, 5000);
        assert_int_equal(scene.phases[0].seen_us, 1200);
        assert_int_equal(scene.phases[1].span.start_us, 5000);
        assert_int_equal(scene.phases[1].span.end_us, 5000);
        scene_done(&scene);
}

static void silence_is_a_gap(_unused_ void **state) {
        struct sample sample = {.t_us = 1000000, .f_mps2 = {0, 0, STANDARD_GRAVITY_MPS2}};
        struct live live = {.position_m = 0.1};

        scene_init(&scene);
        assert_int_equal(scene_sample(&scene, &sample, &live), 0);
        sample.t_us += 130000; /* 8 Hz is slow, not silent */
        assert_int_equal(scene_sample(&scene, &sample, &live), 0);
        assert_int_equal(scene.n_gaps, 0);
        sample.t_us += 2000000;
        assert_int_equal(scene_sample(&scene, &sample, &live), 0);
        assert_int_equal(scene.n_gaps, 1);
        assert_int_equal(scene.gaps[0].start_us, 1130000);
        assert_int_equal(scene.gaps[0].end_us, 3130000);
        assert_true(curve_bucket_is_break(curve_between(&scene.position, 1135000, 3130000)));
        scene_done(&scene);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_spike_survives_any_length),
                cmocka_unit_test(seconds_side_by_side_share_no_value),
                cmocka_unit_test(a_gap_breaks_the_curve_and_a_slow_sensor_does_not),
                cmocka_unit_test(text_is_escaped_and_repaired),
                cmocka_unit_test(a_path_leaves_out_what_is_no_number),
                cmocka_unit_test(a_rep_can_be_taken_back),
                cmocka_unit_test(better_figures_replace_a_rep),
                cmocka_unit_test(phases_end_where_the_next_begins),
                cmocka_unit_test(silence_is_a_gap),
        };
        return run_unit_tests(tests);
}
