/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a plan over an open link: one at a time, each with the reply that it waits for.
 *
 *     INIT -> (streaming) -> WAKE, IDLE, INFO, BATTERY, POLL as they are due -> STOP
 *
 * A step of the plan that fails ends the link. Device information and battery are nice to have: they are passed over. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bluez/bluez-private.h"

#define CHARACTERISTIC_INTERFACE "org.bluez.GattCharacteristic1"
#define SHORT_US                 UINT64_C(2000000) /* notifications that end so soon: the socket does not do */
#define SLOW_PERIODS             20                /* of idle_hz, without a packet: a stall */

static const char battery_level_uuid[] = "00002a19-0000-1000-8000-00805f9b34fb";

/* Device Information service, in the order in which it is read. */
static const struct {
        const char *uuid;
        size_t offset;
} info_table[] = {
        {"00002a29-0000-1000-8000-00805f9b34fb", offsetof(struct bluez_sensor_info, maker)},
        {"00002a24-0000-1000-8000-00805f9b34fb", offsetof(struct bluez_sensor_info, model)},
        {"00002a26-0000-1000-8000-00805f9b34fb", offsetof(struct bluez_sensor_info, firmware)},
        {"00002a25-0000-1000-8000-00805f9b34fb", offsetof(struct bluez_sensor_info, serial)},
};

/* ---- what the plan needs ------------------------------------------------------------------------------------- */

static struct mirror_object *find(const struct bluez_link *l, unsigned characteristic) {
        const struct gatt_characteristic *c = &l->plan.characteristics[characteristic];
        struct mirror_object *o = NULL, *beside = c->beside > 0 ? find(l, c->beside - 1) : NULL;

        if (c->beside > 0 && !beside)
                return NULL;
        for (unsigned i = 0; i < c->n_uuids && !o; i++)
                o = beside ? mirror_find_beside(&l->b->mirror, beside, c->uuids[i])
                           : mirror_find_characteristic(&l->b->mirror, l->path, c->uuids[i]);
        return o;
}

const struct gatt_characteristic *session_lacks(const struct bluez_link *l) {
        for (unsigned i = 0; i < l->plan.init.n_steps; i++) {
                const struct gatt_step *s = &l->plan.init.steps[i];

                if (s->action != GATT_WAIT && !find(l, s->characteristic))
                        return &l->plan.characteristics[s->characteristic];
        }
        return NULL;
}

static uint64_t waits_us(const struct gatt_sequence *q) {
        uint64_t total_us = 0;

        for (unsigned i = 0; i < q->n_steps; i++)
                if (q->steps[i].action == GATT_WAIT)
                        total_us += q->steps[i].wait_ms * UINT64_C(1000);
        return total_us;
}

uint64_t session_prepare_us(const struct bluez_link *l) {
        return l->b->params.prepare_us + waits_us(&l->plan.init);
}

uint64_t session_stall_us(const struct bluez_link *l) {
        double slow_us;

        if (l->stall_us == 0)
                return UINT64_MAX;
        if (!l->session.idle && !(l->session.job == JOB_IDLE))
                return l->stall_us;
        switch (l->plan.idle_kind) {
        case GATT_IDLE_SLOW:
                slow_us = SLOW_PERIODS * 1e6 / MAX(l->plan.idle_hz, 0.1);
                return MAX(l->stall_us, (uint64_t) slow_us);
        case GATT_IDLE_OFF:
        case GATT_IDLE_MOTION:
                return UINT64_MAX;
        case GATT_IDLE_NONE:
                break;
        }
        return l->stall_us;
}

static const struct gatt_sequence *sequence(const struct bluez_link *l) {
        switch (l->session.job) {
        case JOB_INIT:
                return &l->plan.init;
        case JOB_STOP:
                return &l->plan.stop;
        case JOB_WAKE:
                return &l->plan.wake;
        case JOB_IDLE:
                return &l->plan.idle;
        case JOB_POLL:
                return &l->plan.poll;
        case JOB_NONE:
        case JOB_INFO:
        case JOB_BATTERY:
                break;
        }
        return NULL;
}

/* ---- values -------------------------------------------------------------------------------------------------- */

void session_take(struct stream *s, const uint8_t *bytes, size_t n, uint64_t arrival_us) {
        struct bluez_link *l = s->link;

        if (l->dropped || (l->state != BLUEZ_LINK_PREPARING && l->state != BLUEZ_LINK_STREAMING))
                return;
        if (l->plan.battery == GATT_BATTERY_CHARACTERISTIC &&
                s->characteristic == l->plan.battery_characteristic && l->handler->on_battery_value)
                l->handler->on_battery_value(l->userdata, bytes, n);
        for (unsigned k = 0; k < l->plan.n_streams; k++) {
                if (l->plan.streams[k] != s->characteristic)
                        continue;
                l->session.packet_us = arrival_us;
                l->packets++;
                l->bytes += n;
                if (l->handler->on_packet)
                        l->handler->on_packet(l->userdata, k, bytes, n, arrival_us);
        }
}

static void take_info(struct bluez_link *l, const void *bytes, size_t n) {
        char text[BLUEZ_NAME_MAX];

        n = MIN(n, sizeof(text) - 1);
        memcpy(text, bytes, n);
        text[n] = '\0';
        bluez_clean(text, (char *) &l->session.info + info_table[l->session.step].offset, BLUEZ_NAME_MAX);
}

static void take_battery(struct bluez_link *l, const uint8_t *bytes, size_t n) {
        if (l->dropped)
                return;
        if (l->plan.battery == GATT_BATTERY_CHARACTERISTIC && l->handler->on_battery_value)
                l->handler->on_battery_value(l->userdata, bytes, n);
        if (l->plan.battery == GATT_BATTERY_STANDARD && n == 1 && bytes[0] <= 100 && l->handler->on_battery)
                l->handler->on_battery(l->userdata, bytes[0]);
}

static int on_read(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez_link *l = userdata;
        const void *bytes;
        size_t n;

        (void) error;
        l->session.call = sd_bus_slot_unref(l->session.call);
        if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read_array(m, 'y', &bytes, &n) >= 0 &&
                n > 0) {
                if (l->session.job == JOB_INFO)
                        take_info(l, bytes, n);
                else
                        take_battery(l, bytes, n);
        }
        session_step_done(l);
        return 0;
}

static void read_value(struct bluez_link *l, const struct mirror_object *o) {
        if (bluez_call(l->b, &l->session.call, o->path, CHARACTERISTIC_INTERFACE, "ReadValue",
                    l->b->params.call_us, on_read, l, "a{sv}", 0) < 0)
                session_step_failed(l, "cannot be read");
}

/* ---- steps --------------------------------------------------------------------------------------------------- */

static int on_written(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez_link *l = userdata;
        char why[WHY_MAX];
        enum bluez_error e = bluez_reply(m, why);

        (void) error;
        l->session.call = sd_bus_slot_unref(l->session.call);
        if (e == BLUEZ_ERROR_NONE)
                session_step_done(l);
        else
                session_step_failed(l, why);
        return 0;
}

static void write_value(struct bluez_link *l, const struct gatt_step *s, const char *path) {
        sd_bus_message *m = NULL;
        int r = sd_bus_message_new_method_call(
                l->b->bus, &m, BLUEZ_SERVICE, path, CHARACTERISTIC_INTERFACE, "WriteValue");

        if (r >= 0)
                r = sd_bus_message_append_array(m, 'y', s->bytes, s->n_bytes);
        if (r >= 0)
                r = sd_bus_message_append(
                        m, "a{sv}", 1, "type", "s", s->action == GATT_WRITE ? "request" : "command");
        if (r >= 0)
                r = sd_bus_call_async(l->b->bus, &l->session.call, m, on_written, l, l->b->params.call_us);
        sd_bus_message_unref(m);
        if (r < 0)
                session_step_failed(l, strerror(-r));
}

/* Returns whether the step is done already. */
static bool do_step(struct bluez_link *l, const struct gatt_step *s) {
        struct session *e = &l->session;
        const struct mirror_object *o;

        if (s->action == GATT_WAIT) {
                e->wait_until_us = bluez_now_us(l->b) + s->wait_ms * UINT64_C(1000);
                bluez_kick(l->b);
                return false;
        }
        o = find(l, s->characteristic);
        if (!o)
                session_step_failed(l, "the characteristic is not there");
        else if (s->action != GATT_SUBSCRIBE)
                write_value(l, s, o->path);
        else if (e->streams[s->characteristic].subscribed)
                return true;
        else
                stream_subscribe(&e->streams[s->characteristic], o->path, o->characteristic->flags);
        return false;
}

static void finish(struct bluez_link *l) {
        struct session *e = &l->session;
        enum job job = e->job;

        e->job = JOB_NONE;
        if (job == JOB_INIT)
                e->ready = true;
        else if (job == JOB_STOP)
                e->stopped = true;
        else if (job == JOB_IDLE || job == JOB_WAKE)
                e->idle = job == JOB_IDLE;
        else if (job == JOB_INFO && !l->dropped && l->handler->on_info)
                l->handler->on_info(l->userdata, &e->info);
        e->packet_us =
                MAX(e->packet_us, bluez_now_us(l->b)); /* a job may have kept the sensor busy: no stall */
        bluez_kick(l->b);
}

static void go_on_info(struct bluez_link *l) {
        for (; l->session.step < ARRAY_SIZE(info_table); l->session.step++) {
                const struct mirror_object *o =
                        mirror_find_characteristic(&l->b->mirror, l->path, info_table[l->session.step].uuid);

                if (o) {
                        read_value(l, o);
                        return;
                }
        }
        finish(l);
}

/* Step 0 reads it, step 1 subscribes where it notifies. Battery1, where BlueZ has it, is in the mirror already. */
static void go_on_battery(struct bluez_link *l) {
        struct session *e = &l->session;
        const struct mirror_device *d = connection_device(l);
        const struct mirror_object *o = NULL;

        if (l->plan.battery == GATT_BATTERY_CHARACTERISTIC)
                o = find(l, l->plan.battery_characteristic);
        else if (l->plan.battery == GATT_BATTERY_STANDARD && d && d->battery_percent < 0)
                o = mirror_find_characteristic(&l->b->mirror, l->path, battery_level_uuid);
        if (o && e->step == 0 && o->characteristic->flags & GATT_FLAG_READ) {
                read_value(l, o);
                return;
        }
        if (o && e->step <= 1 && l->plan.battery == GATT_BATTERY_CHARACTERISTIC &&
                o->characteristic->flags & (GATT_FLAG_NOTIFY | GATT_FLAG_INDICATE) &&
                !e->streams[l->plan.battery_characteristic].subscribed) {
                e->step = 1;
                stream_subscribe(
                        &e->streams[l->plan.battery_characteristic], o->path, o->characteristic->flags);
                return;
        }
        finish(l);
}

static void go_on(struct bluez_link *l) {
        struct session *e = &l->session;
        const struct gatt_sequence *q = sequence(l);

        if (e->job == JOB_INFO) {
                go_on_info(l);
        } else if (e->job == JOB_BATTERY) {
                go_on_battery(l);
        } else if (q) {
                for (; e->step < q->n_steps; e->step++)
                        if (!do_step(l, &q->steps[e->step]))
                                return;
                finish(l);
        }
}

void session_step_done(struct bluez_link *l) {
        l->session.step++;
        go_on(l);
}

void session_step_failed(struct bluez_link *l, const char *why) {
        static const char *const words[] = {
                [JOB_NONE] = "",
                [JOB_INIT] = "setting up",
                [JOB_STOP] = "stopping",
                [JOB_WAKE] = "waking",
                [JOB_IDLE] = "going idle",
                [JOB_INFO] = "reading",
                [JOB_BATTERY] = "reading",
                [JOB_POLL] = "polling",
        };
        struct session *e = &l->session;

        if (e->job == JOB_INFO || e->job == JOB_BATTERY) {
                session_step_done(l);
        } else if (e->job == JOB_STOP) {
                finish(l);
        } else {
                connection_fail(l, "%s failed at step %u: %s", words[e->job], e->step + 1, why);
                e->job = JOB_NONE;
        }
}

/* ---- jobs ---------------------------------------------------------------------------------------------------- */

#define BIT(job) (1U << (job))

static void begin(struct bluez_link *l, enum job job) {
        l->session.job = job;
        l->session.step = 0;
        l->session.wait_until_us = 0;
        go_on(l);
}

static void start_next(struct bluez_link *l) {
        static const enum job order[] = {JOB_WAKE, JOB_IDLE, JOB_INFO, JOB_BATTERY, JOB_POLL};
        struct session *e = &l->session;

        for (size_t i = 0; i < ARRAY_SIZE(order) && e->job == JOB_NONE; i++)
                if (e->pending & BIT(order[i])) {
                        e->pending &= ~BIT(order[i]);
                        begin(l, order[i]);
                }
}

void session_begin(struct bluez_link *l) {
        struct session *e = &l->session;

        e->ready = e->stopped = e->idle = false;
        e->pending = 0;
        e->packet_us = 0;
        e->mtu = 0;
        begin(l, JOB_INIT);
}

void session_stream(struct bluez_link *l, uint64_t now_us) {
        struct session *e = &l->session;

        e->info = (struct bluez_sensor_info){.maker = ""};
        e->pending = BIT(JOB_INFO);
        e->battery_due_us = l->plan.battery == GATT_BATTERY_NONE ? UINT64_MAX : now_us;
        e->poll_due_us = l->plan.poll.n_steps > 0 ? now_us : UINT64_MAX;
}

static void look_at_clock(struct bluez_link *l, uint64_t now_us) {
        struct session *e = &l->session;

        if (now_us >= e->battery_due_us) {
                e->pending |= BIT(JOB_BATTERY);
                e->battery_due_us = now_us + l->b->params.battery_us;
        }
        if (now_us >= e->poll_due_us) {
                e->pending |= BIT(JOB_POLL);
                e->poll_due_us = now_us + MAX(l->plan.poll_period_s, 1U) * UINT64_C(1000000);
        }
        bluez_wake_at(l->b, MIN(e->battery_due_us, e->poll_due_us));
        if (l->idle != e->idle && l->plan.idle_kind != GATT_IDLE_NONE && l->plan.idle.n_steps > 0)
                e->pending |= l->idle ? BIT(JOB_IDLE) : BIT(JOB_WAKE);
}

/* A socket that is closed while the link stays up is no stream any more. The other order (first the end of the socket,
 * then Connected=false) is the usual one of a lost link, so a moment is given. */
static void look_at_streams(struct bluez_link *l, uint64_t now_us) {
        for (unsigned i = 0; i < GATT_CHARACTERISTICS_MAX; i++) {
                const struct stream *s = &l->session.streams[i];

                if (s->ended_us == 0)
                        continue;
                if (now_us < s->ended_us + l->b->params.settle_us) {
                        bluez_wake_at(l->b, s->ended_us + l->b->params.settle_us);
                        continue;
                }
                if (s->ended_us < s->since_us + SHORT_US)
                        l->start_notify = l->soon = true;
                connection_fail(l, "BlueZ has ended the notifications");
        }
}

void session_work(struct bluez_link *l, uint64_t now_us) {
        struct session *e = &l->session;

        if (e->wait_until_us > 0 && e->job != JOB_NONE) {
                if (now_us < e->wait_until_us) {
                        bluez_wake_at(l->b, e->wait_until_us);
                } else {
                        e->wait_until_us = 0;
                        session_step_done(l);
                }
        }
        if (l->state == BLUEZ_LINK_STREAMING) {
                look_at_clock(l, now_us);
                start_next(l);
        }
        if (l->state == BLUEZ_LINK_STREAMING || l->state == BLUEZ_LINK_PREPARING)
                look_at_streams(l, now_us);
        if (l->state == BLUEZ_LINK_CLOSING && !e->stopped) {
                if (now_us >= e->stop_by_us)
                        e->stopped = true;
                else
                        bluez_wake_at(l->b, e->stop_by_us);
        }
}

/* The sockets stay open until the link is down: closing one makes BlueZ write to a sensor that is being disconnected. */
void session_close(struct bluez_link *l, bool wanted, uint64_t now_us) {
        struct session *e = &l->session;

        e->call = sd_bus_slot_unref(e->call);
        e->job = JOB_NONE;
        e->pending = 0;
        e->stopped = !(wanted && e->ready && l->plan.stop.n_steps > 0);
        e->stop_by_us = now_us + l->b->params.settle_us + waits_us(&l->plan.stop);
        if (!e->stopped)
                begin(l, JOB_STOP);
}

void session_end(struct bluez_link *l) {
        struct session *e = &l->session;

        e->call = sd_bus_slot_unref(e->call);
        e->job = JOB_NONE;
        e->pending = 0;
        e->ready = false;
        for (unsigned i = 0; i < GATT_CHARACTERISTICS_MAX; i++)
                stream_close(&e->streams[i]);
}
