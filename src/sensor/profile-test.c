/* SPDX-License-Identifier: Apache-2.0 */
/* The test vectors of a profile: bytes that a real sensor sent, and what must come of them. */

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sensor/profile.h"
#include "sensor/unpack.h"
#include "util/macros.h"

struct run {
        const struct profile *profile;
        const struct profile_test *test;
        struct faults *faults;
        unsigned faults_before;
};

_printf_(2, 3) static void fault(const struct run *run, const char *format, ...) {
        char text[256];
        va_list ap;

        va_start(ap, format);
        vsnprintf(text, sizeof(text), format, ap);
        va_end(ap);
        faults_add(run->faults, run->profile->path, run->test->line, "[test %s]: %s", run->test->name, text);
}

/* NAN = nothing is expected. */
static void compare(const struct run *run, const char *what, double expected, double got) {
        double tolerance = run->test->tolerance * fmax(1, fabs(expected));

        if (!isnan(expected) && !(fabs(got - expected) <= tolerance))
                fault(run, "%s is %.6g; %.6g is expected", what, got, expected);
}

static void compare_axes(const struct run *run, const char *what, const struct profile_axes *axes,
        const double *expected, unsigned n, const struct unpacked *u) {
        char name[32];

        if (n == 0)
                return;
        if (!axes->field.present) {
                fault(run, "%s is expected of a packet that holds none", what);
                return;
        }
        if (n != 3 * u->n) {
                fault(run, "%u samples come of it; %u are expected in %s=", u->n, n / 3, what);
                return;
        }
        for (unsigned i = 0; i < n; i++) {
                const double *v =
                        strcmp(what, "Acc") == 0 ? u->samples[i / 3].f_mps2 : u->samples[i / 3].w_radps;

                snprintf(name, sizeof(name), "%s %c of sample %u", what, "xyz"[i % 3], i / 3 + 1);
                compare(run, name, expected[i], v[i % 3] / axes->si);
        }
}

static void test_packet(const struct run *run) {
        const struct profile_test *t = run->test;
        const struct profile_packet *packet = &run->profile->packets[t->packet];
        struct unpacked u;
        int found = unpack_find(run->profile, packet->stream, t->bytes, t->n_bytes), r;

        if (found != t->packet && packet->n_columns == 0) {
                if (found >= 0)
                        fault(run, "[packet %s] takes these bytes, not [packet %s]",
                                run->profile->packets[found].name, packet->name);
                else
                        fault(run,
                                found == -EBADMSG ? "%u bytes are no length of the packet (%u to %u)"
                                                  : "no packet takes these %u bytes (its length: %u to %u)",
                                t->n_bytes, packet->length_min, packet->length_max);
                return;
        }
        r = unpack(packet, t->bytes, t->n_bytes, &u);
        if (r < 0) {
                fault(run,
                        r == -ENOENT ? "the line has another tag"
                                     : "the packet contradicts itself, or holds figures "
                                       "that no sensor measures");
                return;
        }
        compare_axes(run, "Acc", &packet->acc, t->acc, t->n_acc, &u);
        compare_axes(run, "Gyro", &packet->gyro, t->gyro, t->n_gyro, &u);
        if (!isnan(t->time_s) && (!packet->time.present || !(packet->time_hz > 0)))
                fault(run, "Time is expected of a packet that has no clock");
        else
                compare(run, "Time", t->time_s, (double) u.time / packet->time_hz);
        if (!isnan(t->seq) && !packet->seq.present)
                fault(run, "Seq is expected of a packet that has none");
        else
                compare(run, "Seq", t->seq, (double) u.seq);
        if (t->n_acc == 0 && t->n_gyro == 0)
                fault(run, "expects nothing; Acc= or Gyro= is needed");
}

static void test_battery(const struct run *run) {
        const struct profile_test *t = run->test;
        double percent = NAN;

        if (isnan(t->battery)) {
                fault(run, "needs Packet= or Battery=");
                return;
        }
        if (run->profile->battery.kind == GATT_BATTERY_STREAM &&
                !unpack_is(&run->profile->battery.when, t->bytes, t->n_bytes)) {
                fault(run, "When= of the battery does not know these bytes");
                return;
        }
        if (profile_battery(run->profile, t->bytes, t->n_bytes, &percent) < 0)
                fault(run, "the battery cannot be read from these bytes");
        else
                compare(run, "Battery", t->battery, percent);
}

unsigned profile_test(const struct profile *p, struct faults *faults) {
        unsigned failed = 0;

        for (unsigned i = 0; i < p->n_tests; i++) {
                struct run run = {p, &p->tests[i], faults, faults->n};

                if (p->tests[i].n_bytes == 0)
                        fault(&run, "has no bytes; Hex= or Text= is needed");
                else if (p->tests[i].packet >= 0)
                        test_packet(&run);
                else
                        test_battery(&run);
                failed += faults->n > run.faults_before;
        }
        return failed;
}
