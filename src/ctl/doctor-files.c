/* SPDX-License-Identifier: Apache-2.0 */
/* What the service's user may do with a file. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/doctor.h"

DEFINE_CLEANUP(FILE *, fclose);

const char *doctor_path(const struct doctor *d, const char *path, char ret[static PATH_MAX]) {
        if ((size_t) snprintf(ret, PATH_MAX, "%s%s", d->root, path) >= PATH_MAX)
                *ret = '\0'; /* nothing is there */
        return ret;
}

const char *doctor_inner(const struct doctor *d, const char *path) {
        size_t n = strlen(d->root);

        return strncmp(path, d->root, n) == 0 && path[n] == '/' ? path + n : path;
}

/* ---- the user ---- */

static const char *user_name(const struct doctor *d) {
        return *d->unit.user ? d->unit.user : "repcast";
}

static void add_group(struct doctor *d, gid_t gid) {
        if (d->user.n_groups < ARRAY_SIZE(d->user.groups))
                d->user.groups[d->user.n_groups++] = gid;
}

static void find_groups(struct doctor *d, const char *name) {
        char path[PATH_MAX];
        _cleanup_(fclosep) FILE *file = fopen(doctor_path(d, "/etc/group", path), "re");
        struct group *g;

        while (file && (g = fgetgrent(file)))
                for (char **member = g->gr_mem; *member; member++)
                        if (strcmp(*member, name) == 0)
                                add_group(d, g->gr_gid);
}

/* By the lists of the root: systemd-sysusers writes there, and the user here may be another one's. */
void doctor_find_user(struct doctor *d) {
        char path[PATH_MAX];
        _cleanup_(fclosep) FILE *file = fopen(doctor_path(d, "/etc/passwd", path), "re");
        struct passwd *p;

        while (file && (p = fgetpwent(file)))
                if (strcmp(p->pw_name, user_name(d)) == 0) {
                        d->user.known = true;
                        d->user.uid = p->pw_uid;
                        add_group(d, p->pw_gid);
                        find_groups(d, user_name(d));
                        return;
                }
}

/* ---- rights ---- */

static bool is_in_group(const struct doctor *d, gid_t gid) {
        for (size_t i = 0; i < d->user.n_groups; i++)
                if (d->user.groups[i] == gid)
                        return true;
        return false;
}

/* R_OK, W_OK and X_OK are the bits of a mode's last digit. */
static int may(const struct doctor *d, const char *path, int what) {
        struct stat st;
        unsigned bits;

        if (stat(path, &st) < 0)
                return -errno;
        if (st.st_uid == d->user.uid)
                bits = st.st_mode >> 6;
        else
                bits = is_in_group(d, st.st_gid) ? st.st_mode >> 3 : st.st_mode;
        return ((int) bits & what) == what ? 0 : -EACCES;
}

int doctor_user_may(const struct doctor *d, const char *path, int what, const char **ret_where) {
        static char part[PATH_MAX];
        size_t n = strlen(path) < sizeof(part) ? (size_t) (doctor_inner(d, path) - path) : 0;
        int r;

        *ret_where = path;
        for (const char *slash = strchr(path + n + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                snprintf(part, sizeof(part), "%.*s", (int) (slash - path), path);
                r = may(d, part, X_OK);
                if (r < 0) {
                        *ret_where = part;
                        return r;
                }
        }
        return may(d, path, what);
}

bool doctor_is_hidden(const struct doctor *d, const char *path) {
        static const char *const folders[] = {"/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"};
        const char *inner = doctor_inner(d, path);

        for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
                if (strncmp(inner, folders[i], strlen(folders[i])) == 0)
                        return true;
        return false;
}
