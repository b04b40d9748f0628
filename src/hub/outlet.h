/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The way out for every station: run, number, clock and hub name are put on a message here. Then the store has it, if it
 * is an event, or the uplink, if it is only worth knowing now. */

#include <stdint.h>

#include "hub/assigned.h"
#include "hub/calibrations.h"
#include "hub/wallclock.h"
#include "message/message.h"
#include "mqtt/uplink.h"
#include "store/store.h"

struct exercises;
struct prescriptions;

struct outlet {
        struct store *store; /* the hub's, and so is */
        struct uplink *uplink;
        struct calibrations *calibrations;
        struct assigned *assigned;
        const struct exercises *exercises; /* of the configuration in force, and so are */
        const struct prescriptions *prescriptions;
        const struct coach_params *coach_params;
        struct workouts *workouts; /* the hub's, and so are: athletes go from station to station */
        struct strengths *strengths;
        char run[MESSAGE_RUN_MAX]; /* random, one for each start of the daemon */
        char hub[MESSAGE_NAME_MAX];
        uint64_t number; /* of the last event */
        struct wallclock clock;
        struct message
                message; /* the one in work, of whichever station: too large for the stack of every call */
};

/* An event that must arrive: gets the run's next number and the station's next seq. One that finds the queue full is
 * counted by the store, and its seq is missing at the other end, which is how a listener learns of it. */
void outlet_post(struct outlet *o, struct message *m, uint64_t *seq);

/* An event that may be missed: numbered, but outside the station's sequence. */
void outlet_mention(struct outlet *o, struct message *m);

/* The latest of its kind; it replaces the one before. */
void outlet_show(struct outlet *o, unsigned slot, struct message *m);
