/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* An event as it stands after what was said about it later: amendments put over a rep or a set. */

#include <stdbool.h>

/* json: a rep or a set as it was published; amends: the amendments of its station and set that came after it, in their
 * order. What comes out has their figures and names, for a rep also stands (does it count?), and amended: their ids.
 * Returns 0 and a string to free(); -EINVAL where one of the texts is none of ours; or -ENOMEM. */
int amended_json(const char *json, char *const *amends, unsigned n, char **ret);
