/* SPDX-License-Identifier: Apache-2.0 */
/* Connect, Pair, Disconnect, RemoveDevice: what the link machine asks for, and what it is told. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bluez/bluez-private.h"
#include "util/log.h"

#define ADAPTER_INTERFACE "org.bluez.Adapter1"
#define DEVICE_INTERFACE  "org.bluez.Device1"
#define PROPERTIES        "org.freedesktop.DBus.Properties"
#define CONNECT_CALLS     4                 /* of connect_us: BlueZ itself gives up after 41 s */
#define REFUSED_US        UINT64_C(1000000) /* a failure so soon is a refusal, not silence */
#define SECONDS(us)       ((double) (us) / 1e6)

static struct mirror_object *object(const struct bluez_link *l) {
        struct mirror_object *o = l->path[0] ? mirror_find(&l->b->mirror, l->path) : NULL;

        return o && o->device ? o : NULL;
}

struct mirror_device *connection_device(const struct bluez_link *l) {
        struct mirror_object *o = object(l);

        return o ? o->device : NULL;
}

void connection_fail(struct bluez_link *l, const char *format, ...) {
        va_list ap;

        if (l->failed)
                return; /* the first reason is the one that counts */
        va_start(ap, format);
        vsnprintf(l->why, sizeof(l->why), format, ap);
        va_end(ap);
        l->failed = true;
        bluez_kick(l->b);
}

/* ---- what is so ---------------------------------------------------------------------------------------------- */

static bool is_gone(const struct bluez_link *l, uint64_t now_us) {
        bool away = l->b->service == BLUEZ_SERVICE_ABSENT || l->b->service == BLUEZ_SERVICE_LOADING;

        if (l->state == BLUEZ_LINK_QUEUED)
                return away || !adapter_find_best(l->b, l, now_us);
        if (l->state == BLUEZ_LINK_BACKOFF || l->state == BLUEZ_LINK_QUARANTINE)
                return away;
        return bluez_link_is_open(l->state) &&
                (away || !l->radio || l->radio->state == RADIO_GONE || l->radio->state == RADIO_OFF);
}

static bool is_vanished(const struct bluez_link *l) {
        const struct mirror_object *o = object(l);

        return !o || o->generation != l->generation;
}

static bool is_down(const struct bluez_link *l) {
        const struct mirror_device *d = connection_device(l);

        if (is_vanished(l) || d->downs != l->downs)
                return true;
        if (l->state == BLUEZ_LINK_CLOSING)
                return l->closed && !d->info.connected;
        return l->state != BLUEZ_LINK_CONNECTING && !d->info.connected;
}

static bool is_spoilt(const struct bluez_link *l) {
        bool resolving = l->state == BLUEZ_LINK_RESOLVING || l->state == BLUEZ_LINK_SETTLING;

        return l->resolve_failures + resolving >= l->b->params.quarantine_after;
}

static bool is_seen(struct bluez_link *l, uint64_t now_us) {
        const struct radio *r = adapter_find_best(l->b, l, now_us);
        char path[MIRROR_PATH_MAX];

        return r &&
                (l->plan.weak_adverts ||
                        adapter_hears(l, adapter_find_device(l->b, r, l, path)->device, now_us));
}

/* What brings this state forward, and whether it is there. */
static bool is_reached(struct bluez_link *l, uint64_t now_us, enum bluez_link_event *ret) {
        const struct mirror_device *d = connection_device(l);

        switch (l->state) {
        case BLUEZ_LINK_SEEKING:
                *ret = BLUEZ_LINK_SEEN;
                return l->b->service == BLUEZ_SERVICE_READY && is_seen(l, now_us);
        case BLUEZ_LINK_CONNECTING:
                *ret = BLUEZ_LINK_UP;
                return d && d->info.connected;
        case BLUEZ_LINK_RESOLVING:
                *ret = BLUEZ_LINK_RESOLVED;
                return d && d->resolved;
        case BLUEZ_LINK_SETTLING:
                *ret = BLUEZ_LINK_FOUND;
                return !session_lacks(l);
        case BLUEZ_LINK_PAIRING:
                *ret = BLUEZ_LINK_BONDED;
                return !l->bond || mirror_device_is_bonded(d);
        case BLUEZ_LINK_PREPARING:
                *ret = BLUEZ_LINK_READY;
                return l->session.ready;
        case BLUEZ_LINK_QUEUED: /* adapters_work() gives the turn */
        case BLUEZ_LINK_STREAMING:
        case BLUEZ_LINK_CLOSING:
        case BLUEZ_LINK_BACKOFF:
        case BLUEZ_LINK_QUARANTINE:
        case BLUEZ_LINK_STOPPED:
        case _BLUEZ_LINK_STATE_MAX:
                break;
        }
        return false;
}

static uint64_t deadline(const struct bluez_link *l) {
        uint64_t stall_us, last_us;

        if (l->state != BLUEZ_LINK_STREAMING)
                return l->deadline_us;
        stall_us = session_stall_us(l);
        last_us = MAX(l->since_us, l->session.packet_us);
        return stall_us == UINT64_MAX ? UINT64_MAX : last_us + stall_us;
}

/* The event that matters now; _BLUEZ_LINK_EVENT_MAX = none. */
static enum bluez_link_event observe(struct bluez_link *l, uint64_t now_us) {
        enum bluez_link_event event;

        if ((l->dropped || l->b->stopping) && l->state != BLUEZ_LINK_CLOSING && l->state != BLUEZ_LINK_STOPPED)
                return BLUEZ_LINK_STOP;
        if (is_gone(l, now_us))
                return BLUEZ_LINK_GONE;
        if (bluez_link_is_open(l->state) && is_down(l))
                return is_spoilt(l) ? BLUEZ_LINK_SPOILT : BLUEZ_LINK_DOWN;
        if (l->failed && bluez_link_is_open(l->state) && l->state != BLUEZ_LINK_CLOSING)
                return BLUEZ_LINK_FAILED;
        if (is_reached(l, now_us, &event))
                return event;
        return now_us >= deadline(l) ? BLUEZ_LINK_DEADLINE : _BLUEZ_LINK_EVENT_MAX;
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

/* Refused at once, or the object gone, while other links are up: perhaps the controller has no slot left. The reason
 * itself (HCI 0x0d) never gets through to here. */
static void suspect_full(struct bluez_link *l) {
        struct radio *r = l->radio;
        unsigned others = r->links > 0 ? r->links - 1 : 0;

        if (breaker_full(&r->breaker, others, bluez_now_us(l->b)))
                log_notice("adapter %s takes no more than %u links; for %.0f min no more are tried", r->address,
                        others, (double) BREAKER_LEARNED_US / 60e6);
}

/* Whatever Connect says: the properties count. A failure is believed only where there is no link. */
static void judge_connect(struct bluez_link *l) {
        const struct mirror_device *d = connection_device(l);
        enum bluez_error e = l->connect_error;

        bluez_kick(l->b);
        if (e == BLUEZ_ERROR_NONE || e == BLUEZ_ERROR_DONE || e == BLUEZ_ERROR_PENDING ||
                (d && d->info.connected))
                return;
        if (e == BLUEZ_ERROR_NO_OBJECT ||
                (e == BLUEZ_ERROR_ABORTED && bluez_now_us(l->b) < l->since_us + REFUSED_US))
                suspect_full(l);
        connection_fail(l, "%s", l->connect_why);
}

static int on_refreshed(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez_link *l = userdata;

        (void) error;
        l->call = sd_bus_slot_unref(l->call);
        if (l->state != BLUEZ_LINK_CONNECTING)
                return 0;
        if (!sd_bus_message_is_method_error(m, NULL))
                bluez_message_fault("GetAll", m, mirror_refresh(&l->b->mirror, l->path, m, bluez_now_us(l->b)));
        judge_connect(l);
        return 0;
}

/* BlueZ 5.66 does not always tell that a device is connected (mirror.c): where no link is known of yet, ask. */
static int on_connected(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez_link *l = userdata;
        const struct mirror_device *d = connection_device(l);

        (void) error;
        l->connect_error = bluez_reply(m, l->connect_why);
        l->call = sd_bus_slot_unref(l->call);
        if (l->state != BLUEZ_LINK_CONNECTING)
                return 0;
        if ((d && d->info.connected) ||
                bluez_call(l->b, &l->call, l->path, PROPERTIES, "GetAll", l->b->params.call_us, on_refreshed, l,
                        "s", DEVICE_INTERFACE) < 0)
                judge_connect(l);
        return 0;
}

static int on_paired(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez_link *l = userdata;
        char why[WHY_MAX];
        enum bluez_error e = bluez_reply(m, why);

        (void) error;
        l->call = sd_bus_slot_unref(l->call);
        bluez_kick(l->b);
        if (e == BLUEZ_ERROR_NONE || e == BLUEZ_ERROR_DONE || e == BLUEZ_ERROR_PENDING ||
                l->state != BLUEZ_LINK_PAIRING)
                return 0;
        /* A sensor that was reset has lost its key: with leave to pair, the old bond makes place for a new one. */
        l->remove = e == BLUEZ_ERROR_REFUSED && l->may_pair;
        connection_fail(l, "pairing failed: %s", why);
        return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez_link *l = userdata;

        (void) m;
        (void) error;
        l->closing = sd_bus_slot_unref(l->closing);
        l->closed =
                true; /* even if refused: then there is nothing to be closed, and the deadline sees to the rest */
        bluez_kick(l->b);
        return 0;
}

static void pair(struct bluez_link *l) {
        const struct mirror_device *d = connection_device(l);

        if (!l->bond || mirror_device_is_bonded(d))
                return;
        if (!l->may_pair) {
                connection_fail(l, "not bonded, and no leave to pair: adopt it again");
                return;
        }
        bluez_call(l->b, &l->call, l->path, DEVICE_INTERFACE, "Pair", l->b->params.pair_us, on_paired, l, "");
}

/* Without its object BlueZ reads everything anew. A bond goes with it, so a bonded sensor keeps its object. */
static void remove_device(struct bluez_link *l) {
        const struct mirror_device *d = connection_device(l);

        if (!d || !l->radio || (mirror_device_is_bonded(d) && !l->may_pair))
                return;
        bluez_call(l->b, NULL, l->radio->path, ADAPTER_INTERFACE, "RemoveDevice", l->b->params.call_us, NULL,
                NULL, "o", l->path);
}

/* ---- what a failure means ------------------------------------------------------------------------------------ */

static void explain_deadline(struct bluez_link *l, enum bluez_link_state in) {
        const struct bluez_params *p = &l->b->params;
        const struct gatt_characteristic *lacking;

        switch (in) {
        case BLUEZ_LINK_CONNECTING:
                snprintf(l->why, sizeof(l->why), "no link within %.3g s", SECONDS(p->connect_us));
                break;
        case BLUEZ_LINK_RESOLVING:
                snprintf(l->why, sizeof(l->why), "its services were not read within %.3g s",
                        SECONDS(p->resolve_us));
                break;
        case BLUEZ_LINK_SETTLING:
                lacking = session_lacks(l);
                snprintf(l->why, sizeof(l->why),
                        "it has no characteristic %s: another kind of sensor, or its services were not read",
                        lacking ? lacking->uuids[0] : "");
                l->remove = true;
                break;
        case BLUEZ_LINK_PAIRING:
                snprintf(l->why, sizeof(l->why), "pairing took longer than %.3g s", SECONDS(p->pair_us));
                break;
        case BLUEZ_LINK_PREPARING:
                snprintf(l->why, sizeof(l->why), "step %u of its profile was not done in time",
                        l->session.step + 1);
                break;
        case BLUEZ_LINK_STREAMING:
                snprintf(l->why, sizeof(l->why), "no packet for %.3g s", SECONDS(session_stall_us(l)));
                break;
        case BLUEZ_LINK_SEEKING:
        case BLUEZ_LINK_QUEUED:
        case BLUEZ_LINK_CLOSING:
        case BLUEZ_LINK_BACKOFF:
        case BLUEZ_LINK_QUARANTINE:
        case BLUEZ_LINK_STOPPED:
        case _BLUEZ_LINK_STATE_MAX:
                break;
        }
}

static void explain(struct bluez_link *l, enum bluez_link_state from, enum bluez_link_event event) {
        if (event == BLUEZ_LINK_DEADLINE)
                explain_deadline(l, from);
        else if ((event == BLUEZ_LINK_DOWN || event == BLUEZ_LINK_SPOILT) && from != BLUEZ_LINK_CLOSING &&
                !l->failed)
                snprintf(l->why, sizeof(l->why), "%s",
                        is_vanished(l)                          ? "BlueZ has forgotten the sensor"
                                : from == BLUEZ_LINK_CONNECTING ? "the link broke while connecting"
                                                                : "the link was lost");
}

/* How long to wait, and who is to blame. */
static void account(struct bluez_link *l, enum bluez_link_state from, uint64_t now_us) {
        const struct bluez_params *p = &l->b->params;

        if (from == BLUEZ_LINK_STREAMING && now_us >= l->since_us + p->stable_us) {
                l->tries = 0;
                backoff_reset(&l->backoff);
        }
        l->failures++;
        l->tries++;
        if (from == BLUEZ_LINK_RESOLVING || from == BLUEZ_LINK_SETTLING)
                l->resolve_failures++;
        if (from == BLUEZ_LINK_CONNECTING) {
                if (is_vanished(l))
                        suspect_full(l);
                l->radio->trouble |=
                        breaker_failed(&l->radio->breaker, l->number, p->breaker_failures, p->breaker_sensors);
        }
        l->wait_us = l->tries == 1 || l->soon ? p->retry_soon_us : backoff_next_us(&l->backoff);
        if (from == BLUEZ_LINK_CONNECTING)
                l->wait_us = MAX(l->wait_us, l->plan.connect_cooldown_s * UINT64_C(1000000));
        l->soon = false;
}

/* ---- states -------------------------------------------------------------------------------------------------- */

static void leave_adapter(struct bluez_link *l) {
        session_end(l);
        l->call = sd_bus_slot_unref(l->call);
        l->closing = sd_bus_slot_unref(l->closing);
        if (l->radio)
                l->lost_us = bluez_now_us(l->b);
        if (l->radio)
                memcpy(l->had, l->radio->address, sizeof(l->had));
        adapter_release(l->radio, l);
        l->radio = NULL;
}

static void begin_closing(struct bluez_link *l, enum bluez_link_state from, uint64_t now_us) {
        bool wanted = l->dropped || l->b->stopping;

        l->deadline_us = now_us + l->b->params.close_us;
        l->call = sd_bus_slot_unref(l->call);
        l->closed = false;
        session_close(l, wanted && from == BLUEZ_LINK_STREAMING, now_us);
}

static void begin(
        struct bluez_link *l, enum bluez_link_state from, enum bluez_link_event event, uint64_t now_us) {
        const struct bluez_params *p = &l->b->params;

        switch (l->state) {
        case BLUEZ_LINK_SEEKING:
                leave_adapter(l);
                if (event == BLUEZ_LINK_GONE) {
                        l->tries = 0;
                        backoff_reset(&l->backoff);
                }
                if (l->tries <= 1)
                        adapters_hurry(l->b);
                break;
        case BLUEZ_LINK_CONNECTING:
                l->deadline_us = now_us + p->connect_us;
                l->connects++;
                l->remove = false;
                l->own = !connection_device(l)->info.connected;
                if (l->own)
                        bluez_call(l->b, &l->call, l->path, DEVICE_INTERFACE, "Connect",
                                CONNECT_CALLS * p->connect_us, on_connected, l, "");
                break;
        case BLUEZ_LINK_RESOLVING:
                l->deadline_us = now_us + p->resolve_us;
                l->call = sd_bus_slot_unref(l->call);
                breaker_succeeded(&l->radio->breaker);
                break;
        case BLUEZ_LINK_SETTLING:
                l->deadline_us = now_us + p->settle_us;
                break;
        case BLUEZ_LINK_PAIRING:
                l->deadline_us = now_us + p->pair_us;
                pair(l);
                break;
        case BLUEZ_LINK_PREPARING:
                l->deadline_us = now_us + session_prepare_us(l);
                session_begin(l);
                break;
        case BLUEZ_LINK_STREAMING:
                l->resolve_failures = 0;
                adapter_release(l->radio, l);
                session_stream(l, now_us);
                break;
        case BLUEZ_LINK_CLOSING:
                begin_closing(l, from, now_us);
                break;
        case BLUEZ_LINK_BACKOFF:
                l->deadline_us = now_us + l->wait_us;
                if (l->remove)
                        remove_device(l);
                leave_adapter(l);
                break;
        case BLUEZ_LINK_QUARANTINE:
                l->deadline_us = now_us + p->quarantine_us;
                l->resolve_failures = 0;
                remove_device(l);
                leave_adapter(l);
                break;
        case BLUEZ_LINK_STOPPED:
                leave_adapter(l);
                break;
        case BLUEZ_LINK_QUEUED:
        case _BLUEZ_LINK_STATE_MAX:
                break;
        }
}

static void enter(
        struct bluez_link *l, enum bluez_link_event event, enum bluez_link_state to, uint64_t now_us) {
        enum bluez_link_state from = l->state;
        bool working = bluez_link_is_open(from) && from != BLUEZ_LINK_CLOSING;

        log_debug("sensor %s: %s, now %s", l->address, bluez_link_event_to_string(event),
                bluez_link_state_to_string(to));
        explain(l, from, event);
        if (working &&
                (event == BLUEZ_LINK_FAILED || event == BLUEZ_LINK_DEADLINE || event == BLUEZ_LINK_DOWN ||
                        event == BLUEZ_LINK_SPOILT))
                account(l, from, now_us);
        if (working && event == BLUEZ_LINK_GONE)
                snprintf(l->why, sizeof(l->why), "%s",
                        l->b->service == BLUEZ_SERVICE_READY ? "the adapter is gone or off" : "BlueZ is gone");
        l->state = to;
        l->since_us = now_us;
        l->deadline_us = UINT64_MAX;
        l->failed = false;
        begin(l, from, event, now_us);
}

void connection_give_turn(struct bluez_link *l, struct radio *r, uint64_t now_us) {
        const struct mirror_object *o = adapter_find_device(l->b, r, l, l->path);

        l->radio = r;
        l->generation = o->generation;
        l->downs = o->device->downs;
        enter(l, BLUEZ_LINK_TURN, bluez_link_next(l->state, BLUEZ_LINK_TURN), now_us);
        bluez_kick(l->b);
}

/* ---- a turn of work ------------------------------------------------------------------------------------------ */

/* Why nothing goes on with a sensor that is sought. */
static const char *why_seeking(const struct bluez_link *l, uint64_t now_us) {
        bool usable = false, pinned = false;

        if (l->b->owner_call)
                return NULL; /* not known yet */
        if (l->b->service == BLUEZ_SERVICE_ABSENT)
                return "BlueZ (bluetooth.service) is not running";
        if (l->b->service != BLUEZ_SERVICE_READY)
                return "BlueZ does not answer yet";
        for (const struct radio *r = l->b->radios; r; r = r->next) {
                char path[MIRROR_PATH_MAX];
                bool mine = !l->pinned[0] || strcmp(l->pinned, r->address) == 0;

                pinned |= mine && r->state != RADIO_GONE;
                usable |= mine && adapter_is_usable(l->b, r);
                if (mine && adapter_is_usable(l->b, r) && r->links >= adapter_max_links(r, now_us) &&
                        adapter_find_device(l->b, r, l, path))
                        return "the adapter has no free slot";
        }
        if (!pinned)
                return l->pinned[0] ? "its adapter is not there" : "there is no adapter";
        return usable ? NULL : "no adapter is switched on";
}

static void tell(struct bluez_link *l, uint64_t now_us) {
        bool wanted = l->dropped || l->b->stopping;
        bool failed = !wanted &&
                (l->state == BLUEZ_LINK_CLOSING || l->state == BLUEZ_LINK_BACKOFF ||
                        l->state == BLUEZ_LINK_QUARANTINE);
        const char *why = l->state == BLUEZ_LINK_SEEKING ? why_seeking(l, now_us)
                : failed && l->why[0]                    ? l->why
                                                         : NULL;

        if (l->told_state == l->state && strcmp(l->told_why, why ? why : "") == 0)
                return;
        l->told_state = l->state;
        snprintf(l->told_why, sizeof(l->told_why), "%s", why ? why : "");
        if (!l->dropped && l->handler->on_state)
                l->handler->on_state(l->userdata, l->state, why);
}

static void tell_battery(struct bluez_link *l) {
        const struct mirror_device *d = connection_device(l);

        if (l->plan.battery != GATT_BATTERY_STANDARD || l->dropped || !d || d->battery_percent < 0 ||
                d->battery_percent == l->battery_told || !l->handler->on_battery)
                return;
        l->battery_told = d->battery_percent;
        l->handler->on_battery(l->userdata, (unsigned) d->battery_percent);
}

static void close_link(struct bluez_link *l) {
        if (!l->session.stopped || l->closing || l->closed)
                return;
        if (bluez_call(l->b, &l->closing, l->path, DEVICE_INTERFACE, "Disconnect", l->b->params.call_us,
                    on_disconnected, l, "") < 0)
                l->closed = true;
}

void connection_work(struct bluez_link *l, uint64_t now_us) {
        /* Bounded, though the table has no circle without a wait in it. */
        for (unsigned i = 0; i < _BLUEZ_LINK_STATE_MAX; i++) {
                enum bluez_link_event event = observe(l, now_us);
                enum bluez_link_state to;

                if (event == _BLUEZ_LINK_EVENT_MAX)
                        break;
                to = bluez_link_next(l->state, event);
                if (to == l->state)
                        break;
                enter(l, event, to, now_us);
        }
        session_work(l, now_us);
        if (l->state == BLUEZ_LINK_CLOSING)
                close_link(l);
        if (l->failed && bluez_link_is_open(l->state) && l->state != BLUEZ_LINK_CLOSING)
                bluez_kick(l->b); /* it failed after it was looked at */
        if (deadline(l) != UINT64_MAX)
                bluez_wake_at(l->b, deadline(l));
        tell_battery(l);
        tell(l, now_us);
}

void connection_free(struct bluez_link *l) {
        leave_adapter(l);
        free(l);
}
