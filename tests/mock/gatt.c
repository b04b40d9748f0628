/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: reading, writing, and notifications over real sockets. */

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "mock.h"

static struct listener *find_listener(struct peer *p, struct attribute *a) {
        for (struct listener *l = p->adapter->mock->listeners; l; l = l->next)
                if (l->peer == p && l->attribute == a)
                        return l;
        return NULL;
}

/* Who has closed its end has released the notifications. */
static void release_hung_up(struct peer *p, struct attribute *a) {
        const struct listener *l = find_listener(p, a);
        struct pollfd poll_fd = {.fd = l ? l->fd : -1};

        if (poll(&poll_fd, 1, 0) > 0 && poll_fd.revents & POLLHUP)
                close_listeners(p->adapter->mock, p, a);
}

static struct listener *add_listener(struct peer *p, struct attribute *a, int fd, const char *client) {
        struct mock *m = p->adapter->mock;
        struct listener *l = calloc(1, sizeof(*l));

        if (!l)
                abort();
        *l = (struct listener){.next = m->listeners, .peer = p, .attribute = a, .fd = fd};
        snprintf(l->client, sizeof(l->client), "%s", client);
        m->listeners = l;
        return l;
}

void close_listeners(struct mock *m, struct peer *p, struct attribute *a) {
        for (struct listener **at = &m->listeners; *at;) {
                struct listener *l = *at;

                if (l->peer != p || (a && l->attribute != a)) {
                        at = &l->next;
                        continue;
                }
                *at = l->next;
                if (l->fd >= 0)
                        close(l->fd);
                if (l->attribute->bar)
                        bar_silence(l->attribute->bar);
                l->attribute->timer = sd_event_source_disable_unref(l->attribute->timer);
                free(l);
        }
}

void stick(struct peer *p, struct attribute *a) {
        if (!find_listener(p, a))
                add_listener(p, a, -1, "")->stuck = true;
}

/* ---- streams ------------------------------------------------------------------------------------------------- */

bool notify_listener(struct listener *l, const void *bytes, size_t n) {
        struct attribute *a = l->attribute;

        if (l->fd < 0) {
                tell_value(l->peer, a, bytes, n);
        } else if (send(l->fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
                say(a->sensor->mock, "dropped %s: %s", a->sensor->address,
                        strerror(errno)); /* as bluetoothd: gone for good */
                return false;
        }
        return true;
}

void notify(struct attribute *a, const void *bytes, size_t n) {
        struct mock *m = a->sensor->mock;

        if (a->drop > 0) {
                a->drop--;
                return;
        }
        for (struct listener *l = m->listeners; l; l = l->next)
                if (l->attribute == a && !l->stuck)
                        (void) notify_listener(l, bytes, n);
}

static int on_stream(sd_event_source *source, uint64_t usec, void *userdata);

static uint64_t clock_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static uint64_t offset_us(const struct attribute *a) {
        return (uint64_t) ((double) (a->times_us[a->next_packet] - a->times_us[0]) / a->speed);
}

/* Against the clock and not from packet to packet: on a busy machine a sensor must not run slow. */
static void begin_recording(struct attribute *a) {
        a->began_us = clock_us() - offset_us(a);
}

static unsigned due_in_ms(const struct attribute *a) {
        uint64_t due_us = a->began_us + offset_us(a), now_us = clock_us();

        return due_us > now_us ? (unsigned) ((due_us - now_us) / 1000) : 0;
}

/* From the file as it was recorded, or made: a counter, then filling. */
static void send_next(struct attribute *a) {
        uint8_t made[VALUE_MAX] = {0};

        if (a->n_packets == 0) {
                memcpy(made, &a->counter, sizeof(a->counter));
                a->counter++;
                notify(a, made, a->pattern_size);
                if (a->count == 0 || a->counter < a->count)
                        later(a->sensor->mock, &a->timer, a->pattern_ms, on_stream, a);
                return;
        }
        notify(a, a->packets[a->next_packet], a->lengths[a->next_packet]);
        if (++a->next_packet == a->n_packets) {
                if (!a->loop)
                        return;
                a->next_packet = 0;
                begin_recording(a);
        }
        later(a->sensor->mock, &a->timer, due_in_ms(a), on_stream, a);
}

static int on_stream(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        send_next(userdata);
        return 0;
}

static void start_stream(struct attribute *a, struct listener *l) {
        if (a->bar) {
                bar_listen(a->bar, l);
                return;
        }
        if (a->n_packets > 0)
                begin_recording(a);
        if (a->n_packets > 0 || a->pattern_size > 0)
                later(a->sensor->mock, &a->timer, a->pattern_ms, on_stream, a);
}

static int hex(const char *text, uint8_t *ret) {
        int n = 0;
        unsigned byte;

        for (; isxdigit((unsigned char) text[0]) && isxdigit((unsigned char) text[1]) && n < VALUE_MAX;
                text += 2) {
                sscanf(text, "%2x", &byte);
                ret[n++] = (uint8_t) byte;
        }
        return n;
}

/* Lines "microseconds,stream,hex", "microseconds,hex" or "hex" of a recording (doc/recording-format.md); others are passed
 * over, and so is which stream it was. */
int load_packets(struct attribute *a, const char *path) {
        FILE *f = fopen(path, "re");
        char line[4096];
        unsigned room = 0;

        if (!f)
                return -errno;
        a->n_packets = a->next_packet = 0;
        while (fgets(line, sizeof(line), f)) {
                const char *comma = strrchr(line, ','), *bytes = comma ? comma + 1 : line;

                if (!isdigit((unsigned char) *line) || !isxdigit((unsigned char) *bytes))
                        continue;
                if (a->n_packets == room) {
                        room = room ? 2 * room : 256;
                        a->packets = realloc(a->packets, room * sizeof(*a->packets));
                        a->lengths = realloc(a->lengths, room * sizeof(*a->lengths));
                        a->times_us = realloc(a->times_us, room * sizeof(*a->times_us));
                        if (!a->packets || !a->lengths || !a->times_us)
                                abort();
                }
                a->lengths[a->n_packets] = (unsigned) hex(bytes, a->packets[a->n_packets]);
                a->times_us[a->n_packets++] = comma ? strtoull(line, NULL, 10) : 0;
        }
        fclose(f);
        return a->n_packets > 0 ? 0 : -ENODATA;
}

/* ---- calls --------------------------------------------------------------------------------------------------- */

static int acquire(struct peer *p, struct attribute *a, sd_bus_message *call) {
        struct listener *l;
        int fds[2], r;

        if (!strstr(a->flags, "notify"))
                return sd_bus_reply_method_errorf(
                        call, "org.bluez.Error.NotSupported", "Operation is not supported");
        release_hung_up(p, a);
        if (find_listener(p, a))
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotPermitted", "Notify acquired");
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
                return -errno;
        l = add_listener(p, a, fds[0], sd_bus_message_get_sender(call));
        r = sd_bus_reply_method_return(call, "hq", fds[1], (uint16_t) p->sensor->mtu);
        close(fds[1]);
        start_stream(a, l);
        return r;
}

static int start_notify(struct peer *p, struct attribute *a, sd_bus_message *call) {
        struct listener *l;

        release_hung_up(p, a);
        l = find_listener(p, a);
        if (l && l->stuck) {
                say(p->sensor->mock, "violation StartNotify after a failed AcquireNotify: bluetoothd crashes");
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotPermitted", "Notify acquired");
        }
        if (l && l->fd >= 0)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotPermitted", "Notify acquired");
        if (l)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.InProgress", "In Progress");
        if (!strstr(a->flags, "notify") && !strstr(a->flags, "indicate"))
                return sd_bus_reply_method_errorf(
                        call, "org.bluez.Error.NotSupported", "Operation is not supported");
        start_stream(a, add_listener(p, a, -1, sd_bus_message_get_sender(call)));
        return sd_bus_reply_method_return(call, "");
}

static int write_value(struct peer *p, struct attribute *a, sd_bus_message *call) {
        char text[2 * VALUE_MAX + 1] = "";
        const void *bytes;
        const char *key, *type = "?";
        size_t n;
        int r = sd_bus_message_read_array(call, 'y', &bytes, &n);

        if (r >= 0)
                r = sd_bus_message_enter_container(call, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
                r = sd_bus_message_read_basic(call, 's', &key);
                if (r >= 0 && strcmp(key, "type") == 0)
                        r = sd_bus_message_read(call, "v", "s", &type);
                else if (r >= 0)
                        r = sd_bus_message_skip(call, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(call);
        }
        if (r < 0)
                return r;
        for (size_t i = 0; i < n && i < VALUE_MAX; i++)
                sprintf(text + 2 * i, "%02x", ((const uint8_t *) bytes)[i]);
        say(p->sensor->mock, "write %s %s %s %s", p->sensor->address, a->uuid, text, type);
        a->n_value = n < VALUE_MAX ? n : VALUE_MAX;
        memcpy(a->value, bytes, a->n_value);
        return sd_bus_reply_method_return(call, "");
}

static int read_value(struct attribute *a, sd_bus_message *call) {
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = sd_bus_message_append_array(reply, 'y', a->value, a->n_value);
        if (r >= 0)
                r = sd_bus_send(NULL, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

int gatt_call(struct peer *p, struct attribute *a, sd_bus_message *call, const char *member) {
        if (!p->connected)
                return sd_bus_reply_method_errorf(call, BLUEZ_FAILED, "Not connected");
        if (strcmp(member, "AcquireNotify") == 0)
                return acquire(p, a, call);
        if (strcmp(member, "StartNotify") == 0)
                return start_notify(p, a, call);
        if (strcmp(member, "WriteValue") == 0)
                return write_value(p, a, call);
        if (strcmp(member, "ReadValue") == 0)
                return read_value(a, call);
        if (strcmp(member, "StopNotify") == 0) {
                const struct listener *l = find_listener(p, a);

                if (l && l->stuck)
                        say(p->sensor->mock,
                                "violation StopNotify after a failed AcquireNotify: bluetoothd crashes");
                close_listeners(p->sensor->mock, p, a);
                return sd_bus_reply_method_return(call, "");
        }
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_METHOD, "no %s", member);
}
