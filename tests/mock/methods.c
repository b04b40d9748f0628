/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: method calls, and the faults that are ordered for them. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mock.h"

static int unknown(sd_bus_message *call) {
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT,
                "Method \"%s\" with signature \"%s\" on interface \"%s\" doesn't exist",
                sd_bus_message_get_member(call), sd_bus_message_get_signature(call, 1),
                sd_bus_message_get_interface(call));
}

/* ---- adapters ------------------------------------------------------------------------------------------------ */

static int start_discovery(struct adapter *a, sd_bus_message *call) {
        if (!a->powered)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.NotReady", "Resource Not Ready");
        if (a->discovering)
                return sd_bus_reply_method_errorf(
                        call, "org.bluez.Error.InProgress", "Operation already in progress");
        a->discovering = true;
        snprintf(a->discoverer, sizeof(a->discoverer), "%s", sd_bus_message_get_sender(call));
        if (a->connecting > 0)
                say(a->mock, "violation StartDiscovery on %s while connecting", a->id);
        tell_bool(a->mock, a->path, "org.bluez.Adapter1", "Discovering", true);
        return sd_bus_reply_method_return(call, "");
}

static int end_discovery(struct adapter *a, sd_bus_message *call) {
        if (!a->discovering)
                return sd_bus_reply_method_errorf(call, BLUEZ_FAILED, "No discovery started");
        stop_discovery(a);
        return sd_bus_reply_method_return(call, "");
}

static int remove_device(struct adapter *a, sd_bus_message *call) {
        struct peer *p;
        const char *path;
        int r = sd_bus_message_read(call, "o", &path);

        if (r < 0)
                return r;
        p = find_peer(a->mock, path);
        if (!p || p->adapter != a)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.DoesNotExist", "Does Not Exist");
        say(a->mock, "removed %s", p->sensor->address);
        peer_remove(p);
        return sd_bus_reply_method_return(call, "");
}

static int adapter_call(struct adapter *a, sd_bus_message *call, const char *member) {
        if (strcmp(member, "StartDiscovery") == 0)
                return start_discovery(a, call);
        if (strcmp(member, "StopDiscovery") == 0)
                return end_discovery(a, call);
        if (strcmp(member, "RemoveDevice") == 0)
                return remove_device(a, call);
        if (strcmp(member, "SetDiscoveryFilter") == 0)
                return sd_bus_reply_method_return(call, "");
        return unknown(call);
}

static int set_property(struct adapter *a, sd_bus_message *call) {
        const char *interface, *name;
        int on, r = sd_bus_message_read(call, "ssv", &interface, &name, "b", &on);

        if (r < 0)
                return r;
        if (strcmp(name, "Powered") != 0)
                return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_PROPERTY, "no %s", name);
        if (on && a->blocked)
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.Blocked", "Blocked through rfkill");
        say(a->mock, "powered %s %d", a->id, on);
        set_power(a, on);
        return sd_bus_reply_method_return(call, "");
}

static int get_all(const struct peer *p, sd_bus_message *call) {
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0) {
                append_device(reply, p);
                r = sd_bus_send(NULL, reply, NULL);
        }
        sd_bus_message_unref(reply);
        return r;
}

static int properties_call(struct mock *m, const char *path, sd_bus_message *call, const char *member) {
        struct adapter *a = find_adapter(m, path);
        const struct peer *p = find_peer(m, path);

        if (p && strcmp(member, "GetAll") == 0)
                return get_all(p, call);
        if (!a || !a->plugged)
                return unknown(call);
        if (strcmp(member, "Set") == 0)
                return set_property(a, call);
        return sd_bus_reply_method_return(call, "v", "b", (int) a->powered);
}

/* ---- the rest ------------------------------------------------------------------------------------------------ */

static int device_call(struct peer *p, sd_bus_message *call, const char *member) {
        if (strcmp(member, "Connect") == 0)
                return peer_connect(p, call);
        if (strcmp(member, "Disconnect") == 0)
                return peer_disconnect(p, call);
        if (strcmp(member, "Pair") == 0)
                return peer_pair(p, call);
        return unknown(call);
}

static int agent_call(struct mock *m, sd_bus_message *call, const char *member) {
        const char *path, *capability;

        if (strcmp(member, "RegisterAgent") != 0) {
                m->agent.client[0] = '\0';
                return sd_bus_reply_method_return(call, "");
        }
        if (sd_bus_message_read(call, "os", &path, &capability) < 0)
                return -1;
        if (m->agent.client[0])
                return sd_bus_reply_method_errorf(call, "org.bluez.Error.AlreadyExists", "Already Exists");
        snprintf(m->agent.client, sizeof(m->agent.client), "%s", sd_bus_message_get_sender(call));
        snprintf(m->agent.path, sizeof(m->agent.path), "%s", path);
        snprintf(m->agent.capability, sizeof(m->agent.capability), "%s", capability);
        say(m, "agent %s", capability);
        return sd_bus_reply_method_return(call, "");
}

static int objects_call(struct mock *m, sd_bus_message *call) {
        sd_bus_message *reply = NULL;
        int r = sd_bus_message_new_method_return(call, &reply);

        if (r >= 0)
                r = append_objects(reply, m);
        if (r >= 0)
                r = sd_bus_send(m->bus, reply, NULL);
        sd_bus_message_unref(reply);
        return r;
}

static int dispatch(struct mock *m, sd_bus_message *call) {
        const char *path = sd_bus_message_get_path(call), *member = sd_bus_message_get_member(call),
                   *interface = sd_bus_message_get_interface(call);
        struct adapter *a = find_adapter(m, path);
        struct peer *p = find_peer(m, path);
        struct attribute *attribute;

        if (strcmp(member, "GetManagedObjects") == 0)
                return objects_call(m, call);
        if (interface && strcmp(interface, "org.freedesktop.DBus.Properties") == 0)
                return properties_call(m, path, call, member);
        if (interface && strcmp(interface, "org.bluez.AgentManager1") == 0)
                return agent_call(m, call, member);
        if (a && a->plugged)
                return adapter_call(a, call, member);
        if (p)
                return device_call(p, call, member);
        p = find_attribute_peer(m, path, &attribute);
        return p ? gatt_call(p, attribute, call, member) : unknown(call);
}

/* ---- faults -------------------------------------------------------------------------------------------------- */

/* Who is called: the sensor's address, or the adapter's name. */
static void target_of(struct mock *m, const char *path, char ret[ADDRESS_SIZE]) {
        const char *device = strstr(path, "/dev_");
        const struct adapter *a = find_adapter(m, path);

        ret[0] = '\0';
        if (a) {
                snprintf(ret, ADDRESS_SIZE, "%s", a->id);
        } else if (device) {
                snprintf(ret, ADDRESS_SIZE, "%.17s", device + strlen("/dev_"));
                for (char *c = ret; *c; c++)
                        if (*c == '_')
                                *c = ':';
        }
}

static struct fault *take_fault(struct mock *m, const char *target, const char *member) {
        for (struct fault *f = m->faults; f; f = f->next)
                if ((strcmp(f->target, target) == 0 || strcmp(f->target, "*") == 0) &&
                        strcmp(f->member, member) == 0) {
                        if (f->count == 1)
                                f->member[0] = '\0'; /* used up */
                        else if (f->count > 1)
                                f->count--;
                        return f;
                }
        return NULL;
}

struct delayed {
        struct mock *mock;
        sd_bus_message *call;
        sd_event_source *timer;
};

static int on_delayed(sd_event_source *source, uint64_t usec, void *userdata) {
        struct delayed *d = userdata;

        (void) source;
        (void) usec;
        dispatch(d->mock, d->call);
        sd_bus_message_unref(d->call);
        sd_event_source_disable_unref(d->timer);
        free(d);
        return 0;
}

static int delay(struct mock *m, sd_bus_message *call, unsigned ms) {
        struct delayed *d = calloc(1, sizeof(*d));

        if (!d)
                return -1;
        *d = (struct delayed){.mock = m, .call = sd_bus_message_ref(call)};
        later(m, &d->timer, ms, on_delayed, d);
        return 1;
}

static int fail(struct mock *m, const struct fault *f, sd_bus_message *call) {
        struct attribute *a;
        struct peer *p = find_attribute_peer(m, sd_bus_message_get_path(call), &a);

        if (p && strcmp(sd_bus_message_get_member(call), "AcquireNotify") == 0)
                stick(p, a);
        switch (f->kind) {
        case FAULT_ERROR:
                return sd_bus_reply_method_errorf(call, f->name, "%s", f->text);
        case FAULT_HANG:
                return 1;
        case FAULT_DELAY:
                return delay(m, call, f->ms);
        case FAULT_LIE:
                return sd_bus_reply_method_return(call, "");
        }
        return 1;
}

int on_message(sd_bus_message *call, void *userdata, sd_bus_error *error) {
        struct mock *m = userdata;
        const char *path = sd_bus_message_get_path(call), *member = sd_bus_message_get_member(call);
        char target[ADDRESS_SIZE];
        struct fault *f;
        uint8_t type;
        int r;

        (void) error;
        if (sd_bus_message_get_type(call, &type) < 0 || type != SD_BUS_MESSAGE_METHOD_CALL || !path || !member)
                return 0;
        say(m, "call %s %s", member, path);
        if (m->hung)
                return 1;
        target_of(m, path, target);
        f = take_fault(m, target, member);
        r = f ? fail(m, f, call) : dispatch(m, call);
        return r < 0 ? r : 1;
}
