/* SPDX-License-Identifier: Apache-2.0 */
/* One property of org.freedesktop.timedate1(5). */

#include "hub/timedate.h"

#include <string.h>

#include "util/log.h"
#include "util/macros.h"

#define SERVICE  "org.freedesktop.timedate1"
#define PATH     "/org/freedesktop/timedate1"
#define SOON_US  UINT64_C(60000000)
#define LATER_US UINT64_C(900000000)
#define SET_US                                                                                                 \
        INT64_C(1000000) /* a step by this is worth a question; ntpd steps from 0.128 s on, chrony from 1 s */
#define TIMEOUT_US UINT64_C(30000000) /* a small hub that boots takes some to start it */

void timedate_init(struct timedate *t, struct wallclock *clock) {
        *t = (struct timedate){.clock = clock};
}

void timedate_attach(struct timedate *t, sd_bus *bus) {
        t->asked = sd_bus_slot_unref(t->asked);
        t->bus = bus;
        t->next_us = 0;
}

static void tell_silence(struct timedate *t, const char *why) {
        if (!t->told)
                log_notice("systemd-timedated does not say whether the time of day is right (%s): it counts as "
                           "%s as before",
                        why, t->clock->synced ? "right" : "unknown");
        t->told = true;
}

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct timedate *t = userdata;
        const sd_bus_error *e = sd_bus_message_get_error(m);
        int synced = false, r;

        (void) error;
        t->asked = sd_bus_slot_unref(t->asked);
        if (e && sd_bus_error_has_name(e, SD_BUS_ERROR_NO_REPLY))
                return 0; /* the connection has ended: that is told elsewhere */
        if (e) {
                tell_silence(t, e->message ? e->message : e->name);
                return 0;
        }
        r = sd_bus_message_read(m, "v", "b", &synced);
        if (r < 0) {
                tell_silence(t, strerror(-r));
                return 0;
        }
        t->told = false;
        t->clock->synced = synced;
        if (synced)
                t->next_us += LATER_US - SOON_US;
        return 0;
}

static int ask(struct timedate *t) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(
                t->bus, &m, SERVICE, PATH, "org.freedesktop.DBus.Properties", "Get");

        if (r >= 0)
                r = sd_bus_message_append(m, "ss", SERVICE, "NTPSynchronized");
        return r < 0 ? r : sd_bus_call_async(t->bus, &t->asked, m, on_answer, t, TIMEOUT_US);
}

void timedate_look(struct timedate *t, uint64_t now_us) {
        int64_t set_us = t->clock->epoch_us - t->epoch_us;
        int r;

        if (!t->bus || t->asked || t->clock->asked_kernel)
                return;
        if (now_us < t->next_us && set_us < SET_US && set_us > -SET_US)
                return;
        t->epoch_us = t->clock->epoch_us;
        t->next_us = now_us + SOON_US;
        r = ask(t);
        if (r < 0)
                tell_silence(t, strerror(-r));
}
