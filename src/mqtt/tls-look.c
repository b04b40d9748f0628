/* SPDX-License-Identifier: Apache-2.0 */
/* Reading certificates for their dates. */

#include "mqtt/tls-look.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mqtt/probe.h"
#include "util/macros.h"
#include "util/textfile.h"

#define PATIENCE_S 5

typedef X509 *certificate;
DEFINE_CLEANUP(certificate, X509_free);
typedef SSL *connection;
DEFINE_CLEANUP(connection, SSL_free);
DEFINE_CLEANUP(FILE *, fclose);
DEFINE_CLEANUP(struct tls *, tls_free);

static int64_t seconds_of(const ASN1_TIME *t) {
        struct tm tm;

        return ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t) timegm(&tm) : 0;
}

static void take(const X509 *x, struct tls_validity *ret) {
        ret->from_s = seconds_of(X509_get0_notBefore(x));
        ret->until_s = seconds_of(X509_get0_notAfter(x));
        X509_NAME_oneline(X509_get_subject_name(x), ret->name, sizeof(ret->name));
}

static int no_password(
        _unused_ char *buffer, _unused_ int size, _unused_ int writing, _unused_ void *userdata) {
        return -1;
}

int tls_look_file(const char *path, struct tls_validity *ret) {
        const char *why;
        _cleanup_(fclosep) FILE *file = NULL;
        struct tls_validity first = {.until_s = INT64_MAX}, one;
        int n = 0;

        errno = 0;
        file = textfile_open(path, &why);
        if (!file)
                return errno > 0 ? -errno : -EINVAL;
        for (;;) {
                _cleanup_(X509_freep) X509 *x = PEM_read_X509(file, NULL, no_password, NULL);

                if (!x)
                        break;
                take(x, &one);
                if (one.until_s < first.until_s)
                        first = one;
                n++;
        }
        ERR_clear_error(); /* the end of the file is one */
        if (n > 0)
                *ret = first;
        return n;
}

static int shake_hands(const struct tls *t, int fd, struct tls_validity *ret) {
        _cleanup_(SSL_freep) SSL *ssl = SSL_new(tls_context(t));
        _cleanup_(X509_freep) X509 *x = NULL;

        if (!ssl)
                return -ENOMEM;
        if (SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
                return -EPROTO;
        x = SSL_get1_peer_certificate(ssl);
        if (!x)
                return -EPROTO;
        take(x, ret);
        (void) SSL_shutdown(ssl);
        return 0;
}

int tls_look_broker(const struct tls_config *config, const char *host, const char *address, uint16_t port,
        struct tls_validity *ret) {
        _cleanup_(tls_freep) struct tls *t = NULL;
        char why[256];
        int fd, r = tls_new(config, host, &t, why, sizeof(why));

        if (r < 0)
                return r;
        fd = probe_dial(address, port, PATIENCE_S);
        if (fd < 0)
                return fd;
        r = shake_hands(t, fd, ret);
        ERR_clear_error();
        close(fd);
        return r;
}
