/* SPDX-License-Identifier: Apache-2.0 */
/* The list of checks, running them, and what the person sees. */

#include "ctl/doctor.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_MAX 1024

static const struct check checks[] = {
        {"configuration", "repcast.conf and its drop-ins", check_configuration},
        {"secrets", "who can read passwords, keys and what the service needs", check_secrets},
        {"profiles", "how sensors are read", check_profiles},
        {"disk", "where events are kept", check_disk},
        {"clock", "the time of day", check_clock},
        {"radio", "Bluetooth adapters", check_radio},
        {"bluez", "bluetoothd, its version and settings", check_bluez},
        {"certificates", "what TLS needs", check_certificates},
        {"broker", "every broker, as the hub would use it", check_broker},
        {"dashboard", "the broker's port for screens", check_dashboard},
        {"service", "repcast.service", check_service},
        {"hub", "what the running hub says of itself", check_hub},
};

static _printf_(3, 0) void put(struct doctor *d, enum finding f, const char *format, va_list ap) {
        const enum weight weight = finding_info(f)->weight;
        char text[TEXT_MAX];

        vsnprintf(text, sizeof(text), format, ap);
        d->n[weight]++;
        d->worst = MAX(d->worst, weight);
        d->tell(d, f, text);
}

void doctor_ok(struct doctor *d, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        put(d, FINDING_NONE, format, ap);
        va_end(ap);
}

void doctor_find(struct doctor *d, enum finding f, const char *format, ...) {
        va_list ap;

        va_start(ap, format);
        put(d, f, format, ap);
        va_end(ap);
}

void doctor_open(struct doctor *d) {
        char folder[PATH_MAX];

        unit_read("repcast.service", &d->unit);
        doctor_find_user(d);
        /* What the service gets by LoadCredential=, as far as this user may see it. */
        if (!getenv("CREDENTIALS_DIRECTORY") &&
                access(doctor_path(d, "/run/credentials/repcast.service", folder), X_OK) == 0)
                (void) setenv("CREDENTIALS_DIRECTORY", folder, 1);
        if (sd_bus_open_system(&d->bus) < 0)
                d->bus = NULL;
        if (d->bus)
                doctor_ask_bluez(d->bus, &d->air);
        d->view_error = d->bus ? -view_try_load(d->bus, &d->view) : ENOTCONN;
}

void doctor_close(struct doctor *d) {
        d->bus = sd_bus_flush_close_unref(d->bus);
        d->config = config_free(d->config);
}

enum weight doctor_run(struct doctor *d) {
        enum weight worst = WEIGHT_OK;

        for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
                d->check = checks[i].name;
                d->worst = WEIGHT_OK;
                checks[i].run(d);
                worst = MAX(worst, d->worst);
        }
        return worst;
}
