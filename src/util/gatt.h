/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What to do with the characteristics of a peripheral, as plain data. The profile engine (src/sensor) makes a plan, a
 * Bluetooth client (src/bluez) carries it out and hands back bytes; neither knows of the other.
 *
 *     connect -> init -> [stream 0 .. n_streams-1 notify] -> idle -> wake -> ... -> stop -> disconnect
 *                               poll, every poll_period_s
 *
 * A sequence is done step by step; the first step that fails ends it, and with it the link. Everything in a plan has
 * been checked: each index is in its range, each stream is subscribed exactly once, in init. */

#include <stdbool.h>
#include <stdint.h>

#define GATT_UUID_MAX            37 /* 128 bits as text in small letters, with the NUL */
#define GATT_UUIDS_MAX           3  /* alternatives for one characteristic */
#define GATT_CHARACTERISTICS_MAX 8
#define GATT_STREAMS_MAX         4
#define GATT_STEPS_MAX           24  /* of one sequence */
#define GATT_BYTES_MAX           64  /* of one write */
#define GATT_VALUE_MAX           512 /* longest attribute value, and so longest notification */
#define GATT_WAIT_MAX_MS         10000

/* The peripheral has it under one of these UUIDs; the first one that is there is meant. */
struct gatt_characteristic {
        char uuids[GATT_UUIDS_MAX][GATT_UUID_MAX];
        unsigned n_uuids;
        /* Several services may have one UUID: 1 + index of the characteristic (before this one, and itself beside none)
         * in whose service it is; 0 = in any. */
        unsigned beside;
};

enum gatt_action {
        GATT_SUBSCRIBE, /* to notifications (or indications); while subscribed already: nothing to do */
        GATT_WRITE,     /* with response */
        GATT_SEND,      /* write without response */
        GATT_WAIT,      /* milliseconds */
        _GATT_ACTION_MAX,
};

struct gatt_step {
        enum gatt_action action;
        unsigned characteristic; /* index into characteristics; not for GATT_WAIT */
        unsigned wait_ms;        /* GATT_WAIT, 1 to GATT_WAIT_MAX_MS */
        unsigned n_bytes;        /* GATT_WRITE and GATT_SEND, 1 to GATT_BYTES_MAX */
        uint8_t bytes[GATT_BYTES_MAX];
};

struct gatt_sequence {
        struct gatt_step steps[GATT_STEPS_MAX];
        unsigned n_steps;
};

enum gatt_battery {
        GATT_BATTERY_NONE,           /* cannot be asked */
        GATT_BATTERY_STANDARD,       /* service 180f (characteristic 2a19, per cent), or BlueZ's Battery1 */
        GATT_BATTERY_CHARACTERISTIC, /* read it, and subscribe where it notifies; profile_battery() reads the bytes */
        GATT_BATTERY_STREAM, /* comes among the bytes of a stream, mostly as an answer to poll: the decoder tells */
};

enum gatt_idle {
        GATT_IDLE_NONE, /* there is no idle sequence */
        GATT_IDLE_SLOW, /* after idle, samples come at idle_hz: whoever decodes them sees motion, and wake follows */
        GATT_IDLE_OFF,   /* after idle, no samples come; wake must follow at times to look */
        GATT_IDLE_MOTION /* after idle, no samples come until the sensor is moved: then it streams by itself */
};

struct gatt_plan {
        struct gatt_characteristic characteristics[GATT_CHARACTERISTICS_MAX];
        unsigned n_characteristics;

        unsigned streams[GATT_STREAMS_MAX]; /* index of the characteristic that notifies stream k */
        unsigned n_streams;                 /* 1 or more */
        unsigned least_mtu; /* ATT_MTU below which the packets are cut (23 is what every link has) */

        struct gatt_sequence init; /* subscriptions and writes after each connection */
        struct gatt_sequence stop; /* before a disconnection that is wanted; may be empty */

        enum gatt_idle idle_kind;
        double idle_hz; /* GATT_IDLE_SLOW: rate while idle */
        struct gatt_sequence idle, wake;

        enum gatt_battery battery;
        unsigned battery_characteristic; /* GATT_BATTERY_CHARACTERISTIC only */
        struct gatt_sequence poll;       /* empty = nothing to poll */
        unsigned poll_period_s;

        /* oddities of the device */
        unsigned connect_cooldown_s; /* after a failed connect it takes no other for so long; 0 = none */
        bool weak_adverts; /* its adverts may not be seen or carry no signal strength: connect without */
};
