/* SPDX-License-Identifier: Apache-2.0 */
/* Topics of the MQTT contract, built from names that may hold anything. */

#include "message/topic.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "message/message.h"
#include "util/utf8.h"

/* Besides the wildcards and the separator: what MQTT 5 section 1.5.4 says a broker may close the connection for
 * (control characters C0, DEL and C1, and Unicode's non-characters). */
static bool passes(uint32_t c) {
        if (c == '+' || c == '#' || c == '/')
                return false;
        if (c < 0x20 || (c >= 0x7f && c <= 0x9f))
                return false;
        return !((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe);
}

static void level(const char *name, size_t n, char *ret, size_t ret_size) {
        size_t out = 0;

        assert(ret_size >= 2);
        for (size_t in = 0; in < n;) {
                uint32_t c = 0;
                size_t length = utf8_decode(name + in, n - in, &c);
                bool good = length > 0 && passes(c) && !(out == 0 && c == '$');
                size_t size = good ? length : 1;

                if (out + size >= ret_size)
                        break;
                if (good)
                        memcpy(ret + out, name + in, size);
                else
                        ret[out] = '_';
                out += size;
                in += length > 0 ? length : 1;
        }
        if (out == 0)
                ret[out++] = '_';
        ret[out] = '\0';
}

void topic_level(const char *name, char *ret, size_t ret_size) {
        level(name, strlen(name), ret, ret_size);
}

/* Each level of the prefix by itself; empty levels (a leading or doubled slash) fall out. */
static int clean_prefix(const char *prefix, char *ret, size_t ret_size) {
        size_t out = 0;

        while (*prefix) {
                char part[MESSAGE_NAME_MAX];
                size_t n = strcspn(prefix, "/");

                if (n > 0) {
                        level(prefix, n, part, sizeof(part));
                        int k = snprintf(ret + out, ret_size - out, "%s%s", out > 0 ? "/" : "", part);
                        if (k < 0 || (size_t) k >= ret_size - out)
                                return -ENAMETOOLONG;
                        out += (size_t) k;
                }
                prefix += n + (prefix[n] == '/');
        }
        if (out == 0)
                topic_level("", ret, ret_size);
        return 0;
}

int topic_hub(const char *prefix, const char *hub, const char *leaf, char *ret, size_t ret_size) {
        char p[TOPIC_MAX], h[MESSAGE_NAME_MAX], topic[TOPIC_MAX];
        int r = clean_prefix(prefix, p, sizeof(p));
        if (r < 0)
                return r;

        topic_level(hub, h, sizeof(h));
        int n = snprintf(topic, sizeof(topic), "%s/%s/%s", p, h, leaf);
        if (n < 0 || (size_t) n >= sizeof(topic) || (size_t) n >= ret_size)
                return -ENAMETOOLONG;
        memcpy(ret, topic, (size_t) n + 1);
        return 0;
}

int topic_station(const char *prefix, const char *hub, const char *station, const char *leaf, char *ret,
        size_t ret_size) {
        char s[MESSAGE_NAME_MAX], below[TOPIC_MAX];

        topic_level(station, s, sizeof(s));
        int n = snprintf(below, sizeof(below), "station/%s/%s", s, leaf);
        if (n < 0 || (size_t) n >= sizeof(below))
                return -ENAMETOOLONG;
        return topic_hub(prefix, hub, below, ret, ret_size);
}
