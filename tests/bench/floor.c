/* SPDX-License-Identifier: Apache-2.0 */
/* bench-floor SENSORS ADAPTERS [RATE]: what it costs to read the notifications and do nothing with them.
 *
 * Connects to the bars of tests/bench/rig.py on the fake BlueZ, one after the other, acquires their notifications, says
 * "ready" and reads until it is killed: an epoll_wait() and a recv() for each, which no client can do without. With a rate
 * each bar has a signal core besides, to which its samples go: what the core costs in the rhythm of the radio, where each
 * sample finds the caches full of something else. */

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include <repcast/core.h>

#include "hub/exercises.h"
#include "util/bytes.h"

#define BLUEZ       "org.bluez"
#define TRIES       500
#define PAUSE_US    10000
#define EVENTS_MAX  64
#define SENSORS_MAX 1024

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

static struct core *cores_new(unsigned n) {
        struct core *cores = calloc(n, sizeof(*cores));
        struct faults faults = {0};
        struct exercises table = {0};
        const struct exercise *squat;

        must(cores ? 0 : -ENOMEM, "memory");
        must(exercises_load(NULL, &faults, &table), "the built-in exercises");
        squat = exercises_find(&table, "back-squat", NULL);
        must(squat ? 0 : -ENOENT, "a back squat");
        for (unsigned i = 0; i < n; i++)
                must(core_init(&cores[i], NULL, squat, NULL), "a core");
        exercises_done(&table);
        return cores;
}

/* The samples of a packet as tests/mock/bar.c sends it (doc/bar-sensor-profile.md), by hand: to take packets apart is the hub's
 * work, not the core's. */
static void push(struct core *core, unsigned rate_hz, const char *packet, size_t size) {
        const double mps2 = 16 * STANDARD_GRAVITY_MPS2 / 32768, radps = 2000 * M_PI / 180 / 32768;
        struct bytes b = bytes_of(packet, size);
        struct sample s = {0};

        bytes_le16(&b); /* layout and number */
        s.t_us = 1000000 + bytes_le32(&b);
        for (; bytes_left(&b) >= 12; s.t_us += 1000000 / rate_hz) {
                for (unsigned k = 0; k < 3; k++)
                        s.f_mps2[k] = mps2 * bytes_lei16(&b);
                for (unsigned k = 0; k < 3; k++)
                        s.w_radps[k] = radps * bytes_lei16(&b);
                (void) core_push(core, &s);
                while (core_next(core))
                        ;
        }
}

int main(int argc, char *argv[]) {
        unsigned sensors = argc == 3 || argc == 4 ? (unsigned) atoi(argv[1]) : 0,
                 adapters = sensors ? (unsigned) atoi(argv[2]) : 0,
                 rate_hz = argc == 4 ? (unsigned) atoi(argv[3]) : 0;
        struct core *cores = rate_hz ? cores_new(sensors) : NULL;
        struct epoll_event events[EVENTS_MAX];
        int epoll = epoll_create1(EPOLL_CLOEXEC), fds[SENSORS_MAX];
        char bytes[512];
        sd_bus *bus;

        if (adapters == 0 || sensors > SENSORS_MAX || (argc == 4 && rate_hz == 0)) {
                fprintf(stderr, "usage: bench-floor SENSORS ADAPTERS [RATE]\n");
                return 64;
        }
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        must(sd_bus_open_system(&bus), "the bus");
        discover(bus, adapters, "StartDiscovery");
        usleep(500000); /* ten rounds of advertisements */
        discover(bus, adapters, "StopDiscovery");
        for (unsigned i = 0; i < sensors; i++) {
                struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};

                fds[i] = acquire(bus, i, adapters);
                must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event), "epoll");
        }
        puts("ready");
        fflush(stdout);
        for (;;) {
                int n = epoll_wait(epoll, events, EVENTS_MAX, -1);

                for (int i = 0; i < n; i++) {
                        unsigned sensor = events[i].data.u32;
                        ssize_t size = recv(fds[sensor], bytes, sizeof(bytes), MSG_DONTWAIT);

                        if (size == 0)
                                return EXIT_SUCCESS;
                        if (cores && size > 0)
                                push(&cores[sensor], rate_hz, bytes, (size_t) size);
                }
        }
}
