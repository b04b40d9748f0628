/* SPDX-License-Identifier: Apache-2.0 */
/* mock-bluez [SCRIPT]: be org.bluez on the bus of $DBUS_SYSTEM_BUS_ADDRESS. Commands come from the script, then from
 * standard input, whose end does not matter; each of the latter is answered by "ok" or "error: ...". */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "mock.h"

static char input[65536];
static size_t n_input;

static void answer(struct mock *m, char *line) {
        const char *error = run_command(m, line);

        printf(error ? "error: %s\n" : "ok\n", error);
        fflush(stdout);
}

static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        ssize_t n = read(fd, input + n_input, sizeof(input) - n_input - 1);

        (void) revents;
        if (n <= 0)
                return n < 0 && errno == EAGAIN ? 0 : sd_event_source_set_enabled(source, SD_EVENT_OFF);
        n_input += (size_t) n;
        input[n_input] = '\0';
        for (char *newline; (newline = strchr(input, '\n'));) {
                *newline = '\0';
                answer(userdata, input);
                n_input -= (size_t) (newline + 1 - input);
                memmove(input, newline + 1, n_input + 1);
        }
        return 0;
}

/* The real one writes to memory that it has freed when a client leaves with acquired notifications (up to 5.85). */
static int on_owner(sd_bus_message *signal, void *userdata, sd_bus_error *error) {
        struct mock *m = userdata;
        const char *name, *before, *after;

        (void) error;
        if (sd_bus_message_read(signal, "sss", &name, &before, &after) < 0 || *after || *name != ':')
                return 0;
        if (strcmp(m->agent.client, name) == 0)
                m->agent.client[0] = '\0';
        for (struct adapter *a = m->adapters; a; a = a->next)
                if (a->discovering && strcmp(a->discoverer, name) == 0)
                        stop_discovery(a);
        for (struct listener *l = m->listeners, *next; l; l = next) {
                next = l->next;
                if (strcmp(l->client, name) != 0)
                        continue;
                if (l->fd >= 0)
                        say(m, "violation %s left with acquired notifications", name);
                close_listeners(m, l->peer, l->attribute);
                next = m->listeners;
        }
        return 0;
}

static int run_script(struct mock *m, const char *path) {
        FILE *f = fopen(path, "re");
        char line[4096];
        unsigned number = 0;

        if (!f) {
                fprintf(stderr, "mock-bluez: %s: %s\n", path, strerror(errno));
                return -errno;
        }
        while (fgets(line, sizeof(line), f)) {
                const char *error = run_command(m, line);

                number++;
                if (error) {
                        fprintf(stderr, "mock-bluez: %s:%u: %s\n", path, number, error);
                        fclose(f);
                        return -EINVAL;
                }
        }
        fclose(f);
        return 0;
}

int main(int argc, char *argv[]) {
        static struct mock m = {.advert_ms = 10,
                .connect_ms = 10,
                .absent_ms = 41000,
                .disconnect_ms = 20,
                .expire_ms = 30000,
                .slow_ms = 10000};
        int r;

        prctl(PR_SET_PDEATHSIG, SIGTERM); /* no test leaves it behind */
        signal(SIGPIPE, SIG_IGN);
        r = sd_event_default(&m.event);
        if (r >= 0)
                r = sd_bus_open_system(&m.bus);
        if (r >= 0)
                r = sd_bus_attach_event(m.bus, m.event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(m.bus, 1);
        if (r >= 0)
                r = sd_bus_add_fallback(m.bus, NULL, "/", on_message, &m);
        if (r >= 0)
                r = sd_bus_match_signal(m.bus, NULL, "org.freedesktop.DBus", NULL, "org.freedesktop.DBus",
                        "NameOwnerChanged", on_owner, &m);
        if (r >= 0 && argc > 1)
                r = run_script(&m, argv[1]);
        start_adverts(&m);
        if (r >= 0)
                r = sd_bus_request_name(m.bus, "org.bluez", 0);
        if (r >= 0)
                r = sd_event_add_io(m.event, NULL, STDIN_FILENO, EPOLLIN, on_input, &m);
        if (r == -EPERM) /* a file or /dev/null: nothing will come from there */
                r = 0;
        if (r >= 0) {
                puts("ready");
                fflush(stdout);
                r = sd_event_loop(m.event);
        }
        if (r < 0)
                fprintf(stderr, "mock-bluez: %s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
