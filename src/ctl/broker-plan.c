/* SPDX-License-Identifier: Apache-2.0 */
/* The plan: passwords that are there stay, the list of their hashes is only made anew where it does not fit. */

#include "ctl/broker-plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/program.h"
#include "util/macros.h"

static const struct {
        const char *name, *path, *owner, *what;
} users[BROKER_USERS] = {
        [BROKER_HUB] = {HUB_USER, HUB_PASSWORD, "repcast", "the hub's password"},
        [BROKER_WALL] = {WALL_USER, WALL_PASSWORD, "root", "the dashboard's password, to be shown again"},
        [BROKER_COACH] = {COACH_USER, COACH_PASSWORD, "root", "the coach's password, to be shown again"},
};

static void freep(char **p) {
        free(*p);
}

static int refuse(const struct broker_plan *p, const char *path, int r) {
        if (r == -EEXIST)
                fprintf(stderr,
                        "repcastctl: %s%s: was not written by setup-broker, and stays; move it away if it may "
                        "go\n",
                        p->changes.root, path);
        else
                fprintf(stderr, "repcastctl: %s%s: %s\n", p->changes.root, path, strerror(-r));
        return r == -EEXIST ? EX_CONFIG : r == -EACCES || r == -EPERM ? EX_NOPERM : EX_IOERR;
}

/* A password that is there, or a new one. Returns 1 for a new one. */
static int choose(struct broker_plan *p, enum broker_user user) {
        _cleanup_(freep) char *there = NULL;
        int r = changes_read(p->changes.root, users[user].path, &there);

        if (r < 0 && r != -ENOENT)
                return r;
        if (r == 0 && !secret_is(there))
                return -EEXIST;
        if (r == 0 && !p->new_passwords) {
                memcpy(p->passwords[user], there, SECRET_MAX - 1);
                return 0;
        }
        r = secret_make(p->passwords[user]);
        return r < 0 ? r : 1;
}

/* mosquitto_passwd changes a file of plain passwords into one of hashes. It works in a folder that is nobody else's, and
 * a password on its command line would be everybody's to see. */
static int hash(const struct broker_plan *p, char **ret) {
        char folder[] = "/tmp/repcast-XXXXXX", file[sizeof(folder) + 8];
        FILE *stream;
        int r = -EIO;

        if (!mkdtemp(folder)) /* mode 0700 */
                return -errno;
        snprintf(file, sizeof(file), "%s/users", folder);
        stream = fopen(file, "we");
        if (stream) {
                (void) fchmod(fileno(stream), 0600);
                for (size_t i = 0; i < BROKER_USERS; i++)
                        if (*p->passwords[i] != '\0')
                                fprintf(stream, "%s:%s\n", users[i].name, p->passwords[i]);
                r = fclose(stream) == 0 ? program_run((const char *[]){"mosquitto_passwd", "-U", file, NULL})
                                        : -errno;
        }
        if (r == 0)
                r = changes_read("", file, ret);
        unlink(file);
        rmdir(folder);
        return r > 0 ? -EIO : r;
}

static int want_passwords(struct broker_plan *p, bool any_new, bool coach) {
        _cleanup_(freep) char *list = NULL;
        int r = changes_read(p->changes.root, BROKER_PASSWORDS, &list);

        if (r < 0 && r != -ENOENT)
                return refuse(p, BROKER_PASSWORDS, r);
        if (r < 0 || any_new || !broker_passwords_fit(list, coach)) {
                free(TAKE_PTR(list));
                r = hash(p, &list);
                if (r < 0) {
                        fprintf(stderr, "repcastctl: mosquitto_passwd: %s\n",
                                r == -ENOENT ? "is not there; first: apt install mosquitto"
                                             : "makes no hashes");
                        return EX_UNAVAILABLE;
                }
        }
        /* Of mosquitto, and nobody else's to read: newer brokers refuse anything else. */
        r = changes_want(&p->changes, BROKER_PASSWORDS, list, 0600, "mosquitto", "the broker's users, hashed",
                broker_passwords_are_ours);
        return r < 0 ? refuse(p, BROKER_PASSWORDS, r) : 0;
}

static int want_users(struct broker_plan *p, bool coach) {
        bool any_new = false;

        for (size_t i = 0; i < BROKER_USERS; i++) {
                bool wanted = i != BROKER_COACH || coach;
                char text[SECRET_MAX + 1];
                int r = wanted ? choose(p, i) : 0;

                any_new |= r > 0;
                if (r >= 0) {
                        snprintf(text, sizeof(text), "%s\n", p->passwords[i]);
                        r = changes_want(&p->changes, users[i].path, wanted ? text : NULL, 0600, users[i].owner,
                                users[i].what, secret_is);
                }
                if (r < 0)
                        return refuse(p, users[i].path, r);
        }
        return want_passwords(p, any_new, coach);
}

/* Takes the text over. */
static int want_text(struct broker_plan *p, const char *path, char *given, mode_t mode, const char *owner,
        const char *what) {
        _cleanup_(freep) char *text = given;
        int r = text ? changes_want(&p->changes, path, text, mode, owner, what, broker_text_is_ours) : -ENOMEM;

        return r < 0 ? refuse(p, path, r) : 0;
}

int broker_plan_make(struct broker_plan *p, const struct broker_settings *s) {
        int status = want_users(p, s->coach);

        if (status == 0)
                status = want_text(p, BROKER_ACL, broker_acl_text(s), 0600, "mosquitto", "who may do what");
        if (status == 0)
                status = want_text(p, BROKER_CONF, broker_conf_text(s), 0644, NULL, "the broker's listeners");
        if (status == 0)
                status = want_text(p, HUB_CONF, hub_conf_text(s), 0644, NULL, "where the hub finds it");
        return status;
}

int broker_plan_undo(struct broker_plan *p) {
        static const struct {
                const char *path, *what;
                bool (*is_ours)(const char *text);
        } files[] = {
                {HUB_CONF, "where the hub finds the broker", broker_text_is_ours},
                {BROKER_CONF, "the broker's listeners", broker_text_is_ours},
                {BROKER_ACL, "who may do what", broker_text_is_ours},
                {BROKER_PASSWORDS, "the broker's users", broker_passwords_are_ours},
                {HUB_PASSWORD, "the hub's password", secret_is},
                {WALL_PASSWORD, "the dashboard's password", secret_is},
                {COACH_PASSWORD, "the coach's password", secret_is},
        };

        for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
                int r = changes_want(
                        &p->changes, files[i].path, NULL, 0, NULL, files[i].what, files[i].is_ours);

                if (r < 0)
                        return refuse(p, files[i].path, r);
        }
        return 0;
}

void broker_plan_done(struct broker_plan *p) {
        changes_done(&p->changes);
        explicit_bzero(p->passwords, sizeof(p->passwords));
}
