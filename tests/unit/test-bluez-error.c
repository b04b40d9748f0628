/* SPDX-License-Identifier: Apache-2.0 */
/* Names and texts of errors as BlueZ 5.66 to 5.82, the bus and sd-bus say them. */

#include "bluez/error.h"
#include "unit.h"
#include "util/macros.h"

static const struct {
        const char *name, *text;
        enum bluez_error error;
} cases[] = {
        {NULL, NULL, BLUEZ_ERROR_NONE},
        {"org.bluez.Error.Failed", "Operation already in progress", BLUEZ_ERROR_PENDING},
        {"org.bluez.Error.InProgress", "In Progress", BLUEZ_ERROR_PENDING},
        {"org.bluez.Error.InProgress", "Operation already in progress", BLUEZ_ERROR_PENDING},
        {"org.bluez.Error.AlreadyConnected", "Already Connected", BLUEZ_ERROR_DONE},
        {"org.bluez.Error.AlreadyExists", "Already Exists", BLUEZ_ERROR_DONE},
        {"org.bluez.Error.Failed", "No discovery started", BLUEZ_ERROR_DONE},
        {"org.bluez.Error.Failed", "br-connection-canceled", BLUEZ_ERROR_CANCELLED},
        {"org.bluez.Error.AuthenticationCanceled", "Authentication Canceled", BLUEZ_ERROR_CANCELLED},
        {"org.bluez.Error.Failed", "le-connection-abort-by-local", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "le-connection-timeout", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "br-connection-unknown", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.Failed", "Software caused connection abort", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.NotAvailable", "br-connection-profile-unavailable", BLUEZ_ERROR_ABORTED},
        {"org.bluez.Error.DoesNotExist", "Does Not Exist", BLUEZ_ERROR_NO_OBJECT},
        {"org.freedesktop.DBus.Error.UnknownObject", "Method \"Connect\" with signature \"\" ...",
                BLUEZ_ERROR_NO_OBJECT},
        {"org.freedesktop.DBus.Error.UnknownMethod", NULL, BLUEZ_ERROR_NO_OBJECT},
        {"org.bluez.Error.Failed", "Input/output error", BLUEZ_ERROR_ADAPTER_OFF},
        {"org.bluez.Error.NotReady", "Resource Not Ready", BLUEZ_ERROR_ADAPTER_OFF},
        {"org.bluez.Error.Blocked", "Blocked through rfkill", BLUEZ_ERROR_BLOCKED},
        {"org.bluez.Error.AuthenticationFailed", "Authentication Failed", BLUEZ_ERROR_REFUSED},
        {"org.bluez.Error.AuthenticationRejected", "Authentication Rejected", BLUEZ_ERROR_REFUSED},
        {"org.bluez.Error.NotPermitted", "Notify acquired", BLUEZ_ERROR_UNSUPPORTED},
        {"org.bluez.Error.NotSupported", "Operation is not supported", BLUEZ_ERROR_UNSUPPORTED},
        {"org.bluez.Error.NotConnected", "Not Connected", BLUEZ_ERROR_DISCONNECTED},
        {"org.bluez.Error.Failed", "Not connected", BLUEZ_ERROR_DISCONNECTED},
        {"org.freedesktop.DBus.Error.NoReply", "Method call timed out", BLUEZ_ERROR_NO_REPLY},
        {"org.freedesktop.DBus.Error.ServiceUnknown", "The name org.bluez was not provided",
                BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.DBus.Error.NameHasNoOwner", NULL, BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.DBus.Error.Spawn.ChildExited", "status 1", BLUEZ_ERROR_NO_SERVICE},
        {"org.freedesktop.systemd1.NoSuchUnit", "Unit dbus-org.bluez.service not found",
                BLUEZ_ERROR_NO_SERVICE},
        {"org.bluez.Error.Failed", "Something new", BLUEZ_ERROR_OTHER},
        {"org.bluez.Error.Failed", NULL, BLUEZ_ERROR_OTHER},
        {"org.bluez.Error.InProgressively", NULL, BLUEZ_ERROR_OTHER},
        {"", "", BLUEZ_ERROR_OTHER},
};

static void test_errors(void **state) {
        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                if (bluez_error_of(cases[i].name, cases[i].text) != cases[i].error)
                        fail_msg("%s \"%s\": \"%s\"", cases[i].name, cases[i].text ? cases[i].text : "",
                                bluez_error_to_string(bluez_error_of(cases[i].name, cases[i].text)));
}

static void test_words(void **state) {
        (void) state;
        for (unsigned e = 0; e < _BLUEZ_ERROR_MAX; e++)
                assert_non_null(bluez_error_to_string(e));
        assert_null(bluez_error_to_string(_BLUEZ_ERROR_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_errors),
                cmocka_unit_test(test_words),
        };
        return run_unit_tests(tests);
}
