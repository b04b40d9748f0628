/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* BlueZ's objects as this client knows them: adapters, devices, characteristics. Filled from GetManagedObjects and
 * kept true by InterfacesAdded, InterfacesRemoved and PropertiesChanged; makes no calls of its own.
 *
 *     /org/bluez/hci0                                            adapter
 *     /org/bluez/hci0/dev_C0_FF_EE_00_00_01                      device (and its Battery1)
 *     /org/bluez/hci0/dev_C0_FF_EE_00_00_01/service000a/char000b characteristic
 *
 * Bounded: what comes in a flood is passed over and counted, unless it belongs to a sensor that somebody wants. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "bluez/bluez.h"
#include "bluez/properties.h"

#define MIRROR_ADAPTERS_MAX        16
#define MIRROR_DEVICES_MAX         1024 /* that nobody wants */
#define MIRROR_CHARACTERISTICS_MAX 128  /* of one device */
#define MIRROR_PATH_MAX            128
#define MIRROR_BUCKETS             512

struct mirror_adapter {
        char address[BLUEZ_ADDRESS_MAX]; /* empty = not told yet */
        bool powered, discovering, blocked;
};

struct mirror_device {
        struct bluez_device_info info; /* adapter is left empty here */
        bool has_bonded;               /* BlueZ 5.65 and later tell; before, paired has to do */
        bool resolved;
        bool wanted;
        bool changed;     /* since it was told to on_device() */
        uint64_t told_us; /* to on_device(), last */
        unsigned downs;   /* how often the link was lost */
        int last_rssi_dbm;
        uint64_t heard_us; /* an advertisement was heard, last; 0 = never */
        int battery_percent;
};

struct mirror_characteristic {
        char uuid[BLUEZ_UUID_MAX];
        unsigned flags; /* enum gatt_flag */
        unsigned mtu;   /* 0 = not known */
};

struct mirror_object {
        struct mirror_object *next;     /* in its bucket */
        struct mirror_object *namesake; /* next device in the bucket of its address */
        uint64_t generation;            /* no two objects have the same, nor one that came back */
        bool loaded;
        struct mirror_adapter *adapter;
        struct mirror_device *device;
        struct mirror_characteristic *characteristic;
        char path[MIRROR_PATH_MAX];
};

struct mirror {
        struct mirror_object *buckets[MIRROR_BUCKETS]; /* by path */
        struct mirror_object *devices[MIRROR_BUCKETS]; /* by address */
        size_t n_adapters, n_strangers;                /* devices that nobody wants */
        uint64_t generation;
        uint64_t passed_over; /* objects for which there was no place */
        bool dirty;           /* something that matters to adapters or wanted sensors changed */
        bool heard;           /* something about other devices changed */
        bool (*wanted)(void *userdata, const char *address);
        void *userdata;
};

/* wanted: whether a link exists for this address. */
void mirror_init(struct mirror *m, bool (*wanted)(void *userdata, const char *address), void *userdata);
void mirror_clear(struct mirror *m);

/* The wants have changed: which devices count as strangers has to be seen anew. */
void mirror_review(struct mirror *m);

/* Messages from BlueZ. Return 0, or negative for a message that is not of the form it should have; what came before
 * the fault is taken. */
int mirror_load(struct mirror *m, sd_bus_message *reply, uint64_t now_us);
int mirror_added(struct mirror *m, sd_bus_message *signal, uint64_t now_us);
int mirror_removed(struct mirror *m, sd_bus_message *signal);
int mirror_changed(struct mirror *m, sd_bus_message *signal, uint64_t now_us);

/* The reply to GetAll of Device1. */
int mirror_refresh(struct mirror *m, const char *path, sd_bus_message *reply, uint64_t now_us);

struct mirror_object *mirror_find(const struct mirror *m, const char *path);

/* Start with NULL. Objects come in no order; do not change the mirror meanwhile. */
struct mirror_object *mirror_next(const struct mirror *m, const struct mirror_object *after);

/* The device with this address at the adapter. ret_path: its path, or the one that it would have. */
struct mirror_object *mirror_find_device(const struct mirror *m, const char *adapter_path,
        const char address[static BLUEZ_ADDRESS_MAX], char ret_path[static MIRROR_PATH_MAX]);

/* A characteristic of the device; of several with that UUID the one with the smallest path. */
struct mirror_object *mirror_find_characteristic(
        const struct mirror *m, const char *device_path, const char *uuid);

/* The same in the service of another characteristic. */
struct mirror_object *mirror_find_beside(
        const struct mirror *m, const struct mirror_object *characteristic, const char *uuid);

/* Whether path is below the other one. */
bool path_is_below(const char *path, const char *above);

bool mirror_device_is_bonded(const struct mirror_device *d);
