/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Inside of loading a profile: entries of the file (profile-load.c), what each key takes (profile-keys.c,
 * profile-packet.c, profile-steps.c and profile-values.c), the proof that all of it fits together (profile-check.c), steps (profile-plan.c). */

#include "sensor/profile.h"
#include "util/ini.h"
#include "util/macros.h"

#define LOAD_ENTRIES_MAX 1000
#define LOAD_WORDS_MAX   (PROFILE_FIGURES_MAX + 1)

/* A line of the file: a section's head (key NULL) or a key of the section before it. */
struct load_entry {
        unsigned line;
        char *section, *argument, *key, *value;
};

struct load {
        const char *path;
        struct faults *faults;
        struct profile *profile;
        struct load_entry *entries;
        size_t n_entries;
};

/* A key of a section. take() gets the object that the section fills, and tells its faults by load_fault(). */
struct load_key {
        const char *name;
        void (*take)(struct load *l, void *object, const struct load_entry *e);
        bool required, repeats;
        const char *allowed; /* in words; the manual and faults say it */
};

struct load_section {
        const char *name;
        bool named, repeats, required;
        const struct load_key *keys;
        size_t n_keys; /* 0 = the file chooses the names: free_key() takes them */
        void (*free_key)(struct load *l, void *object, const struct load_entry *e);
        /* The object that the section fills; NULL after a fault. */
        void *(*open)(struct load *l, const struct load_entry *e);
        /* May be NULL: once all keys are there. */
        void (*close)(struct load *l, void *object, const struct load_entry *e);
};

/* In the order in which they are taken, whatever the order of the file: what is named by others comes first. */
extern const struct load_section load_sections[];
extern const size_t load_n_sections;

/* Those of [packet NAME] and [test NAME] (profile-packet.c), and of the sections that hold steps (profile-steps.c). */
#define LOAD_PACKET_KEYS  20
#define LOAD_TEST_KEYS    9
#define LOAD_STEPS_KEYS   1
#define LOAD_IDLE_KEYS    3
#define LOAD_BATTERY_KEYS 8
extern const struct load_key load_packet_keys[LOAD_PACKET_KEYS], load_test_keys[LOAD_TEST_KEYS],
        load_steps_keys[LOAD_STEPS_KEYS], load_idle_keys[LOAD_IDLE_KEYS], load_battery_keys[LOAD_BATTERY_KEYS];
void *load_open_packet(struct load *l, const struct load_entry *e);
void *load_open_test(struct load *l, const struct load_entry *e);
void *load_open_steps(struct load *l, const struct load_entry *e);
void load_close_idle(struct load *l, void *object, const struct load_entry *e);
void *load_open_battery(struct load *l, const struct load_entry *e);
void load_close_battery(struct load *l, void *object, const struct load_entry *e);

/* "file:line: Key=: words", or "[section name]: words" for a section's head. */
void load_fault(struct load *l, const struct load_entry *e, const char *format, ...) _printf_(3, 4);

/* "...; allowed is X; given was 'Y'"; the same with what the table of keys allows. */
void load_fault_value(struct load *l, const struct load_entry *e, const char *what, const char *allowed);
void load_wrong(struct load *l, const struct load_entry *e);
void load_too_many(struct load *l, const struct load_entry *e, unsigned max);

/* The index of a name among n of them, or -EINVAL with the fault told. */
int load_name(struct load *l, const struct load_entry *e, const char *given, const char *what,
        const void *first, size_t stride, unsigned n);

int load_characteristic_name(struct load *l, const struct load_entry *e);
int load_stream_name(struct load *l, const struct load_entry *e);

/* The whole value, into ret; a fault leaves that as it is. */
void load_text(struct load *l, const struct load_entry *e, char *ret, size_t size);
void load_unsigned(struct load *l, const struct load_entry *e, unsigned min, unsigned max, unsigned *ret);

/* Is the section's argument a fit name? */
bool load_good_name(struct load *l, const struct load_entry *e, size_t size);

/* A copy of a value that is cut into words. */
struct scratch {
        char text[INI_LINE_MAX + 2];
        char *words[LOAD_WORDS_MAX];
        unsigned n;
};
void load_cut(struct scratch *s, const struct load_entry *e, const char *separators);

/* ---- values (profile-values.c): 0, or a negative errno value ---- */

/* Words of a value, cut in place at blanks (and at commas, where they are allowed). Returns how many there are; only
 * LOAD_WORDS_MAX are stored. */
unsigned value_words(char *s, const char *separators, char *ret[static LOAD_WORDS_MAX]);

int value_uuid(const char *s, char ret[static GATT_UUID_MAX]);
int value_unsigned(const char *s, unsigned min, unsigned max, unsigned *ret);
int value_scale(const char *s, double *ret); /* number or a/b; not 0 */
int value_type(const char *s, enum profile_type *ret, bool *ret_big_endian);
int value_unit(const char *s, bool gyro, double *ret_si);
int value_when(const char *s, struct profile_when *ret); /* OFFSET:hex[/mask] */
int value_axes(const char *s, unsigned ret_from[static 3], double ret_sign[static 3]);
int value_word(const char *s, const char *const *words, unsigned n, unsigned *ret);
bool value_is_name(const char *s, size_t size);

/* ---- proof and steps ---- */

/* Everything that only shows once the whole file is known. Tells the faults. */
void profile_prove(struct load *l);

/* Fill in the steps for a rate. -EINVAL: *ret_why says in words why not. */
int steps_make(const struct profile *p, const struct profile_steps *steps, const char *code, double hz,
        struct gatt_sequence *ret, unsigned *ret_line, char ret_why[static 160]);
