/* SPDX-License-Identifier: Apache-2.0 */
/* bench-floor SENSORS ADAPTERS: what it costs to read the notifications and do nothing with them.
 *
 * Connects to the bars of tests/bench/rig.py on the fake BlueZ, one after the other, acquires their notifications, says
 * "ready" and reads until it is killed: an epoll_wait() and a recv() for each, which no client can do without. */

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define BLUEZ      "org.bluez"
#define TRIES      500
#define PAUSE_US   10000
#define EVENTS_MAX 64

static void must(int r, const char *what) {
        if (r < 0) {
                fprintf(stderr, "bench-floor: %s: %s\n", what, strerror(-r));
                exit(EXIT_FAILURE);
        }
}

/* Until it succeeds: the device is heard, its services are there, after some milliseconds. */
static sd_bus_message *insist(
        sd_bus *bus, const char *path, const char *interface, const char *member, const char *types) {
        sd_bus_message *reply = NULL;
        int r = 0;

        for (unsigned i = 0; i < TRIES && !reply; i++) {
                r = *types ? sd_bus_call_method(bus, BLUEZ, path, interface, member, NULL, &reply, types, 0)
                           : sd_bus_call_method(bus, BLUEZ, path, interface, member, NULL, &reply, "");
                if (r < 0)
                        usleep(PAUSE_US);
        }
        must(r, path);
        return reply;
}

static void discover(sd_bus *bus, unsigned adapters, const char *member) {
        for (unsigned i = 0; i < adapters; i++) {
                char path[64];

                snprintf(path, sizeof(path), "/org/bluez/hci%u", i);
                sd_bus_message_unref(insist(bus, path, "org.bluez.Adapter1", member, ""));
        }
}

static int acquire(sd_bus *bus, unsigned sensor, unsigned adapters) {
        char path[128];
        sd_bus_message *reply;
        uint16_t mtu;
        int fd,
                n = snprintf(path, sizeof(path), "/org/bluez/hci%u/dev_C0_FF_EE_00_%02X_%02X",
                        sensor % adapters, sensor >> 8 & 255, sensor & 255);

        sd_bus_message_unref(insist(bus, path, "org.bluez.Device1", "Connect", ""));
        snprintf(path + n, sizeof(path) - (size_t) n, "/service0001/char0001");
        reply = insist(bus, path, "org.bluez.GattCharacteristic1", "AcquireNotify", "a{sv}");
        must(sd_bus_message_read(reply, "hq", &fd, &mtu), "the reply");
        fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        sd_bus_message_unref(reply);
        return fd;
}

int main(int argc, char *argv[]) {
        unsigned sensors = argc == 3 ? (unsigned) atoi(argv[1]) : 0,
                 adapters = sensors ? (unsigned) atoi(argv[2]) : 0;
        struct epoll_event events[EVENTS_MAX];
        int epoll = epoll_create1(EPOLL_CLOEXEC);
        char bytes[512];
        sd_bus *bus;

        if (adapters == 0) {
                fprintf(stderr, "usage: bench-floor SENSORS ADAPTERS\n");
                return 64;
        }
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        must(sd_bus_open_system(&bus), "the bus");
        discover(bus, adapters, "StartDiscovery");
        usleep(500000); /* ten rounds of advertisements */
        discover(bus, adapters, "StopDiscovery");
        for (unsigned i = 0; i < sensors; i++) {
                int fd = acquire(bus, i, adapters);
                struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

                must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll");
        }
        puts("ready");
        fflush(stdout);
        for (;;) {
                int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

                for (int i = 0; i < n; i++)
                        if (recv(events[i].data.fd, bytes, sizeof(bytes), MSG_DONTWAIT) == 0)
                                return EXIT_SUCCESS;
        }
}
