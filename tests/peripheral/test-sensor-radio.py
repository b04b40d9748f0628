#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcast-sensor and the BlueZ it stands on: what it registers, what a connected hub reads, writes and hears, and how it
takes adapters, links and a BlueZ that come and go. BlueZ and hub are played by central.py on a private bus."""

import atexit
import importlib.util
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
if not importlib.util.find_spec("jeepney"):  # it is Debian's, and so is the interpreter that finds it
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])
    print("1..0 # SKIP python3-jeepney is not installed")
    sys.exit(0)
import gym  # noqa: E402
from broker import PATIENCE_S, Tap, equal, true, undisturbed, wait_for  # noqa: E402
from central import Central, Refused, packets  # noqa: E402

BUILD = os.environ.get("builddir", ".")
WORK = tempfile.mkdtemp(prefix="repcast-radio-")
atexit.register(shutil.rmtree, WORK, ignore_errors=True)

SERVICE, MOTION, CONTROL = gym.SERVICE, gym.MOTION, gym.CONTROL
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"
START = b"\x01\x64\x00"  # 100 a second


def recording(seconds):
    """A bar that turns steadily: g along z, and a rate about x that counts samples."""
    path = f"{WORK}/{seconds}.csv"
    with open(path, "w", encoding="ascii") as f:
        f.write("t,ax,ay,az,gx,gy,gz\n")
        f.write("".join(f"{i / 100:.2f},0,0,9.80665,{i % 100 / 100:.2f},0,0\n" for i in range(seconds * 100)))
    return path


class Sensor:
    def __init__(self, bus, *options, seconds=60):
        self.process = subprocess.Popen([BUILD + "/repcast-sensor", *options, recording(seconds)], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, env={**os.environ, **bus.environment})
        atexit.register(self.kill)
        self.said = []
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stdout:
            self.said.append(line.rstrip())

    def says(self, pattern, times=1, seconds=PATIENCE_S):
        def enough():
            return sum(bool(re.search(pattern, line)) for line in list(self.said)) >= times
        try:
            wait_for(f"{times} x {pattern!r}", enough, seconds)
        except AssertionError as e:
            raise AssertionError(f"{e}; it said {self.said}") from None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(PATIENCE_S), 0, f"exit status; it said {self.said}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


SPEAKS = ("org.bluez.Agent1", "org.bluez.GattCharacteristic1", "org.freedesktop.DBus.ObjectManager",
          "org.freedesktop.DBus.Properties")


def stage(*options, refusals=(), powered=True, seconds=60):
    bus = gym.Bus(WORK, SPEAKS)
    central = Central(bus.environment["DBUS_SYSTEM_BUS_ADDRESS"], powered, refusals)
    return bus, central, Sensor(bus, *options, seconds=seconds)


def end(bus, central, sensor):
    sensor.stop()
    if central.sensor:
        wait_for("the sensor's last word", central.heard_out)
    central.close()
    bus.kill()


def what_it_registers():
    bus, central, sensor = stage("--name", "bar-7")
    sensor.says(r'^ready on hci1 \(00:AA:01:01:00:24\) as "bar-7", profile repcast-bar$')
    wait_for("the advertisement", lambda: central.advert)
    equal([(i, v[1]) for m, _, (i, p, v) in [c for c in central.calls if c[0] == "Set"] if p == "Alias"],
          [("org.bluez.Adapter1", "bar-7")], "the adapter's alias")
    advert = {k: v[1] for k, v in central.call(central.advert, "org.freedesktop.DBus.Properties", "GetAll", "s",
                                               "org.bluez.LEAdvertisement1")[0].items()}
    equal(advert, {"Type": "peripheral", "LocalName": "bar-7", "Discoverable": True, "ServiceUUIDs": [SERVICE]}, "advertisement")
    tree = central.tree()
    services = {path: i["org.bluez.GattService1"]["UUID"][1] for path, i in tree.items() if "org.bluez.GattService1" in i}
    equal(SERVICE in services.values(), True, "the sensor's service")
    flags = {i["org.bluez.GattCharacteristic1"]["UUID"][1]: (sorted(i["org.bluez.GattCharacteristic1"]["Flags"][1]),
                                                           services[i["org.bluez.GattCharacteristic1"]["Service"][1]])
             for i in tree.values() if "org.bluez.GattCharacteristic1" in i}
    equal(flags[MOTION], (["notify"], SERVICE), "motion")
    equal(flags[CONTROL], (["write"], SERVICE), "control")
    equal(flags[BATTERY][0], ["notify", "read"], "battery")
    true("NotifyAcquired" in tree[central.find(MOTION)]["org.bluez.GattCharacteristic1"], "BlueZ is to use AcquireNotify")
    end(bus, central, sensor)
    equal([c[0] for c in central.calls[-2:]], ["UnregisterAdvertisement", "Set"], "what it takes leave with")
    equal(central.calls[-1][2][2], ("s", "gym-pc"), "the alias is what it was")


@undisturbed  # what it could not send for a second is lost
def what_it_streams():
    bus, central, sensor = stage("--batch", "10")
    sensor.says("^ready")
    central.link(True)
    sensor.says("^00:AA:01:00:00:42 connected")
    fd = central.acquire(central.find(MOTION), mtu=247)
    time.sleep(0.3)
    true("streaming at 100 Hz" not in sensor.said, "silent until it is told to stream")
    central.write(central.find(CONTROL), START)
    sensor.says("^streaming at 100 Hz$")
    got = packets(fd, 30)
    equal({p[0] for p in got}, {0x22}, "kind of packet")
    equal([p[1] for p in got], [(got[0][1] + i) % 256 for i in range(30)], "sequence numbers")
    equal({len(p) for p in got}, {6 + 10 * 12}, "ten samples each")
    samples = [struct.unpack_from("<6h", p, 6 + 12 * i) for p in got for i in range(10)]
    equal({s[2] for s in samples}, {2048}, "1 g of 16 g along z")
    turns = [s[3] for s in samples]
    equal(max(turns), round(0.99 * 180 / 3.141592653589793 / 2000 * 32768), "the recording's fastest turn")
    true(sum(a > b for a, b in zip(turns, turns[1:])) in (2, 3), "three seconds of the recording, from anywhere in a second")
    central.write(central.find(CONTROL), b"\x00")
    sensor.says("^silent$")
    os.close(fd)
    # A link that carries too little is told, not overrun.
    fd = central.acquire(central.find(MOTION), mtu=23)
    central.write(central.find(CONTROL), START)
    sensor.says("^streaming at 100 Hz$", times=2)
    true(all(len(p) <= 20 for p in packets(fd, 5)), "packets fit into 23 bytes less 3")
    central.link(False)
    sensor.says("disconnected$")
    os.close(fd)
    end(bus, central, sensor)
    sensor.says(r"^\d+ notifications, 0 lost on the way, \d+ that BlueZ did not take$")


def what_can_be_read_and_what_is_refused():
    bus, central, sensor = stage("--battery", "50", "--drain", "360000")  # a hundred per cent a second
    sensor.says("^ready")
    battery, motion, control = (central.find(uuid) for uuid in (BATTERY, MOTION, CONTROL))
    characteristic = "org.bluez.GattCharacteristic1"
    central.call(battery, characteristic, "StartNotify")
    wait_for("an empty battery", lambda: central.value(battery) == b"\x00")
    wait_for("its notification", lambda: (battery, {"Value": b"\x00"}) in central.changes
             or any(p == battery and bytes(v.get("Value", b"x")) == b"\x00" for p, v in central.changes))
    equal(central.value(battery, 1), b"", "from the end")
    central.call(battery, characteristic, "StopNotify")
    for what, error, ask in (
            ("beyond the value", "InvalidOffset", lambda: central.value(battery, 2)),
            ("motion cannot be read", "NotSupported", lambda: central.value(motion)),
            ("the battery cannot be written", "NotSupported", lambda: central.write(battery, b"\x05")),
            ("nor streamed", "NotSupported", lambda: central.acquire(battery)),
            ("a value without bytes", "InvalidValueLength", lambda: central.call(control, characteristic, "WriteValue", "s", "on")),
            ("one that is too long", "InvalidValueLength", lambda: central.write(control, bytes(600))),
            ("a method that there is not", "UnknownMethod", lambda: central.call(control, characteristic, "Confirm")),
            ("a characteristic that there is not", "UnknownMethod", lambda: central.value(control + "9"))):
        try:
            ask()
        except Refused as e:
            true(error in str(e), f"{what}: {e}")
        else:
            raise AssertionError(f"{what}: not refused")
    central.call(control, characteristic, "WriteValue", "aya{sv}", b"\xff\xff", {})  # no command: nothing happens
    true(not any("streaming" in line for line in sensor.said), "silent")
    end(bus, central, sensor)


def adapters_and_bluez_come_and_go():
    bus, central, sensor = stage("--adapter", "hci1", powered=False)
    sensor.says("^the adapter is switched off; waiting")
    central.power(True)
    sensor.says("^ready")
    wait_for("the advertisement", lambda: central.advert)
    central.link(True)
    sensor.says(" connected")
    fd = central.acquire(central.find(MOTION))
    central.power(False)
    sensor.says("^the adapter is switched off", times=2)
    sensor.says(" disconnected")
    equal(os.read(fd, 10), b"", "the stream has ended")
    os.close(fd)
    central.power(True)
    sensor.says("^ready", times=2)
    central.unplug()
    sensor.says("^the adapter is not there; waiting")
    central.plug()
    sensor.says("^ready", times=3)
    central.vanish()
    sensor.says("^BlueZ is not there")
    central.appear()
    sensor.says("^ready", times=4)
    wait_for("the advertisement", lambda: central.advert)
    sensor.kill()
    central.close()
    bus.kill()
    bus, central, sensor = stage("--adapter", "hci7")
    sensor.says("^the adapter is not there; waiting")
    end(bus, central, sensor)


def refused_at_first():
    bus, central, sensor = stage(refusals=["org.bluez.Error.Failed"])
    sensor.says("^BlueZ refuses: org.bluez.Error.Failed: not now; trying again")
    sensor.says("^ready")
    equal(sum(c[0] == "RegisterApplication" for c in central.calls), 2, "registrations")
    bus.kill()
    equal(sensor.process.wait(PATIENCE_S), 69, "status without a bus")
    sensor.says("the system bus has gone away")
    bus, central, sensor = stage(refusals=["org.bluez.Error.AlreadyExists"])
    sensor.says("^ready")  # what has been there before is just as good
    end(bus, central, sensor)


def pairing():
    bus, central, sensor = stage("--pair=123456")
    sensor.says("^ready")
    path, capability = wait_for("an agent", lambda: central.agent)
    equal(capability, "KeyboardOnly", "capability with a passkey")
    true(any(c[0] == "RequestDefaultAgent" for c in central.calls), "it is the default agent")
    equal(central.call(path, "org.bluez.Agent1", "RequestPasskey", "o", "/a/device")[0], 123456, "the passkey")
    central.call(path, "org.bluez.Agent1", "RequestAuthorization", "o", "/a/device")
    flags = central.tree()[central.find(MOTION)]["org.bluez.GattCharacteristic1"]["Flags"][1]
    true("encrypt-notify" in flags, f"motion only over an encrypted link: {flags}")
    flags = central.tree()[central.find(CONTROL)]["org.bluez.GattCharacteristic1"]["Flags"][1]
    true("encrypt-write" in flags and "write" not in flags, f"and so is control: {flags}")
    end(bus, central, sensor)
    bus, central, sensor = stage("--pair")
    sensor.says("^ready")
    equal(wait_for("an agent", lambda: central.agent)[1], "NoInputNoOutput", "capability without one")
    end(bus, central, sensor)


def mishaps():
    bus, central, sensor = stage("--away", "4:2", "--loss", "50", "--seed", "3", "--jitter", "5", "--drift", "1000")
    sensor.says("^ready")
    central.link(True)
    sensor.says(" connected")
    fd = central.acquire(central.find(MOTION))
    central.write(central.find(CONTROL), START)
    got = packets(fd, 12)
    steps = [(b[1] - a[1]) % 256 for a, b in zip(got, got[1:])]
    true(max(steps) > 1 and 1.2 < sum(steps) / len(steps) < 4, f"half of the packets are lost: {steps}")
    sensor.says("^away$")
    wait_for("the hub is sent away", lambda: any(c[0] == "Disconnect" for c in central.calls))
    wait_for("nothing advertised", lambda: central.advert is None)
    central.link(False)
    sensor.says("^back$")
    wait_for("advertised again", lambda: central.advert)
    os.close(fd)
    end(bus, central, sensor)
    sensor.says(r"^\d+ notifications, [1-9]\d* lost on the way")


def to_the_end():
    bus, central, sensor = stage("--until-end", "--speed", "4", "--rate", "50", seconds=4)
    sensor.says("^ready")
    fd = central.acquire(central.find(MOTION))
    central.write(central.find(CONTROL), b"\x01\x32\x00")
    sensor.says("^streaming at 50 Hz$")
    sensor.says("^the recording has ended; the bar rests$")
    equal(sensor.process.wait(PATIENCE_S), 0, "status at the end")
    os.close(fd)
    central.close()
    bus.kill()
    bus = gym.Bus(WORK)
    sensor = Sensor(bus, "--quiet")  # nobody has the name of BlueZ
    time.sleep(1.5)
    sensor.stop()
    equal(sensor.said, [], "words of a quiet one")
    bus.kill()


if __name__ == "__main__":
    if not gym.DBUS_DAEMON:
        print("1..0 # SKIP dbus-daemon is not installed")
        sys.exit(0)
    sys.exit(Tap([what_it_registers, what_it_streams, what_can_be_read_and_what_is_refused, adapters_and_bluez_come_and_go,
                  refused_at_first, pairing, mishaps, to_the_end]).run())
