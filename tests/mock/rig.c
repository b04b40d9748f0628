/* SPDX-License-Identifier: Apache-2.0 */
/* A test's own bus, its own fake BlueZ, and the client under test. */

#include "rig.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"

#define MS UINT64_C(1000)

static uint64_t deadline_us;

static uint64_t now_us(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* ---- processes ----------------------------------------------------------------------------------------------- */

bool rig_has_bus(void) {
        const char *daemon = getenv("DBUS_DAEMON");

        return daemon && *daemon;
}

static pid_t spawn(char *const argv[], int in, int out, bool silent) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (in >= 0)
                        dup2(in, STDIN_FILENO);
                dup2(out, STDOUT_FILENO);
                if (silent)
                        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
                execv(argv[0], argv);
                _exit(127);
        }
        return pid;
}

static void end(pid_t *pid) {
        if (*pid <= 0)
                return;
        kill(*pid, SIGKILL);
        waitpid(*pid, NULL, 0);
        *pid = 0;
}

static void start_bus(struct rig *r) {
        char config[512],
                *argv[] = {getenv("DBUS_DAEMON"), config, (char[]){"--nofork"}, (char[]){"--print-address=1"},
                        NULL};
        int fds[2];
        ssize_t n;

        snprintf(config, sizeof(config), "--config-file=%s/tests/mock/bus.conf", getenv("srcdir"));
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        r->daemon = spawn(argv, -1, fds[1], true);
        close(fds[1]);
        n = read(fds[0], r->address, sizeof(r->address) - 1);
        assert_true(n > 0);
        r->address[strcspn(r->address, "\n")] = '\0';
        close(fds[0]);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", r->address, 1);
}

static int on_mock(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        struct rig *r = userdata;
        char text[65536];
        ssize_t n = read(fd, text, sizeof(text));

        (void) revents;
        if (n <= 0)
                return sd_event_source_set_enabled(s, SD_EVENT_OFF);
        r->log = realloc(r->log, r->n_log + (size_t) n + 1);
        assert_non_null(r->log);
        memcpy(r->log + r->n_log, text, (size_t) n);
        r->n_log += (size_t) n;
        r->log[r->n_log] = '\0';
        return 0;
}

void rig_mock_start(struct rig *r) {
        char program[512], *argv[] = {program, NULL};
        int in[2], out[2];

        snprintf(program, sizeof(program), "%s/tests/mock/mock-bluez", getenv("builddir"));
        assert_int_equal(pipe2(in, O_CLOEXEC), 0);
        assert_int_equal(pipe2(out, O_CLOEXEC), 0);
        r->mock = spawn(argv, in[0], out[1], false);
        close(in[0]);
        close(out[1]);
        r->to_mock = in[1];
        r->from_mock = out[0];
        fcntl(r->from_mock, F_SETFL, O_NONBLOCK);
        assert_true(sd_event_add_io(r->event, &r->mock_source, r->from_mock, EPOLLIN, on_mock, r) >= 0);
        rig_forget_log(r);
        UNTIL(r, rig_said(r, "ready") == 1);
}

void rig_mock_kill(struct rig *r) {
        end(&r->mock);
        r->mock_source = sd_event_source_disable_unref(r->mock_source);
        if (r->to_mock >= 0)
                close(r->to_mock);
        if (r->from_mock >= 0)
                close(r->from_mock);
        r->to_mock = r->from_mock = -1;
}

/* ---- the mock ------------------------------------------------------------------------------------------------ */

unsigned rig_said(const struct rig *r, const char *beginning) {
        size_t n = strlen(beginning);
        unsigned times = 0;

        for (const char *line = r->log; line && *line;) {
                times += strncmp(line, beginning, n) == 0;
                line = strchr(line, '\n');
                line = line ? line + 1 : NULL;
        }
        return times;
}

void rig_forget_log(struct rig *r) {
        free(r->log);
        r->log = strdup("");
        r->n_log = 0;
        r->answers = 0;
}

static void command(struct rig *r, const char *line) {
        size_t n = strlen(line);

        assert_int_equal(write(r->to_mock, line, n), n);
        assert_int_equal(write(r->to_mock, "\n", 1), 1);
        r->answers++;
}

void rig_tell(struct rig *r, const char *format, ...) {
        char line[1024];
        va_list ap;
        int n;

        va_start(ap, format);
        n = vsnprintf(line, sizeof(line), format, ap);
        va_end(ap);
        assert_true(n > 0 && (size_t) n < sizeof(line));
        command(r, line);
        UNTIL(r, rig_said(r, "ok") + rig_said(r, "error: ") == r->answers);
        if (rig_said(r, "error: "))
                fail_msg("the mock does not take \"%s\": %s", line, strstr(r->log, "error: "));
}

void rig_tell_while_stalled(struct rig *r, const char *line) {
        struct pollfd answer = {.fd = r->from_mock, .events = POLLIN};

        command(r, line);
        assert_int_equal(poll(&answer, 1, 10000), 1);
}

const char *rig_address(unsigned i) {
        static char address[4][32];
        static unsigned turn;

        turn = (turn + 1) % 4;
        snprintf(address[turn], sizeof(address[turn]), "C0:FF:EE:00:00:%02X", i & 255);
        return address[turn];
}

void rig_sensor(struct rig *r, unsigned i, const char *options) {
        const char *a = rig_address(i);

        rig_tell(r, "sensor %s %s", a, options);
        rig_tell(r, "characteristic %s " RIG_STREAM " notify", a);
        rig_tell(r, "characteristic %s " RIG_WRITE " write,write-without-response", a);
        rig_tell(r, "characteristic %s " RIG_BATTERY " read,notify value=2a", a);
        rig_tell(r, "characteristic %s 00002a24-0000-1000-8000-00805f9b34fb read value=42617220310a", a);
        rig_tell(r, "pattern %s " RIG_STREAM " 20 5", a);
}

/* ---- the client ---------------------------------------------------------------------------------------------- */

static void on_service(void *userdata, enum bluez_service_state state, const char *why) {
        struct rig *r = userdata;

        (void) why;
        r->service = state;
        r->times_ready += state == BLUEZ_SERVICE_READY;
}

static void on_adapter(void *userdata, const struct bluez_adapter_info *info) {
        struct rig *r = userdata;
        unsigned i = 0;

        while (i < r->n_adapters && strcmp(r->adapters[i].address, info->address) != 0)
                i++;
        assert_true(i < 4);
        r->adapters[i] = *info;
        r->n_adapters = i < r->n_adapters ? r->n_adapters : i + 1;
}

static void on_device(void *userdata, const struct bluez_device_info *info) {
        struct rig *r = userdata;

        r->devices++;
        r->last_device = *info;
}

static void on_stopped(void *userdata) {
        ((struct rig *) userdata)->stopped = true;
}

static void on_state(void *userdata, enum bluez_link_state state, const char *why) {
        struct rig_sensor *s = userdata;
        size_t n = strlen(s->seen);

        s->state = state;
        if (why)
                snprintf(s->why, sizeof(s->why), "%s", why);
        s->streamed += state == BLUEZ_LINK_STREAMING;
        snprintf(s->seen + n, sizeof(s->seen) - n, "%s ", bluez_link_state_to_string(state));
}

static void on_packet(void *userdata, unsigned stream, const uint8_t *bytes, size_t n, uint64_t arrival_us) {
        struct rig_sensor *s = userdata;
        uint32_t counter;

        assert_int_equal(stream, 0);
        s->unsteady |= arrival_us < s->last_us;
        s->last_us = arrival_us;
        if (n < sizeof(counter)) {
                s->packets++;
                return;
        }
        memcpy(&counter, bytes, sizeof(counter));
        s->gaps += s->packets > 0 && counter != s->last + 1;
        s->last = counter;
        s->packets++;
}

static void on_battery(void *userdata, unsigned percent) {
        ((struct rig_sensor *) userdata)->battery = (int) percent;
}

static void on_battery_value(void *userdata, const uint8_t *bytes, size_t n) {
        struct rig_sensor *s = userdata;

        assert_int_equal(n, 1);
        s->battery = bytes[0];
        s->battery_values++;
}

static void on_info(void *userdata, const struct bluez_sensor_info *info) {
        struct rig_sensor *s = userdata;

        s->info = *info;
        s->informed = true;
}

static const struct bluez_handler handler = {on_service, on_adapter, on_device, on_stopped};
static const struct bluez_link_handler link_handler = {
        on_state, on_packet, on_battery, on_battery_value, on_info};

struct gatt_plan rig_plan(void) {
        struct gatt_plan plan = {
                .characteristics = {{.uuids = {"0000aaaa-0000-1000-8000-00805f9a34fb", RIG_STREAM},
                                            .n_uuids = 2},
                        {.uuids = {RIG_WRITE}, .n_uuids = 1}, {.uuids = {RIG_BATTERY}, .n_uuids = 1}},
                .n_characteristics = 3,
                .streams = {0},
                .n_streams = 1,
                .least_mtu = 23,
                .init = {.steps = {{.action = GATT_WRITE,
                                           .characteristic = 1,
                                           .n_bytes = 2,
                                           .bytes = {0xff, 0xaa}},
                                 {.action = GATT_SUBSCRIBE, .characteristic = 0},
                                 {.action = GATT_WAIT, .wait_ms = 2},
                                 {.action = GATT_SEND, .characteristic = 1, .n_bytes = 1, .bytes = {0x01}}},
                        .n_steps = 4},
                .stop = {.steps = {{.action = GATT_WRITE, .characteristic = 1, .n_bytes = 1, .bytes = {0x5f}}},
                        .n_steps = 1},
                .battery = GATT_BATTERY_STANDARD,
        };

        return plan;
}

void rig_want(struct rig *r, unsigned i, const struct bluez_want *more) {
        struct gatt_plan plan = rig_plan();
        struct bluez_want want = more ? *more : (struct bluez_want){.passkey = -1};
        struct rig_sensor *s = &r->sensors[i];

        want.address = rig_address(i);
        if (!want.plan)
                want.plan = &plan;
        *s = (struct rig_sensor){.rig = r, .battery = -1};
        assert_int_equal(bluez_want(r->b, &want, &link_handler, s, &s->link), 0);
}

void rig_client(struct rig *r) {
        r->b = bluez_free(r->b);
        assert_int_equal(bluez_new(r->event, r->bus, &r->params, &handler, r, &r->b), 0);
        if (r->mock > 0)
                UNTIL(r, r->service == BLUEZ_SERVICE_READY);
}

struct rig *rig_new(bool with_mock) {
        struct rig *r = calloc(1, sizeof(*r));

        assert_non_null(r);
        r->to_mock = r->from_mock = -1;
        r->service = _BLUEZ_SERVICE_STATE_MAX;
        r->params = bluez_params_default();
        r->params.connect_us = 5000 * MS;
        r->params.resolve_us = 5000 * MS;
        r->params.settle_us = 200 * MS;
        r->params.pair_us = r->params.prepare_us = r->params.call_us = 3000 * MS;
        r->params.acquire_us = 1000 * MS;
        r->params.close_us = 2000 * MS;
        r->params.retry_min_us = 20 * MS;
        r->params.retry_max_us = 200 * MS;
        r->params.retry_soon_us = 10 * MS;
        r->params.quarantine_us = 300 * MS;
        r->params.scan_us = 1000 * MS;
        r->params.scan_pause_us = 50 * MS;
        r->params.breaker_us = 200 * MS;
        r->params.stop_us = 5000 * MS;
        r->params.seed = 7;
        assert_true(sd_event_new(&r->event) >= 0);
        start_bus(r);
        rig_forget_log(r);
        if (with_mock)
                rig_mock_start(r);
        assert_true(sd_bus_open_system(&r->bus) >= 0);
        assert_true(sd_bus_attach_event(r->bus, r->event, 0) >= 0);
        return r;
}

void rig_stop(struct rig *r) {
        bluez_stop(r->b);
        UNTIL(r, r->stopped);
        r->b = bluez_free(r->b);
        sd_bus_flush_close_unref(r->bus);
        r->bus = NULL;
        if (r->mock > 0)
                rig_tell(r, "# that was all");
        if (rig_said(r, "violation"))
                fail_msg("%s", strstr(r->log, "violation"));
        rig_free(r);
}

void rig_free(struct rig *r) {
        r->b = bluez_free(r->b);
        sd_bus_flush_close_unref(r->bus);
        rig_mock_kill(r);
        end(&r->daemon);
        sd_event_unref(r->event);
        free(r->log);
        free(r);
}

/* ---- time ---------------------------------------------------------------------------------------------------- */

void rig_start_waiting(struct rig *r) {
        (void) r;
        deadline_us = now_us() + RIG_PATIENCE_S * UINT64_C(1000000);
}

static void run(struct rig *r, uint64_t timeout_us) {
        assert_true((r->b ? bluez_run(r->b, timeout_us) : sd_event_run(r->event, timeout_us)) >= 0);
}

bool rig_run_once(struct rig *r) {
        run(r, 100 * MS);
        return now_us() < deadline_us;
}

void rig_run_for_ms(struct rig *r, unsigned ms) {
        uint64_t end_us = now_us() + ms * MS;

        while (now_us() < end_us)
                run(r, end_us - now_us());
}
