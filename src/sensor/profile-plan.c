/* SPDX-License-Identifier: Apache-2.0 */
/* From the steps of a profile to a plan for the Bluetooth client. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sensor/profile-private.h"
#include "util/number.h"

#define FILLED_MAX 512 /* text of a step with {rate} and {hz} filled in */

_printf_(2, 3) static int wrong(char why[static 160], const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        vsnprintf(why, 160, format, ap);
        va_end(ap);
        return -EINVAL;
}

/* Other braces stay: they may belong to a program that is sent. */
static int fill_in(const char *text, const char *code, double hz, char ret[static FILLED_MAX], char *why) {
        char number[24];
        size_t n = 0;

        snprintf(number, sizeof(number), "%g", hz);
        while (*text != '\0') {
                const char *put = NULL;
                size_t n_put;

                if (strncmp(text, "{rate}", 6) == 0) {
                        put = code;
                        text += 6;
                } else if (strncmp(text, "{hz}", 4) == 0) {
                        put = number;
                        text += 4;
                }
                n_put = put ? strlen(put) : 1;
                if (n + n_put >= FILLED_MAX)
                        return wrong(why, "too long");
                memcpy(ret + n, put ? put : text, n_put);
                text += put ? 0 : 1;
                n += n_put;
        }
        ret[n] = '\0';
        return 0;
}

static int add_byte(struct gatt_step *step, uint8_t byte, char *why) {
        if (step->n_bytes == GATT_BYTES_MAX)
                return wrong(why, "writes more than %d bytes; split it", GATT_BYTES_MAX);
        step->bytes[step->n_bytes++] = byte;
        return 0;
}

/* A quoted text; *s stands behind its first quote and then behind its last. */
static int add_text(struct gatt_step *step, const char **s, char *why) {
        static const char letters[] = "nrt\\\"", bytes[] = "\n\r\t\\\"";

        for (; **s != '"'; (*s)++) {
                uint8_t byte = (uint8_t) * *s;
                const char *letter;
                size_t n;
                int r;

                if (byte == '\0')
                        return wrong(why, "the text has no closing quote");
                if (byte == '\\') {
                        (*s)++;
                        letter = **s ? strchr(letters, **s) : NULL;
                        if (letter) {
                                byte = (uint8_t) bytes[letter - letters];
                        } else if (**s == 'x' && (*s)[1] && (*s)[2] &&
                                number_parse_hex((char[]){(*s)[1], (*s)[2], '\0'}, &byte, 1, &n) >= 0) {
                                *s += 2;
                        } else {
                                return wrong(
                                        why, "after \\ comes n, r, t, \\, \" or x and two hexadecimal digits");
                        }
                }
                r = add_byte(step, byte, why);
                if (r < 0)
                        return r;
        }
        (*s)++;
        return 0;
}

static int add_hex(struct gatt_step *step, const char **s, char *why) {
        size_t n = strcspn(*s, " \t\""), n_bytes;
        char digits[2 * GATT_BYTES_MAX + 1];
        uint8_t bytes[GATT_BYTES_MAX];
        int r = 0;

        if (n >= sizeof(digits))
                return wrong(why, "writes more than %d bytes; split it", GATT_BYTES_MAX);
        memcpy(digits, *s, n);
        digits[n] = '\0';
        if (number_parse_hex(digits, bytes, sizeof(bytes), &n_bytes) < 0)
                return wrong(
                        why, "'%.40s' is neither pairs of hexadecimal digits nor a text in quotes", digits);
        for (size_t i = 0; i < n_bytes && r >= 0; i++)
                r = add_byte(step, bytes[i], why);
        *s += n;
        return r;
}

static const char *skip_blanks(const char *s) {
        return s + strspn(s, " \t");
}

static int find_characteristic(const struct profile *p, const char *name, size_t n, unsigned *ret, char *why) {
        for (unsigned i = 0; i < p->n_characteristics; i++)
                if (strlen(p->characteristic_names[i]) == n &&
                        memcmp(p->characteristic_names[i], name, n) == 0) {
                        *ret = i;
                        return 0;
                }
        return wrong(why, "there is no characteristic '%.*s'", (int) MIN(n, (size_t) 40), name);
}

static int make_step(const struct profile *p, const char *s, struct gatt_step *ret, char *why) {
        static const char *const verbs[_GATT_ACTION_MAX] = {
                [GATT_SUBSCRIBE] = "subscribe",
                [GATT_WRITE] = "write",
                [GATT_SEND] = "send",
                [GATT_WAIT] = "wait",
        };
        struct gatt_step step = {.action = _GATT_ACTION_MAX};
        size_t n = strcspn(s, " \t");
        int r;

        for (enum gatt_action a = 0; a < _GATT_ACTION_MAX; a++)
                if (strlen(verbs[a]) == n && memcmp(verbs[a], s, n) == 0)
                        step.action = a;
        s = skip_blanks(s + n);
        if (step.action == _GATT_ACTION_MAX)
                return wrong(why, "starts with none of write, send, subscribe and wait");
        if (step.action == GATT_WAIT) {
                if (value_unsigned(s, 1, GATT_WAIT_MAX_MS, &step.wait_ms) < 0)
                        return wrong(why, "wait takes a whole number from 1 to %d (ms)", GATT_WAIT_MAX_MS);
                *ret = step;
                return 0;
        }
        n = strcspn(s, " \t");
        r = find_characteristic(p, s, n, &step.characteristic, why);
        s = skip_blanks(s + n);
        if (r >= 0 && step.action == GATT_SUBSCRIBE && *s != '\0')
                r = wrong(why, "subscribe takes the name of a characteristic and nothing else");
        while (r >= 0 && *s != '\0') {
                if (*s == '"') {
                        s++;
                        r = add_text(&step, &s, why);
                } else {
                        r = add_hex(&step, &s, why);
                }
                s = skip_blanks(s);
        }
        if (r >= 0 && step.action != GATT_SUBSCRIBE && step.n_bytes == 0)
                r = wrong(why, "writes nothing");
        if (r >= 0)
                *ret = step;
        return r;
}

int steps_make(const struct profile *p, const struct profile_steps *steps, const char *code, double hz,
        struct gatt_sequence *ret, unsigned *ret_line, char ret_why[static 160]) {
        char text[FILLED_MAX];

        ret->n_steps = 0;
        for (unsigned i = 0; i < steps->n; i++) {
                int r = fill_in(steps->steps[i].text, code, hz, text, ret_why);

                if (r >= 0)
                        r = make_step(p, text, &ret->steps[ret->n_steps++], ret_why);
                if (r < 0) {
                        *ret_line = steps->steps[i].line;
                        return r;
                }
        }
        return 0;
}

/* ---- the plan ---- */

/* Streams whose subscription the profile does not place itself are subscribed before its first step. */
static int subscribe_streams(const struct profile *p, struct gatt_plan *plan) {
        struct gatt_sequence told = plan->init;

        plan->init.n_steps = 0;
        for (unsigned k = 0; k < p->n_streams; k++) {
                unsigned characteristic = p->streams[k].characteristic, times = 0;

                for (unsigned i = 0; i < told.n_steps; i++)
                        times += told.steps[i].action == GATT_SUBSCRIBE &&
                                told.steps[i].characteristic == characteristic;
                if (times > 1)
                        return -EINVAL;
                if (times == 0)
                        plan->init.steps[plan->init.n_steps++] = (struct gatt_step){
                                .action = GATT_SUBSCRIBE,
                                .characteristic = characteristic,
                        };
        }
        if (plan->init.n_steps + told.n_steps > GATT_STEPS_MAX)
                return -EINVAL;
        memcpy(&plan->init.steps[plan->init.n_steps], told.steps, told.n_steps * sizeof(told.steps[0]));
        plan->init.n_steps += told.n_steps;
        return 0;
}

/* A packet that is a message must fit into one notification, which has 3 bytes less than ATT_MTU. */
static unsigned least_mtu(const struct profile *p) {
        unsigned least = 23;

        for (unsigned i = 0; i < p->n_packets; i++)
                if (p->streams[p->packets[i].stream].framing == FRAMING_MESSAGE)
                        least = MAX(least, p->packets[i].length_min + 3);
        return least;
}

static const struct profile_rate *find_rate(const struct profile *p, double hz) {
        for (unsigned i = 0; i < p->n_rates; i++)
                if (!(p->rates[i].hz < hz) && !(p->rates[i].hz > hz))
                        return &p->rates[i];
        return NULL;
}

int profile_plan(const struct profile *p, double rate_hz, struct gatt_plan *ret) {
        const struct profile_rate *rate = find_rate(p, rate_hz), *slow = find_rate(p, p->idle_hz);
        unsigned line;
        char why[160];
        int r = rate ? 0 : -EINVAL;

        if (r < 0)
                return r;
        *ret = (struct gatt_plan){
                .n_characteristics = p->n_characteristics,
                .n_streams = p->n_streams,
                .least_mtu = least_mtu(p),
                .idle_kind = p->idle_kind,
                .idle_hz = p->idle_hz,
                .battery = p->battery.kind,
                .battery_characteristic =
                        p->battery.kind == GATT_BATTERY_CHARACTERISTIC ? p->battery.characteristic : 0,
                .poll_period_s = p->battery.poll_period_s,
                .connect_cooldown_s = p->connect_cooldown_s,
                .weak_adverts = p->weak_adverts,
        };
        memcpy(ret->characteristics, p->characteristics, sizeof(ret->characteristics));
        for (unsigned k = 0; k < p->n_streams; k++)
                ret->streams[k] = p->streams[k].characteristic;
        r = steps_make(p, &p->init, rate->code, rate->hz, &ret->init, &line, why);
        if (r >= 0)
                r = subscribe_streams(p, ret);
        if (r >= 0)
                r = steps_make(p, &p->stop, rate->code, rate->hz, &ret->stop, &line, why);
        if (r >= 0)
                r = steps_make(p, &p->poll, rate->code, rate->hz, &ret->poll, &line, why);
        if (r < 0 || p->idle_kind == GATT_IDLE_NONE)
                return r;
        if (p->idle_kind == GATT_IDLE_SLOW)
                r = steps_make(p, &p->idle, slow ? slow->code : "", p->idle_hz, &ret->idle, &line, why);
        else
                r = steps_make(p, &p->idle, rate->code, rate->hz, &ret->idle, &line, why);
        if (r >= 0 && p->wake.n > 0)
                r = steps_make(p, &p->wake, rate->code, rate->hz, &ret->wake, &line, why);
        else
                ret->wake = ret->init; /* what started it starts it again */
        return r;
}
