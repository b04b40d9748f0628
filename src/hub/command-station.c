/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to a station: who lifts what there, and what of it counts. */

#include <errno.h>

#include "hub/command.h"
#include "hub/hub-private.h"

static struct station *find(struct hub *h, const char *name, struct refusal *refusal) {
        struct station *s = hub_find_station(h, name);

        if (s && station_is_active(s))
                return s;
        (void) refuse_station(h, name, refusal);
        return NULL;
}

int command_end_set(struct hub *h, const char *station, struct refusal *refusal) {
        struct station *s = find(h, station, refusal);

        if (!s)
                return -EINVAL;
        if (!station_end_set(s))
                return refuse(refusal, ERROR_NO_SET, "no set is running at %s", station);
        return 0;
}
