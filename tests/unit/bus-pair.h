/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The two ends of a bus without a daemon between them: a socket pair, one end the server. */

#include <stdbool.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>

#include "unit.h"

static inline sd_bus *bus_end(int fd, bool server) {
        const sd_id128_t id = SD_ID128_MAKE(01, 23, 45, 67, 89, ab, cd, ef, 01, 23, 45, 67, 89, ab, cd, ef);
        sd_bus *bus = NULL;

        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, fd, fd) >= 0);
        if (server)
                assert_true(sd_bus_set_server(bus, true, id) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return bus;
}

static inline int bus_pair(sd_bus **ret_server, sd_bus **ret_client) {
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return -1;
        *ret_server = bus_end(fds[0], true);
        *ret_client = bus_end(fds[1], false);
        return 0;
}
