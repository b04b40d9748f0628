/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Who answers BlueZ's questions while a hub pairs with the sensor: yes to everything, or a passkey. */

#include <stdint.h>

#include "peripheral/bus.h"

#define AGENT_NO_PASSKEY  UINT32_MAX
#define AGENT_PASSKEY_MAX 999999

struct agent {
        struct bus *bus;
        uint32_t passkey; /* AGENT_NO_PASSKEY: the sensor has neither keys nor a display */
};

void agent_export(struct agent *a, struct bus *bus);
/* Each time that BlueZ has come. */
void agent_register(struct agent *a);
