/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* org.repcast.Hub1: the hub on the system bus; doc/dbus.md.
 *
 *     /org/repcast                ObjectManager
 *     /org/repcast/hub            org.repcast.Hub1      Scan, Adopt, Forget, Record
 *     /org/repcast/station/NAME   org.repcast.Station1
 *     /org/repcast/sensor/AA_...  org.repcast.Sensor1   wanted by a station, or near while a scan runs
 *     /org/repcast/adapter/AA_... org.repcast.Adapter1
 *
 * Who may call is the bus's business (org.repcast.Hub1.conf: root and the group repcast). */

#include <systemd/sd-bus.h>

struct api;
struct hub;

int api_new(struct hub *h, struct api **ret);
struct api *api_free(struct api *a);

void api_attach(struct api *a, sd_bus *bus); /* NULL = none */

/* Something has changed: tell it within a moment. */
void api_touch(struct api *a);
void api_flush(struct api *a); /* now */
