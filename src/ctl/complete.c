/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl complete WHAT: the words that a shell may complete with, one a line. From the running hub, or else from its
 * files; whatever goes wrong, there are none: nobody wants to read errors while typing. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctl/hubtool.h"
#include "ctl/view.h"
#include "hub/config.h"
#include "sensor/profile.h"
#include "util/macros.h"

#define CONFIG_PATH REPCASTCONFDIR "/repcast.conf"

static struct view view; /* static for its size */

static void ignore(_unused_ const char *text, _unused_ void *userdata) {
}

/* Whether the running hub has told. */
static bool load_hub(void) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;

        return sd_bus_open_system(&bus) >= 0 && view_try_load(bus, &view) >= 0;
}

static struct config *load_config(void) {
        struct faults faults = {.sink = ignore};
        struct config *c = NULL;

        return config_load(CONFIG_PATH, &faults, &c) < 0 ? NULL : c;
}

static void put_word(const char *word) {
        if (*word != '\0')
                puts(word);
}

static void stations(void) {
        _cleanup_(config_freep) struct config *c = NULL;

        if (load_hub()) {
                for (size_t i = 0; i < view.n_stations; i++)
                        put_word(view.stations[i].name);
                return;
        }
        c = load_config();
        for (size_t i = 0; c && i < c->n_stations; i++)
                put_word(c->stations[i].name);
}

/* Those whom the hub knows now: who is assigned, next, or waits. */
static void athletes(void) {
        if (!load_hub())
                return;
        for (size_t i = 0; i < view.n_stations; i++) {
                put_word(view.stations[i].athlete);
                put_word(view.stations[i].next);
                put_word(view.stations[i].queue);
        }
}

static void sensors(void) {
        if (!load_hub())
                return;
        for (size_t i = 0; i < view.n_sensors; i++)
                put_word(view.sensors[i].address);
}

static void exercises(void) {
        _cleanup_(config_freep) struct config *c = load_config();
        _cleanup_(exercises_done) struct exercises own = {NULL, 0};
        struct faults faults = {.sink = ignore};
        const struct exercises *e = c ? &c->exercises : &own;

        if (!c)
                (void) exercises_load(NULL, &faults, &own);
        for (size_t i = 0; i < e->n; i++)
                put_word(e->items[i].name);
}

static void prescriptions(void) {
        _cleanup_(config_freep) struct config *c = load_config();
        _cleanup_(prescriptions_done) struct prescriptions own = {NULL, 0};
        struct faults faults = {.sink = ignore};
        const struct prescriptions *p = c ? &c->prescriptions : &own;

        if (!c)
                (void) prescriptions_load(NULL, &faults, &own);
        for (size_t i = 0; i < p->n; i++)
                put_word(p->items[i].name);
}

static void profiles(void) {
        _cleanup_(config_freep) struct config *c = load_config();
        struct bluetooth_config none = {.profiles = ""};
        struct faults faults = {.sink = ignore};
        struct profiles p = {NULL, 0};

        if (config_load_profiles(c ? &c->bluetooth : &none, &p, &faults) == -ENOMEM)
                return;
        for (size_t i = 0; i < p.n; i++)
                put_word(p.items[i]->name);
        profiles_done(&p);
}

int complete_main(int argc, char *argv[]) {
        static const struct {
                const char *what;
                void (*print)(void);
        } lists[] = {
                {"stations", stations},
                {"athletes", athletes},
                {"sensors", sensors},
                {"exercises", exercises},
                {"prescriptions", prescriptions},
                {"profiles", profiles},
        };

        for (size_t i = 0; i < ARRAY_SIZE(lists) && argc == 2; i++)
                if (strcmp(argv[1], lists[i].what) == 0) {
                        lists[i].print();
                        return 0;
                }
        return 1;
}
