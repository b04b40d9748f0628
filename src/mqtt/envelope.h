/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What goes around a payload in MQTT 5, told from the payload itself: every payload of the contract begins with its version
 * and type, {"v":1,"type":"rep", ...}. */

#include <stdint.h>

#define ENVELOPE_SCHEMA_MAX 32

struct envelope {
        char schema[ENVELOPE_SCHEMA_MAX]; /* user property: "rep/1"; empty = not a payload of the contract */
        uint32_t expiry_s;                /* after which the broker keeps it for nobody; 0 = never */
};

void envelope_of(const char *payload, struct envelope *ret);
