/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What BlueZ and the bus say when a call fails. sd-bus makes -EIO of every org.bluez.Error, so names and texts have to
 * be told apart here; each of them has been met. */

#include <stdbool.h>

enum bluez_error {
        BLUEZ_ERROR_NONE,         /* no error */
        BLUEZ_ERROR_PENDING,      /* the same is under way already: wait for the property */
        BLUEZ_ERROR_DONE,         /* it is so already */
        BLUEZ_ERROR_CANCELLED,    /* by our own Disconnect */
        BLUEZ_ERROR_ABORTED,      /* the radio: not there, or lost while connecting */
        BLUEZ_ERROR_NO_OBJECT,    /* the device object has expired */
        BLUEZ_ERROR_ADAPTER_OFF,  /* not powered */
        BLUEZ_ERROR_BLOCKED,      /* by rfkill */
        BLUEZ_ERROR_REFUSED,      /* pairing or access: not the right key, or not wanted */
        BLUEZ_ERROR_UNSUPPORTED,  /* the characteristic or the adapter cannot */
        BLUEZ_ERROR_DISCONNECTED, /* the link was lost meanwhile */
        BLUEZ_ERROR_NO_REPLY,     /* the call hangs */
        BLUEZ_ERROR_NO_SERVICE,   /* BlueZ is away */
        BLUEZ_ERROR_OTHER,
        _BLUEZ_ERROR_MAX,
};

/* name NULL = no error; text may be NULL. */
enum bluez_error bluez_error_of(const char *name, const char *text);

/* For a person; of _OTHER it is BlueZ's text, cleaned by the caller, that says more. */
const char *bluez_error_to_string(enum bluez_error e);
