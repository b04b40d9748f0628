/* SPDX-License-Identifier: Apache-2.0 */
/* org.bluez.Agent1: what BlueZ asks while a sensor is being paired. Registered only while some sensor is to be bonded,
 * and never as the default agent: only pairings that this client began come here.
 *
 * The answer is no, except for a sensor that is wanted, in PAIRING, with leave to pair. BlueZ itself is the only one who
 * may ask. */

#include <errno.h>
#include <string.h>

#include "bluez/bluez-private.h"
#include "util/log.h"

#define AGENT_PATH "/org/repcast/bluez/agent"
#define REJECTED   "org.bluez.Error.Rejected"

static const struct bluez_link *find(const struct bluez *b, const char *path) {
        for (const struct bluez_link *l = b->links; l; l = l->next)
                if (l->state == BLUEZ_LINK_PAIRING && l->may_pair && !l->dropped && strcmp(l->path, path) == 0)
                        return l;
        return NULL;
}

static int reject(const char *what, const char *path, sd_bus_error *error) {
        log_notice("refused: %s of %s", what, path);
        return sd_bus_error_set(error, REJECTED, "not wanted here");
}

/* The link that is asked for; NULL with the error set. */
static const struct bluez_link *ask(struct bluez *b, sd_bus_message *m, sd_bus_error *error) {
        const struct bluez_link *l;
        const char *path = "?";

        if (!service_is_sender(b, m)) {
                sd_bus_error_set(error, REJECTED, "only BlueZ may ask");
                return NULL;
        }
        if (sd_bus_message_read(m, "o", &path) < 0) {
                sd_bus_error_set(error, REJECTED, "no device");
                return NULL;
        }
        l = find(b, path);
        if (!l)
                reject(sd_bus_message_get_member(m), path, error);
        return l;
}

static int on_request_passkey(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const struct bluez_link *l = ask(userdata, m, error);

        if (!l)
                return -EACCES;
        if (l->passkey < 0)
                return reject("a passkey, and none is configured,", l->address, error);
        return sd_bus_reply_method_return(m, "u", (uint32_t) l->passkey);
}

/* Both ends show a number; with a configured one it must be that. */
static int on_request_confirmation(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const struct bluez_link *l = ask(userdata, m, error);
        uint32_t passkey;

        if (!l)
                return -EACCES;
        if (sd_bus_message_read(m, "u", &passkey) < 0 || (l->passkey >= 0 && passkey != (uint32_t) l->passkey))
                return reject("another passkey", l->address, error);
        return sd_bus_reply_method_return(m, "");
}

static int on_request_authorization(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const struct bluez_link *l = ask(userdata, m, error);

        /* Just Works: where a passkey is configured, a pairing without one is somebody else's. */
        if (!l)
                return -EACCES;
        if (l->passkey >= 0)
                return reject("pairing without the passkey", l->address, error);
        return sd_bus_reply_method_return(m, "");
}

static int on_refused(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *path = "?";

        (void) userdata;
        sd_bus_message_read(m, "o", &path);
        return reject(sd_bus_message_get_member(m), path, error);
}

static int on_noted(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        (void) userdata;
        (void) error;
        return sd_bus_reply_method_return(m, "");
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Release", "", "", on_noted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestPinCode", "o", "s", on_refused, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("DisplayPinCode", "os", "", on_refused, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestPasskey", "o", "u", on_request_passkey, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("DisplayPasskey", "ouq", "", on_noted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestConfirmation", "ou", "", on_request_confirmation, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestAuthorization", "o", "", on_request_authorization, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AuthorizeService", "os", "", on_refused, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Cancel", "", "", on_noted, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int agent_start(struct bluez *b) {
        return sd_bus_add_object_vtable(b->bus, &b->agent, AGENT_PATH, "org.bluez.Agent1", vtable, b);
}

void agent_lost(struct bluez *b) {
        b->agent_call = sd_bus_slot_unref(b->agent_call);
        b->agent_capability = NULL;
}

static int on_registered(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct bluez *b = userdata;
        char why[WHY_MAX];

        (void) error;
        b->agent_call = sd_bus_slot_unref(b->agent_call);
        if (bluez_reply(m, why) != BLUEZ_ERROR_NONE)
                log_warning("BlueZ does not take the agent: %s; sensors cannot be paired", why);
        return 0;
}

static const char *wanted_capability(const struct bluez *b) {
        const char *capability = NULL;

        for (const struct bluez_link *l = b->links; l; l = l->next) {
                if (!l->bond || l->dropped)
                        continue;
                if (l->passkey >= 0)
                        return "KeyboardOnly";
                capability = "NoInputNoOutput";
        }
        return capability;
}

void agent_work(struct bluez *b) {
        const char *wanted = wanted_capability(b);

        if (b->service != BLUEZ_SERVICE_READY || b->stopping || !wanted ||
                (b->agent_capability && strcmp(b->agent_capability, wanted) == 0))
                return;
        if (b->agent_capability)
                bluez_call(b, NULL, "/org/bluez", "org.bluez.AgentManager1", "UnregisterAgent",
                        b->params.call_us, NULL, NULL, "o", AGENT_PATH);
        b->agent_capability = wanted;
        b->agent_call = sd_bus_slot_unref(b->agent_call);
        bluez_call(b, &b->agent_call, "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
                b->params.call_us, on_registered, b, "os", AGENT_PATH, wanted);
}
