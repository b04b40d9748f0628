/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Why a broker said no, in words that name whose fault it is and what to do. */

#include <stdbool.h>
#include <stddef.h>

/* What the hub has shown of itself. */
struct reason_identity {
        const char *username; /* NULL = none */
        bool certificate;     /* over TLS, with one of its own */
};

/* Code of a CONNACK that refuses: MQTT 3.1.1 table 3.1, or MQTT 5 table 3-1. said: the broker's own words, MQTT 5; may be NULL
 * and is from outside. A half sentence that follows "broker NAME ". */
void reason_of_connack(
        bool mqtt_5, int code, const struct reason_identity *who, const char *said, char *ret, size_t size);

/* Code of PUBACK, SUBACK, DISCONNECT in MQTT 5 (from 0x80), or 0x80 of a SUBACK in 3.1.1: its name and the broker's own words. */
void reason_of_code(int code, const char *said, char *ret, size_t size);
