/* SPDX-License-Identifier: Apache-2.0 */
/* A look at a broker. */

#include "mqtt/probe.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static int resolve(const char *address, uint16_t port, struct addrinfo **ret) {
        const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM};
        char number[8];

        snprintf(number, sizeof(number), "%u", port);
        return getaddrinfo(address, number, &hints, ret) == 0 ? 0 : -EINVAL;
}

/* Whatever is asked of the socket, connect() too, ends after so long. */
static int be_patient(int fd, unsigned patience_s) {
        const struct timeval patience = {.tv_sec = (time_t) patience_s};

        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
                setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
                return -errno;
        return 0;
}

int probe_dial(const char *address, uint16_t port, unsigned patience_s) {
        struct addrinfo *list = NULL;
        int fd, r;

        if (resolve(address, port, &list) < 0)
                return -EINVAL;
        fd = socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
        r = fd < 0 ? -errno : be_patient(fd, patience_s);
        if (r >= 0 && connect(fd, list->ai_addr, list->ai_addrlen) < 0)
                r = -errno;
        if (r < 0 && fd >= 0)
                close(fd);
        freeaddrinfo(list);
        return r < 0 ? r : fd;
}

static int try_address(struct probe *p, const char *address) {
        struct addrinfo *list = NULL;
        int r;

        if (resolve(address, p->port, &list) < 0)
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
