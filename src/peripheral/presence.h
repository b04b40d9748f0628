/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The sensor's radio: one adapter of BlueZ, on which the GATT server and the advertisement are kept registered for as
 * long as both are there. BlueZ and the adapter may come, go and be switched off at any time.
 *
 *     no BlueZ -> no adapter -> switched off -> registering -> advertising <-> linked
 *         ^___________^_____________^________________^______________^____________|      */

#include <stdbool.h>

#include "peripheral/advert.h"
#include "peripheral/agent.h"
#include "peripheral/application.h"
#include "peripheral/bus.h"

#define PRESENCE_LINKS_MAX 8
#define PRESENCE_ALIAS_MAX 249 /* with the NUL: the longest name of an adapter */

enum presence_state {
        PRESENCE_NO_BLUEZ,
        PRESENCE_NO_ADAPTER,
        PRESENCE_OFF,
        PRESENCE_REGISTERING,
        PRESENCE_READY, /* registered; advertising, if it is to */
        _PRESENCE_STATE_MAX,
};

struct presence_handler {
        /* why: the words of BlueZ where it refused something, or NULL. */
        void (*on_state)(void *userdata, enum presence_state state, const char *why);
        void (*on_link)(void *userdata, const char *address, bool connected);
};

struct presence {
        struct bus *bus;
        const char *wanted; /* hciN or address; NULL = the first that can */
        struct application *application;
        struct advert *advert;
        struct agent *agent; /* NULL = none */
        const struct presence_handler *handler;
        void *userdata;

        enum presence_state state;
        char adapter[BUS_PATH_MAX]; /* empty = none chosen */
        char address[18];
        char alias[PRESENCE_ALIAS_MAX]; /* that the adapter had before */
        bool powered, has_gatt, has_adverts;
        bool calling;   /* a registration is under way */
        bool advertise; /* it is to */
        bool advertising;
        char links[PRESENCE_LINKS_MAX][BUS_PATH_MAX];
        struct loop_timer retry;
};

void presence_start(struct presence *p);
void presence_stop(struct presence *p);

/* To be found, or to be away. */
void presence_advertise(struct presence *p, bool advertise);

/* Drop every link. */
void presence_disconnect(struct presence *p);
