/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sensors on the air: BlueZ's client and the profiles brought together, and the list of all sensors that are wanted or
 * near.
 *
 *     bus up -> sensors_attach() -> BlueZ's client -> links of the sources that joined -> samples
 *     bus down -> sensors_detach(): the sources wait, and go on with the next sensors_attach()
 *
 * A source (hub/source-sensor.h) joins with the address of its sensor. Where nobody said which profile it speaks, the
 * radio listens to advertisements until one tells. */

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "bluez/bluez.h"
#include "hub/config.h"
#include "sensor/profile.h"

#define SENSORS_NEAR_MAX  128 /* of a flood of strangers the rest is not shown */
#define SENSORS_MAX       (CONFIG_STATIONS_MAX + SENSORS_NEAR_MAX) /* wanted and near */
#define SENSORS_WORDS_MAX 192

struct sensors;

/* Everything that is known of a sensor. Texts are UTF-8; empty = not known. */
struct sensor_info {
        char address[ADDRESS_MAX], name[BLUEZ_NAME_MAX];
        char profile[PROFILE_NAME_MAX], label[PROFILE_LABEL_MAX]; /* the profile's */
        char refusal
                [SENSORS_WORDS_MAX]; /* why it cannot be a source of reps; empty = it can, or nobody knows */
        char station[MESSAGE_NAME_MAX];
        bool near, wanted; /* seen by the running scan or not long ago; joined by a source */
        const char *state; /* in a word: "near", or that of the link, or "asleep" */
        char why[SENSORS_WORDS_MAX];
        char adapter[BLUEZ_ADDRESS_MAX];
        int rssi_dbm;                               /* BLUEZ_RSSI_NONE = not known */
        int battery_pct;                            /* -1 = not known */
        double nominal_hz, rate_hz;                 /* samples a second: asked for, and measured; NAN = none */
        uint64_t samples, lost, gaps, clipped, bad; /* since the daemon's start; bad: packets */
        uint64_t connects, failures;
        char maker[BLUEZ_NAME_MAX], model[BLUEZ_NAME_MAX], firmware[BLUEZ_NAME_MAX];
};

struct sensors_handler {
        void (*on_change)(void *userdata); /* something that sensors_list() tells is different */
};

/* Faults of profiles are told; those files are left out. */
int sensors_new(sd_event *loop, const struct bluetooth_config *config, struct faults *faults,
        const struct sensors_handler *handler, void *userdata, struct sensors **ret);
struct sensors *sensors_free(struct sensors *r);

/* The next step of the loop, as sd_event_run(3) without a timeout: what sensors send is read in its turn between. */
int sensors_run(struct sensors *r);

void sensors_attach(struct sensors *r, sd_bus *bus);
void sensors_detach(struct sensors *r);

/* Have the sensors disconnected before the end. False: there is nothing to wait for, done will not be called. */
bool sensors_stop(struct sensors *r, void (*done)(void *userdata), void *userdata);

/* Keys that may change while it runs. */
void sensors_configure(struct sensors *r, const struct bluetooth_config *config);

/* Look for what is near for so long from now. */
void sensors_scan(struct sensors *r, unsigned seconds);
bool sensors_is_scanning(const struct sensors *r);

/* Once a second. */
void sensors_tick(struct sensors *r);

/* At most SENSORS_MAX of them. */
size_t sensors_list(const struct sensors *r, struct sensor_info *ret);
bool sensors_find(const struct sensors *r, const char *address, struct sensor_info *ret);

size_t sensors_adapters(const struct sensors *r, struct bluez_adapter_info *ret, size_t max);

/* How BlueZ is, in a word and in words; why may be NULL. */
const char *sensors_state(const struct sensors *r, const char **ret_why);

const struct profiles *sensors_profiles(const struct sensors *r);

/* The source of that sensor; NULL = none is joined. */
struct source_sensor;
struct source_sensor *sensors_source(struct sensors *r, const char *address);

/* It was just adopted: a bond may be made with it for two minutes. */
void sensors_allow_pairing(struct sensors *r, const char *address);

/* Drop the bond with a sensor. */
void sensors_forget(struct sensors *r, const char *address);
