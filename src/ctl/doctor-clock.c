/* SPDX-License-Identifier: Apache-2.0 */
/* Check: the time of day. By it events get their date, and certificates are judged. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "ctl/doctor.h"
#include "hub/state-file.h"
#include "hub/wallclock.h"

DEFINE_CLEANUP(char *, free);

#define DAY_S 86400

/* Is there a file from a later day? A clock that was set back, or that begins in 1970 with each start, shows so. */
static void check_past(struct doctor *d, const char *path, time_t now) {
        char day[2][16];
        struct stat st;
        struct tm tm;

        if (stat(path, &st) < 0 || st.st_mtime <= now + DAY_S)
                return;
        strftime(day[0], sizeof(day[0]), "%Y-%m-%d", gmtime_r(&now, &tm));
        strftime(day[1], sizeof(day[1]), "%Y-%m-%d", gmtime_r(&st.st_mtime, &tm));
        doctor_find(d, FINDING_CLOCK_BEHIND, "it says %s, but %s is from %s", day[0], path, day[1]);
}

static time_t now_s(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec;
}

static bool has_entries(const struct doctor *d, const char *folder) {
        char path[PATH_MAX];
        DIR *entries = opendir(doctor_path(d, folder, path));
        const struct dirent *e;
        bool any = false;

        while (entries && !any && (e = readdir(entries)))
                any = *e->d_name != '.';
        if (entries)
                closedir(entries);
        return any;
}

void check_clock(struct doctor *d) {
        static const struct storage_config preset = {.folder = ""};
        const time_t now = now_s();
        _cleanup_(freep) char *store = NULL;
        struct wallclock clock = {.known = false};
        char path[PATH_MAX];

        wallclock_update(&clock);
        if (!clock.synced)
                doctor_find(d, FINDING_CLOCK_UNSYNCED,
                        "the time of day is not synchronised: events are marked as \"unsynced\"");
        check_past(d, d->config_path, now);
        doctor_path(d, DOCTOR_STATE_FOLDER, path);
        if (hub_find_state(d->config ? &d->config->storage : &preset, path, "events.db", &store) == 0)
                check_past(d, store, now);
        if (!has_entries(d, "/sys/class/rtc"))
                doctor_find(d, FINDING_CLOCK_NO_RTC,
                        "this machine has no clock of its own: after a start without a network it does not "
                        "know the time");
        if (d->worst == WEIGHT_OK)
                doctor_ok(d, "synchronised");
}
