/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration: merging, origins, and the exact words of every kind of fault. */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hub/config.h"
#include "hub/exercises.h"
#include "hub/password.h"
#include "hub/prescriptions.h"
#include "told.h"

static char folder[] = "/tmp/test-config-XXXXXX";

static void put(const char *name, const char *text) {
        int fd = openat(AT_FDCWD, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, text, strlen(text)), strlen(text));
        close(fd);
}

static int set_up(void **state) {
        (void) state;
        unsetenv("CREDENTIALS_DIRECTORY");
        if (!mkdtemp(folder) || chdir(folder) < 0 || mkdir("c.conf.d", 0700) < 0)
                return -1;
        put("lifts",
                "[back-squat]\nStart=top\nEccentric=down\nMinRom=0.2\nTypicalRom=0.55\nMount=bar\n"
                "Loaded=top bottom\nUnderBar=yes\nMuscleGroup=quadriceps\n"
                "[deadlift]\nStart=bottom\nEccentric=down\nMinRom=0.25\nTypicalRom=0.55\nMount=bar\n"
                "Loaded=top\nUnderBar=no\nMuscleGroup=posterior-chain\n");
        return 0;
}

static int tear_down(void **state) {
        char command[64];

        (void) state;
        snprintf(command, sizeof(command), "rm -rf %s", folder);
        return chdir("/") < 0 ? -1 : system(command);
}

/* Load text as c.conf, with a drop-in where one is given. */
static int load(const char *text, const char *drop_in, struct config **ret) {
        struct faults faults = {.sink = listen_to};
        int r;

        said[0] = '\0';
        put("c.conf", text);
        if (drop_in)
                put("c.conf.d/50-more.conf", drop_in);
        r = config_load("c.conf", &faults, ret);
        unlink("c.conf.d/50-more.conf");
        assert_true((r < 0) == (faults.n > 0));
        return r;
}

#define HUB     "[hub]\nExercises=lifts\n"
#define STATION "[station rack-1]\nExercise=back-squat\nRecording=a.csv\n"

static void test_defaults(void **state) {
        _cleanup_(config_freep) struct config *c = NULL;
        char host[256] = "";

        (void) state;
        assert_int_equal(load(HUB STATION, NULL, &c), 0);
        assert_string_equal(said, "");
        gethostname(host, sizeof(host) - 1);
        assert_string_equal(c->hub.name, host);
        assert_string_equal(c->hub.prefix, "repcast");
        assert_string_equal(c->mqtt.brokers[0].host, "localhost");
        assert_int_equal(c->mqtt.brokers[0].port, 1883);
        assert_int_equal(c->mqtt.keepalive_s, 30);
        assert_string_equal(c->storage.folder, "");
        assert_int_equal(c->storage.max_size_mib, 64);
        assert_int_equal(c->storage.history_days, 90);
        assert_int_equal(c->storage.unsent_days, 30);
        assert_string_equal(c->mqtt.username, "");
        assert_string_equal(c->mqtt.password, "");
        assert_int_equal(c->n_stations, 1);
        assert_string_equal(c->stations[0].name, "rack-1");
        assert_string_equal(c->stations[0].athlete, "");
        assert_true(isnan(c->stations[0].load_kg));
        assert_string_equal(c->stations[0].exercise.muscle_group, "quadriceps");
        assert_near(c->stations[0].recording_speed, 1, 0);
        assert_false(c->stations[0].recording_loop);
}

static void test_drop_in_wins(void **state) {
        _cleanup_(config_freep) struct config *c = NULL;

        (void) state;
        put("c.conf.d/20-first.conf", "[station rack-1]\nLoadKg=70\nAthlete=ben\n");
        put("c.conf.d/.hidden.conf", "[junk\n");
        put("c.conf.d/notes.txt", "[junk\n");
        assert_int_equal(
                load(HUB STATION
                        "LoadKg=60\nAthlete=ana\n[station rack-2]\nExercise=deadlift\nRecording=/b.csv\n",
                        "[station rack-1]\nLoadKg=82.5\nRecordingSpeed=8\nRecordingLoop=yes\n[mqtt]\n"
                        "Broker=[::1]:1884\n[station rack-2]\nAthlete=\n",
                        &c),
                0);
        unlink("c.conf.d/20-first.conf");
        assert_int_equal(c->n_stations, 2);
        assert_near(c->stations[0].load_kg, 82.5, 0);
        assert_string_equal(c->stations[0].athlete, "ben");
        assert_near(c->stations[0].recording_speed, 8, 0);
        assert_true(c->stations[0].recording_loop);
        assert_string_equal(c->stations[0].recording, "a.csv");
        assert_string_equal(c->stations[1].recording, "/b.csv");
        assert_string_equal(c->mqtt.brokers[0].host, "::1");
        assert_int_equal(c->mqtt.brokers[0].port, 1884);
        assert_int_equal(c->n_paths, 3);
}

static char *dump(const struct config *c) {
        char *text = NULL;
        size_t n;
        FILE *stream = open_memstream(&text, &n);

        assert_non_null(stream);
        config_dump(c, stream);
        fclose(stream);
        return text;
}

static void test_dump_is_a_configuration(void **state) {
        _cleanup_(config_freep) struct config *c = NULL, *again = NULL;
        char *text, *text_again, *at;

        (void) state;
        assert_int_equal(load(HUB "Name=gym\n" STATION, "[station rack-1]\nLoadKg=82.5\n", &c), 0);
        text = dump(c);
        at = strstr(text, "[station rack-1]");
        assert_non_null(at);
        assert_string_equal(at,
                "[station rack-1]\n"
                "# c.conf:5\nExercise=back-squat\n"
                "# default\nAthlete=\n"
                "# c.conf.d/50-more.conf:2\nLoadKg=82.5\n"
                "# default\nOneRmKg=\n"
                "# default\nPrescription=\n"
                "# default\nSensor=\n"
                "# default\nProfile=\n"
                "# default\nSensorRate=\n"
                "# default\nAdapter=\n"
                "# default\nBond=no\n"
                "# c.conf:6\nRecording=a.csv\n"
                "# default\nRecordingSpeed=1\n"
                "# default\nRecordingLoop=no\n"
                "# default\nRecordingPause=30\n\n");
        assert_int_equal(load(text, NULL, &again), 0);
        text_again = dump(again);
        assert_true(config_station_equal(&c->stations[0], &again->stations[0]));
        assert_non_null(strstr(text_again, "LoadKg=82.5\n"));
        free(text);
        free(text_again);
}

static void test_stations_compare(void **state) {
        _cleanup_(config_freep) struct config *a = NULL, *b = NULL, *d = NULL;

        (void) state;
        assert_int_equal(load(HUB STATION, NULL, &a), 0);
        assert_int_equal(load(HUB STATION, NULL, &b), 0);
        assert_true(config_station_equal(&a->stations[0], &b->stations[0]));
        assert_int_equal(load(HUB STATION, "[station rack-1]\nLoadKg=5\n", &d), 0);
        assert_false(config_station_equal(&a->stations[0], &d->stations[0]));
        b->stations[0].exercise.rom_min_m = 0.21;
        assert_false(config_station_equal(&a->stations[0], &b->stations[0]));
}

static void test_prescriptions(void **state) {
        static const char own[] = "[mine]\nTempo=3-0-X-0\n";
        _cleanup_(config_freep) struct config *a = NULL, *b = NULL;
        struct prescription *p;

        (void) state;
        put("own", own);
        assert_int_equal(load(HUB "Prescriptions=own\n" STATION "Prescription=mine\n", NULL, &a), 0);
        p = &a->stations[0].prescription;
        assert_string_equal(p->name, "mine");
        assert_near(p->tempo[PHASE_ECCENTRIC].s, 3, 0);
        assert_int_equal(load(HUB "Prescriptions=own\n" STATION "Prescription=mine\n", NULL, &b), 0);
        assert_true(config_station_equal(&a->stations[0], &b->stations[0]));
        p->hold_s = 2;
        assert_false(config_station_equal(&a->stations[0], &b->stations[0]));
}

static void test_faults(void **state) {
        static const struct {
                const char *text, *wanted;
        } cases[] = {
                {HUB "Nmae=x\n", "c.conf:3: Nmae=: no such key in [hub]; did you mean Name=?\n"},
                {HUB "Colour=red\n",
                        "c.conf:3: Colour=: no such key in [hub]; allowed are Name=, Prefix=, Exercises=, "
                        "Prescriptions=, LogLevel=\n"},
                {HUB "Name=a/b\n",
                        "c.conf:3: Name=: not understood; allowed is a name without / + # and not starting "
                        "with $, at "
                        "most 63 bytes; given was 'a/b'\n"},
                {HUB "Prefix=a//b\n",
                        "c.conf:3: Prefix=: not understood; allowed is one or more such names with / between: "
                        "a name "
                        "without / + # and not starting with $, at most 63 bytes; given was 'a//b'\n"},
                {HUB "Prefix=\n",
                        "c.conf:3: Prefix=: has no value; allowed is one or more such names with / between: a "
                        "name "
                        "without / + # and not starting with $, at most 63 bytes\n"},
                {HUB "LogLevel=loud\n",
                        "c.conf:3: LogLevel=: not understood; allowed is one of error, warning, notice, info, "
                        "debug; "
                        "given was 'loud'\n"},
                {HUB "Name=a\nName=b\n",
                        "c.conf:4: Name=: given a second time; the first is in line 3; one is allowed\n"},
                {HUB "[hub]\nName=b\n",
                        "c.conf:3: [hub] stands here a second time; the first is in line 1; one a file is "
                        "allowed\n"},
                {HUB "[mqtt]\nBroker=host:0\n",
                        "c.conf:4: Broker=: not understood; allowed is host, host:port or [IPv6 address]:port, "
                        "port 1 to 65535, over TLS with mqtts:// before it; up to 8 with one blank between; "
                        "given was 'host:0'\n"},
                {HUB "[mqtt]\nKeepAlive=4\n",
                        "c.conf:4: KeepAlive=: out of range; allowed is a whole number from 5 to 3600 (s); "
                        "given was "
                        "'4'\n"},
                {HUB "[mqtt]\nKeepAlive=30.5\n",
                        "c.conf:4: KeepAlive=: not understood; allowed is a whole number from 5 to 3600 (s); "
                        "given was "
                        "'30.5'\n"},
                {HUB "[store]\nMaxSize=99999999999999999999\n",
                        "c.conf:4: MaxSize=: out of range; allowed is a whole number from 1 to 65536 "
                        "(MiB); given was "
                        "'99999999999999999999'\n"},
                {HUB "[mqtt]\nPasswordFile=nowhere\n",
                        "c.conf:4: PasswordFile=: nowhere cannot be read: No such file or directory\n"},
                {HUB "[mqtt]\nPasswordFile=lifts\n",
                        "c.conf:4: PasswordFile=: lifts holds more than one line\n"},
                {HUB "[mqtt]\nCAFile=lifts\n",
                        "c.conf:4: CAFile=: no broker in Broker= has mqtts:// before its name: nothing goes "
                        "over TLS\n"},
                {HUB "[mqtt]\nBroker=mqtts://a\nCAFile=nowhere\n",
                        "c.conf:5: CAFile=: nowhere cannot be read: No such file or directory\n"},
                {HUB "[mqtt]\nBroker=a mqtts://b\nCertificateFile=nowhere\n",
                        "c.conf:5: CertificateFile=: nowhere cannot be read: No such file or directory\n"},
                {HUB "[mqtt]\nBroker=mqtts://b\nKeyFile=lifts\n",
                        "c.conf:5: KeyFile=: there is no CertificateFile= that it belongs to\n"},
                {HUB "[mqtt x]\nBroker=a\n",
                        "c.conf:3: [mqtt x]: this section takes no name; allowed is [mqtt]\n"},
                {HUB "[stations a]\nExercise=curl\n",
                        "c.conf:3: [stations]: no such section; allowed are [hub], [mqtt], [store], "
                        "[bluetooth], [coach] and "
                        "[station NAME]; did you mean [station]?\n"},
                {HUB "[wifi]\n",
                        "c.conf:3: [wifi]: no such section; allowed are [hub], [mqtt], [store], [bluetooth], "
                        "[coach] "
                        "and [station "
                        "NAME]\n"},
                {HUB "[bluetooth]\nAdapters=00:1A:7D:DA:71:13,00:1A:7D:DA:71:14\n",
                        "c.conf:4: Adapters=: not understood; allowed is addresses of adapters with one blank "
                        "between, as 00:1A:7D:DA:71:13; given was '00:1A:7D:DA:71:13,00:1A:7D:DA:71:14'\n"},
                {HUB "[bluetooth]\nMaxLinks=65\n",
                        "c.conf:4: MaxLinks=: out of range; allowed is a whole number from 1 to 64 (links of "
                        "one "
                        "adapter); given was '65'\n"},
                {HUB "[bluetooth]\nPasskeyFile=nowhere\n",
                        "nowhere: cannot be used: No such file or directory\n"},
                {HUB STATION "Sensor=D4:22:CD:00:11:22\n",
                        "c.conf:6: Sensor=: [station rack-1] plays a Recording=; one of both is allowed\n"},
                {HUB "[station a]\nExercise=deadlift\nSensor=d4:22:cd:00:11:22\n"
                     "[station b]\nExercise=deadlift\nSensor=D4:22:CD:00:11:22\n",
                        "c.conf:8: Sensor=: D4:22:CD:00:11:22 is the sensor of [station a] already (c.conf:5); "
                        "a "
                        "sensor belongs to one station\n"},
                {HUB "[station a]\nExercise=deadlift\nSensor=D4:22:CD:00:11\n",
                        "c.conf:5: Sensor=: not understood; allowed is the address of a sensor, as "
                        "D4:22:CD:00:11:22; given was 'D4:22:CD:00:11'\n"},
                {HUB "[station a]\nExercise=deadlift\nProfile=movella-do\n",
                        "c.conf:5: Profile=: no such profile; did you mean movella-dot?; given was "
                        "'movella-do'\n"},
                {HUB "[station]\n",
                        "c.conf:3: [station NAME]: the name is faulty; allowed is one without / + # and not "
                        "starting with "
                        "$, at most 63 bytes; given was ''\n"},
                {HUB "[station a+b]\n",
                        "c.conf:3: [station NAME]: the name is faulty; allowed is one without / + # and not "
                        "starting with "
                        "$, at most 63 bytes; given was 'a+b'\n"},
                {HUB "[station a]\nRecording=x\n",
                        "c.conf:3: Exercise=: is missing in [station a]; allowed is a name of the table of "
                        "lifts\n"},
                {HUB "[station a]\nRecording=x\nExercise=back-sqat\n",
                        "c.conf:5: Exercise=: no such exercise in lifts; did you mean back-squat?; given was "
                        "'back-sqat'\n"},
                {HUB "[station a]\nRecording=x\nExercise=chess\n",
                        "c.conf:5: Exercise=: no such exercise in lifts; given was 'chess'\n"},
                {HUB STATION "LoadKg=80 kg\nRecordingSpeed=0\nRecordingLoop=true\nRecordingPause=-1\n",
                        "c.conf:6: LoadKg=: not understood; allowed is a number from 0 to 1000 (kg); given was "
                        "'80 kg'\n"
                        "c.conf:7: RecordingSpeed=: out of range; allowed is a number from 0.1 to 1000 (times "
                        "real time); "
                        "given was '0'\n"
                        "c.conf:8: RecordingLoop=: not understood; allowed is yes or no; given was 'true'\n"
                        "c.conf:9: RecordingPause=: out of range; allowed is a number from 1 to 3600 (s of the "
                        "recording's time); given was '-1'\n"},
                {HUB STATION "Prescription=negative-sqat\n",
                        "c.conf:6: Prescription=: no such prescription; did you mean negative-squat?; given "
                        "was "
                        "'negative-sqat'\n"},
                {HUB "Prescriptions=nowhere\n" STATION, "nowhere: cannot be read: No such file or directory\n"},
                {"[hub]\nExercises=nowhere\n" STATION, "nowhere: cannot be read: No such file or directory\n"},
                {HUB "[station \xff]\nA=1\n", "c.conf:3: no valid UTF-8 at byte 10 of the line\n"},
        };

        (void) state;
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct config *c = NULL;

                assert_int_equal(load(cases[i].text, NULL, &c), -EINVAL);
                assert_null(c);
                assert_string_equal(said, cases[i].wanted);
        }
}

static void test_fault_in_a_drop_in(void **state) {
        struct config *c = NULL;

        (void) state;
        assert_int_equal(load(HUB STATION, "[station rack-1]\nLoadKg=heavy\n[station rack-1]\n", &c), -EINVAL);
        assert_string_equal(said,
                "c.conf.d/50-more.conf:2: LoadKg=: not understood; allowed is a number from 0 to 1000 (kg); "
                "given was "
                "'heavy'\n"
                "c.conf.d/50-more.conf:3: [station rack-1] stands here a second time; the first is in line 1; "
                "one a file "
                "is allowed\n");
}

static void test_too_long(void **state) {
        struct config *c = NULL;
        char text[2048];
        size_t n = (size_t) snprintf(text, sizeof(text), "%s", HUB STATION "Athlete=");

        (void) state;
        memset(text + n, 'x', 64);
        text[n + 64] = '\0';
        assert_int_equal(load(text, NULL, &c), -EINVAL);
        assert_string_equal(
                said, "c.conf:6: Athlete=: too long; at most 63 bytes are allowed; 64 were given\n");
}

static void test_too_many_stations(void **state) {
        struct config *c = NULL;
        static char text[48 * CONFIG_STATIONS_MAX];
        size_t n = (size_t) snprintf(text, sizeof(text), "%s", HUB);
        char fault[128];

        (void) state;
        for (unsigned i = 0; i <= CONFIG_STATIONS_MAX; i++)
                n += (size_t) snprintf(
                        text + n, sizeof(text) - n, "[station s%u]\nExercise=deadlift\nRecording=x\n", i);
        assert_int_equal(load(text, NULL, &c), -EINVAL);
        snprintf(fault, sizeof(fault), "c.conf:%d: [station s%d]: too many stations; at most %d are allowed\n",
                3 + 3 * CONFIG_STATIONS_MAX, CONFIG_STATIONS_MAX, CONFIG_STATIONS_MAX);
        assert_string_equal(said, fault);
}

static void test_no_file(void **state) {
        struct faults faults = {.sink = listen_to};
        struct config *c = NULL;

        (void) state;
        said[0] = '\0';
        assert_int_equal(config_load("/nowhere.conf", &faults, &c), -EINVAL);
        assert_non_null(strstr(said, "/nowhere.conf: cannot be read: No such file or directory\n"));
}

static void test_password(void **state) {
        _cleanup_(config_freep) struct config *c = NULL;
        struct config *none = NULL;
        char text[32], why[256];

        (void) state;
        put("secret", "s3cr\xc3\xa9t!\n");
        assert_int_equal(load(HUB "[mqtt]\nUsername=hub\nPasswordFile=secret\n", NULL, &c), 0);
        assert_string_equal(c->mqtt.password, "s3cr\xc3\xa9t!");
        assert_int_equal(load(HUB "[mqtt]\nPasswordFile=secret\n", NULL, &none), -EINVAL);
        assert_string_equal(said, "c.conf:4: Username=: is missing in [mqtt]; a password needs one\n");
        chmod("secret", 0640);
        assert_int_equal(password_read("secret", text, sizeof(text), why, sizeof(why)), -EPERM);
        assert_string_equal(why, "secret can be read or changed by others; allow its owner alone (chmod 600)");
        put("empty", "");
        assert_int_equal(password_read("empty", text, sizeof(text), why, sizeof(why)), -EINVAL);
        assert_string_equal(why, "empty is empty");
        put("long", "0123456789012345678901234567890123456789");
        assert_int_equal(password_read("long", text, sizeof(text), why, sizeof(why)), -EINVAL);
        assert_string_equal(why, "long is too long");
        assert_string_equal(text, "");
        assert_int_equal(password_read("/dev/zero", text, sizeof(text), why, sizeof(why)), -EINVAL);
        assert_string_equal(why, "/dev/zero is no regular file");
}

static void test_credential(void **state) {
        char text[64], why[256];

        (void) state;
        setenv("CREDENTIALS_DIRECTORY", folder, 1);
        assert_int_equal(password_read("", text, sizeof(text), why, sizeof(why)), 0);
        assert_string_equal(text, "");
        put("mqtt-password", "from systemd");
        chmod("mqtt-password", 0440);
        assert_int_equal(password_read("", text, sizeof(text), why, sizeof(why)), 0);
        assert_string_equal(text, "from systemd");
        unsetenv("CREDENTIALS_DIRECTORY");
}

static void check_broker(const char *text, const char *host, unsigned port, bool tls) {
        struct broker b[BROKERS_MAX];

        assert_int_equal(brokers_parse(text, b), 1);
        assert_string_equal(b[0].host, host);
        assert_int_equal(b[0].port, port);
        assert_int_equal(b[0].tls, tls);
}

static void test_brokers(void **state) {
        static const char *const refused[] = {"", ":", ":1883", "host:", "host:x", "host:65536", "host:-1",
                "host:0", "host: 1", "a  b", " a", "[::1", "[::1]1883", "[]", "::1", "mqtt://", "mqtts:host",
                "tcp://host", "user@host", "host:1883 ", "a b c d e f g h i"};
        char long_name[BROKERS_HOST_MAX + 1];
        struct broker b[BROKERS_MAX];

        (void) state;
        check_broker("gym.example", "gym.example", 1883, false);
        check_broker("10.0.0.1:65535", "10.0.0.1", 65535, false);
        check_broker("[fe80::1%eth0]", "fe80::1%eth0", 1883, false);
        check_broker("[::1]:1", "::1", 1, false);
        check_broker("mqtt://host", "host", 1883, false);
        check_broker("mqtts://host", "host", 8883, true);
        check_broker("mqtts://[::1]:443", "::1", 443, true);
        assert_int_equal(brokers_parse("a mqtts://b c:7", b), 3);
        assert_string_equal(b[1].host, "b");
        assert_true(b[1].tls && !b[2].tls);
        assert_int_equal(b[2].port, 7);
        assert_int_equal(brokers_parse("a b c d e f g h", b), BROKERS_MAX);
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
                assert_int_equal(brokers_parse(refused[i], b), -EINVAL);
        memset(long_name, 'a', BROKERS_HOST_MAX);
        long_name[BROKERS_HOST_MAX] = '\0';
        assert_int_equal(brokers_parse(long_name, b), -EINVAL);
        assert_int_equal(brokers_parse(long_name + 1, b), 1);
}

static char *slurp(const char *name) {
        const char *srcdir = getenv("srcdir");
        char path[4096], *text = calloc(1, 1 << 17);
        FILE *file;

        snprintf(path, sizeof(path), "%s/%s", srcdir ? srcdir : ".", name);
        file = fopen(path, "re");
        if (!file || !text)
                fail_msg("%s cannot be read", path);
        assert_true(fread(text, 1, (1 << 17) - 1, file) > 0);
        fclose(file);
        return text;
}

/* The example file shows each key, commented out, with its default; the manual describes it. */
static void check_documents(const struct key_table *t, const char *conf, const char *manual) {
        for (size_t i = 0; i < t->n; i++) {
                const struct key *key = &t->keys[i];
                char line[KEY_TEXT_MAX];

                if (conf) {
                        snprintf(line, sizeof(line), "\n#%s=%s\n", key->name, key->preset ? key->preset : "");
                        if (!strstr(conf, line) && strncmp(key->name, "Exercise", 8) != 0)
                                fail_msg("the example file lacks the line %s", line);
                }
                snprintf(line, sizeof(line), "\n.It Cm %s Ns = Ns", key->name);
                if (!strstr(manual, line))
                        fail_msg("the manual lacks the line %s", line);
                if ((key->type == KEY_NUMBER || key->type == KEY_UNSIGNED)) {
                        snprintf(line, sizeof(line), "%.10g to %.10g", key->min, key->max);
                        if (!strstr(manual, line))
                                fail_msg("the manual lacks the range of %s, %s", key->name, line);
                }
        }
}

static void test_documents_follow_the_tables(void **state) {
        char *conf = slurp("conf/repcast.conf"), *manual = slurp("man/repcast.conf.5");
        char *exercises = slurp("man/repcast-exercises.5");
        char *prescriptions = slurp("man/repcast-prescriptions.5");

        (void) state;
        check_documents(&config_hub_keys, conf, manual);
        check_documents(&config_mqtt_keys, conf, manual);
        check_documents(&config_storage_keys, conf, manual);
        check_documents(&config_bluetooth_keys, conf, manual);
        check_documents(&config_coach_keys, conf, manual);
        check_documents(&config_station_keys, conf, manual);
        check_documents(&exercise_keys, NULL, exercises);
        check_documents(&prescription_keys, NULL, prescriptions);
        free(conf);
        free(manual);
        free(exercises);
        free(prescriptions);
}

/* It must load as it is shipped. */
static void test_example_loads(void **state) {
        _cleanup_(config_freep) struct config *c = NULL;
        char *conf = slurp("conf/repcast.conf");

        (void) state;
        /* Only the table of lifts is not where it will be installed. */
        assert_int_equal(load(conf, "[hub]\nExercises=../lifts\n", &c), 0);
        assert_int_equal(c->n_stations, 0);
        free(conf);
}

/* What the coach does where nothing is configured is what it does by itself. */
static void test_coach_defaults(void **state) {
        _cleanup_(config_freep) struct config *c = NULL;
        struct coach_config own = {.params.workout_gap_min = 0};

        (void) state;
        assert_int_equal(load(HUB STATION, NULL, &c), 0);
        coach_params_init(&own.params);
        for (size_t i = 0; i < config_coach_keys.n; i++)
                if (!key_equal(&config_coach_keys.keys[i], &c->coach, &own))
                        fail_msg("the default of %s", config_coach_keys.keys[i].name);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_defaults),
                cmocka_unit_test(test_drop_in_wins),
                cmocka_unit_test(test_dump_is_a_configuration),
                cmocka_unit_test(test_stations_compare),
                cmocka_unit_test(test_prescriptions),
                cmocka_unit_test(test_coach_defaults),
                cmocka_unit_test(test_faults),
                cmocka_unit_test(test_fault_in_a_drop_in),
                cmocka_unit_test(test_too_long),
                cmocka_unit_test(test_too_many_stations),
                cmocka_unit_test(test_no_file),
                cmocka_unit_test(test_password),
                cmocka_unit_test(test_credential),
                cmocka_unit_test(test_brokers),
                cmocka_unit_test(test_documents_follow_the_tables),
                cmocka_unit_test(test_example_loads),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, set_up, tear_down);
}
