/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A station: a place to lift with its sensor, athlete, exercise and load.
 *
 *     source -> signal core -> events -> messages -> outlet
 *
 * A station lives as long as the run: its slot, its event sequence and its numbers of sets go on when it is configured
 * anew, and when it is taken out of the configuration and put back. */

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "hub/config.h"
#include "hub/outlet.h"
#include "hub/roster.h"
#include "hub/sensors.h"
#include "hub/source.h"

struct station;

/* slot: the station's own among the uplink's. */
int station_new(sd_event *loop, struct outlet *outlet, struct sensors *sensors, unsigned slot, const char *name,
        struct station **ret);
struct station *station_free(struct station *s);

/* Take a configuration and start its source; what ran before is ended first. What goes wrong is told as the state of
 * the sensor. kept: who was assigned before; NULL = as the configuration says. */
void station_configure(struct station *s, const struct station_config *config, const struct roster *kept);

/* End the source and the open set, with another configuration to come. */
void station_release(struct station *s);

/* Give the uplink the newest of a bar that moves, if samples have come since the last time. */
void station_show_live(struct station *s);

/* Once a second: a set that waits for a lost sensor does not wait for ever. */
void station_tick(struct station *s);

/* ---- what people say (station-people.c) ----
 *
 * by: who it is, for amendments. */

/* What a configuration says. */
struct assignment station_config_assignment(const struct station_config *c);

const struct roster *station_get_roster(const struct station *s);

/* Returns whether it holds now, or after the running set: one that has no rep yet is not running. */
bool station_assign(struct station *s, const struct assignment *a);

void station_set_queue(struct station *s, const struct wish *queue, unsigned n, bool rotate);

/* Returns whether there was a set to end. */
bool station_end_set(struct station *s);

/* Each returns 0 and which set and rep it is about, or what setbook.h says. */
int station_discard_rep(struct station *s, uint32_t rep, const char *by, uint32_t *ret_set, uint32_t *ret_rep);
int station_claim(struct station *s, uint32_t set, const char *athlete, const char *by, uint32_t *ret_set);

/* Take the last of these back that was not, ending a set excepted. Returns the word for it, NULL: there is none, or it
 * cannot be taken back any more. */
const char *station_undo(struct station *s, const char *by);

/* End the source and the open set, and say so. */
void station_stop(struct station *s);

/* The same for one that was taken out of the configuration: the broker forgets its state. */
void station_retire(struct station *s);

const char *station_name(const struct station *s);
bool station_is_active(const struct station *s);                          /* configured and not stopped */
const struct station_config *station_get_config(const struct station *s); /* NULL = not active */
enum source_state station_source_state(const struct station *s);
const struct station_state *station_get_state(const struct station *s);
/* The state, what is live and the last rep as payloads of the contract, in one object. Returns 0 and a string to free(), or
 * -ENOMEM. */
int station_glance(struct station *s, char **ret);
bool station_is_playback(const struct station *s); /* its source may end by itself */
