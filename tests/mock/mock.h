/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A fake org.bluez for tests: adapters, sensors in the air, links, GATT, pairing, and everything that goes wrong with
 * them, by commands. README.md has the commands. It behaves as BlueZ 5.66 does, with its error names and texts, and
 * prints "violation" where a client does what makes the real one slow, wedge or crash. */

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#define PATH_SIZE    128
#define ADDRESS_SIZE 18
#define UUID_SIZE    37
#define TEXT_SIZE    256
#define VALUE_MAX    512

#define BLUEZ_FAILED "org.bluez.Error.Failed"

struct bar;         /* bar.c */
struct bar_journal; /* as well */
struct mock;
struct sensor;
struct tape; /* bar.c */

struct adapter {
        struct adapter *next;
        struct mock *mock;
        char id[16], address[ADDRESS_SIZE], path[PATH_SIZE];
        bool plugged, powered, blocked, discovering;
        char discoverer[64]; /* unique name of who started */
        unsigned slots;      /* links that it can carry */
        int gain;            /* dB, what it hears more than others */
        bool deaf;           /* hears nothing until it is switched off and on */
        unsigned connecting; /* Connects under way */
};

/* A characteristic of a sensor, as the sensor has it. */
struct attribute {
        struct attribute *next;
        struct sensor *sensor;
        char service[UUID_SIZE], uuid[UUID_SIZE], flags[96];
        unsigned number; /* of its object path */
        uint8_t value[VALUE_MAX];
        size_t n_value;
        uint8_t (*packets)[VALUE_MAX]; /* what it streams, from a file */
        unsigned *lengths;
        uint64_t *times_us;
        unsigned n_packets, next_packet;
        bool loop;
        double speed;
        uint64_t
                began_us; /* CLOCK_MONOTONIC at which the recording began, or would have to be where it goes on */
        unsigned pattern_size, pattern_ms; /* or made: a counter of 32 bits, then filling */
        uint32_t counter, count;
        unsigned drop; /* so many notifications get lost */
        sd_event_source *timer;
        struct bar *bar; /* what it streams instead */
};

enum services {
        SERVICES_NORMAL,
        SERVICES_LATE,  /* ServicesResolved first, the objects afterwards */
        SERVICES_EMPTY, /* ServicesResolved, and never an object */
        SERVICES_NEVER,
};

struct sensor {
        struct sensor *next;
        struct mock *mock;
        char address[ADDRESS_SIZE], name[TEXT_SIZE], services[TEXT_SIZE];
        char near[16]; /* the only adapter that hears it; empty = all */
        bool random, advertising;
        bool mute; /* that it is connected is not told, as BlueZ 5.66 does at times */
        int rssi;
        int battery; /* of Battery1; -1 = has none */
        enum services resolve;
        unsigned resolve_ms, late_ms;
        char pairing[16]; /* "", "justworks", "passkey", "refuse" */
        uint32_t passkey;
        unsigned mtu;
        struct attribute *attributes;
        unsigned n_attributes;
};

/* A sensor as one adapter knows it: the device object. */
struct peer {
        struct peer *next;
        struct adapter *adapter;
        struct sensor *sensor;
        char path[PATH_SIZE];
        bool object, heard, temporary, connected, resolved, exported, bonded;
        int rssi;                /* as it was told */
        sd_bus_message *connect; /* whose answer is due */
        sd_event_source *timer, *expiry;
};

/* A characteristic as one adapter knows it, while somebody listens. */
struct listener {
        struct listener *next;
        struct peer *peer;
        struct attribute *attribute;
        int fd;     /* our end of the socket; -1 = StartNotify */
        bool stuck; /* its AcquireNotify has failed: the next StartNotify crashes the real one */
        char client[64];
};

struct fault {
        struct fault *next;
        char target[ADDRESS_SIZE], member[32];
        unsigned count; /* times; 0 = for ever */
        enum {
                FAULT_ERROR,
                FAULT_HANG,
                FAULT_DELAY,
                FAULT_LIE, /* succeeds and does nothing */
        } kind;
        char name[80], text[TEXT_SIZE];
        unsigned ms;
};

struct agent {
        char client[64], path[PATH_SIZE], capability[32];
};

struct mock {
        sd_event *event;
        sd_bus *bus;
        struct adapter *adapters;
        struct sensor *sensors;
        struct peer *peers;
        struct listener *listeners;
        struct fault *faults;
        struct agent agent;
        bool hung;  /* answers nothing */
        bool quiet; /* does not print the calls */
        unsigned advert_ms, connect_ms, absent_ms, disconnect_ms, expire_ms, slow_ms;
        sd_event_source *adverts;
        struct bar **bars;
        size_t n_bars;
        struct tape *tapes;
        struct bar_journal *journal; /* NULL = none is kept */
        sd_event_source *pump;
        sd_bus_message *pair; /* whose answer is due */
        struct peer *pair_peer;
};

/* model.c */
struct adapter *find_adapter(struct mock *m, const char *id_or_path);
struct sensor *find_sensor(struct mock *m, const char *address);
struct peer *find_peer(struct mock *m, const char *path);
struct peer *get_peer(struct adapter *a, struct sensor *s); /* made where it is missing */
struct attribute *find_attribute(struct sensor *s, const char *uuid);
void attribute_path(const struct peer *p, const struct attribute *a, char ret[PATH_SIZE]);
struct peer *find_attribute_peer(struct mock *m, const char *path, struct attribute **ret);
void later(
        struct mock *m, sd_event_source **slot, unsigned ms, sd_event_time_handler_t handler, void *userdata);
void say(struct mock *m, const char *format, ...) __attribute__((__format__(printf, 2, 3)));

/* objects.c: properties and signals */
int append_adapter(sd_bus_message *m, const struct adapter *a);
void append_device(sd_bus_message *m, const struct peer *p); /* a{sv} */
int append_objects(sd_bus_message *m, struct mock *mock);    /* a{oa{sa{sv}}} */
void tell_adapter(struct adapter *a, bool added);
void tell_peer(struct peer *p, bool added);
void tell_service(struct peer *p, bool added);
void tell_attribute(struct peer *p, struct attribute *a, bool added);
void tell_battery(struct peer *p);
void tell_bool(struct mock *m, const char *path, const char *interface, const char *name, bool value);
void tell_rssi(struct peer *p, bool valid);
void tell_value(struct peer *p, struct attribute *a, const void *bytes, size_t n);

/* links.c: discovery, connecting, expiry */
void start_adverts(struct mock *m);
void stop_discovery(struct adapter *a);
int peer_connect(struct peer *p, sd_bus_message *call);
int peer_disconnect(struct peer *p, sd_bus_message *call);
void peer_up(struct peer *p);
void peer_down(struct peer *p);
void peer_remove(struct peer *p);
int peer_pair(struct peer *p, sd_bus_message *call);
void set_power(struct adapter *a, bool on);
void unplug(struct adapter *a);

/* gatt.c: values */
int gatt_call(struct peer *p, struct attribute *a, sd_bus_message *call, const char *member);
void notify(struct attribute *a, const void *bytes, size_t n);
bool notify_listener(struct listener *l, const void *bytes, size_t n);     /* false: its socket is full */
void close_listeners(struct mock *m, struct peer *p, struct attribute *a); /* a NULL: all of the peer */
int load_packets(struct attribute *a, const char *path);
void stick(struct peer *p, struct attribute *a);

/* bar.c: bars that are lifted. Commands return an error text or NULL. */
const char *bar_new(struct attribute *a, const char *path, unsigned rate_hz, unsigned batch, unsigned skip);
const char *bar_open_journal(struct mock *m, const char *path);
void bar_listen(struct bar *b, struct listener *l);
void bar_silence(struct bar *b);

/* methods.c */
int on_message(sd_bus_message *call, void *userdata, sd_bus_error *error);

/* script.c: one line; returns an error text or NULL */
const char *run_command(struct mock *m, char *line);
