/* SPDX-License-Identifier: Apache-2.0 */
/* The addresses behind the broker's name. */

#include "mqtt/addresses.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>

/* Returns 0 or the resolver's error. */
static int find(struct addresses *a, const char *host, int flags) {
        const struct addrinfo hints = {.ai_flags = flags, .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
        struct addrinfo *list;

        *a = (struct addresses){0};
        int r = getaddrinfo(host, NULL, &hints, &list);
        if (r != 0)
                return r;
        for (const struct addrinfo *i = list; i && a->n < ADDRESSES_MAX; i = i->ai_next)
                if (getnameinfo(i->ai_addr, i->ai_addrlen, a->text[a->n], ADDRESSES_TEXT_MAX, NULL, 0,
                            NI_NUMERICHOST) == 0)
                        a->n++;
        freeaddrinfo(list);
        return 0;
}

int addresses_resolve(struct addresses *a, const char *host, const char **ret_why) {
        int r = find(a, host, 0);

        if (r != 0 || a->n == 0) {
                *ret_why = r != 0 ? gai_strerror(r) : "it has no address";
                return -EHOSTUNREACH;
        }
        return 0;
}

int addresses_parse(struct addresses *a, const char *host) {
        return find(a, host, AI_NUMERICHOST) == 0 && a->n > 0 ? 0 : -EINVAL;
}

const char *addresses_next(struct addresses *a) {
        return a->next < a->n ? a->text[a->next++] : NULL;
}
