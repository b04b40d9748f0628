/* SPDX-License-Identifier: Apache-2.0 */
/* The fake BlueZ: commands, one a line. README.md has them all. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mock.h"

#define WORDS_MAX 12

/* "key=value" among the words; NULL where it is missing. */
static const char *option(char **words, const char *key) {
        size_t n = strlen(key);

        for (; *words; words++)
                if (strncmp(*words, key, n) == 0 && (*words)[n] == '=')
                        return *words + n + 1;
        return NULL;
}

static bool has(char **words, const char *word) {
        for (; *words; words++)
                if (strcmp(*words, word) == 0)
                        return true;
        return false;
}

static unsigned number(const char *text, unsigned otherwise) {
        return text ? (unsigned) strtoul(text, NULL, 10) : otherwise;
}

/* "%1b" is a byte in hexadecimal: names are hostile too. */
static void unescape(const char *text, char *ret, size_t size) {
        size_t n = 0;
        unsigned byte;

        for (; *text && n + 1 < size; text++)
                if (text[0] == '%' && sscanf(text + 1, "%2x", &byte) == 1 && byte) {
                        ret[n++] = (char) byte;
                        text += 2;
                } else {
                        ret[n++] = *text;
                }
        ret[n] = '\0';
}

/* ---- things -------------------------------------------------------------------------------------------------- */

static const char *do_adapter(struct mock *m, char **w) {
        struct adapter *a = calloc(1, sizeof(*a));

        if (!a || !w[0] || !w[1])
                return "adapter ID ADDRESS [off|blocked|unplugged|deaf] [slots=N] [gain=DB]";
        *a = (struct adapter){.next = m->adapters,
                .mock = m,
                .plugged = !has(w, "unplugged"),
                .powered = !has(w, "off") && !has(w, "blocked"),
                .blocked = has(w, "blocked"),
                .slots = number(option(w, "slots"), 7),
                .gain = option(w, "gain") ? atoi(option(w, "gain")) : 0,
                .deaf = has(w, "deaf")};
        snprintf(a->id, sizeof(a->id), "%s", w[0]);
        snprintf(a->address, sizeof(a->address), "%s", w[1]);
        snprintf(a->path, sizeof(a->path), "/org/bluez/%s", a->id);
        m->adapters = a;
        if (a->plugged)
                tell_adapter(a, true);
        return NULL;
}

static void set_sensor(struct sensor *s, char **w) {
        const char *name = option(w, "name"), *services = option(w, "services"), *near = option(w, "near"),
                   *resolve = option(w, "resolve"), *pairing = option(w, "pair");

        if (name)
                unescape(name, s->name, sizeof(s->name));
        if (services)
                snprintf(s->services, sizeof(s->services), "%s", services);
        if (near)
                snprintf(s->near, sizeof(s->near), "%s", near);
        if (resolve)
                s->resolve = strcmp(resolve, "late") == 0 ? SERVICES_LATE
                        : strcmp(resolve, "empty") == 0   ? SERVICES_EMPTY
                        : strcmp(resolve, "never") == 0   ? SERVICES_NEVER
                                                          : SERVICES_NORMAL;
        if (pairing)
                snprintf(s->pairing, sizeof(s->pairing), "%s", pairing);
        s->rssi = option(w, "rssi") ? atoi(option(w, "rssi")) : s->rssi;
        s->battery = option(w, "battery") ? atoi(option(w, "battery")) : s->battery;
        s->resolve_ms = number(option(w, "resolve_ms"), s->resolve_ms);
        s->late_ms = number(option(w, "late_ms"), s->late_ms);
        s->passkey = number(option(w, "passkey"), s->passkey);
        s->mtu = number(option(w, "mtu"), s->mtu);
        s->mute = s->mute || has(w, "mute");
        s->advertising = has(w, "away") ? false : has(w, "here") ? true : s->advertising;
}

static const char *do_sensor(struct mock *m, char **w) {
        struct sensor *s = w[0] ? find_sensor(m, w[0]) : NULL;

        if (!w[0])
                return "sensor ADDRESS [KEY=VALUE...] [random] [here|away]";
        if (!s) {
                s = calloc(1, sizeof(*s));
                if (!s)
                        return "no memory";
                *s = (struct sensor){.next = m->sensors,
                        .mock = m,
                        .advertising = true,
                        .rssi = -60,
                        .battery = -1,
                        .resolve_ms = 5,
                        .late_ms = 50,
                        .mtu = 247,
                        .random = has(w, "random")};
                snprintf(s->address, sizeof(s->address), "%s", w[0]);
                snprintf(s->name, sizeof(s->name), "Sensor %s", w[0] + 12);
                m->sensors = s;
        }
        set_sensor(s, w + 1);
        return NULL;
}

static const char *do_characteristic(struct mock *m, char **w) {
        struct sensor *s = w[0] ? find_sensor(m, w[0]) : NULL;
        struct attribute *a = calloc(1, sizeof(*a));
        const char *value;
        unsigned byte;

        if (!s || !a || !w[1] || !w[2])
                return "characteristic ADDRESS UUID FLAG,FLAG... [value=HEX]";
        *a = (struct attribute){.next = s->attributes, .sensor = s, .number = ++s->n_attributes};
        snprintf(a->uuid, sizeof(a->uuid), "%s", w[1]);
        snprintf(a->flags, sizeof(a->flags), "%s", w[2]);
        for (value = option(w, "value"); value && sscanf(value, "%2x", &byte) == 1; value += 2)
                a->value[a->n_value++] = (uint8_t) byte;
        s->attributes = a;
        return NULL;
}

static struct attribute *attribute_of(struct mock *m, char **w) {
        struct sensor *s = w[0] ? find_sensor(m, w[0]) : NULL;

        return s && w[1] ? find_attribute(s, w[1]) : NULL;
}

static const char *do_play(struct mock *m, char **w) {
        struct attribute *a = attribute_of(m, w);
        int r;

        if (!a || !w[2])
                return "play ADDRESS UUID FILE [speed=X] [loop]";
        a->speed = option(w, "speed") ? atof(option(w, "speed")) : 1;
        a->loop = has(w, "loop");
        r = load_packets(a, w[2]);
        return r < 0 ? strerror(-r) : NULL;
}

static const char *do_pattern(struct mock *m, char **w) {
        struct attribute *a = attribute_of(m, w);

        if (!a || !w[2] || !w[3])
                return "pattern ADDRESS UUID SIZE MILLISECONDS [count=N]";
        a->pattern_size = number(w[2], 20);
        a->pattern_ms = number(w[3], 10);
        a->count = number(option(w, "count"), 0);
        return NULL;
}

static const char *do_bar(struct mock *m, char **w) {
        struct attribute *a = attribute_of(m, w);

        if (!a || !w[2])
                return "bar ADDRESS UUID FILE [rate=HZ] [batch=N] [skip=N]";
        return bar_new(a, w[2], number(option(w, "rate"), 100), number(option(w, "batch"), 1),
                number(option(w, "skip"), 0));
}

static const char *do_journal(struct mock *m, char **w) {
        return w[0] ? bar_open_journal(m, w[0]) : "journal FILE";
}

static const char *do_notify(struct mock *m, char **w) {
        struct attribute *a = attribute_of(m, w);
        uint8_t bytes[VALUE_MAX];
        size_t n = 0;
        unsigned byte;

        if (!a)
                return "notify ADDRESS UUID [HEX] [times=N]";
        for (const char *hex = w[2] && !strchr(w[2], '=') ? w[2] : "";
                n < VALUE_MAX && sscanf(hex, "%2x", &byte) == 1; hex += 2)
                bytes[n++] = (uint8_t) byte;
        for (unsigned i = 0; i < number(option(w, "times"), 1); i++)
                notify(a, bytes, n);
        return NULL;
}

static const char *do_drop(struct mock *m, char **w) {
        struct attribute *a = attribute_of(m, w);

        if (!a || !w[2])
                return "drop ADDRESS UUID N";
        a->drop = number(w[2], 1);
        return NULL;
}

/* The socket ends while the link stays. */
static const char *do_hangup(struct mock *m, char **w) {
        struct attribute *a = attribute_of(m, w);

        if (!a)
                return "hangup ADDRESS UUID";
        for (struct peer *p = m->peers; p; p = p->next)
                if (p->sensor == a->sensor)
                        close_listeners(m, p, a);
        return NULL;
}

/* ---- what goes wrong ----------------------------------------------------------------------------------------- */

static const char *do_fault(struct mock *m, char **w) {
        static const char usage[] = "fault TARGET MEMBER [xN] error NAME TEXT... | hang | delay MS | lie";
        struct fault *f = calloc(1, sizeof(*f));

        if (!f || !w[0] || !w[1] || !w[2])
                return usage;
        f->next = m->faults;
        snprintf(f->target, sizeof(f->target), "%s", w[0]);
        snprintf(f->member, sizeof(f->member), "%s", w[1]);
        w += 2;
        if (**w == 'x')
                f->count = number(*w++ + 1, 1);
        if (!*w)
                return usage;
        f->kind = strcmp(*w, "hang") == 0  ? FAULT_HANG
                : strcmp(*w, "delay") == 0 ? FAULT_DELAY
                : strcmp(*w, "lie") == 0   ? FAULT_LIE
                                           : FAULT_ERROR;
        f->ms = f->kind == FAULT_DELAY ? number(w[1], 100) : 0;
        if (f->kind == FAULT_ERROR && (!w[1] || !w[2]))
                return usage;
        if (f->kind == FAULT_ERROR) {
                snprintf(f->name, sizeof(f->name), "%s", w[1]);
                for (w += 2; *w; w++)
                        snprintf(f->text + strlen(f->text), sizeof(f->text) - strlen(f->text), "%s%s",
                                f->text[0] ? " " : "", *w);
        }
        m->faults = f;
        return NULL;
}

static const char *do_clear(struct mock *m, char **w) {
        (void) w;
        m->faults = NULL;
        return NULL;
}

/* Of every adapter: the sensor's links are lost, or its objects expire. */
static const char *each_peer(struct mock *m, char **w, void (*act)(struct peer *)) {
        struct sensor *s = w[0] ? find_sensor(m, w[0]) : NULL;

        if (!s)
                return "no such sensor";
        for (struct peer *p = m->peers; p; p = p->next)
                if (p->sensor == s)
                        act(p);
        return NULL;
}

static const char *do_lose(struct mock *m, char **w) {
        return each_peer(m, w, peer_down);
}

static const char *do_expire(struct mock *m, char **w) {
        return each_peer(m, w, peer_remove);
}

static void bond(struct peer *p) {
        p->bonded = true;
        p->temporary = false;
}

static const char *do_bonded(struct mock *m, char **w) {
        struct sensor *s = w[0] ? find_sensor(m, w[0]) : NULL;

        if (!s)
                return "no such sensor";
        for (struct adapter *a = m->adapters; a; a = a->next)
                bond(get_peer(a, s));
        return NULL;
}

static const char *do_connect(struct mock *m, char **w) {
        struct adapter *a = w[0] ? find_adapter(m, w[0]) : NULL;
        struct sensor *s = a && w[1] ? find_sensor(m, w[1]) : NULL;

        if (!s)
                return "connect ID ADDRESS";
        peer_up(get_peer(a, s));
        return NULL;
}

static const char *do_power(struct mock *m, char **w) {
        struct adapter *a = w[0] ? find_adapter(m, w[0]) : NULL;

        if (!a || !w[1])
                return "power ID on|off|blocked";
        a->blocked = strcmp(w[1], "blocked") == 0;
        set_power(a, strcmp(w[1], "on") == 0);
        return NULL;
}

static const char *do_unplug(struct mock *m, char **w) {
        struct adapter *a = w[0] ? find_adapter(m, w[0]) : NULL;

        if (!a)
                return "unplug ID";
        unplug(a);
        return NULL;
}

/* plug ID [NEW-ID]: names change with the order of plugging in */
static const char *do_plug(struct mock *m, char **w) {
        struct adapter *a = w[0] ? find_adapter(m, w[0]) : NULL;

        if (!a)
                return "plug ID [NEW-ID]";
        if (w[1]) {
                snprintf(a->id, sizeof(a->id), "%s", w[1]);
                snprintf(a->path, sizeof(a->path), "/org/bluez/%s", a->id);
                for (struct peer *p = m->peers; p; p = p->next)
                        if (p->adapter == a) {
                                char tail[PATH_SIZE];

                                snprintf(tail, sizeof(tail), "%s", strrchr(p->path, '/'));
                                snprintf(p->path, sizeof(p->path), "%.60s%.60s", a->path, tail);
                        }
        }
        a->plugged = a->powered = true;
        tell_adapter(a, true);
        return NULL;
}

static const char *do_flood(struct mock *m, char **w) {
        struct adapter *a = w[0] ? find_adapter(m, w[0]) : NULL;

        if (!a || !w[1])
                return "flood ID N";
        for (unsigned i = 0; i < number(w[1], 1); i++) {
                struct sensor s = {.mock = m, .rssi = -90, .battery = -1};
                struct peer p = {.adapter = a, .sensor = &s, .object = true, .heard = true, .rssi = -90};

                snprintf(s.address, sizeof(s.address), "F0:00:00:%02X:%02X:%02X", i >> 16 & 255, i >> 8 & 255,
                        i & 255);
                snprintf(s.name, sizeof(s.name), "\033[31mflood %u\n", i);
                snprintf(p.path, sizeof(p.path), "%.60s/dev_F0_00_00_%02X_%02X_%02X", a->path, i >> 16 & 255,
                        i >> 8 & 255, i & 255);
                tell_peer(&p, true);
        }
        return NULL;
}

static const char *do_battery(struct mock *m, char **w) {
        struct sensor *s = w[0] ? find_sensor(m, w[0]) : NULL;

        if (!s || !w[1])
                return "battery ADDRESS PERCENT";
        s->battery = atoi(w[1]);
        return each_peer(m, w, tell_battery);
}

static const char *do_set(struct mock *m, char **w) {
        const struct {
                const char *name;
                unsigned *value;
        } settings[] = {
                {"advert_ms", &m->advert_ms},
                {"connect_ms", &m->connect_ms},
                {"absent_ms", &m->absent_ms},
                {"disconnect_ms", &m->disconnect_ms},
                {"expire_ms", &m->expire_ms},
                {"slow_ms", &m->slow_ms},
        };

        for (size_t i = 0; w[0] && w[1] && i < sizeof(settings) / sizeof(settings[0]); i++)
                if (strcmp(settings[i].name, w[0]) == 0) {
                        *settings[i].value = number(w[1], 0);
                        return NULL;
                }
        return "set advert_ms|connect_ms|absent_ms|disconnect_ms|expire_ms|slow_ms N";
}

static int on_asked(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const sd_bus_error *refusal = sd_bus_message_get_error(reply);

        (void) error;
        say(userdata, "asked: %s", refusal ? refusal->name : "granted");
        return 0;
}

/* As a sensor that nobody expects: what does the agent say? */
static const char *do_ask(struct mock *m, char **w) {
        if (!w[0] || !w[1] || !m->agent.client[0])
                return "ask METHOD PATH, with an agent registered";
        return sd_bus_call_method_async(m->bus, NULL, m->agent.client, m->agent.path, "org.bluez.Agent1", w[0],
                       on_asked, m, "o", w[1]) < 0
                ? "cannot ask"
                : NULL;
}

static const char *do_hang(struct mock *m, char **w) {
        (void) w;
        m->hung = true;
        return NULL;
}

static const char *do_answer(struct mock *m, char **w) {
        (void) w;
        m->hung = false;
        return NULL;
}

static const char *do_quiet(struct mock *m, char **w) {
        (void) w;
        m->quiet = true;
        return NULL;
}

/* As SIGKILL: the bus tells that the name is free, and nothing else is told. */
static const char *do_die(struct mock *m, char **w) {
        (void) m;
        (void) w;
        _exit(EXIT_SUCCESS);
}

/* The name is given up and taken again: a restart, with links down and only bonded sensors known. */
static const char *do_restart(struct mock *m, char **w) {
        (void) w;
        sd_bus_release_name(m->bus, "org.bluez");
        for (struct peer *p = m->peers; p; p = p->next) {
                close_listeners(m, p, NULL);
                p->timer = sd_event_source_disable_unref(p->timer);
                p->connected = p->resolved = p->exported = p->heard = false;
                p->object = p->object && !p->temporary;
                p->connect = sd_bus_message_unref(p->connect);
        }
        for (struct adapter *a = m->adapters; a; a = a->next) {
                a->discovering = false;
                a->connecting = 0;
        }
        m->agent.client[0] = '\0';
        return sd_bus_request_name(m->bus, "org.bluez", 0) < 0 ? "the name is taken" : NULL;
}

const char *run_command(struct mock *m, char *line) {
        static const struct {
                const char *name;
                const char *(*run)(struct mock *m, char **words);
        } commands[] = {
                {"adapter", do_adapter},
                {"sensor", do_sensor},
                {"characteristic", do_characteristic},
                {"play", do_play},
                {"pattern", do_pattern},
                {"bar", do_bar},
                {"journal", do_journal},
                {"notify", do_notify},
                {"drop", do_drop},
                {"hangup", do_hangup},
                {"fault", do_fault},
                {"clear", do_clear},
                {"lose", do_lose},
                {"expire", do_expire},
                {"bonded", do_bonded},
                {"connect", do_connect},
                {"power", do_power},
                {"unplug", do_unplug},
                {"plug", do_plug},
                {"flood", do_flood},
                {"battery", do_battery},
                {"set", do_set},
                {"ask", do_ask},
                {"hang", do_hang},
                {"answer", do_answer},
                {"quiet", do_quiet},
                {"die", do_die},
                {"restart", do_restart},
        };
        char *words[WORDS_MAX + 1] = {NULL}, *rest = line;
        size_t n = 0;

        for (char *word = strsep(&rest, " \t\r\n"); word && n < WORDS_MAX; word = strsep(&rest, " \t\r\n"))
                if (*word)
                        words[n++] = word;
        if (n == 0 || words[0][0] == '#')
                return NULL;
        for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
                if (strcmp(commands[i].name, words[0]) == 0)
                        return commands[i].run(m, words + 1);
        return "no such command";
}
