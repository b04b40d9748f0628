/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots on a bus: what is told when something comes, changes or goes, and nothing else. Two ends of a socket stand
 * for the bus. */

#include "bus-pair.h"
#include "hub/objects.h"
#include "unit.h"
#include "util/macros.h"

struct thing {
        struct object_item item;
        char name[16];
        bool open;
        uint64_t count;
        double load;
        uint64_t ticks;
};

static const struct object_field fields[] = {
        OBJECT_FIELD("Name", "s", thing, name),
        OBJECT_FIELD("Open", "b", thing, open),
        OBJECT_FIELD("Count", "t", thing, count),
        OBJECT_FIELD("Load", "d", thing, load),
        OBJECT_RUNNING("Ticks", "t", thing, ticks),
};

static const struct object_class class = {
        "org.example.Thing1", "/org/example/thing", fields, ARRAY_SIZE(fields), NULL, 0, sizeof(struct thing)};

struct ends {
        sd_bus *server, *client;
        sd_bus_slot *manager;
        struct objects *objects;
        char heard[2048];
};

/* "InterfacesAdded /path", "PropertiesChanged /path Name Count". */
static int on_signal(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct ends *e = userdata;
        const char *member = sd_bus_message_get_member(m), *path = sd_bus_message_get_path(m), *name;
        size_t n = strlen(e->heard);

        (void) error;
        if (!member)
                return 0; /* the reply to a call */
        if (strcmp(member, "PropertiesChanged") != 0)
                sd_bus_message_read(m, "o", &path);
        n += (size_t) snprintf(e->heard + n, sizeof(e->heard) - n, "%s %s", member, strrchr(path, '/') + 1);
        if (strcmp(member, "PropertiesChanged") == 0) {
                sd_bus_message_skip(m, "s");
                sd_bus_message_enter_container(m, 'a', "{sv}");
                while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                        sd_bus_message_read(m, "s", &name);
                        n += (size_t) snprintf(e->heard + n, sizeof(e->heard) - n, " %s", name);
                        sd_bus_message_skip(m, "v");
                        sd_bus_message_exit_container(m);
                }
        }
        snprintf(e->heard + n, sizeof(e->heard) - n, "\n");
        return 0;
}

/* Until neither end has anything left to do. */
static void settle(struct ends *e) {
        for (unsigned quiet = 0; quiet < 3;) {
                int r = sd_bus_process(e->server, NULL), k = sd_bus_process(e->client, NULL);

                assert_true(r >= 0 && k >= 0);
                quiet = r > 0 || k > 0 ? 0 : quiet + 1;
        }
}

static int set_up(void **state) {
        struct ends *e = calloc(1, sizeof(*e));

        if (!e || bus_pair(&e->server, &e->client) < 0)
                return -1;
        assert_true(sd_bus_add_filter(e->client, NULL, on_signal, e) >= 0);
        assert_true(sd_bus_add_object_manager(e->server, &e->manager, "/org/example") >= 0);
        assert_int_equal(objects_new(&class, 4, e, &e->objects), 0);
        assert_true(objects_attach(e->objects, e->server) >= 0);
        settle(e);
        *state = e;
        return 0;
}

static int tear_down(void **state) {
        struct ends *e = *state;

        objects_free(e->objects);
        sd_bus_slot_unref(e->manager);
        sd_bus_close_unref(e->client);
        sd_bus_close_unref(e->server);
        free(e);
        return 0;
}

static const char *show(struct ends *e, const struct thing *things, size_t n) {
        e->heard[0] = '\0';
        objects_sync(e->objects, things, n);
        settle(e);
        return e->heard;
}

static void test_what_differs_is_told(void **state) {
        struct thing things[] = {
                {.item.label = "a", .name = "anvil", .load = (double) NAN},
                {.item.label = "b", .name = "bar", .count = 7},
        };
        struct ends *e = *state;

        assert_string_equal(show(e, things, 2), "InterfacesAdded a\nInterfacesAdded b\n");
        assert_string_equal(show(e, things, 2), ""); /* also a NaN is the same as before */
        things[1].count++;
        things[1].open = true;
        assert_string_equal(show(e, things, 2), "PropertiesChanged b Open Count\n");
        strcpy(things[0].name, "axe");
        things[0].load = 80;
        assert_string_equal(show(e, things, 1), "InterfacesRemoved b\nPropertiesChanged a Name Load\n");
        assert_string_equal(show(e, things + 1, 1), "InterfacesRemoved a\nInterfacesAdded b\n");
        assert_string_equal(show(e, NULL, 0), "InterfacesRemoved b\n");
}

/* The answer to Get, to be freed. */
static sd_bus_message *get(struct ends *e, const char *path, const char *property) {
        sd_bus_message *call = NULL, *reply = NULL;
        uint64_t cookie;

        assert_true(sd_bus_message_new_method_call(
                            e->client, &call, NULL, path, "org.freedesktop.DBus.Properties", "Get") >= 0);
        assert_true(sd_bus_message_append(call, "ss", "org.example.Thing1", property) >= 0);
        assert_true(sd_bus_send(e->client, call, &cookie) >= 0);
        for (unsigned i = 0; i < 100 && !reply; i++) {
                sd_bus_message *m = NULL;

                assert_true(sd_bus_process(e->server, NULL) >= 0);
                assert_true(sd_bus_process(e->client, &m) >= 0);
                if (m && sd_bus_message_is_method_error(m, NULL) == 0 && !sd_bus_message_get_member(m))
                        reply = sd_bus_message_ref(m);
                sd_bus_message_unref(m);
        }
        assert_non_null(reply);
        sd_bus_message_unref(call);
        return reply;
}

static void test_properties_are_answered_from_the_snapshot(void **state) {
        struct thing things[] = {{.item.label = "a", .name = "anvil", .open = true, .count = 7, .load = 80.5}};
        struct ends *e = *state;
        const char *text = NULL;

        show(e, things, 1);
        strcpy(things[0].name, "axe"); /* not told yet */
        sd_bus_message *reply = get(e, "/org/example/thing/a", "Name");
        assert_true(sd_bus_message_read(reply, "v", "s", &text) >= 0);
        assert_string_equal(text, "anvil");
        sd_bus_message_unref(reply);
}

static void test_a_running_figure_is_answered_and_not_told(void **state) {
        struct thing thing = {.item.label = "a", .name = "anvil", .ticks = 1};
        struct ends *e = *state;
        uint64_t ticks = 0;

        show(e, &thing, 1);
        thing.ticks = 2;
        assert_string_equal(show(e, &thing, 1), "");
        sd_bus_message *reply = get(e, "/org/example/thing/a", "Ticks");
        assert_true(sd_bus_message_read(reply, "v", "t", &ticks) >= 0);
        assert_int_equal(ticks, 2);
        sd_bus_message_unref(reply);
        thing.ticks = 3;
        thing.open = true;
        assert_string_equal(show(e, &thing, 1), "PropertiesChanged a Open\n");
}

static void test_no_more_than_there_is_room(void **state) {
        struct thing things[6] = {0};
        struct ends *e = *state;

        for (unsigned i = 0; i < 6; i++)
                snprintf(things[i].item.label, sizeof(things[i].item.label), "%u", i);
        assert_string_equal(show(e, things, 6),
                "InterfacesAdded 0\nInterfacesAdded 1\nInterfacesAdded 2\nInterfacesAdded 3\n");
}

/* Without a bus the snapshots are kept all the same, and shown on the next one. */
static void test_without_a_bus(void **state) {
        struct thing things[] = {{.item.label = "a"}, {.item.label = "b"}};
        struct ends *e = *state;

        assert_int_equal(objects_attach(e->objects, NULL), 0);
        assert_string_equal(show(e, things, 2), "");
        assert_true(objects_attach(e->objects, e->server) >= 0);
        assert_string_equal(show(e, things, 1), "InterfacesRemoved b\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_what_differs_is_told, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_properties_are_answered_from_the_snapshot, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                        test_a_running_figure_is_answered_and_not_told, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_no_more_than_there_is_room, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_without_a_bus, set_up, tear_down),
        };
        cmocka_set_message_output(CM_OUTPUT_TAP);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
