/* SPDX-License-Identifier: Apache-2.0 */
/* BlueZ's objects as this client knows them. */

#include "bluez/mirror.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADAPTER        "org.bluez.Adapter1"
#define DEVICE         "org.bluez.Device1"
#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define BATTERY        "org.bluez.Battery1"

#define RSSI_NOT_MEASURED 127 /* Bluetooth Core 5.4, Vol 4 Part E 7.7.65.2: heard, but not how loud */

#define ADAPTER_FIELD(f)        offsetof(struct mirror_adapter, f)
#define DEVICE_FIELD(f)         offsetof(struct mirror_device, f)
#define CHARACTERISTIC_FIELD(f) offsetof(struct mirror_characteristic, f)

static const struct property adapter_table[] = {
        {"Address", PROPERTY_ADDRESS, ADAPTER_FIELD(address), 0},
        {"Powered", PROPERTY_BOOL, ADAPTER_FIELD(powered), 0},
        {"Discovering", PROPERTY_BOOL, ADAPTER_FIELD(discovering), 0},
        {"PowerState", PROPERTY_BLOCKED, ADAPTER_FIELD(blocked), 0},
};

enum {
        DEVICE_ADDRESS,
        DEVICE_RSSI,
        DEVICE_BONDED,
        DEVICE_CONNECTED,
        DEVICE_RESOLVED,
};

static const struct property device_table[] = {
        [DEVICE_ADDRESS] = {"Address", PROPERTY_ADDRESS, DEVICE_FIELD(info.address), 0},
        [DEVICE_RSSI] = {"RSSI", PROPERTY_RSSI, DEVICE_FIELD(info.rssi_dbm), 0},
        [DEVICE_BONDED] = {"Bonded", PROPERTY_BOOL, DEVICE_FIELD(info.bonded), 0},
        [DEVICE_CONNECTED] = {"Connected", PROPERTY_BOOL, DEVICE_FIELD(info.connected), 0},
        [DEVICE_RESOLVED] = {"ServicesResolved", PROPERTY_BOOL, DEVICE_FIELD(resolved), 0},
        {"AddressType", PROPERTY_RANDOM, DEVICE_FIELD(info.random), 0},
        {"Name", PROPERTY_TEXT, DEVICE_FIELD(info.name), BLUEZ_NAME_MAX},
        {"UUIDs", PROPERTY_UUIDS, DEVICE_FIELD(info), 0},
        {"ManufacturerData", PROPERTY_COMPANY, DEVICE_FIELD(info), 0},
        {"Paired", PROPERTY_BOOL, DEVICE_FIELD(info.paired), 0},
        {"Trusted", PROPERTY_BOOL, DEVICE_FIELD(info.trusted), 0},
};

static const struct property battery_table[] = {
        {"Percentage", PROPERTY_PERCENT, DEVICE_FIELD(battery_percent), 0},
};

static const struct property characteristic_table[] = {
        {"UUID", PROPERTY_UUID, CHARACTERISTIC_FIELD(uuid), 0},
        {"Flags", PROPERTY_FLAGS, CHARACTERISTIC_FIELD(flags), 0},
        {"MTU", PROPERTY_UINT16, CHARACTERISTIC_FIELD(mtu), 0},
};

/* FNV-1a */
static size_t bucket(const char *key) {
        uint32_t hash = UINT32_C(2166136261);

        for (; *key; key++)
                hash = (hash ^ (unsigned char) *key) * UINT32_C(16777619);
        return hash % MIRROR_BUCKETS;
}

void mirror_init(struct mirror *m, bool (*wanted)(void *userdata, const char *address), void *userdata) {
        *m = (struct mirror){.wanted = wanted, .userdata = userdata};
}

static void enter_device(struct mirror *m, struct mirror_object *o) {
        struct mirror_object **head = &m->devices[bucket(o->device->info.address)];

        o->namesake = *head;
        *head = o;
}

static void strike_device(struct mirror *m, const struct mirror_object *o) {
        for (struct mirror_object **at = &m->devices[bucket(o->device->info.address)]; *at;
                at = &(*at)->namesake)
                if (*at == o) {
                        *at = o->namesake;
                        return;
                }
}

static void drop_device(struct mirror *m, struct mirror_object *o) {
        if (!o->device)
                return;
        strike_device(m, o);
        m->n_strangers -= !o->device->wanted;
        free(o->device);
        o->device = NULL;
}

static void drop_adapter(struct mirror *m, struct mirror_object *o) {
        if (!o->adapter)
                return;
        m->n_adapters--;
        free(o->adapter);
        o->adapter = NULL;
}

/* Where nothing is left of it, the object is freed. */
static void drop_if_empty(struct mirror *m, struct mirror_object *o) {
        if (o->adapter || o->device || o->characteristic)
                return;
        for (struct mirror_object **at = &m->buckets[bucket(o->path)]; *at; at = &(*at)->next)
                if (*at == o) {
                        *at = o->next;
                        break;
                }
        free(o);
}

void mirror_clear(struct mirror *m) {
        for (size_t i = 0; i < MIRROR_BUCKETS; i++)
                for (struct mirror_object *o = m->buckets[i], *next; o; o = next) {
                        next = o->next;
                        free(o->adapter);
                        free(o->device);
                        free(o->characteristic);
                        free(o);
                }
        memset(m->buckets, 0, sizeof(m->buckets));
        memset(m->devices, 0, sizeof(m->devices));
        m->n_adapters = m->n_strangers = 0;
        m->dirty = true;
}

struct mirror_object *mirror_find(const struct mirror *m, const char *path) {
        for (struct mirror_object *o = m->buckets[bucket(path)]; o; o = o->next)
                if (strcmp(o->path, path) == 0)
                        return o;
        return NULL;
}

struct mirror_object *mirror_next(const struct mirror *m, const struct mirror_object *after) {
        if (after && after->next)
                return after->next;
        for (size_t i = after ? bucket(after->path) + 1 : 0; i < MIRROR_BUCKETS; i++)
                if (m->buckets[i])
                        return m->buckets[i];
        return NULL;
}

bool path_is_below(const char *path, const char *above) {
        size_t n = strlen(above);

        return strncmp(path, above, n) == 0 && path[n] == '/';
}

static struct mirror_object *make(struct mirror *m, const char *path) {
        struct mirror_object *o = mirror_find(m, path), **head = &m->buckets[bucket(path)];

        if (o)
                return o;
        if (strlen(path) >= sizeof(o->path))
                return NULL;
        o = calloc(1, sizeof(*o));
        if (!o)
                return NULL;
        strcpy(o->path, path);
        o->generation = ++m->generation;
        o->next = *head;
        *head = o;
        return o;
}

/* ---- interfaces ---------------------------------------------------------------------------------------------- */

static int take_adapter(struct mirror *m, const char *path, sd_bus_message *msg) {
        struct mirror_object *o = mirror_find(m, path);
        uint32_t seen;

        if ((!o || !o->adapter) && m->n_adapters < MIRROR_ADAPTERS_MAX) {
                o = make(m, path);
                if (o && !o->adapter && (o->adapter = calloc(1, sizeof(*o->adapter))))
                        m->n_adapters++;
        }
        if (!o || !o->adapter) {
                m->passed_over++;
                return sd_bus_message_skip(msg, "a{sv}");
        }
        o->loaded = true;
        m->dirty = true;
        return properties_read(msg, adapter_table, ARRAY_SIZE(adapter_table), o->adapter, &seen);
}

static void heard(struct mirror_device *d, uint64_t now_us) {
        d->last_rssi_dbm = d->info.rssi_dbm == RSSI_NOT_MEASURED ? BLUEZ_RSSI_NONE : d->info.rssi_dbm;
        d->heard_us = d->info.seen_us = now_us;
}

/* A private address becomes the identity address once the sensor is bonded, on the same object. */
static void review(struct mirror *m, struct mirror_device *d) {
        bool wanted = m->wanted(m->userdata, d->info.address);

        if (wanted && !d->wanted)
                m->n_strangers--;
        else if (!wanted && d->wanted)
                m->n_strangers++;
        d->wanted = wanted;
}

static void took_device(
        struct mirror *m, struct mirror_device *d, uint32_t seen, bool was_connected, uint64_t now_us) {
        if (seen & UINT32_C(1) << DEVICE_ADDRESS)
                review(m, d);
        if (seen & UINT32_C(1) << DEVICE_RSSI)
                heard(d, now_us);
        if (seen & UINT32_C(1) << DEVICE_BONDED)
                d->has_bonded = true;
        /* Where the ATT socket is up before the kernel's event, BlueZ 5.66 never tells that the device is connected, and its
         * log says "already connected" instead. Resolved services are proof. */
        if (seen & UINT32_C(1) << DEVICE_RESOLVED && d->resolved)
                d->info.connected = true;
        if (was_connected && !d->info.connected) {
                d->downs++;
                d->resolved = false;
        }
        d->changed = true;
        m->dirty |= d->wanted || d->info.connected != was_connected; /* every link takes a slot */
        m->heard |= !d->wanted;
}

static int take_device(struct mirror *m, const char *path, sd_bus_message *msg, uint64_t now_us) {
        struct mirror_object *o = mirror_find(m, path);
        struct mirror_device fresh = {
                .info.rssi_dbm = BLUEZ_RSSI_NONE,
                .info.company = -1,
                .last_rssi_dbm = BLUEZ_RSSI_NONE,
                .battery_percent = -1,
        };
        struct mirror_device *d = o && o->device ? o->device : &fresh;
        bool was_connected = d->info.connected;
        uint32_t seen;
        int r;

        if (d != &fresh)
                strike_device(m, o); /* its address may be another one now */
        r = properties_read(msg, device_table, ARRAY_SIZE(device_table), d, &seen);
        if (d != &fresh)
                enter_device(m, o);
        if (r < 0)
                return r;
        if (d == &fresh) {
                if (fresh.info.address[0] == '\0')
                        return 0;
                fresh.wanted = m->wanted(m->userdata, fresh.info.address);
                if (!fresh.wanted && m->n_strangers >= MIRROR_DEVICES_MAX) {
                        m->passed_over++;
                        return 0;
                }
                o = make(m, path);
                d = o ? malloc(sizeof(*d)) : NULL;
                if (!d) {
                        m->passed_over++;
                        return 0;
                }
                *d = fresh;
                o->device = d;
                enter_device(m, o);
                m->n_strangers += !d->wanted;
        }
        o->loaded = true;
        took_device(m, d, seen, was_connected, now_us);
        return 0;
}

static size_t count_below(const struct mirror *m, const char *device_path) {
        size_t n = 0;

        for (const struct mirror_object *o = mirror_next(m, NULL); o; o = mirror_next(m, o))
                n += o->characteristic && path_is_below(o->path, device_path);
        return n;
}

/* The path of the device without "/service000a/char000b"; false where it does not end like that. */
static bool device_path_of(const char *path, char ret[static MIRROR_PATH_MAX]) {
        if (strlen(path) >= MIRROR_PATH_MAX)
                return false;
        strcpy(ret, path);
        for (int i = 0; i < 2; i++) {
                char *slash = strrchr(ret, '/');

                if (!slash || slash == ret)
                        return false;
                *slash = '\0';
        }
        return true;
}

/* In GetManagedObjects a characteristic may stand before its device, so that nothing can be asked of the device here. */
static int take_characteristic(struct mirror *m, const char *path, sd_bus_message *msg) {
        struct mirror_object *o = mirror_find(m, path);
        struct mirror_characteristic fresh = {.uuid = ""},
                                     *c = o && o->characteristic ? o->characteristic : &fresh;
        char device_path[MIRROR_PATH_MAX];
        uint32_t seen;
        int r = properties_read(msg, characteristic_table, ARRAY_SIZE(characteristic_table), c, &seen);

        if (r < 0)
                return r;
        if (c == &fresh) {
                if (fresh.uuid[0] == '\0' || !device_path_of(path, device_path))
                        return 0;
                if (count_below(m, device_path) >= MIRROR_CHARACTERISTICS_MAX || !(o = make(m, path)) ||
                        !(o->characteristic = malloc(sizeof(*c)))) {
                        m->passed_over++;
                        return 0;
                }
                *o->characteristic = fresh;
        }
        o->loaded = true;
        m->dirty = true;
        return 0;
}

/* Battery1 comes with its device, or after it; where it comes before, the next change of the charge is the first. */
static int take_battery(struct mirror *m, const char *path, sd_bus_message *msg) {
        struct mirror_object *o = mirror_find(m, path);
        uint32_t seen;

        if (!o || !o->device)
                return sd_bus_message_skip(msg, "a{sv}");
        m->dirty |= o->device->wanted;
        return properties_read(msg, battery_table, ARRAY_SIZE(battery_table), o->device, &seen);
}

static int take_interface(
        struct mirror *m, const char *path, const char *interface, sd_bus_message *msg, uint64_t now_us) {
        if (strcmp(interface, DEVICE) == 0)
                return take_device(m, path, msg, now_us);
        if (strcmp(interface, CHARACTERISTIC) == 0)
                return take_characteristic(m, path, msg);
        if (strcmp(interface, ADAPTER) == 0)
                return take_adapter(m, path, msg);
        if (strcmp(interface, BATTERY) == 0)
                return take_battery(m, path, msg);
        return sd_bus_message_skip(msg, "a{sv}");
}

/* ---- messages ------------------------------------------------------------------------------------------------ */

/* a{sa{sv}} */
static int take_interfaces(struct mirror *m, const char *path, sd_bus_message *msg, uint64_t now_us) {
        int r = sd_bus_message_enter_container(msg, 'a', "{sa{sv}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(msg, 'e', "sa{sv}")) > 0) {
                const char *interface;

                r = sd_bus_message_read_basic(msg, 's', &interface);
                if (r >= 0)
                        r = take_interface(m, path, interface, msg, now_us);
                if (r >= 0)
                        r = sd_bus_message_exit_container(msg);
        }
        return r < 0 ? r : sd_bus_message_exit_container(msg);
}

static void drop_unloaded(struct mirror *m) {
        for (struct mirror_object *o = mirror_next(m, NULL), *next; o; o = next) {
                next = mirror_next(m, o);
                if (o->loaded)
                        continue;
                drop_device(m, o);
                drop_adapter(m, o);
                free(o->characteristic);
                o->characteristic = NULL;
                drop_if_empty(m, o);
        }
}

int mirror_load(struct mirror *m, sd_bus_message *reply, uint64_t now_us) {
        int r;

        for (struct mirror_object *o = mirror_next(m, NULL); o; o = mirror_next(m, o))
                o->loaded = false;
        m->dirty = true;
        r = sd_bus_message_enter_container(reply, 'a', "{oa{sa{sv}}}");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'e', "oa{sa{sv}}")) > 0) {
                const char *path;

                r = sd_bus_message_read_basic(reply, 'o', &path);
                if (r >= 0)
                        r = take_interfaces(m, path, reply, now_us);
                if (r >= 0)
                        r = sd_bus_message_exit_container(reply);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(reply);
        if (r >= 0)
                drop_unloaded(m);
        return r < 0 ? r : 0;
}

int mirror_added(struct mirror *m, sd_bus_message *signal, uint64_t now_us) {
        const char *path;
        int r = sd_bus_message_read_basic(signal, 'o', &path);

        if (r >= 0)
                r = take_interfaces(m, path, signal, now_us);
        return r < 0 ? r : 0;
}

int mirror_removed(struct mirror *m, sd_bus_message *signal) {
        struct mirror_object *o;
        const char *path, *interface;
        int r = sd_bus_message_read_basic(signal, 'o', &path);

        if (r >= 0)
                r = sd_bus_message_enter_container(signal, 'a', "s");
        if (r < 0)
                return r;
        o = mirror_find(m, path);
        if (!o)
                return 0;
        while ((r = sd_bus_message_read_basic(signal, 's', &interface)) > 0) {
                if (strcmp(interface, DEVICE) == 0) {
                        drop_device(m, o);
                } else if (strcmp(interface, ADAPTER) == 0) {
                        drop_adapter(m, o);
                } else if (strcmp(interface, CHARACTERISTIC) == 0) {
                        free(o->characteristic);
                        o->characteristic = NULL;
                } else if (strcmp(interface, BATTERY) == 0 && o->device) {
                        o->device->battery_percent = -1;
                }
        }
        m->dirty = true;
        drop_if_empty(m, o);
        return r < 0 ? r : 0;
}

int mirror_changed(struct mirror *m, sd_bus_message *signal, uint64_t now_us) {
        const char *path = sd_bus_message_get_path(signal), *interface;
        struct mirror_object *o = path ? mirror_find(m, path) : NULL;
        uint32_t gone;
        int r = sd_bus_message_read_basic(signal, 's', &interface);

        if (r < 0)
                return r;
        /* Nothing is made of a change: what matters is announced by InterfacesAdded. */
        if (!o || (strcmp(interface, DEVICE) == 0 && !o->device) ||
                (strcmp(interface, ADAPTER) == 0 && !o->adapter) ||
                (strcmp(interface, CHARACTERISTIC) == 0 && !o->characteristic))
                return 0;
        r = take_interface(m, path, interface, signal, now_us);
        if (r < 0 || strcmp(interface, DEVICE) != 0)
                return r < 0 ? r : 0;
        r = properties_read_names(signal, device_table, ARRAY_SIZE(device_table), &gone);
        if (r >= 0 && gone & UINT32_C(1) << DEVICE_RSSI)
                o->device->info.rssi_dbm = BLUEZ_RSSI_NONE;
        return r < 0 ? r : 0;
}

int mirror_refresh(struct mirror *m, const char *path, sd_bus_message *reply, uint64_t now_us) {
        const struct mirror_object *o = mirror_find(m, path);

        return o && o->device ? take_device(m, path, reply, now_us) : 0;
}

/* ---- questions ----------------------------------------------------------------------------------------------- */

void mirror_review(struct mirror *m) {
        m->n_strangers = 0;
        for (struct mirror_object *o = mirror_next(m, NULL); o; o = mirror_next(m, o))
                if (o->device) {
                        o->device->wanted = m->wanted(m->userdata, o->device->info.address);
                        m->n_strangers += !o->device->wanted;
                }
        m->dirty = true;
}

/* As BlueZ makes it of the address under which it met the device. By hand: it is asked for each sensor and adapter. */
static void make_device_path(const char *adapter_path, const char address[static BLUEZ_ADDRESS_MAX],
        char ret[static MIRROR_PATH_MAX]) {
        size_t n = strnlen(adapter_path, MIRROR_PATH_MAX - sizeof("/dev_") - BLUEZ_ADDRESS_MAX);
        char *at = ret + n;

        memcpy(ret, adapter_path, n);
        for (at = stpcpy(at, "/dev_"); *address; address++)
                *at++ = *address == ':' ? '_' : *address;
        *at = '\0';
}

struct mirror_object *mirror_find_device(const struct mirror *m, const char *adapter_path,
        const char address[static BLUEZ_ADDRESS_MAX], char ret_path[static MIRROR_PATH_MAX]) {
        /* By address and not by path: a path keeps the private address under which the sensor was bonded. */
        for (struct mirror_object *o = m->devices[bucket(address)]; o; o = o->namesake)
                if (strcmp(o->device->info.address, address) == 0 && path_is_below(o->path, adapter_path)) {
                        strcpy(ret_path, o->path);
                        return o;
                }
        make_device_path(adapter_path, address, ret_path);
        return NULL;
}

struct mirror_object *mirror_find_characteristic(
        const struct mirror *m, const char *device_path, const char *uuid) {
        struct mirror_object *best = NULL;

        for (struct mirror_object *o = mirror_next(m, NULL); o; o = mirror_next(m, o))
                if (o->characteristic && path_is_below(o->path, device_path) &&
                        strcmp(o->characteristic->uuid, uuid) == 0 &&
                        (!best || strcmp(o->path, best->path) < 0))
                        best = o;
        return best;
}

struct mirror_object *mirror_find_beside(
        const struct mirror *m, const struct mirror_object *characteristic, const char *uuid) {
        char service[MIRROR_PATH_MAX];
        char *slash;

        snprintf(service, sizeof(service), "%s", characteristic->path);
        slash = strrchr(service, '/');
        if (!slash)
                return NULL;
        *slash = '\0';
        return mirror_find_characteristic(m, service, uuid);
}

bool mirror_device_is_bonded(const struct mirror_device *d) {
        return d->has_bonded ? d->info.bonded : d->info.paired;
}
