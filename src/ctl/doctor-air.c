/* SPDX-License-Identifier: Apache-2.0 */
/* Asking BlueZ for its adapters, once, by the mirror that the hub itself uses. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bluez/mirror.h"
#include "ctl/doctor.h"

#define ANSWER_US                                                                                              \
        UINT64_C(                                                                                              \
                5000000) /* of a bluetoothd that hangs there is none; a busy one takes a fraction of a second */

static bool wants_none(_unused_ void *userdata, _unused_ const char *address) {
        return false;
}

static int compare_adapters(const void *a, const void *b) {
        return strcmp(a, b);
}

static void take(struct air *air, sd_bus_message *reply) {
        struct mirror *mirror = calloc(1, sizeof(*mirror));
        const struct mirror_object *o = NULL;

        if (!mirror)
                return;
        mirror_init(mirror, wants_none, NULL);
        (void) mirror_load(mirror, reply, 0);
        while ((o = mirror_next(mirror, o)))
                if (o->adapter && air->n_adapters < ARRAY_SIZE(air->adapters)) {
                        snprintf(
                                air->adapters[air->n_adapters].address, ADDRESS_MAX, "%s", o->adapter->address);
                        air->adapters[air->n_adapters].powered = o->adapter->powered;
                        air->adapters[air->n_adapters++].blocked = o->adapter->blocked;
                }
        qsort(air->adapters, air->n_adapters, sizeof(air->adapters[0]), compare_adapters);
        mirror_clear(mirror);
        free(mirror);
}

void doctor_ask_bluez(sd_bus *bus, struct air *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = sd_bus_message_new_method_call(
                bus, &call, "org.bluez", "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");

        *ret = (struct air){.state = AIR_UNASKED};
        if (r >= 0)
                r = sd_bus_message_set_auto_start(call, 0); /* to look is not to start it */
        if (r >= 0)
                r = sd_bus_call(bus, call, ANSWER_US, &error, &reply);
        if (r >= 0) {
                ret->state = AIR_THERE;
                take(ret, reply);
        } else if (sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED))
                ret->state = AIR_DENIED;
        else if (r == -ETIMEDOUT || sd_bus_error_has_name(&error, SD_BUS_ERROR_NO_REPLY))
                ret->state = AIR_SILENT;
        else
                ret->state = AIR_AWAY;
        sd_bus_error_free(&error);
}
