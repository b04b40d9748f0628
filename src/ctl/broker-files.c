/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the broker's files. */

#include "ctl/broker-files.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

#define FIRST "# Written by \"repcastctl setup-broker\"." /* by which later versions know it as well */
#define MARK                                                                                                   \
        FIRST " What is changed here by hand is lost when it runs again;\n"                                    \
              "# \"repcastctl setup-broker --undo\" takes it away.\n"

_printf_(1, 2) static char *text(const char *format, ...) {
        char *s;
        va_list ap;
        int n;

        va_start(ap, format);
        n = vasprintf(&s, format, ap);
        va_end(ap);
        return n >= 0 ? s : NULL;
}

char *broker_conf_text(const struct broker_settings *s) {
        return text(MARK "\n"
                         "# Nobody without a name; repcast.acl says who may do what.\n"
                         "allow_anonymous false\n"
                         "password_file " BROKER_PASSWORDS "\n"
                         "acl_file " BROKER_ACL "\n"
                         "\n"
                         "# For the hub, on this machine only.\n"
                         "listener %u 127.0.0.1\n"
                         "\n"
                         "# For the screens of the house: the dashboard, and MQTT over websockets for it.\n"
                         "listener %u\n"
                         "protocol websockets\n"
                         "%s%s%s",
                s->port, s->web_port, s->web_folder ? "http_dir " : "", s->web_folder ? s->web_folder : "",
                s->web_folder ? "\n" : "");
}

/* Questions about the past only read, but are asked by writing. */
#define MAY_LOOK                                                                                               \
        "topic read %s/#\n"                                                                                    \
        "topic write %s/+/query\n"

char *broker_acl_text(const struct broker_settings *s) {
        const char *p = s->prefix;
        char *look = text(MARK "\n"
                               "user " HUB_USER "\n"
                               "topic readwrite %s/#\n"
                               "topic readwrite %s/device/+/config\n"
                               "topic read %s/status\n"
                               "\n"
                               "# Looks, asks for what it has missed, and changes nothing.\n"
                               "user " WALL_USER "\n" MAY_LOOK,
                p, s->discovery, s->discovery, p, p);
        char *whole;

        if (!look || !s->coach)
                return look;
        whole = text("%s\n"
                     "# Gives commands too.\n"
                     "user " COACH_USER "\n" MAY_LOOK "topic write %s/+/cmd\n"
                     "topic write %s/+/station/+/cmd\n",
                look, p, p, p, p);
        free(look);
        return whole;
}

char *hub_conf_text(const struct broker_settings *s) {
        return text(MARK "[mqtt]\n"
                         "Broker=127.0.0.1:%u\n"
                         "Username=" HUB_USER "\n"
                         "# Next to repcast.conf; readable by the hub's user only.\n"
                         "PasswordFile=../broker-password\n",
                s->port);
}

bool broker_text_is_ours(const char *t) {
        return strncmp(t, FIRST, strlen(FIRST)) == 0;
}

/* Bits of the users that the list names; -1: there is somebody else. */
static int users_of(const char *list) {
        static const char *const users[] = {HUB_USER ":", WALL_USER ":", COACH_USER ":"};
        int found = 0;

        while (*list) {
                size_t i = 0;

                while (i < ARRAY_SIZE(users) && strncmp(list, users[i], strlen(users[i])) != 0)
                        i++;
                if (i == ARRAY_SIZE(users))
                        return -1;
                found |= 1 << i;
                list += strcspn(list, "\n");
                list += *list == '\n';
        }
        return found;
}

bool broker_passwords_are_ours(const char *list) {
        return users_of(list) > 0;
}

bool broker_passwords_fit(const char *list, bool coach) {
        return users_of(list) == (coach ? 7 : 3);
}
