/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A message with as many fields known as there are, and how it begins as JSON. */

#include "message/message.h"
#include "unit.h"
#include "util/macros.h"

#define EPOCH_US INT64_C(1795288000000000)

_unused_ static void name(char *field, const char *s) {
        snprintf(field, MESSAGE_NAME_MAX, "%s", s);
}

/* As many fields known as there are. */
_unused_ static struct message example(enum message_type type) {
        struct message m = {
                .type = type,
                .epoch_us = EPOCH_US,
                .synced = true,
                .t_us = 142130000,
                .origin.load_kg = 80,
        };
        name(m.origin.hub, "hub-1");
        name(m.origin.station, "rack-1");
        name(m.origin.sensor, "D4:22:CD:00:11:22");
        name(m.origin.athlete, "ana");
        name(m.origin.exercise, "back-squat");
        name(m.origin.prescription, "negative-squat");
        return m;
}

_unused_ static struct message example_event(enum message_type type, uint64_t number) {
        struct message m = example(type);
        snprintf(m.run, sizeof(m.run), "%s", "6f1c09a84be7425db3c2de5508a1f4e7");
        m.number = m.seq = number;
        return m;
}

_unused_ static void check(const struct message *m, const char *wanted) {
        char *text;
        assert_int_equal(message_to_json(m, &text), 0);
        assert_string_equal(text, wanted);
        free(text);
}

#define HEAD(type, numbered)                                                                                   \
        "{\"v\":1,\"type\":\"" type "\"," numbered                                                             \
        "\"hub\":\"hub-1\",\"station\":\"rack-1\",\"sensor\":\"D4:22:CD:00:11:22\",\"clock\":\"synced\","      \
        "\"athlete\":\"ana\",\"exercise\":\"back-squat\",\"prescription\":\"negative-squat\",\"load_kg\":80."  \
        "0,"
#define ID "\"id\":\"6f1c09a84be7425db3c2de5508a1f4e7-"
