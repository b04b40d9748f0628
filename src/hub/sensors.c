/* SPDX-License-Identifier: Apache-2.0 */
/* BlueZ's client, the profiles, and who is near. */

#include "hub/sensors.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/passkeys.h"
#include "hub/source-sensor.h"
#include "util/log.h"
#include "util/macros.h"

#define NEAR_US                                                                                                \
        UINT64_C(60000000) /* since the last advertisement: still near, for who reads the table and adopts */
#define PAIR_US     UINT64_C(120000000) /* an adopted sensor may be bonded with for so long */
#define UUIDS_MAX   64
#define STRONGER_DB 5 /* before another adapter counts as the one that hears a sensor best */

struct near {
        struct bluez_device_info device;
        const struct profile *profile; /* NULL = none fits */
        uint64_t seen_us;
};

struct sensors {
        sd_event *loop;
        struct bluetooth_config config;
        const struct sensors_handler *handler;
        void *userdata;
        struct profiles profiles;
        struct passkeys passkeys;

        struct bluez *bluez; /* NULL = there is no bus */
        char service_why[SENSORS_WORDS_MAX];
        char state_why[SENSORS_WORDS_MAX];
        struct source_sensor *sources;
        struct near near[SENSORS_NEAR_MAX];
        size_t n_near;
        uint64_t scan_until_us; /* asked for by a person */
        bool scanning;          /* as BlueZ's client knows it */
        char pairing[ADDRESS_MAX];
        uint64_t pairing_until_us;
        void (*stopped)(void *userdata);
        void *stopped_userdata;
};

static uint64_t now_us(const struct sensors *r) {
        uint64_t now;

        sd_event_now(r->loop, CLOCK_MONOTONIC, &now);
        return now;
}

void sensors_changed(struct sensors *r) {
        r->handler->on_change(r->userdata);
}

/* ---- who is near ---- */

static struct near *find_near(struct sensors *r, const char *address) {
        for (size_t i = 0; i < r->n_near; i++)
                if (strcmp(r->near[i].device.address, address) == 0)
                        return &r->near[i];
        return NULL;
}

static const struct profile *match(const struct sensors *r, const struct bluez_device_info *d) {
        const char *services[BLUEZ_UUIDS_MAX];
        uint16_t company = (uint16_t) d->company;
        struct profile_peripheral p = {
                .name = *d->name ? d->name : NULL,
                .address = d->address,
                .services = services,
                .n_services = d->n_uuids,
                .companies = &company,
                .n_companies = d->company >= 0,
        };

        for (size_t i = 0; i < d->n_uuids; i++)
                services[i] = d->uuids[i];
        return profiles_match(&r->profiles, &p);
}

/* A place in the table. In a flood of strangers, those that fit a profile have the better right to it. */
static struct near *make_room(struct sensors *r, bool fits) {
        struct near *oldest = NULL;

        if (r->n_near < SENSORS_NEAR_MAX)
                return &r->near[r->n_near++];
        for (size_t i = 0; i < r->n_near && fits; i++)
                if (!r->near[i].profile && (!oldest || r->near[i].seen_us < oldest->seen_us))
                        oldest = &r->near[i];
        return oldest;
}

static void on_device(void *userdata, const struct bluez_device_info *device) {
        struct sensors *r = userdata;
        const struct profile *profile = match(r, device);
        struct near *n = find_near(r, device->address);
        uint64_t now = now_us(r);

        if (n && strcmp(n->device.adapter, device->adapter) != 0 &&
                device->rssi_dbm < n->device.rssi_dbm + STRONGER_DB && now - n->seen_us < NEAR_US / 10)
                return; /* another adapter hears it better */
        if (!n)
                n = make_room(r, profile != NULL);
        if (n)
                *n = (struct near){*device, profile, now};
        for (struct source_sensor *s = r->sources; s; s = source_sensor_next(s))
                if (strcmp(source_sensor_address(s), device->address) == 0)
                        source_sensor_seen(s, device, profile);
        sensors_changed(r);
}

static void drop_old(struct sensors *r, uint64_t now) {
        for (size_t i = r->n_near; i-- > 0;)
                if (now - r->near[i].seen_us > NEAR_US) {
                        r->near[i] = r->near[--r->n_near];
                        sensors_changed(r);
                }
}

/* ---- scanning ---- */

static void update_scan(struct sensors *r) {
        bool wanted = now_us(r) < r->scan_until_us;

        for (const struct source_sensor *s = r->sources; s && !wanted; s = source_sensor_next(s))
                wanted = source_sensor_needs_profile(s);
        if (!r->bluez || wanted == r->scanning)
                return;
        r->scanning = wanted;
        bluez_scan(r->bluez, wanted);
        sensors_changed(r);
}

void sensors_scan(struct sensors *r, unsigned seconds) {
        r->scan_until_us = now_us(r) + UINT64_C(1000000) * seconds;
        update_scan(r);
}

bool sensors_is_scanning(const struct sensors *r) {
        return r->scanning;
}

/* ---- how BlueZ is ---- */

static void on_service(void *userdata, enum bluez_service_state state, const char *why) {
        struct sensors *r = userdata;

        (void) state;
        snprintf(r->service_why, sizeof(r->service_why), "%s", why ? why : "");
        sensors_changed(r);
}

static void on_adapter(void *userdata, const struct bluez_adapter_info *adapter) {
        (void) adapter;
        sensors_changed(userdata);
}

/* No adapter works: what is the matter with them? */
static const char *judge_adapters(struct bluez *b, const char **ret_why) {
        struct bluez_adapter_info a;
        const char *state = "no-adapter";

        *ret_why = "there is no Bluetooth adapter: is it plugged in?";
        for (size_t i = 0; bluez_get_adapter(b, i, &a); i++) {
                if (a.excluded || a.state == BLUEZ_ADAPTER_GONE)
                        continue;
                if (a.state != BLUEZ_ADAPTER_OFF) {
                        *ret_why = NULL;
                        return "ready";
                }
                state = a.blocked ? "blocked" : "off";
                *ret_why = a.blocked ? "the Bluetooth adapter is blocked: \"rfkill unblock bluetooth\" frees it"
                                     : "the Bluetooth adapter is switched off: \"bluetoothctl power on\"";
        }
        return state;
}

const char *sensors_state(const struct sensors *r, const char **ret_why) {
        const char *why = NULL, *state = "no-bus";
        enum bluez_service_state service = r->bluez ? bluez_get_service(r->bluez) : BLUEZ_SERVICE_ABSENT;

        if (!r->bluez) {
                why = "there is no system bus: is dbus.service running?";
        } else if (service != BLUEZ_SERVICE_READY) {
                state = bluez_service_state_to_string(service);
                why = *r->service_why ? r->service_why : "BlueZ is not there: is bluetooth.service running?";
        } else {
                state = judge_adapters(r->bluez, &why);
        }
        if (ret_why)
                *ret_why = why;
        return state;
}

size_t sensors_adapters(const struct sensors *r, struct bluez_adapter_info *ret, size_t max) {
        size_t n = 0;

        while (r->bluez && n < max && bluez_get_adapter(r->bluez, n, &ret[n]))
                n++;
        return n;
}

/* ---- what is known of sensors ---- */

static void tell_near(const struct near *n, uint64_t now, struct sensor_info *ret) {
        const char *refusal;

        ret->near = now - n->seen_us <= NEAR_US;
        ret->rssi_dbm = n->device.rssi_dbm;
        if (*n->device.name)
                strcpy(ret->name, n->device.name);
        if (*ret->adapter == '\0')
                strcpy(ret->adapter, n->device.adapter);
        if (!n->profile || *ret->profile != '\0')
                return;
        strcpy(ret->profile, n->profile->name);
        strcpy(ret->label, n->profile->label);
        refusal = profile_refusal(n->profile, profile_rate(n->profile, 0));
        snprintf(ret->refusal, sizeof(ret->refusal), "%s", refusal ? refusal : "");
}

static const struct sensor_info nothing_known = {
        .state = "near", .rssi_dbm = BLUEZ_RSSI_NONE, .battery_pct = -1, .nominal_hz = NAN, .rate_hz = NAN};

size_t sensors_list(const struct sensors *r, struct sensor_info *ret) {
        uint64_t now = now_us(r);
        size_t n = 0;

        for (const struct source_sensor *s = r->sources; s && n < SENSORS_MAX; s = source_sensor_next(s)) {
                ret[n] = nothing_known;
                source_sensor_tell(s, &ret[n++]);
        }
        for (size_t i = 0; i < r->n_near; i++) {
                struct sensor_info *known = NULL;

                for (size_t k = 0; k < n && !known; k++)
                        if (strcmp(ret[k].address, r->near[i].device.address) == 0)
                                known = &ret[k];
                if (!known && n < SENSORS_MAX) {
                        known = &ret[n++];
                        *known = nothing_known;
                        strcpy(known->address, r->near[i].device.address);
                }
                if (known)
                        tell_near(&r->near[i], now, known);
        }
        return n;
}

bool sensors_find(const struct sensors *r, const char *address, struct sensor_info *ret) {
        bool found = false;

        *ret = nothing_known;
        for (const struct source_sensor *s = r->sources; s && !found; s = source_sensor_next(s)) {
                found = strcmp(source_sensor_address(s), address) == 0;
                if (found)
                        source_sensor_tell(s, ret);
        }
        for (size_t i = 0; i < r->n_near; i++)
                if (strcmp(r->near[i].device.address, address) == 0) {
                        strcpy(ret->address, address);
                        tell_near(&r->near[i], now_us(r), ret);
                        found = true;
                }
        return found;
}

/* ---- sources ---- */

void sensors_join(struct sensors *r, struct source_sensor *s) {
        source_sensor_set_next(s, r->sources);
        r->sources = s;
}

void sensors_leave(struct sensors *r, struct source_sensor *s) {
        struct source_sensor *before = NULL;

        for (struct source_sensor *i = r->sources; i && i != s; i = source_sensor_next(i))
                before = i;
        if (before)
                source_sensor_set_next(before, source_sensor_next(s));
        else if (r->sources == s)
                r->sources = source_sensor_next(s);
        sensors_changed(r);
}

struct source_sensor *sensors_source(struct sensors *r, const char *address) {
        struct source_sensor *s = r->sources;

        while (s && strcmp(source_sensor_address(s), address) != 0)
                s = source_sensor_next(s);
        return s;
}

int sensors_run(struct sensors *r) {
        return r->bluez ? bluez_run(r->bluez, UINT64_MAX) : sd_event_run(r->loop, UINT64_MAX);
}

struct bluez *sensors_client(const struct sensors *r) {
        return r->bluez;
}

sd_event *sensors_loop(const struct sensors *r) {
        return r->loop;
}

const struct bluetooth_config *sensors_config(const struct sensors *r) {
        return &r->config;
}

const struct profiles *sensors_profiles(const struct sensors *r) {
        return &r->profiles;
}

int64_t sensors_passkey(const struct sensors *r, const char *address) {
        return passkeys_find(&r->passkeys, address);
}

bool sensors_may_pair(const struct sensors *r, const char *address) {
        return strcmp(r->pairing, address) == 0 && now_us(r) < r->pairing_until_us;
}

void sensors_allow_pairing(struct sensors *r, const char *address) {
        snprintf(r->pairing, sizeof(r->pairing), "%s", address);
        r->pairing_until_us = now_us(r) + PAIR_US;
}

void sensors_forget(struct sensors *r, const char *address) {
        if (r->bluez)
                (void) bluez_forget(r->bluez, address);
}

/* ---- life ---- */

static void on_stopped(void *userdata) {
        struct sensors *r = userdata;

        if (r->stopped)
                r->stopped(r->stopped_userdata);
}

/* Services of all profiles: what a scan for missing sensors asks for. */
static size_t collect_services(const struct sensors *r, const char *ret[static UUIDS_MAX]) {
        size_t n = 0;

        for (size_t i = 0; i < r->profiles.n; i++) {
                const struct profile_match *m = &r->profiles.items[i]->match;

                for (unsigned k = 0; k < m->n[PROFILE_RULE_SERVICE] && n < UUIDS_MAX; k++)
                        ret[n++] = m->services[k];
        }
        return n;
}

/* The key's own check has passed the list. */
static size_t split_adapters(
        const struct bluetooth_config *c, struct bluez_adapter_params ret[static CONFIG_ADAPTERS_MAX]) {
        size_t n = 0;

        for (const char *s = c->adapters; *s && n < CONFIG_ADAPTERS_MAX; s += strcspn(s, " "), s += *s == ' ') {
                char text[ADDRESS_MAX];

                snprintf(text, sizeof(text), "%.17s", s);
                ret[n] = (struct bluez_adapter_params){.max_links = c->max_links};
                (void) address_parse(text, ret[n++].address);
        }
        return n;
}

void sensors_attach(struct sensors *r, sd_bus *bus) {
        static const struct bluez_handler handler = {
                .on_service = on_service,
                .on_adapter = on_adapter,
                .on_device = on_device,
                .on_stopped = on_stopped,
        };
        struct bluez_adapter_params adapters[CONFIG_ADAPTERS_MAX];
        struct bluez_params params = bluez_params_default();
        const char *services[UUIDS_MAX];
        int k;

        params.adapters = adapters;
        params.n_adapters = split_adapters(&r->config, adapters);
        params.only_listed = params.n_adapters > 0;
        params.max_links = r->config.max_links;
        params.scan_uuids = services;
        params.n_scan_uuids = collect_services(r, services);
        params.seed = now_us(r);
        k = bluez_new(r->loop, bus, &params, &handler, r, &r->bluez);
        if (k < 0) {
                log_error("Bluetooth cannot be used: %s", strerror(-k));
                return;
        }
        for (struct source_sensor *s = r->sources; s; s = source_sensor_next(s))
                source_sensor_set_client(s, r->bluez);
        update_scan(r);
        sensors_changed(r);
}

void sensors_detach(struct sensors *r) {
        struct bluez *b = TAKE_PTR(r->bluez);

        if (!b)
                return;
        for (struct source_sensor *s = r->sources; s; s = source_sensor_next(s))
                source_sensor_set_client(s, NULL);
        bluez_free(b);
        r->scanning = false;
        r->service_why[0] = '\0';
        if (r->stopped) /* what was waited for will not come any more */
                r->stopped(r->stopped_userdata);
        sensors_changed(r);
}

bool sensors_stop(struct sensors *r, void (*done)(void *userdata), void *userdata) {
        if (!r->bluez)
                return false;
        r->stopped = done;
        r->stopped_userdata = userdata;
        bluez_stop(r->bluez);
        return true;
}

void sensors_configure(struct sensors *r, const struct bluetooth_config *config) {
        r->config.idle_after_s = config->idle_after_s;
        r->config.low_battery_pct = config->low_battery_pct;
}

void sensors_tick(struct sensors *r) {
        uint64_t now = now_us(r);

        drop_old(r, now);
        update_scan(r);
        for (struct source_sensor *s = r->sources; s; s = source_sensor_next(s))
                source_sensor_tick(s);
}

int sensors_new(sd_event *loop, const struct bluetooth_config *config, struct faults *faults,
        const struct sensors_handler *handler, void *userdata, struct sensors **ret) {
        struct sensors *r = calloc(1, sizeof(*r));
        int k;

        if (!r)
                return -ENOMEM;
        r->loop = sd_event_ref(loop);
        r->config = *config;
        r->handler = handler;
        r->userdata = userdata;
        k = config_load_profiles(config, &r->profiles, faults);
        if (k < 0 && k != -EINVAL) {
                sensors_free(r);
                return k;
        }
        if (*config->passkey_file != '\0')
                (void) passkeys_load(&r->passkeys, config->passkey_file, faults);
        *ret = r;
        return 0;
}

struct sensors *sensors_free(struct sensors *r) {
        if (!r)
                return NULL;
        bluez_free(r->bluez);
        profiles_done(&r->profiles);
        explicit_bzero(&r->passkeys, sizeof(r->passkeys));
        sd_event_unref(r->loop);
        free(r);
        return NULL;
}
