/* SPDX-License-Identifier: Apache-2.0 */
/* Reason codes in words. */

#include "mqtt/reason.h"

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <stdio.h>
#include <string.h>

#include "util/macros.h"
#include "util/utf8.h"

#define SAID_MAX 120 /* bytes of the broker's own words that are passed on */

enum fault {
        FAULT_OTHER,    /* by its name */
        FAULT_VERSION,  /* of MQTT */
        FAULT_ID,       /* client id */
        FAULT_AWAY,     /* the broker's own: it will pass */
        FAULT_PASSWORD, /* or user, or access list: brokers do not tell which */
        FAULT_TOPIC,    /* of the will */
};

static enum fault fault_of(bool mqtt_5, int code) {
        static const enum fault old[] = {
                [CONNACK_REFUSED_PROTOCOL_VERSION] = FAULT_VERSION,
                [CONNACK_REFUSED_IDENTIFIER_REJECTED] = FAULT_ID,
                [CONNACK_REFUSED_SERVER_UNAVAILABLE] = FAULT_AWAY,
                [CONNACK_REFUSED_BAD_USERNAME_PASSWORD] = FAULT_PASSWORD,
                [CONNACK_REFUSED_NOT_AUTHORIZED] = FAULT_PASSWORD,
        };

        if (!mqtt_5)
                return code > 0 && (size_t) code < ARRAY_SIZE(old) ? old[code] : FAULT_OTHER;
        switch (code) {
        case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
                return FAULT_VERSION;
        case MQTT_RC_CLIENTID_NOT_VALID:
                return FAULT_ID;
        case MQTT_RC_SERVER_UNAVAILABLE:
        case MQTT_RC_SERVER_BUSY:
                return FAULT_AWAY;
        case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
        case MQTT_RC_NOT_AUTHORIZED:
                return FAULT_PASSWORD;
        case MQTT_RC_TOPIC_NAME_INVALID:
                return FAULT_TOPIC;
        default:
                return FAULT_OTHER;
        }
}

/* In quotes, cut, without what would spoil a line. */
static void append_said(const char *said, char *ret, size_t size) {
        const size_t n = strlen(ret);
        char text[SAID_MAX];

        if (!said || !*said)
                return;
        (void) utf8_repair(said, strlen(said), text, sizeof(text));
        for (char *p = text; *p; p++)
                if ((unsigned char) *p < 0x20 || *p == 0x7f)
                        *p = ' ';
        snprintf(ret + n, size - n, " (it says: \"%s\")", text);
}

static void tell_password(const struct reason_identity *who, char *ret, size_t size) {
        if (who->username)
                snprintf(ret, size,
                        "refused the user \"%s\": the password in PasswordFile= is wrong, it does not know the "
                        "user, or "
                        "its access list does not let it write below Prefix= and Name=",
                        who->username);
        else if (who->certificate)
                snprintf(ret, size,
                        "refused this hub (not authorized): it must know the name in the hub's certificate, or "
                        "Username= "
                        "and PasswordFile= must be given");
        else
                snprintf(ret, size,
                        "refused access without a user name: give Username= and PasswordFile= of a user that "
                        "it knows");
}

void reason_of_connack(
        bool mqtt_5, int code, const struct reason_identity *who, const char *said, char *ret, size_t size) {
        switch (fault_of(mqtt_5, code)) {
        case FAULT_VERSION:
                snprintf(ret, size, "does not speak MQTT %s", mqtt_5 ? "5" : "3.1.1");
                break;
        case FAULT_ID:
                snprintf(ret, size, "refused the client id: its rules for them must allow \"repcast-...\"");
                break;
        case FAULT_AWAY:
                snprintf(ret, size, "is not available just now");
                break;
        case FAULT_PASSWORD:
                tell_password(who, ret, size);
                break;
        case FAULT_TOPIC:
                snprintf(ret, size,
                        "refused the topic of the will: its access list must allow the hub to "
                        "write below Prefix= and Name=");
                break;
        case FAULT_OTHER:
                if (mqtt_5)
                        snprintf(ret, size, "refused the connection: %s", mosquitto_reason_string(code));
                else
                        snprintf(ret, size, "refused the connection with code %d", code);
                break;
        }
        append_said(said, ret, size);
}

void reason_of_code(int code, const char *said, char *ret, size_t size) {
        snprintf(ret, size, "%s", mosquitto_reason_string(code));
        append_said(said, ret, size);
}
