/* SPDX-License-Identifier: Apache-2.0 */
/* Status, health and the states of sensors, to the letter; and what of them is news. */

#include "message/health.h"
#include "message/sensor.h"
#include "payload.h"

static const struct health example_health = {
        .hub = "hub-1",
        .session = "6f1c09a84be7425db3c2de5508a1f4e7",
        .now_ms = EPOCH_US / 1000 + 142130,
        .synced = true,
        .uptime_s = 5025.31,
        .stations = 4,
        .streaming = 3,
        .sent = 412,
        .unsent = 2,
        .on_disk = true,
        .disk_bytes = 1245184,
        .connected = true,
        .reconnects = 1,
        .bluetooth = "ready",
        .adapters = {{"00:1A:7D:DA:71:13", "hci0", "idle", "", 3, 7},
                {"00:1A:7D:DA:71:14", "hci1", "off", "switched off", 0, 7}},
        .n_adapters = 2,
        .cpu_pct = 2.4,
        .memory_bytes = 12898304,
};

static void test_status(void **state) {
        (void) state;
        char *text;
        struct status s = {.online = true, .session = "6f1c", .since_ms = 1795288000000, .version = "0.1.0"};
        assert_int_equal(status_to_json(&s, &text), 0);
        assert_string_equal(text,
                "{\"v\":1,\"type\":\"status\",\"state\":\"online\",\"session\":\"6f1c\","
                "\"since_ms\":1795288000000,\"version\":\"0.1.0\"}");
        free(text);
        s = (struct status){.online = false, .session = "6f1c", .since_ms = -1, .version = ""};
        assert_int_equal(status_to_json(&s, &text), 0);
        assert_string_equal(text,
                "{\"v\":1,\"type\":\"status\",\"state\":\"offline\",\"session\":\"6f1c\","
                "\"since_ms\":null,\"version\":null}");
        free(text);
}

static void test_health(void **state) {
        (void) state;
        struct health h = example_health;
        char *text, line[512], cut[20];

        h.cpu_pct = (double) NAN;
        h.memory_bytes = 0;
        h.on_disk = h.connected = h.synced = false;
        h.dropped = 7;
        strcpy(h.bluetooth, "off");
        strcpy(h.disk_error, "No space left on device");
        snprintf(h.broker_error, sizeof(h.broker_error), "bad \xff byte");
        assert_int_equal(health_to_json(&h, &text), 0);
        assert_non_null(strstr(text, "\"clock\":\"unsynced\""));
        assert_non_null(strstr(text, "\"events\":{\"sent\":412,\"unsent\":2,\"dropped\":7}"));
        assert_non_null(strstr(
                text, "{\"place\":\"memory\",\"disk_bytes\":1245184,\"error\":\"No space left on device\"}"));
        assert_non_null(strstr(text, "\"error\":\"bad \xef\xbf\xbd byte\"},\"bluetooth\":{\"state\":\"off\","));
        assert_non_null(strstr(text, "]},\"cpu_pct\":null,\"memory_bytes\":null"));
        assert_non_null(strstr(text, "\"error\":null,\"links\":3,\"max_links\":7},{"));
        free(text);

        health_to_line(&example_health, line, sizeof(line));
        assert_string_equal(line,
                "stations: 4, streaming: 3; Bluetooth ready, links: 3 of 14; broker connected; events sent: "
                "412, waiting: 2, lost: 0");
        strcpy(h.broker_error, "nothing listens there");
        health_to_line(&h, line, sizeof(line));
        assert_string_equal(line,
                "stations: 4, streaming: 3; Bluetooth off; broker away: nothing listens there; events sent: "
                "412, waiting: 2, "
                "lost: 7; "
                "kept in memory only: No space left on device");
        health_to_line(&h, cut, sizeof(cut));
        assert_int_equal(strlen(cut), sizeof(cut) - 1);
}

static void test_news_of_health(void **state) {
        (void) state;
        struct health h = example_health;

        h.sent++;
        h.now_ms++;
        h.cpu_pct = 50;
        assert_false(health_is_news(&example_health, &h));
        h.adapters[1].links++;
        assert_true(health_is_news(&example_health, &h));
        h = example_health;
        h.on_disk = false;
        assert_true(health_is_news(&example_health, &h));
        h = example_health;
        h.bluetooth[0] = '!';
        assert_true(health_is_news(&example_health, &h));
        h = example_health;
        h.n_adapters--;
        assert_true(health_is_news(&example_health, &h));
}

static const struct sensor_state example_sensor = {
        .address = "D4:22:CD:00:11:22",
        .hub = "hub-1",
        .station = "rack-1",
        .synced = true,
        .t_ms = EPOCH_US / 1000 + 142130,
        .state = "streaming",
        .name = "Movella DOT",
        .profile = "movella-dot",
        .maker = "Movella",
        .model = "DOT",
        .firmware = "2.4.0",
        .adapter = "00:1A:7D:DA:71:13",
        .has_rssi = true,
        .rssi_dbm = -61,
        .battery_pct = 83,
        .nominal_hz = 120,
        .rate_hz = 119.94,
        .samples = 43210,
        .lost = 12,
        .gaps = 2,
        .connects = 1,
};

static void test_sensor(void **state) {
        (void) state;
        struct sensor_state s = {
                .address = "D4:22:CD:00:11:22", .battery_pct = -1, .nominal_hz = NAN, .rate_hz = NAN};
        char *text;

        snprintf(s.station, sizeof(s.station), "\"\n\xff\\");
        assert_int_equal(sensor_state_to_json(&s, &text), 0);
        assert_string_equal(text,
                "{\"v\":1,\"type\":\"sensor\",\"hub\":null,\"sensor\":\"D4:22:CD:00:11:22\","
                "\"station\":\"\\\"\\n\xef\xbf\xbd\\\\\",\"clock\":\"unsynced\",\"t_ms\":0,\"state\":null,"
                "\"error\":null,\"adapter\":null,\"rssi_dbm\":null,\"battery_pct\":null,\"name\":null,"
                "\"profile\":null,\"maker\":null,\"model\":null,\"firmware\":null,\"nominal_hz\":null,"
                "\"rate_hz\":null,\"loss_pct\":null,\"samples\":0,\"lost\":0,\"gaps\":0,\"clipped\":0,"
                "\"bad_packets\":0,\"connects\":0,\"failures\":0}");
        free(text);
}

/* A figure that always changes is no news; everything that a person would want to know at once is. */
static void test_news_of_a_sensor(void **state) {
        (void) state;
        struct sensor_state s = example_sensor;

        s.samples++;
        s.rate_hz = 100;
        s.rssi_dbm = -80;
        s.t_ms++;
        s.lost++;
        assert_false(sensor_state_is_news(&example_sensor, &s));
        s = example_sensor;
        s.battery_pct--;
        assert_true(sensor_state_is_news(&example_sensor, &s));
        char *const texts[] = {
                s.station, s.state, s.error, s.name, s.profile, s.maker, s.model, s.firmware, s.adapter};
        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
                s = example_sensor;
                texts[i][0] = '!';
                assert_true(sensor_state_is_news(&example_sensor, &s));
        }
        s = example_sensor;
        s.gone = true;
        assert_true(sensor_state_is_news(&example_sensor, &s));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_status),
                cmocka_unit_test(test_health),
                cmocka_unit_test(test_news_of_health),
                cmocka_unit_test(test_sensor),
                cmocka_unit_test(test_news_of_a_sensor),
        };
        return run_unit_tests(tests);
}
