/* SPDX-License-Identifier: Apache-2.0 */
/* The event loop and what hangs on it. */

#include "hub/hub.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <systemd/sd-id128.h>
#include <time.h>
#include <unistd.h>

#include "hub/api-query.h"
#include "hub/api.h"
#include "hub/hub-private.h"
#include "hub/remote.h"
#include "hub/vitals.h"
#include "mqtt/uplink.h"
#include "store/store.h"
#include "util/log.h"
#include "util/macros.h"

#define STOP_TIMEOUT_US UINT64_C(5000000) /* for the broker to take what waits */
#define WILL_DELAY_S    10                /* a connection that comes back within it was never away (MQTT 5) */
#define SAVE_TIMEOUT_US UINT64_C(5000000) /* for the disk, after that */
#define LIVE_US         UINT64_C(100000) /* between two live messages of a station: the most that the contract allows */
#define LOOK_US         UINT64_C(1000000) /* between two looks at store and uplink */
#define HEALTH_LOOKS    30                /* of these between two words about the health */

/* Without a folder: some 5000 events. */
#define MEMORY_MAX (8 << 20)

DEFINE_CLEANUP(char *, free);

void hub_log_fault(const char *text, void *userdata) {
        static const struct log_fields fields = {.kind = LOG_KIND_CONFIG};

        (void) userdata;
        log_write(LOG_ERR, NULL, &fields, "%s", text);
}

static bool all_ended(const struct hub *h, bool *ret_failed) {
        bool failed = false;

        for (unsigned i = 0; i < h->n_stations; i++) {
                enum source_state state = station_source_state(h->stations[i]);

                if (!station_is_active(h->stations[i]) || !station_is_playback(h->stations[i]))
                        continue;
                if (state != SOURCE_ENDED && state != SOURCE_FAILED)
                        return false;
                failed |= state == SOURCE_FAILED;
        }
        *ret_failed = failed;
        return true;
}

/* ---- events of the loop ---- */

static void on_sensors_stopped(void *userdata) {
        struct hub *h = userdata;

        sd_event_exit(h->loop, 0);
}

/* The sensors are disconnected before the daemon leaves the bus: up to 5.85, bluetoothd falls over one that leaves with
 * notifications running. A second signal does not wait for that. */
static int on_stop(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        struct hub *h = userdata;
        bool again = h->stopping;

        (void) source;
        log_info("stopping on %s", info->ssi_signo == SIGINT ? "SIGINT" : "SIGTERM");
        h->stopping = true;
        notify_stopping(&h->notify);
        for (unsigned i = 0; i < h->n_stations; i++)
                station_stop(h->stations[i]);
        if (!again && sensors_stop(h->sensors, on_sensors_stopped, h))
                return 0;
        return sd_event_exit(h->loop, 0);
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        struct hub *h = userdata;

        (void) source;
        (void) info;
        notify_reloading(&h->notify);
        hub_reload(h);
        notify_ready(&h->notify);
        return 0;
}

static void count_stations(const struct hub *h, struct health *ret) {
        for (unsigned i = 0; i < h->n_stations; i++) {
                bool active = station_is_active(h->stations[i]);

                ret->stations += active;
                ret->streaming += active && station_source_state(h->stations[i]) == SOURCE_STREAMING;
        }
}

static void look_at_bluetooth(const struct hub *h, struct health *ret) {
        struct bluez_adapter_info infos[HEALTH_ADAPTERS_MAX];
        const char *why;

        snprintf(ret->bluetooth, sizeof(ret->bluetooth), "%s", sensors_state(h->sensors, &why));
        snprintf(ret->bluetooth_error, sizeof(ret->bluetooth_error), "%s", why ? why : "");
        ret->n_adapters = (unsigned) sensors_adapters(h->sensors, infos, ARRAY_SIZE(infos));
        for (unsigned i = 0; i < ret->n_adapters; i++) {
                struct health_adapter *a = &ret->adapters[i];

                memcpy(a->address, infos[i].address, sizeof(a->address));
                memcpy(a->id, infos[i].id, sizeof(a->id));
                snprintf(a->state, sizeof(a->state), "%s", bluez_adapter_state_to_string(infos[i].state));
                snprintf(a->error, sizeof(a->error), "%s", infos[i].why ? infos[i].why : "");
                a->links = infos[i].links;
                a->max_links = infos[i].max_links;
        }
}

void hub_look(struct hub *h, uint64_t now_us, struct health *ret) {
        struct uplink_stats uplink;
        struct store_stats store;
        struct health health = {.cpu_pct = h->cpu_pct, .memory_bytes = h->memory_bytes};

        uplink_get_stats(h->outlet.uplink, &uplink);
        store_get_stats(h->outlet.store, &store);
        wallclock_update(&h->outlet.clock);
        strcpy(health.hub, h->outlet.hub);
        strcpy(health.session, h->outlet.run);
        health.now_ms = (h->outlet.clock.epoch_us + (int64_t) now_us) / 1000;
        health.synced = h->outlet.clock.synced;
        health.uptime_s = (double) (now_us - h->started_us) * 1e-6;
        count_stations(h, &health);
        health.sent = store.acknowledged;
        health.unsent = store.archive.waiting + store.queued;
        health.dropped = store.archive.dropped + store.refused;
        health.on_disk = store.archive.on_disk;
        health.disk_bytes = store.archive.bytes;
        snprintf(health.disk_error, sizeof(health.disk_error), "%s", store.archive.error);
        health.connected = uplink.connected;
        health.reconnects = uplink.reconnects;
        snprintf(health.broker_error, sizeof(health.broker_error), "%s", uplink.error);
        look_at_bluetooth(h, &health);
        *ret = health;
}

/* Once a second: how are store and uplink, and is everything done? */
static int on_look(sd_event_source *source, uint64_t usec, void *userdata) {
        struct hub *h = userdata;
        struct health health;
        char line[sizeof(h->notify.status)];
        uint64_t now_us;
        bool failed, all = h->looks++ % HEALTH_LOOKS == 0;

        (void) usec;
        sd_event_now(h->loop, CLOCK_MONOTONIC, &now_us);
        if (all) {
                h->cpu_pct = vitals_cpu_pct(&h->vitals, now_us);
                h->memory_bytes = vitals_memory_bytes();
        }
        hub_look(h, now_us, &health);
        health_to_line(&health, line, sizeof(line));
        if (!h->stopping)
                notify_status(&h->notify, "%s", line);
        if (all || health_is_news(&h->told, &health)) {
                h->told = health;
                uplink_show_health(h->outlet.uplink, &health);
        }
        sensors_tick(h->sensors);
        timedate_look(&h->timedate, now_us);
        exhibit_update(&h->exhibit, h->sensors, &h->outlet, now_us, all);
        for (unsigned i = 0; i < h->n_stations; i++)
                station_tick(h->stations[i]);
        api_touch(h->api);
        if (h->until_end && all_ended(h, &failed))
                return sd_event_exit(h->loop, failed ? HUB_SOURCE_FAILED : 0);
        return sd_event_source_set_time_relative(source, LOOK_US);
}

static int on_watchdog(sd_event_source *source, uint64_t usec, void *userdata) {
        struct hub *h = userdata;
        uint64_t now_us;

        (void) usec;
        sd_event_now(h->loop, CLOCK_MONOTONIC, &now_us);
        notify_alive(&h->notify,
                now_us > uplink_alive_until_us(h->outlet.uplink)         ? "MQTT"
                        : now_us > store_alive_until_us(h->outlet.store) ? "store"
                                                                         : NULL);
        return sd_event_source_set_time_relative(source, h->notify.feed_us);
}

/* ---- life ---- */

/* Every hub needs its own, the same after a restart: a broker that sees a new one keeps the old session, whose will
 * would then overwrite the new birth. The machine's id is not told, only a hash of it. */
static void make_client_id(const char *hub, char *ret, size_t size) {
        const sd_id128_t app = SD_ID128_MAKE(9e, b1, 0c, 3d, 5a, 7f, 41, 58, 8d, 20, 64, fa, 17, c3, 92, e0);
        sd_id128_t id;
        char text[SD_ID128_STRING_MAX] = "";

        if (sd_id128_get_machine_app_specific(app, &id) >= 0)
                sd_id128_to_string(id, text);
        snprintf(ret, size, "repcast-%.12s-%s", text, hub);
}

static void warn_of_clear_password(const struct mqtt_config *m) {
        for (unsigned i = 0; *m->password && i < m->n_brokers; i++)
                if (!m->brokers[i].tls && !broker_is_local(&m->brokers[i]))
                        log_warning("the password goes to broker %s in the clear; mqtts:// before its name in "
                                    "Broker= asks for TLS",
                                m->brokers[i].host);
}

static int make_uplink(struct hub *h) {
        const struct mqtt_config *m = &h->config->mqtt;
        char client_id[MESSAGE_NAME_MAX + 32];
        struct uplink_broker brokers[BROKERS_MAX];
        struct uplink_config config = {
                .brokers = brokers,
                .n_brokers = m->n_brokers,
                .tls.ca_file = *m->ca_file ? m->ca_file : NULL,
                .tls.certificate_file = *m->certificate_file ? m->certificate_file : NULL,
                .tls.key_file = *m->key ? m->key : NULL,
                .username = *m->username ? m->username : NULL,
                .password = *m->password ? m->password : NULL,
                .client_id = client_id,
                .prefix = h->config->hub.prefix,
                .hub = h->config->hub.name,
                .run = h->outlet.run,
                .version = VERSION,
                .keepalive_s = m->keepalive_s,
                .outbox = h->outbox,
                .queries = m->queries,
                .commands = m->commands != COMMANDS_OFF,
                .discovery = m->discovery,
                .discovery_prefix = m->discovery_prefix,
                .n_stations = STATIONS_MAX,
                .n_sensors = EXHIBIT_MAX,
                .will_delay_s = WILL_DELAY_S,
        };

        for (unsigned i = 0; i < m->n_brokers; i++)
                brokers[i] = (struct uplink_broker){m->brokers[i].host, m->brokers[i].port, m->brokers[i].tls};
        warn_of_clear_password(m);
        make_client_id(h->config->hub.name, client_id, sizeof(client_id));
        return uplink_new(&config, &h->outlet.uplink);
}

/* Sets of the history that profiles are made of when the hub starts: weeks of a busy gym. */
#define LIFTS_REMEMBERED 2000

static void remember_lift(
        void *userdata, const char *athlete, const char *exercise, double load_kg, double best_mps) {
        (void) strengths_add(userdata, athlete, exercise, load_kg, best_mps);
}

static int make_store(struct hub *h) {
        const struct storage_config *c = &h->config->storage;
        _cleanup_(freep) char *path = NULL;
        struct store_config config = {
                .archive.disk_max = (uint64_t) c->max_size_mib << 20,
                .archive.memory_max = MEMORY_MAX,
                .archive.history_days = c->history_days,
                .archive.unsent_days = c->unsent_days,
                .n_stations = STATIONS_MAX,
        };
        int r = outbox_new(&h->outbox);

        if (r >= 0)
                r = hub_find_state(c, NULL, "events.db", &path);
        if (r < 0)
                return r;
        if (!path)
                log_notice("no folder is given for the event store: events are kept in memory only; see "
                           "[store] in "
                           "repcast.conf(5)");
        config.archive.path = path;
        config.outbox = h->outbox;
        r = store_new(&config, &h->outlet.store);
        if (r < 0)
                return r;
        calibrations_load(&h->calibrations, h->outlet.store);
        h->outlet.calibrations = &h->calibrations;
        store_load_lifts(h->outlet.store, LIFTS_REMEMBERED, remember_lift, &h->strengths);
        h->outlet.strengths = &h->strengths;
        return 0;
}

static int make_outlet(struct hub *h) {
        sd_id128_t run;
        int r = sd_id128_randomize(&run);

        if (r < 0)
                return r;
        sd_id128_to_string(run, h->outlet.run);
        strcpy(h->outlet.hub, h->config->hub.name);
        wallclock_update(&h->outlet.clock);
        timedate_init(&h->timedate, &h->outlet.clock);
        r = make_store(h);
        return r < 0 ? r : make_uplink(h);
}

static int make_loop(struct hub *h) {
        int r = sd_event_new(&h->loop);

        if (r >= 0)
                r = sd_event_add_signal(h->loop, NULL, SIGTERM, on_stop, h);
        if (r >= 0)
                r = sd_event_add_signal(h->loop, NULL, SIGINT, on_stop, h);
        if (r >= 0)
                r = sd_event_add_signal(h->loop, NULL, SIGHUP, on_reload, h);
        if (r >= 0)
                r = sd_event_add_time_relative(h->loop, &h->look, CLOCK_MONOTONIC, 0, 0, on_look, h);
        if (r >= 0)
                r = sd_event_source_set_enabled(h->look, SD_EVENT_ON);
        return r;
}

/* Not below the samples: a loop that is busy for good with them shall be found out all the same. */
static int make_watchdog(struct hub *h) {
        sd_event_source *source;
        int r;

        if (h->notify.feed_us == 0)
                return 0;
        r = sd_event_add_time_relative(
                h->loop, &source, CLOCK_MONOTONIC, 0, h->notify.feed_us / 10, on_watchdog, h);
        if (r < 0)
                return r;
        sd_event_source_set_floating(source, true);
        r = sd_event_source_set_enabled(source, SD_EVENT_ON);
        sd_event_source_unref(source);
        return r;
}

/* ---- bus and sensors ---- */

static void on_bus_up(void *userdata, sd_bus *bus) {
        struct hub *h = userdata;

        api_attach(h->api, bus);
        sensors_attach(h->sensors, bus);
        timedate_attach(&h->timedate, bus);
}

static void on_bus_down(void *userdata) {
        struct hub *h = userdata;

        timedate_attach(&h->timedate, NULL);
        sensors_detach(h->sensors);
        api_attach(h->api, NULL);
}

static void on_sensors_change(void *userdata) {
        struct hub *h = userdata;

        if (h->api)
                api_touch(h->api);
}

static int make_sensors(struct hub *h) {
        static const struct sensors_handler sensors_handler = {.on_change = on_sensors_change};
        static const struct bus_handler bus_handler = {.on_up = on_bus_up, .on_down = on_bus_down};
        struct faults faults = {.sink = hub_log_fault};
        int r = sensors_new(h->loop, &h->config->bluetooth, &faults, &sensors_handler, h, &h->sensors);

        if (r >= 0)
                r = api_new(h, &h->api);
        if (r >= 0)
                r = api_queries_new(h->loop, h->outlet.store, &h->queries);
        if (r >= 0)
                r = persist_new(h->loop, &h->persist);
        if (r >= 0)
                r = bus_new(h->loop, &bus_handler, h, &h->bus);
        return r;
}

int hub_new(const char *config_path, struct config *config, bool until_end, struct hub **ret) {
        struct hub *h = calloc(1, sizeof(*h));
        int r;

        if (!h) {
                config_free(config);
                return -ENOMEM;
        }
        h->config = config;
        h->started_hub = config->hub;
        h->started_mqtt = config->mqtt;
        h->started_storage = config->storage;
        h->started_bluetooth = config->bluetooth;
        h->until_end = until_end;
        h->cpu_pct = (double) NAN;
        h->config_path = strdup(config_path);
        notify_init(&h->notify);
        r = h->config_path ? hub_load_adopted(config, &h->adopted, &h->adopted_path) : -ENOMEM;
        if (r >= 0)
                r = make_loop(h);
        if (r >= 0)
                r = make_watchdog(h);
        if (r >= 0)
                r = make_outlet(h);
        if (r >= 0)
                r = make_sensors(h);
        if (r >= 0)
                r = hub_load_assigned(h);
        if (r >= 0)
                r = remote_new(h, &h->remote);
        h->assigned.persist = h->persist;
        if (r < 0) {
                hub_free(h);
                return r;
        }
        *ret = h;
        return 0;
}

struct hub *hub_free(struct hub *h) {
        if (!h)
                return NULL;
        for (unsigned i = 0; i < h->n_stations; i++)
                station_free(h->stations[i]);
        persist_free(h->persist);
        remote_free(h->remote);
        api_queries_free(h->queries);
        api_free(h->api);
        sensors_free(h->sensors);
        timedate_attach(&h->timedate, NULL);
        bus_free(h->bus);
        uplink_free(h->outlet.uplink);
        store_free(h->outlet.store);
        outbox_free(h->outbox);
        sd_event_source_disable_unref(h->look);
        sd_event_unref(h->loop);
        config_free(h->config);
        free(h->config_path);
        free(h->adopted_path);
        free(h->assigned.path);
        explicit_bzero(h->started_mqtt.password, sizeof(h->started_mqtt.password));
        free(h);
        return NULL;
}

/* What became of the events? Returns whether some did not reach the broker. */
static bool tell_end(struct hub *h) {
        static const struct log_fields fields = {.kind = LOG_KIND_STOPPED};
        struct store_stats s;

        store_get_stats(h->outlet.store, &s);
        const uint64_t kept = s.archive.on_disk ? s.archive.waiting : 0;
        const uint64_t lost = s.archive.waiting - kept + s.queued + s.archive.dropped + s.refused;
        if (lost > 0)
                log_event(LOG_WARNING, fields,
                        "stopped; events sent: %llu, kept for the next start: %llu, lost because the broker "
                        "did not "
                        "take them: %llu",
                        (unsigned long long) s.acknowledged, (unsigned long long) kept,
                        (unsigned long long) lost);
        else
                log_event(LOG_INFO, fields, "stopped; events sent: %llu, kept for the next start: %llu",
                        (unsigned long long) s.acknowledged, (unsigned long long) kept);
        return lost + kept > 0;
}

/* Sources, open sets, then the uplink: the last events are on their way before it says goodbye. The store goes last, with
 * the last acknowledgements. */
static int stop(struct hub *h) {
        int r, saved;

        if (!h->stopping)
                notify_stopping(&h->notify);
        h->stopping = true;
        for (unsigned i = 0; i < h->n_stations; i++)
                station_stop(h->stations[i]);
        store_finish(h->outlet.store);
        r = uplink_stop(h->outlet.uplink, STOP_TIMEOUT_US);
        saved = store_stop(h->outlet.store, SAVE_TIMEOUT_US);
        h->abandoned = r != 0 || saved != 0;
        bool unsent = tell_end(h);
        if (r < 0)
                log_error("the MQTT thread does not stop: %s", strerror(-r));
        if (saved < 0)
                log_error("the store's thread does not stop: %s; the disk hangs", strerror(-saved));
        if (r < 0 || saved < 0)
                return -ETIMEDOUT;
        return unsent && h->until_end ? HUB_EVENTS_LOST : 0;
}

bool hub_is_abandoned(const struct hub *h) {
        return h->abandoned;
}

static void show_live(struct hub *h) {
        uint64_t now_us;

        sd_event_now(h->loop, CLOCK_MONOTONIC, &now_us);
        if (now_us / LIVE_US == h->live_tick)
                return;
        h->live_tick = now_us / LIVE_US;
        for (unsigned i = 0; i < h->n_stations; i++)
                station_show_live(h->stations[i]);
        uplink_send_live(h->outlet.uplink);
}

static int run_loop(struct hub *h) {
        int code = 0, r = 0;

        while (r >= 0 && sd_event_get_state(h->loop) != SD_EVENT_FINISHED) {
                r = sensors_run(h->sensors);
                show_live(h);
        }
        if (r >= 0)
                r = sd_event_get_exit_code(h->loop, &code);
        return r < 0 ? r : code;
}

int hub_run(struct hub *h) {
        static const struct log_fields fields = {.kind = LOG_KIND_STARTED};
        int r, stopped;

        log_event(LOG_INFO, fields, "repcastd %s is hub \"%s\"; stations: %zu; broker: %s", VERSION,
                h->config->hub.name, h->config->n_stations, h->config->mqtt.broker);
        if (h->config->n_stations == 0)
                log_warning("no station is configured: see repcast.conf(5)");
        sd_event_now(h->loop, CLOCK_MONOTONIC, &h->started_us);
        r = store_start(h->outlet.store);
        if (r < 0)
                return r;
        r = uplink_start(h->outlet.uplink);
        if (r < 0) {
                (void) store_stop(h->outlet.store, SAVE_TIMEOUT_US);
                return r;
        }
        hub_apply(h);
        malloc_trim(0); /* what reading the configuration and the profiles has left behind */
        notify_ready(&h->notify);
        r = run_loop(h);
        stopped = stop(h);
        return stopped != 0 ? stopped : r;
}
