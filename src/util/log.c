/* SPDX-License-Identifier: Apache-2.0 */
/* The journal or standard error, whichever stands behind descriptor 2. */

#define SD_JOURNAL_SUPPRESS_LOCATION /* it would name this file for every message */

#include "util/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>
#include <unistd.h>

#define LOG_TEXT_MAX  2048 /* bytes of one message */
#define LOG_FIELD_MAX 160
#define LIMIT_US      UINT64_C(30000000)
#define LIMIT_BURST   20

/* The level may change while other threads speak. */
static struct {
        _Atomic int max_priority;
        _Atomic bool journal, colour;
        pthread_mutex_t lock; /* over every struct log_limit */
} logger = {.max_priority = LOG_INFO, .lock = PTHREAD_MUTEX_INITIALIZER};

/* Made with systemd-id128 new. */
static const char *const kind_ids[_LOG_KIND_MAX] = {
        [LOG_KIND_STARTED] = "53d2e08e5fbb48b4bec507ff16bae33b",
        [LOG_KIND_STOPPED] = "1ce4bbb3b2c546e9aeeffab01d11d398",
        [LOG_KIND_RELOADED] = "50aa73db041c4585a6b5873870a3c0fc",
        [LOG_KIND_CONFIG] = "f116dfec7f9d4730bda6f5068eedc275",
        [LOG_KIND_BROKER_UP] = "4fbd53f5781f4bcb9829fbadc6d21a0a",
        [LOG_KIND_BROKER_DOWN] = "aa8286b95dd84df4a18efd22eef64d0e",
        [LOG_KIND_EVENTS_DROPPED] = "7e7f3ec685f7474982b3a933a428fe46",
        [LOG_KIND_SENSOR] = "f5bbeded3e8c442c9858e49ddf49691f",
        [LOG_KIND_SET] = "eae7427ea4154f08ae150ae1bc8ddf01",
        [LOG_KIND_ADOPTED] = "0acdda08f80c4c9fa76fd2f89414ee79",
        [LOG_KIND_BATTERY] = "f728ecff503e4b458c484145748b3aa4",
};

const char *log_kind_id(enum log_kind kind) {
        return kind < _LOG_KIND_MAX ? kind_ids[kind] : NULL;
}

/* systemd puts "device:inode" of the journal's stream into the environment; it counts only while descriptor 2 is
 * still that stream. */
static bool stderr_is_journal(void) {
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat st;
        char rest;

        if (!stream || sscanf(stream, "%llu:%llu%c", &device, &inode, &rest) != 2)
                return false;
        return fstat(STDERR_FILENO, &st) == 0 && st.st_dev == (dev_t) device && st.st_ino == (ino_t) inode;
}

void log_open(int max_priority) {
        const char *term = getenv("TERM");

        logger.max_priority = max_priority;
        logger.journal = stderr_is_journal();
        logger.colour = !logger.journal && isatty(STDERR_FILENO) == 1 && !getenv("NO_COLOR") && term &&
                strcmp(term, "dumb") != 0;
}

bool log_limit_pass(struct log_limit *limit, uint64_t now_us, unsigned *ret_held_back) {
        bool pass = true;

        pthread_mutex_lock(&logger.lock);
        *ret_held_back = 0;
        if (limit->window_us == 0 || now_us - limit->window_us >= LIMIT_US) {
                *ret_held_back = limit->held_back;
                *limit = (struct log_limit){.window_us = now_us};
        }
        if (limit->said < LIMIT_BURST) {
                limit->said++;
        } else {
                limit->held_back++;
                pass = false;
        }
        pthread_mutex_unlock(&logger.lock);
        return pass;
}

struct entry {
        struct iovec iov[8];
        int n;
        char fields[7][LOG_FIELD_MAX];
};

_printf_(2, 3) static void entry_add(struct entry *e, const char *format, ...) {
        char *field = e->fields[e->n - 1]; /* iov[0] is the message, kept elsewhere */
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(field, LOG_FIELD_MAX, format, ap);
        va_end(ap);
        if (n < 0)
                return;
        e->iov[e->n++] = (struct iovec){field, MIN((size_t) n, sizeof(e->fields[0]) - 1)};
}

static void to_journal(int priority, const struct log_fields *f, char *message, size_t n) {
        struct entry e = {.iov = {{message, n}}, .n = 1};

        entry_add(&e, "PRIORITY=%d", priority);
        if (f && f->kind < _LOG_KIND_MAX)
                entry_add(&e, "MESSAGE_ID=%s", kind_ids[f->kind]);
        if (f && f->station && *f->station)
                entry_add(&e, "REPCAST_STATION=%s", f->station);
        if (f && f->sensor && *f->sensor)
                entry_add(&e, "REPCAST_SENSOR=%s", f->sensor);
        if (f && f->set > 0)
                entry_add(&e, "REPCAST_SET=%u", f->set);
        if (f && f->rep > 0)
                entry_add(&e, "REPCAST_REP=%u", f->rep);
        (void) sd_journal_sendv(e.iov, e.n); /* nobody is left to tell */
}

static void to_stderr(int priority, const char *text) {
        static const struct {
                const char *word, *colour;
        } levels[] = {
                [LOG_ERR - LOG_ERR] = {"error: ", "\033[1;31m"},
                [LOG_WARNING - LOG_ERR] = {"warning: ", "\033[1;33m"},
                [LOG_NOTICE - LOG_ERR] = {"", "\033[1m"},
                [LOG_INFO - LOG_ERR] = {"", ""},
                [LOG_DEBUG - LOG_ERR] = {"debug: ", "\033[2m"},
        };
        char line[LOG_TEXT_MAX + 64];
        int level = CLAMP(priority, LOG_ERR, LOG_DEBUG) - LOG_ERR, n;

        n = snprintf(line, sizeof(line), "%s%s%s%s\n", logger.colour ? levels[level].colour : "",
                levels[level].word, text, logger.colour && *levels[level].colour ? "\033[0m" : "");
        if (n > 0 && write(STDERR_FILENO, line, MIN((size_t) n, sizeof(line) - 1)) < 0)
                return; /* nobody is left to tell */
}

/* Names and errors from outside may hold anything: a terminal must not obey it, a line must stay one. In UTF-8 the
 * control characters of the second set (C1: U+0080 to U+009F, U+009B opens a sequence as ESC [ does) are c2 80 to
 * c2 9f. */
static void defuse(char *s) {
        for (; *s; s++) {
                const unsigned char *c = (const unsigned char *) s;

                if (c[0] < 0x20 || c[0] == 0x7f)
                        *s = '?';
                else if (c[0] == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f)
                        s[0] = s[1] = '?';
        }
}

static _printf_(3, 0) void write_message(
        int priority, const struct log_fields *fields, const char *format, va_list ap) {
        static const char prefix[] = "MESSAGE=";
        char message[sizeof(prefix) + LOG_TEXT_MAX];
        char *text = message + sizeof(prefix) - 1;

        memcpy(message, prefix, sizeof(prefix));
        vsnprintf(text, LOG_TEXT_MAX, format, ap);
        defuse(text);
        if (logger.journal)
                to_journal(priority, fields, message, strlen(message));
        else
                to_stderr(priority, text);
}

_printf_(3, 4) static void write_plain(int priority, const struct log_fields *fields, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        write_message(priority, fields, format, ap);
        va_end(ap);
}

void log_write(
        int priority, struct log_limit *limit, const struct log_fields *fields, const char *format, ...) {
        int saved_errno = errno;
        va_list ap;

        if (priority > logger.max_priority)
                return;
        if (limit) {
                struct timespec now;
                unsigned held_back;

                clock_gettime(CLOCK_MONOTONIC, &now);
                if (!log_limit_pass(limit, (uint64_t) now.tv_sec * 1000000 + (uint64_t) now.tv_nsec / 1000 + 1,
                            &held_back)) {
                        errno = saved_errno;
                        return;
                }
                if (held_back > 0)
                        write_plain(priority, fields, "%u messages like the next were held back", held_back);
        }
        va_start(ap, format);
        write_message(priority, fields, format, ap);
        va_end(ap);
        errno = saved_errno;
}
