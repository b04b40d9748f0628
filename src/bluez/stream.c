/* SPDX-License-Identifier: Apache-2.0 */
/* Notifications of one characteristic.
 *
 * AcquireNotify: a socket of its own, one datagram for each notification. BlueZ drops what does not fit (about 280
 * datagrams), so it is drained soon and before anything else on the loop: streams.c.
 *
 * StartNotify: every value is a signal on the bus. For what cannot be acquired, and where acquiring has failed; but then
 * over a fresh link only: up to BlueZ 5.83 a characteristic whose acquisition failed stays marked as acquired, and
 * StartNotify or StopNotify on it makes bluetoothd use what it has freed. So a failure here ends the link. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bluez/bluez-private.h"
#include "util/macros.h"

#define CHARACTERISTIC_INTERFACE "org.bluez.GattCharacteristic1"

void stream_init(struct stream *s, struct bluez_link *l, unsigned characteristic) {
        *s = (struct stream){.link = l, .characteristic = characteristic, .fd = -1};
}

static void close_socket(struct stream *s) {
        if (s->fd < 0)
                return;
        (void) epoll_ctl(s->link->b->streams_fd, EPOLL_CTL_DEL, s->fd, NULL);
        close(s->fd);
        s->fd = -1;
}

void stream_close(struct stream *s) {
        sd_bus_slot_unref(s->match);
        close_socket(s);
        stream_init(s, s->link, s->characteristic);
}

static void end(struct stream *s) {
        close_socket(s);
        s->ended_us = bluez_now_us(s->link->b);
        bluez_kick(s->link->b);
}

void stream_read(struct stream *s, uint32_t events, uint64_t arrival_us) {
        uint8_t bytes[GATT_VALUE_MAX] _uninitialized_;

        if (s->fd < 0) /* closed since the kernel was asked */
                return;
        ssize_t n = recv(s->fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return;
        /* An empty datagram reads like the end; the end hangs up too. */
        if (n < 0 || (n == 0 && events & (EPOLLHUP | EPOLLRDHUP)))
                end(s);
        else if ((size_t) n > sizeof(bytes))
                s->link->truncated++;
        else
                session_take(s, bytes, (size_t) n, arrival_us);
}

/* ---- what has come of it ------------------------------------------------------------------------------------- */

static bool mtu_does(struct stream *s, unsigned mtu) {
        struct bluez_link *l = s->link;
        char why[WHY_MAX];

        l->session.mtu = mtu;
        if (mtu == 0 || mtu >= l->plan.least_mtu)
                return true;
        snprintf(why, sizeof(why), "packets are cut: the link has an MTU of %u, this sensor needs %u", mtu,
                l->plan.least_mtu);
        session_step_failed(l, why);
        return false;
}

static void subscribed(struct stream *s) {
        s->subscribed = true;
        s->since_us = bluez_now_us(s->link->b);
        session_step_done(s->link);
}

/* The next link tries the other way, unless this one failed because it was lost. */
static void failed(struct stream *s, enum bluez_error e, const char *why) {
        struct bluez_link *l = s->link;
        bool lost = e == BLUEZ_ERROR_DISCONNECTED || e == BLUEZ_ERROR_NO_SERVICE ||
                e == BLUEZ_ERROR_NO_OBJECT || e == BLUEZ_ERROR_ADAPTER_OFF;
        char text[WHY_MAX];

        snprintf(text, sizeof(text), "%s: %.120s", s->match ? "StartNotify" : "AcquireNotify", why);
        /* A link that was there already may still carry what its former user had acquired. */
        if (!lost && l->own && l->session.job == JOB_INIT) {
                l->start_notify = !s->match;
                l->soon = true;
        }
        session_step_failed(l, text);
}

static int adopt_socket(struct stream *s, int fd) {
        struct epoll_event e = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = s};

        s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        return s->fd < 0 || epoll_ctl(s->link->b->streams_fd, EPOLL_CTL_ADD, s->fd, &e) < 0 ? -errno : 0;
}

static int on_acquired(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct stream *s = userdata;
        struct bluez_link *l = s->link;
        char why[WHY_MAX];
        enum bluez_error e = bluez_reply(m, why);
        uint16_t mtu;
        int fd, r;

        (void) error;
        l->session.call = sd_bus_slot_unref(l->session.call);
        if (e != BLUEZ_ERROR_NONE) {
                failed(s, e, why);
                return 0;
        }
        r = sd_bus_message_read(m, "hq", &fd, &mtu);
        if (r >= 0)
                r = adopt_socket(s, fd);
        if (r < 0)
                failed(s, BLUEZ_ERROR_OTHER, strerror(-r));
        else if (mtu_does(s, mtu))
                subscribed(s);
        return 0;
}

/* ---- over the bus -------------------------------------------------------------------------------------------- */

static int on_value(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct stream *s = userdata;
        uint64_t arrival_us = bluez_now_us(s->link->b);
        int r;

        (void) error;
        if (!service_is_sender(s->link->b, m))
                return 0;
        r = sd_bus_message_skip(m, "s");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                const char *name, *type;
                const void *bytes;
                size_t n;

                r = sd_bus_message_read_basic(m, 's', &name);
                if (r >= 0)
                        r = sd_bus_message_peek_type(m, NULL, &type);
                if (r < 0)
                        break;
                if (strcmp(name, "Value") != 0 || strcmp(type, "ay") != 0) {
                        r = sd_bus_message_skip(m, "v");
                } else {
                        r = sd_bus_message_enter_container(m, 'v', "ay");
                        if (r >= 0)
                                r = sd_bus_message_read_array(m, 'y', &bytes, &n);
                        if (r >= 0 && n <= GATT_VALUE_MAX)
                                session_take(s, bytes, n, arrival_us);
                        else if (r >= 0)
                                s->link->truncated++;
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        bluez_message_fault("a value", m, r);
        return 0;
}

static int on_started(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct stream *s = userdata;
        struct bluez_link *l = s->link;
        const struct mirror_object *o = mirror_find(&l->b->mirror, s->path);
        char why[WHY_MAX];
        enum bluez_error e = bluez_reply(m, why);

        (void) error;
        l->session.call = sd_bus_slot_unref(l->session.call);
        if (e != BLUEZ_ERROR_NONE)
                failed(s, e, why);
        else if (mtu_does(s, o && o->characteristic ? o->characteristic->mtu : 0))
                subscribed(s);
        return 0;
}

/* The rule names the one path: a broad one would wake this client for every value of every other one. */
static int start(struct stream *s) {
        struct bluez *b = s->link->b;
        char rule[256 + MIRROR_PATH_MAX];
        int r;

        snprintf(rule, sizeof(rule),
                "type='signal',sender='" BLUEZ_SERVICE
                "',path='%s',interface='org.freedesktop.DBus.Properties',"
                "member='PropertiesChanged',arg0='" CHARACTERISTIC_INTERFACE "'",
                s->path);
        r = sd_bus_add_match_async(b->bus, &s->match, rule, on_value, NULL, s);
        return r < 0 ? r
                     : bluez_call(b, &s->link->session.call, s->path, CHARACTERISTIC_INTERFACE, "StartNotify",
                               b->params.call_us, on_started, s, "");
}

/* ---- either -------------------------------------------------------------------------------------------------- */

static bool is_of_plan(const struct bluez_link *l, unsigned characteristic) {
        for (unsigned k = 0; k < l->plan.n_streams; k++)
                if (l->plan.streams[k] == characteristic)
                        return true;
        return false;
}

void stream_subscribe(struct stream *s, const char *path, unsigned flags) {
        struct bluez_link *l = s->link;
        /* A battery that tells itself once a minute is not worth a socket; indications cannot be acquired up to 5.79. */
        bool acquire = flags & GATT_FLAG_NOTIFY && !l->start_notify && is_of_plan(l, s->characteristic);
        int r;

        stream_close(s);
        snprintf(s->path, sizeof(s->path), "%s", path);
        if (!(flags & (GATT_FLAG_NOTIFY | GATT_FLAG_INDICATE))) {
                session_step_failed(l, "the characteristic does not notify");
                return;
        }
        if (acquire)
                r = bluez_call(l->b, &l->session.call, s->path, CHARACTERISTIC_INTERFACE, "AcquireNotify",
                        l->b->params.acquire_us, on_acquired, s, "a{sv}", 0);
        else
                r = start(s);
        if (r < 0)
                failed(s, BLUEZ_ERROR_OTHER, strerror(-r));
}
