/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of repcast.conf. Manual, example file and dump are checked against these tables. */

#include <string.h>

#include "hub/config.h"
#include "message/topic.h"
#include "util/macros.h"
#include "util/number.h"

static bool is_broker_list(const char *s) {
        struct broker brokers[BROKERS_MAX];

        return brokers_parse(s, brokers) >= 0;
}

/* A name that goes into a topic as it is. */
static bool is_level(const char *s) {
        char level[MESSAGE_NAME_MAX];

        topic_level(s, level, sizeof(level));
        return strcmp(level, s) == 0;
}

static bool is_prefix(const char *s) {
        for (;;) {
                size_t n = strcspn(s, "/");
                char level[MESSAGE_NAME_MAX];

                if (n == 0 || n >= sizeof(level))
                        return false;
                memcpy(level, s, n);
                level[n] = '\0';
                if (!is_level(level))
                        return false;
                if (s[n] == '\0')
                        return true;
                s += n + 1;
        }
}

/* Addresses with single blanks between. */
static bool is_address_list(const char *s) {
        for (;;) {
                char address[ADDRESS_MAX];
                size_t n = strcspn(s, " ");

                if (n != ADDRESS_MAX - 1)
                        return false;
                memcpy(address, s, n);
                address[n] = '\0';
                if (!address_is_valid(address))
                        return false;
                if (s[n] == '\0')
                        return true;
                s += n + 1;
        }
}

static const char *level_word(unsigned i) {
        static const char *const words[] = {"error", "warning", "notice", "info", "debug"};

        return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

static const char *commands_word(unsigned i) {
        static const char *const words[] = {
                [COMMANDS_OFF] = "off", [COMMANDS_STATION] = "station", [COMMANDS_ALL] = "all"};

        return i < ARRAY_SIZE(words) ? words[i] : NULL;
}

#define LEVEL_ALLOWED "a name without / + # and not starting with $, at most 63 bytes"
#define FIELD(object, name)                                                                                    \
        .offset = offsetof(struct object, name), .size = sizeof(((struct object *) NULL)->name)

/* clang-format off */
static const struct key hub_keys[] = {
        { "Name", KEY_TEXT, FIELD(hub_config, name), .preset = "", .check = is_level, .allowed = LEVEL_ALLOWED,
                .fixed = true, .what = "name of this hub in topics and payloads; unset: the host's name" },
        { "Prefix", KEY_TEXT, FIELD(hub_config, prefix), .preset = "repcast", .check = is_prefix,
                .allowed = "one or more such names with / between: " LEVEL_ALLOWED,
                .fixed = true, .what = "first levels of every topic" },
        { "Exercises", KEY_PATH, FIELD(hub_config, exercises), .preset = "",
                .allowed = "the path of a file", .what = "the table of lifts; unset: the one that comes with repcast, which is built in" },
        { "Prescriptions", KEY_PATH, FIELD(hub_config, prescriptions), .preset = "",
                .allowed = "the path of a file", .what = "own prescriptions, which go before those of the same name that come with repcast and are built in" },
        { "LogLevel", KEY_WORD, FIELD(hub_config, log_level), .preset = "info", .word = level_word,
                .what = "what is less urgent than this is not logged" },
};

static const struct key mqtt_keys[] = {
        { "Broker", KEY_TEXT, FIELD(mqtt_config, broker), .preset = "localhost:1883", .check = is_broker_list,
                .allowed = "host, host:port or [IPv6 address]:port, port 1 to 65535, over TLS with mqtts:// before it; up to 8 with one blank between",
                .fixed = true, .what = "where the MQTT broker listens; of several, the preferred one first" },
        { "KeepAlive", KEY_UNSIGNED, FIELD(mqtt_config, keepalive_s), .preset = "30", .min = 5, .max = 3600,
                .unit = "s", .fixed = true,
                .what = "a connection silent for half as long again is given up, and the broker publishes the will" },
        { "Username", KEY_TEXT, FIELD(mqtt_config, username), .preset = "", .allowed = "a name", .fixed = true,
                .what = "name at the broker; unset: none is given" },
        { "PasswordFile", KEY_PATH, FIELD(mqtt_config, password_file), .preset = "",
                .allowed = "the path of a file", .fixed = true,
                .what = "file that holds the password, for its owner only; unset: the credential mqtt-password" },
        { "CAFile", KEY_PATH, FIELD(mqtt_config, ca_file), .preset = "", .allowed = "the path of a file", .fixed = true,
                .what = "authority that signed the broker's certificate (TLS); unset: those that the system knows" },
        { "CertificateFile", KEY_PATH, FIELD(mqtt_config, certificate_file), .preset = "",
                .allowed = "the path of a file", .fixed = true,
                .what = "certificate that the hub shows to the broker (TLS); unset: none" },
        { "KeyFile", KEY_PATH, FIELD(mqtt_config, key_file), .preset = "", .allowed = "the path of a file", .fixed = true,
                .what = "key of that certificate, for its owner only; unset: the credential mqtt-key, or the certificate's file" },
        { "Queries", KEY_YES_NO, FIELD(mqtt_config, queries), .preset = "yes", .fixed = true,
                .what = "answer questions about what was (doc/mqtt.md, Query)" },
        { "Commands", KEY_WORD, FIELD(mqtt_config, commands), .preset = "station", .word = commands_word, .fixed = true,
                .what = "commands taken over MQTT: none, those to stations, or those about sensors too" },
        { "Discovery", KEY_YES_NO, FIELD(mqtt_config, discovery), .preset = "no", .fixed = true,
                .what = "tell Home Assistant of the hub, its stations and sensors" },
        { "DiscoveryPrefix", KEY_TEXT, FIELD(mqtt_config, discovery_prefix), .preset = "homeassistant", .check = is_prefix,
                .allowed = "one or more names with / between: " LEVEL_ALLOWED, .fixed = true,
                .what = "first levels of Home Assistant's topics" },
};

static const struct key storage_keys[] = {
        { "Folder", KEY_PATH, FIELD(storage_config, folder), .preset = "", .allowed = "the path of a folder",
                .fixed = true,
                .what = "folder of the event store; unset: the state directory of the unit, without one events are kept in memory" },
        { "MaxSize", KEY_UNSIGNED, FIELD(storage_config, max_size_mib), .preset = "64", .min = 1, .max = 65536,
                .unit = "MiB", .fixed = true,
                .what = "size of the event store; beyond it history goes first, then the oldest events that were not sent" },
        { "HistoryDays", KEY_UNSIGNED, FIELD(storage_config, history_days), .preset = "90", .min = 0, .max = 36500,
                .unit = "days", .fixed = true, .what = "how long events are kept that the broker has; 0: not at all" },
        { "UnsentDays", KEY_UNSIGNED, FIELD(storage_config, unsent_days), .preset = "30", .min = 1, .max = 36500,
                .unit = "days", .fixed = true, .what = "how long events are kept that the broker does not have" },
};

static const struct key bluetooth_keys[] = {
        { "Adapters", KEY_TEXT, FIELD(bluetooth_config, adapters), .preset = "", .check = is_address_list,
                .allowed = "addresses of adapters with one blank between, as 00:1A:7D:DA:71:13", .fixed = true,
                .what = "adapters to use; unset: all there are" },
        { "MaxLinks", KEY_UNSIGNED, FIELD(bluetooth_config, max_links), .preset = "7", .min = 1, .max = 64,
                .unit = "links of one adapter", .fixed = true,
                .what = "more sensors than that are not connected over one adapter" },
        { "Profiles", KEY_PATH, FIELD(bluetooth_config, profiles), .preset = "",
                .allowed = "the path of a folder", .fixed = true,
                .what = "own sensor profiles, which go before those that come with repcast; unset: the folder profiles next to this file" },
        { "PasskeyFile", KEY_PATH, FIELD(bluetooth_config, passkey_file), .preset = "",
                .allowed = "the path of a file", .fixed = true,
                .what = "passkeys of sensors that are paired with one, for its owner only; unset: none" },
        { "IdleAfter", KEY_UNSIGNED, FIELD(bluetooth_config, idle_after_s), .preset = "600", .min = 0, .max = 86400,
                .unit = "s", .what = "a sensor that lies still for so long saves its battery, where its profile can; 0: never" },
        { "LowBattery", KEY_UNSIGNED, FIELD(bluetooth_config, low_battery_pct), .preset = "15", .min = 0, .max = 100,
                .unit = "%", .what = "a battery below this is told; 0: never" },
};

static const struct key coach_keys[] = {
        { "VelocityLoss", KEY_NUMBER, FIELD(coach_config, params.fatigue.velocity_loss_pct), .preset = "", .min = 1, .max = 90,
                .unit = "%", .what = "loss of concentric velocity that is told where the prescription has none; unset: none is" },
        { "VelocityRearm", KEY_NUMBER, FIELD(coach_config, params.fatigue.rearm_pct), .preset = "5", .min = 0, .max = 20,
                .unit = "%", .what = "it is told again once it was so much below" },
        { "EccentricDrift", KEY_NUMBER, FIELD(coach_config, params.fatigue.drift_pct), .preset = "10", .min = 2, .max = 50,
                .unit = "%", .what = "negatives that get shorter by this within a set are a sign of fatigue" },
        { "ControlDrift", KEY_NUMBER, FIELD(coach_config, params.fatigue.control_lost), .preset = "0.1", .min = 0.02, .max = 0.5,
                .what = "and so is control that falls by this" },
        { "DriftCertainty", KEY_NUMBER, FIELD(coach_config, params.fatigue.certain_pct), .preset = "95", .min = 50, .max = 99.9,
                .unit = "%", .what = "probability from which such a drift is told" },
        { "EccentricScatter", KEY_NUMBER, FIELD(coach_config, params.fatigue.noise_pct), .preset = "6", .min = 1, .max = 30,
                .unit = "%", .what = "usual scatter of a lifter's negatives from rep to rep" },
        { "ControlScatter", KEY_NUMBER, FIELD(coach_config, params.fatigue.control_noise), .preset = "0.05", .min = 0.01, .max = 0.3,
                .what = "and of their control" },
        { "ReduceStep", KEY_NUMBER, FIELD(coach_config, params.advice.reduce_pct), .preset = "5", .min = 1, .max = 30,
                .unit = "%", .what = "step of the advice to take weight off" },
        { "AddStep", KEY_NUMBER, FIELD(coach_config, params.advice.add_pct), .preset = "2.5", .min = 0.5, .max = 20,
                .unit = "%", .what = "step of the advice to add weight" },
        { "HoldDoubt", KEY_NUMBER, FIELD(coach_config, params.advice.doubt_s), .preset = "0.1", .min = 0, .max = 1,
                .unit = "s", .what = "a negative within this of HoldAtLeast neither breaks nor keeps the rule" },
        { "SteadyScatter", KEY_NUMBER, FIELD(coach_config, params.advice.steady_pct), .preset = "15", .min = 2, .max = 50,
                .unit = "%", .what = "negatives that scatter less than this are steady" },
        { "SteadyControl", KEY_NUMBER, FIELD(coach_config, params.advice.control), .preset = "0.7", .min = 0, .max = 1,
                .what = "if their mean control is this at least" },
        { "BudgetWarning", KEY_NUMBER, FIELD(coach_config, params.advice.warning_pct), .preset = "80", .min = 10, .max = 100,
                .unit = "%", .what = "share of the budget of negative sets that is pointed out" },
        { "WorkoutGap", KEY_NUMBER, FIELD(coach_config, params.workout_gap_min), .preset = "90", .min = 10, .max = 720,
                .unit = "minutes", .what = "a longer pause, and it is another workout" },
        { "DiveRatio", KEY_NUMBER, FIELD(coach_config, params.dive.ratio), .preset = "3", .min = 1.5, .max = 10,
                .unit = "times", .what = "a dive is faster than so many times what is prescribed" },
        { "DiveLeast", KEY_NUMBER, FIELD(coach_config, params.dive.least), .preset = "0.25", .min = 0.05, .max = 1,
                .unit = "of a free fall's speed", .what = "and than this" },
        { "FallTime", KEY_NUMBER, FIELD(coach_config, params.safety.fall_s), .preset = "0.08", .min = 0.03, .max = 0.5,
                .unit = "s", .what = "a free fall that lasts longer is told" },
        { "FallWeight", KEY_NUMBER, FIELD(coach_config, params.safety.weight), .preset = "0.25", .min = 0.05, .max = 0.6,
                .unit = "of its weight", .what = "what the sensor feels less than while it falls" },
        { "BrakeLimit", KEY_NUMBER, FIELD(coach_config, params.safety.brake), .preset = "1.5", .min = 0.5, .max = 5,
                .unit = "g", .what = "a descent that needs more than this to stop at the deepest point is told" },
        { "FallSpeed", KEY_NUMBER, FIELD(coach_config, params.safety.speed_share), .preset = "0.4", .min = 0.1, .max = 1,
                .unit = "of a free fall's speed", .what = "if it is faster than this" },
};

static const struct key station_keys[] = {
        { "Exercise", KEY_TEXT, FIELD(station_config, exercise_name), .allowed = "a name of the table of lifts",
                .what = "the lift done here" },
        { "Athlete", KEY_TEXT, FIELD(station_config, athlete), .preset = "", .allowed = "a name",
                .what = "who lifts" },
        { "LoadKg", KEY_NUMBER, FIELD(station_config, load_kg), .preset = "", .min = 0, .max = 1000, .unit = "kg",
                .what = "what is lifted, bar included; unset: no power is told" },
        { "OneRmKg", KEY_NUMBER, FIELD(station_config, one_rm_kg), .preset = "", .min = 0, .max = 1000, .unit = "kg",
                .what = "the athlete's one-repetition maximum in this lift; unset: not known" },
        { "Prescription", KEY_TEXT, FIELD(station_config, prescription_name), .preset = "", .allowed = "a name of a prescription",
                .what = "what is to be done; unset: nothing is judged" },
        { "Sensor", KEY_TEXT, FIELD(station_config, sensor), .preset = "", .check = address_is_valid,
                .allowed = "the address of a sensor, as D4:22:CD:00:11:22",
                .what = "the sensor on the bar; unset: the one that was adopted (repcastctl adopt)" },
        { "Profile", KEY_TEXT, FIELD(station_config, profile), .preset = "", .allowed = "a name of a profile",
                .what = "how to read that sensor; unset: the profile that fits its advertisement" },
        { "SensorRate", KEY_NUMBER, FIELD(station_config, sensor_rate_hz), .preset = "", .min = 50, .max = 1000,
                .unit = "Hz", .what = "samples a second to ask of it; unset: what its profile has by default" },
        { "Adapter", KEY_TEXT, FIELD(station_config, adapter), .preset = "", .check = address_is_valid,
                .allowed = "the address of an adapter, as 00:1A:7D:DA:71:13",
                .what = "the only adapter to use for that sensor; unset: the one that hears it best" },
        { "Bond", KEY_YES_NO, FIELD(station_config, bond), .preset = "no",
                .what = "use that sensor over a bonded link only?" },
        { "Recording", KEY_PATH, FIELD(station_config, recording), .preset = "", .allowed = "the path of a file",
                .what = "a recording to play in the place of a sensor" },
        { "RecordingSpeed", KEY_NUMBER, FIELD(station_config, recording_speed), .preset = "1", .min = 0.1,
                .max = 1000, .unit = "times real time", .what = "how fast it is played" },
        { "RecordingLoop", KEY_YES_NO, FIELD(station_config, recording_loop), .preset = "no",
                .what = "start again at its end?" },
        { "RecordingPause", KEY_NUMBER, FIELD(station_config, recording_pause_s), .preset = "30", .min = 1,
                .max = 3600, .unit = "s of the recording's time",
                .what = "silence before it starts again; longer than the set gap keeps the sets apart" },
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(hub_keys) <= CONFIG_KEYS_MAX && ARRAY_SIZE(mqtt_keys) <= CONFIG_KEYS_MAX &&
                ARRAY_SIZE(storage_keys) <= CONFIG_KEYS_MAX && ARRAY_SIZE(bluetooth_keys) <= CONFIG_KEYS_MAX &&
                ARRAY_SIZE(coach_keys) <= CONFIG_KEYS_MAX && ARRAY_SIZE(station_keys) <= CONFIG_KEYS_MAX,
        "each key needs its origin");

const struct key_table config_hub_keys = {"hub", hub_keys, ARRAY_SIZE(hub_keys)};
const struct key_table config_mqtt_keys = {"mqtt", mqtt_keys, ARRAY_SIZE(mqtt_keys)};
const struct key_table config_storage_keys = {"store", storage_keys, ARRAY_SIZE(storage_keys)};
const struct key_table config_bluetooth_keys = {"bluetooth", bluetooth_keys, ARRAY_SIZE(bluetooth_keys)};
const struct key_table config_coach_keys = {"coach", coach_keys, ARRAY_SIZE(coach_keys)};
const struct key_table config_station_keys = {"station", station_keys, ARRAY_SIZE(station_keys)};
