/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the coach says, as parts of payloads. What it has not seen, or not judged, is null. */

#include <jansson.h>

#include "message/message.h"

/* The core's words and the coach's. dive: 0 or NAN = none. */
json_t *judged_flags(unsigned flags, bool assisted, double dive);

/* Fields of the eccentric: of a rep, of a rep in its set. */
void judged_eccentric(json_t **j, const struct rep_note *n);
void judged_mark(json_t **j, const struct set_note *n, const struct rep_mark *mark);

json_t *judged_verdict(const struct rep_note *n);
json_t *judged_mark_verdict(const struct set_note *n, const struct rep_mark *mark);

/* Fields of a set. */
void judged_set(json_t **j, const struct set_note *n);

json_t *judged_target(const struct prescription *p);
json_t *judged_pace(const struct pace *p);

/* Of a state: what the athlete has done in this workout, and the advice that holds. */
json_t *judged_workout(const struct station_state *s);
json_t *judged_state_advice(const struct advice *a);

/* Fields of events of their own. */
void judged_fatigue(json_t **j, const struct fatigue_told *f);
void judged_advice(json_t **j, const struct advice *a);
void judged_alarm(json_t **j, const struct alarm *a);
