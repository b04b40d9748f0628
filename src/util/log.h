/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Messages to whoever runs the hub. Into the journal with structured fields where standard error is the journal
 * (sd-daemon(3), $JOURNAL_STREAM); as plain lines on standard error elsewhere. May be called from any thread.
 *
 * Each place in the code may speak 20 times in 30 s; what is held back is counted and told afterwards. */

#include <stdbool.h>
#include <stdint.h>
#include <syslog.h>

#include "util/macros.h"

/* What a user may want to find in the journal by kind: journalctl MESSAGE_ID=... The ids are listed in
 * repcastd(8) and never change. */
enum log_kind {
        LOG_KIND_STARTED,        /* the daemon is up */
        LOG_KIND_STOPPED,        /* the daemon has stopped in good order */
        LOG_KIND_RELOADED,       /* a new configuration is in force */
        LOG_KIND_CONFIG,         /* a fault of the configuration */
        LOG_KIND_BROKER_UP,      /* the broker took the connection */
        LOG_KIND_BROKER_DOWN,    /* the broker is away, refuses or cannot be found */
        LOG_KIND_EVENTS_DROPPED, /* events were lost before the broker had them */
        LOG_KIND_SENSOR,         /* a sensor's stream began, ended or failed */
        LOG_KIND_SET,            /* a set is finished */
        LOG_KIND_ADOPTED,        /* a sensor was adopted or forgotten */
        LOG_KIND_BATTERY,        /* a sensor's battery is low */
        _LOG_KIND_MAX,
        LOG_KIND_NONE = _LOG_KIND_MAX,
};

/* Structured fields; empty or 0 = left out. */
struct log_fields {
        enum log_kind kind;
        const char *station; /* REPCAST_STATION= */
        const char *sensor;  /* REPCAST_SENSOR= */
        uint32_t set, rep;   /* REPCAST_SET=, REPCAST_REP= */
};

/* One for each place that speaks; zero is a good start. */
struct log_limit {
        uint64_t window_us; /* start of the running window */
        unsigned said, held_back;
};

/* max_priority: LOG_ERR to LOG_DEBUG, what is less urgent is left out. Before log_open(): plain lines up to
 * LOG_INFO. */
void log_open(int max_priority);

/* Take part of the bound. Returns whether the place may speak, and how many messages were held back before. */
bool log_limit_pass(struct log_limit *limit, uint64_t now_us, unsigned *ret_held_back);

/* limit NULL: not bounded; fields NULL: none. errno is kept. */
void log_write(int priority, struct log_limit *limit, const struct log_fields *fields, const char *format, ...)
        _printf_(4, 5);

const char *log_kind_id(enum log_kind kind);

#define log_at(priority, fields, ...)                                                                          \
        do {                                                                                                   \
                static struct log_limit _log_limit;                                                            \
                log_write((priority), &_log_limit, (fields), __VA_ARGS__);                                     \
        } while (0)

#define log_error(...)   log_at(LOG_ERR, NULL, __VA_ARGS__)
#define log_warning(...) log_at(LOG_WARNING, NULL, __VA_ARGS__)
#define log_notice(...)  log_at(LOG_NOTICE, NULL, __VA_ARGS__)
#define log_info(...)    log_at(LOG_INFO, NULL, __VA_ARGS__)
#define log_debug(...)   log_at(LOG_DEBUG, NULL, __VA_ARGS__)

/* log_event(LOG_INFO, ((struct log_fields){ .kind = LOG_KIND_SET, .station = name, .set = 3 }), "set of %u", n); */
#define log_event(priority, fields, ...) log_at((priority), &(fields), __VA_ARGS__)
