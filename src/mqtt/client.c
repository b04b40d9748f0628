/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the broker, by libmosquitto (2.0.11 and later).
 *
 * What its documentation does not say, and this file lives by:
 * - mosquitto_publish() may call on_publish before it returns (QoS 0), and may close the socket when writing fails;
 * - QoS 1 messages published without a connection are refused and queued all the same: so never publish there;
 * - the socket is closed before on_disconnect is called: nobody may poll its number after any call into the library.
 */

#include "mqtt/client.h"

#include <errno.h>
#include <mosquitto.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/macros.h"

struct client {
        struct mosquitto *mosq;
        const struct client_handlers *handlers;
        void *userdata;
        char broker[272]; /* name and port, for error texts */
        bool accepted;
        bool lost;
        char why[CLIENT_WHY_MAX];
};

static _printf_(2, 3) void lose(struct client *c, const char *format, ...) {
        va_list args;

        if (c->lost)
                return; /* the first reason is the right one */
        c->lost = true;
        va_start(args, format);
        vsnprintf(c->why, sizeof(c->why), format, args);
        va_end(args);
}

/* error: errno as it was when the library returned. */
static void lose_by_code(struct client *c, int code, int error) {
        if (code == MOSQ_ERR_ERRNO && (error == EPIPE || error == ECONNRESET))
                code = MOSQ_ERR_CONN_LOST;
        switch (code) {
        case MOSQ_ERR_ERRNO:
                if (error == ECONNREFUSED)
                        lose(c, "broker %s refused the connection: nothing listens there", c->broker);
                else
                        lose(c, "broker %s cannot be reached: %s", c->broker, strerror(error));
                return;
        case MOSQ_ERR_CONN_LOST:
        case MOSQ_ERR_NO_CONN:
                lose(c,
                        c->accepted ? "broker %s closed the connection"
                                    : "broker %s closed the connection without an answer",
                        c->broker);
                return;
        case MOSQ_ERR_KEEPALIVE:
                lose(c, c->accepted ? "broker %s has fallen silent" : "broker %s gave no answer", c->broker);
                return;
        case MOSQ_ERR_PROTOCOL:
        case MOSQ_ERR_MALFORMED_PACKET:
        case MOSQ_ERR_MALFORMED_UTF8:
                lose(c, "what answers at %s does not speak MQTT", c->broker);
                return;
        default: /* the library's errors are not ours to complete */
                lose(c, "broker %s: %s", c->broker, mosquitto_strerror(code));
                return;
        }
}

/* Return codes of CONNACK: MQTT 3.1.1, table 3.1. */
static void on_connect(struct mosquitto *mosq, void *userdata, int code) {
        struct client *c = userdata;
        static const char *const reasons[] = {
                [1] = "speaks another version of MQTT",
                [2] = "refused the client id",
                [3] = "is not available",
                [4] = "refused the user name or password",
                [5] = "refused access (user name, password or access list)",
        };

        (void) mosq;
        if (code == 0) {
                c->accepted = true;
                c->handlers->accepted(c->userdata);
        } else if (code > 0 && (size_t) code < ARRAY_SIZE(reasons))
                lose(c, "broker %s %s", c->broker, reasons[code]);
        else
                lose(c, "broker %s refused with code %d", c->broker, code);
}

static void on_disconnect(struct mosquitto *mosq, void *userdata, int code) {
        struct client *c = userdata;

        (void) mosq;
        if (code != 0)
                lose_by_code(c, code, errno);
        else
                lose(c, "disconnected from broker %s", c->broker);
}

static void on_publish(struct mosquitto *mosq, void *userdata, int mid) {
        struct client *c = userdata;

        (void) mosq;
        c->handlers->acked(c->userdata, mid);
}

static void on_message(struct mosquitto *mosq, void *userdata, const struct mosquitto_message *m) {
        struct client *c = userdata;

        (void) mosq;
        c->handlers->received(
                c->userdata, m->topic, m->payload, m->payloadlen > 0 ? (size_t) m->payloadlen : 0, m->retain);
}

static int set_up(struct client *c, const struct client_config *config) {
        int r = MOSQ_ERR_SUCCESS;

        mosquitto_connect_callback_set(c->mosq, on_connect);
        mosquitto_disconnect_callback_set(c->mosq, on_disconnect);
        mosquitto_publish_callback_set(c->mosq, on_publish);
        mosquitto_message_callback_set(c->mosq, on_message);
        mosquitto_int_option(c->mosq, MOSQ_OPT_TCP_NODELAY, 1); /* live messages are small and many */
        if (config->username)
                r = mosquitto_username_pw_set(c->mosq, config->username, config->password);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_will_set(
                        c->mosq, config->will_topic, (int) strlen(config->will), config->will, 1, true);
        return r;
}

int client_open(const struct client_config *config, const struct client_handlers *handlers, void *userdata,
        struct client **ret, char *ret_why, size_t why_size) {
        struct client *c = calloc(1, sizeof(*c));
        int r = MOSQ_ERR_NOMEM;

        if (!c)
                return -ENOMEM;
        c->handlers = handlers;
        c->userdata = userdata;
        snprintf(c->broker, sizeof(c->broker), "%s", config->broker);
        c->mosq = mosquitto_new(config->client_id, true, c);
        if (c->mosq)
                r = set_up(c, config);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_connect_async(c->mosq, config->address, config->port, (int) config->keepalive_s);
        if (r != MOSQ_ERR_SUCCESS) {
                lose_by_code(c, r, errno);
                snprintf(ret_why, why_size, "%s", c->why);
                client_close(c);
                return -ENOTCONN;
        }
        *ret = c;
        return 0;
}

struct client *client_close(struct client *c) {
        if (!c)
                return NULL;
        if (c->mosq)
                mosquitto_destroy(c->mosq);
        free(c);
        return NULL;
}

int client_publish(struct client *c, const char *topic, const char *payload, int qos, int retained) {
        int mid = 0;

        if (c->lost || !c->accepted)
                return -ENOTCONN;
        int r = mosquitto_publish(c->mosq, &mid, topic, (int) strlen(payload), payload, qos, retained);
        if (r != MOSQ_ERR_SUCCESS) {
                lose_by_code(c, r, errno);
                return -ENOTCONN;
        }
        return mid;
}

bool client_congested(const struct client *c) {
        return mosquitto_want_write(c->mosq);
}

int client_subscribe(struct client *c, const char *topic) {
        if (c->lost || !c->accepted)
                return -ENOTCONN;
        int r = mosquitto_subscribe(c->mosq, NULL, topic, 1);
        if (r != MOSQ_ERR_SUCCESS) {
                lose_by_code(c, r, errno);
                return -ENOTCONN;
        }
        return 0;
}

int client_unsubscribe(struct client *c, const char *topic) {
        if (c->lost || !c->accepted)
                return -ENOTCONN;
        int r = mosquitto_unsubscribe(c->mosq, NULL, topic);
        if (r != MOSQ_ERR_SUCCESS) {
                lose_by_code(c, r, errno);
                return -ENOTCONN;
        }
        return 0;
}

void client_disconnect(struct client *c) {
        mosquitto_disconnect(c->mosq);
}

int client_fd(const struct client *c) {
        return c->lost ? -1 : mosquitto_socket(c->mosq);
}

short client_events(const struct client *c) {
        return (short) (POLLIN | (mosquitto_want_write(c->mosq) ? POLLOUT : 0));
}

int client_process(struct client *c, short revents) {
        int r = MOSQ_ERR_SUCCESS;

        /* An error or hang-up shows as a failing read, which has the reason. */
        errno = 0;
        if (!c->lost && (revents & (POLLIN | POLLERR | POLLHUP)))
                r = mosquitto_loop_read(c->mosq, 1);
        if (!c->lost && r == MOSQ_ERR_SUCCESS && (revents & POLLOUT))
                r = mosquitto_loop_write(c->mosq, 1);
        if (!c->lost && r == MOSQ_ERR_SUCCESS)
                r = mosquitto_loop_misc(c->mosq); /* keep-alive */
        if (r != MOSQ_ERR_SUCCESS)
                lose_by_code(c, r, errno);
        return c->lost ? -ENOTCONN : 0;
}

const char *client_why(const struct client *c) {
        return c->why;
}
