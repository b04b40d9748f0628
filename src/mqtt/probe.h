/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Does anybody listen there? A look at the preferred broker while another one is connected: the name is looked up, each
 * address is connected to and left again. Nothing here blocks. */

#include <stdbool.h>
#include <stdint.h>

#include "mqtt/addresses.h"
#include "mqtt/lookup.h"

struct probe {
        struct lookup *lookup;
        struct addresses addresses;
        uint16_t port;
        int fd; /* connecting; -1 = not */
};

#define PROBE_NONE ((struct probe){.fd = -1})

/* Returns 0 or negative errno. */
int probe_start(struct probe *p, const char *host, uint16_t port);
bool probe_is_running(const struct probe *p);

/* Wait for POLLIN of the first and POLLOUT of the second; -1 = nothing to wait for there. */
int probe_lookup_fd(const struct probe *p);
int probe_connect_fd(const struct probe *p);

/* 1: somebody listens; 0: not known yet; negative errno: nobody. It is over after the first and the last. */
int probe_look(struct probe *p);

void probe_stop(struct probe *p);

/* For who may wait: a connection to an address in numbers. Returns its descriptor, with that patience for every call on it, or
 * negative errno. */
int probe_dial(const char *address, uint16_t port, unsigned patience_s);
