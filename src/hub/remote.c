/* SPDX-License-Identifier: Apache-2.0 */
/* Commands over MQTT: taken, judged, carried out, answered. */

#include "hub/remote.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "hub/command.h"
#include "hub/hub-private.h"
#include "mqtt/uplink.h"
#include "util/log.h"
#include "util/macros.h"

/* Two of them a second pass (mqtt/requests.c): more than come within twice the age at which they are refused. */
#define REMEMBERED 160

#define SCANS_MAX      4 /* that are waited for */
#define SCAN_DEFAULT_S 10
#define SCAN_ROWS_MAX  32

/* A command and, once there is one, its answer. */
struct past {
        char id[MESSAGE_NAME_MAX];
        char *answer;
};

/* One that is being carried out. */
struct pending {
        struct remote *remote;
        char id[MESSAGE_NAME_MAX];
        enum request_kind kind;
        struct request_path path;
        struct answer result; /* words only */
        char first[MESSAGE_NAME_MAX], second[MESSAGE_NAME_MAX];
        sd_event_source *timer; /* of a scan */
};

struct remote {
        struct hub *hub;
        sd_event_source *source;
        struct past pasts[REMEMBERED];
        unsigned next;
        struct pending *scans[SCANS_MAX];
};

/* ---- answers ---- */

static struct past *find_past(struct remote *r, const char *id) {
        for (unsigned i = 0; i < REMEMBERED; i++)
                if (r->pasts[i].id[0] != '\0' && strcmp(r->pasts[i].id, id) == 0)
                        return &r->pasts[i];
        return NULL;
}

static void remember(struct remote *r, const char *id) {
        struct past *p = &r->pasts[r->next++ % REMEMBERED];

        free(p->answer);
        p->answer = NULL;
        snprintf(p->id, sizeof(p->id), "%s", id);
}

static int64_t now_ms(struct remote *r) {
        struct outlet *o = &r->hub->outlet;
        uint64_t now_us;

        wallclock_update(&o->clock);
        sd_event_now(r->hub->loop, CLOCK_MONOTONIC, &now_us);
        return (o->clock.epoch_us + (int64_t) now_us) / 1000;
}

/* keep: a repetition shall get this answer. One that was not carried out may come again. */
static void send(struct remote *r, struct answer *a, const struct request_path *path, bool keep) {
        struct past *past = keep ? find_past(r, a->id) : NULL;
        char *json;

        a->now_ms = now_ms(r);
        a->synced = r->hub->outlet.clock.synced;
        if (answer_to_json(a, &json) < 0)
                return;
        if (past && !past->answer)
                past->answer = strdup(json);
        uplink_answer(r->hub->outlet.uplink, path, json);
}

static void repeat(struct remote *r, const struct past *past, const struct request_path *path) {
        char *json = past->answer ? strdup(past->answer) : NULL;

        if (!json)
                return; /* it is being carried out: the answer to come is for this one, too */
        answer_json_set_repeated(json);
        uplink_answer(r->hub->outlet.uplink, path, json);
}

/* The name of a refusal without what all begin with. */
static const char *code_of(const struct refusal *refusal) {
        const char *dot = strrchr(refusal->error, '.');

        return dot ? dot + 1 : refusal->error;
}

static void refuse_request(
        struct remote *r, const struct request *q, const char *code, const char *why, bool keep) {
        struct answer a = {.id = q->id, .kind = q->kind, .code = code, .why = why};

        log_notice("command %s%s%s over MQTT refused: %s",
                q->kind < _REQUEST_MAX ? request_kind_to_string(q->kind) : q->id, *q->station ? " to " : "",
                q->station, why);
        send(r, &a, &q->path, keep);
}

/* ---- carrying out ---- */

static struct pending *pending_new(struct remote *r, const struct request *q) {
        struct pending *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->remote = r;
        p->kind = q->kind;
        p->path = q->path;
        memcpy(p->id, q->id, sizeof(p->id));
        return p;
}

static struct pending *pending_free(struct pending *p) {
        if (p)
                sd_event_source_disable_unref(p->timer);
        free(p);
        return NULL;
}

static void finish(struct pending *p, const struct refusal *refusal) {
        struct answer *a = &p->result;

        a->id = p->id;
        a->kind = p->kind;
        if (refusal) {
                a->code = code_of(refusal);
                a->why = refusal->text;
        }
        send(p->remote, a, &p->path, true);
}

static void on_done(const struct refusal *refusal, void *userdata) {
        struct pending *p = userdata;

        finish(p, refusal);
        pending_free(p);
}

/* What was heard, the nearest first. */
static int by_nearness(const void *a, const void *b) {
        const struct answer_sensor *x = a, *y = b;

        return (y->rssi_dbm == 0 ? INT32_MIN : y->rssi_dbm) > (x->rssi_dbm == 0 ? INT32_MIN : x->rssi_dbm) ? 1
                                                                                                           : -1;
}

static int on_scanned(sd_event_source *source, uint64_t usec, void *userdata) {
        static struct sensor_info found[SENSORS_MAX]; /* static for its size */
        static struct answer_sensor rows[SENSORS_MAX];
        struct pending *p = userdata;
        struct remote *r = p->remote;
        size_t n = sensors_list(r->hub->sensors, found), k = 0;

        (void) source;
        (void) usec;
        for (size_t i = 0; i < n; i++)
                if (found[i].near)
                        rows[k++] = (struct answer_sensor){found[i].address, found[i].name, found[i].profile,
                                found[i].station, found[i].rssi_dbm == BLUEZ_RSSI_NONE ? 0 : found[i].rssi_dbm};
        qsort(rows, k, sizeof(rows[0]), by_nearness);
        p->result.has_sensors = true;
        p->result.sensors = rows;
        p->result.n_sensors = MIN(k, (size_t) SCAN_ROWS_MAX);
        finish(p, NULL);
        for (unsigned i = 0; i < SCANS_MAX; i++)
                if (r->scans[i] == p)
                        r->scans[i] = NULL;
        pending_free(p);
        return 0;
}

static int run_scan(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        unsigned seconds = q->seconds > 0 ? q->seconds : SCAN_DEFAULT_S, i = 0;
        int e;

        while (i < SCANS_MAX && r->scans[i])
                i++;
        if (i == SCANS_MAX)
                return refuse(refusal, ERROR_LIMIT, "%d scans are waited for already", SCANS_MAX);
        e = command_scan(r->hub, seconds, refusal);
        if (e < 0)
                return e;
        e = sd_event_add_time_relative(
                r->hub->loop, &p->timer, CLOCK_MONOTONIC, seconds * UINT64_C(1000000), 0, on_scanned, p);
        if (e < 0)
                return refuse(refusal, ERROR_FAILED, "%s", strerror(-e));
        r->scans[i] = p;
        return 1;
}

static int run_adopt(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        const struct adopt_request a = {q->sensor, q->station, q->profile, q->move};

        p->result.words[0].key = "replaced";
        p->result.words[0].value = p->first;
        return command_adopt(r->hub, &a, on_done, p, p->first, refusal) < 0 ? -EINVAL : 1;
}

static int run_forget(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        struct adoption forgotten;

        if (command_forget(r->hub, q->sensor, on_done, p, &forgotten, refusal) < 0)
                return -EINVAL;
        strcpy(p->first, forgotten.sensor);
        strcpy(p->second, forgotten.station);
        p->result.words[0].key = "sensor";
        p->result.words[0].value = p->first;
        p->result.words[1].key = "station";
        p->result.words[1].value = p->second;
        return 1;
}

static const char *by_of(const struct request *q) {
        return *q->by ? q->by : "mqtt";
}

static int run_assign(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        const struct assign_request a = {q->station, &q->wish, q->defaults};
        bool now = false;
        int e = command_assign(r->hub, &a, on_done, p, &now, refusal);

        p->result.words[0].key = "holds";
        p->result.words[0].value = now ? "now" : "after_set";
        return e;
}

static int run_queue(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        return command_queue(r->hub, q->station, q->queue, q->n_queue, q->rotate, on_done, p, refusal);
}

static int run_claim(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        p->result.words[0].key = "set";
        return command_claim(r->hub, q->station, q->set, q->wish.values.athlete, by_of(q),
                &p->result.words[0].number, refusal);
}

static int run_discard_rep(
        struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        p->result.words[0].key = "set";
        p->result.words[1].key = "rep";
        return command_discard_rep(r->hub, q->station, q->rep, by_of(q), &p->result.words[0].number,
                &p->result.words[1].number, refusal);
}

static int run_undo(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        p->result.words[0].key = "undone";
        return command_undo(r->hub, q->station, by_of(q), on_done, p, &p->result.words[0].value, refusal);
}

static int run_end_set(struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) {
        (void) p;
        return command_end_set(r->hub, q->station, refusal);
}

/* Each returns 0: done; 1: the pending one is kept and answered later; negative, with the refusal filled in. */
static int (*const runs[_REQUEST_MAX])(
        struct remote *r, const struct request *q, struct pending *p, struct refusal *refusal) = {
        [REQUEST_SCAN] = run_scan,
        [REQUEST_ADOPT] = run_adopt,
        [REQUEST_FORGET] = run_forget,
        [REQUEST_ASSIGN] = run_assign,
        [REQUEST_QUEUE] = run_queue,
        [REQUEST_CLAIM] = run_claim,
        [REQUEST_END_SET] = run_end_set,
        [REQUEST_DISCARD_REP] = run_discard_rep,
        [REQUEST_UNDO] = run_undo,
};

static void run(struct remote *r, const struct request *q) {
        struct pending *p = pending_new(r, q);
        struct refusal refusal;
        int done;

        if (!p)
                return;
        remember(r, q->id);
        log_info("command %s%s%s over MQTT, by %s", request_kind_to_string(q->kind), *q->station ? " to " : "",
                q->station, *q->by ? q->by : "somebody");
        done = runs[q->kind](r, q, p, &refusal);
        if (done > 0)
                return;
        finish(p, done < 0 ? &refusal : NULL);
        pending_free(p);
}

/* ---- judging ---- */

const char *remote_check_age(int64_t sent_ms, int64_t now_ms, bool synced, char ret[static REQUEST_WHY_MAX]) {
        int64_t age_ms = now_ms - sent_ms;

        if (!synced || (age_ms <= REMOTE_AGE_MS && age_ms >= -REMOTE_AGE_MS))
                return NULL;
        snprintf(ret, REQUEST_WHY_MAX,
                "sent %lld s %s by the hub's clock (now_ms); at most %d s are allowed: set the sender's clock",
                (long long) ((age_ms > 0 ? age_ms : -age_ms) / 1000), age_ms > 0 ? "ago" : "in the future",
                REMOTE_AGE_MS / 1000);
        return ret;
}

static bool is_allowed(const struct remote *r, const struct request *q) {
        const enum commands allowed = r->hub->started_mqtt.commands;

        return allowed == COMMANDS_ALL || (allowed == COMMANDS_STATION && request_kind_is_of_station(q->kind));
}

static void judge(struct remote *r, const struct request *q) {
        const struct past *past = find_past(r, q->id);
        char why[REQUEST_WHY_MAX];

        if (q->code)
                refuse_request(r, q, q->code, q->why, false);
        else if (!is_allowed(r, q))
                refuse_request(r, q, "NotAllowed",
                        "commands about sensors are off; Commands=all in [mqtt] of repcast.conf takes them",
                        false);
        else if (past)
                repeat(r, past, &q->path);
        else if (remote_check_age(q->sent_ms, now_ms(r), r->hub->outlet.clock.synced, why))
                refuse_request(r, q, "Stale", why, false);
        else
                run(r, q);
}

static int on_request(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct remote *r = userdata;
        struct request q;

        (void) source;
        (void) fd;
        (void) events;
        while (uplink_take_request(r->hub->outlet.uplink, &q))
                judge(r, &q);
        return 0;
}

/* ---- life ---- */

int remote_new(struct hub *h, struct remote **ret) {
        struct remote *r = calloc(1, sizeof(*r));
        int e;

        if (!r)
                return -ENOMEM;
        r->hub = h;
        e = sd_event_add_io(h->loop, &r->source, uplink_request_fd(h->outlet.uplink), EPOLLIN, on_request, r);
        if (e < 0) {
                remote_free(r);
                return e;
        }
        *ret = r;
        return 0;
}

struct remote *remote_free(struct remote *r) {
        if (!r)
                return NULL;
        sd_event_source_disable_unref(r->source);
        for (unsigned i = 0; i < SCANS_MAX; i++)
                pending_free(r->scans[i]);
        for (unsigned i = 0; i < REMEMBERED; i++)
                free(r->pasts[i].answer);
        free(r);
        return NULL;
}
