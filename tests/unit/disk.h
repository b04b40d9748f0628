/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A disk with faults on order: it stands between SQLite and the file system, for every database that is opened. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum disk_fault {
        DISK_WELL,
        DISK_FULL,      /* no write succeeds */
        DISK_BROKEN,    /* every write and sync fails */
        DISK_NO_SYNC,   /* every sync fails */
        DISK_READ_ONLY, /* files open for reading only */
};

void disk_insert(void);
void disk_set_fault(enum disk_fault fault);

/* This many more writes succeed before the fault sets in. */
void disk_set_fault_after(enum disk_fault fault, unsigned writes);

unsigned disk_count_syncs(void); /* so far */

/* Write down every change from now on, and how many there are. */
void disk_record(void);
size_t disk_recorded(void);

/* What a power cut after the first n changes leaves of the database at path, written to that at copy: what was synced is
 * there; of each later change whole, part or nothing. */
void disk_cut(size_t n, uint32_t seed, const char *path, const char *copy);

void disk_remove(void);
