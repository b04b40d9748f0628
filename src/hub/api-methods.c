/* SPDX-License-Identifier: Apache-2.0 */
/* The methods of org.repcast.Hub1: arguments in, a command, its answer back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/api-private.h"
#include "hub/api-query.h"
#include "hub/api.h"
#include "hub/command.h"
#include "hub/hub-private.h"
#include "util/log.h"
#include "util/macros.h"

/* The call that a command answers when it is done. */
struct pending {
        struct hub *hub;
        sd_bus_message *call;
        char first[MESSAGE_NAME_MAX], second[MESSAGE_NAME_MAX]; /* what Adopt and Forget return */
        bool two;
};

struct hub *api_hub_of(void *userdata) {
        return ((const struct object_item *) userdata)->owner;
}

struct api *api_of(struct hub *h) {
        return h->api;
}

int api_refuse(sd_bus_message *call, const struct refusal *refusal) {
        return sd_bus_reply_method_errorf(call, refusal->error, "%s", refusal->text);
}

static struct pending *pending_new(struct hub *h, sd_bus_message *call) {
        struct pending *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->hub = h;
        p->call = sd_bus_message_ref(call);
        return p;
}

static void pending_free(struct pending *p) {
        sd_bus_message_unref(p->call);
        free(p);
}

/* The caller or the bus may be gone by now: then there is nobody to tell. */
static void on_done(const struct refusal *refusal, void *userdata) {
        struct pending *p = userdata;

        api_flush(p->hub->api); /* who asks next shall see it */
        if (refusal)
                (void) api_refuse(p->call, refusal);
        else if (p->two)
                (void) sd_bus_reply_method_return(p->call, "ss", p->first, p->second);
        else
                (void) sd_bus_reply_method_return(p->call, "s", p->first);
        pending_free(p);
}

static int method_scan(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct refusal refusal;
        uint32_t seconds;
        int r = sd_bus_message_read(m, "u", &seconds);

        (void) error;
        if (r < 0)
                return r;
        if (command_scan(api_hub_of(userdata), seconds, &refusal) < 0)
                return api_refuse(m, &refusal);
        return sd_bus_reply_method_return(m, NULL);
}

static int read_options(sd_bus_message *m, struct adopt_request *q, struct refusal *refusal) {
        const char *key;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}"), move;

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0 && strcmp(key, "Profile") == 0) {
                        r = sd_bus_message_read(m, "v", "s", &q->profile);
                } else if (r >= 0 && strcmp(key, "Move") == 0) {
                        r = sd_bus_message_read(m, "v", "b", &move);
                        q->move = r >= 0 && move;
                } else if (r >= 0) {
                        return refuse(refusal, ERROR_INVALID,
                                "no option is called %.64s; Profile and Move are allowed", key);
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? refuse(refusal, ERROR_INVALID, "the options cannot be read: %s", strerror(-r)) : 0;
}

static int method_adopt(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct adopt_request q = {.profile = ""};
        struct refusal refusal;
        struct pending *p;
        int r = sd_bus_message_read(m, "ss", &q.address, &q.station);

        (void) error;
        if (r < 0)
                return r;
        if (read_options(m, &q, &refusal) < 0)
                return api_refuse(m, &refusal);
        p = pending_new(api_hub_of(userdata), m);
        if (!p)
                return -ENOMEM;
        if (command_adopt(api_hub_of(userdata), &q, on_done, p, p->first, &refusal) >= 0)
                return 1;
        pending_free(p);
        return api_refuse(m, &refusal);
}

static int method_forget(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct adoption forgotten;
        struct refusal refusal;
        struct pending *p;
        const char *what;
        int r = sd_bus_message_read(m, "s", &what);

        (void) error;
        if (r < 0)
                return r;
        p = pending_new(api_hub_of(userdata), m);
        if (!p)
                return -ENOMEM;
        p->two = true;
        if (command_forget(api_hub_of(userdata), what, on_done, p, &forgotten, &refusal) >= 0) {
                strcpy(p->first, forgotten.sensor);
                strcpy(p->second, forgotten.station);
                return 1;
        }
        pending_free(p);
        return api_refuse(m, &refusal);
}

static int method_record(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct refusal refusal;
        const char *what;
        char address[ADDRESS_MAX];
        int r, fd;

        (void) error;
        r = sd_bus_message_read(m, "sh", &what, &fd);
        if (r < 0)
                return r;
        if (command_record(api_hub_of(userdata), what, fd, address, &refusal) < 0)
                return api_refuse(m, &refusal);
        return sd_bus_reply_method_return(m, "s", address);
}

static int method_query(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct hub *h = api_hub_of(userdata);
        struct refusal refusal;
        const char *question;
        char why[128];
        int r = sd_bus_message_read(m, "s", &question);

        (void) error;
        if (r < 0)
                return r;
        r = api_queries_ask(h->queries, m, question, h->outlet.run, why, sizeof(why));
        if (r >= 0)
                return 1;
        if (r == -EINVAL)
                (void) refuse(&refusal, ERROR_INVALID, "%s", why);
        else
                (void) refuse(&refusal, ERROR_LIMIT, "too many questions wait for the store");
        return api_refuse(m, &refusal);
}

/* What is there to see of each station now. */
static int method_glance(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct hub *h = api_hub_of(userdata);
        int r = sd_bus_message_new_method_return(m, &reply);

        (void) error;
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (unsigned i = 0; r >= 0 && i < h->n_stations; i++) {
                char *json;

                if (!station_is_active(h->stations[i]))
                        continue;
                r = station_glance(h->stations[i], &json);
                if (r < 0)
                        break;
                r = sd_bus_message_append_basic(reply, 's', json);
                free(json);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

/* Without SD_BUS_VTABLE_UNPRIVILEGED sd-bus would ask the bus for the caller's rights, and wait for the answer. */
const sd_bus_vtable api_methods[API_METHODS] = {
        SD_BUS_METHOD_WITH_ARGS(
                "Scan", SD_BUS_ARGS("u", seconds), SD_BUS_NO_RESULT, method_scan, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Adopt", SD_BUS_ARGS("s", address, "s", station, "a{sv}", options),
                SD_BUS_RESULT("s", replaced), method_adopt, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Forget", SD_BUS_ARGS("s", what), SD_BUS_RESULT("s", sensor, "s", station),
                method_forget, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Record", SD_BUS_ARGS("s", what, "h", pipe), SD_BUS_RESULT("s", sensor),
                method_record, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Assign", SD_BUS_ARGS("s", station, "a{sv}", values), SD_BUS_RESULT("b", now),
                api_method_assign, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Queue", SD_BUS_ARGS("s", station, "aa{sv}", entries, "b", rotate),
                SD_BUS_NO_RESULT, api_method_queue, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Claim", SD_BUS_ARGS("s", station, "u", set, "s", athlete, "s", by),
                SD_BUS_RESULT("u", set), api_method_claim, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("EndSet", SD_BUS_ARGS("s", station), SD_BUS_NO_RESULT, api_method_end_set,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("DiscardRep", SD_BUS_ARGS("s", station, "u", rep, "s", by),
                SD_BUS_RESULT("u", set, "u", rep), api_method_discard_rep, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Undo", SD_BUS_ARGS("s", station, "s", by), SD_BUS_RESULT("s", what),
                api_method_undo, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Glance", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", stations), method_glance,
                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Query", SD_BUS_ARGS("s", question), SD_BUS_RESULT("s", answer), method_query,
                SD_BUS_VTABLE_UNPRIVILEGED),
};
