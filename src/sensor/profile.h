/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Profiles: sensors described in data, repcast-profile(5). A profile says how a peripheral is recognised, what is
 * written to it, and how the bytes that it notifies become samples. There are no expressions and no code in it, so that
 * everything can be proven when it is loaded: a loaded profile holds no index, size or scale that is out of range, no
 * packet that reads beyond its least length, and decodes its own test vectors. The decoder then checks lengths once for
 * each packet, and nothing else.
 *
 *     struct profiles profiles = {0};
 *     profiles_load_builtin(&profiles, &faults);
 *     profiles_load_folder(&profiles, "/etc/repcast/profiles", &faults);
 *     profile = profiles_match(&profiles, &peripheral);
 *     why = profile_refusal(profile, rate_hz);
 *     profile_plan(profile, rate_hz, &plan);
 *     decoder_init(&decoder, profile, rate_hz);
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "util/fault.h"
#include "util/gatt.h"

#define PROFILE_NAME_MAX    48 /* with the NUL, as all text sizes here */
#define PROFILE_LABEL_MAX   96
#define PROFILE_WORD_MAX    24 /* names of characteristics, streams, packets and tests */
#define PROFILE_GLOB_MAX    32
#define PROFILE_RULES_MAX   8 /* alternatives of each match rule */
#define PROFILE_RATES_MAX   16
#define PROFILE_CODE_MAX    32 /* {rate} */
#define PROFILE_SYNCS_MAX   4
#define PROFILE_PACKETS_MAX 8
#define PROFILE_WHEN_MAX    8 /* bytes compared to tell packets apart */
#define PROFILE_COLUMNS_MAX 16
#define PROFILE_SAMPLES_MAX 128 /* of one packet */
#define PROFILE_JOIN_MAX    32  /* of one packet that is joined with another */
#define PROFILE_STEP_MAX    192 /* text of a step */
#define PROFILE_TABLE_MAX   16
#define PROFILE_TESTS_MAX   16
#define PROFILE_FIGURES_MAX 96 /* of one key in a test */
#define PROFILES_MAX        256

#define PROFILE_REPS_HZ_MIN 50.0 /* below, turning points of fast reps are lost: no source of reps */

/* ---- how it is recognised ---- */

enum profile_rule {
        PROFILE_RULE_NAME,
        PROFILE_RULE_SERVICE,
        PROFILE_RULE_COMPANY,
        PROFILE_RULE_ADDRESS,
        _PROFILE_RULE_MAX,
};

struct profile_match {
        char names[PROFILE_RULES_MAX][PROFILE_GLOB_MAX];
        char services[PROFILE_RULES_MAX][GATT_UUID_MAX];
        uint16_t companies[PROFILE_RULES_MAX];
        char addresses[PROFILE_RULES_MAX][PROFILE_GLOB_MAX];
        char models[PROFILE_RULES_MAX][PROFILE_GLOB_MAX]; /* against 180a/2a24 once it has been read */
        unsigned n[_PROFILE_RULE_MAX], n_models;
        unsigned required; /* bit i: rule i must hold; 0 = any one does */
};

/* What is known of a peripheral; NULL and 0 where nothing is. */
struct profile_peripheral {
        const char *name;
        const char *address;         /* AA:BB:CC:DD:EE:FF */
        const char *model;           /* Device Information, 2a24 */
        const char *const *services; /* UUIDs, 128 bits as text */
        size_t n_services;
        const uint16_t *companies; /* of the manufacturer data */
        size_t n_companies;
};

/* ---- how bytes become packets ---- */

enum profile_framing {
        FRAMING_MESSAGE, /* a notification is a packet */
        FRAMING_FIXED,   /* packets of one size in a stream of bytes; notifications cut it anywhere */
        FRAMING_LINES,   /* text lines ended by CR or LF in a stream of bytes */
        _FRAMING_MAX,
};

struct profile_bytes {
        uint8_t bytes[PROFILE_WHEN_MAX];
        unsigned n;
};

struct profile_stream {
        char name[PROFILE_WORD_MAX];
        unsigned characteristic;
        enum profile_framing framing;
        unsigned size; /* FRAMING_FIXED: of a packet; FRAMING_LINES: longest line; at most GATT_VALUE_MAX */
        struct profile_bytes syncs[PROFILE_SYNCS_MAX]; /* FRAMING_FIXED: a packet starts with one of them */
        unsigned n_syncs;
};

/* ---- how packets become samples ---- */

enum profile_type {
        TYPE_I8,
        TYPE_U8,
        TYPE_I16,
        TYPE_U16,
        TYPE_I24,
        TYPE_U24,
        TYPE_I32,
        TYPE_U32,
        TYPE_U64,
        TYPE_F32,
        _TYPE_MAX,
};

struct profile_field {
        bool present;
        bool text; /* a column of a line: it has neither offset nor type */
        unsigned offset;
        enum profile_type type;
        bool big_endian;
};

/* Three values in a row. value * scale is in the unit that the profile names, times si in m/s2 or rad/s. */
struct profile_axes {
        struct profile_field field;
        double scale, si;
        double clip;      /* in the unit; at this magnitude the sensor is at its end. INFINITY = not known */
        unsigned from[3]; /* axis i of the sample is axis from[i] of the packet, */
        double sign[3];   /* times this */
};

enum profile_column {
        COLUMN_SKIP,
        COLUMN_TAG,
        COLUMN_TIME,
        COLUMN_AX,
        COLUMN_AY,
        COLUMN_AZ,
        COLUMN_GX,
        COLUMN_GY,
        COLUMN_GZ,
        _COLUMN_MAX,
};

struct profile_when {
        unsigned offset, n;
        uint8_t bytes[PROFILE_WHEN_MAX], mask[PROFILE_WHEN_MAX];
};

struct profile_packet {
        char name[PROFILE_WORD_MAX];
        unsigned line; /* in the file */
        unsigned stream;
        struct profile_when when; /* n 0 = every packet */
        unsigned length_min, length_max;
        unsigned samples; /* 0 = as many as the length holds */
        unsigned base, stride;
        bool planar;                /* all accelerations, then all rates */
        struct profile_field count; /* number of samples */
        struct profile_axes acc, gyro;
        bool gyro_axes; /* GyroAxes= was given */
        char join
                [PROFILE_WORD_MAX]; /* it has the accelerations, the packet of this name the rates; empty = none */
        bool joined;                /* it is that other packet */
        struct profile_field time;
        double time_hz;           /* ticks a second; 0 = ticks are samples */
        bool time_last;           /* of the last sample instead of the first */
        struct profile_field seq; /* counts packets */

        /* FRAMING_LINES instead of offsets */
        enum profile_column columns[PROFILE_COLUMNS_MAX];
        unsigned n_columns;         /* 0 = not of lines */
        unsigned columns_seen;      /* bit i: column i is there */
        double time_ticks;          /* of one unit of the column, ticks of time_hz */
        char tag[PROFILE_WORD_MAX]; /* empty = none */
        char separator;
};

/* ---- the rest ---- */

struct profile_rate {
        double hz;
        char code[PROFILE_CODE_MAX];
};

/* Steps as they stand in the file, {rate} and {hz} not yet filled in; each has been tried with every rate. */
struct profile_steps {
        struct {
                char text[PROFILE_STEP_MAX];
                unsigned line;
        } steps[GATT_STEPS_MAX];
        unsigned n;
};

struct profile_battery {
        enum gatt_battery kind;
        unsigned characteristic; /* GATT_BATTERY_CHARACTERISTIC */
        unsigned stream;         /* GATT_BATTERY_STREAM */
        struct profile_when when;
        struct profile_field value;
        double scale;
        struct {
                double at, percent;
        } table[PROFILE_TABLE_MAX]; /* falling; n_table 0 = the value is per cent */
        unsigned n_table;
        unsigned poll_period_s;
};

/* Bytes and what must come out of them, in the profile's own units. */
struct profile_test {
        char name[PROFILE_WORD_MAX];
        unsigned line;
        int packet; /* -1 = a test of the battery */
        uint8_t bytes[GATT_VALUE_MAX];
        unsigned n_bytes;
        double acc[PROFILE_FIGURES_MAX], gyro[PROFILE_FIGURES_MAX]; /* x y z of each sample in turn */
        unsigned n_acc, n_gyro;
        double time_s, seq, battery; /* NAN = not told */
        double tolerance;
};

struct profile {
        char name[PROFILE_NAME_MAX], label[PROFILE_LABEL_MAX];
        char *path; /* where it comes from */
        struct profile_match match;
        struct gatt_characteristic characteristics[GATT_CHARACTERISTICS_MAX];
        char characteristic_names[GATT_CHARACTERISTICS_MAX][PROFILE_WORD_MAX];
        unsigned n_characteristics;
        struct profile_rate rates[PROFILE_RATES_MAX]; /* rising */
        unsigned n_rates, default_rate;               /* index */
        struct profile_stream streams[GATT_STREAMS_MAX];
        unsigned n_streams;
        struct profile_packet packets[PROFILE_PACKETS_MAX];
        unsigned n_packets;
        struct profile_steps init, stop, idle, wake, poll;
        enum gatt_idle idle_kind;
        double idle_hz;
        struct profile_battery battery;
        unsigned connect_cooldown_s;
        bool weak_adverts;
        struct profile_test *tests; /* PROFILE_TESTS_MAX of them while it is loaded, then NULL */
        unsigned n_tests;
};

/* ---- loading ---- */

struct profiles {
        struct profile **items; /* in the order of their names */
        size_t n;
};

/* Every fault is told. Returns 0, -EINVAL for a faulty file, or another negative errno value. */
int profile_load(const char *path, struct faults *faults, struct profile **ret);
/* The same with a stream of the caller's; path is what faults say. */
int profile_load_stream(FILE *file, const char *path, struct faults *faults, struct profile **ret);
struct profile *profile_free(struct profile *p);
static inline void profile_freep(struct profile **p) {
        profile_free(*p);
}

/* The shipped profiles, built into the programs so that they work where nothing is installed. */
int profiles_load_builtin(struct profiles *p, struct faults *faults);

/* All *.conf files of a folder; one that has the name of a profile that is there already takes its place, so load the
 * built-in ones first and the user's folder after them. A folder that is missing holds nothing. A faulty file is told and left
 * out; the others are loaded all the same. Returns 0, -EINVAL where a file was left out, or another negative errno. */
int profiles_load_folder(struct profiles *p, const char *folder, struct faults *faults);
void profiles_done(struct profiles *p);

/* Would profiles_load_folder() take a file of this name? */
bool profile_is_file_name(const char *name);

/* NULL where it is not there; *ret_nearest (may be NULL) is the name that was probably meant, or NULL. */
const struct profile *profiles_find(const struct profiles *p, const char *name, const char **ret_nearest);

/* ---- use ---- */

/* How well the rules fit: 0 = not at all; the more rules hold, and the more they say, the higher. */
unsigned profile_fit(const struct profile *p, const struct profile_peripheral *peripheral);

/* The one that fits best; NULL = none does. Of equals the first by name. */
const struct profile *profiles_match(const struct profiles *p, const struct profile_peripheral *peripheral);

/* The rate to ask for: the lowest of the profile that is not below wanted_hz, or its highest; 0 = its default. */
double profile_rate(const struct profile *p, double wanted_hz);

/* Why this sensor at this rate is no source of reps, in words ("it has no gyroscope"); NULL = it is one. */
const char *profile_refusal(const struct profile *p, double rate_hz);

/* rate_hz: one of the profile's, as profile_rate() gives it; -EINVAL for another. */
int profile_plan(const struct profile *p, double rate_hz, struct gatt_plan *ret);

/* Per cent, 0 to 100, from the value of the battery's characteristic. -EBADMSG for bytes that are none, -ENODATA while
 * the sensor does not know yet. */
int profile_battery(const struct profile *p, const uint8_t *bytes, size_t n, double *ret_percent);

/* Decode the profile's test vectors. Each that comes out otherwise is a fault in words. Returns the number of those. */
unsigned profile_test(const struct profile *p, struct faults *faults);
