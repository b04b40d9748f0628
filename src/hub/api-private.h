/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "hub/objects.h"

struct api;
struct hub;
struct refusal;

/* api-methods.c: the methods of org.repcast.Hub1; the owner of their item is the hub. */
#define API_METHODS 12
extern const sd_bus_vtable api_methods[API_METHODS];

struct hub *api_hub_of(void *userdata);
struct api *api_of(struct hub *h);
int api_refuse(sd_bus_message *call, const struct refusal *refusal);

/* api-station.c */
int api_method_assign(sd_bus_message *m, void *userdata, sd_bus_error *error);
int api_method_queue(sd_bus_message *m, void *userdata, sd_bus_error *error);
int api_method_claim(sd_bus_message *m, void *userdata, sd_bus_error *error);
int api_method_end_set(sd_bus_message *m, void *userdata, sd_bus_error *error);
int api_method_discard_rep(sd_bus_message *m, void *userdata, sd_bus_error *error);
int api_method_undo(sd_bus_message *m, void *userdata, sd_bus_error *error);
