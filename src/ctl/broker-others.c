/* SPDX-License-Identifier: Apache-2.0 */
/* What others have written into mosquitto's configuration. */

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/broker-files.h"
#include "util/macros.h"
#include "util/textfile.h"

DEFINE_CLEANUP(FILE *, fclose);

#define FOLDER BROKER_FOLDER "/conf.d"

/* Words that begin a line which makes a listener, a user or a right. All but the first belong to all listeners at once,
 * or would fight with a second value. */
static const char *const deciding[] = {"listener", "port", "bind_address", "allow_anonymous", "password_file",
        "acl_file", "per_listener_settings", "plugin", "auth_plugin", "psk_file"};

struct look {
        const char *root;
        bool found, includes;
};

static void look_at_line(struct look *l, const char *path, unsigned line, char *text) {
        char *word = strtok(text, " \t\n"), *value = strtok(NULL, " \t\n");

        if (!word || *word == '#')
                return;
        if (strcmp(word, "include_dir") == 0 && value && strcmp(value, FOLDER) == 0)
                l->includes = true;
        for (size_t i = 0; i < ARRAY_SIZE(deciding); i++)
                if (strcmp(word, deciding[i]) == 0) {
                        fprintf(stderr, "repcastctl: %s:%u: %s %s\n", path, line, word, value ? value : "");
                        l->found = true;
                }
}

static int look_at_file(struct look *l, const char *name) {
        char path[PATH_MAX], *text = NULL;
        _cleanup_(fclosep) FILE *file = NULL;
        const char *why;
        size_t size = 0;

        snprintf(path, sizeof(path), "%s%s", l->root, name);
        errno = 0;
        file = textfile_open(path, &why);
        if (!file)
                return errno > 0 ? -errno : -EINVAL;
        for (unsigned line = 1; getline(&text, &size, file) >= 0; line++)
                look_at_line(l, path, line, text);
        free(text);
        return ferror(file) ? -EIO : 0;
}

static int is_other(const struct dirent *e) {
        const char *dot = strrchr(e->d_name, '.');

        return dot && strcmp(dot, ".conf") == 0 && strcmp(e->d_name, "repcast.conf") != 0;
}

static int look_into_folder(struct look *l) {
        struct dirent **names = NULL;
        char path[PATH_MAX];
        int n, r = 0;

        snprintf(path, sizeof(path), "%s" FOLDER, l->root);
        n = scandir(path, &names, is_other, alphasort);
        if (n < 0)
                return errno == ENOENT ? 0 : -errno;
        for (int i = 0; i < n; i++) {
                snprintf(path, sizeof(path), FOLDER "/%s", names[i]->d_name);
                if (r == 0)
                        r = look_at_file(l, path);
                free(names[i]);
        }
        free(names);
        return r;
}

int broker_look_for_others(const char *root) {
        struct look l = {.root = root};
        int r = look_at_file(&l, BROKER_FOLDER "/mosquitto.conf");

        if (r == 0)
                r = look_into_folder(&l);
        if (r < 0)
                return r;
        if (!l.includes) {
                fprintf(stderr,
                        "repcastctl: %s" BROKER_FOLDER "/mosquitto.conf: has no line \"include_dir " FOLDER
                        "\"\n",
                        root);
                return 1;
        }
        return l.found;
}
