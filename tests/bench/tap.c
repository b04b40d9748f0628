/* SPDX-License-Identifier: Apache-2.0 */
/* bench-tap BROKER-PORT OUTPUT [LEAF...]: between a hub and its broker, to see when a message is on the wire.
 *
 *     hub ──▶ port that is printed ──▶ tap ──▶ BROKER-PORT
 *
 * Bytes pass as they come. On the way to the broker they are read along: a PUBLISH whose topic ends with one of the leaves
 * makes a line "microseconds topic payload" in OUTPUT, its instant (CLOCK_MONOTONIC) that at which its last byte was read.
 * At the end of each second with messages a line "count MESSAGES BYTES" of all that were published so far. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PACKET_MAX      (1 << 20) /* a set with all its reps is a tenth of it */
#define CONNECTIONS_MAX 64

enum { CONNECT = 1, PUBLISH = 3 }; /* types of packets */

/* One direction of a connection. */
struct half {
        int from, to;
        struct half *other;
        bool watched, with_properties; /* MQTT 5, as its CONNECT says */
        size_t n;
        uint8_t *bytes; /* of the packet that has begun */
};

static FILE *output;
static char **leaves;
static uint64_t messages, published_bytes, counted_s;

static uint64_t now_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static void fail(const char *what) {
        fprintf(stderr, "bench-tap: %s: %s\n", what, strerror(errno));
        exit(EXIT_FAILURE);
}

/* ---- packets (MQTT 3.1.1 and 5) ------------------------------------------------------------------------------- */

static bool is_wanted(const char *topic, size_t n) {
        for (char **leaf = leaves; *leaf; leaf++) {
                size_t k = strlen(*leaf);

                if (n > k && topic[n - k - 1] == '/' && memcmp(topic + n - k, *leaf, k) == 0)
                        return true;
        }
        return false;
}

static void tell_count(uint64_t at_us) {
        if (at_us / 1000000 == counted_s)
                return;
        counted_s = at_us / 1000000;
        fprintf(output, "count %llu %llu\n", (unsigned long long) messages,
                (unsigned long long) published_bytes);
}

/* A number of up to four bytes, seven bits each, as of lengths: the bytes that it takes, 0 where it is not complete. */
static size_t take_length(const uint8_t *bytes, size_t n, size_t *ret) {
        size_t length = 0;

        for (size_t i = 0; i < n && i < 4; i++) {
                length |= (size_t) (bytes[i] & 127) << 7 * i;
                if (bytes[i] < 128) {
                        *ret = length;
                        return i + 1;
                }
        }
        return 0;
}

/* Topic; of QoS 1 and 2 the packet's number; of MQTT 5 properties; payload. */
static void see_publish(const struct half *h, uint8_t flags, const uint8_t *body, size_t n, uint64_t at_us) {
        size_t n_topic = n < 2 ? 0 : (size_t) body[0] << 8 | body[1], at, properties = 0;

        messages++;
        published_bytes += n;
        tell_count(at_us);
        if (n < 2 + n_topic || !is_wanted((const char *) body + 2, n_topic))
                return;
        at = 2 + n_topic + (flags & 6 ? 2 : 0);
        if (h->with_properties && at < n)
                at += take_length(body + at, n - at, &properties) + properties;
        if (at < n && body[at] == '{')
                fprintf(output, "%llu %.*s %.*s\n", (unsigned long long) at_us, (int) n_topic,
                        (const char *) body + 2, (int) (n - at), (const char *) body + at);
}

/* The first packet: its bytes, 0 where it is not complete; *ret_header: of its header. */
static size_t first_packet(const uint8_t *bytes, size_t n, size_t *ret_header) {
        size_t length, k = n < 2 ? 0 : take_length(bytes + 1, n - 1, &length);

        if (k == 0 || 1 + k + length > n)
                return 0;
        *ret_header = 1 + k;
        return 1 + k + length;
}

static void see(struct half *h, size_t more, uint64_t at_us) {
        size_t header = 0, size;
        const uint8_t *at = h->bytes;

        h->n += more;
        while ((size = first_packet(at, h->n, &header)) > 0) {
                if (at[0] >> 4 == CONNECT && size >= header + 7) /* "MQTT" with its length, then the version */
                        h->with_properties = at[header + 6] >= 5;
                else if (at[0] >> 4 == PUBLISH)
                        see_publish(h, at[0], at + header, size - header, at_us);
                at += size;
                h->n -= size;
        }
        memmove(h->bytes, at, h->n);
        fflush(output);
}

/* ---- connections --------------------------------------------------------------------------------------------- */

static struct half *open_half(int epoll, int from, int to, bool watched) {
        struct half *h = calloc(1, sizeof(*h));
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = h};

        if (!h || !(h->bytes = malloc(PACKET_MAX)))
                abort();
        h->from = from;
        h->to = to;
        h->watched = watched;
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, from, &event) < 0)
                fail("epoll");
        return h;
}

static int connect_to(uint16_t port) {
        struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || connect(fd, (const struct sockaddr *) &address, sizeof(address)) < 0) {
                close(fd);
                return -1;
        }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        return fd;
}

static void take_hub(int epoll, int listener, uint16_t port) {
        int hub = accept4(listener, NULL, NULL, SOCK_CLOEXEC), broker = connect_to(port);
        struct half *out, *in;

        if (hub < 0 || broker < 0) { /* a broker that is away refuses; here the hub is hung up on */
                close(hub);
                close(broker);
                return;
        }
        out = open_half(epoll, hub, broker, true);
        in = open_half(epoll, broker, hub, false);
        out->other = in;
        in->other = out;
}

/* Both ends at once: an end that is half open helps nobody here. The memory is left: connections are few. */
static void end(struct half *h) {
        close(h->from);
        close(h->to);
        h->from = h->other->from = -1;
}

static bool write_all(int fd, const uint8_t *bytes, size_t n) {
        while (n > 0) {
                ssize_t k = send(fd, bytes, n, MSG_NOSIGNAL);

                if (k < 0 && errno == EINTR)
                        continue;
                if (k < 0)
                        return false;
                bytes += k;
                n -= (size_t) k;
        }
        return true;
}

static void pass(struct half *h) {
        uint8_t *room = h->bytes + h->n;
        ssize_t n = h->from < 0 ? -1 : recv(h->from, room, PACKET_MAX - h->n, 0);
        uint64_t at_us = now_us();

        if (h->from < 0)
                return; /* an event of the same turn, behind its end */
        if (n <= 0 || !write_all(h->to, room, (size_t) n))
                end(h);
        else if (h->watched)
                see(h, (size_t) n, at_us);
}

static int listen_here(void) {
        struct sockaddr_in address = {.sin_family = AF_INET};
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        if (fd < 0 || bind(fd, (const struct sockaddr *) &address, size) < 0 ||
                listen(fd, CONNECTIONS_MAX) < 0 || getsockname(fd, (struct sockaddr *) &address, &size) < 0)
                fail("cannot listen");
        printf("%u\n", ntohs(address.sin_port));
        fflush(stdout);
        return fd;
}

int main(int argc, char *argv[]) {
        struct epoll_event events[CONNECTIONS_MAX], listening = {.events = EPOLLIN};
        int epoll = epoll_create1(EPOLL_CLOEXEC), listener;

        if (argc < 3) {
                fprintf(stderr, "usage: bench-tap BROKER-PORT OUTPUT [LEAF...]\n");
                return 64;
        }
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* no test leaves it behind */
        output = fopen(argv[2], "we");
        if (!output)
                fail(argv[2]);
        leaves = argv + 3;
        listener = listen_here();
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &listening) < 0)
                fail("epoll");
        for (;;) {
                int n = epoll_wait(epoll, events, CONNECTIONS_MAX, -1);

                for (int i = 0; i < n; i++)
                        if (events[i].data.ptr)
                                pass(events[i].data.ptr);
                        else
                                take_hub(epoll, listener, (uint16_t) atoi(argv[1]));
        }
}
