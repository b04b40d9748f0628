/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Packets of a running sensor as a recording (doc/recording-format.md) into a pipe, whose reader may be slow or go away:
 * nothing waits for it. What it does not take is held up to a bound; beyond that, and when it has gone, the recording
 * ends, and the sensor never notices. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "recording/recording.h"

struct recorder;

/* Takes fd, the writing end of a pipe or a socket: -EINVAL for anything else. */
int recorder_new(sd_event *loop, int fd, const struct recording_header *header, struct recorder **ret);

/* Sends what is held as far as the pipe takes it at once, and closes it. */
struct recorder *recorder_free(struct recorder *r);

void recorder_push(struct recorder *r, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us);

/* It has ended: free it. */
bool recorder_has_ended(const struct recorder *r);
