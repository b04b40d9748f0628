/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A command that is carried out at once, and told of when what it changed is on the disk. */

#include "hub/command.h"

struct keeping;

/* path: the file that is written; lost: what the next start will not know if it is not. Both must outlive it. NULL = no
 * memory. */
struct keeping *keeping_new(const char *path, const char *lost, command_done done, void *userdata);

/* Tell how it went, and free it: the persist_done of the write. r: 0 or a negative errno value. */
void keeping_end(int r, void *keeping);

/* There is nothing to be kept. */
void keeping_free(struct keeping *k);

/* It could not even be tried: free it. */
int keeping_refuse(struct keeping *k, int r, struct refusal *refusal);
