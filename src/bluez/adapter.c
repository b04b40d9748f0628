/* SPDX-License-Identifier: Apache-2.0 */
/* Adapters: discovery, whose turn it is, power cycle. What is decided stands in radio.h and schedule.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bluez/bluez-private.h"
#include "util/log.h"

#define ADAPTER_INTERFACE "org.bluez.Adapter1"
#define PROPERTIES        "org.freedesktop.DBus.Properties"
#define HEARD_US          UINT64_C(30000000) /* BlueZ's own measure: TemporaryTimeout */
#define CANDIDATES_MAX    64

/* ---- what is known of it ------------------------------------------------------------------------------------- */

static const struct mirror_adapter *mirrored(const struct bluez *b, const struct radio *r) {
        const struct mirror_object *o = mirror_find(&b->mirror, r->path);

        return o && o->adapter && strcmp(o->adapter->address, r->address) == 0 ? o->adapter : NULL;
}

static bool is_blocked(const struct bluez *b, const struct radio *r) {
        const struct mirror_adapter *a = mirrored(b, r);

        return a && a->blocked;
}

static unsigned configured_links(const struct bluez *b, const struct radio *r) {
        for (size_t i = 0; i < b->params.n_adapters; i++)
                if (strcmp(b->adapters[i].address, r->address) == 0)
                        return b->adapters[i].max_links;
        return b->params.only_listed ? 0 : b->params.max_links;
}

unsigned adapter_max_links(const struct radio *r, uint64_t now_us) {
        return breaker_max_links(&r->breaker, configured_links(r->b, r), now_us);
}

bool adapter_is_usable(const struct bluez *b, const struct radio *r) {
        return r->state != RADIO_GONE && r->state != RADIO_OFF && configured_links(b, r) > 0;
}

void adapter_fill_info(const struct bluez *b, const struct radio *r, struct bluez_adapter_info *ret) {
        const struct mirror_adapter *a = mirrored(b, r);
        const char *id = strrchr(r->path, '/');

        *ret = (struct bluez_adapter_info){
                .state = radio_public_state(r->state),
                .blocked = a && a->blocked,
                .excluded = configured_links(b, r) == 0,
                .links = r->links,
                .max_links = adapter_max_links(r, bluez_now_us(b)),
                .why = r->why[0] ? r->why : NULL,
        };
        memcpy(ret->address, r->address, sizeof(ret->address));
        snprintf(ret->id, sizeof(ret->id), "%.15s", id ? id + 1 : r->path);
}

struct mirror_object *adapter_find_device(const struct bluez *b, const struct radio *r,
        const struct bluez_link *l, char ret_path[static MIRROR_PATH_MAX]) {
        return mirror_find_device(&b->mirror, r->path, l->address, ret_path);
}

/* Only what was heard after the last link has ended counts: a connect to a sensor that is switched off would keep the
 * adapter from all others for params.connect_us. RSSI is a property only while discovery runs, and while it runs
 * on, a sensor that comes back with the same RSSI is not told again: the first try after a loss takes it as it is. */
bool adapter_hears(const struct bluez_link *l, const struct mirror_device *d, uint64_t now_us) {
        if (d->info.connected || (d->info.rssi_dbm != BLUEZ_RSSI_NONE && l->tries <= 1))
                return true;
        return d->heard_us > l->lost_us && now_us < d->heard_us + HEARD_US;
}

static unsigned count_links(const struct bluez *b, const struct radio *r) {
        const struct mirror_device *d = r->turn ? connection_device(r->turn) : NULL;
        unsigned n = 0;

        for (const struct mirror_object *o = mirror_next(&b->mirror, NULL); o; o = mirror_next(&b->mirror, o))
                n += o->device && o->device->info.connected && path_is_below(o->path, r->path);
        if (d && r->turn->state == BLUEZ_LINK_CONNECTING && !d->info.connected)
                n++; /* under way */
        return n;
}

/* ---- states -------------------------------------------------------------------------------------------------- */

static void enter(struct bluez *b, struct radio *r, enum radio_event event, uint64_t now_us);

static int on_called(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct radio *r = userdata;
        char why[WHY_MAX];

        (void) error;
        r->call = sd_bus_slot_unref(r->call);
        switch (bluez_reply(m, why)) {
        case BLUEZ_ERROR_NONE:
        case BLUEZ_ERROR_DONE:
        case BLUEZ_ERROR_PENDING: /* of StartDiscovery: the session of this client runs already */
                r->done = true;
                break;
        case BLUEZ_ERROR_CANCELLED:
        case BLUEZ_ERROR_ABORTED:
        case BLUEZ_ERROR_NO_OBJECT:
        case BLUEZ_ERROR_ADAPTER_OFF:
        case BLUEZ_ERROR_BLOCKED:
        case BLUEZ_ERROR_REFUSED:
        case BLUEZ_ERROR_UNSUPPORTED:
        case BLUEZ_ERROR_DISCONNECTED:
        case BLUEZ_ERROR_NO_REPLY:
        case BLUEZ_ERROR_NO_SERVICE:
        case BLUEZ_ERROR_OTHER:
        case _BLUEZ_ERROR_MAX:
                r->failed = true;
                memcpy(r->why, why, sizeof(r->why));
                break;
        }
        bluez_kick(r->b);
        return 0;
}

static int append_filter(struct bluez *b, sd_bus_message *m, bool all) {
        int r = sd_bus_message_open_container(m, 'a', "{sv}");

        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "Transport", "s", "le", "DuplicateData", "b", 0);
        if (r >= 0 && !all && b->params.n_scan_uuids > 0) {
                r = sd_bus_message_open_container(m, 'e', "sv");
                if (r >= 0)
                        r = sd_bus_message_append(m, "s", "UUIDs");
                if (r >= 0)
                        r = sd_bus_message_open_container(m, 'v', "as");
                if (r >= 0)
                        r = sd_bus_message_open_container(m, 'a', "s");
                for (size_t i = 0; r >= 0 && i < b->params.n_scan_uuids; i++)
                        r = sd_bus_message_append(m, "s", b->scan_uuids[i]);
                for (int i = 0; r >= 0 && i < 3; i++)
                        r = sd_bus_message_close_container(m);
        }
        return r < 0 ? r : sd_bus_message_close_container(m);
}

/* Two filters take turns. Without services, Broadcom's chips miss devices with BlueZ 5.66; with them, sensors are missed
 * that do not advertise theirs. A person who looks wants to see all. */
static void set_filter(struct bluez *b, struct radio *r) {
        sd_bus_message *m = NULL;
        int k = sd_bus_message_new_method_call(
                b->bus, &m, BLUEZ_SERVICE, r->path, ADAPTER_INTERFACE, "SetDiscoveryFilter");

        if (k >= 0)
                k = append_filter(b, m, r->all || b->scan);
        if (k >= 0)
                k = sd_bus_message_set_expect_reply(m, 0);
        if (k >= 0)
                k = sd_bus_message_set_auto_start(m, 0);
        if (k >= 0)
                k = sd_bus_send(b->bus, m, NULL);
        sd_bus_message_unref(m);
        if (k < 0)
                log_error("cannot set the discovery filter of %s: %s", r->address, strerror(-k));
        r->all = !r->all;
}

static void set_power(struct bluez *b, struct radio *r, bool on) {
        bluez_call(b, &r->call, r->path, PROPERTIES, "Set", b->params.call_us, on_called, r, "ssv",
                ADAPTER_INTERFACE, "Powered", "b", (int) on);
}

/* What a state begins with. */
static void begin(struct bluez *b, struct radio *r, enum radio_state from, uint64_t now_us) {
        switch (r->state) {
        case RADIO_STARTING:
                r->deadline_us = now_us + b->params.call_us;
                set_filter(b, r);
                bluez_call(b, &r->call, r->path, ADAPTER_INTERFACE, "StartDiscovery", b->params.call_us,
                        on_called, r, "");
                break;
        case RADIO_SCANNING:
                r->window_end_us = now_us + b->params.scan_us;
                if (r->rung == LADDER_HEARS)
                        r->why[0] = '\0';
                break;
        case RADIO_STOPPING:
                r->deadline_us = now_us + b->params.call_us;
                bluez_call(b, &r->call, r->path, ADAPTER_INTERFACE, "StopDiscovery", b->params.call_us,
                        on_called, r, "");
                break;
        case RADIO_RESTING:
                r->deadline_us = now_us + b->params.breaker_us;
                snprintf(r->why, sizeof(r->why), "connecting failed too often, whatever the sensor");
                log_warning("adapter %s: %s; it rests for %.0f s", r->address, r->why,
                        (double) b->params.breaker_us / 1e6);
                break;
        case RADIO_CYCLING:
                r->deadline_us = now_us + 2 * b->params.call_us;
                r->cycle = false;
                log_warning("adapter %s hears nothing at all: it is switched off and on", r->address);
                set_power(b, r, false);
                break;
        case RADIO_DARK:
                r->deadline_us = now_us + 2 * b->params.call_us;
                set_power(b, r, true);
                break;
        case RADIO_IDLE:
                /* A scan that would not start is not tried again at once. */
                if (from == RADIO_STARTING || from == RADIO_CYCLING)
                        r->pause_end_us = now_us + b->params.scan_pause_us;
                if (from == RADIO_OFF || from == RADIO_GONE || from == RADIO_DARK || from == RADIO_RESTING)
                        r->why[0] = '\0';
                break;
        case RADIO_OFF:
                r->turn = NULL;
                snprintf(r->why, sizeof(r->why), "%s", is_blocked(b, r) ? "blocked by rfkill" : "switched off");
                break;
        case RADIO_GONE:
                r->turn = NULL;
                r->why[0] = '\0';
                break;
        case RADIO_BUSY:
        case _RADIO_STATE_MAX:
                break;
        }
}

static void enter(struct bluez *b, struct radio *r, enum radio_event event, uint64_t now_us) {
        enum radio_state from = r->state, to = radio_next(from, event);

        if (to == from)
                return;
        log_debug("adapter %s: %s, now %s", r->address, radio_state_to_string(from), radio_state_to_string(to));
        r->call = sd_bus_slot_unref(r->call);
        r->done = r->failed = false;
        r->deadline_us = UINT64_MAX;
        r->state = to;
        if (to == RADIO_OFF || (from == RADIO_OFF && to == RADIO_IDLE))
                log_notice("adapter %s is %s", r->address, to == RADIO_OFF ? "off" : "on");
        begin(b, r, from, now_us);
        bluez_kick(b);
}

/* ---- coming and going ---------------------------------------------------------------------------------------- */

static struct radio *find(struct bluez *b, const char *address) {
        for (struct radio *r = b->radios; r; r = r->next)
                if (strcmp(r->address, address) == 0)
                        return r;
        return NULL;
}

static void add(struct bluez *b, const struct mirror_object *o) {
        struct radio *r = find(b, o->adapter->address);

        if (!r) {
                r = calloc(1, sizeof(*r));
                if (!r)
                        return;
                *r = (struct radio){.next = b->radios, .b = b, .deadline_us = UINT64_MAX};
                memcpy(r->address, o->adapter->address, sizeof(r->address));
                b->radios = r;
        }
        if (strcmp(r->path, o->path) == 0)
                return;
        if (r->state != RADIO_GONE && mirrored(b, r))
                return; /* two adapters with one address: the first one counts */
        enter(b, r, RADIO_UNPLUGGED, bluez_now_us(b));
        memcpy(r->path, o->path, sizeof(r->path));
}

void adapters_sync(struct bluez *b, uint64_t now_us) {
        bool there = b->service == BLUEZ_SERVICE_READY || b->service == BLUEZ_SERVICE_HANGS;

        for (const struct mirror_object *o = mirror_next(&b->mirror, NULL); o; o = mirror_next(&b->mirror, o))
                if (o->adapter && o->adapter->address[0])
                        add(b, o);
        for (struct radio *r = b->radios; r; r = r->next) {
                const struct mirror_adapter *a = there ? mirrored(b, r) : NULL;

                enter(b, r, !a ? RADIO_UNPLUGGED : a->powered ? RADIO_POWERED : RADIO_UNPOWERED, now_us);
                r->links = count_links(b, r);
        }
}

void adapters_free(struct bluez *b) {
        for (struct radio *r = b->radios, *next; r; r = next) {
                next = r->next;
                sd_bus_slot_unref(r->call);
                free(r);
        }
        b->radios = NULL;
}

void adapters_hurry(struct bluez *b) {
        for (struct radio *r = b->radios; r; r = r->next)
                r->pause_end_us = 0;
}

void adapter_release(struct radio *r, const struct bluez_link *l) {
        if (r && r->turn == l)
                r->turn = NULL;
}

/* ---- whose turn ---------------------------------------------------------------------------------------------- */

struct radio *adapter_find_best(struct bluez *b, const struct bluez_link *l, uint64_t now_us) {
        struct sight sights[MIRROR_ADAPTERS_MAX];
        struct radio *radios[MIRROR_ADAPTERS_MAX];
        size_t n = 0;
        int best;

        for (struct radio *r = b->radios; r && n < MIRROR_ADAPTERS_MAX; r = r->next) {
                char path[MIRROR_PATH_MAX];
                const struct mirror_object *o = adapter_find_device(b, r, l, path);
                unsigned max = adapter_max_links(r, now_us);

                if (l->pinned[0] && strcmp(l->pinned, r->address) != 0)
                        continue;
                radios[n] = r;
                sights[n++] = (struct sight){
                        .usable = o && adapter_is_usable(b, r) && r->state != RADIO_RESTING &&
                                r->state != RADIO_CYCLING && r->state != RADIO_DARK &&
                                (r->links < max || o->device->info.connected),
                        .had = strcmp(l->had, r->address) == 0,
                        .rssi_dbm = o ? o->device->last_rssi_dbm : BLUEZ_RSSI_NONE,
                        .free_slots = r->links < max ? max - r->links : 0,
                };
        }
        best = schedule_adapter(sights, n);
        return best < 0 ? NULL : radios[best];
}

/* Two links for one device (the old one still closes): the new one waits. */
static bool is_taken(const struct bluez_link *l) {
        for (const struct bluez_link *other = l->b->links; other; other = other->next)
                if (other != l && bluez_link_is_open(other->state) && strcmp(other->address, l->address) == 0)
                        return true;
        return false;
}

static struct bluez_link *next_in_turn(struct bluez *b, const struct radio *r, uint64_t now_us) {
        struct candidate candidates[CANDIDATES_MAX];
        struct bluez_link *links[CANDIDATES_MAX];
        size_t n = 0;
        int first;

        for (struct bluez_link *l = b->links; l && n < CANDIDATES_MAX; l = l->next) {
                char path[MIRROR_PATH_MAX];
                const struct mirror_object *o =
                        l->state == BLUEZ_LINK_QUEUED ? adapter_find_device(b, r, l, path) : NULL;

                if (!o || is_taken(l) || adapter_find_best(b, l, now_us) != r)
                        continue;
                links[n] = l;
                candidates[n++] = (struct candidate){
                        .fresh = adapter_hears(l, o->device, now_us),
                        .since_us = l->since_us,
                        .rssi_dbm = o->device->last_rssi_dbm,
                };
        }
        first = schedule_next(candidates, n);
        return first < 0 ? NULL : links[first];
}

/* ---- scanning ------------------------------------------------------------------------------------------------ */

/* A sensor that this adapter may find. */
static bool misses_any(struct bluez *b, const struct radio *r) {
        for (const struct bluez_link *l = b->links; l; l = l->next)
                if (l->state == BLUEZ_LINK_SEEKING && !l->dropped &&
                        (!l->pinned[0] || strcmp(l->pinned, r->address) == 0))
                        return true;
        return false;
}

static uint64_t last_heard(const struct bluez *b, const struct radio *r) {
        uint64_t last_us = 0;

        for (const struct mirror_object *o = mirror_next(&b->mirror, NULL); o; o = mirror_next(&b->mirror, o))
                if (o->device && path_is_below(o->path, r->path))
                        last_us = MAX(last_us, o->device->heard_us);
        return last_us;
}

/* An adapter that hears nothing, neither sensors nor anything else, while some sensor is missed. */
static void climb(struct bluez *b, struct radio *r, bool misses, uint64_t now_us) {
        uint64_t heard_us;

        if (!misses || r->silent_since_us == 0) {
                r->silent_since_us = misses ? now_us : 0;
                r->rung = misses ? r->rung : LADDER_HEARS;
                return;
        }
        if (now_us < r->silent_since_us + b->params.scan_silent_us) {
                bluez_wake_at(b, r->silent_since_us + b->params.scan_silent_us);
                return;
        }
        heard_us = last_heard(b, r);
        if (heard_us > r->silent_since_us) {
                r->silent_since_us = heard_us;
                r->rung = LADDER_HEARS;
                return;
        }
        r->silent_since_us = now_us;
        if (r->rung == LADDER_TOLD)
                return;
        r->rung = ladder_silent(r->rung, b->params.power_cycle && r->links == 0);
        r->cycle = r->rung == LADDER_CYCLED;
        snprintf(r->why, sizeof(r->why), "hears nothing (%s)", ladder_to_string(r->rung));
        if (r->rung == LADDER_RESTARTED)
                enter(b, r, RADIO_HALT, now_us);
        if (r->rung == LADDER_TOLD)
                log_warning("adapter %s: %s", r->address, r->why);
}

/* A window is over when the kernel's is. For a person the next one follows at once: left alone, BlueZ would rest for 5 s
 * first, and a sensor whose one report in a window went by unseen would be heard after 15.24 s only. */
static bool wants_scan(struct bluez *b, struct radio *r, bool misses, uint64_t now_us) {
        if (configured_links(b, r) == 0)
                return false;
        if (!b->scan && (!misses || r->links >= adapter_max_links(r, now_us)))
                return false;
        if (r->state == RADIO_SCANNING) {
                if (now_us < r->window_end_us) {
                        bluez_wake_at(b, r->window_end_us);
                        return true;
                }
                r->pause_end_us = now_us + b->params.scan_pause_us;
                return false;
        }
        if (b->scan)
                return true;
        if (now_us < r->pause_end_us)
                bluez_wake_at(b, r->pause_end_us);
        return now_us >= r->pause_end_us;
}

static void work(struct bluez *b, struct radio *r, uint64_t now_us) {
        bool misses = misses_any(b, r), scan;
        bool may = b->service == BLUEZ_SERVICE_READY && !b->stopping;
        struct bluez_link *next = NULL;

        if (r->done)
                enter(b, r, RADIO_DONE, now_us);
        else if (r->failed)
                enter(b, r, RADIO_FAILED, now_us);
        else if (now_us >= r->deadline_us)
                enter(b, r, RADIO_DEADLINE, now_us);
        if (r->state == RADIO_BUSY && !r->turn)
                enter(b, r, RADIO_OVER, now_us);

        /* While a sensor is being connected nobody else's turn can come: with hundreds in the queue the search is dear. */
        if (may && r->state != RADIO_BUSY)
                next = next_in_turn(b, r, now_us);
        scan = may && wants_scan(b, r, misses, now_us);
        climb(b, r, may && misses && r->links < adapter_max_links(r, now_us), now_us);
        if (r->trouble && r->state == RADIO_IDLE) {
                r->trouble = false;
                enter(b, r, RADIO_TROUBLE, now_us);
        } else if (r->cycle)
                enter(b, r, r->state == RADIO_SCANNING ? RADIO_HALT : RADIO_CYCLE, now_us);
        else if (next && r->state == RADIO_IDLE) {
                r->turn = next;
                enter(b, r, RADIO_TURN, now_us);
                connection_give_turn(next, r, now_us);
        } else
                enter(b, r, scan && !next ? RADIO_SCAN : RADIO_HALT, now_us);
        if (r->deadline_us != UINT64_MAX)
                bluez_wake_at(b, r->deadline_us);
}

void adapters_work(struct bluez *b, uint64_t now_us) {
        for (struct radio *r = b->radios; r; r = r->next)
                if (r->state != RADIO_GONE && r->state != RADIO_OFF)
                        work(b, r, now_us);
}
