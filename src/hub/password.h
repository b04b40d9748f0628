/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stddef.h>

/* The broker's password: the first line of the file; of systemd's credential "mqtt-password" where path is empty
 * (systemd.exec(5), LoadCredential=); empty where there is neither. A file that others can read is refused. Returns 0,
 * or a negative errno value and the reason in words. */
int password_read(const char *path, char *ret, size_t size, char *ret_why, size_t why_size);

/* The path of a credential of systemd's, where there is one; else empty. */
void password_find_credential(const char *name, char *ret, size_t size);
