/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to the broker, by libmosquitto (2.0.11 and later).
 *
 * What its documentation does not say, and this file lives by:
 * - mosquitto_publish() may call on_publish before it returns (QoS 0), and may close the socket when writing fails;
 * - QoS 1 messages published without a connection are refused and queued all the same: so never publish there;
 * - the socket is closed before on_disconnect is called: nobody may poll its number after any call into the library;
 * - connecting without blocking takes no properties, but sends those that a call which failed has left (give_properties());
 * - within a TLS handshake only mosquitto_loop_read() goes on, mosquitto_want_write() stays true, and a connection that is
 *   refused or reset is no error: all three are asked of OpenSSL and the socket instead (client_events(), hang_up()).
 */

#include "mqtt/client.h"

#include <errno.h>
#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "mqtt/envelope.h"
#include "mqtt/reason.h"
#include "util/macros.h"

#define RECORDS_MAX       64 /* of TLS, read in one turn */
#define SUBSCRIPTIONS_MAX 16 /* under way, beyond which a refusal has no name */

/* Ours, or lent by the library: freed with it. */
typedef mosquitto_property *properties;
static void free_properties(mosquitto_property *p) {
        mosquitto_property_free_all(&p);
}
DEFINE_CLEANUP(properties, free_properties);
DEFINE_CLEANUP(char *, free);

struct client {
        struct mosquitto *mosq;
        struct tls *tls; /* NULL = in the clear */
        const struct client_handlers *handlers;
        void *userdata;
        char broker[272]; /* name and port, for error texts */
        char username[128];
        bool certificate, mqtt_5;
        bool accepted;
        bool lost;
        struct {
                int mid;
                char *topic;
        } subscriptions[SUBSCRIPTIONS_MAX]; /* that the broker has not answered yet */
        enum client_end end;
        char why[CLIENT_WHY_MAX];
};

/* ---- the end ---- */

static _printf_(2, 3) void lose(struct client *c, const char *format, ...) {
        va_list args;
        int n;

        if (c->lost)
                return; /* the first reason is the right one */
        c->lost = true;
        n = snprintf(c->why, sizeof(c->why), "broker %s ", c->broker);
        va_start(args, format);
        vsnprintf(c->why + n, sizeof(c->why) - (size_t) n, format, args);
        va_end(args);
}

static void lose_by_errno(struct client *c, int error) {
        if (error == ECONNREFUSED)
                lose(c, "refused the connection: nothing listens there");
        else
                lose(c, "cannot be reached: %s", strerror(error));
}

static void lose_without_answer(struct client *c) {
        if (c->mqtt_5)
                c->end = CLIENT_OLD_BROKER; /* some hang up on what they do not know */
        if (c->tls)
                lose(c, "closed the connection without an answer");
        else
                lose(c,
                        "closed the connection without an answer; if that port is one for TLS, Broker= wants "
                        "mqtts:// before the name");
}

/* error: errno as it was when the library returned. */
static void lose_by_code(struct client *c, int code, int error) {
        const bool reached = code != MOSQ_ERR_ERRNO || error == EPIPE || error == ECONNRESET || error == EPROTO;
        const char *why = c->tls && reached ? tls_why(c->tls, c->accepted) : NULL;

        if (why) {
                c->end = c->mqtt_5 && !c->accepted && !tls_is_certain(c->tls)
                        ? CLIENT_OLD_BROKER /* it may have hung up on that */
                        : CLIENT_UNTRUSTED;
                lose(c, "%s", why);
                return;
        }
        if (code == MOSQ_ERR_ERRNO && reached)
                code = MOSQ_ERR_CONN_LOST;
        switch (code) {
        case MOSQ_ERR_ERRNO:
                lose_by_errno(c, error);
                return;
        case MOSQ_ERR_CONN_LOST:
        case MOSQ_ERR_NO_CONN:
                if (c->accepted)
                        lose(c, "closed the connection");
                else
                        lose_without_answer(c);
                return;
        case MOSQ_ERR_KEEPALIVE:
                lose(c, c->accepted ? "has fallen silent" : "gave no answer");
                return;
        case MOSQ_ERR_PROTOCOL:
        case MOSQ_ERR_MALFORMED_PACKET:
        case MOSQ_ERR_MALFORMED_UTF8:
                /* A polite refusal is too short for MQTT 5: libmosquitto 2.0.21 says no more of it than that. */
                if (code == MOSQ_ERR_MALFORMED_PACKET && c->mqtt_5 && !c->accepted)
                        c->end = CLIENT_OLD_BROKER;
                lose(c, "does not speak MQTT on this port%s",
                        c->tls ? "" : "; if it is one for TLS, Broker= wants mqtts:// before the name");
                return;
        default: /* the library's errors are not ours to complete */
                lose(c, "fails: %s", mosquitto_strerror(code));
                return;
        }
}

static char *said(const mosquitto_property *p) {
        char *text = NULL;

        (void) mosquitto_property_read_string(p, MQTT_PROP_REASON_STRING, &text, false);
        return text;
}

/* ---- what the library calls ---- */

static void on_connect(
        struct mosquitto *mosq, void *userdata, int code, int flags, const mosquitto_property *p) {
        struct client *c = userdata;
        const struct reason_identity who = {*c->username ? c->username : NULL, c->certificate};
        _cleanup_(freep) char *words = said(p);
        char text[CLIENT_WHY_MAX / 2];

        (void) mosq, (void) flags;
        if (code == 0) {
                c->accepted = true;
                c->handlers->accepted(c->userdata);
                return;
        }
        c->end = c->mqtt_5 && code == MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION ? CLIENT_OLD_BROKER : CLIENT_REFUSED;
        reason_of_connack(c->mqtt_5, code, &who, words, text, sizeof(text));
        lose(c, "%s", text);
}

/* code: the library's error, or from 0x80 the reason that the broker gave (MQTT 5). */
static void on_disconnect(struct mosquitto *mosq, void *userdata, int code, const mosquitto_property *p) {
        struct client *c = userdata;
        const int error = errno;
        _cleanup_(freep) char *words = said(p);
        char text[CLIENT_WHY_MAX / 2];

        (void) mosq;
        if (code == MQTT_RC_SESSION_TAKEN_OVER)
                c->end = CLIENT_TAKEN_OVER;
        if (code >= MQTT_RC_UNSPECIFIED) {
                reason_of_code(code, words, text, sizeof(text));
                lose(c, "ended the connection: %s", text);
        } else if (code != 0)
                lose_by_code(c, code, error);
        else
                lose(c, "has let us go");
}

static void on_publish(struct mosquitto *mosq, void *userdata, int mid, int code, const mosquitto_property *p) {
        struct client *c = userdata;
        _cleanup_(freep) char *words = said(p);
        char text[CLIENT_WHY_MAX / 2];

        (void) mosq;
        if (code >= MQTT_RC_UNSPECIFIED)
                reason_of_code(code, words, text, sizeof(text));
        c->handlers->acked(c->userdata, mid, code >= MQTT_RC_UNSPECIFIED ? text : NULL);
}

static void on_subscribe(struct mosquitto *mosq, void *userdata, int mid, int n, const int *granted,
        const mosquitto_property *p) {
        struct client *c = userdata;
        _cleanup_(freep) char *words = said(p), *topic = NULL;
        char text[CLIENT_WHY_MAX / 2];

        (void) mosq;
        for (size_t i = 0; i < SUBSCRIPTIONS_MAX && !topic; i++)
                if (c->subscriptions[i].mid == mid)
                        topic = TAKE_PTR(c->subscriptions[i].topic);
        if (n < 1 || granted[0] < MQTT_RC_UNSPECIFIED)
                return;
        reason_of_code(granted[0], words, text, sizeof(text));
        c->handlers->unsubscribed(c->userdata, topic ? topic : "a topic", text);
}

static void on_message(struct mosquitto *mosq, void *userdata, const struct mosquitto_message *m,
        const mosquitto_property *p) {
        struct client *c = userdata;
        _cleanup_(freep) char *response = NULL, *correlation = NULL;
        void *data = NULL;
        uint16_t n = 0;

        (void) mosq;
        (void) mosquitto_property_read_string(p, MQTT_PROP_RESPONSE_TOPIC, &response, false);
        (void) mosquitto_property_read_binary(p, MQTT_PROP_CORRELATION_DATA, &data, &n, false);
        correlation = data;
        const struct client_message message = {
                .topic = m->topic,
                .payload = m->payload,
                .size = m->payloadlen > 0 ? (size_t) m->payloadlen : 0,
                .retained = m->retain,
                .response_topic = response,
                .correlation = correlation,
                .n_correlation = n,
        };
        c->handlers->received(c->userdata, &message);
}

static void on_log(struct mosquitto *mosq, void *userdata, int level, const char *line) {
        struct client *c = userdata;

        (void) mosq;
        if (c->tls && level == MOSQ_LOG_ERR && strncmp(line, "OpenSSL", 7) == 0)
                tls_note(c->tls, line);
}

/* ---- making ---- */

static void set_handlers(struct mosquitto *m) {
        mosquitto_connect_v5_callback_set(m, on_connect);
        mosquitto_disconnect_v5_callback_set(m, on_disconnect);
        mosquitto_publish_v5_callback_set(m, on_publish);
        mosquitto_subscribe_v5_callback_set(m, on_subscribe);
        mosquitto_message_v5_callback_set(m, on_message);
        mosquitto_log_callback_set(m, on_log);
}

static int set_will(struct client *c, const struct client_config *config) {
        _cleanup_(free_propertiesp) mosquitto_property *p = NULL;
        struct envelope envelope;
        int r = MOSQ_ERR_SUCCESS;

        envelope_of(config->will, &envelope);
        if (c->mqtt_5 && config->will_delay_s > 0)
                r = mosquitto_property_add_int32(&p, MQTT_PROP_WILL_DELAY_INTERVAL, config->will_delay_s);
        if (r == MOSQ_ERR_SUCCESS && c->mqtt_5)
                r = mosquitto_property_add_string_pair(&p, MQTT_PROP_USER_PROPERTY, "schema", envelope.schema);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_will_set_v5(
                        c->mosq, config->will_topic, (int) strlen(config->will), config->will, 1, true, p);
        if (r == MOSQ_ERR_SUCCESS)
                (void) TAKE_PTR(p); /* the library's now */
        return r;
}

/* Properties of CONNECT. Only the call that blocks takes them. It stores them before it looks at the host: without one it
 * fails right then, and the call that does not block sends what is stored. */
static int give_properties(struct client *c, const struct client_config *config) {
        _cleanup_(free_propertiesp) mosquitto_property *p = NULL;
        int r;

        if (!c->mqtt_5 || config->session_s == 0)
                return MOSQ_ERR_SUCCESS;
        r = mosquitto_property_add_int32(&p, MQTT_PROP_SESSION_EXPIRY_INTERVAL, config->session_s);
        if (r == MOSQ_ERR_SUCCESS)
                (void) mosquitto_connect_bind_v5(c->mosq, NULL, 0, (int) config->keepalive_s, NULL, p);
        return r;
}

static int set_up(struct client *c, const struct client_config *config) {
        int r;

        set_handlers(c->mosq);
        mosquitto_int_option(c->mosq, MOSQ_OPT_TCP_NODELAY, 1); /* live messages are small and many */
        r = mosquitto_int_option(
                c->mosq, MOSQ_OPT_PROTOCOL_VERSION, c->mqtt_5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
        if (r == MOSQ_ERR_SUCCESS && config->username)
                r = mosquitto_username_pw_set(c->mosq, config->username, config->password);
        if (r == MOSQ_ERR_SUCCESS && config->will_topic)
                r = set_will(c, config);
        if (r == MOSQ_ERR_SUCCESS && c->tls) {
                mosquitto_int_option(c->mosq, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
                r = mosquitto_void_option(c->mosq, MOSQ_OPT_SSL_CTX, tls_context(c->tls));
        }
        if (r == MOSQ_ERR_SUCCESS)
                r = give_properties(c, config);
        return r;
}

/* The beginning of the handshake takes the socket's error; 2.0.11 then says nothing, and 2.0.21 calls it a fault of TLS. */
static bool is_refused_at_once(const struct client *c, int r) {
        const int error = c->tls ? tls_socket_error(c->tls) : 0;

        if ((r != MOSQ_ERR_SUCCESS && r != MOSQ_ERR_TLS) ||
                (error != ECONNREFUSED && error != EHOSTUNREACH && error != ENETUNREACH))
                return false;
        errno = error;
        return true;
}

static int start(struct client *c, const struct client_config *config) {
        char why[CLIENT_WHY_MAX / 2];
        int r = MOSQ_ERR_NOMEM;

        if (config->tls && tls_new(config->tls, config->host, &c->tls, why, sizeof(why)) < 0) {
                lose(c, "cannot be spoken to: %s", why);
                return -EPROTO;
        }
        c->mosq = mosquitto_new(config->client_id, !(c->mqtt_5 && config->resume), c);
        if (c->mosq)
                r = set_up(c, config);
        errno = 0;
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_connect_async(c->mosq, config->address, config->port, (int) config->keepalive_s);
        if (is_refused_at_once(c, r))
                r = MOSQ_ERR_ERRNO;
        if (r == MOSQ_ERR_SUCCESS)
                return 0;
        lose_by_code(c, r, errno);
        return c->end == CLIENT_UNTRUSTED ? -EPROTO : -ENOTCONN;
}

int client_open(const struct client_config *config, const struct client_handlers *handlers, void *userdata,
        struct client **ret, char *ret_why, size_t why_size) {
        struct client *c = calloc(1, sizeof(*c));

        if (!c)
                return -ENOMEM;
        c->handlers = handlers;
        c->userdata = userdata;
        c->mqtt_5 = config->mqtt_5;
        c->certificate = config->tls && config->tls->certificate_file;
        snprintf(c->broker, sizeof(c->broker), "%s", config->broker);
        snprintf(c->username, sizeof(c->username), "%s", config->username ? config->username : "");
        int r = start(c, config);
        if (r < 0) {
                snprintf(ret_why, why_size, "%s", c->why);
                client_close(c);
                return r;
        }
        *ret = c;
        return 0;
}

struct client *client_close(struct client *c) {
        if (!c)
                return NULL;
        if (c->mosq)
                mosquitto_destroy(c->mosq);
        tls_free(c->tls);
        for (size_t i = 0; i < SUBSCRIPTIONS_MAX; i++)
                free(c->subscriptions[i].topic);
        free(c);
        return NULL;
}

/* ---- sending ---- */

/* What goes around the payload: MQTT 5 only. */
static int wrap(const char *payload, const void *correlation, size_t n, mosquitto_property **ret) {
        struct envelope e;
        int r = mosquitto_property_add_byte(ret, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1); /* UTF-8 */

        envelope_of(payload, &e);
        if (r == MOSQ_ERR_SUCCESS && e.expiry_s > 0)
                r = mosquitto_property_add_int32(ret, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, e.expiry_s);
        if (r == MOSQ_ERR_SUCCESS && *e.schema)
                r = mosquitto_property_add_string_pair(ret, MQTT_PROP_USER_PROPERTY, "schema", e.schema);
        if (r == MOSQ_ERR_SUCCESS && n > 0)
                r = mosquitto_property_add_binary(ret, MQTT_PROP_CORRELATION_DATA, correlation, (uint16_t) n);
        return r;
}

static int publish(struct client *c, const char *topic, const char *payload, int qos, bool retained,
        const void *correlation, size_t n_correlation) {
        _cleanup_(free_propertiesp) mosquitto_property *p = NULL;
        int mid = 0, r = MOSQ_ERR_SUCCESS;

        if (c->lost || !c->accepted)
                return -ENOTCONN;
        if (c->mqtt_5)
                r = wrap(payload, correlation, n_correlation, &p);
        if (r == MOSQ_ERR_SUCCESS)
                r = mosquitto_publish_v5(
                        c->mosq, &mid, topic, (int) strlen(payload), payload, qos, retained, p);
        if (r == MOSQ_ERR_OVERSIZE_PACKET)
                return -EMSGSIZE;
        if (r != MOSQ_ERR_SUCCESS) {
                lose_by_code(c, r, errno);
                return -ENOTCONN;
        }
        return mid;
}

int client_publish(struct client *c, const char *topic, const char *payload, int qos, int retained) {
        return publish(c, topic, payload, qos, retained, NULL, 0);
}

int client_answer(struct client *c, const char *topic, const char *payload, const void *correlation,
        size_t n_correlation) {
        return publish(c, topic, payload, 1, false, correlation, MIN(n_correlation, (size_t) UINT16_MAX));
}

void client_gather(struct client *c, bool yes) {
        const int value = yes, fd = client_fd(c);

        if (fd >= 0)
                (void) setsockopt(fd, IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
}

bool client_congested(const struct client *c) {
        return mosquitto_want_write(c->mosq);
}

int client_subscribe(struct client *c, const char *topic) {
        int mid = 0;

        if (c->lost || !c->accepted)
                return -ENOTCONN;
        int r = mosquitto_subscribe(c->mosq, &mid, topic, 1);
        if (r != MOSQ_ERR_SUCCESS) {
                lose_by_code(c, r, errno);
                return -ENOTCONN;
        }
        for (size_t i = 0; i < SUBSCRIPTIONS_MAX; i++)
                if (!c->subscriptions[i].topic) {
                        c->subscriptions[i].mid = mid;
                        c->subscriptions[i].topic = strdup(topic);
                        break;
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
        _cleanup_(free_propertiesp) mosquitto_property *p = NULL;

        if (c->mqtt_5)
                (void) mosquitto_property_add_int32(&p, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 0);
        (void) mosquitto_disconnect_v5(c->mosq, 0, p);
}

/* ---- the loop ---- */

int client_fd(const struct client *c) {
        return c->lost ? -1 : mosquitto_socket(c->mosq);
}

static const void *ssl_of(const struct client *c) {
        return c->tls ? mosquitto_ssl_get(c->mosq) : NULL;
}

short client_events(const struct client *c) {
        const enum tls_phase phase = tls_phase(ssl_of(c));
        bool write = phase == TLS_DONE ? mosquitto_want_write(c->mosq) : phase == TLS_WRITING;

        return (short) (POLLIN | (write ? POLLOUT : 0));
}

/* The socket is dead, and the library, within a handshake, does not notice. */
static void hang_up(struct client *c, int error) {
        if (error != 0 && error != ECONNRESET)
                lose_by_errno(c, error);
        else
                lose_by_code(c, MOSQ_ERR_CONN_LOST, error);
}

static int socket_error(const struct client *c) {
        int error = 0;
        socklen_t size = sizeof(error);

        return getsockopt(mosquitto_socket(c->mosq), SOL_SOCKET, SO_ERROR, &error, &size) < 0 ? errno : error;
}

static int process_read(struct client *c) {
        int r = MOSQ_ERR_SUCCESS;

        /* Once more for each record that OpenSSL holds: the library may stop before it has taken them all. */
        for (unsigned i = 0; !c->lost && r == MOSQ_ERR_SUCCESS && i < RECORDS_MAX; i++) {
                errno = 0;
                r = mosquitto_loop_read(c->mosq, 1);
                if (c->lost || mosquitto_socket(c->mosq) < 0 || tls_pending(ssl_of(c)) == 0)
                        break;
        }
        return r;
}

int client_process(struct client *c, short revents) {
        const bool shaking = tls_phase(ssl_of(c)) != TLS_DONE, dead = revents & (POLLERR | POLLHUP);
        const int error = !c->lost && shaking && dead ? socket_error(c) : 0; /* told once: not to the library */
        int r = MOSQ_ERR_SUCCESS;

        /* An error or hang-up shows as a failing read, which has the reason. */
        errno = 0;
        if (!c->lost && (revents & (POLLIN | POLLERR | POLLHUP | (shaking ? POLLOUT : 0))))
                r = process_read(c);
        if (!c->lost && r == MOSQ_ERR_SUCCESS && shaking && dead)
                hang_up(c, error);
        if (!c->lost && r == MOSQ_ERR_SUCCESS && !shaking && (revents & POLLOUT))
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

enum client_end client_end(const struct client *c) {
        return c->end;
}
