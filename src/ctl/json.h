/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Events as the messages of the MQTT contract (doc/mqtt.md), one a line. */

#include <stdio.h>

#include "ctl/output.h"
#include "message/message.h"

struct json_output {
        struct output output;
        FILE *out;
        struct coach coach;
        struct message message;
};

void json_output_init(struct json_output *j, FILE *out);
