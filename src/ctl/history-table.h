/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Sets and repetitions of a history for people and for spreadsheets: columns over the payload of a set (doc/mqtt.md). */

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* The line of headings; reps: of a line for each repetition, else for each set. */
void history_head_table(FILE *out, bool reps);
void history_head_csv(FILE *out, bool reps);

/* A set of a history: its line, or those of its repetitions that count. */
void history_row_table(FILE *out, json_t *set, bool reps);
void history_row_csv(FILE *out, json_t *set, bool reps);
