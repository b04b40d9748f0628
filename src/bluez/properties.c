/* SPDX-License-Identifier: Apache-2.0 */
/* Properties of an object on the bus into a struct, by a table. */

#include "bluez/properties.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "bluez/bluez.h"
#include "util/utf8.h"

/* Text that is cut into groups by one separator: lengths of the groups, 0 = the end. */
static bool parse_groups(const char *text, const unsigned char *groups, char separator, int (*letter)(int),
        char *ret, size_t ret_size) {
        char parsed[64];
        size_t at = 0;

        for (const unsigned char *g = groups; *g; g++) {
                for (unsigned i = 0; i < *g; i++, at++) {
                        if (!isxdigit((unsigned char) text[at]))
                                return false;
                        parsed[at] = (char) letter((unsigned char) text[at]);
                }
                if (text[at] != (g[1] ? separator : '\0'))
                        return false;
                parsed[at++] = g[1] ? separator : '\0';
        }
        if (at > ret_size)
                return false;
        memcpy(ret, parsed, at);
        return true;
}

bool uuid_parse(const char *text, char ret[static 37]) {
        static const unsigned char groups[] = {8, 4, 4, 4, 12, 0};

        return parse_groups(text, groups, '-', tolower, ret, BLUEZ_UUID_MAX);
}

/* What cannot be shown is left out: a name is for people, and no two sensors are told apart by it. */
static void clean_text(const char *text, char *ret, size_t size) {
        size_t n = strlen(text), used = 0;

        for (size_t at = 0; at < n;) {
                size_t length = utf8_printable(text + at, n - at);

                if (length == 0) {
                        at++;
                        continue;
                }
                if (used + length >= size)
                        break;
                memcpy(ret + used, text + at, length);
                used += length;
                at += length;
        }
        ret[used] = '\0';
}

static const char *signature(enum property_kind kind) {
        switch (kind) {
        case PROPERTY_BOOL:
                return "b";
        case PROPERTY_TEXT:
        case PROPERTY_ADDRESS:
        case PROPERTY_UUID:
        case PROPERTY_RANDOM:
        case PROPERTY_BLOCKED:
                return "s";
        case PROPERTY_RSSI:
                return "n";
        case PROPERTY_PERCENT:
                return "y";
        case PROPERTY_UINT16:
                return "q";
        case PROPERTY_UUIDS:
        case PROPERTY_FLAGS:
                return "as";
        case PROPERTY_COMPANY:
                return "a{qv}";
        }
        return "";
}

/* 1 = taken, 0 = passed over. */
static int take_text(sd_bus_message *m, const struct property *p, void *field) {
        const char *text;
        int r = sd_bus_message_read_basic(m, 's', &text);

        if (r < 0)
                return r;
        switch (p->kind) {
        case PROPERTY_TEXT:
                clean_text(text, field, p->size);
                return 1;
        case PROPERTY_ADDRESS:
                return address_parse(text, field);
        case PROPERTY_UUID:
                return uuid_parse(text, field);
        case PROPERTY_RANDOM:
                *(bool *) field = strcmp(text, "random") == 0;
                return 1;
        case PROPERTY_BLOCKED:
                *(bool *) field = strcmp(text, "off-blocked") == 0;
                return 1;
        case PROPERTY_BOOL:
        case PROPERTY_RSSI:
        case PROPERTY_PERCENT:
        case PROPERTY_UINT16:
        case PROPERTY_UUIDS:
        case PROPERTY_FLAGS:
        case PROPERTY_COMPANY:
                break;
        }
        return 0;
}

static int take_number(sd_bus_message *m, const struct property *p, void *field) {
        union {
                int b;
                int16_t n;
                uint16_t q;
                uint8_t y;
        } value;
        int r = sd_bus_message_read_basic(m, *signature(p->kind), &value);

        if (r < 0)
                return r;
        switch (p->kind) {
        case PROPERTY_BOOL:
                *(bool *) field = value.b;
                return 1;
        case PROPERTY_RSSI:
                *(int *) field = value.n;
                return value.n > BLUEZ_RSSI_NONE;
        case PROPERTY_PERCENT:
                if (value.y > 100)
                        return 0;
                *(int *) field = value.y;
                return 1;
        case PROPERTY_UINT16:
                *(unsigned *) field = value.q;
                return 1;
        case PROPERTY_TEXT:
        case PROPERTY_ADDRESS:
        case PROPERTY_UUID:
        case PROPERTY_RANDOM:
        case PROPERTY_BLOCKED:
        case PROPERTY_UUIDS:
        case PROPERTY_FLAGS:
        case PROPERTY_COMPANY:
                break;
        }
        return 0;
}

static unsigned flag_of(const char *word) {
        static const struct {
                const char *word;
                unsigned flag;
        } flags[] = {
                {"read", GATT_FLAG_READ},
                {"write", GATT_FLAG_WRITE},
                {"write-without-response", GATT_FLAG_WRITE_WITHOUT_RESPONSE},
                {"notify", GATT_FLAG_NOTIFY},
                {"indicate", GATT_FLAG_INDICATE},
        };

        for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
                if (strcmp(word, flags[i].word) == 0)
                        return flags[i].flag;
        return 0;
}

static int take_words(sd_bus_message *m, const struct property *p, void *field) {
        struct bluez_device_info uuids = {.n_uuids = 0};
        unsigned flags = 0;
        const char *word;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_read_basic(m, 's', &word)) > 0)
                if (p->kind == PROPERTY_FLAGS)
                        flags |= flag_of(word);
                else if (uuids.n_uuids < BLUEZ_UUIDS_MAX && uuid_parse(word, uuids.uuids[uuids.n_uuids]))
                        uuids.n_uuids++;
        if (r < 0)
                return r;
        if (p->kind == PROPERTY_FLAGS) {
                *(unsigned *) field = flags;
        } else {
                struct bluez_device_info *info = field;

                memcpy(info->uuids, uuids.uuids, sizeof(info->uuids));
                info->n_uuids = uuids.n_uuids;
        }
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : 1;
}

/* The first company is the one that is kept: hardly a sensor has two. */
static int take_company(sd_bus_message *m, struct bluez_device_info *info) {
        bool taken = false;
        int r = sd_bus_message_enter_container(m, 'a', "{qv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "qv")) > 0) {
                const char *contents;
                const void *bytes;
                uint16_t company;
                size_t n;

                r = sd_bus_message_read_basic(m, 'q', &company);
                if (r >= 0)
                        r = sd_bus_message_peek_type(m, NULL, &contents);
                if (r < 0)
                        return r;
                if (taken || strcmp(contents, "ay") != 0) {
                        r = sd_bus_message_skip(m, "v");
                } else {
                        r = sd_bus_message_enter_container(m, 'v', "ay");
                        if (r >= 0)
                                r = sd_bus_message_read_array(m, 'y', &bytes, &n);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                        if (r < 0)
                                return r;
                        info->company = company;
                        info->n_company_data = MIN(n, (size_t) BLUEZ_COMPANY_DATA_MAX);
                        if (n > 0)
                                memcpy(info->company_data, bytes, info->n_company_data);
                        taken = true;
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : taken;
}

static int take(sd_bus_message *m, const struct property *p, void *into) {
        void *field = (char *) into + p->offset;
        const char *type = signature(p->kind);
        int taken, r = sd_bus_message_enter_container(m, 'v', type);

        if (r < 0)
                return r;
        if (p->kind == PROPERTY_COMPANY)
                taken = take_company(m, field);
        else if (strcmp(type, "as") == 0)
                taken = take_words(m, p, field);
        else if (strcmp(type, "s") == 0)
                taken = take_text(m, p, field);
        else
                taken = take_number(m, p, field);
        if (taken < 0)
                return taken;
        r = sd_bus_message_exit_container(m);
        return r < 0 ? r : taken;
}

static size_t find(const struct property *table, size_t n, const char *name) {
        for (size_t i = 0; i < n; i++)
                if (strcmp(table[i].name, name) == 0)
                        return i;
        return n;
}

static int read_one(
        sd_bus_message *m, const struct property *table, size_t n_table, void *into, uint32_t *seen) {
        const char *name, *contents;
        size_t i;
        int r = sd_bus_message_read_basic(m, 's', &name);

        if (r < 0)
                return r;
        i = find(table, n_table, name);
        r = sd_bus_message_peek_type(m, NULL, &contents);
        if (r < 0)
                return r;
        if (i == n_table || !contents || strcmp(contents, signature(table[i].kind)) != 0)
                return sd_bus_message_skip(m, "v");
        r = take(m, &table[i], into);
        if (r > 0)
                *seen |= UINT32_C(1) << i;
        return r;
}

int properties_read(
        sd_bus_message *m, const struct property *table, size_t n_table, void *into, uint32_t *ret_seen) {
        uint32_t seen = 0;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_one(m, table, n_table, into, &seen);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret_seen = seen;
        return 0;
}

int properties_read_names(sd_bus_message *m, const struct property *table, size_t n_table, uint32_t *ret_seen) {
        uint32_t seen = 0;
        const char *name;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        while (r >= 0 && (r = sd_bus_message_read_basic(m, 's', &name)) > 0) {
                size_t i = find(table, n_table, name);

                if (i < n_table)
                        seen |= UINT32_C(1) << i;
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;
        *ret_seen = seen;
        return 0;
}
