/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Properties of an object on the bus (a{sv}) into a struct, by a table. Hostile contents are expected: what is unknown,
 * of another type or out of range is passed over, strings are cleaned and cut. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "util/address.h"

enum property_kind {
        PROPERTY_BOOL,    /* b: bool */
        PROPERTY_TEXT,    /* s: char[size], printable UTF-8 */
        PROPERTY_ADDRESS, /* s: char[BLUEZ_ADDRESS_MAX], capitals; anything else is passed over */
        PROPERTY_UUID,    /* s: char[BLUEZ_UUID_MAX], small letters; anything else is passed over */
        PROPERTY_RANDOM,  /* s: bool, whether it is "random" */
        PROPERTY_RSSI,    /* n: int, dBm */
        PROPERTY_PERCENT, /* y: int, 0 to 100 */
        PROPERTY_UINT16,  /* q: unsigned */
        PROPERTY_UUIDS,   /* as: struct property_uuids */
        PROPERTY_FLAGS,   /* as: unsigned, bits of enum gatt_flag */
        PROPERTY_COMPANY, /* a{qv}: struct property_company */
        PROPERTY_BLOCKED, /* s: bool, whether it is "off-blocked" */
};

struct property {
        const char *name;
        enum property_kind kind;
        size_t offset, size; /* size: of a text */
};

/* What a characteristic can do. */
enum gatt_flag {
        GATT_FLAG_READ = 1 << 0,
        GATT_FLAG_WRITE = 1 << 1,
        GATT_FLAG_WRITE_WITHOUT_RESPONSE = 1 << 2,
        GATT_FLAG_NOTIFY = 1 << 3,
        GATT_FLAG_INDICATE = 1 << 4,
};

/* Reads the whole array. *ret_seen: bit i is set where property i of the table was taken; a table has at most 32.
 * Returns 0, or negative where the message is not of this form. */
int properties_read(
        sd_bus_message *m, const struct property *table, size_t n_table, void *into, uint32_t *ret_seen);

/* The names of properties that have no value any more (as); bits as above. */
int properties_read_names(sd_bus_message *m, const struct property *table, size_t n_table, uint32_t *ret_seen);

/* A UUID in any case with small letters. False: it is none, ret is untouched. */
bool uuid_parse(const char *text, char ret[static 37]);
