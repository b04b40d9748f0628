/* SPDX-License-Identifier: Apache-2.0 */
/* The list of brokers. */

#include "hub/brokers.h"

#include <errno.h>
#include <string.h>

#include "util/macros.h"
#include "util/number.h"

/* IANA: mqtt, secure-mqtt */
#define MQTT_PORT  1883
#define MQTTS_PORT 8883

static const char *skip(const char *s, const char *prefix) {
        size_t n = strlen(prefix);

        return strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

/* One of them, with a NUL behind it. */
static int parse(const char *s, struct broker *ret) {
        struct broker b = {.port = MQTT_PORT};
        const char *rest = skip(s, "mqtts://"), *end, *port;
        uint64_t number;

        if (rest) {
                b.tls = true;
                b.port = MQTTS_PORT;
        } else
                rest = skip(s, "mqtt://");
        s = rest ? rest : s;
        if (*s == '[') {
                end = strchr(++s, ']');
                if (!end || (end[1] != '\0' && end[1] != ':'))
                        return -EINVAL;
                port = end + 1;
        } else {
                end = s + strcspn(s, ":");
                port = end;
        }
        size_t n = (size_t) (end - s);
        if (n == 0 || n >= sizeof(b.host) || strcspn(s, " \t[]/@") < n)
                return -EINVAL;
        if (*port == ':') {
                if (number_parse_u64(port + 1, 1, UINT16_MAX, &number) < 0)
                        return -EINVAL;
                b.port = (uint16_t) number;
        }
        memcpy(b.host, s, n);
        *ret = b;
        return 0;
}

int brokers_parse(const char *s, struct broker ret[static BROKERS_MAX]) {
        for (unsigned n = 0; n < BROKERS_MAX; n++) {
                char one[BROKERS_HOST_MAX + 32]; /* scheme, brackets and port */
                size_t size = strcspn(s, " ");

                if (size >= sizeof(one))
                        return -EINVAL;
                memcpy(one, s, size);
                one[size] = '\0';
                if (parse(one, &ret[n]) < 0)
                        return -EINVAL;
                if (s[size] == '\0')
                        return (int) n + 1;
                s += size + 1;
        }
        return -EINVAL; /* more than that */
}

bool broker_is_local(const struct broker *b) {
        return strcmp(b->host, "localhost") == 0 || strncmp(b->host, "127.", 4) == 0 ||
                strcmp(b->host, "::1") == 0;
}
