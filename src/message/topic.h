/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Topics of the MQTT contract: PREFIX/HUB/LEAF and PREFIX/HUB/station/STATION/LEAF.
 *
 * Names come from people. In a topic a slash opens a new level, plus and hash are wildcards, a NUL or a control
 * character makes brokers hang up, and so does broken UTF-8: none of them ever passes. */

#include <stddef.h>

#define TOPIC_MAX 384 /* buffer for any topic, with its NUL */

/* One level of a topic: everything that must not pass becomes an underscore, and so does an empty name or a
 * leading dollar (such topics are the broker's own). Longer names are cut between characters. ret_size >= 2.
 * Different names may become one: the configuration refuses names that this changes. */
void topic_level(const char *name, char *ret, size_t ret_size);

/* The prefix may have levels of its own ("gym/basement"). Return 0, or -ENAMETOOLONG. */
int topic_hub(const char *prefix, const char *hub, const char *leaf, char *ret, size_t ret_size);
int topic_station(
        const char *prefix, const char *hub, const char *station, const char *leaf, char *ret, size_t ret_size);
