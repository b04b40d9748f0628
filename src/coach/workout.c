/* SPDX-License-Identifier: Apache-2.0 */
/* Workouts: a small table by athlete. */

#include "coach/workout.h"

#include <stddef.h>
#include <string.h>

#include "util/macros.h"

void workouts_init(struct workouts *w, double gap_s) {
        memset(w, 0, sizeof(*w));
        w->gap_us = (uint64_t) (gap_s * 1e6);
}

struct workout *workouts_get(struct workouts *w, const char *athlete, uint64_t now_us) {
        struct workout *oldest = &w->items[0];

        if (*athlete == '\0' || strlen(athlete) >= WORKOUT_NAME_MAX)
                return NULL;
        for (unsigned i = 0; i < WORKOUT_ATHLETES; i++) {
                struct workout *item = &w->items[i];

                if (strcmp(item->athlete, athlete) == 0) {
                        if (now_us > item->last_us + w->gap_us)
                                break;
                        item->last_us = MAX(item->last_us, now_us);
                        return item;
                }
        }
        for (unsigned i = 0; i < WORKOUT_ATHLETES; i++) {
                struct workout *item = &w->items[i];

                if (strcmp(item->athlete, athlete) == 0) {
                        oldest = item;
                        break;
                }
                if (*oldest->athlete != '\0' && (*item->athlete == '\0' || item->last_us < oldest->last_us))
                        oldest = item;
        }
        *oldest = (struct workout){.last_us = now_us};
        strcpy(oldest->athlete, athlete);
        return oldest;
}

const char *workout_other_exercise(struct workout *w, const struct exercise *exercise) {
        for (unsigned i = 0; i < w->n_groups; i++) {
                struct workout_group *g = &w->groups[i];

                if (strcmp(g->group, exercise->muscle_group) != 0)
                        continue;
                if (strcmp(g->exercise, exercise->name) == 0 || g->told)
                        return NULL;
                g->told = true;
                return g->exercise;
        }
        if (w->n_groups < WORKOUT_GROUPS) {
                struct workout_group *g = &w->groups[w->n_groups++];

                *g = (struct workout_group){.told = false};
                memcpy(g->group, exercise->muscle_group, sizeof(g->group));
                memcpy(g->exercise, exercise->name, sizeof(g->exercise));
        }
        return NULL;
}
