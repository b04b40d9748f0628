/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of profiles: folders, names, the best match for a peripheral; rates and what is refused. */

#include "sensor/profile.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sensor/profiles-builtin.h"
#include "sensor/unpack.h"
#include "util/macros.h"
#include "util/suggest.h"

DEFINE_CLEANUP(FILE *, fclose);

/* ---- sets ---- */

/* At its place by name; one of the same name is replaced. */
static int add(struct profiles *set, struct profile **p, struct faults *faults) {
        struct profile **items;
        size_t at = 0;

        while (at < set->n && strcmp(set->items[at]->name, (*p)->name) < 0)
                at++;
        if (at < set->n && strcmp(set->items[at]->name, (*p)->name) == 0) {
                profile_free(set->items[at]);
                set->items[at] = TAKE_PTR(*p);
                return 0;
        }
        if (set->n == PROFILES_MAX) {
                faults_add(faults, (*p)->path, 0, "more than %d profiles; that many are allowed", PROFILES_MAX);
                return -EINVAL;
        }
        items = reallocarray(set->items, set->n + 1, sizeof(struct profile *));
        if (!items)
                return -ENOMEM;
        set->items = items;
        memmove(&items[at + 1], &items[at], (set->n - at) * sizeof(struct profile *));
        items[at] = TAKE_PTR(*p);
        set->n++;
        return 0;
}

int profiles_load_builtin(struct profiles *set, struct faults *faults) {
        int result = 0;

        for (size_t i = 0; i < profiles_n_builtin && (result == 0 || result == -EINVAL); i++) {
                const struct profile_builtin *b = &profiles_builtin[i];
                _cleanup_(fclosep) FILE *file = fmemopen((void *) (uintptr_t) b->bytes, b->n_bytes, "r");
                _cleanup_(profile_freep) struct profile *p = NULL;
                int r = file ? profile_load_stream(file, b->name, faults, &p) : -errno;

                if (r >= 0)
                        r = add(set, &p, faults);
                if (r < 0)
                        result = r;
        }
        return result;
}

bool profile_is_file_name(const char *name) {
        size_t n = strlen(name);

        return *name != '.' && n > 5 && strcmp(name + n - 5, ".conf") == 0;
}

static int is_profile_file(const struct dirent *e) {
        return profile_is_file_name(e->d_name);
}

static int load_file(struct profiles *set, const char *folder, const char *name, struct faults *faults) {
        _cleanup_(profile_freep) struct profile *p = NULL;
        char path[PATH_MAX];
        int r;

        if ((size_t) snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
                return -ENAMETOOLONG;
        r = profile_load(path, faults, &p);
        return r < 0 ? r : add(set, &p, faults);
}

int profiles_load_folder(struct profiles *set, const char *folder, struct faults *faults) {
        struct dirent **names = NULL;
        int n = scandir(folder, &names, is_profile_file, alphasort), result = 0;

        if (n < 0 && errno == ENOENT)
                return 0;
        if (n < 0) {
                faults_add(faults, folder, 0, "cannot be read: %s", strerror(errno));
                return -EINVAL;
        }
        for (int i = 0; i < n; i++) {
                int r = load_file(set, folder, names[i]->d_name, faults);

                if (r < 0 && (result == 0 || result == -EINVAL))
                        result = r;
                free(names[i]);
        }
        free(names);
        return result;
}

void profiles_done(struct profiles *set) {
        for (size_t i = 0; i < set->n; i++)
                profile_free(set->items[i]);
        free(set->items);
        *set = (struct profiles){NULL, 0};
}

const struct profile *profiles_find(const struct profiles *set, const char *name, const char **ret_nearest) {
        const struct profile *found = NULL;
        struct suggest nearest;

        suggest_init(&nearest, name);
        for (size_t i = 0; i < set->n; i++) {
                if (strcmp(set->items[i]->name, name) == 0)
                        found = set->items[i];
                suggest_offer(&nearest, set->items[i]->name);
        }
        if (ret_nearest)
                *ret_nearest = found ? NULL : suggest_best(&nearest);
        return found;
}

/* ---- matching ---- */

static char upper(char c) {
        return c >= 'a' && c <= 'z' ? (char) (c - 'a' + 'A') : c;
}

/* * and ?; the last * takes more where the rest does not fit: linear in practice, quadratic at worst. */
static bool glob_fits(const char *glob, const char *s, bool any_case) {
        const char *star = NULL, *again = NULL;

        while (*s) {
                if (*glob == '*') {
                        star = glob++;
                        again = s;
                } else if (*glob == '?' || *glob == *s || (any_case && upper(*glob) == upper(*s))) {
                        if (*glob == '\0')
                                return false;
                        glob++;
                        s++;
                } else if (star) {
                        glob = star + 1;
                        s = ++again;
                } else {
                        return false;
                }
        }
        while (*glob == '*')
                glob++;
        return *glob == '\0';
}

/* Letters that a glob says of what it fits: of two that fit, the longer one means this sensor more. 0 = none fits. */
static unsigned best_glob(const char (*globs)[PROFILE_GLOB_MAX], unsigned n, const char *s, bool any_case) {
        unsigned best = 0;

        for (unsigned i = 0; i < n && s; i++)
                if (glob_fits(globs[i], s, any_case))
                        best = MAX(best, (unsigned) strlen(globs[i]));
        return best;
}

static bool has_service(const struct profile_match *m, const struct profile_peripheral *peripheral) {
        for (size_t i = 0; i < peripheral->n_services; i++)
                for (unsigned k = 0; k < m->n[PROFILE_RULE_SERVICE]; k++)
                        if (strcasecmp(peripheral->services[i], m->services[k]) == 0)
                                return true;
        return false;
}

static bool has_company(const struct profile_match *m, const struct profile_peripheral *peripheral) {
        for (size_t i = 0; i < peripheral->n_companies; i++)
                for (unsigned k = 0; k < m->n[PROFILE_RULE_COMPANY]; k++)
                        if (peripheral->companies[i] == m->companies[k])
                                return true;
        return false;
}

unsigned profile_fit(const struct profile *p, const struct profile_peripheral *peripheral) {
        const struct profile_match *m = &p->match;
        unsigned name = best_glob(m->names, m->n[PROFILE_RULE_NAME], peripheral->name, false),
                 address = best_glob(m->addresses, m->n[PROFILE_RULE_ADDRESS], peripheral->address, true),
                 model = best_glob(m->models, m->n_models, peripheral->model, false), held = 0;

        if (peripheral->model && m->n_models > 0 && model == 0)
                return 0; /* another model, whatever else fits */
        held |= name > 0 ? 1U << PROFILE_RULE_NAME : 0;
        held |= address > 0 ? 1U << PROFILE_RULE_ADDRESS : 0;
        held |= has_service(m, peripheral) ? 1U << PROFILE_RULE_SERVICE : 0;
        held |= has_company(m, peripheral) ? 1U << PROFILE_RULE_COMPANY : 0;
        if (held == 0 || (held & m->required) != m->required)
                return 0;
        /* Number of rules first, then how much the names say. */
        return 1000 * (unsigned) (__builtin_popcount(held) + (model > 0)) + name + address + model;
}

const struct profile *profiles_match(const struct profiles *set, const struct profile_peripheral *peripheral) {
        const struct profile *best = NULL;
        unsigned best_fit = 0;

        for (size_t i = 0; i < set->n; i++) {
                unsigned fit = profile_fit(set->items[i], peripheral);

                if (fit > best_fit) {
                        best_fit = fit;
                        best = set->items[i];
                }
        }
        return best;
}

/* ---- rates, battery ---- */

double profile_rate(const struct profile *p, double wanted_hz) {
        if (!(wanted_hz > 0))
                return p->rates[p->default_rate].hz;
        for (unsigned i = 0; i < p->n_rates; i++)
                if (p->rates[i].hz >= wanted_hz)
                        return p->rates[i].hz;
        return p->rates[p->n_rates - 1].hz;
}

const char *profile_refusal(const struct profile *p, double rate_hz) {
        bool acc = false, gyro = false;

        for (unsigned i = 0; i < p->n_packets; i++) {
                acc |= p->packets[i].acc.field.present;
                gyro |= p->packets[i].gyro.field.present;
        }
        if (!acc)
                return "it has no accelerometer";
        if (!gyro)
                return "it has no gyroscope, and without one a tilting bar cannot be told from a moving one";
        if (!(rate_hz >= PROFILE_REPS_HZ_MIN))
                return "it measures less than 50 times a second, too seldom for the turning points of fast "
                       "reps";
        return NULL;
}

/* The points of the table, joined by straight lines; outside it its ends. */
static double in_table(const struct profile_battery *b, double value) {
        if (value >= b->table[0].at)
                return b->table[0].percent;
        for (unsigned i = 1; i < b->n_table; i++) {
                double above = b->table[i - 1].at, below = b->table[i].at;

                if (value >= below)
                        return b->table[i].percent +
                                (value - below) / (above - below) *
                                (b->table[i - 1].percent - b->table[i].percent);
        }
        return b->table[b->n_table - 1].percent;
}

int profile_battery(const struct profile *p, const uint8_t *bytes, size_t n, double *ret_percent) {
        const struct profile_battery *b = &p->battery;
        double value;

        if (!b->value.present || b->value.offset + type_size(b->value.type) > n)
                return -EBADMSG;
        value = unpack_number(&b->value, bytes + b->value.offset) * b->scale;
        if (!isfinite(value))
                return -EBADMSG;
        if (b->n_table == 0) {
                if (value < 0 || value > 100)
                        return -EBADMSG;
                *ret_percent = value;
                return 0;
        }
        if (!(value > 0))
                return -ENODATA; /* a voltage of nothing has not been measured yet */
        *ret_percent = in_table(b, value);
        return 0;
}
