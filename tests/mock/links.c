/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: discovery, connecting, expiry, pairing. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

#define ADAPTER "org.bluez.Adapter1"
#define DEVICE  "org.bluez.Device1"

/* ---- adverts ------------------------------------------------------------------------------------------------- */

static int on_expired(sd_event_source *source, uint64_t usec, void *userdata) {
        struct peer *p = userdata;

        (void) source;
        (void) usec;
        if (p->object && p->temporary && !p->connected && !p->connect)
                peer_remove(p);
        return 0;
}

static void hear(struct adapter *a, struct sensor *s) {
        struct peer *p = get_peer(a, s);

        if (p->connected)
                return;
        if (p->temporary)
                later(a->mock, &p->expiry, a->mock->expire_ms, on_expired, p);
        if (p->object && p->heard && p->rssi == s->rssi + a->gain)
                return;
        if (p->object) {
                tell_rssi(p, true);
                return;
        }
        p->object = p->heard = true;
        p->rssi = s->rssi + a->gain;
        tell_peer(p, true);
}

static bool is_in_range(const struct adapter *a, const struct sensor *s) {
        return !a->deaf && s->advertising && (!s->near[0] || strcmp(s->near, a->id) == 0);
}

static bool is_linked(struct mock *m, const struct sensor *s) {
        for (const struct peer *p = m->peers; p; p = p->next)
                if (p->sensor == s && p->connected)
                        return true;
        return false;
}

static int on_adverts(sd_event_source *source, uint64_t usec, void *userdata) {
        struct mock *m = userdata;

        (void) source;
        (void) usec;
        for (struct adapter *a = m->adapters; a; a = a->next)
                for (struct sensor *s = m->sensors; s; s = s->next)
                        if (a->discovering && is_in_range(a, s) && !is_linked(m, s))
                                hear(a, s);
        start_adverts(m);
        return 0;
}

void start_adverts(struct mock *m) {
        later(m, &m->adverts, m->advert_ms, on_adverts, m);
}

void stop_discovery(struct adapter *a) {
        a->discovering = false;
        a->discoverer[0] = '\0';
        tell_bool(a->mock, a->path, ADAPTER, "Discovering", false);
        for (struct peer *p = a->mock->peers; p; p = p->next)
                if (p->adapter == a && p->object && p->heard)
                        tell_rssi(p, false);
}

/* ---- up and down --------------------------------------------------------------------------------------------- */

static void answer_connect(struct peer *p, const char *error_text) {
        sd_bus_message *call = p->connect;

        if (!call)
                return;
        p->connect = NULL;
        p->adapter->connecting--;
        if (error_text)
                sd_bus_reply_method_errorf(call, BLUEZ_FAILED, "%s", error_text);
        else
                sd_bus_reply_method_return(call, "");
        sd_bus_message_unref(call);
}

static int on_late(sd_event_source *source, uint64_t usec, void *userdata) {
        struct peer *p = userdata;

        (void) source;
        (void) usec;
        if (!p->exported)
                tell_service(p, true);
        for (struct attribute *a = p->sensor->attributes; a && !p->exported; a = a->next)
                tell_attribute(p, a, true);
        p->exported = true;
        return 0;
}

static int on_resolved(sd_event_source *source, uint64_t usec, void *userdata) {
        struct peer *p = userdata;
        const struct sensor *s = p->sensor;

        if (s->resolve == SERVICES_NORMAL)
                on_late(source, usec, p);
        p->resolved = true;
        tell_bool(p->adapter->mock, p->path, DEVICE, "ServicesResolved", true);
        tell_battery(p);
        if (s->resolve == SERVICES_LATE)
                later(p->adapter->mock, &p->timer, s->late_ms, on_late, p);
        return 0;
}

void peer_up(struct peer *p) {
        struct mock *m = p->adapter->mock;

        if (!p->object) {
                p->object = true;
                tell_peer(p, true);
        }
        p->connected = true;
        p->temporary = p->sensor->random && !p->bonded && p->temporary;
        if (!p->sensor->mute)
                tell_bool(m, p->path, DEVICE, "Connected", true);
        if (p->sensor->resolve != SERVICES_NEVER)
                later(m, &p->timer, p->sensor->resolve_ms, on_resolved, p);
}

void peer_down(struct peer *p) {
        struct mock *m = p->adapter->mock;

        answer_connect(p, "le-connection-abort-by-local");
        p->timer = sd_event_source_disable_unref(p->timer);
        if (!p->connected)
                return;
        close_listeners(m, p, NULL);
        if (p->resolved)
                tell_bool(m, p->path, DEVICE, "ServicesResolved", false);
        p->connected = p->resolved = false;
        tell_bool(m, p->path, DEVICE, "Connected", false);
        if (p->temporary)
                later(m, &p->expiry, m->expire_ms, on_expired, p);
}

void peer_remove(struct peer *p) {
        if (!p->object)
                return;
        peer_down(p);
        for (struct attribute *a = p->exported ? p->sensor->attributes : NULL; a; a = a->next)
                tell_attribute(p, a, false);
        if (p->exported)
                tell_service(p, false);
        p->object = p->exported = p->heard = p->bonded = false;
        p->temporary = true;
        tell_peer(p, false);
}

static unsigned count_links(const struct adapter *a) {
        unsigned n = 0;

        for (const struct peer *p = a->mock->peers; p; p = p->next)
                n += p->adapter == a && p->connected;
        return n;
}

static int on_connected(sd_event_source *source, uint64_t usec, void *userdata) {
        struct peer *p = userdata;

        (void) source;
        (void) usec;
        if (!p->sensor->advertising || is_linked(p->adapter->mock, p->sensor) ||
                count_links(p->adapter) >= p->adapter->slots) {
                answer_connect(p, "le-connection-abort-by-local");
                return 0;
        }
        peer_up(p);
        answer_connect(p, NULL);
        return 0;
}

int peer_connect(struct peer *p, sd_bus_message *call) {
        struct mock *m = p->adapter->mock;
        unsigned ms = m->connect_ms;

        if (!p->adapter->powered)
                return sd_bus_reply_method_errorf(call, BLUEZ_FAILED, "Input/output error");
        if (p->connected)
                return sd_bus_reply_method_return(call, "");
        if (p->connect)
                return sd_bus_reply_method_errorf(call, BLUEZ_FAILED, "Operation already in progress");
        if (p->adapter->connecting > 0)
                say(m, "violation two Connects at once on %s", p->adapter->id);
        if (p->adapter->discovering) {
                say(m, "violation Connect while %s discovers", p->adapter->id);
                ms += m->slow_ms;
        }
        if (!p->sensor->advertising)
                ms = m->absent_ms;
        p->connect = sd_bus_message_ref(call);
        p->adapter->connecting++;
        later(m, &p->timer, ms, on_connected, p);
        return 1;
}

static int on_disconnected(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        peer_down(userdata);
        return 0;
}

int peer_disconnect(struct peer *p, sd_bus_message *call) {
        if (p->connect) {
                p->timer = sd_event_source_disable_unref(p->timer);
                answer_connect(p, "br-connection-canceled");
                return sd_bus_reply_method_return(call, "");
        }
        if (!p->connected)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotConnected", "Not Connected");
        /* BlueZ answers once the link is down, after 2 s of its own; here the property comes later than the answer, so
         * that nobody counts on the order. */
        later(p->adapter->mock, &p->timer, p->adapter->mock->disconnect_ms, on_disconnected, p);
        return sd_bus_reply_method_return(call, "");
}

/* ---- pairing ------------------------------------------------------------------------------------------------- */

static void answer_pair(struct mock *m, const char *error, const char *text) {
        sd_bus_message *call = m->pair;

        m->pair = NULL;
        if (!call)
                return;
        if (error)
                sd_bus_reply_method_errorf(call, error, "%s", text);
        else
                sd_bus_reply_method_return(call, "");
        sd_bus_message_unref(call);
}

static int on_agent(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct mock *m = userdata;
        struct peer *p = m->pair_peer;
        uint32_t passkey = 0;

        (void) error;
        if (!m->pair)
                return 0;
        if (sd_bus_message_is_method_error(reply, NULL)) {
                say(m, "agent refused %s", p->sensor->address);
                answer_pair(m, "org.bluez.Error.AuthenticationRejected", "Authentication Rejected");
                return 0;
        }
        if (strcmp(p->sensor->pairing, "passkey") == 0 &&
                (sd_bus_message_read(reply, "u", &passkey) < 0 || passkey != p->sensor->passkey)) {
                say(m, "wrong passkey %u for %s", passkey, p->sensor->address);
                answer_pair(m, "org.bluez.Error.AuthenticationFailed", "Authentication Failed");
                return 0;
        }
        p->bonded = true;
        p->temporary = false;
        tell_bool(m, p->path, DEVICE, "Bonded", true);
        tell_bool(m, p->path, DEVICE, "Paired", true);
        say(m, "bonded %s", p->sensor->address);
        answer_pair(m, NULL, NULL);
        return 0;
}

int peer_pair(struct peer *p, sd_bus_message *call) {
        struct mock *m = p->adapter->mock;
        const char *method =
                strcmp(p->sensor->pairing, "passkey") == 0 ? "RequestPasskey" : "RequestAuthorization";

        if (p->bonded)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.AlreadyExists", "Already Exists");
        if (m->pair)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.InProgress", "In Progress");
        if (!p->sensor->pairing[0] || strcmp(p->sensor->pairing, "refuse") == 0)
                return sd_bus_reply_method_errorf(
                        call, "org.bluez.Error.AuthenticationFailed", "Authentication Failed");
        if (!m->agent.client[0])
                return sd_bus_reply_method_errorf(
                        call, "org.bluez.Error.AuthenticationFailed", "Authentication Failed");
        m->pair = sd_bus_message_ref(call);
        m->pair_peer = p;
        return sd_bus_call_method_async(m->bus, NULL, m->agent.client, m->agent.path, "org.bluez.Agent1",
                       method, on_agent, m, "o", p->path) < 0
                ? -1
                : 1;
}

/* ---- adapters ------------------------------------------------------------------------------------------------ */

void set_power(struct adapter *a, bool on) {
        if (a->powered == on)
                return;
        if (!on) {
                if (a->discovering)
                        stop_discovery(a);
                for (struct peer *p = a->mock->peers; p; p = p->next)
                        if (p->adapter == a)
                                peer_down(p);
        }
        a->deaf = a->deaf && on;
        a->powered = on;
        tell_bool(a->mock, a->path, ADAPTER, "Powered", on);
}

void unplug(struct adapter *a) {
        set_power(a, false);
        for (struct peer *p = a->mock->peers; p; p = p->next)
                if (p->adapter == a) {
                        bool bonded = p->bonded;

                        peer_remove(p);
                        p->bonded = bonded;
                }
        a->plugged = false;
        tell_adapter(a, false);
}
