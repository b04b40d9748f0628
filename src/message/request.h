/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Commands as they come over MQTT, and their answers (doc/mqtt.md, Commands). One frame for those to the hub and those to a
 * station: a JSON object with a type, an id, the instant at which it was sent, and the fields of its type. What is not
 * known is refused by name, and everything has its bounds. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "message/message.h"
#include "message/topic.h"

#define REQUEST_BYTES_MAX       4096
#define REQUEST_CORRELATION_MAX 64
#define REQUEST_WHY_MAX         192
#define REQUEST_SCAN_MAX_S      60

enum request_kind {
        REQUEST_SCAN,
        REQUEST_ADOPT,
        REQUEST_FORGET,
        REQUEST_ASSIGN,
        REQUEST_QUEUE,
        REQUEST_CLAIM,
        REQUEST_END_SET,
        REQUEST_DISCARD_REP,
        REQUEST_UNDO,
        _REQUEST_MAX,
};

/* Where an answer goes. */
struct request_path {
        char topic[TOPIC_MAX];
        unsigned char correlation[REQUEST_CORRELATION_MAX]; /* MQTT 5; given back as it came */
        size_t n_correlation;
};

/* Empty texts and 0: not given. */
struct request {
        enum request_kind kind;    /* _REQUEST_MAX: could not be read */
        char id[MESSAGE_NAME_MAX]; /* the sender's */
        char by[MESSAGE_NAME_MAX]; /* who wants it, as the sender says */
        int64_t sent_ms;           /* since the epoch, by the sender's clock */
        struct request_path path;
        char station[MESSAGE_NAME_MAX]; /* by its topic, or a field of adopt */
        const char *code;               /* why it is refused already: a word, */
        char why[REQUEST_WHY_MAX];      /* and words; code NULL = it is not */

        unsigned version;
        unsigned seconds;                                         /* scan */
        char sensor[MESSAGE_NAME_MAX], profile[MESSAGE_NAME_MAX]; /* adopt; forget: sensor or station */
        bool move;

        struct wish wish; /* assign; claim: the athlete */
        bool defaults;    /* assign: what the configuration says, before the wish */
        struct wish queue[ASSIGNMENT_QUEUE_MAX];
        unsigned n_queue;
        bool rotate;
        unsigned set; /* claim */
        unsigned rep; /* discard_rep */
};

/* on_station: it came to a station and not to the hub. Returns 0, or -EINVAL with the reason in ret->code and ret->why;
 * then ret->id is set as far as it could be read. The path is left alone. */
int request_from_json(const char *json, size_t size, bool on_station, struct request *ret);

/* Is it a name or word for people: printable UTF-8, without blanks at its ends, shorter than size? NULL, or what is wrong. */
const char *request_check_text(const char *s, size_t size);

const char *request_kind_to_string(enum request_kind kind); /* NULL for none */
bool request_kind_is_of_station(enum request_kind kind);

/* A sensor that is near. */
struct answer_sensor {
        const char *address, *name, *profile, *station;
        int rssi_dbm; /* 0 = not known */
};

#define ANSWER_WORDS_MAX 4

/* What came of it. */
struct answer {
        const char *id;
        enum request_kind kind;
        const char *code, *why; /* NULL = it was done */
        int64_t now_ms;
        bool synced;
        struct {
                const char *key, *value;
                uint32_t number;
        } words[ANSWER_WORDS_MAX]; /* of the result; key NULL ends them; without a value, the number; empty, 0 = null */
        bool has_sensors;
        const struct answer_sensor *sensors;
        size_t n_sensors;
};

/* Returns 0 and a string to free(), or -ENOMEM. */
int answer_to_json(const struct answer *a, char **ret);

/* Turn "repeated":false of a made answer into true. */
void answer_json_set_repeated(char *json);
