/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the files of the client share. Decisions are pure and stand elsewhere (link.h, radio.h, schedule.h, error.h); here
 * is what carries them out.
 *
 *     bluez.c       the client: one turn of work after whatever happened, one timer for all deadlines
 *     service.c     who owns org.bluez, the mirror's messages, activation, probe
 *     adapter.c     discovery, whose turn it is, power cycle
 *     connection.c  Connect, Pair, Disconnect, RemoveDevice: what the link machine asks for
 *     session.c     the steps of a plan over an open link
 *     stream.c      notifications: sockets and signals
 *     streams.c     when the sockets are read
 *     agent.c       org.bluez.Agent1
 *
 * Level-triggered: a callback of the bus only notes what it saw (in the mirror, or in a flag) and asks for a turn of
 * work; the turn compares what is with what each machine knows. Nothing is lost by order or by a missed signal. */

#include "bluez/bluez.h"
#include "bluez/error.h"
#include "bluez/mirror.h"
#include "bluez/radio.h"
#include "bluez/schedule.h"
#include "util/backoff.h"

#define BLUEZ_SERVICE "org.bluez"
#define WHY_MAX       160

/* ---- an adapter ---------------------------------------------------------------------------------------------- */

struct radio {
        struct radio *next;
        struct bluez *b;
        char address[BLUEZ_ADDRESS_MAX], path[MIRROR_PATH_MAX];
        enum radio_state state;
        uint64_t deadline_us;
        struct bluez_link *turn; /* whose turn it is; NULL = nobody's */
        sd_bus_slot *call;
        bool done, failed; /* what the call came to */

        uint64_t window_end_us, pause_end_us;
        uint64_t silent_since_us; /* a sensor is missed, and nothing was heard since; 0 = not so */
        enum ladder rung;
        bool cycle;   /* the ladder asks for a power cycle */
        bool trouble; /* the breaker has opened */
        bool all;     /* the next window asks for no service */

        struct breaker breaker;
        unsigned links; /* up, or under way */
        char why[WHY_MAX];
        struct bluez_adapter_info told;
};

/* ---- a link -------------------------------------------------------------------------------------------------- */

struct stream {
        struct bluez_link *link;
        unsigned characteristic; /* of the plan */
        char path[MIRROR_PATH_MAX];
        int fd;             /* of AcquireNotify; -1 = none */
        sd_bus_slot *match; /* of StartNotify */
        bool subscribed;
        uint64_t since_us;
        uint64_t ended_us; /* the socket was closed by the other end; 0 = it is open */
};

enum job {
        JOB_NONE,
        JOB_INIT,
        JOB_STOP,
        JOB_WAKE,
        JOB_IDLE,
        JOB_INFO,
        JOB_BATTERY,
        JOB_POLL,
};

struct session {
        enum job job;
        unsigned step;
        unsigned pending; /* bit of each job that waits */
        bool ready;       /* init is done */
        bool stopped;     /* stop is done, or there is nothing to do */
        bool idle;        /* the idle sequence was the last */
        uint64_t wait_until_us;
        uint64_t stop_by_us;
        sd_bus_slot *call;
        struct stream streams[GATT_CHARACTERISTICS_MAX];
        uint64_t packet_us; /* arrival of the last packet */
        uint64_t battery_due_us, poll_due_us;
        struct bluez_sensor_info info;
        unsigned mtu;
};

struct bluez_link {
        struct bluez_link *next;
        struct bluez *b;
        uint32_t number;

        char address[BLUEZ_ADDRESS_MAX], pinned[BLUEZ_ADDRESS_MAX];
        struct gatt_plan plan;
        uint64_t stall_us;
        bool bond, may_pair;
        int64_t passkey;
        const struct bluez_link_handler *handler;
        void *userdata;
        bool dropped; /* the handler is gone; freed once it is STOPPED */
        bool idle;    /* wanted */

        enum bluez_link_state state;
        uint64_t since_us, deadline_us;
        char why[WHY_MAX];
        bool failed; /* a step failed; why says it */
        bool soon;   /* the next try goes another way: no need to wait */
        enum bluez_link_state told_state;
        char told_why[WHY_MAX];

        struct radio *radio;         /* where it queues, or is open */
        char had[BLUEZ_ADDRESS_MAX]; /* the adapter of the last open link */
        char path[MIRROR_PATH_MAX];
        uint64_t generation; /* of the device object that was connected */
        unsigned downs;
        sd_bus_slot *call; /* Connect and the question after it, Pair */
        enum bluez_error connect_error;
        char connect_why[WHY_MAX];
        sd_bus_slot *closing; /* Disconnect */
        bool closed;          /* Disconnect has been answered */
        bool remove;          /* RemoveDevice once it is closed */
        bool own;             /* Connect was called: the link is not left over from somebody else */
        bool start_notify;    /* AcquireNotify did not do */
        struct session session;

        struct backoff backoff;
        uint64_t wait_us; /* in BACKOFF */
        uint64_t lost_us; /* end of the last link, or of the try for it */
        unsigned tries;   /* failures in a row */
        unsigned resolve_failures;
        int battery_told;

        uint64_t packets, bytes, truncated;
        unsigned connects, failures;
};

/* ---- the client ---------------------------------------------------------------------------------------------- */

struct bluez {
        sd_event *event;
        int streams_fd;           /* epoll with the sockets of all streams */
        sd_event_source *streams; /* a socket is readable */
        uint64_t streams_read_us; /* when they were last read */
        uint64_t streams_turn_us; /* when it is time to look; UINT64_MAX = no turns are taken */
        unsigned streams_armed;   /* turns for which the loop has been left as it was prepared */
        sd_bus *bus;
        struct bluez_params params;
        struct bluez_adapter_params *adapters; /* copies; params points here */
        char (*scan_uuids)[BLUEZ_UUID_MAX];
        const struct bluez_handler *handler;
        void *userdata;

        sd_event_source *work, *timer;
        uint64_t wake_us; /* the next deadline of all */

        struct mirror mirror;
        struct radio *radios;
        struct bluez_link *links;
        uint32_t n_links_ever;
        bool scan;        /* a person looks */
        uint64_t tell_us; /* next time devices are told */
        bool stopping, stopped;
        uint64_t stop_deadline_us;
        bool flood_told;

        /* service.c */
        enum bluez_service_state service;
        char owner[64]; /* unique name; empty = nobody */
        sd_bus_slot *watch, *matches[6], *owner_call, *load_call, *probe_call, *activate_call;
        uint64_t load_at_us, probe_at_us, activate_at_us;
        unsigned probe_misses;
        bool reload; /* it answers again: what was missed is to be read */
        struct backoff load_backoff;

        /* agent.c */
        sd_bus_slot *agent, *agent_call;
        const char *agent_capability; /* as registered; NULL = not */
};

/* bluez.c */
void bluez_clean(const char *text, char *ret, size_t size); /* one line of ASCII and UTF-8 */
uint64_t bluez_now_us(const struct bluez *b);
void bluez_kick(struct bluez *b);                      /* a turn of work, soon */
void bluez_wake_at(struct bluez *b, uint64_t when_us); /* and one not later than this */
bool bluez_message_fault(const char *what, sd_bus_message *m, int r);

/* A call to BlueZ with its own time-out; arguments as for sd_bus_message_append(). */
int bluez_call(struct bluez *b, sd_bus_slot **ret_slot, const char *path, const char *interface,
        const char *member, uint64_t timeout_us, sd_bus_message_handler_t handler, void *userdata,
        const char *types, ...);

/* What a reply says, and in words for a person: BlueZ's own text, cleaned, goes behind. */
enum bluez_error bluez_reply(sd_bus_message *reply, char ret_why[static WHY_MAX]);

/* service.c */
int service_start(struct bluez *b);
void service_stop(struct bluez *b);
void service_work(struct bluez *b, uint64_t now_us);
bool service_is_sender(const struct bluez *b, sd_bus_message *m);

/* adapter.c */
void adapters_sync(struct bluez *b, uint64_t now_us);
void adapters_work(struct bluez *b, uint64_t now_us);
void adapters_free(struct bluez *b);
void adapters_hurry(struct bluez *b); /* a sensor has just been lost, or is new: look for it at once */
void adapter_fill_info(const struct bluez *b, const struct radio *r, struct bluez_adapter_info *ret);
unsigned adapter_max_links(const struct radio *r, uint64_t now_us);
bool adapter_is_usable(const struct bluez *b, const struct radio *r);
void adapter_release(struct radio *r, const struct bluez_link *l);
struct radio *adapter_find_best(struct bluez *b, const struct bluez_link *l, uint64_t now_us);
struct mirror_object *adapter_find_device(const struct bluez *b, const struct radio *r,
        const struct bluez_link *l, char ret_path[static MIRROR_PATH_MAX]);
bool adapter_hears(const struct bluez_link *l, const struct mirror_device *d, uint64_t now_us);

/* connection.c */
void connection_work(struct bluez_link *l, uint64_t now_us);
void connection_give_turn(struct bluez_link *l, struct radio *r, uint64_t now_us);
void connection_fail(struct bluez_link *l, const char *format, ...) _printf_(2, 3);
struct mirror_device *connection_device(const struct bluez_link *l);
void connection_free(struct bluez_link *l);

/* session.c */
const struct gatt_characteristic *session_lacks(
        const struct bluez_link *l); /* NULL = all that init needs is there */
void session_begin(struct bluez_link *l);
void session_stream(struct bluez_link *l, uint64_t now_us);
void session_close(struct bluez_link *l, bool wanted, uint64_t now_us);
uint64_t session_prepare_us(const struct bluez_link *l);
void session_end(struct bluez_link *l);
void session_work(struct bluez_link *l, uint64_t now_us);
uint64_t session_stall_us(const struct bluez_link *l);

/* streams.c */
int streams_open(struct bluez *b);
void streams_close(struct bluez *b);

/* stream.c */
void stream_init(struct stream *s, struct bluez_link *l, unsigned characteristic);
void stream_subscribe(
        struct stream *s, const char *path, unsigned flags); /* session_step_done() or _failed() follows */
void stream_close(struct stream *s);
void stream_read(struct stream *s, uint32_t events, uint64_t arrival_us); /* one datagram; events: of epoll */
void session_step_done(struct bluez_link *l);
void session_step_failed(struct bluez_link *l, const char *why);
void session_take(struct stream *s, const uint8_t *bytes, size_t n, uint64_t arrival_us);

/* agent.c */
int agent_start(struct bluez *b);
void agent_work(struct bluez *b); /* register, with what the wants ask for */
void agent_lost(struct bluez *b); /* BlueZ is away */
