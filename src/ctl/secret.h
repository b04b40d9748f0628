/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Passwords that people have to type, perhaps on a television's remote control: 16 letters and digits in groups of four,
 * without those that look alike. 32 of them to choose from make 5 bits each, 80 in all. */

#include <stdbool.h>

#define SECRET_MAX 20 /* abcd-efgh-jkmn-pqrs and the NUL */

/* Returns 0 or a negative errno value: the kernel gives no random bytes. */
int secret_make(char ret[static SECRET_MAX]);

/* Is it one, with a line end behind it or not? */
bool secret_is(const char *text);
