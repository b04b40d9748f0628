/* SPDX-License-Identifier: Apache-2.0 */
/* What BlueZ and the bus say when a call fails. */

#include "bluez/error.h"

#include <stddef.h>
#include <string.h>

#include "util/macros.h"

/* In order: the first that fits. text NULL = any, else the beginning of BlueZ's text. */
static const struct {
        const char *name, *text;
        enum bluez_error error;
} errors[] = {
        /* EALREADY of a second Connect; InProgress of StartDiscovery, AcquireNotify, Pair */
        {"org.bluez.Error.Failed", "Operation already in progress", BLUEZ_ERROR_PENDING},
        {"org.bluez.Error.InProgress", NULL, BLUEZ_ERROR_PENDING},
        {"org.bluez.Error.AlreadyConnected", NULL, BLUEZ_ERROR_DONE},
        {"org.bluez.Error.AlreadyExists", NULL, BLUEZ_ERROR_DONE}, /* Pair with a bonded device */
        {"org.bluez.Error.Failed", "No discovery started", BLUEZ_ERROR_DONE},
        /* Yes, "br": the text of a Connect over LE that Disconnect has cut short. */
        {"org.bluez.Error.Failed", "br-connection-canceled", BLUEZ_ERROR_CANCELLED},
        {"org.bluez.Error.Failed", "le-connection-canceled", BLUEZ_ERROR_CANCELLED},
        {"org.bluez.Error.AuthenticationCanceled", NULL, BLUEZ_ERROR_CANCELLED},
        /* Every failure of an LE connect, whatever it was (att_connect_cb). */
        {"org.bluez.Error.Failed", "le-connection-abort-by-local", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "le-connection-", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "br-connection-", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "Software caused connection abort", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "Connection timed out", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "Host is down", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.ConnectionAttemptFailed", NULL, BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.NotAvailable", NULL, BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.DoesNotExist", NULL, BLUEZ_ERROR_NO_OBJECT},
        {"org.freedesktop.DBus.Error.UnknownObject", NULL, BLUEZ_ERROR_NO_OBJECT},
        {"org.freedesktop.DBus.Error.UnknownMethod", NULL,
                BLUEZ_ERROR_NO_OBJECT}, /* ... of a path without objects */
        {"org.freedesktop.DBus.Error.UnknownInterface", NULL, BLUEZ_ERROR_NO_OBJECT},
        {"org.bluez.Error.Failed", "Input/output error",
                BLUEZ_ERROR_ADAPTER_OFF}, /* Connect while not powered */
        {"org.bluez.Error.NotReady", NULL, BLUEZ_ERROR_ADAPTER_OFF},
        {"org.bluez.Error.Failed", "Not Powered", BLUEZ_ERROR_ADAPTER_OFF},
        {"org.bluez.Error.Blocked", NULL, BLUEZ_ERROR_BLOCKED},
        {"org.bluez.Error.AuthenticationFailed", NULL, BLUEZ_ERROR_REFUSED},
        {"org.bluez.Error.AuthenticationRejected", NULL, BLUEZ_ERROR_REFUSED},
        {"org.bluez.Error.AuthenticationTimeout", NULL, BLUEZ_ERROR_REFUSED},
        {"org.bluez.Error.NotAuthorized", NULL, BLUEZ_ERROR_REFUSED},
        {"org.bluez.Error.NotPermitted", NULL, BLUEZ_ERROR_UNSUPPORTED}, /* "Notify acquired" among them */
        {"org.bluez.Error.NotSupported", NULL, BLUEZ_ERROR_UNSUPPORTED},
        {"org.bluez.Error.InvalidValueLength", NULL, BLUEZ_ERROR_UNSUPPORTED},
        {"org.bluez.Error.InvalidOffset", NULL, BLUEZ_ERROR_UNSUPPORTED},
        {"org.bluez.Error.NotConnected", NULL, BLUEZ_ERROR_DISCONNECTED},
        {"org.bluez.Error.Failed", "Not connected", BLUEZ_ERROR_DISCONNECTED},
        {"org.freedesktop.DBus.Error.NoReply", NULL, BLUEZ_ERROR_NO_REPLY},
        {"org.freedesktop.DBus.Error.Timeout", NULL, BLUEZ_ERROR_NO_REPLY},
        {"org.freedesktop.DBus.Error.TimedOut", NULL, BLUEZ_ERROR_NO_REPLY},
        {"org.freedesktop.DBus.Error.ServiceUnknown", NULL, BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.DBus.Error.NameHasNoOwner", NULL, BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.DBus.Error.Disconnected", NULL, BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.DBus.Error.Spawn.", NULL, BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.systemd1.", NULL, BLUEZ_ERROR_NO_SERVICE},
};

static bool begins(const char *text, const char *with) {
        return strncmp(text, with, strlen(with)) == 0;
}

/* A name in the table that ends with a dot stands for all that begin like it. */
static bool name_fits(const char *name, const char *entry) {
        return entry[strlen(entry) - 1] == '.' ? begins(name, entry) : strcmp(name, entry) == 0;
}

enum bluez_error bluez_error_of(const char *name, const char *text) {
        if (!name)
                return BLUEZ_ERROR_NONE;
        for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
                if (name_fits(name, errors[i].name) &&
                        (!errors[i].text || begins(text ? text : "", errors[i].text)))
                        return errors[i].error;
        return BLUEZ_ERROR_OTHER;
}

const char *bluez_error_to_string(enum bluez_error e) {
        static const char *const words[_BLUEZ_ERROR_MAX] = {
                [BLUEZ_ERROR_NONE] = "no error",
                [BLUEZ_ERROR_PENDING] = "the same is under way already",
                [BLUEZ_ERROR_DONE] = "it is so already",
                [BLUEZ_ERROR_CANCELLED] = "cancelled",
                [BLUEZ_ERROR_ABORTED] = "the sensor did not answer, or the radio link broke",
                [BLUEZ_ERROR_NO_OBJECT] = "BlueZ has forgotten the sensor",
                [BLUEZ_ERROR_ADAPTER_OFF] = "the adapter is switched off",
                [BLUEZ_ERROR_BLOCKED] = "the adapter is blocked by rfkill",
                [BLUEZ_ERROR_REFUSED] = "refused: not paired, or with another key",
                [BLUEZ_ERROR_UNSUPPORTED] = "not supported or not permitted",
                [BLUEZ_ERROR_DISCONNECTED] = "the link was lost",
                [BLUEZ_ERROR_NO_REPLY] = "BlueZ does not answer",
                [BLUEZ_ERROR_NO_SERVICE] = "BlueZ is not running",
                [BLUEZ_ERROR_OTHER] = "BlueZ reports an error",
        };
        return e < _BLUEZ_ERROR_MAX ? words[e] : NULL;
}
