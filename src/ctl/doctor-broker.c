/* SPDX-License-Identifier: Apache-2.0 */
/* Checks: brokers, what TLS needs, the broker's port for screens. */

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ctl/broker-files.h"
#include "ctl/doctor-visit.h"
#include "ctl/doctor.h"
#include "mqtt/probe.h"
#include "mqtt/tls-look.h"
#include "util/number.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(struct tls *, tls_free);

#define DAY_S     86400
#define SOON_DAYS 30 /* what issues certificates for 90 days renews them 30 days before */

static const char *or_null(const char *text) {
        return *text ? text : NULL;
}

static struct tls_config tls_config_of(const struct mqtt_config *m) {
        return (struct tls_config){or_null(m->ca_file), or_null(m->certificate_file), or_null(m->key)};
}

/* ---- certificates ---- */

static int64_t now_s(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec;
}

static const char *day_of(int64_t seconds, char ret[static 16]) {
        const time_t t = (time_t) seconds;
        struct tm tm;

        if (!gmtime_r(&t, &tm) || strftime(ret, 16, "%Y-%m-%d", &tm) == 0)
                *ret = '\0';
        return ret;
}

static void judge(struct doctor *d, const char *whose, const struct tls_validity *v) {
        const int64_t now = now_s();
        char day[16];

        if (v->until_s <= now)
                doctor_find(d, FINDING_CERTIFICATE_OVER, "%s (%s) has expired on %s", whose, v->name,
                        day_of(v->until_s, day));
        else if (v->from_s > now)
                doctor_find(d, FINDING_CERTIFICATE_EARLY, "%s (%s) is valid only from %s on", whose, v->name,
                        day_of(v->from_s, day));
        else if (v->until_s < now + SOON_DAYS * DAY_S)
                doctor_find(d, FINDING_CERTIFICATE_SOON, "%s (%s) expires on %s", whose, v->name,
                        day_of(v->until_s, day));
}

/* Returns whether it can be read. */
static bool look_at(struct doctor *d, const char *key, const char *path) {
        struct tls_validity v;
        char whose[CONFIG_PATH_MAX + 32];
        int r;

        if (*path == '\0')
                return true;
        r = tls_look_file(path, &v);
        if (r == -EACCES) {
                doctor_find(d, FINDING_CERTIFICATE_UNSEEN, "%s=: %s: %s", key, path, strerror(-r));
                return false;
        }
        snprintf(whose, sizeof(whose), "%s=: %s", key, path);
        if (r > 0)
                judge(d, whose, &v);
        return true;
}

void check_certificates(struct doctor *d) {
        const struct mqtt_config *m = d->config ? &d->config->mqtt : NULL;
        _cleanup_(tls_freep) struct tls *t = NULL;
        bool used = false, readable;
        char why[512];

        for (unsigned i = 0; m && i < m->n_brokers; i++)
                used |= m->brokers[i].tls;
        if (!used) {
                doctor_ok(d, "none is needed: no broker is spoken to over TLS");
                return;
        }
        readable = look_at(d, "CAFile", m->ca_file);
        readable &= look_at(d, "CertificateFile", m->certificate_file);
        if (readable && *m->key != '\0' && access(m->key, R_OK) < 0) {
                doctor_find(d, FINDING_CERTIFICATE_UNSEEN, "KeyFile=: %s: %s", m->key, strerror(errno));
                readable = false;
        }
        const struct tls_config config = tls_config_of(m);
        if (readable && tls_new(&config, m->brokers[0].host, &t, why, sizeof(why)) < 0)
                doctor_find(d, FINDING_CERTIFICATE_FAULT, "%s", why);
        if (d->worst == WEIGHT_OK)
                doctor_ok(d, "valid for more than %d days; key and certificate belong together", SOON_DAYS);
}

/* ---- brokers ---- */

static void tell_end(struct doctor *d, enum visit_end end, bool first, const char *why) {
        switch (end) {
        case VISIT_NAME:
                doctor_find(d, first ? FINDING_BROKER_NAME : FINDING_BROKER_SPARE, "%s", why);
                return;
        case VISIT_AWAY:
                doctor_find(d, first ? FINDING_BROKER_AWAY : FINDING_BROKER_SPARE, "%s", why);
                return;
        case VISIT_REFUSED:
                doctor_find(d, FINDING_BROKER_REFUSED, "%s", why);
                return;
        case VISIT_TLS:
                doctor_find(d, FINDING_BROKER_TLS, "%s", why);
                return;
        case VISIT_DONE:
                return;
        }
}

static void tell_visit(struct doctor *d, const struct visit *v, const struct broker *b) {
        struct tls_validity validity;

        if (!v->login)
                doctor_find(d, FINDING_BROKER_UNSEEN,
                        "something listens at %s:%u; the password of user \"%s\" is not for this user to read",
                        b->host, b->port, d->config->mqtt.username);
        if (*v->unwritten != '\0')
                doctor_find(d, FINDING_BROKER_WRITE, "broker %s:%u does not allow the hub %s", b->host, b->port,
                        v->unwritten);
        if (*v->unread != '\0')
                doctor_find(d, FINDING_BROKER_READ, "broker %s:%u does not allow the hub %s", b->host, b->port,
                        v->unread);
        if (v->tls && tls_look_broker(v->tls, b->host, v->address, b->port, &validity) == 0)
                judge(d, "the broker's certificate", &validity);
        if (d->worst <= WEIGHT_NOTE)
                doctor_ok(d, "%s:%u takes the hub, by MQTT %s%s", b->host, b->port, v->mqtt_5 ? "5" : "3.1.1",
                        v->tls ? " over TLS" : "");
}

static void check_one(struct doctor *d, unsigned i) {
        const struct mqtt_config *m = &d->config->mqtt;
        const struct broker *b = &m->brokers[i];
        const struct tls_config tls = tls_config_of(m);
        struct visit v = {
                .host = b->host,
                .port = b->port,
                .tls = b->tls ? &tls : NULL,
                .username = or_null(m->username),
                .password = or_null(m->password),
                .login = *m->username == '\0' || *m->password != '\0',
                .prefix = d->config->hub.prefix,
                .hub = d->config->hub.name,
        };
        enum visit_end end = visit_broker(&v);

        if (end == VISIT_DONE)
                tell_visit(d, &v, b);
        else
                tell_end(d, end, i == 0, v.why);
        if (*m->username != '\0' && !b->tls && !broker_is_local(b))
                doctor_find(d, FINDING_BROKER_CLEAR, "the password goes to broker %s in the clear", b->host);
}

void check_broker(struct doctor *d) {
        for (unsigned i = 0; d->config && i < d->config->mqtt.n_brokers; i++)
                check_one(d, i);
}

/* ---- the port for screens ---- */

/* Of the listener with "protocol websockets" in the file that setup-broker writes; 0: there is none. */
static uint16_t web_port(struct doctor *d) {
        char path[PATH_MAX], line[256], word[32];
        const char *why;
        _cleanup_(fclosep) FILE *file = textfile_open(doctor_path(d, BROKER_CONF, path), &why);
        unsigned port = 0;

        while (file && fgets(line, sizeof(line), file)) {
                (void) sscanf(line, "listener %5u", &port);
                if (sscanf(line, "protocol %31s", word) == 1 && strcmp(word, "websockets") == 0)
                        return port <= UINT16_MAX ? (uint16_t) port : 0;
        }
        return 0;
}

/* Does it change over to websockets (RFC 6455, section 4)? */
static bool speaks_websockets(uint16_t port) {
        static const char hello[] =
                "GET /mqtt HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: cmVwY2FzdCBkb2N0b3IhIQ==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
        static const char wanted[] = "HTTP/1.1 101";
        char answer[sizeof(wanted)] = "";
        size_t n = 0;
        ssize_t k = 1;
        int fd = probe_dial("127.0.0.1", port, 5);

        if (fd < 0)
                return false;
        if (send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL) != sizeof(hello) - 1)
                k = 0;
        while (k > 0 && n < sizeof(wanted) - 1) {
                k = recv(fd, answer + n, sizeof(wanted) - 1 - n, 0);
                n += k > 0 ? (size_t) k : 0;
        }
        close(fd);
        return strcmp(answer, wanted) == 0;
}

void check_dashboard(struct doctor *d) {
        const uint16_t port = web_port(d);

        if (port == 0)
                doctor_ok(d, "setup-broker was not used here: screens look at whatever broker there is");
        else if (!speaks_websockets(port))
                doctor_find(d, FINDING_BROKER_WEB, "the broker's port for the dashboard, %u, does not answer",
                        port);
        else
                doctor_ok(d, "port %u answers", port);
}
