/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of org.repcast.Hub1 that are about stations: who lifts what, and what of it counts. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/api-private.h"
#include "hub/api.h"
#include "hub/command.h"
#include "util/macros.h"

/* ---- answers ---- */

/* A call whose answer is made, and sent when what it tells is kept. */
struct answer_due {
        struct hub *hub;
        sd_bus_message *call, *reply;
};

static struct answer_due *due_free(struct answer_due *a) {
        if (!a)
                return NULL;
        sd_bus_message_unref(a->call);
        sd_bus_message_unref(a->reply);
        free(a);
        return NULL;
}

static struct answer_due *due_new(struct hub *h, sd_bus_message *call) {
        struct answer_due *a = calloc(1, sizeof(*a));

        if (!a)
                return NULL;
        a->hub = h;
        a->call = sd_bus_message_ref(call);
        if (sd_bus_message_new_method_return(call, &a->reply) < 0)
                return due_free(a);
        return a;
}

/* The caller or the bus may be gone by now: then there is nobody to tell. */
static void on_done(const struct refusal *refusal, void *userdata) {
        struct answer_due *a = userdata;

        api_flush(api_of(a->hub)); /* who asks next shall see it */
        if (refusal)
                (void) api_refuse(a->call, refusal);
        else
                (void) sd_bus_message_send(a->reply);
        due_free(a);
}

/* r: of a command. Its answer may still be filled in by the caller before this. */
static int conclude(struct answer_due *a, int r, const struct refusal *refusal) {
        if (r > 0)
                return 1;
        on_done(r < 0 ? refusal : NULL, a);
        return 1;
}

/* ---- arguments ---- */

static int take_name(sd_bus_message *m, char *ret, struct refusal *refusal) {
        const char *s;
        int r = sd_bus_message_read(m, "v", "s", &s);

        if (r < 0)
                return r;
        if (strlen(s) >= ASSIGNMENT_NAME_MAX)
                return refuse(refusal, ERROR_INVALID, "\"%.20s...\" is too long", s);
        strcpy(ret, s);
        return 0;
}

static int take_value(
        sd_bus_message *m, const char *key, struct wish *w, bool *defaults, struct refusal *refusal) {
        static const struct {
                const char *key;
                enum assignment_field given;
                size_t offset;
        } fields[] = {
                {"Athlete", ASSIGNMENT_ATHLETE, offsetof(struct assignment, athlete)},
                {"Exercise", ASSIGNMENT_EXERCISE, offsetof(struct assignment, exercise)},
                {"Prescription", ASSIGNMENT_PRESCRIPTION, offsetof(struct assignment, prescription)},
                {"LoadKg", ASSIGNMENT_LOAD, offsetof(struct assignment, load_kg)},
                {"OneRmKg", ASSIGNMENT_ONE_RM, offsetof(struct assignment, one_rm_kg)},
        };
        int flag, r;

        for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
                void *at = (char *) &w->values + fields[i].offset;

                if (strcmp(fields[i].key, key) != 0)
                        continue;
                w->given |= fields[i].given;
                return fields[i].given < ASSIGNMENT_LOAD ? take_name(m, at, refusal)
                                                         : sd_bus_message_read(m, "v", "d", at);
        }
        if (defaults && strcmp(key, "Defaults") == 0) {
                r = sd_bus_message_read(m, "v", "b", &flag);
                *defaults = r >= 0 && flag;
                return r;
        }
        return refuse(refusal, ERROR_INVALID,
                "nothing to assign is called %.64s; Athlete, Exercise, Prescription, LoadKg and OneRmKg are",
                key);
}

/* Returns 1 for an a{sv}, 0 where the list of them ends, or negative with the refusal filled in. */
static int read_wish(sd_bus_message *m, struct wish *w, bool *defaults, struct refusal *refusal) {
        int r = sd_bus_message_enter_container(m, 'a', "{sv}"), more;
        const char *key;

        *w = (struct wish){.given = 0};
        refusal->text[0] = '\0';
        if (r <= 0)
                return r;
        while ((more = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0)
                        r = take_value(m, key, w, defaults, refusal);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r < 0)
                        break;
        }
        r = more < 0 ? more : r < 0 ? r : sd_bus_message_exit_container(m);
        if (r < 0 && refusal->text[0] == '\0')
                (void) refuse(refusal, ERROR_INVALID, "the values cannot be read: %s", strerror(-r));
        return r < 0 ? r : 1;
}

/* ---- methods ---- */

int api_method_assign(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct assign_request q = {.station = ""};
        struct refusal refusal;
        struct answer_due *a;
        struct wish wish;
        bool now = false;
        int r = sd_bus_message_read(m, "s", &q.station);

        if (r < 0)
                return r;
        if (read_wish(m, &wish, &q.defaults, &refusal) < 0)
                return api_refuse(m, &refusal);
        a = due_new(api_hub_of(userdata), m);
        if (!a)
                return -ENOMEM;
        q.wish = &wish;
        r = command_assign(a->hub, &q, on_done, a, &now, &refusal);
        if (r >= 0)
                (void) sd_bus_message_append(a->reply, "b", now);
        return conclude(a, r, &refusal);
}

int api_method_queue(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct wish queue[ASSIGNMENT_QUEUE_MAX + 1]; /* one more shows that there are too many */
        struct refusal refusal;
        struct answer_due *a;
        const char *station;
        unsigned n = 0;
        int rotate = 0, r = sd_bus_message_read(m, "s", &station);

        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(m, 'a', "a{sv}");
        while (r >= 0 && n < ARRAY_SIZE(queue) && (r = read_wish(m, &queue[n], NULL, &refusal)) > 0)
                n++;
        if (r < 0)
                return api_refuse(m, &refusal);
        if (n == ARRAY_SIZE(queue)) {
                (void) refuse(&refusal, ERROR_LIMIT, "at most %d can wait for a rack", ASSIGNMENT_QUEUE_MAX);
                return api_refuse(m, &refusal);
        }
        r = sd_bus_message_exit_container(m);
        if (r >= 0)
                r = sd_bus_message_read(m, "b", &rotate);
        a = r >= 0 ? due_new(api_hub_of(userdata), m) : NULL;
        if (!a)
                return r < 0 ? r : -ENOMEM;
        r = command_queue(a->hub, station, queue, n, rotate, on_done, a, &refusal);
        return conclude(a, r, &refusal);
}

int api_method_claim(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *station, *athlete, *by;
        struct refusal refusal;
        uint32_t set, claimed;
        int r = sd_bus_message_read(m, "suss", &station, &set, &athlete, &by);

        if (r < 0)
                return r;
        if (command_claim(api_hub_of(userdata), station, set, athlete, by, &claimed, &refusal) < 0)
                return api_refuse(m, &refusal);
        return sd_bus_reply_method_return(m, "u", claimed);
}

int api_method_end_set(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        struct refusal refusal;
        const char *station;
        int r = sd_bus_message_read(m, "s", &station);

        if (r < 0)
                return r;
        if (command_end_set(api_hub_of(userdata), station, &refusal) < 0)
                return api_refuse(m, &refusal);
        return sd_bus_reply_method_return(m, NULL);
}

int api_method_discard_rep(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *station, *by;
        struct refusal refusal;
        uint32_t rep, set;
        int r = sd_bus_message_read(m, "sus", &station, &rep, &by);

        if (r < 0)
                return r;
        if (command_discard_rep(api_hub_of(userdata), station, rep, by, &set, &rep, &refusal) < 0)
                return api_refuse(m, &refusal);
        return sd_bus_reply_method_return(m, "uu", set, rep);
}

int api_method_undo(sd_bus_message *m, void *userdata, _unused_ sd_bus_error *error) {
        const char *station, *by, *what = "";
        struct refusal refusal;
        struct answer_due *a;
        int r = sd_bus_message_read(m, "ss", &station, &by);

        if (r < 0)
                return r;
        a = due_new(api_hub_of(userdata), m);
        if (!a)
                return -ENOMEM;
        r = command_undo(a->hub, station, by, on_done, a, &what, &refusal);
        if (r >= 0)
                (void) sd_bus_message_append(a->reply, "s", what);
        return conclude(a, r, &refusal);
}
