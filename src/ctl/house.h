/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include <stdio.h>

/* Where the other machines of the house find the dashboard of this one: a line for each address. */
void house_print_addresses(unsigned port, FILE *stream);
