/* SPDX-License-Identifier: Apache-2.0 */
/* A recording played by a timer. */

#include "hub/source-recording.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hub/playback.h"
#include "util/macros.h"
#include "util/textfile.h"

#define BATCH_US                                                                                               \
        UINT64_C(40000) /* between two looks at what is due: a usual connection interval of a few packets */
#define ACCURACY_US UINT64_C(2000)
#define BATCH_MAX   64   /* samples handed over together */
#define TURN_MAX    4096 /* samples in one turn of the loop: others want theirs too */

struct source_recording {
        struct source source;
        char *path;
        const struct profiles *profiles;
        double speed, pause_us;
        bool loop;

        sd_event_source *timer;
        FILE *file;
        struct playback *playback;
        uint64_t start_us; /* when it was started, which is the instant of the very first sample */
        uint64_t base_us;  /* instant of this round's first sample */
        uint64_t first_us; /* and its time in the recording */
        uint64_t last_us;  /* instant of the newest sample handed over */
        bool any;          /* this round has brought a sample */
        bool has_next;
        struct sample next; /* read but not yet due; on the station's timeline */
        char why[512];      /* why there is no playback */
};

static struct source_recording *from_source(struct source *s) {
        return (struct source_recording *) s;
}

const char *source_state_to_string(enum source_state state) {
        static const char *const words[_SOURCE_STATE_MAX] = {
                [SOURCE_WAITING] = "waiting",
                [SOURCE_STREAMING] = "streaming",
                [SOURCE_ENDED] = "ended",
                [SOURCE_FAILED] = "failed",
        };

        return state < _SOURCE_STATE_MAX ? words[state] : NULL;
}

static void tell(struct source_recording *r, enum source_state state, const char *why) {
        r->source.handler->on_state(r->source.userdata, state, why);
}

/* The timer stays off from here on. */
static int finish(struct source_recording *r, enum source_state state, const char *why) {
        sd_event_source_set_enabled(r->timer, SD_EVENT_OFF);
        tell(r, state, why);
        return 0;
}

static int fail(struct source_recording *r) {
        return finish(r, SOURCE_FAILED, r->playback ? playback_error(r->playback) : r->why);
}

/* Read one sample ahead. 1, 0 at the end of the recording, or negative. */
static int read_ahead(struct source_recording *r) {
        int k = playback_next(r->playback, &r->next);

        r->has_next = k > 0;
        if (k <= 0)
                return k;
        if (!r->any)
                r->first_us = r->next.t_us;
        r->any = true;
        r->next.t_us = r->base_us + (r->next.t_us - r->first_us);
        return 1;
}

static void close_file(struct source_recording *r) {
        playback_free(TAKE_PTR(r->playback));
        if (r->file)
                fclose(TAKE_PTR(r->file));
}

static int begin_round(struct source_recording *r, uint64_t base_us) {
        const char *why;
        int k;

        close_file(r);
        r->base_us = base_us;
        r->any = false;
        r->file = textfile_open(r->path, &why);
        if (!r->file) {
                snprintf(r->why, sizeof(r->why), "%s: cannot be read: %s", r->path, why);
                return -EINVAL;
        }
        k = playback_open_stream(r->file, r->path, r->profiles, &r->playback);
        if (k == -ENOMEM)
                snprintf(r->why, sizeof(r->why), "%s", strerror(ENOMEM));
        return k < 0 ? k : read_ahead(r);
}

/* Wall clock instant at which the sample ahead is due. */
static uint64_t due_us(const struct source_recording *r) {
        return r->start_us + (uint64_t) ((double) (r->next.t_us - r->start_us) / r->speed);
}

/* Hand over what is due, a batch at a time. 1 = more is to come, 0 = the end, negative = a fault. */
static int play_due(struct source_recording *r, uint64_t now_us) {
        struct sample batch[BATCH_MAX];
        size_t n = 0, turn = 0;
        int k = 1;

        while (k > 0 && turn < TURN_MAX && due_us(r) <= now_us) {
                batch[n++] = r->next;
                turn++;
                r->last_us = r->next.t_us;
                k = read_ahead(r);
                if (n == BATCH_MAX) {
                        r->source.handler->on_samples(r->source.userdata, batch, n);
                        n = 0;
                }
        }
        if (n > 0)
                r->source.handler->on_samples(r->source.userdata, batch, n);
        return k;
}

static int on_timer(sd_event_source *timer, uint64_t usec, void *userdata) {
        struct source_recording *r = userdata;
        uint64_t now_us;
        int k;

        (void) usec;
        sd_event_now(sd_event_source_get_event(timer), CLOCK_MONOTONIC, &now_us);
        k = play_due(r, now_us);
        if (k == 0 && r->loop)
                k = begin_round(r, r->last_us + (uint64_t) r->pause_us);
        if (k < 0)
                return fail(r);
        if (k == 0)
                return finish(r, SOURCE_ENDED, NULL);
        /* A turn that was cut short leaves a sample overdue: the next one comes at once. */
        sd_event_source_set_time(timer, MAX(due_us(r), MIN(now_us + BATCH_US, due_us(r) + BATCH_US)));
        return 0;
}

static int recording_start(struct source *s) {
        struct source_recording *r = from_source(s);
        int k;

        sd_event_now(sd_event_source_get_event(r->timer), CLOCK_MONOTONIC, &r->start_us);
        tell(r, SOURCE_WAITING, NULL);
        k = begin_round(r, r->start_us);
        if (k < 0)
                return fail(r);
        if (k == 0)
                return finish(r, SOURCE_FAILED, "the recording holds no samples");
        tell(r, SOURCE_STREAMING, NULL);
        sd_event_source_set_time(r->timer, r->start_us);
        return sd_event_source_set_enabled(r->timer, SD_EVENT_ON);
}

static const char *recording_sensor(const struct source *s) {
        const struct playback *p = ((const struct source_recording *) s)->playback;

        return p ? playback_get_info(p).header->sensor : "";
}

static void recording_free_source(struct source *s) {
        struct source_recording *r = from_source(s);

        sd_event_source_disable_unref(r->timer);
        close_file(r);
        free(r->path);
        free(r);
}

int source_recording_new(sd_event *loop, const struct source_recording_config *config, struct source **ret) {
        static const struct source_ops ops = {
                .start = recording_start,
                .sensor = recording_sensor,
                .free = recording_free_source,
        };
        struct source_recording *r = calloc(1, sizeof(*r));
        int k;

        if (!r)
                return -ENOMEM;
        r->source.ops = &ops;
        r->profiles = config->profiles;
        r->speed = config->speed;
        r->loop = config->loop;
        r->pause_us = config->pause_s * 1e6;
        r->path = strdup(config->path);
        k = r->path ? sd_event_add_time(loop, &r->timer, CLOCK_MONOTONIC, 0, ACCURACY_US, on_timer, r)
                    : -ENOMEM;
        if (k >= 0)
                k = sd_event_source_set_enabled(r->timer, SD_EVENT_OFF);
        if (k < 0) {
                recording_free_source(&r->source);
                return k;
        }
        *ret = &r->source;
        return 0;
}
