/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A GATT server as BlueZ wants it: a tree of D-Bus objects that it reads once with GetManagedObjects and then calls.
 *
 *     /org/repcast/sensor                     ObjectManager
 *     /org/repcast/sensor/service0            org.bluez.GattService1
 *     /org/repcast/sensor/service0/char0      org.bluez.GattCharacteristic1
 *
 * Notifications of motion go through the socket that BlueZ gets from AcquireNotify: one datagram each, no D-Bus
 * message. Rare ones (battery) are a change of the property Value. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peripheral/bus.h"
#include "util/gatt.h"

#define APPLICATION_ROOT                "/org/repcast/sensor"
#define APPLICATION_SERVICES_MAX        3
#define APPLICATION_CHARACTERISTICS_MAX (GATT_CHARACTERISTICS_MAX + 2)

enum application_flags {
        APPLICATION_READ = 1 << 0,
        APPLICATION_WRITE = 1 << 1,
        APPLICATION_SEND = 1 << 2,   /* write without response */
        APPLICATION_NOTIFY = 1 << 3, /* through a property: now and then */
        APPLICATION_STREAM = 1 << 4, /* through a socket: many a second */
};

struct application;

struct application_characteristic {
        char uuid[GATT_UUID_MAX];
        char path[BUS_PATH_MAX];
        unsigned service, flags;
        uint8_t value[GATT_VALUE_MAX];
        size_t n_value;
        bool notifying;
        uint16_t mtu;      /* of the link, told with the subscription */
        struct loop_io io; /* the socket of a stream; fd -1 = nobody has subscribed */
        struct application *application;
};

struct application_handler {
        void (*on_write)(void *userdata, unsigned characteristic, const uint8_t *bytes, size_t n);
        void (*on_subscribed)(void *userdata, unsigned characteristic, bool subscribed);
};

struct application {
        struct bus *bus;
        bool encrypted; /* nothing of the first service without pairing */
        char services[APPLICATION_SERVICES_MAX][GATT_UUID_MAX];
        unsigned n_services;
        struct application_characteristic characteristics[APPLICATION_CHARACTERISTICS_MAX];
        unsigned n_characteristics;
        const struct application_handler *handler;
        void *userdata;
};

/* First the services and characteristics, each answered with its index, or -ENOSPC; then export. */
int application_add_service(struct application *a, const char *uuid);
int application_add(struct application *a, unsigned service, const char *uuid, unsigned flags);
void application_export(struct application *a, struct bus *bus);
void application_unexport(struct application *a);

/* What a read gives; told to whoever subscribed through the property. */
void application_set_value(struct application *a, unsigned characteristic, const uint8_t *bytes, size_t n);

/* A notification of a stream. 1 = BlueZ has it, 0 = nobody has subscribed, -EAGAIN = BlueZ does not keep up. */
int application_stream(struct application *a, unsigned characteristic, const uint8_t *bytes, size_t n);

/* BlueZ is gone, and with it every subscription. */
void application_reset(struct application *a);
