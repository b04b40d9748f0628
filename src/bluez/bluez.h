/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sensors through BlueZ (org.bluez on the system bus). Knows addresses, links and bytes; what the bytes mean is the
 * handler's business.
 *
 *     bluez_new() -> on_service() READY -> on_adapter() ... -> bluez_want() -> SEEKING ... STREAMING -> on_packet() ...
 *                                                              bluez_link_drop()
 *     bluez_stop() -> sensors are disconnected -> on_stopped() -> bluez_free()
 *
 * Everything happens on the event loop that is given, asynchronously: no call blocks. Handlers are called from the loop
 * only, never from within a function of this header; they may call everything here but bluez_free(). What BlueZ
 * says is copied and cleaned: strings are UTF-8 without control characters, figures are in range.
 *
 * The bus may have no BlueZ, lose it, or get it back at any time; nothing here fails for that, it waits. The bus
 * connection itself is the caller's: where it closes there is nothing left to do but to end. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bluez/link.h"
#include "util/gatt.h"
#include "util/macros.h"

#define BLUEZ_ADDRESS_MAX      18 /* "C0:FF:EE:00:00:01" and NUL; capitals */
#define BLUEZ_NAME_MAX         64 /* bytes with NUL; longer names are cut */
#define BLUEZ_UUID_MAX         GATT_UUID_MAX
#define BLUEZ_UUIDS_MAX        16 /* services of one device that are kept */
#define BLUEZ_COMPANY_DATA_MAX 32 /* bytes of manufacturer data that are kept */
#define BLUEZ_RSSI_NONE        INT16_MIN

struct bluez;      /* the client */
struct bluez_link; /* one wanted sensor */

/* ---- parameters ---------------------------------------------------------------------------------------------- */

struct bluez_adapter_params {
        char address[BLUEZ_ADDRESS_MAX];
        unsigned max_links; /* 0 = not used at all */
};

/* Times in microseconds; bluez_params_default() is where to start. The short ones of a test go through here too. */
struct bluez_params {
        const struct bluez_adapter_params *adapters; /* adapters with a limit of their own */
        size_t n_adapters;
        bool only_listed;   /* no other adapter is used */
        unsigned max_links; /* of adapters that are not listed; default 7 */

        const char *const *scan_uuids; /* services of known sensors; every other window asks for them */
        size_t n_scan_uuids;

        bool power_cycle; /* a silent adapter without links may be switched off and on; default true */
        uint64_t seed;    /* of the jitter */

        uint64_t connect_us;   /* for Connected=true; then Disconnect; default 15 s */
        uint64_t resolve_us;   /* for ServicesResolved=true; default 15 s (after 30, BlueZ says it with none) */
        uint64_t settle_us;    /* for the characteristics after that; default 2 s */
        uint64_t pair_us;      /* default 30 s */
        uint64_t prepare_us;   /* for all steps of the plan; default 20 s, and what the plan sleeps */
        uint64_t acquire_us;   /* for the reply to AcquireNotify; default 5 s */
        uint64_t call_us;      /* for the reply to any other call; default 10 s */
        uint64_t close_us;     /* for Connected=false; BlueZ itself takes 2.5; default 8 s */
        uint64_t retry_min_us; /* first wait after a failure; default 1 s */
        uint64_t retry_max_us; /* default 60 s */
        uint64_t retry_soon_us;    /* wait after the loss of a link that was streaming; default 0.3 s */
        uint64_t stable_us;        /* streaming for so long forgives earlier failures; default 60 s */
        unsigned quarantine_after; /* resolve failures in a row; default 4 */
        uint64_t quarantine_us;    /* default 10 min */
        uint64_t scan_us;          /* window of a scan for missing sensors; default 10.24 s, the kernel's own */
        uint64_t scan_pause_us;    /* between windows; default 20 s */
        uint64_t scan_silent_us;   /* nothing heard for so long, while a sensor is missed; default 90 s */
        unsigned breaker_failures; /* failures in a row at one adapter... default 6 */
        unsigned breaker_sensors;  /* ... of so many sensors: the adapter is at fault; default 3 */
        uint64_t breaker_us;       /* and rests for so long; default 60 s */
        uint64_t probe_us;         /* between probes of BlueZ; default 30 s */
        uint64_t probe_wait_us;    /* for its answer; default 5 s */
        unsigned probe_misses;     /* in a row: BlueZ hangs; default 3 */
        uint64_t activate_us;      /* between tries to have the bus start BlueZ; default 5 min */
        uint64_t battery_us;       /* between readings where nobody tells of changes; default 5 min */
        uint64_t stop_us;          /* bound of bluez_stop(); default 6 s */
};

struct bluez_params bluez_params_default(void);

/* ---- what it tells ------------------------------------------------------------------------------------------- */

enum bluez_service_state {
        BLUEZ_SERVICE_ABSENT,  /* nobody owns org.bluez; waiting for it */
        BLUEZ_SERVICE_LOADING, /* it is there; reading its objects */
        BLUEZ_SERVICE_READY,
        BLUEZ_SERVICE_HANGS, /* it owns the name and answers nothing */
        _BLUEZ_SERVICE_STATE_MAX,
};

const char *bluez_service_state_to_string(enum bluez_service_state state);

enum bluez_adapter_state {
        BLUEZ_ADAPTER_GONE, /* unplugged, or BlueZ is away */
        BLUEZ_ADAPTER_OFF,  /* not powered; blocked says whether rfkill is the reason */
        BLUEZ_ADAPTER_IDLE,
        BLUEZ_ADAPTER_SCANNING,
        BLUEZ_ADAPTER_CONNECTING, /* a link has its turn */
        BLUEZ_ADAPTER_RESTING,    /* failed too often: the circuit breaker is open */
        BLUEZ_ADAPTER_CYCLING,    /* being switched off and on */
        _BLUEZ_ADAPTER_STATE_MAX,
};

const char *bluez_adapter_state_to_string(enum bluez_adapter_state state);

struct bluez_adapter_info {
        char address[BLUEZ_ADDRESS_MAX];
        char id[16]; /* "hci0": changes with the order of plugging in */
        enum bluez_adapter_state state;
        bool blocked, excluded; /* by rfkill; by only_listed or max_links = 0 */
        unsigned links, max_links;
        const char *why; /* in words, where there is something to explain; else NULL */
};

struct bluez_device_info {
        char address[BLUEZ_ADDRESS_MAX];
        bool random;               /* a random address; else public */
        char name[BLUEZ_NAME_MAX]; /* as advertised; may be empty */
        char adapter[BLUEZ_ADDRESS_MAX];
        int rssi_dbm; /* BLUEZ_RSSI_NONE = not known */
        uint64_t seen_us;
        char uuids[BLUEZ_UUIDS_MAX][BLUEZ_UUID_MAX];
        size_t n_uuids;
        int company; /* of the manufacturer data; -1 = none */
        uint8_t company_data[BLUEZ_COMPANY_DATA_MAX];
        size_t n_company_data;
        bool paired, bonded, trusted, connected;
};

struct bluez_handler {
        void (*on_service)(void *userdata, enum bluez_service_state state, const char *why);
        /* An adapter came, changed or went (state GONE). */
        void (*on_adapter)(void *userdata, const struct bluez_adapter_info *adapter);
        /* While a scan is asked for: every device that advertises, as often as something changed, at most twice a
         * second each. The same sensor comes once per adapter. */
        void (*on_device)(void *userdata, const struct bluez_device_info *device);
        /* The answer to bluez_stop(): every sensor is disconnected, or the time was over. */
        void (*on_stopped)(void *userdata);
};

struct bluez_sensor_info {
        char maker[BLUEZ_NAME_MAX], model[BLUEZ_NAME_MAX], firmware[BLUEZ_NAME_MAX], serial[BLUEZ_NAME_MAX];
};

struct bluez_link_handler {
        /* why: in words, NULL where there is nothing to explain. Not called for STOPPED after bluez_link_drop(). */
        void (*on_state)(void *userdata, enum bluez_link_state state, const char *why);
        /* One notification. stream: the index within the plan; arrival_us: CLOCK_MONOTONIC at the read. Packets come
         * from the first subscription on, so already in PREPARING. */
        void (*on_packet)(void *userdata, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us);
        /* GATT_BATTERY_STANDARD; and GATT_BATTERY_CHARACTERISTIC as it was read or notified. */
        void (*on_battery)(void *userdata, unsigned percent);
        void (*on_battery_value)(void *userdata, const uint8_t *bytes, size_t n);
        /* Device Information service, read once per link after the stream has started. */
        void (*on_info)(void *userdata, const struct bluez_sensor_info *info);
};

/* ---- the client ---------------------------------------------------------------------------------------------- */

/* The bus must be attached to the loop. Both are kept referenced. handler outlives the client. */
int bluez_new(sd_event *event, sd_bus *bus, const struct bluez_params *params,
        const struct bluez_handler *handler, void *userdata, struct bluez **ret);

/* Ends at once; without bluez_stop() before, sensors stay connected. */
struct bluez *bluez_free(struct bluez *b);
DEFINE_CLEANUP(struct bluez *, bluez_free);

/* The next step of the loop in place of sd_event_run(3), and like that: reads the streams when their turn has come, so that
 * no timer is set for it some hundred times a second. The client may be freed within. */
int bluez_run(struct bluez *b, uint64_t timeout_us);

/* Disconnect every sensor before leaving the bus: a client that leaves with acquired notifications crashes bluetoothd
 * up to 5.85. on_stopped() comes within params.stop_us. */
void bluez_stop(struct bluez *b);

/* Tell on_device() of what is near, from every adapter that may be used; goes on until false. Links keep working. */
void bluez_scan(struct bluez *b, bool on);

enum bluez_service_state bluez_get_service(const struct bluez *b);

/* One at a time, from 0; false = no more. */
bool bluez_get_adapter(const struct bluez *b, size_t i, struct bluez_adapter_info *ret);

/* ---- links --------------------------------------------------------------------------------------------------- */

struct bluez_want {
        const char *address; /* any case; a public, static random or (of a bonded sensor) identity address */
        const char *adapter; /* address of the one adapter to use; NULL = the best one */
        const struct gatt_plan *plan; /* what to do with it; copied */
        uint64_t stall_us;            /* no packet for so long while streaming: connect anew; 0 = never */
        bool bond;                    /* no stream without a bond */
        bool may_pair;   /* the bond may be made now: the adopt window is open, or a passkey is configured */
        int64_t passkey; /* 0 to 999999; -1 = none (Just Works) */
};

/* 0; -EINVAL for an address that is none; -EEXIST where another link wants the same sensor; -ENOMEM. The want is
 * copied. Nothing else is ever connected to, paired with, or answered. */
int bluez_want(struct bluez *b, const struct bluez_want *want, const struct bluez_link_handler *handler,
        void *userdata, struct bluez_link **ret);

/* No longer wanted. The handler hears no more; the sensor is disconnected in the background. Returns NULL. */
struct bluez_link *bluez_link_drop(struct bluez_link *l);

/* Open or close the adopt window of this sensor. */
void bluez_link_allow_pairing(struct bluez_link *l, bool may_pair);

/* Nobody trains: run the plan's idle sequence, or its wake sequence, now and after every new connection. What is silent
 * in the idle state is no stall. Without an idle sequence: nothing. */
void bluez_link_idle(struct bluez_link *l, bool idle);

/* Close this link and come again (what arrives makes no sense). why: for the log and on_state(). */
void bluez_link_restart(struct bluez_link *l, const char *why);

struct bluez_link_info {
        enum bluez_link_state state;
        char why[160]; /* of the last failure; empty = none */
        char address[BLUEZ_ADDRESS_MAX], name[BLUEZ_NAME_MAX], adapter[BLUEZ_ADDRESS_MAX];
        int rssi_dbm;              /* BLUEZ_RSSI_NONE = not known */
        bool bonded, start_notify; /* packets over the bus instead of a socket of their own */
        unsigned mtu;
        int battery_percent; /* -1 = not known */
        uint64_t packets, bytes, truncated;
        unsigned connects, failures; /* since bluez_want() */
        uint64_t since_us;           /* of the state */
};

void bluez_link_get_info(const struct bluez_link *l, struct bluez_link_info *ret);

/* A bond with a sensor that is no longer wanted, or with a device that was: RemoveDevice on every adapter. */
int bluez_forget(struct bluez *b, const char *address);
