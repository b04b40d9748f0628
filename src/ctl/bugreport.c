/* SPDX-License-Identifier: Apache-2.0 */
/* repcastctl bugreport: what somebody else needs to understand a fault, without what is nobody's business.
 *
 *     doctor ─▶ what is wrong ─┐
 *     files, programs, hub ────┼─▶ text ─▶ blank ─▶ a file each in a folder of our own ─▶ tar ─▶ FILE
 *     journal ─────────────────┘            ▲
 *                 passwords, people ────────'
 *
 * Everything goes through blank_write(), whatever it is. The archive is made by tar(1), which every Debian has, and is small
 * enough not to deserve a library. */

#include "ctl/bugreport.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "ctl/command.h"
#include "ctl/hubtool.h"
#include "ctl/program.h"

DEFINE_CLEANUP(char *, free);
DEFINE_CLEANUP(FILE *, fclose);

#define JOURNAL_MAX (4U << 20)
#define INNER       "repcast-bugreport" /* the folder in the archive */

static struct bugreport report; /* static for its size; a command runs once */

struct options {
        bool force;
        char path[PATH_MAX];
};

enum { KEY_ROOT = 0x100 };

static error_t parse_option(int key, char *arg, struct argp_state *state) {
        struct options *o = state->input;

        switch (key) {
        case 'f':
                o->force = true;
                return 0;
        case 'C':
                command_path(state, arg, report.doctor.config_path);
                return 0;
        case KEY_ROOT:
                command_root(state, arg, report.doctor.root);
                return 0;
        case ARGP_KEY_ARG:
                if (state->arg_num > 0)
                        argp_error(state, "one file is made, \"%s\" is too much", arg);
                command_path(state, arg, o->path);
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

static const struct argp_option options[] = {
        {"config", 'C', "FILE", 0, "Configuration (" REPCASTCONFDIR "/repcast.conf)", 0},
        {"force", 'f', NULL, 0, "Replace a file that is there", 0},
        {"root", KEY_ROOT, "DIR", 0, "Look at the files of the system below this folder", 0},
        {0},
};

static const struct argp argp = {
        .options = options,
        .parser = parse_option,
        .args_doc = "[FILE]",
        .doc = "Collect what a report of a fault needs: what the doctor finds, configuration, versions, state "
               "and journal of "
               "the service. Passwords, keys, passkeys, names of people and addresses of devices are left out. "
               "Nothing is "
               "sent.\v"
               "Exit status: 0 the file is there; 64 wrong use; 71 tar does not work; 73 a file cannot be "
               "made.\n\n"
               "Examples:\n"
               "  sudo repcastctl bugreport\n"
               "  sudo repcastctl bugreport report.tar.gz\n",
};

/* ---- parts ---- */

static void put_doctor(struct bugreport *b, FILE *out) {
        fputs(b->checked, out);
}

static void put_journal(struct bugreport *b, FILE *out) {
        fputs(b->journal ? b->journal : "There is no journal that this user may read.\n", out);
}

static void put_readme(struct bugreport *b, FILE *out) {
        (void) b;
        fputs("What repcastctl bugreport has collected. Left out are passwords, keys and passkeys ([secret], "
              "[key], [user]), names\n"
              "of people (person-1) and addresses of sensors, adapters and cards (device-1); the same number "
              "is the same one in all\n"
              "files. Left in are names of the hub, of stations, hosts and networks, and what people wrote "
              "into comments.\n",
                out);
}

static const struct part {
        const char *name, *what;
        void (*put)(struct bugreport *b, FILE *out);
} parts[] = {
        {"README.txt", "what was left out", put_readme},
        {"doctor.txt", "what repcastctl doctor finds", put_doctor},
        {"system.txt", "versions of kernel, distribution and packages", bugreport_system},
        {"configuration.txt", "repcast.conf, its drop-ins, every key", bugreport_configuration},
        {"hub.txt", "what the running hub says of itself", bugreport_hub},
        {"service.txt", "units and their state", bugreport_service},
        {"bluetooth.txt", "adapters, settings of BlueZ", bugreport_bluetooth},
        {"store.txt", "size and state of the event store", bugreport_store},
        {"journal.txt", "the journal of repcast and BlueZ", put_journal},
};

static int write_part(const char *folder, const struct part *p) {
        _cleanup_(freep) char *text = NULL;
        size_t n = 0;
        FILE *memory = open_memstream(&text, &n);
        char path[PATH_MAX];
        _cleanup_(fclosep) FILE *file = NULL;

        if (!memory)
                return -ENOMEM;
        p->put(&report, memory);
        if (fclose(memory) != 0)
                return -ENOMEM;
        snprintf(path, sizeof(path), "%s/" INNER "/%s", folder, p->name);
        file = fopen(path, "wxe");
        if (!file)
                return -errno;
        blank_write(&report.blank, text, n, file);
        if (fflush(file) != 0 || ferror(file))
                return -EIO;
        printf("  %-18s %7ld bytes  %s\n", p->name, ftell(file), p->what);
        return 0;
}

/* ---- before them ---- */

static void examine(void) {
        size_t n = 0;

        report.doctor.tell = doctor_tell_line;
        report.doctor.out = open_memstream(&report.checked, &n);
        if (!report.doctor.out)
                return;
        (void) doctor_run(&report.doctor);
        fclose(report.doctor.out);
}

static int prepare(void) {
        if (*report.doctor.config_path == '\0')
                doctor_path(&report.doctor, REPCASTCONFDIR "/repcast.conf", report.doctor.config_path);
        doctor_open(&report.doctor);
        examine();
        if (!report.checked)
                return -ENOMEM;
        if (program_capture((const char *[]){"journalctl", "--unit=repcast.service", "--unit=bluetooth.service",
                                    "--lines=3000", "--output=short-iso", "--no-hostname", "--no-pager",
                                    "--quiet", NULL},
                    JOURNAL_MAX, &report.journal) != 0) {
                free(report.journal);
                report.journal = NULL;
        }
        return bugreport_learn(&report);
}

/* ---- the archive ---- */

/* Ours alone, and nobody's link: the name may be in a folder where others write too. */
static int make_file(const struct options *o) {
        int fd;

        if (o->force && unlink(o->path) < 0 && errno != ENOENT)
                return -errno;
        fd = open(o->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        close(fd);
        return 0;
}

static void remove_folder(const char *folder) {
        char path[PATH_MAX];

        for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
                snprintf(path, sizeof(path), "%s/" INNER "/%s", folder, parts[i].name);
                unlink(path);
        }
        snprintf(path, sizeof(path), "%s/" INNER, folder);
        rmdir(path);
        rmdir(folder);
}

static int pack(const struct options *o, const char *folder) {
        int r = program_run((const char *[]){"tar", "--create", "--gzip", "--sort=name", "--owner=root:0",
                "--group=root:0", "--file", o->path, "--directory", folder, INNER, NULL});

        if (r == 0)
                return 0;
        fprintf(stderr, "repcastctl: tar: %s\n", r < 0 ? strerror(-r) : "it has failed");
        unlink(o->path);
        return EX_OSERR;
}

static int collect(const struct options *o, const char *folder) {
        char inner[PATH_MAX];
        int r;

        snprintf(inner, sizeof(inner), "%s/" INNER, folder);
        r = mkdir(inner, 0700) < 0 ? -errno : prepare();
        for (size_t i = 0; i < ARRAY_SIZE(parts) && r >= 0; i++)
                r = write_part(folder, &parts[i]);
        if (r < 0) {
                fprintf(stderr, "repcastctl: the report cannot be made: %s\n", strerror(-r));
                unlink(o->path);
                return EX_CANTCREAT;
        }
        r = pack(o, folder);
        if (r != 0)
                return r;
        printf("\nLeft out: secrets %zu times, names of people: %zu, addresses of devices: %zu.\n"
               "%s is there, and nothing was sent. Look into it before you give it to others:\n"
               "  tar --extract --to-stdout --file %s | less\n",
                report.blank.n_blanked, report.blank.n_names, report.blank.n_devices, o->path, o->path);
        return 0;
}

int bugreport_main(int argc, char *argv[]) {
        struct options o = {.force = false};
        char folder[] = "/tmp/repcast-XXXXXX";
        const time_t now = time(NULL);
        struct tm tm;
        int r;

        argv[0] = (char[]){"repcastctl bugreport"};
        argp_parse(&argp, argc, argv, 0, NULL, &o);
        if (*o.path == '\0')
                strftime(o.path, sizeof(o.path), "repcast-bugreport-%Y%m%d-%H%M%S.tar.gz",
                        localtime_r(&now, &tm));
        r = make_file(&o);
        if (r < 0) {
                fprintf(stderr, "repcastctl: %s: %s\n", o.path,
                        r == -EEXIST ? "is there; --force replaces it" : strerror(-r));
                return EX_CANTCREAT;
        }
        if (!mkdtemp(folder)) { /* mode 0700 */
                fprintf(stderr, "repcastctl: %s: %s\n", folder, strerror(errno));
                unlink(o.path);
                return EX_CANTCREAT;
        }
        r = collect(&o, folder);
        remove_folder(folder);
        blank_done(&report.blank);
        doctor_close(&report.doctor);
        free(report.checked);
        free(report.journal);
        return r;
}
