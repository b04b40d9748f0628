/* SPDX-License-Identifier: Apache-2.0 */
/* Sections and keys of a profile, and what each of them takes. The tables at the end are the format. */

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sensor/profile-private.h"
#include "util/ini.h"
#include "util/number.h"
#include "util/suggest.h"

void load_cut(struct scratch *s, const struct load_entry *e, const char *separators) {
        snprintf(s->text, sizeof(s->text), "%s", e->value);
        s->n = value_words(s->text, separators, s->words);
}

/* What the table allows for the key; the fault of a value that does not fit. */
static const char *allowed_for(const struct load_entry *e) {
        for (size_t i = 0; i < load_n_sections; i++)
                for (size_t k = 0; k < load_sections[i].n_keys; k++)
                        if (strcmp(load_sections[i].name, e->section) == 0 &&
                                strcmp(load_sections[i].keys[k].name, e->key) == 0)
                                return load_sections[i].keys[k].allowed;
        return "";
}

void load_wrong(struct load *l, const struct load_entry *e) {
        load_fault_value(l, e, "not understood", allowed_for(e));
}

void load_too_many(struct load *l, const struct load_entry *e, unsigned max) {
        load_fault(l, e, "too many; at most %u are allowed", max);
}

void load_text(struct load *l, const struct load_entry *e, char *ret, size_t size) {
        if (strlen(e->value) >= size)
                load_fault(l, e, "too long; at most %zu bytes are allowed; %zu were given", size - 1,
                        strlen(e->value));
        else
                memcpy(ret, e->value, strlen(e->value) + 1);
}

void load_unsigned(struct load *l, const struct load_entry *e, unsigned min, unsigned max, unsigned *ret) {
        if (value_unsigned(e->value, min, max, ret) < 0)
                load_wrong(l, e);
}

static void take_yes_no(struct load *l, const struct load_entry *e, bool *ret) {
        static const char *const words[] = {"no", "yes"};
        unsigned value = 0;

        if (value_word(e->value, words, 2, &value) < 0)
                load_wrong(l, e);
        *ret = value == 1;
}

/* Something that another section names; told with the nearest name. */
int load_name(struct load *l, const struct load_entry *e, const char *given, const char *what,
        const void *first, size_t stride, unsigned n) {
        struct suggest nearest;

        suggest_init(&nearest, given);
        for (unsigned i = 0; i < n; i++) {
                const char *name = (const char *) first + i * stride;

                if (strcmp(name, given) == 0)
                        return (int) i;
                suggest_offer(&nearest, name);
        }
        load_fault(l, e, "there is no %s '%.*s'%s%s%s", what, GATT_UUID_MAX, given,
                suggest_best(&nearest) ? "; did you mean " : "",
                suggest_best(&nearest) ? suggest_best(&nearest) : "", suggest_best(&nearest) ? "?" : "");
        return -EINVAL;
}

bool load_good_name(struct load *l, const struct load_entry *e, size_t size) {
        if (value_is_name(e->argument, size))
                return true;
        load_fault(l, e, "a name is made of small letters, digits and -, at most %zu", size - 1);
        return false;
}

int load_characteristic_name(struct load *l, const struct load_entry *e) {
        return load_name(l, e, e->value, "characteristic", l->profile->characteristic_names,
                sizeof(l->profile->characteristic_names[0]), l->profile->n_characteristics);
}

int load_stream_name(struct load *l, const struct load_entry *e) {
        return load_name(l, e, e->value, "stream", l->profile->streams[0].name, sizeof(l->profile->streams[0]),
                l->profile->n_streams);
}

/* ---- [profile], [characteristics], [match], [rates], [quirks] ---- */

static void *open_whole(struct load *l, const struct load_entry *e) {
        (void) e;
        return l->profile;
}

static void *open_profile(struct load *l, const struct load_entry *e) {
        if (load_good_name(l, e, PROFILE_NAME_MAX))
                strcpy(l->profile->name, e->argument);
        return l->profile;
}

static void take_label(struct load *l, void *object, const struct load_entry *e) {
        struct profile *p = object;

        load_text(l, e, p->label, sizeof(p->label));
}

/* UUID[, UUID ...] [beside NAME] */
static bool take_uuids(struct load *l, const struct load_entry *e, struct scratch *s) {
        const struct profile *p = l->profile;
        struct gatt_characteristic *c = &l->profile->characteristics[p->n_characteristics];
        int beside;

        if (s->n >= 3 && s->n <= LOAD_WORDS_MAX && strcmp(s->words[s->n - 2], "beside") == 0) {
                beside = load_name(l, e, s->words[s->n - 1], "characteristic above", p->characteristic_names,
                        sizeof(p->characteristic_names[0]), p->n_characteristics);
                if (beside < 0)
                        return true; /* told */
                if (p->characteristics[beside].beside > 0)
                        return false;
                c->beside = (unsigned) beside + 1;
                s->n -= 2;
        }
        for (c->n_uuids = 0; c->n_uuids < MIN(s->n, (unsigned) GATT_UUIDS_MAX); c->n_uuids++)
                if (value_uuid(s->words[c->n_uuids], c->uuids[c->n_uuids]) < 0)
                        return false;
        return s->n > 0 && c->n_uuids == s->n;
}

static void take_characteristic(struct load *l, void *object, const struct load_entry *e) {
        struct profile *p = object;
        struct scratch s;

        if (p->n_characteristics == GATT_CHARACTERISTICS_MAX) {
                load_too_many(l, e, GATT_CHARACTERISTICS_MAX);
                return;
        }
        if (!value_is_name(e->key, PROFILE_WORD_MAX)) {
                load_fault(l, e, "a name is made of small letters, digits and -, at most %d",
                        PROFILE_WORD_MAX - 1);
                return;
        }
        for (unsigned i = 0; i < p->n_characteristics; i++)
                if (strcmp(p->characteristic_names[i], e->key) == 0) {
                        load_fault(l, e, "given a second time; one is allowed");
                        return;
                }
        load_cut(&s, e, ", \t");
        if (!take_uuids(l, e, &s))
                load_fault_value(l, e, "not understood",
                        "1 to 3 UUIDs with all 128 bits, as 00002a19-0000-1000-8000-00805f9b34fb, and \"in "
                        "SERVICE\" "
                        "where several services have it");
        else
                strcpy(p->characteristic_names[p->n_characteristics++], e->key);
}

static void take_globs(struct load *l, const struct load_entry *e, const char *separators,
        char ret[PROFILE_RULES_MAX][PROFILE_GLOB_MAX], unsigned *ret_n) {
        struct scratch s;

        load_cut(&s, e, separators);
        if (s.n > PROFILE_RULES_MAX)
                load_too_many(l, e, PROFILE_RULES_MAX);
        for (unsigned i = 0; i < MIN(s.n, (unsigned) PROFILE_RULES_MAX); i++) {
                char *glob = s.words[i] + strspn(s.words[i], " \t");
                size_t n = strlen(glob);

                while (n > 0 && (glob[n - 1] == ' ' || glob[n - 1] == '\t'))
                        glob[--n] = '\0';
                if (n == 0 || n >= PROFILE_GLOB_MAX) {
                        load_wrong(l, e);
                        return;
                }
                strcpy(ret[(*ret_n)++], glob);
        }
}

static void take_match_name(struct load *l, void *object, const struct load_entry *e) {
        struct profile_match *m = &((struct profile *) object)->match;

        take_globs(l, e, ",", m->names, &m->n[PROFILE_RULE_NAME]);
}

static void take_match_address(struct load *l, void *object, const struct load_entry *e) {
        struct profile_match *m = &((struct profile *) object)->match;

        take_globs(l, e, ", \t", m->addresses, &m->n[PROFILE_RULE_ADDRESS]);
}

static void take_match_model(struct load *l, void *object, const struct load_entry *e) {
        struct profile_match *m = &((struct profile *) object)->match;

        take_globs(l, e, ",", m->models, &m->n_models);
}

static void take_match_service(struct load *l, void *object, const struct load_entry *e) {
        struct profile_match *m = &((struct profile *) object)->match;
        unsigned *n = &m->n[PROFILE_RULE_SERVICE];
        struct scratch s;

        load_cut(&s, e, ", \t");
        if (s.n > PROFILE_RULES_MAX)
                load_too_many(l, e, PROFILE_RULES_MAX);
        for (unsigned i = 0; i < MIN(s.n, (unsigned) PROFILE_RULES_MAX); i++)
                if (value_uuid(s.words[i], m->services[(*n)++]) < 0) {
                        load_wrong(l, e);
                        return;
                }
}

static void take_match_company(struct load *l, void *object, const struct load_entry *e) {
        struct profile_match *m = &((struct profile *) object)->match;
        unsigned *n = &m->n[PROFILE_RULE_COMPANY];
        struct scratch s;

        load_cut(&s, e, ", \t");
        if (s.n > PROFILE_RULES_MAX)
                load_too_many(l, e, PROFILE_RULES_MAX);
        for (unsigned i = 0; i < MIN(s.n, (unsigned) PROFILE_RULES_MAX); i++) {
                uint8_t id[2];
                size_t n_id = 0;

                if (strncmp(s.words[i], "0x", 2) != 0 ||
                        number_parse_hex(s.words[i] + 2, id, sizeof(id), &n_id) < 0 || n_id != 2) {
                        load_wrong(l, e);
                        return;
                }
                m->companies[(*n)++] = (uint16_t) (id[0] << 8 | id[1]);
        }
}

static void take_match_require(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[_PROFILE_RULE_MAX] = {
                [PROFILE_RULE_NAME] = "name",
                [PROFILE_RULE_SERVICE] = "service",
                [PROFILE_RULE_COMPANY] = "company",
                [PROFILE_RULE_ADDRESS] = "address",
        };
        struct profile_match *m = &((struct profile *) object)->match;
        struct scratch s;
        unsigned rule;

        load_cut(&s, e, ", \t");
        for (unsigned i = 0; i < MIN(s.n, (unsigned) LOAD_WORDS_MAX); i++) {
                if (value_word(s.words[i], words, _PROFILE_RULE_MAX, &rule) < 0) {
                        load_wrong(l, e);
                        return;
                }
                m->required |= 1U << rule;
        }
}

static void close_match(struct load *l, void *object, const struct load_entry *e) {
        const struct profile_match *m = &((struct profile *) object)->match;
        unsigned rules = 0;

        for (unsigned i = 0; i < _PROFILE_RULE_MAX; i++)
                if (m->n[i] > 0)
                        rules |= 1U << i;
        if (rules == 0)
                load_fault(l, e, "holds no rule; Name=, Service=, Company= or Address= is needed");
        else if ((m->required & ~rules) != 0)
                load_fault(l, e, "Require= names a rule that is not there");
}

static void take_default(struct load *l, void *object, const struct load_entry *e) {
        /* The rates are known once the section is: close_rates() looks for it. */
        struct profile *p = object;

        load_unsigned(l, e, 5, 1000, &p->default_rate);
}

static void take_rate(struct load *l, void *object, const struct load_entry *e) {
        struct profile *p = object;
        unsigned hz, at = p->n_rates;

        if (value_unsigned(e->key, 5, 1000, &hz) < 0) {
                load_fault(l, e, "no rate; allowed is a whole number from 5 to 1000 (Hz), or Default=");
                return;
        }
        if (p->n_rates == PROFILE_RATES_MAX) {
                load_too_many(l, e, PROFILE_RATES_MAX);
                return;
        }
        if (strlen(e->value) >= PROFILE_CODE_MAX || strpbrk(e->value, "{}")) {
                load_fault(l, e, "a code is at most %d bytes without { and }", PROFILE_CODE_MAX - 1);
                return;
        }
        while (at > 0 && p->rates[at - 1].hz > hz) {
                p->rates[at] = p->rates[at - 1];
                at--;
        }
        if (at > 0 && !(p->rates[at - 1].hz < hz))
                load_fault(l, e, "given a second time; one is allowed");
        p->rates[at].hz = hz;
        strcpy(p->rates[at].code, e->value);
        p->n_rates++;
}

static void close_rates(struct load *l, void *object, const struct load_entry *e) {
        struct profile *p = object;
        unsigned hz = p->default_rate;

        for (p->default_rate = 0; p->default_rate < p->n_rates; p->default_rate++)
                if (!(p->rates[p->default_rate].hz < hz) && !(p->rates[p->default_rate].hz > hz))
                        return;
        p->default_rate = 0;
        load_fault(l, e, "Default=%u is none of the rates", hz);
}

static void take_cooldown(struct load *l, void *object, const struct load_entry *e) {
        load_unsigned(l, e, 1, 600, &((struct profile *) object)->connect_cooldown_s);
}

static void take_weak_adverts(struct load *l, void *object, const struct load_entry *e) {
        take_yes_no(l, e, &((struct profile *) object)->weak_adverts);
}

/* ---- [stream NAME] ---- */

static void *open_stream(struct load *l, const struct load_entry *e) {
        struct profile *p = l->profile;
        struct profile_stream *s = &p->streams[p->n_streams];

        if (!load_good_name(l, e, PROFILE_WORD_MAX))
                return NULL;
        for (unsigned i = 0; i < p->n_streams; i++)
                if (strcmp(p->streams[i].name, e->argument) == 0) {
                        load_fault(l, e, "a second time; one is allowed");
                        return NULL;
                }
        if (p->n_streams == GATT_STREAMS_MAX) {
                load_too_many(l, e, GATT_STREAMS_MAX);
                return NULL;
        }
        strcpy(s->name, e->argument);
        p->n_streams++;
        return s;
}

static void take_stream_characteristic(struct load *l, void *object, const struct load_entry *e) {
        struct profile_stream *stream = object;
        int i = load_characteristic_name(l, e);

        if (i < 0)
                return;
        stream->characteristic = (unsigned) i;
        for (const struct profile_stream *s = l->profile->streams; s < stream; s++)
                if (s->characteristic == stream->characteristic)
                        load_fault(l, e, "that is stream %s already; a stream has a characteristic of its own",
                                s->name);
}

static void take_framing(struct load *l, void *object, const struct load_entry *e) {
        static const char *const words[_FRAMING_MAX] = {
                [FRAMING_MESSAGE] = "message",
                [FRAMING_FIXED] = "fixed",
                [FRAMING_LINES] = "lines",
        };
        struct profile_stream *stream = object;
        struct scratch s;
        unsigned framing;

        load_cut(&s, e, " \t");
        if (s.n < 1 || value_word(s.words[0], words, _FRAMING_MAX, &framing) < 0 ||
                s.n != (framing == FRAMING_MESSAGE ? 1 : 2) ||
                (s.n == 2 && value_unsigned(s.words[1], 2, GATT_VALUE_MAX, &stream->size) < 0))
                load_wrong(l, e);
        else
                stream->framing = framing;
}

static void take_sync(struct load *l, void *object, const struct load_entry *e) {
        struct profile_stream *stream = object;
        struct scratch s;

        load_cut(&s, e, ", \t");
        if (s.n > PROFILE_SYNCS_MAX) {
                load_too_many(l, e, PROFILE_SYNCS_MAX);
                return;
        }
        for (unsigned i = 0; i < s.n; i++) {
                struct profile_bytes *sync = &stream->syncs[i];
                size_t n;

                if (number_parse_hex(s.words[i], sync->bytes, sizeof(sync->bytes), &n) < 0) {
                        load_wrong(l, e);
                        return;
                }
                sync->n = (unsigned) n;
        }
        stream->n_syncs = s.n;
}

static void close_stream(struct load *l, void *object, const struct load_entry *e) {
        const struct profile_stream *s = object;

        if (s->framing == FRAMING_FIXED && s->n_syncs == 0)
                load_fault(l, e, "Sync= is missing; packets of a fixed size are found again by it");
        else if (s->framing != FRAMING_FIXED && s->n_syncs > 0)
                load_fault(l, e, "Sync= is for Framing=fixed only");
        for (unsigned i = 0; i < s->n_syncs && s->framing == FRAMING_FIXED; i++)
                if (s->syncs[i].n > s->size)
                        load_fault(l, e, "Sync= is longer than a packet");
}

#define KEY(key, function, words) .name = key, .take = function, .allowed = words

static const struct load_key profile_keys[] = {
        {KEY("Label", take_label, "what a person calls this sensor"), .required = true},
};

static const struct load_key match_keys[] = {
        {KEY("Name", take_match_name, "names with * and ?, at most 31 bytes each, separated by commas")},
        {KEY("Service", take_match_service, "UUIDs with all 128 bits, separated by blanks")},
        {KEY("Company", take_match_company, "company numbers as 0x0886, separated by blanks")},
        {KEY("Address", take_match_address, "addresses with * and ?, as D4:22:CD:*, separated by blanks")},
        {KEY("Model", take_match_model, "model numbers (2a24) with * and ?, separated by commas")},
        {KEY("Require", take_match_require, "any of name, service, company, address")},
};

static const struct load_key rates_keys[] = {
        {KEY("Default", take_default, "one of the rates"), .required = true},
};

static const struct load_key stream_keys[] = {
        {KEY("Characteristic", take_stream_characteristic, "a name of [characteristics]"), .required = true},
        {KEY("Framing", take_framing, "message, fixed SIZE or lines LONGEST; sizes from 2 to 512 bytes"),
                .required = true},
        {KEY("Sync", take_sync, "1 to 4 beginnings of a packet in hexadecimal, at most 8 bytes each")},
};

static const struct load_key quirks_keys[] = {
        {KEY("ConnectCooldown", take_cooldown, "a whole number from 1 to 600 (s)")},
        {KEY("WeakAdverts", take_weak_adverts, "yes or no")},
};

#define KEYS(table) .keys = (table), .n_keys = ARRAY_SIZE(table)

const struct load_section load_sections[] = {
        {.name = "profile", .named = true, .required = true, KEYS(profile_keys), .open = open_profile},
        {.name = "characteristics", .required = true, .free_key = take_characteristic, .open = open_whole},
        {.name = "match", .required = true, KEYS(match_keys), .open = open_whole, .close = close_match},
        {.name = "rates",
                .required = true,
                KEYS(rates_keys),
                .free_key = take_rate,
                .open = open_whole,
                .close = close_rates},
        {.name = "stream",
                .named = true,
                .repeats = true,
                .required = true,
                KEYS(stream_keys),
                .open = open_stream,
                .close = close_stream},
        {.name = "packet",
                .named = true,
                .repeats = true,
                .required = true,
                .keys = load_packet_keys,
                .n_keys = LOAD_PACKET_KEYS,
                .open = load_open_packet},
        {.name = "init", KEYS(load_steps_keys), .open = load_open_steps},
        {.name = "stop", KEYS(load_steps_keys), .open = load_open_steps},
        {.name = "idle", KEYS(load_idle_keys), .open = load_open_steps, .close = load_close_idle},
        {.name = "wake", KEYS(load_steps_keys), .open = load_open_steps},
        {.name = "battery", KEYS(load_battery_keys), .open = load_open_battery, .close = load_close_battery},
        {.name = "quirks", KEYS(quirks_keys), .open = open_whole},
        {.name = "test",
                .named = true,
                .repeats = true,
                .required = true,
                .keys = load_test_keys,
                .n_keys = LOAD_TEST_KEYS,
                .open = load_open_test},
};
const size_t load_n_sections = ARRAY_SIZE(load_sections);
