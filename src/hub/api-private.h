/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "hub/objects.h"

/* api-methods.c: the methods of org.repcast.Hub1; the owner of their item is the hub. */
#define API_METHODS 4
extern const sd_bus_vtable api_methods[API_METHODS];
