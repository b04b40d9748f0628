/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A sensor on the air as a source: link -> decoder -> samples.
 *
 *     bus down          profile not known        link comes and goes               samples come
 *     WAITING ------------> WAITING ------------------> WAITING  <---------------> STREAMING
 *                                                          ^                          | still for IdleAfter=
 *                                                          '--- "asleep" <------------'
 *     FAILED: no such profile, or one that is no source of reps
 *
 * It never ends by itself. Instants go on rising over the loss and return of a link. */

#include "hub/recorder.h"
#include "hub/sensors.h"
#include "hub/source.h"

struct source_sensor_config {
        const char *address;
        const char *profile; /* empty = as its advertisement says */
        double rate_hz;      /* wanted; NAN = the profile's default */
        const char *adapter; /* empty = the best */
        bool bond;           /* no stream without a bond */
        const char *station;
};

int source_sensor_new(struct sensors *r, const struct source_sensor_config *config, struct source **ret);

/* ---- between the radio and its sources ---- */

struct source_sensor;

/* BlueZ's client is there, or (NULL) no longer. */
void source_sensor_set_client(struct source_sensor *s, struct bluez *b);

/* An advertisement, and the profile that fits it (NULL = none). */
void source_sensor_seen(
        struct source_sensor *s, const struct bluez_device_info *device, const struct profile *p);
bool source_sensor_needs_profile(const struct source_sensor *s);

void source_sensor_tick(struct source_sensor *s);
void source_sensor_tell(const struct source_sensor *s, struct sensor_info *ret);
const char *source_sensor_address(const struct source_sensor *s);

/* Write the packets that arrive into a pipe; the descriptor is taken. */
int source_sensor_record(struct source_sensor *s, int fd, const char *exercise, const char *note);

struct source_sensor *source_sensor_next(const struct source_sensor *s);
void source_sensor_set_next(struct source_sensor *s, struct source_sensor *next);

/* sensors.c: */
void sensors_join(struct sensors *r, struct source_sensor *s);
void sensors_leave(struct sensors *r, struct source_sensor *s);
struct bluez *sensors_client(const struct sensors *r);
sd_event *sensors_loop(const struct sensors *r);
const struct bluetooth_config *sensors_config(const struct sensors *r);
int64_t sensors_passkey(const struct sensors *r, const char *address); /* -1 = none */
bool sensors_may_pair(const struct sensors *r, const char *address);
void sensors_changed(struct sensors *r);
