/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What replay does with what it finds: a table, the messages of the MQTT contract, a picture.
 *
 * Every output is told begin, then samples and events as they come, then end, for one recording after the other. All
 * return 0, or a negative errno value, which ends the replay. */

#include <repcast/core.h>

#include "coach/prescription.h"
#include "hub/playback.h"

struct output_source {
        const char *path;
        const struct exercise *exercise;
        const struct prescription *prescription; /* NULL = none */
        const struct playback *playback;         /* lives until end */
};

struct output {
        const struct output_methods *methods;
};

struct output_methods {
        int (*begin)(struct output *o, const struct output_source *source);
        int (*sample)(
                struct output *o, const struct sample *sample, const struct live *live); /* NULL: no need */
        int (*event)(struct output *o, const struct event *event);
        int (*end)(struct output *o);
};

/* The struct that an output is the member `output` of. */
#define OUTPUT_OF(type, o) ((type *) (void *) ((char *) (o) -offsetof(type, output)))
