/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Bluetooth device addresses as text, "D4:22:CD:00:11:22": the form in which BlueZ, configuration and people name a
 * sensor. Everywhere inside they are in capitals, so that two of them compare as strings. */

#include <stdbool.h>

#define ADDRESS_MAX 18 /* with the NUL */

/* Six pairs of hexadecimal digits of any case, with colons. The copy is in capitals; untouched where it is none. */
bool address_parse(const char *s, char ret[static ADDRESS_MAX]);

bool address_is_valid(const char *s);
