/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Small files that shall survive a power cut. Making them durable takes seconds on a tired memory card, and the event
 * loop must not wait that long: a thread does it, and the loop is told when it is done.
 *
 * A file is replaced as a whole (written beside, synced, renamed): there is the old one or the new one, never half of
 * it. Files are written in the order in which they were asked for. */

#include <stddef.h>
#include <systemd/sd-event.h>

struct persist;

/* On the loop. r: 0 or a negative errno value. */
typedef void (*persist_done)(int r, void *userdata);

int persist_new(sd_event *loop, struct persist **ret);

/* Takes the text (n bytes, from malloc) whatever happens. done may be NULL. Negative: it will never be written, and
 * done is not called. */
int persist_write(struct persist *p, const char *path, char *text, size_t n, persist_done done, void *userdata);

/* Writes what is still to be written, at most a few small files, and waits for it; done is called for none of them. */
struct persist *persist_free(struct persist *p);
