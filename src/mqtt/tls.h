/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* TLS of one connection: an OpenSSL context for libmosquitto, and what went wrong in words.
 *
 * The library is given an address in numbers, so it cannot compare the certificate with the name; it also keeps the reason
 * of a failure to itself. With a context of ours OpenSSL compares, sends the name (SNI), and tells us both what it does not
 * like and what the broker complains of. Files are read anew for each connection: a renewed certificate needs no restart. */

#include <stdbool.h>
#include <stddef.h>

struct tls_config {
        const char *ca_file;          /* PEM; NULL = the system's authorities */
        const char *certificate_file; /* PEM with its chain; NULL = the hub shows none */
        const char *key_file;         /* PEM; NULL = in the certificate's file */
};

struct tls;

/* host: the name or address by which the broker was asked for. Returns 0 or negative errno with the reason. */
int tls_new(
        const struct tls_config *config, const char *host, struct tls **ret, char *ret_why, size_t why_size);
struct tls *tls_free(struct tls *t);

/* The SSL_CTX; whoever keeps it takes a reference. */
void *tls_context(const struct tls *t);

/* Is the handshake under way, and does it wait to write? ssl: of the connection, NULL = none yet. */
enum tls_phase {
        TLS_READING,
        TLS_WRITING,
        TLS_DONE,
};
enum tls_phase tls_phase(const void *ssl);

/* Decrypted and not read yet: no descriptor becomes readable for it. */
size_t tls_pending(const void *ssl);

/* A line of the library's error log. */
void tls_note(struct tls *t, const char *line);

/* errno of the socket where the handshake stopped last (EAGAIN: it waits); 0 = it did not stop. */
int tls_socket_error(const struct tls *t);

/* What went wrong, as a half sentence that follows "broker NAME "; NULL = nothing that TLS knows of. used: MQTT was spoken
 * over it already, so it is no fault of the handshake. */
const char *tls_why(struct tls *t, bool used);

/* Was it TLS without a doubt? Else the broker hung up without a word, which TLS may explain. */
bool tls_is_certain(const struct tls *t);
