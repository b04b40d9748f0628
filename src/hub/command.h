/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What people ask of the hub, whichever way they come in. A command is carried out or refused at once; what must be
 * kept over a restart is then written, and only when that is done is the person told of success. */

#include <stdbool.h>
#include <stddef.h>

#include "hub/adopted.h"
#include "hub/hub-private.h"

/* Why not: a name for programs, words for people that say what to do. */
struct refusal {
        const char *error; /* a D-Bus error name */
        char text[512];
};

#define ERROR_INVALID         "org.repcast.Error.InvalidArgument"
#define ERROR_NO_STATION      "org.repcast.Error.NoSuchStation"
#define ERROR_NO_SENSOR       "org.repcast.Error.NoSuchSensor"
#define ERROR_NO_PROFILE      "org.repcast.Error.NoSuchProfile"
#define ERROR_IN_USE          "org.repcast.Error.InUse"
#define ERROR_NO_EXERCISE     "org.repcast.Error.NoSuchExercise"
#define ERROR_NO_PRESCRIPTION "org.repcast.Error.NoSuchPrescription"
#define ERROR_NO_SET          "org.repcast.Error.NoSuchSet"
#define ERROR_TOO_LATE        "org.repcast.Error.TooLate"
#define ERROR_UNFIT           "org.repcast.Error.UnfitSensor"
#define ERROR_CONFIGURED      "org.repcast.Error.Configured"
#define ERROR_NOT_KEPT        "org.repcast.Error.NotKept"
#define ERROR_NO_BLUETOOTH    "org.repcast.Error.NoBluetooth"
#define ERROR_LIMIT           "org.repcast.Error.LimitExceeded"
#define ERROR_FAILED          "org.repcast.Error.Failed"

_printf_(3, 4) int refuse(struct refusal *r, const char *error, const char *format, ...);

/* No station is called so. */
int refuse_station(const struct hub *h, const char *name, struct refusal *refusal);

/* refusal NULL: done and kept. Called once, from the loop, unless the hub ends before. */
typedef void (*command_done)(const struct refusal *refusal, void *userdata);

/* Look for sensors for so long from now; 0 ends it. Returns 0, or negative with the refusal filled in; it is looked for all
 * the same should Bluetooth come. */
#define COMMAND_SCAN_MAX_S 600
int command_scan(struct hub *h, unsigned seconds, struct refusal *refusal);

struct adopt_request {
        const char *address, *station;
        const char *profile; /* empty = the one that fits its advertisement */
        bool move;           /* take it away from another station */
};

/* Returns 0, and done is called later; or negative with the refusal filled in. ret_replaced: the sensor that the
 * station had before; empty = none. */
int command_adopt(struct hub *h, const struct adopt_request *q, command_done done, void *userdata,
        char ret_replaced[static ADDRESS_MAX], struct refusal *refusal);

/* Write the packets of a sensor (its address or its station) into a pipe until its reader goes away. The descriptor
 * stays the caller's. */
int command_record(
        struct hub *h, const char *what, int fd, char ret_address[static ADDRESS_MAX], struct refusal *refusal);

/* what: a sensor's address or a station's name. */
int command_forget(struct hub *h, const char *what, command_done done, void *userdata,
        struct adoption *ret_forgotten, struct refusal *refusal);

/* ---- command-station.c ----
 *
 * Each returns 0: done; 1: done is called when it is kept, too; or negative with the refusal filled in. by: who wants it. */

struct assign_request {
        const char *station;
        const struct wish *wish;
        bool defaults; /* what the configuration says, before the wish */
};

/* *ret_now: it holds now, or after the running set. */
int command_assign(struct hub *h, const struct assign_request *q, command_done done, void *userdata,
        bool *ret_now, struct refusal *refusal);

/* In place of the queue that there is. */
int command_queue(struct hub *h, const char *station, const struct wish *queue, unsigned n, bool rotate,
        command_done done, void *userdata, struct refusal *refusal);

/* set 0: the last one that nobody has. */
int command_claim(struct hub *h, const char *station, uint32_t set, const char *athlete, const char *by,
        uint32_t *ret_set, struct refusal *refusal);

/* rep 0: the last one that counts. */
int command_discard_rep(struct hub *h, const char *station, uint32_t rep, const char *by, uint32_t *ret_set,
        uint32_t *ret_rep, struct refusal *refusal);

int command_end_set(struct hub *h, const char *station, struct refusal *refusal);

/* ret_what: the command that was taken back. */
int command_undo(struct hub *h, const char *station, const char *by, command_done done, void *userdata,
        const char **ret_what, struct refusal *refusal);
