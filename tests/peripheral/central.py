# SPDX-License-Identifier: Apache-2.0
"""The BlueZ that repcast-sensor meets, and the hub at the other end of the radio, in one: adapters that take an application
and an advertisement, and what a connected hub does with them. Spoken with jeepney, a third D-Bus stack beside sd-bus and
libdbus. One thread reads the bus; the test asks and waits."""

import os
import threading

from broker import PATIENCE_S
from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_call, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection

ADAPTER, GATT, ADVERTS = "org.bluez.Adapter1", "org.bluez.GattManager1", "org.bluez.LEAdvertisingManager1"
DEVICE, CHARACTERISTIC = "org.bluez.Device1", "org.bluez.GattCharacteristic1"
PROPERTIES, OBJECTS = "org.freedesktop.DBus.Properties", "org.freedesktop.DBus.ObjectManager"
HCI, HUB = "/org/bluez/hci1", "/org/bluez/hci1/dev_00_AA_01_00_00_42"


class Refused(Exception):
    """An error that came as a reply; its text begins with its name."""


class Central:
    def __init__(self, address, powered=True, refusals=()):
        self.connection = open_dbus_connection(bus=address, enable_fds=True)
        self.powered, self.refusals = powered, list(refusals)  # of RegisterApplication, one after the other
        self.calls, self.changes = [], []  # (member, path, body) of the sensor; (path, properties)
        self.sensor = self.application = self.advert = self.agent = None
        self.replies, self.turn = {}, threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()
        self.appear()

    # ---- as a service -------------------------------------------------------------------------------------------

    def appear(self):
        self.ask(message_bus.RequestName("org.bluez"))
        self.ask(message_bus.AddMatch("type='signal',interface='org.freedesktop.DBus.Properties',path_namespace='/org/repcast'"))

    def vanish(self):
        self.sensor = self.application = self.advert = None
        self.ask(message_bus.ReleaseName("org.bluez"))

    def properties(self):
        return {"Address": ("s", "00:AA:01:01:00:24"), "Alias": ("s", "gym-pc"), "Powered": ("b", self.powered)}

    def objects(self):
        return {HCI: {ADAPTER: self.properties(), GATT: {}, ADVERTS: {}}, "/org/bluez": {"org.bluez.AgentManager1": {}}}

    def read(self):
        while True:
            try:
                message = self.connection.receive()
            except (ConnectionError, OSError, ValueError):
                return
            fields = message.header.fields
            with self.turn:
                if message.header.message_type == MessageType.method_call:
                    self.serve(message, fields)
                elif message.header.message_type == MessageType.signal:
                    if fields.get(HeaderFields.member) == "PropertiesChanged":
                        self.changes.append((fields[HeaderFields.path], {k: v[1] for k, v in message.body[1].items()}))
                else:
                    self.replies[fields[HeaderFields.reply_serial]] = message
                self.turn.notify_all()

    def serve(self, call, fields):
        member, path, body = fields[HeaderFields.member], fields[HeaderFields.path], call.body
        self.sensor = fields[HeaderFields.sender]
        self.calls.append((member, path, body))
        if member == "GetManagedObjects":
            return self.connection.send(new_method_return(call, "a{oa{sa{sv}}}", (self.objects(),)))
        if member == "RegisterApplication":
            if self.refusals:
                return self.connection.send(new_error(call, self.refusals.pop(0), "s", ("not now",)))
            self.application = body[0]
        elif member == "RegisterAdvertisement":
            self.advert = body[0]
        elif member == "UnregisterAdvertisement":
            self.advert = None
        elif member == "RegisterAgent":
            self.agent = body
        if not call.header.flags & 1:
            self.connection.send(new_method_return(call))
        return None

    def tell(self, path, interface, member, signature, *body):
        with self.turn:
            self.connection.send(new_signal(DBusAddress(path, interface=interface), member, signature, body))

    def power(self, on):
        self.powered = on
        self.tell(HCI, PROPERTIES, "PropertiesChanged", "sa{sv}as", ADAPTER, {"Powered": ("b", on)}, [])

    def unplug(self):
        self.tell("/", OBJECTS, "InterfacesRemoved", "oas", HCI, [ADAPTER, GATT, ADVERTS])

    def plug(self):
        self.tell("/", OBJECTS, "InterfacesAdded", "oa{sa{sv}}", HCI, self.objects()[HCI])

    def link(self, connected):
        self.tell(HUB, PROPERTIES, "PropertiesChanged", "sa{sv}as", DEVICE, {"Connected": ("b", connected)}, [])

    # ---- as a hub -----------------------------------------------------------------------------------------------

    def ask(self, message, seconds=PATIENCE_S):
        serial = next(self.connection.outgoing_serial)
        with self.turn:
            self.connection.send(message, serial=serial)
            if not self.turn.wait_for(lambda: serial in self.replies, seconds):
                raise AssertionError(f"no reply to {message.header.fields[HeaderFields.member]} within {seconds} s")
            reply = self.replies.pop(serial)
        if reply.header.message_type == MessageType.error:
            raise Refused(f"{reply.header.fields[HeaderFields.error_name]}: {' '.join(map(str, reply.body))}")
        return reply.body

    def call(self, path, interface, member, signature="", *body):
        return self.ask(new_method_call(DBusAddress(path, self.sensor, interface), member, signature or None, body))

    def tree(self):
        return self.call(self.application, OBJECTS, "GetManagedObjects")[0]

    def find(self, uuid):
        """The path of a characteristic."""
        return next(path for path, interfaces in self.tree().items()
                    if interfaces.get(CHARACTERISTIC, {}).get("UUID", ("s", ""))[1] == uuid)

    def acquire(self, path, mtu=185):
        """Subscribe; returns the socket's descriptor."""
        fd, _ = self.call(path, CHARACTERISTIC, "AcquireNotify", "a{sv}", {"mtu": ("q", mtu)})
        return fd.to_raw_fd()

    def write(self, path, value):
        self.call(path, CHARACTERISTIC, "WriteValue", "aya{sv}", value, {})

    def value(self, path, offset=0):
        return bytes(self.call(path, CHARACTERISTIC, "ReadValue", "a{sv}", {"offset": ("q", offset)})[0])

    def heard_out(self):
        """Has the sensor left the bus? Then all that it said is in calls: the bus forwards before it answers."""
        return not self.ask(message_bus.NameHasOwner(self.sensor))[0]

    def close(self):
        self.connection.sock.shutdown(2)


def packets(fd, n, size=512):
    """So many datagrams."""
    os.set_blocking(fd, True)
    return [os.read(fd, size) for _ in range(n)]
