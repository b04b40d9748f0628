/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What a report of a fault is made of. Each part writes a text as it is; bugreport.c blanks what nobody else may see. */

#include <stdio.h>

#include "ctl/blank.h"
#include "ctl/doctor.h"

struct bugreport {
        struct doctor doctor;
        struct blank blank;
        char *checked; /* what the doctor has found */
        char *journal; /* NULL = it cannot be had */
};

/* Learn what must not be shown: passwords and passkeys, names of people. Returns 0 or negative errno: then nothing may be. */
int bugreport_learn(struct bugreport *b);

/* ---- parts ---- */

void bugreport_system(struct bugreport *b, FILE *out);
void bugreport_configuration(struct bugreport *b, FILE *out);
void bugreport_hub(struct bugreport *b, FILE *out);
void bugreport_service(struct bugreport *b, FILE *out);
void bugreport_bluetooth(struct bugreport *b, FILE *out);
void bugreport_store(struct bugreport *b, FILE *out);
