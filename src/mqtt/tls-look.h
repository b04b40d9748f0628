/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Certificates looked at, for somebody who wants to know before they fail. */

#include <stddef.h>
#include <stdint.h>

#include "mqtt/tls.h"

/* Of several, of the one that ends first. */
struct tls_validity {
        int64_t from_s, until_s; /* since the epoch */
        char name[128];          /* its subject */
};

/* Every certificate of a PEM file. Returns how many there are, 0: none, or negative errno. */
int tls_look_file(const char *path, struct tls_validity *ret);

/* The one that a broker shows: trusted by these files and for this name, or -EPROTO. Blocks, for seconds at most. */
int tls_look_broker(const struct tls_config *config, const char *host, const char *address, uint16_t port,
        struct tls_validity *ret);
