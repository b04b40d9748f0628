/* SPDX-License-Identifier: Apache-2.0 */
/* TLS by OpenSSL, and its failures in words. */

#include "mqtt/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util/macros.h"

#define HOST_MAX 256

struct tls {
        SSL_CTX *context;
        char host[HOST_MAX];
        bool numeric; /* host is an address */
        bool own_certificate, own_authorities;
        bool shaken;  /* the handshake was done */
        bool asked;   /* the broker asked for our certificate */
        long refused; /* X509_V_ERR_*: why we do not trust the broker; 0 = we do */
        int alert;    /* the broker's, SSL_AD_*; -1 = none */
        int error;    /* errno, where the handshake last stopped */
        char note[160];
        char why[400];
};

static bool is_numeric(const char *host) {
        char copy[HOST_MAX];
        struct in6_addr ignored;

        snprintf(copy, sizeof(copy), "%.*s", (int) strcspn(host, "%"), host); /* without the scope */
        return inet_pton(AF_INET, copy, &ignored) == 1 || inet_pton(AF_INET6, copy, &ignored) == 1;
}

/* ---- what OpenSSL tells us ---- */

static int on_verify(int good, X509_STORE_CTX *store) {
        SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
        struct tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

        if (!good && t->refused == X509_V_OK) /* the first reason is the right one */
                t->refused = X509_STORE_CTX_get_error(store);
        return good;
}

static void on_info(const SSL *ssl, int where, int value) {
        struct tls *t = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

        /* Before the first message is made: libmosquitto has put the address where the name belongs, and none belongs
         * there where we have only an address (RFC 6066, section 3). */
        if (where & SSL_CB_HANDSHAKE_START)
                (void) SSL_set_tlsext_host_name((SSL *) (uintptr_t) ssl, t->numeric ? NULL : t->host);
        if (where & SSL_CB_HANDSHAKE_DONE)
                t->shaken = true;
        if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && (value >> 8) == SSL3_AL_FATAL && t->alert < 0)
                t->alert = value & 0xff;
        if ((where & SSL_CB_CONNECT_EXIT) == SSL_CB_CONNECT_EXIT)
                t->error = value > 0 ? 0 : errno;
}

static int on_certificate_request(SSL *ssl, void *userdata) {
        struct tls *t = userdata;

        (void) ssl;
        t->asked = true;
        return 1;
}

/* ---- making ---- */

static int fail(char *ret_why, size_t size, const char *key, const char *path, const char *what) {
        const unsigned long code = ERR_peek_error();
        const char *reason = ERR_SYSTEM_ERROR(code) ? strerror((int) ERR_GET_REASON(code))
                                                    : (code ? ERR_reason_error_string(code) : NULL);

        snprintf(ret_why, size, "%s=: %s %s%s%s", key, path, what, reason ? ": " : "", reason ? reason : "");
        ERR_clear_error();
        return -EINVAL;
}

static int load_authorities(struct tls *t, const char *path, char *ret_why, size_t size) {
        if (!path)
                return SSL_CTX_set_default_verify_paths(t->context) == 1
                        ? 0
                        : fail(ret_why, size, "CAFile", "the system's authorities", "cannot be read");
        if (SSL_CTX_load_verify_file(t->context, path) != 1)
                return fail(ret_why, size, "CAFile", path, "cannot be read or holds no certificate");
        t->own_authorities = true;
        return 0;
}

static int load_identity(struct tls *t, const struct tls_config *c, char *ret_why, size_t size) {
        const char *key = c->key_file ? c->key_file : c->certificate_file;

        if (!c->certificate_file)
                return 0;
        if (SSL_CTX_use_certificate_chain_file(t->context, c->certificate_file) != 1)
                return fail(ret_why, size, "CertificateFile", c->certificate_file,
                        "cannot be read or holds no certificate");
        if (SSL_CTX_use_PrivateKey_file(t->context, key, SSL_FILETYPE_PEM) != 1 ||
                SSL_CTX_check_private_key(t->context) != 1)
                return fail(ret_why, size, "KeyFile", key, "cannot be used with the certificate");
        t->own_certificate = true;
        return 0;
}

static int expect_host(struct tls *t) {
        X509_VERIFY_PARAM *p = SSL_CTX_get0_param(t->context);
        int r;

        X509_VERIFY_PARAM_set_hostflags(p, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        r = t->numeric ? X509_VERIFY_PARAM_set1_ip_asc(p, t->host) : X509_VERIFY_PARAM_set1_host(p, t->host, 0);
        return r == 1 ? 0 : -EINVAL;
}

static int no_password(char *buffer, int size, int writing, void *userdata) {
        (void) buffer, (void) size, (void) writing, (void) userdata;
        return -1; /* the default would ask the terminal */
}

int tls_new(
        const struct tls_config *config, const char *host, struct tls **ret, char *ret_why, size_t why_size) {
        struct tls *t = calloc(1, sizeof(*t));
        int r;

        snprintf(ret_why, why_size, "TLS cannot be set up: out of memory");
        if (!t)
                return -ENOMEM;
        ERR_clear_error();
        t->alert = -1;
        t->numeric = is_numeric(host);
        snprintf(
                t->host, sizeof(t->host), "%.*s", (int) (t->numeric ? strcspn(host, "%") : strlen(host)), host);
        t->context = SSL_CTX_new(TLS_client_method());
        r = t->context ? 0 : -ENOMEM;
        if (r >= 0) {
                SSL_CTX_set_app_data(t->context, t);
                SSL_CTX_set_min_proto_version(t->context, TLS1_2_VERSION);
                SSL_CTX_set_mode(
                        t->context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
                SSL_CTX_set_default_passwd_cb(t->context, no_password);
                SSL_CTX_set_verify(t->context, SSL_VERIFY_PEER, on_verify);
                SSL_CTX_set_info_callback(t->context, on_info);
                SSL_CTX_set_cert_cb(t->context, on_certificate_request, t);
                r = expect_host(t);
        }
        if (r >= 0)
                r = load_authorities(t, config->ca_file, ret_why, why_size);
        if (r >= 0)
                r = load_identity(t, config, ret_why, why_size);
        if (r < 0) {
                tls_free(t);
                return r;
        }
        *ret = t;
        return 0;
}

struct tls *tls_free(struct tls *t) {
        if (!t)
                return NULL;
        SSL_CTX_free(t->context);
        free(t);
        return NULL;
}

void *tls_context(const struct tls *t) {
        return t->context;
}

enum tls_phase tls_phase(const void *ssl) {
        if (!ssl || SSL_is_init_finished(ssl))
                return TLS_DONE;
        return SSL_want_write((const SSL *) ssl) ? TLS_WRITING : TLS_READING;
}

size_t tls_pending(const void *ssl) {
        return ssl ? (size_t) SSL_pending(ssl) : 0;
}

void tls_note(struct tls *t, const char *line) {
        const char *reason = strrchr(line, ':'); /* error:0A00010B:SSL routines::wrong version number */

        if (t->note[0] == '\0')
                snprintf(t->note, sizeof(t->note), "%s", reason ? reason + 1 : line);
}

/* ---- words ---- */

static void tell_distrust(struct tls *t) {
        char now[32] = "";
        const time_t seconds = time(NULL);
        struct tm tm;

        switch (t->refused) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
                snprintf(t->why, sizeof(t->why),
                        "has a certificate that was not signed by %s: CAFile= must hold the authority that "
                        "signed it",
                        t->own_authorities ? "the authority in CAFile="
                                           : "an authority that this system knows");
                return;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
                snprintf(t->why, sizeof(t->why),
                        "has a certificate for another name than \"%s\": Broker= must name it as its "
                        "certificate "
                        "does",
                        t->host);
                return;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
                if (gmtime_r(&seconds, &tm))
                        strftime(now, sizeof(now), "%Y-%m-%d %H:%M", &tm);
                snprintf(t->why, sizeof(t->why),
                        "has a certificate that %s by this hub's clock (%s UTC): either the clock is wrong, or "
                        "who runs the broker must renew it",
                        t->refused == X509_V_ERR_CERT_HAS_EXPIRED ? "has expired" : "is not valid yet", now);
                return;
        default:
                snprintf(t->why, sizeof(t->why), "has a certificate that cannot be trusted: %s",
                        X509_verify_cert_error_string(t->refused));
                return;
        }
}

static void tell_certificate(struct tls *t) {
        if (t->own_certificate)
                snprintf(t->why, sizeof(t->why),
                        "refused this hub's certificate: the one in CertificateFile= must be valid and signed "
                        "by an "
                        "authority that the broker trusts");
        else
                snprintf(t->why, sizeof(t->why),
                        "wants a certificate of this hub: CertificateFile= and KeyFile= must give one");
}

static void tell_alert(struct tls *t) {
        switch (t->alert) {
        case TLS1_AD_UNRECOGNIZED_NAME:
                snprintf(t->why, sizeof(t->why),
                        "does not know itself by the name \"%s\": see Broker=", t->host);
                return;
        case TLS1_AD_PROTOCOL_VERSION:
                snprintf(t->why, sizeof(t->why),
                        "speaks no version of TLS from 1.2 on: who runs it must allow one");
                return;
        case SSL_AD_CERTIFICATE_REQUIRED:
        case SSL_AD_HANDSHAKE_FAILURE:
        case SSL_AD_BAD_CERTIFICATE:
        case SSL_AD_UNSUPPORTED_CERTIFICATE:
        case SSL_AD_CERTIFICATE_REVOKED:
        case SSL_AD_CERTIFICATE_EXPIRED:
        case SSL_AD_CERTIFICATE_UNKNOWN:
        case SSL_AD_UNKNOWN_CA:
        case SSL_AD_ACCESS_DENIED:
        case SSL_AD_DECRYPT_ERROR:
                tell_certificate(t);
                return;
        default:
                snprintf(t->why, sizeof(t->why), "ended TLS: %s", SSL_alert_desc_string_long(t->alert));
                return;
        }
}

static void tell_note(struct tls *t) {
        if (strstr(t->note, "wrong version number") || strstr(t->note, "packet length too long") ||
                strstr(t->note, "record layer failure"))
                snprintf(t->why, sizeof(t->why),
                        "does not speak TLS on this port: mqtts:// wants the port of its TLS listener");
        else
                snprintf(t->why, sizeof(t->why), "and TLS do not come together: %s", t->note);
}

/* Without a word. What it has sent may be lost with the connection: a complaint of our certificate comes after its end of
 * the handshake (TLS 1.3), and is thrown away when what we say next meets a closed socket. */
static void tell_silence(struct tls *t) {
        if (t->asked)
                tell_certificate(t);
        else
                snprintf(t->why, sizeof(t->why),
                        "closed the connection within the TLS handshake: mqtts:// wants the port of its TLS "
                        "listener");
}

int tls_socket_error(const struct tls *t) {
        return t->error;
}

bool tls_is_certain(const struct tls *t) {
        return t->refused != X509_V_OK || t->alert >= 0 || !t->shaken;
}

/* Whether all that is known is that the connection went away: read as its end, or met when we wrote. */
static bool was_cut(const struct tls *t) {
        return t->note[0] == '\0' || strstr(t->note, "unexpected eof") ||
                strstr(t->note, strerror(ECONNRESET)) || strstr(t->note, strerror(EPIPE));
}

const char *tls_why(struct tls *t, bool used) {
        const bool noted = !was_cut(t), silent = t->asked || !t->shaken;

        if (t->refused != X509_V_OK)
                tell_distrust(t);
        else if (t->alert >= 0)
                tell_alert(t);
        else if (used || (!noted && !silent))
                return NULL;
        else if (noted)
                tell_note(t);
        else
                tell_silence(t);
        return t->why;
}
