/* SPDX-License-Identifier: Apache-2.0 */
/* The client: one turn of work after whatever happened, one timer for all deadlines. */

#include "bluez/bluez.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bluez/bluez-private.h"
#include "util/log.h"

#define SECOND_US      UINT64_C(1000000)
#define TELL_US        (SECOND_US / 2) /* devices are told at most so often */
#define TIMER_SLACK_US 1000

struct bluez_params bluez_params_default(void) {
        return (struct bluez_params){
                .max_links = 7, /* CYW43455 of a Raspberry Pi: 7 are stable, the 10th is refused */
                .power_cycle = true,
                .connect_us = 15 * SECOND_US,
                .resolve_us = 15 * SECOND_US,
                .settle_us = 2 * SECOND_US,
                .pair_us = 30 * SECOND_US,
                .prepare_us = 20 * SECOND_US,
                .acquire_us = 5 * SECOND_US,
                .call_us = 10 * SECOND_US,
                .close_us = 8 * SECOND_US,
                .retry_min_us = SECOND_US,
                .retry_max_us = 60 * SECOND_US,
                .retry_soon_us = 3 * SECOND_US / 10,
                .stable_us = 60 * SECOND_US,
                .quarantine_after = 4,
                .quarantine_us = 600 * SECOND_US,
                .scan_us = 10240000,
                .scan_pause_us = 20 * SECOND_US,
                .scan_silent_us = 90 * SECOND_US,
                .breaker_failures = 6,
                .breaker_sensors = 3,
                .breaker_us = 60 * SECOND_US,
                .probe_us = 30 * SECOND_US,
                .probe_wait_us = 5 * SECOND_US,
                .probe_misses = 3,
                .activate_us = 300 * SECOND_US,
                .battery_us = 300 * SECOND_US,
                .stop_us = 6 * SECOND_US,
        };
}

/* Not sd_event_now(): that stands still within one turn of the loop, and deadlines are set in the middle of it. */
uint64_t bluez_now_us(const struct bluez *b) {
        struct timespec t;

        (void) b;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * SECOND_US + (uint64_t) t.tv_nsec / 1000;
}

void bluez_kick(struct bluez *b) {
        sd_event_source_set_enabled(b->work, SD_EVENT_ONESHOT);
}

void bluez_wake_at(struct bluez *b, uint64_t when_us) {
        b->wake_us = MIN(b->wake_us, when_us);
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

int bluez_call(struct bluez *b, sd_bus_slot **ret_slot, const char *path, const char *interface,
        const char *member, uint64_t timeout_us, sd_bus_message_handler_t handler, void *userdata,
        const char *types, ...) {
        sd_bus_message *m = NULL;
        va_list ap;
        int r = sd_bus_message_new_method_call(b->bus, &m, BLUEZ_SERVICE, path, interface, member);

        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, 0); /* starting BlueZ is service.c's decision */
        if (r >= 0 && *types) {
                va_start(ap, types);
                r = sd_bus_message_appendv(m, types, ap);
                va_end(ap);
        }
        if (r >= 0)
                r = sd_bus_call_async(b->bus, ret_slot, m, handler, userdata, timeout_us);
        sd_bus_message_unref(m);
        if (r < 0)
                log_error("cannot call %s of BlueZ: %s", member, strerror(-r));
        return r;
}

/* One line, as a person reads it: BlueZ repeats here what a sensor says. */
void bluez_clean(const char *text, char *ret, size_t size) {
        size_t used = 0;

        for (; *text && used + 1 < size; text++)
                ret[used++] = *text < ' ' || *text == 0x7f ? '?' : *text;
        ret[used] = '\0';
}

enum bluez_error bluez_reply(sd_bus_message *reply, char ret_why[static WHY_MAX]) {
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        enum bluez_error e = error ? bluez_error_of(error->name, error->message) : BLUEZ_ERROR_NONE;
        char text[80];

        ret_why[0] = '\0';
        if (!error)
                return e;
        bluez_clean(error->message ? error->message : error->name, text, sizeof(text));
        snprintf(ret_why, WHY_MAX, "%s (%s)", bluez_error_to_string(e), text);
        return e;
}

bool bluez_message_fault(const char *what, sd_bus_message *m, int r) {
        if (r >= 0)
                return false;
        log_warning(
                "BlueZ: %s of %s is not as it should be: %s", what, sd_bus_message_get_path(m), strerror(-r));
        return true;
}

/* ---- telling ------------------------------------------------------------------------------------------------- */

static void tell_device(struct bluez *b, struct mirror_object *o, uint64_t now_us) {
        struct bluez_device_info info = o->device->info;

        info.rssi_dbm = o->device->last_rssi_dbm;
        for (const struct radio *r = b->radios; r; r = r->next)
                if (r->state != RADIO_GONE && path_is_below(o->path, r->path))
                        memcpy(info.adapter, r->address, sizeof(info.adapter));
        o->device->changed = false;
        o->device->told_us = now_us;
        b->handler->on_device(b->userdata, &info);
}

/* Advertisements may come by the thousand: they are told in one go, twice a second. */
static void tell_devices(struct bluez *b, uint64_t now_us) {
        if (!b->scan || !b->handler->on_device)
                return;
        if (now_us < b->tell_us) {
                bluez_wake_at(b, b->tell_us);
                return;
        }
        b->tell_us = now_us + TELL_US;
        bluez_wake_at(b, b->tell_us);
        for (struct mirror_object *o = mirror_next(&b->mirror, NULL); o; o = mirror_next(&b->mirror, o))
                if (o->device && o->device->changed && o->device->info.seen_us > 0)
                        tell_device(b, o, now_us);
}

static void tell_adapters(struct bluez *b) {
        for (struct radio *r = b->radios; r; r = r->next) {
                struct bluez_adapter_info info;

                adapter_fill_info(b, r, &info);
                if (info.state == r->told.state && info.links == r->told.links &&
                        info.max_links == r->told.max_links && info.blocked == r->told.blocked &&
                        strcmp(info.id, r->told.id) == 0)
                        continue;
                r->told = info;
                if (b->handler->on_adapter)
                        b->handler->on_adapter(b->userdata, &info);
        }
}

static void tell_flood(struct bluez *b) {
        if (b->mirror.passed_over == 0 || b->flood_told)
                return;
        b->flood_told = true;
        log_warning("BlueZ knows more than %d devices that no station wants; further ones are passed over",
                MIRROR_DEVICES_MAX);
}

/* ---- the turn ------------------------------------------------------------------------------------------------ */

static void sweep(struct bluez *b) {
        for (struct bluez_link **at = &b->links; *at;) {
                struct bluez_link *l = *at;

                if (!l->dropped || l->state != BLUEZ_LINK_STOPPED) {
                        at = &l->next;
                        continue;
                }
                *at = l->next;
                connection_free(l);
        }
}

static void work_stop(struct bluez *b, uint64_t now_us) {
        bool open = false;

        if (!b->stopping || b->stopped)
                return;
        for (const struct bluez_link *l = b->links; l; l = l->next)
                open |= bluez_link_is_open(l->state);
        for (const struct radio *r = b->radios; r; r = r->next)
                open |= r->state == RADIO_SCANNING || r->state == RADIO_STARTING || r->state == RADIO_STOPPING;
        if (open && now_us < b->stop_deadline_us) {
                bluez_wake_at(b, b->stop_deadline_us);
                return;
        }
        if (open)
                log_warning("not every sensor could be disconnected in time");
        b->stopped = true;
        if (b->handler->on_stopped)
                b->handler->on_stopped(b->userdata);
}

static int on_work(sd_event_source *s, void *userdata) {
        struct bluez *b = userdata;
        uint64_t now_us = bluez_now_us(b);

        (void) s;
        b->wake_us = UINT64_MAX;
        b->mirror.dirty = b->mirror.heard = false;
        service_work(b, now_us);
        adapters_sync(b, now_us);
        for (struct bluez_link *l = b->links; l; l = l->next)
                connection_work(l, now_us);
        adapters_work(b, now_us);
        agent_work(b);
        tell_adapters(b);
        tell_devices(b, now_us);
        tell_flood(b);
        sweep(b);
        work_stop(b, now_us);
        if (b->mirror.dirty)
                bluez_kick(b);
        if (b->wake_us == UINT64_MAX)
                return sd_event_source_set_enabled(b->timer, SD_EVENT_OFF);
        sd_event_source_set_time(b->timer, b->wake_us);
        return sd_event_source_set_enabled(b->timer, SD_EVENT_ONESHOT);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        (void) s;
        (void) usec;
        bluez_kick(userdata);
        return 0;
}

/* ---- the interface ------------------------------------------------------------------------------------------- */

static bool is_wanted(void *userdata, const char *address) {
        const struct bluez *b = userdata;

        for (const struct bluez_link *l = b->links; l; l = l->next)
                if (!l->dropped && strcmp(l->address, address) == 0)
                        return true;
        return false;
}

static int copy_params(struct bluez *b, const struct bluez_params *params) {
        b->params = *params;
        b->adapters = calloc(params->n_adapters + 1, sizeof(*b->adapters));
        b->scan_uuids = calloc(params->n_scan_uuids + 1, sizeof(*b->scan_uuids));
        if (!b->adapters || !b->scan_uuids)
                return -ENOMEM;
        for (size_t i = 0; i < params->n_adapters; i++) {
                b->adapters[i].max_links = params->adapters[i].max_links;
                if (!address_parse(params->adapters[i].address, b->adapters[i].address))
                        return -EINVAL;
        }
        for (size_t i = 0; i < params->n_scan_uuids; i++)
                if (!uuid_parse(params->scan_uuids[i], b->scan_uuids[i]))
                        return -EINVAL;
        b->params.adapters = b->adapters;
        b->params.scan_uuids = NULL;
        return 0;
}

static int add_sources(struct bluez *b) {
        int r = sd_event_add_defer(b->event, &b->work, on_work, b);

        if (r >= 0)
                r = sd_event_add_time(
                        b->event, &b->timer, CLOCK_MONOTONIC, UINT64_MAX, TIMER_SLACK_US, on_timer, b);
        if (r >= 0)
                r = sd_event_source_set_enabled(b->timer, SD_EVENT_OFF);
        return r;
}

int bluez_new(sd_event *event, sd_bus *bus, const struct bluez_params *params,
        const struct bluez_handler *handler, void *userdata, struct bluez **ret) {
        _cleanup_(bluez_freep) struct bluez *b = calloc(1, sizeof(*b));
        int r;

        if (!b)
                return -ENOMEM;
        b->streams_fd = -1;
        b->event = sd_event_ref(event);
        b->bus = sd_bus_ref(bus);
        b->handler = handler;
        b->userdata = userdata;
        mirror_init(&b->mirror, is_wanted, b);
        r = copy_params(b, params);
        if (r >= 0)
                r = add_sources(b);
        if (r >= 0)
                r = streams_open(b);
        if (r >= 0)
                r = service_start(b);
        if (r >= 0)
                r = agent_start(b);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

struct bluez *bluez_free(struct bluez *b) {
        if (!b)
                return NULL;
        service_stop(b);
        sd_bus_slot_unref(b->agent_call);
        sd_bus_slot_unref(b->agent);
        for (struct bluez_link *l = b->links, *next; l; l = next) {
                next = l->next;
                connection_free(l);
        }
        streams_close(b);
        adapters_free(b);
        mirror_clear(&b->mirror);
        sd_event_source_disable_unref(b->work);
        sd_event_source_disable_unref(b->timer);
        sd_bus_flush(b->bus);
        sd_bus_unref(b->bus);
        sd_event_unref(b->event);
        free(b->adapters);
        free(b->scan_uuids);
        free(b);
        return NULL;
}

void bluez_stop(struct bluez *b) {
        if (b->stopping)
                return;
        b->stopping = true;
        b->stop_deadline_us = bluez_now_us(b) + b->params.stop_us;
        bluez_kick(b);
}

void bluez_scan(struct bluez *b, bool on) {
        b->scan = on;
        b->tell_us = 0;
        for (struct mirror_object *o = mirror_next(&b->mirror, NULL); on && o; o = mirror_next(&b->mirror, o))
                if (o->device)
                        o->device->changed = true;
        bluez_kick(b);
}

enum bluez_service_state bluez_get_service(const struct bluez *b) {
        return b->service;
}

bool bluez_get_adapter(const struct bluez *b, size_t i, struct bluez_adapter_info *ret) {
        for (const struct radio *r = b->radios; r; r = r->next)
                if (i-- == 0) {
                        adapter_fill_info(b, r, ret);
                        return true;
                }
        return false;
}

int bluez_want(struct bluez *b, const struct bluez_want *want, const struct bluez_link_handler *handler,
        void *userdata, struct bluez_link **ret) {
        char address[BLUEZ_ADDRESS_MAX], pinned[BLUEZ_ADDRESS_MAX] = "";
        struct bluez_link *l;

        if (!address_parse(want->address, address) || (want->adapter && !address_parse(want->adapter, pinned)))
                return -EINVAL;
        if (is_wanted(b, address))
                return -EEXIST;
        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        *l = (struct bluez_link){
                .next = b->links,
                .b = b,
                .number = ++b->n_links_ever,
                .plan = *want->plan,
                .stall_us = want->stall_us,
                .bond = want->bond,
                .may_pair = want->may_pair,
                .passkey = want->passkey,
                .handler = handler,
                .userdata = userdata,
                .since_us = bluez_now_us(b),
                .deadline_us = UINT64_MAX,
                .told_state = _BLUEZ_LINK_STATE_MAX,
                .battery_told = -1,
        };
        memcpy(l->address, address, sizeof(address));
        memcpy(l->pinned, pinned, sizeof(pinned));
        for (unsigned i = 0; i < GATT_CHARACTERISTICS_MAX; i++)
                stream_init(&l->session.streams[i], l, i);
        backoff_init(&l->backoff, b->params.retry_min_us, b->params.retry_max_us,
                b->params.seed ^ (uint64_t) l->number * UINT64_C(0x9e3779b97f4a7c15));
        b->links = l;
        mirror_review(&b->mirror);
        adapters_hurry(b);
        bluez_kick(b);
        *ret = l;
        return 0;
}

struct bluez_link *bluez_link_drop(struct bluez_link *l) {
        if (!l)
                return NULL;
        l->dropped = true;
        mirror_review(&l->b->mirror);
        bluez_kick(l->b);
        return NULL;
}

void bluez_link_allow_pairing(struct bluez_link *l, bool may_pair) {
        l->may_pair = may_pair;
        bluez_kick(l->b);
}

void bluez_link_idle(struct bluez_link *l, bool idle) {
        l->idle = idle;
        bluez_kick(l->b);
}

void bluez_link_restart(struct bluez_link *l, const char *why) {
        if (!bluez_link_is_open(l->state) || l->state == BLUEZ_LINK_CLOSING)
                return;
        connection_fail(l, "%s", why);
}

void bluez_link_get_info(const struct bluez_link *l, struct bluez_link_info *ret) {
        const struct mirror_device *d = connection_device(l);

        *ret = (struct bluez_link_info){
                .state = l->state,
                .rssi_dbm = d ? d->last_rssi_dbm : BLUEZ_RSSI_NONE,
                .bonded = d && mirror_device_is_bonded(d),
                .start_notify = l->start_notify,
                .mtu = l->session.mtu,
                .battery_percent = d ? d->battery_percent : -1,
                .packets = l->packets,
                .bytes = l->bytes,
                .truncated = l->truncated,
                .connects = l->connects,
                .failures = l->failures,
                .since_us = l->since_us,
        };
        memcpy(ret->why, l->why, sizeof(ret->why));
        memcpy(ret->address, l->address, sizeof(ret->address));
        memcpy(ret->adapter, l->radio ? l->radio->address : l->had, sizeof(ret->adapter));
        if (d)
                memcpy(ret->name, d->info.name, sizeof(ret->name));
}

int bluez_forget(struct bluez *b, const char *address) {
        char parsed[BLUEZ_ADDRESS_MAX], path[MIRROR_PATH_MAX];

        if (!address_parse(address, parsed))
                return -EINVAL;
        for (const struct radio *r = b->radios; r; r = r->next)
                if (r->state != RADIO_GONE && mirror_find_device(&b->mirror, r->path, parsed, path))
                        bluez_call(b, NULL, r->path, "org.bluez.Adapter1", "RemoveDevice", b->params.call_us,
                                NULL, NULL, "o", path);
        return 0;
}

const char *bluez_service_state_to_string(enum bluez_service_state state) {
        static const char *const words[_BLUEZ_SERVICE_STATE_MAX] = {
                [BLUEZ_SERVICE_ABSENT] = "absent",
                [BLUEZ_SERVICE_LOADING] = "loading",
                [BLUEZ_SERVICE_READY] = "ready",
                [BLUEZ_SERVICE_HANGS] = "hangs",
        };
        return state < _BLUEZ_SERVICE_STATE_MAX ? words[state] : NULL;
}
