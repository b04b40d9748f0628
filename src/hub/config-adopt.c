/* SPDX-License-Identifier: Apache-2.0 */
/* Adopted sensors over those of the configuration. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hub/config.h"

/* The list's own copy of the path. */
static int add_path(struct config *c, const char *path, const char **ret) {
        char **paths, *copy;

        for (size_t i = 0; i < c->n_paths; i++)
                if (strcmp(c->paths[i], path) == 0) {
                        *ret = c->paths[i];
                        return 0;
                }
        paths = reallocarray(c->paths, c->n_paths + 1, sizeof(*paths));
        if (!paths)
                return -ENOMEM;
        c->paths = paths;
        copy = strdup(path);
        if (!copy)
                return -ENOMEM;
        paths[c->n_paths++] = copy;
        *ret = copy;
        return 0;
}

/* Why the station cannot have what was adopted for it; NULL = it can. */
static const char *refuse_adoption(const struct config *c, const struct station_config *s,
        const struct adopted *fitting, const struct adoption *item, const char **ret_other) {
        const struct station_config *other;

        *ret_other = "";
        if (!s)
                return "no such station is configured";
        if (*s->recording != '\0')
                return "the station plays a recording";
        other = config_find_sensor(c, item->sensor, s);
        if (!other || adopted_find(fitting, other->name))
                return NULL; /* that one has been given another sensor itself */
        *ret_other = other->name;
        return "the configuration gives it to station ";
}

/* What does not fit is taken out, until all that is left fits: one that goes may have made room for another. */
static void leave_out(struct config *c, const struct adopted *adopted, struct adopted *fitting,
        const char *path, struct faults *notes) {
        size_t i = 0;

        while (i < fitting->n) {
                const struct adoption item = fitting->items[i];
                const char *other, *why;

                why = refuse_adoption(c, config_find_station(c, item.station), fitting, &item, &other);
                i++;
                if (!why)
                        continue;
                faults_add(notes, path, adopted_find(adopted, item.station)->line,
                        "%s for %s is left out: %s%s", item.sensor, item.station, why, other);
                adopted_remove(fitting, item.station);
                i = 0;
        }
}

/* Back to what the files say; at the first call that is remembered. */
static void restore_configured(struct station_config *s) {
        struct key_origin *origins = s->section.origins;

        if (s->configured.kept) {
                strcpy(s->sensor, s->configured.sensor);
                strcpy(s->profile, s->configured.profile);
                origins[CONFIG_SENSOR_KEY] = s->configured.sensor_origin;
                origins[CONFIG_PROFILE_KEY] = s->configured.profile_origin;
                return;
        }
        strcpy(s->configured.sensor, s->sensor);
        strcpy(s->configured.profile, s->profile);
        s->configured.sensor_origin = origins[CONFIG_SENSOR_KEY];
        s->configured.profile_origin = origins[CONFIG_PROFILE_KEY];
        s->configured.kept = true;
}

int config_adopt(struct config *c, const struct adopted *adopted, const char *path, struct faults *notes) {
        static struct adopted fitting; /* static for its size, of which only what is in use is touched */
        const char *kept_path;
        int r = add_path(c, path, &kept_path);

        if (r < 0)
                return r;
        fitting.n = adopted->n;
        memcpy(fitting.items, adopted->items, adopted->n * sizeof(fitting.items[0]));
        for (size_t i = 0; i < c->n_stations; i++)
                restore_configured(&c->stations[i]);
        leave_out(c, adopted, &fitting, path, notes);
        for (size_t i = 0; i < fitting.n; i++) {
                struct station_config *s = config_find_station(c, fitting.items[i].station);
                const struct adoption *item = adopted_find(adopted, s->name); /* with its own line */

                strcpy(s->sensor, item->sensor);
                strcpy(s->profile, item->profile);
                s->section.origins[CONFIG_SENSOR_KEY] = (struct key_origin){kept_path, item->line};
                s->section.origins[CONFIG_PROFILE_KEY] =
                        (struct key_origin){kept_path, item->line + (*item->profile != '\0')};
        }
        return 0;
}
