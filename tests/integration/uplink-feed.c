/* SPDX-License-Identifier: Apache-2.0 */
/* A store and an uplink on a leash, for test-uplink.py: takes commands from standard input, answers on standard output.
 *
 *     uplink-feed BROKERS RUN FILE     BROKERS: as Broker= has them; FILE: of the store; - is memory
 *
 *     rep N         post N reps, to two stations in turn
 *     set           post a set          rejected      post a rejected movement
 *     state I       show state I (its count of reps) of both stations
 *     live I        show live I (its rep) of station 0
 *     flood N       show N live messages, 50 us apart
 *     stats         connected=... published=... waiting=... queued=... dropped=... reconnects=...
 *                   error=...; waiting: queued before the store, or in it
 *     latency N     post N reps and tell how long store_post() took, in microseconds
 *     beat S        for S seconds, 100 times a second, do what the sense thread does: post a rep, show a live message;
 *                   tell how it went: events=... waits=... call_us=mean,worst late_us=worst commit_us=worst
 *                   (waits: how often a call gave up the processor of its own accord, for a lock or anything else)
 *     alive         tell how far ahead the heartbeat is, in microseconds
 *     stop MS       stop and end: result=... and the stats
 *     last MS       the same, with a state and a rep given at the worst instant before it
 *
 * Environment: UPLINK_CA, _CERTIFICATE, _KEY, _USER, _PASSWORD, _WILL_DELAY, _HOME_US, _ID: as their names say; UPLINK_WAIT_US, the wait between two tries; STORE_MEMORY, its bound in bytes.
 * The host "stall" is a name whose look-up takes longer than any test. */

#include <errno.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "hub/brokers.h"
#include "mqtt/uplink-private.h"
#include "store/store.h"
#include "util/macros.h"

#define N_STATIONS 2

static struct uplink *uplink;
static struct store *store;
static struct outbox *outbox;
static const char *run;
static uint64_t number, seq[N_STATIONS];

/* ---- what the linker puts between (--wrap) ---- */

int __real_getaddrinfo(
        const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
int __wrap_getaddrinfo(
        const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret);
bool __real_slots_take(struct slots *s, size_t *ret_key, void *ret);
bool __wrap_slots_take(struct slots *s, size_t *ret_key, void *ret);

int __wrap_getaddrinfo(
        const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **ret) {
        if (strcmp(host, "stall") == 0 && !(hints->ai_flags & AI_NUMERICHOST))
                sleep(60);
        return __real_getaddrinfo(host, service, hints, ret);
}

/* Holds the uplink's thread where it has just found nothing new to show, until it is asked to stop. */
static _Atomic bool hold, held;

bool __wrap_slots_take(struct slots *s, size_t *ret_key, void *ret) {
        if (__real_slots_take(s, ret_key, ret))
                return true;
        if (hold && s == uplink->slots && uplink->state == LINK_ONLINE) {
                held = true;
                while (uplink->stop_us == 0)
                        usleep(1000);
                hold = false;
        }
        return false;
}

/* ---- */

static uint64_t now_ns(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

static struct message make(enum message_type type, unsigned station) {
        struct message m = {.type = type, .synced = true, .origin.load_kg = 80};
        snprintf(m.run, sizeof(m.run), "%s", run);
        snprintf(m.origin.hub, sizeof(m.origin.hub), "hub");
        snprintf(m.origin.station, sizeof(m.origin.station), "rack-%u", station);
        return m;
}

static int post(enum message_type type, unsigned station) {
        struct message m = make(type, station);
        m.number = ++number;
        m.seq = ++seq[station];
        if (type == MESSAGE_REP)
                m.rep = (struct rep){.set = 1, .rep = (uint32_t) m.seq, .n_phases = 2};
        return store_post(store, &m);
}

static void post_reps(unsigned n) {
        for (unsigned i = 0; i < n; i++)
                (void) post(MESSAGE_REP, (unsigned) (number % N_STATIONS));
}

static void latency(unsigned n) {
        uint64_t worst = 0, sum = 0;
        for (unsigned i = 0; i < n; i++) {
                uint64_t before = now_ns();
                (void) post(MESSAGE_REP, 0);
                uint64_t took = now_ns() - before;
                worst = MAX(worst, took);
                sum += took;
        }
        printf("mean=%.1f worst=%.1f\n", (double) sum / n / 1e3, (double) worst / 1e3);
}

static void show(enum message_type type, unsigned value);

static bool all_committed(void) {
        struct store_stats s;

        store_get_stats(store, &s);
        return s.queued == 0;
}

static void sleep_until(uint64_t ns) {
        const struct timespec t = {.tv_sec = (time_t) (ns / 1000000000), .tv_nsec = (long) (ns % 1000000000)};

        (void) clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

static long waits(void) {
        struct rusage r;

        return getrusage(RUSAGE_THREAD, &r) < 0 ? -1 : r.ru_nvcsw;
}

/* Twice a beat it is looked whether the store has taken all: a finer look would be a load of its own. */
static void beat(unsigned seconds) {
        const uint64_t period = 10000000, start = now_ns();
        uint64_t sum = 0, worst_call = 0, worst_late = 0, worst_commit = 0, posted = 0;
        const unsigned n = seconds * 100;
        long waited = 0;

        for (unsigned i = 0; i < n; i++) {
                const uint64_t due = start + i * period;
                uint64_t now, call;

                sleep_until(due);
                now = now_ns();
                worst_late = MAX(worst_late, now - due);
                if (posted == 0)
                        posted = now;
                const long before = waits();
                (void) post(MESSAGE_REP, i % N_STATIONS);
                show(MESSAGE_LIVE, i + 1);
                waited += waits() - before;
                call = now_ns() - now;
                worst_call = MAX(worst_call, call);
                sum += call;
                sleep_until(due + period / 2);
                worst_commit = MAX(worst_commit, now_ns() - posted);
                if (all_committed())
                        posted = 0;
        }
        printf("events=%u waits=%ld call_us=%.1f,%.1f late_us=%.1f commit_us=%.1f\n", n, waited,
                (double) sum / n / 1e3, (double) worst_call / 1e3, (double) worst_late / 1e3,
                (double) worst_commit / 1e3);
}

static void show(enum message_type type, unsigned value) {
        unsigned n = type == MESSAGE_STATE ? N_STATIONS : 1;
        for (unsigned i = 0; i < n; i++) {
                struct message m = make(type, i);
                if (type == MESSAGE_STATE)
                        m.state = (struct station_state){.sensor_state = "streaming", .set = 1, .reps = value};
                else
                        m.live = (struct live){.set = 1, .rep = value, .moving = true};
                uplink_show(uplink, i, &m);
        }
        uplink_send_live(uplink);
}

static void flood(unsigned n) {
        for (unsigned i = 0; i < n; i++) {
                show(MESSAGE_LIVE, i + 1);
                nanosleep(&(struct timespec){.tv_nsec = 50000}, NULL);
        }
}

static void stats(void) {
        struct uplink_stats u;
        struct store_stats s;
        uplink_get_stats(uplink, &u);
        store_get_stats(store, &s);
        printf("connected=%d published=%llu acknowledged=%llu waiting=%llu queued=%llu dropped=%llu "
               "reconnects=%llu "
               "error=%s\n",
                u.connected, (unsigned long long) u.published, (unsigned long long) s.acknowledged,
                (unsigned long long) (s.archive.waiting + s.queued), (unsigned long long) s.queued,
                (unsigned long long) (s.archive.dropped + s.refused), (unsigned long long) u.reconnects,
                u.error);
}

static int stop(unsigned ms) {
        store_finish(store);
        int r = uplink_stop(uplink, (uint64_t) ms * 1000);
        if (store_stop(store, 10 * SECOND_US) < 0)
                r = -1;
        printf("result=%d ", r);
        stats();
        fflush(stdout);
        if (r != 0)
                _exit(r < 0); /* the thread still runs */
        return 1;
}

/* What is given before the stop is asked for goes out before it, wherever the thread is just then. */
static int give_last_and_stop(unsigned ms) {
        hold = true;
        show(MESSAGE_LIVE, 1); /* wakes the thread */
        while (!held)
                usleep(1000);
        show(MESSAGE_STATE, 99);
        post_reps(1);
        return stop(ms);
}

static int obey(const char *line) {
        char word[32];
        unsigned value = 1;

        if (sscanf(line, "%31s %u", word, &value) < 1)
                return 0;
        if (strcmp(word, "rep") == 0)
                post_reps(value);
        else if (strcmp(word, "set") == 0)
                (void) post(MESSAGE_SET, 0);
        else if (strcmp(word, "rejected") == 0)
                (void) post(MESSAGE_REJECTED, 0);
        else if (strcmp(word, "state") == 0)
                show(MESSAGE_STATE, value);
        else if (strcmp(word, "live") == 0)
                show(MESSAGE_LIVE, value);
        else if (strcmp(word, "flood") == 0)
                flood(value);
        else if (strcmp(word, "stats") == 0)
                stats();
        else if (strcmp(word, "latency") == 0)
                latency(value);
        else if (strcmp(word, "beat") == 0)
                beat(value);
        else if (strcmp(word, "alive") == 0)
                printf("%lld\n", (long long) (uplink_alive_until_us(uplink) - now_ns() / 1000));
        else if (strcmp(word, "stop") == 0)
                return stop(value);
        else if (strcmp(word, "last") == 0)
                return give_last_and_stop(value);
        fflush(stdout);
        return 0;
}

int main(int argc, char *argv[]) {
        char line[256];
        int r = 0;

        if (argc != 4) {
                fprintf(stderr, "usage: uplink-feed BROKERS RUN FILE\n");
                return 2;
        }
        run = argv[2];
        if (outbox_new(&outbox) < 0)
                return 1;
        const struct store_config store_config = {
                .archive.path = strcmp(argv[3], "-") == 0 ? NULL : argv[3],
                .archive.disk_max = 64 << 20,
                .archive.memory_max =
                        getenv("STORE_MEMORY") ? strtoul(getenv("STORE_MEMORY"), NULL, 10) : 64 << 20,
                .archive.history_days = 90,
                .archive.unsent_days = 30,
                .outbox = outbox,
                .n_stations = N_STATIONS,
        };
        struct broker parsed[BROKERS_MAX];
        struct uplink_broker brokers[BROKERS_MAX];
        const int n_brokers = brokers_parse(argv[1], parsed);
        for (int i = 0; i < n_brokers; i++)
                brokers[i] = (struct uplink_broker){parsed[i].host, parsed[i].port, parsed[i].tls};
        const struct uplink_config config = {
                .brokers = brokers,
                .n_brokers = (unsigned) MAX(n_brokers, 0),
                .tls.ca_file = getenv("UPLINK_CA"),
                .tls.certificate_file = getenv("UPLINK_CERTIFICATE"),
                .tls.key_file = getenv("UPLINK_KEY"),
                .username = getenv("UPLINK_USER"),
                .password = getenv("UPLINK_PASSWORD"),
                .will_delay_s = getenv("UPLINK_WILL_DELAY")
                        ? (unsigned) strtoul(getenv("UPLINK_WILL_DELAY"), NULL, 10)
                        : 0,
                .home_us = getenv("UPLINK_HOME_US") ? strtoul(getenv("UPLINK_HOME_US"), NULL, 10) : 0,
                .client_id = getenv("UPLINK_ID") ? getenv("UPLINK_ID") : "repcast-test",
                .prefix = "test",
                .hub = "hub",
                .run = run,
                .version = "0",
                .keepalive_s = 20,
                .outbox = outbox,
                .n_stations = N_STATIONS,
                .reconnect_min_us =
                        getenv("UPLINK_WAIT_US") ? strtoul(getenv("UPLINK_WAIT_US"), NULL, 10) : 50000,
                .reconnect_max_us =
                        getenv("UPLINK_WAIT_US") ? strtoul(getenv("UPLINK_WAIT_US"), NULL, 10) : 400000,
        };
        if (store_new(&store_config, &store) < 0 || uplink_new(&config, &uplink) < 0 ||
                store_start(store) < 0 || uplink_start(uplink) < 0)
                return 1;
        while (r == 0 && fgets(line, sizeof(line), stdin))
                r = obey(line);
        fflush(stdout);
        if (r == 1) {
                uplink_free(uplink);
                store_free(store);
                outbox_free(outbox);
        }
        return 0;
}
