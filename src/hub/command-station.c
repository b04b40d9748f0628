/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to a station: who lifts what there, and what of it counts. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/api.h"
#include "hub/command.h"
#include "hub/hub-private.h"
#include "hub/keeping.h"
#include "message/request.h"
#include "util/log.h"

static struct station *find(struct hub *h, const char *name, struct refusal *refusal) {
        struct station *s = hub_find_station(h, name);

        if (s && station_is_active(s))
                return s;
        (void) refuse_station(h, name, refusal);
        return NULL;
}

/* ---- keeping it ---- */

/* roster NULL: as the configuration says. */
static int keep(struct hub *h, const struct station *s, const struct roster *roster, command_done done,
        void *userdata, struct refusal *refusal) {
        struct keeping *k = keeping_new(h->assigned.path, "who was assigned", done, userdata);
        int r = k ? assigned_put(&h->assigned, station_name(s), roster, keeping_end, k) : -ENOMEM;

        api_touch(h->api);
        if (r > 0)
                return 1;
        if (r < 0)
                return keeping_refuse(k, r, refusal);
        keeping_free(k);
        return 0;
}

/* ---- who lifts what ---- */

static int check_name(const char *what, const char *name, struct refusal *refusal) {
        const char *wrong = *name != '\0' ? request_check_text(name, ASSIGNMENT_NAME_MAX) : NULL;

        return wrong ? refuse(refusal, ERROR_INVALID, "the %s %s", what, wrong) : 0;
}

static int check_load(const char *what, double kg, struct refusal *refusal) {
        return kg < 0 || kg > ASSIGNMENT_LOAD_MAX_KG
                ? refuse(refusal, ERROR_INVALID, "the %s is out of range: 0 to %g kg are allowed", what,
                          ASSIGNMENT_LOAD_MAX_KG)
                : 0;
}

static int no_such(const char *error, const char *what, const char *name, const char *nearest,
        const char *lists, struct refusal *refusal) {
        return refuse(refusal, error, "there is no %s \"%s\"; %s%s%s", what, name,
                nearest ? "did you mean \"" : lists, nearest ? nearest : "", nearest ? "\"?" : "");
}

static int check_wish(const struct hub *h, const struct wish *w, struct refusal *refusal) {
        const struct assignment *a = &w->values;
        const char *nearest = NULL;
        int r = check_name("athlete's name", a->athlete, refusal);

        if (r >= 0)
                r = check_load("load", w->given & ASSIGNMENT_LOAD ? a->load_kg : 0, refusal);
        if (r >= 0)
                r = check_load("1RM", w->given & ASSIGNMENT_ONE_RM ? a->one_rm_kg : 0, refusal);
        if (r < 0)
                return r;
        if (w->given & ASSIGNMENT_EXERCISE && !exercises_find(&h->config->exercises, a->exercise, &nearest))
                return no_such(ERROR_NO_EXERCISE, "exercise", a->exercise, nearest,
                        "repcast-exercises(5) tells which there are", refusal);
        if (w->given & ASSIGNMENT_PRESCRIPTION && a->prescription[0] != '\0' &&
                !prescriptions_find(&h->config->prescriptions, a->prescription, &nearest))
                return no_such(ERROR_NO_PRESCRIPTION, "prescription", a->prescription, nearest,
                        "repcast-prescriptions(5) tells which there are", refusal);
        return 0;
}

static void tell(const struct station *s, const struct assignment *a, bool now) {
        struct log_fields fields = {.kind = LOG_KIND_NONE, .station = station_name(s)};

        log_event(LOG_INFO, fields, "%s: %s, %s%s", station_name(s), *a->athlete ? a->athlete : "nobody",
                a->exercise, now ? "" : ", after the running set");
}

int command_assign(struct hub *h, const struct assign_request *q, command_done done, void *userdata,
        bool *ret_now, struct refusal *refusal) {
        struct station *s = find(h, q->station, refusal);
        struct assignment a;
        int r;

        if (!s)
                return -EINVAL;
        r = check_wish(h, q->wish, refusal);
        if (r < 0)
                return r;
        if (q->defaults) {
                a = station_config_assignment(station_get_config(s));
                a = assignment_merge(&a, q->wish);
        } else
                a = roster_preview(station_get_roster(s), q->wish);
        *ret_now = station_assign(s, &a);
        tell(s, &a, *ret_now);
        bool as_configured = q->defaults && q->wish->given == 0 && station_get_roster(s)->n_queue == 0;
        return keep(h, s, as_configured ? NULL : station_get_roster(s), done, userdata, refusal);
}

int command_queue(struct hub *h, const char *station, const struct wish *queue, unsigned n, bool rotate,
        command_done done, void *userdata, struct refusal *refusal) {
        struct station *s = find(h, station, refusal);
        int r = 0;

        if (!s)
                return -EINVAL;
        if (n > ASSIGNMENT_QUEUE_MAX)
                return refuse(refusal, ERROR_LIMIT, "at most %d can wait for a rack", ASSIGNMENT_QUEUE_MAX);
        for (unsigned i = 0; i < n && r >= 0; i++) {
                r = check_wish(h, &queue[i], refusal);
                if (r >= 0 && queue[i].values.athlete[0] == '\0')
                        r = refuse(refusal, ERROR_INVALID, "who waits needs a name");
        }
        if (r < 0)
                return r;
        station_set_queue(s, queue, n, rotate);
        return keep(h, s, station_get_roster(s), done, userdata, refusal);
}

/* ---- what counts ---- */

/* none: what there is not; already: what is so already. */
static int refuse_correction(
        int r, const char *station, const char *none, const char *already, struct refusal *refusal) {
        switch (r) {
        case -EALREADY:
                return refuse(refusal, ERROR_INVALID, "%s at %s", already, station);
        case -ETIME:
                return refuse(
                        refusal, ERROR_TOO_LATE, "the set at %s was over more than ten minutes ago", station);
        case -EBUSY:
                return refuse(refusal, ERROR_INVALID,
                        "that is the last rep of the set at %s that counts, and a set has at least one",
                        station);
        default:
                return refuse(refusal, ERROR_NO_SET, "there is no %s at %s that could be meant", none, station);
        }
}

int command_claim(struct hub *h, const char *station, uint32_t set, const char *athlete, const char *by,
        uint32_t *ret_set, struct refusal *refusal) {
        struct station *s = find(h, station, refusal);
        int r;

        if (!s)
                return -EINVAL;
        if (*athlete == '\0')
                return refuse(refusal, ERROR_INVALID, "whose set is it? An athlete's name is needed");
        r = check_name("athlete's name", athlete, refusal);
        if (r < 0)
                return r;
        r = station_claim(s, set, athlete, by, ret_set);
        return r < 0 ? refuse_correction(r, station, set > 0 ? "set of that number" : "set without an athlete",
                               "that set has an athlete already", refusal)
                     : 0;
}

int command_discard_rep(struct hub *h, const char *station, uint32_t rep, const char *by, uint32_t *ret_set,
        uint32_t *ret_rep, struct refusal *refusal) {
        struct station *s = find(h, station, refusal);
        int r;

        if (!s)
                return -EINVAL;
        r = station_discard_rep(s, rep, by, ret_set, ret_rep);
        return r < 0 ? refuse_correction(r, station, rep > 0 ? "rep of that number" : "rep",
                               "that rep is discarded already", refusal)
                     : 0;
}

int command_end_set(struct hub *h, const char *station, struct refusal *refusal) {
        struct station *s = find(h, station, refusal);

        if (!s)
                return -EINVAL;
        if (!station_end_set(s))
                return refuse(refusal, ERROR_NO_SET, "no set is running at %s", station);
        return 0;
}

int command_undo(struct hub *h, const char *station, const char *by, command_done done, void *userdata,
        const char **ret_what, struct refusal *refusal) {
        struct station *s = find(h, station, refusal);
        const char *what;

        if (!s)
                return -EINVAL;
        what = station_undo(s, by);
        if (!what)
                return refuse(refusal, ERROR_TOO_LATE,
                        "nothing at %s can be taken back: no command of the last ten minutes, or the set has "
                        "passed",
                        station);
        *ret_what = what;
        return keep(h, s, station_get_roster(s), done, userdata, refusal);
}
