/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the sections that hold steps: [init], [stop], [idle], [wake] and [battery]. The steps themselves are read by
 * profile-plan.c. */

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "sensor/profile-private.h"
#include "util/number.h"

void *load_open_steps(struct load *l, const struct load_entry *e) {
        struct profile *p = l->profile;

        switch (e->section[1]) {
        case 'n': /* init */
                return &p->init;
        case 't': /* stop */
                return &p->stop;
        case 'd': /* idle */
                return &p->idle;
        default:
                return &p->wake;
        }
}

static void take_step(struct load *l, void *object, const struct load_entry *e) {
        struct profile_steps *steps = object;

        if (steps->n == GATT_STEPS_MAX) {
                load_too_many(l, e, GATT_STEPS_MAX);
                return;
        }
        load_text(l, e, steps->steps[steps->n].text, PROFILE_STEP_MAX);
        steps->steps[steps->n++].line = e->line;
}

static void take_idle_kind(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[] = {"slow", "off", "motion"};
        static const enum gatt_idle kinds[] = {GATT_IDLE_SLOW, GATT_IDLE_OFF, GATT_IDLE_MOTION};
        unsigned i;

        (void) object;
        if (value_word(e->value, words, ARRAY_SIZE(words), &i) < 0)
                load_wrong(l, e);
        else
                l->profile->idle_kind = kinds[i];
}

static void take_idle_hz(struct load *l, void *object, const struct load_entry *e) {
        (void) object;
        if (number_parse_double(e->value, 5, 100, &l->profile->idle_hz) < 0)
                load_wrong(l, e);
}

void load_close_idle(struct load *l, void *object, const struct load_entry *e) {
        struct profile *p = l->profile;

        (void) object;
        if ((p->idle_kind == GATT_IDLE_SLOW) != (p->idle_hz > 0))
                load_fault(l, e, "Hz= and Kind=slow need each other");
}

/* ---- [battery] ---- */

static void take_battery_kind(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[] = {"none", "standard", "characteristic", "stream"};
        unsigned kind;

        if (value_word(e->value, words, ARRAY_SIZE(words), &kind) < 0)
                load_wrong(l, e);
        else
                ((struct profile *) object)->battery.kind = kind;
}

static void take_battery_characteristic(struct load *l, void *object, const struct load_entry *e) {
        int i = load_characteristic_name(l, e);

        if (i >= 0)
                ((struct profile *) object)->battery.characteristic = (unsigned) i;
}

static void take_battery_stream(struct load *l, void *object, const struct load_entry *e) {
        int i = load_stream_name(l, e);

        if (i >= 0)
                ((struct profile *) object)->battery.stream = (unsigned) i;
}

static void take_battery_when(struct load *l, void *object, const struct load_entry *e) {
        if (value_when(e->value, &((struct profile *) object)->battery.when) < 0)
                load_wrong(l, e);
}

static void take_battery_value(struct load *l, void *object, const struct load_entry *e) {
        struct profile_battery *b = &((struct profile *) object)->battery;
        struct scratch s;

        load_cut(&s, e, " \t");
        if (s.n != 3 || value_unsigned(s.words[0], 0, GATT_VALUE_MAX - 1, &b->value.offset) < 0 ||
                value_type(s.words[1], &b->value.type, &b->value.big_endian) < 0 ||
                value_scale(s.words[2], &b->scale) < 0)
                load_wrong(l, e);
        else
                b->value.present = true;
}

static void take_battery_table(struct load *l, void *object, const struct load_entry *e) {
        struct profile_battery *b = &((struct profile *) object)->battery;
        struct scratch s;

        load_cut(&s, e, " \t");
        if (s.n > PROFILE_TABLE_MAX) {
                load_too_many(l, e, PROFILE_TABLE_MAX);
                return;
        }
        for (unsigned i = 0; i < s.n; i++) {
                char *colon = strchr(s.words[i], ':');

                if (colon)
                        *colon = '\0';
                if (!colon || number_parse_double(s.words[i], 0, 1e6, &b->table[i].at) < 0 ||
                        number_parse_double(colon + 1, 0, 100, &b->table[i].percent) < 0 ||
                        (i > 0 && !(b->table[i].at < b->table[i - 1].at))) {
                        load_wrong(l, e);
                        return;
                }
        }
        b->n_table = s.n;
}

static void take_battery_every(struct load *l, void *object, const struct load_entry *e) {
        load_unsigned(l, e, 5, 86400, &((struct profile *) object)->battery.poll_period_s);
}

static void take_battery_step(struct load *l, void *object, const struct load_entry *e) {
        take_step(l, &((struct profile *) object)->poll, e);
}

void *load_open_battery(struct load *l, const struct load_entry *e) {
        (void) e;
        l->profile->battery.characteristic = l->profile->battery.stream = UINT_MAX;
        return l->profile;
}

void load_close_battery(struct load *l, void *object, const struct load_entry *e) {
        const struct profile *p = object;
        const struct profile_battery *b = &p->battery;
        bool own = b->kind == GATT_BATTERY_CHARACTERISTIC || b->kind == GATT_BATTERY_STREAM;

        if (own != b->value.present)
                load_fault(l, e, "Value= and Kind=characteristic or stream need each other");
        if ((b->kind == GATT_BATTERY_CHARACTERISTIC) != (b->characteristic < UINT_MAX))
                load_fault(l, e, "Characteristic= and Kind=characteristic need each other");
        if ((b->kind == GATT_BATTERY_STREAM) != (b->when.n > 0) ||
                (b->kind == GATT_BATTERY_STREAM) != (b->stream < UINT_MAX))
                load_fault(l, e, "Stream=, When= and Kind=stream need each other");
        if (b->n_table > 0 && !own)
                load_fault(l, e, "Table= is for Kind=characteristic or stream");
        if ((p->poll.n > 0) != (b->poll_period_s > 0))
                load_fault(l, e, "Every= and Step= need each other");
}

#define KEY(key, function, words) .name = key, .take = function, .allowed = words
#define STEP_WORDS                "write NAME BYTES, send NAME BYTES (without response), subscribe NAME or wait MILLISECONDS"
#define WHEN_WORDS                "OFFSET:BYTES or OFFSET:BYTES/MASK, in hexadecimal, as 0:5561"

const struct load_key load_steps_keys[LOAD_STEPS_KEYS] = {
        {KEY("Step", take_step, STEP_WORDS), .repeats = true, .required = true},
};

const struct load_key load_idle_keys[LOAD_IDLE_KEYS] = {
        {KEY("Kind", take_idle_kind, "slow, off or motion"), .required = true},
        {KEY("Hz", take_idle_hz, "a number from 5 to 100")},
        {KEY("Step", take_step, STEP_WORDS), .repeats = true, .required = true},
};

const struct load_key load_battery_keys[LOAD_BATTERY_KEYS] = {
        {KEY("Kind", take_battery_kind, "none, standard, characteristic or stream"), .required = true},
        {KEY("Characteristic", take_battery_characteristic, "a name of [characteristics]")},
        {KEY("Stream", take_battery_stream, "the name of a stream")},
        {KEY("When", take_battery_when, WHEN_WORDS)},
        {KEY("Value", take_battery_value, "OFFSET TYPE SCALE, as 4 u16 0.01")},
        {KEY("Table", take_battery_table, "VALUE:PERCENT pairs with falling values, at most 16")},
        {KEY("Every", take_battery_every, "a whole number from 5 to 86400 (s)")},
        {KEY("Step", take_battery_step, STEP_WORDS), .repeats = true},
};
