/* SPDX-License-Identifier: Apache-2.0 */
/* A look at a broker. */

#include "mqtt/probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static int try_address(struct probe *p, const char *address) {
        const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
        struct addrinfo *list = NULL;
        char port[8];
        int r;

        snprintf(port, sizeof(port), "%u", p->port);
        if (getaddrinfo(address, port, &hints, &list) != 0)
                return -EINVAL;
        p->fd = socket(list->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        r = p->fd < 0 ? -errno : 0;
        if (r >= 0 && connect(p->fd, list->ai_addr, list->ai_addrlen) < 0 && errno != EINPROGRESS)
                r = -errno;
        freeaddrinfo(list);
        if (r < 0 && p->fd >= 0) {
                close(p->fd);
                p->fd = -1;
        }
        return r;
}

/* Returns -EHOSTUNREACH when none is left. */
static int try_next(struct probe *p) {
        const char *address;

        while ((address = addresses_next(&p->addresses)))
                if (try_address(p, address) >= 0)
                        return 0;
        return -EHOSTUNREACH;
}

int probe_start(struct probe *p, const char *host, uint16_t port) {
        *p = PROBE_NONE;
        p->port = port;
        if (addresses_parse(&p->addresses, host) < 0)
                return lookup_start(host, &p->lookup);
        return try_next(p);
}

bool probe_is_running(const struct probe *p) {
        return p->lookup || p->fd >= 0;
}

int probe_lookup_fd(const struct probe *p) {
        return p->lookup ? lookup_fd(p->lookup) : -1;
}

int probe_connect_fd(const struct probe *p) {
        return p->fd;
}

static int look_at_name(struct probe *p) {
        const char *why;
        int r = lookup_result(p->lookup, &p->addresses, &why);

        if (r == -EINPROGRESS)
                return 0;
        p->lookup = lookup_free(p->lookup);
        return r < 0 ? r : try_next(p);
}

static int look_at_connection(struct probe *p) {
        struct pollfd done = {.fd = p->fd, .events = POLLOUT};
        socklen_t size = sizeof(int);
        int error = 0;

        if (poll(&done, 1, 0) <= 0)
                return 0;
        (void) getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size);
        close(p->fd);
        p->fd = -1;
        return error == 0 ? 1 : try_next(p);
}

int probe_look(struct probe *p) {
        int r = p->lookup ? look_at_name(p) : look_at_connection(p);

        if (r != 0)
                probe_stop(p);
        return r;
}

void probe_stop(struct probe *p) {
        p->lookup = lookup_free(p->lookup);
        if (p->fd >= 0)
                close(p->fd);
        p->fd = -1;
}
