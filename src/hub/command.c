/* SPDX-License-Identifier: Apache-2.0 */
/* Commands about sensors: looking for them, adopting, forgetting, recording. */

#include "hub/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hub/keeping.h"
#include "hub/source-sensor.h"
#include "util/log.h"
#include "util/macros.h"
#include "util/suggest.h"

int refuse(struct refusal *r, const char *error, const char *format, ...) {
        va_list ap;

        r->error = error;
        va_start(ap, format);
        vsnprintf(r->text, sizeof(r->text), format, ap);
        va_end(ap);
        return -EINVAL;
}

/* ---- keeping it ---- */

static int keep(struct hub *h, command_done done, void *userdata, struct refusal *refusal) {
        struct keeping *k = keeping_new(h->adopted_path, "which sensors were adopted", done, userdata);
        char *text = NULL;
        size_t n = 0;
        FILE *stream = open_memstream(&text, &n);
        int r = k && stream ? adopted_write(&h->adopted, stream) : -ENOMEM;

        if (stream && fclose(stream) != 0)
                r = -ENOMEM;
        if (r >= 0)
                r = persist_write(h->persist, h->adopted_path, TAKE_PTR(text), n, keeping_end, k);
        if (r >= 0)
                return 0;
        free(text);
        return keeping_refuse(k, r, refusal);
}

/* ---- adopting ---- */

int refuse_station(const struct hub *h, const char *name, struct refusal *refusal) {
        const char *names[CONFIG_STATIONS_MAX], *nearest;
        char known[256] = "";

        for (size_t i = 0; i < h->config->n_stations; i++) {
                size_t n = strlen(known);

                names[i] = h->config->stations[i].name;
                snprintf(known + n, sizeof(known) - n, "%s%s", i > 0 ? ", " : "", names[i]);
        }
        nearest = suggest_word(name, names, h->config->n_stations);
        if (h->config->n_stations == 0)
                return refuse(refusal, ERROR_NO_STATION,
                        "no station is configured; add a section [station %s] to repcast.conf first", name);
        return refuse(refusal, ERROR_NO_STATION, "no station is called %s%s%s%s; there are: %s", name,
                nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "", known);
}

static int check_profile(const struct hub *h, const char *address, const char *name, struct refusal *refusal) {
        const char *nearest = NULL, *why;
        const struct profile *p;
        struct sensor_info sensor;

        if (*name != '\0') {
                p = profiles_find(sensors_profiles(h->sensors), name, &nearest);
                if (!p)
                        return refuse(refusal, ERROR_NO_PROFILE, "no profile is called %s%s%s%s", name,
                                nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
                why = profile_refusal(p, profile_rate(p, 0));
                return why ? refuse(refusal, ERROR_UNFIT, "%s cannot count reps: %s", p->label, why) : 0;
        }
        if (!sensors_find(h->sensors, address, &sensor) || !sensor.near)
                return refuse(refusal, ERROR_NO_SENSOR,
                        "%s is not near: check the address with \"repcastctl scan\", switch the sensor on and "
                        "bring it "
                        "closer; or name its --profile to adopt it unseen",
                        address);
        if (*sensor.profile == '\0')
                return refuse(refusal, ERROR_NO_PROFILE,
                        "no profile fits the advertisement of %s%s%s%s; name one with --profile, or write one "
                        "(repcast-profile(5))",
                        address, *sensor.name ? " (" : "", sensor.name, *sensor.name ? ")" : "");
        if (*sensor.refusal != '\0')
                return refuse(refusal, ERROR_UNFIT, "%s cannot count reps: %s", address, sensor.refusal);
        return 0;
}

/* Whose is it now? An adoption can be moved, what a configuration file says cannot be taken back from here. */
static int check_owner(const struct hub *h, const struct adopt_request *q, const char *address,
        const struct station_config **ret_other, struct refusal *refusal) {
        const struct station_config *other = config_find_sensor(h->config, address, NULL);
        const struct key_origin *origin;

        *ret_other = NULL;
        if (!other || strcmp(other->name, q->station) == 0)
                return 0;
        origin = config_sensor_origin(other);
        if (!adopted_find_sensor(&h->adopted, address))
                return refuse(refusal, ERROR_CONFIGURED,
                        "%s is the sensor of %s by %s:%u; take the line out and reload, or give %s another "
                        "sensor first",
                        address, other->name, origin->path, origin->line, other->name);
        if (!q->move)
                return refuse(refusal, ERROR_IN_USE, "%s is the sensor of %s; --move takes it away from there",
                        address, other->name);
        *ret_other = other;
        return 0;
}

/* The profile that will be kept: what was asked for, or what was found. */
static void choose_profile(
        const struct hub *h, const char *address, const char *asked, char ret[static ADOPTED_PROFILE_MAX]) {
        struct sensor_info sensor;

        if (*asked != '\0' || !sensors_find(h->sensors, address, &sensor))
                snprintf(ret, ADOPTED_PROFILE_MAX, "%s", asked);
        else
                snprintf(ret, ADOPTED_PROFILE_MAX, "%s", sensor.profile);
}

static int apply(struct hub *h, struct refusal *refusal) {
        int r = hub_adopted_changed(h);

        return r < 0 ? refuse(refusal, ERROR_FAILED, "%s", strerror(-r)) : 0;
}

int command_adopt(struct hub *h, const struct adopt_request *q, command_done done, void *userdata,
        char ret_replaced[static ADDRESS_MAX], struct refusal *refusal) {
        static const struct log_fields kind = {.kind = LOG_KIND_ADOPTED};
        const struct station_config *s = config_find_station(h->config, q->station), *other;
        char address[ADDRESS_MAX], profile[ADOPTED_PROFILE_MAX], replaced[ADDRESS_MAX];
        struct log_fields fields = kind;
        int r;

        if (!address_parse(q->address, address))
                return refuse(refusal, ERROR_INVALID,
                        "\"%.32s\" is no address; one looks like D4:22:CD:00:11:22", q->address);
        if (!s)
                return refuse_station(h, q->station, refusal);
        if (*s->recording != '\0')
                return refuse(refusal, ERROR_CONFIGURED,
                        "%s plays a recording (%s); take Recording= out of its section first", s->name,
                        s->recording);
        r = check_owner(h, q, address, &other, refusal);
        if (r >= 0)
                r = check_profile(h, address, q->profile, refusal);
        if (r < 0)
                return r;
        choose_profile(h, address, q->profile, profile);
        strcpy(replaced, strcmp(s->sensor, address) != 0 ? s->sensor : "");
        if (other)
                adopted_remove(&h->adopted, other->name);
        if (adopted_set(&h->adopted, s->name, address, profile) < 0)
                return refuse(
                        refusal, ERROR_LIMIT, "%d sensors are adopted already; forget one first", ADOPTED_MAX);
        strcpy(ret_replaced, replaced);
        fields.station = q->station;
        fields.sensor = address;
        log_event(LOG_INFO, fields, "%s: sensor %s adopted%s%s%s", q->station, address, *profile ? " as " : "",
                profile, other ? ", taken from another station" : "");
        sensors_allow_pairing(h->sensors, address);
        r = apply(h, refusal);
        return r < 0 ? r : keep(h, done, userdata, refusal);
}

/* ---- forgetting ---- */

static const struct adoption *find_adoption(const struct hub *h, const char *what) {
        char address[ADDRESS_MAX];

        if (address_parse(what, address))
                return adopted_find_sensor(&h->adopted, address);
        return adopted_find(&h->adopted, what);
}

static int refuse_forget(const struct hub *h, const char *what, struct refusal *refusal) {
        char address[ADDRESS_MAX];
        bool is_address = address_parse(what, address);
        const struct station_config *s = is_address ? config_find_sensor(h->config, address, NULL)
                                                    : config_find_station(h->config, what);
        const struct key_origin *origin;

        if (s && *s->sensor != '\0') {
                origin = config_sensor_origin(s);
                return refuse(refusal, ERROR_CONFIGURED,
                        "the sensor %s of %s was not adopted but stands in %s:%u; take it out there, then "
                        "\"systemctl reload repcast\"",
                        s->sensor, s->name, origin->path, origin->line);
        }
        if (is_address)
                return refuse(refusal, ERROR_NO_SENSOR, "%s was not adopted; \"repcastctl sensors\" lists them",
                        address);
        return s ? refuse(refusal, ERROR_NO_SENSOR, "%s has no sensor", what)
                 : refuse_station(h, what, refusal);
}

int command_forget(struct hub *h, const char *what, command_done done, void *userdata,
        struct adoption *ret_forgotten, struct refusal *refusal) {
        const struct adoption *item = find_adoption(h, what);
        struct log_fields fields = {.kind = LOG_KIND_ADOPTED};
        int r;

        if (!item)
                return refuse_forget(h, what, refusal);
        *ret_forgotten = *item;
        adopted_remove(&h->adopted, ret_forgotten->station);
        fields.station = ret_forgotten->station;
        fields.sensor = ret_forgotten->sensor;
        log_event(LOG_INFO, fields, "%s: sensor %s forgotten", ret_forgotten->station, ret_forgotten->sensor);
        r = apply(h, refusal);
        if (r < 0)
                return r;
        if (!config_find_sensor(h->config, ret_forgotten->sensor, NULL)) /* a file may name it, too */
                sensors_forget(h->sensors, ret_forgotten->sensor);
        return keep(h, done, userdata, refusal);
}

/* ---- looking ---- */

int command_scan(struct hub *h, unsigned seconds, struct refusal *refusal) {
        const char *why = NULL;

        if (seconds > COMMAND_SCAN_MAX_S)
                return refuse(refusal, ERROR_INVALID, "0 to %d seconds are allowed", COMMAND_SCAN_MAX_S);
        sensors_scan(h->sensors, seconds);
        (void) sensors_state(h->sensors, &why);
        return why && seconds > 0 ? refuse(refusal, ERROR_NO_BLUETOOTH, "%s", why) : 0;
}

/* ---- recording ---- */

int command_record(struct hub *h, const char *what, int fd, char ret_address[static ADDRESS_MAX],
        struct refusal *refusal) {
        char address[ADDRESS_MAX];
        const struct station_config *s = address_parse(what, address)
                ? config_find_sensor(h->config, address, NULL)
                : config_find_station(h->config, what);
        struct source_sensor *source;
        int own, r;

        if (!s && address_is_valid(what))
                return refuse(refusal, ERROR_NO_SENSOR,
                        "no station has the sensor %s; adopt it first (repcastctl adopt)", address);
        if (!s)
                return refuse_station(h, what, refusal);
        source = *s->sensor ? sensors_source(h->sensors, s->sensor) : NULL;
        if (!source)
                return refuse(refusal, ERROR_NO_SENSOR, "%s has no sensor on the air", s->name);
        own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        r = own >= 0 ? source_sensor_record(source, own, s->exercise_name, "") : -errno;
        if (r == -EINVAL)
                return refuse(refusal, ERROR_INVALID, "the descriptor is no pipe");
        if (r == -EBUSY)
                return refuse(refusal, ERROR_LIMIT, "%s is being recorded too often already", s->sensor);
        if (r == -ENODATA)
                return refuse(refusal, ERROR_NO_PROFILE, "%s has not been seen yet: nobody knows what it sends",
                        s->sensor);
        if (r < 0)
                return refuse(refusal, ERROR_FAILED, "%s cannot be recorded: %s", s->sensor, strerror(-r));
        strcpy(ret_address, s->sensor);
        return 0;
}
