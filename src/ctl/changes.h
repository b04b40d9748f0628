/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Files to be written or removed: told first, then done as a whole, and taken back as a whole where something fails.
 *
 * A file is only touched if it is ours: it is not there yet, or the caller's test knows its text. Texts are small, and
 * both the old and the new ones are kept in memory. */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#define CHANGES_MAX 16

enum change_kind {
        CHANGE_NONE, /* it is there as wanted, or is not there and not wanted */
        CHANGE_CREATE,
        CHANGE_REPLACE,
        CHANGE_REMOVE,
};

struct change {
        enum change_kind kind;
        char *path;          /* with the root */
        const char *what;    /* in a few words */
        const char *owner;   /* user and group of that name; NULL = whoever runs this */
        mode_t mode;         /* of a new file */
        char *text, *before; /* NULL = not there */
        struct {
                uid_t uid;
                gid_t gid;
                mode_t mode;
        } old; /* of the file that was there */
};

struct changes {
        const char *root; /* "" or a folder that stands for / */
        struct change items[CHANGES_MAX];
        size_t n;
};

void changes_done(struct changes *c);

/* The whole text of a file below the root. Returns 0, -ENOENT and so on; -EFBIG beyond 64 KiB. */
int changes_read(const char *root, const char *path, char **ret);

/* Want a file to hold this text; NULL: want it gone. Returns 0, -EEXIST: somebody else's file is there, -ENOSPC: too
 * many, or what reading it said. */
int changes_want(struct changes *c, const char *path, const char *text, mode_t mode, const char *owner,
        const char *what, bool (*is_ours)(const char *text));

/* How many are to be made? */
size_t changes_count(const struct changes *c);

/* A line for each that is to be made. */
void changes_print(const struct changes *c, FILE *stream);

/* Make them all, in their order. On failure, *ret_path tells at which file, and those before are taken back. */
int changes_apply(struct changes *c, const char **ret_path);

/* Take back the first n of those that were made, as well as it goes. */
void changes_revert(struct changes *c, size_t n);
