/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to files, each in one step: a new text is complete on disk before it takes the old one's name. */

#include "ctl/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/macros.h"
#include "util/textfile.h"

#define TEXT_MAX 65536

DEFINE_CLEANUP(FILE *, fclose);

static void freep(char **p) {
        free(*p);
}

void changes_done(struct changes *c) {
        for (size_t i = 0; i < c->n; i++) {
                struct change *item = &c->items[i];

                if (item->text) /* some are passwords */
                        explicit_bzero(item->text, strlen(item->text));
                if (item->before)
                        explicit_bzero(item->before, strlen(item->before));
                free(item->text);
                free(item->before);
                free(item->path);
        }
        c->n = 0;
}

static int read_text(const char *path, char **ret, struct stat *ret_st) {
        _cleanup_(fclosep) FILE *file = NULL;
        _cleanup_(freep) char *text = malloc(TEXT_MAX);
        const char *why;
        size_t n;

        if (!text)
                return -ENOMEM;
        file = textfile_open(path, &why);
        if (!file)
                return errno > 0 ? -errno : -EINVAL;
        n = fread(text, 1, TEXT_MAX, file);
        if (ferror(file) || fstat(fileno(file), ret_st) < 0)
                return -EIO;
        if (n == TEXT_MAX)
                return -EFBIG;
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        return 0;
}

static char *below_root(const char *root, const char *path) {
        char *whole;

        return asprintf(&whole, "%s%s", root, path) >= 0 ? whole : NULL;
}

int changes_read(const char *root, const char *path, char **ret) {
        _cleanup_(freep) char *whole = below_root(root, path);
        struct stat st;

        errno = 0;
        return whole ? read_text(whole, ret, &st) : -ENOMEM;
}

/* What the user of that name is called in numbers, by the root's own list: the one here may be another's. */
static int find_owner(const char *root, const char *name, uid_t *ret_uid, gid_t *ret_gid) {
        char path[PATH_MAX];
        _cleanup_(fclosep) FILE *file = NULL;
        struct passwd *user;

        snprintf(path, sizeof(path), "%s/etc/passwd", root);
        file = fopen(path, "re");
        if (!file)
                return -errno;
        while ((user = fgetpwent(file)))
                if (strcmp(user->pw_name, name) == 0) {
                        *ret_uid = user->pw_uid;
                        *ret_gid = user->pw_gid;
                        return 0;
                }
        return -ESRCH;
}

int changes_want(struct changes *c, const char *path, const char *text, mode_t mode, const char *owner,
        const char *what, bool (*is_ours)(const char *text)) {
        struct change *item = &c->items[c->n];
        struct stat st = {0};
        int r;

        if (c->n == CHANGES_MAX)
                return -ENOSPC;
        *item = (struct change){.what = what, .owner = owner, .mode = mode, .path = below_root(c->root, path)};
        item->text = text ? strdup(text) : NULL;
        c->n++;
        if (!item->path || (text && !item->text))
                return -ENOMEM;
        errno = 0;
        r = read_text(item->path, &item->before, &st);
        if (r < 0 && r != -ENOENT)
                return r;
        if (r == 0 && !is_ours(item->before))
                return -EEXIST;
        item->old.uid = st.st_uid;
        item->old.gid = st.st_gid;
        item->old.mode = st.st_mode & 07777;
        if (!item->before)
                item->kind = text ? CHANGE_CREATE : CHANGE_NONE;
        else if (!text)
                item->kind = CHANGE_REMOVE;
        else
                item->kind = strcmp(text, item->before) == 0 && item->old.mode == mode ? CHANGE_NONE
                                                                                       : CHANGE_REPLACE;
        return 0;
}

size_t changes_count(const struct changes *c) {
        size_t n = 0;

        for (size_t i = 0; i < c->n; i++)
                n += c->items[i].kind != CHANGE_NONE;
        return n;
}

void changes_print(const struct changes *c, FILE *stream) {
        static const char *const words[] = {
                [CHANGE_CREATE] = "write", [CHANGE_REPLACE] = "replace", [CHANGE_REMOVE] = "remove"};

        for (size_t i = 0; i < c->n; i++)
                if (c->items[i].kind != CHANGE_NONE)
                        fprintf(stream, "  %-8s %s  (%s)\n", words[c->items[i].kind], c->items[i].path,
                                c->items[i].what);
}

/* The folders above a file, below the root. */
static int make_folders(const char *path, size_t root_length) {
        char folder[PATH_MAX];

        if ((size_t) snprintf(folder, sizeof(folder), "%s", path) >= sizeof(folder))
                return -ENAMETOOLONG;
        for (char *slash = folder + root_length + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = '\0';
                if (mkdir(folder, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return 0;
}

static int fill(int fd, const char *text, mode_t mode, uid_t uid, gid_t gid) {
        size_t n = strlen(text);
        ssize_t written = write(fd, text, n);

        if (written < 0)
                return -errno;
        if ((size_t) written < n)
                return -ENOSPC;
        /* chown() before chmod(): it must not be readable by the wrong ones for a moment. */
        if ((uid != (uid_t) -1 && fchown(fd, uid, gid) < 0) || fchmod(fd, mode) < 0 || fsync(fd) < 0)
                return -errno;
        return 0;
}

static int put(const char *path, const char *text, mode_t mode, uid_t uid, gid_t gid) {
        char new[PATH_MAX];
        int fd, r;

        if ((size_t) snprintf(new, sizeof(new), "%s.XXXXXX", path) >= sizeof(new))
                return -ENAMETOOLONG;
        fd = mkostemp(new, O_CLOEXEC); /* mode 0600 */
        if (fd < 0)
                return -errno;
        r = fill(fd, text, mode, uid, gid);
        close(fd);
        if (r == 0 && rename(new, path) < 0)
                r = -errno;
        if (r < 0)
                unlink(new);
        return r;
}

static int make(struct changes *c, struct change *item) {
        uid_t uid = (uid_t) -1;
        gid_t gid = (gid_t) -1;
        int r;

        if (item->kind == CHANGE_REMOVE)
                return unlink(item->path) < 0 ? -errno : 0;
        /* In a root of somebody else's own, who is not root, everything is theirs. */
        if (item->owner && (geteuid() == 0 || *c->root == '\0')) {
                r = find_owner(c->root, item->owner, &uid, &gid);
                if (r < 0 && *c->root == '\0')
                        return r;
        }
        r = make_folders(item->path, strlen(c->root));
        return r < 0 ? r : put(item->path, item->text, item->mode, uid, gid);
}

int changes_apply(struct changes *c, const char **ret_path) {
        for (size_t i = 0; i < c->n; i++) {
                int r = c->items[i].kind != CHANGE_NONE ? make(c, &c->items[i]) : 0;

                if (r < 0) {
                        *ret_path = c->items[i].path;
                        changes_revert(c, i);
                        return r;
                }
        }
        return 0;
}

void changes_revert(struct changes *c, size_t n) {
        while (n-- > 0) {
                struct change *item = &c->items[n];

                if (item->kind == CHANGE_CREATE)
                        (void) unlink(item->path);
                else if (item->kind != CHANGE_NONE)
                        (void) put(item->path, item->before, item->old.mode, item->old.uid, item->old.gid);
        }
}
