#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sensors through the whole hub: a fake BlueZ, repcastd under the shipped bus policy, a real mosquitto, repcastctl."""

import atexit
import json
import os
import pty
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import gym  # noqa: E402
from broker import BROKER, PATIENCE_S, Broker, Listener, Tap, equal, true, wait_for  # noqa: E402

SRC = os.environ.get("srcdir", ".")
DAEMON = os.path.join(os.environ.get("builddir", "."), "repcastd")
WORK = tempfile.mkdtemp(prefix="repcast-sensors-")
atexit.register(shutil.rmtree, WORK, ignore_errors=True)

ONE, TWO, SPARE = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02", "C0:FF:EE:00:00:99"


def lift(reps=3):
    """A set of bench presses as the packets of a bar sensor, made once."""
    path = f"{WORK}/lift-{reps}.rec"
    if not os.path.exists(path):
        gym.bar_recording(path, reps, "--exercise", "bench-press", "--tempo", "2-0-1-1", "--lead-in", "3", "--seed", "2")
    return path


class Hub:
    """A daemon with a configuration, a state folder and a broker of its own."""

    def __init__(self, bus, stations, more=""):
        self.dir = tempfile.mkdtemp(dir=WORK)
        self.config, self.state = self.dir + "/repcast.conf", self.dir + "/state"
        os.mkdir(self.state)
        self.bus, self.broker, self.more = bus, Broker(), more
        self.listener = Listener(self.broker.port)
        self.configure(stations)
        self.process = None
        atexit.register(self.kill)
        self.start()

    def configure(self, stations):
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"[hub]\nName=gym\nExercises={SRC}/conf/exercises.conf\n"
                    f"[mqtt]\nBroker=127.0.0.1:{self.broker.port}\n[store]\nFolder={self.state}\n{self.more}")
            for name, keys in stations.items():
                f.write(f"[station {name}]\nExercise=bench-press\n{keys}")

    def start(self):
        environment = {**os.environ, **(self.bus.environment if self.bus else {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"})}
        with open(self.dir + "/log", "ab") as log:
            self.process = subprocess.Popen([DAEMON, "--config", self.config], stderr=log, stdout=log, env=environment)

    def log(self):
        with open(self.dir + "/log", encoding="utf-8") as f:
            return f.read()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            equal(self.process.wait(PATIENCE_S), 0, f"exit status; log:\n{self.log()[-3000:]}")
        except subprocess.TimeoutExpired:
            raise AssertionError(f"repcastd does not end; log:\n{self.log()[-3000:]}") from None

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.broker.kill()

    def dump(self):
        return subprocess.run([DAEMON, "--config", self.config, "--dump-config"], capture_output=True, text=True,
                              check=True).stdout

    def of(self, leaf, station):
        seen, out = set(), []
        for payload in filter(None, self.listener.on(f"repcast/gym/station/{station}/{leaf}")):
            message = json.loads(payload)
            if message.get("id") is None or message["id"] not in seen:
                seen.add(message.get("id"))
                out.append(message)
        return out

    def state_of(self, station):
        states = self.of("state", station)
        return (states[-1]["sensor_state"], states[-1]["sensor_error"]) if states else (None, None)

    def sensor(self, address):
        """The newest state of a sensor; None: there is none, or it was taken away."""
        states = self.listener.on(f"repcast/gym/sensor/{address}/state")
        return json.loads(states[-1]) if states and states[-1] else None

    def wait_streaming(self, station, seconds=PATIENCE_S):
        wait_for(f"samples of {station}; its state is {self.state_of(station)}",
                 lambda: self.state_of(station)[0] == "streaming", seconds)

    def wait_bus(self):
        wait_for("repcastd on the bus", lambda: gym.ctl(self.bus, "status")[0] == 0)


def ok(done):
    status, out, err = done
    equal(status, 0, f"exit status; {err}")
    return out


def refused(done, status, words):
    equal(done[0], status, f"exit status; {done[2]}")
    true(words in done[2], f"no {words!r} in {done[2]!r}")


def on_terminal(bus, environment, *arguments):
    """What repcastctl shows where standard output is a terminal."""
    here, there = pty.openpty()
    environment = {**{k: v for k, v in os.environ.items() if k != "NO_COLOR"}, **bus.environment, **environment}
    process = subprocess.Popen([gym.CTL, *arguments], stdout=there, stderr=subprocess.DEVNULL, env=environment)
    os.close(there)
    shown = b""
    try:
        while data := os.read(here, 65536):
            shown += data
    except OSError:  # Linux's way to say that the other end is closed
        pass
    os.close(here)
    equal(process.wait(PATIENCE_S), 0, "exit status")
    return shown.decode()


def without_a_bus():
    recording = WORK + "/plain.rec"
    subprocess.run([gym.SYNTH, "-o", recording, "--reps", "2", "--exercise", "bench-press", "--tempo", "2-0-1-1"], check=True,
                   stdout=subprocess.DEVNULL)
    hub = Hub(None, {"played": f"Recording={recording}\nRecordingSpeed=40\n", "aired": f"Sensor={ONE}\nProfile=repcast-bar\n"})
    wait_for("the played set", lambda: hub.of("set", "played"))
    state = wait_for("the state of the other", lambda: hub.state_of("aired")[0] and hub.state_of("aired"))
    equal(state[0], "waiting", "state without a bus")
    true("no system bus" in state[1], state[1])
    time.sleep(6)  # beyond the second try
    equal(hub.log().count("there is no system bus"), 1, "times that it is told")
    hub.stop()
    status, _, err = gym.ctl(type("", (), {"environment": {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}}), "sensors")
    equal(status, 69, "repcastctl without a bus")
    true("there is no system bus" in err, err)


def adopted_sensor_makes_reps():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    refused(gym.ctl(bus, "sensors"), 69, "repcastd is not running")
    bluez.sensor(ONE, lift())
    bluez.do("sensor C0:FF:EE:00:00:55 name=%1b[31mTelly random here rssi=-40")
    hub = Hub(bus, {"platform": ""})
    hub.wait_bus()
    near = {row["sensor"]: row for row in gym.rows(bus, "scan", "--all", "--seconds", "3")}
    equal((near[ONE]["profile"], near[ONE]["rssi_dbm"], near[ONE]["station"]), ("repcast-bar", -60, None), "the bar sensor")
    equal(near["C0:FF:EE:00:00:55"]["profile"], None, "profile of a stranger")
    true("\x1b" not in near["C0:FF:EE:00:00:55"]["name"], "control characters in a name")
    equal([row["sensor"] for row in gym.rows(bus, "scan", "--seconds", "1")], [ONE], "what is shown without --all")
    for colour in (True, False):
        shown = on_terminal(bus, {"TERM": "xterm", **({} if colour else {"NO_COLOR": "1"})}, "scan", "--seconds", "2")
        true(ONE in shown and "repcast bar sensor" in shown and "\033[J" in shown, f"the live table {shown!r}")
        equal("\033[1m" in shown, colour, "colours on a terminal")
    true("\033" not in gym.ctl(bus, "scan", "--seconds", "1")[1], "control sequences into a file")
    refused(gym.ctl(bus, "adopt", "C0:FF:EE:00:00:55", "-s", "platform"), 66, "no profile fits")
    refused(gym.ctl(bus, "adopt", ONE, "-s", "platfrom"), 66, "did you mean platform?")

    true("samples come" in ok(gym.ctl(bus, "adopt", ONE.lower(), "-s", "platform", "--wait")), "adopt --wait")
    copy = hub.dir + "/copy.rec"
    recorder = subprocess.Popen([gym.CTL, "record", "platform", "--output", copy], env={**os.environ, **bus.environment},
                                stderr=subprocess.PIPE, text=True)
    atexit.register(recorder.kill)
    reps = wait_for("three reps", lambda: len(hub.of("rep", "platform")) >= 3 and hub.of("rep", "platform"))
    equal({rep["sensor"] for rep in reps}, {ONE}, "sensor of the reps")
    wait_for("a rate", lambda: gym.rows(bus, "sensors")[0]["rate_hz"])
    (row,) = gym.rows(bus, "sensors")
    equal((row["state"], row["lost"], row["bad_packets"], row["station"]), ("streaming", 0, 0, "platform"), "the link")
    true(90 <= row["rate_hz"] <= 110, f"a rate of {row['rate_hz']} Hz")
    bluez.do(f"notify {ONE} {gym.MOTION} 2201")
    wait_for("the broken packet in the figures", lambda: gym.rows(bus, "sensors")[0]["bad_packets"] == 1)
    bluez.do(f"battery {ONE} 9")
    wait_for("the battery", lambda: "battery of sensor C0:FF:EE:00:00:01 is low: 9 %" in hub.log())
    wait_for("the battery in the figures", lambda: gym.rows(bus, "sensors")[0]["battery_pct"] == 9)

    recorder.send_signal(signal.SIGINT)
    equal(recorder.wait(PATIENCE_S), 0, "exit status of record")
    replayed = subprocess.run([gym.CTL, "replay", "--json", copy], capture_output=True, text=True, check=True).stdout
    hub.stop()
    (replayed,) = [m for m in map(json.loads, replayed.splitlines()) if m["type"] == "set"]
    (live,) = wait_for("the set", lambda: hub.of("set", "platform"))
    equal(replayed["n_reps"], live["n_reps"], "reps of the recording")
    for one, other in zip(live["reps"], replayed["reps"]):  # the recording began a moment later
        for phase in ("eccentric", "concentric"):
            difference = abs(one["tempo_s"][phase] - other["tempo_s"][phase])
            true(difference < 0.2, f"{phase} of rep {one['rep']}: {one['tempo_s']} live, {other['tempo_s']} replayed")
    equal(bluez.violations(), [], "what would harm bluetoothd")
    true(any(line.startswith("call Disconnect") for line in bluez.said), "the sensor is disconnected at the end")


def spare_in_place_of_another():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    for address in (ONE, TWO, SPARE):
        bluez.sensor(address, lift())
    hub = Hub(bus, {"rack-1": "", "rack-2": f"Sensor={TWO}\n", "rack-3": ""})
    hub.wait_bus()
    hub.wait_streaming("rack-2")
    ok(gym.ctl(bus, "adopt", ONE, "-s", "rack-1", "--wait"))
    out = ok(gym.ctl(bus, "adopt", SPARE, "--station", "rack-1", "--wait"))
    true(f"sensor {SPARE} adopted in place of {ONE}" in out, out)
    equal({row["station"]: row["sensor"] for row in gym.rows(bus, "sensors")}, {"rack-1": SPARE, "rack-2": TWO}, "sensors")
    wait_for("the end of the link before", lambda: any("Disconnect" in line and "00_00_01" in line for line in bluez.said))

    refused(gym.ctl(bus, "adopt", SPARE, "-s", "rack-3"), 78, "is the sensor of rack-1; --move takes it away")
    refused(gym.ctl(bus, "adopt", TWO, "-s", "rack-3"), 78, "is the sensor of rack-2 by " + hub.config)
    ok(gym.ctl(bus, "adopt", SPARE, "-s", "rack-3", "--move", "--wait"))
    equal(hub.state_of("rack-1")[0], "waiting", "the station that lost it")
    true("repcastctl adopt" in hub.state_of("rack-1")[1], hub.state_of("rack-1")[1])
    refused(gym.ctl(bus, "forget", "rack-1"), 66, "rack-1 has no sensor")
    refused(gym.ctl(bus, "forget", TWO), 78, f"of rack-2 was not adopted but stands in {hub.config}")
    starts = hub.log().count("rack-2: the sensor is streaming")

    dump = hub.dump()
    true(f"# {hub.state}/adopted.conf:4\nSensor={SPARE}\n" in dump, dump)
    hub.stop()
    hub.start()
    hub.wait_bus()
    wait_for("samples after a restart", lambda: {row["state"] for row in gym.rows(bus, "sensors")} == {"streaming"}, 30)
    equal({row["station"]: row["sensor"] for row in gym.rows(bus, "sensors")}, {"rack-2": TWO, "rack-3": SPARE}, "kept")
    equal(ok(gym.ctl(bus, "forget", SPARE)), f"rack-3: sensor {SPARE} forgotten\n", "forget")
    equal({row["station"] for row in gym.rows(bus, "sensors")}, {"rack-2"}, "stations with a sensor")
    true("Sensor=" not in open(hub.state + "/adopted.conf", encoding="utf-8").read(), "the file")
    equal(starts, 1, "a station that has nothing to do with it goes on undisturbed")
    hub.stop()
    equal(bluez.violations(), [], "what would harm bluetoothd")


def sensors_are_told_and_taken_away():
    """B/sensor/<address>/state: of stations' sensors only, news at once, gone when forgotten, and when an earlier run left it."""
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    bluez.sensor(ONE, lift(12))
    bluez.sensor(SPARE, lift())
    hub = Hub(bus, {"rack-1": "", "rack-2": f"Sensor={TWO}\nProfile=repcast-bar\n"})
    hub.wait_bus()
    hub.listener.publish("repcast/gym/sensor/AA:BB:CC:DD:EE:FF/state", '{"v":1}', retained=True)
    hub.listener.publish("repcast/gym/station/no-more/state", '{"v":1}', retained=True)
    hub.listener.publish("repcast/other/station/rack-9/state", '{"v":1}', retained=True)
    wait_for("the sensor that is not there", lambda: hub.sensor(TWO) and hub.sensor(TWO)["state"] == "seeking")
    ok(gym.ctl(bus, "adopt", ONE, "-s", "rack-1", "--wait"))
    state = wait_for("samples", lambda: (lambda s: s if s and s["state"] == "streaming" and s["error"] is None else None)(
        hub.sensor(ONE)))
    equal((state["type"], state["sensor"], state["station"], state["profile"], state["nominal_hz"]),
          ("sensor", ONE, "rack-1", "repcast-bar", 100), "what it is")
    equal((state["adapter"], state["lost"]), (gym.ADAPTER, 0), "its link")
    equal(hub.sensor(SPARE), None, "a sensor that is only near")
    bluez.do(f"battery {ONE} 9")
    wait_for("the battery", lambda: hub.sensor(ONE)["battery_pct"] == 9)
    count = len(hub.listener.on(f"repcast/gym/sensor/{ONE}/state"))
    time.sleep(3)
    equal(len(hub.listener.on(f"repcast/gym/sensor/{ONE}/state")), count, "messages while only figures change")
    wait_for("the link in the health", lambda: [
        a["links"] for a in json.loads(hub.listener.on("repcast/gym/health")[-1])["bluetooth"]["adapters"]] == [1])
    health = json.loads(hub.listener.on("repcast/gym/health")[-1])
    equal([(a["adapter"], a["id"], a["max_links"]) for a in health["bluetooth"]["adapters"]], [(gym.ADAPTER, "hci0", 7)],
          "adapters in the health")
    status = ok(gym.ctl(bus, "status"))
    true("links: 1 of 7" in status and "running" in status and "events on disk" in status, status)
    ok(gym.ctl(bus, "forget", ONE))
    wait_for("its end", lambda: hub.listener.on(f"repcast/gym/sensor/{ONE}/state")[-1] == "")
    ok(gym.ctl(bus, "adopt", ONE, "-s", "rack-1", "--wait"))
    wait_for("its return", lambda: (hub.sensor(ONE) or {}).get("state") == "streaming")
    hub.stop()
    hub.configure({"rack-3": f"Sensor={SPARE}\n"})
    os.unlink(hub.state + "/adopted.conf")
    hub.start()
    hub.wait_streaming("rack-3", 30)
    left = ["sensor/AA:BB:CC:DD:EE:FF", "sensor/" + ONE, "sensor/" + TWO, "station/no-more", "station/rack-1", "station/rack-2"]
    wait_for("the end of what earlier runs left", lambda: all(hub.listener.on(f"repcast/gym/{t}/state")[-1] == "" for t in left))
    late = Listener(hub.broker.port)
    wait_for("what is retained", lambda: len(late.seen) >= 5)
    equal(sorted(topic for topic, _, _ in late.seen if topic.endswith("/state")),
          [f"repcast/gym/sensor/{SPARE}/state", "repcast/gym/station/rack-3/state", "repcast/other/station/rack-9/state"],
          "states that are retained")
    hub.stop()


def reload_keeps_links():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    bluez.sensor(ONE, lift())
    hub = Hub(bus, {"rack-1": f"Sensor={ONE}\n", "rack-2": ""})
    hub.wait_streaming("rack-1")
    hub.configure({"rack-1": f"Sensor={ONE}\n", "rack-2": "Athlete=ana\n"})
    hub.process.send_signal(signal.SIGHUP)
    wait_for("the reload", lambda: "configuration reloaded" in hub.log())
    hub.wait_bus()
    equal(sum("call Connect" in line for line in bluez.said), 1, "connects")
    hub.configure({"rack-1": f"Sensor={ONE}\n", "rack-2": f"Sensor={ONE.lower()}\n"})
    hub.process.send_signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "the old one stays in force" in hub.log())
    true(f"Sensor=: {ONE} is the sensor of [station rack-1] already" in hub.log(), hub.log())
    wait_for("the link after a refused reload", lambda: gym.rows(bus, "sensors")[0]["state"] == "streaming")
    equal(sum("call Connect" in line for line in bluez.said), 1, "connects after a refused reload")
    hub.stop()


def an_adoption_that_cannot_be_kept():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    bluez.sensor(ONE, lift())
    hub = Hub(bus, {"rack-1": ""})
    hub.wait_bus()
    os.mkdir(hub.state + "/adopted.conf")  # root may write everywhere else
    refused(gym.ctl(bus, "adopt", ONE, "-s", "rack-1"), 73, "it is so now, but " + hub.state + "/adopted.conf cannot be written")
    hub.wait_streaming("rack-1")
    hub.stop()


def bus_and_bluez_go_and_come():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    bluez.sensor(ONE, lift(12))
    hub = Hub(bus, {"rack-1": f"Sensor={ONE}\nProfile=repcast-bar\n"})
    hub.wait_streaming("rack-1")
    bluez.kill()
    wait_for("the loss", lambda: hub.state_of("rack-1")[0] == "waiting")
    wait_for("the reason", lambda: "BlueZ" in hub.state_of("rack-1")[1])
    bluez = gym.BlueZ(bus)
    bluez.sensor(ONE, lift(12))
    hub.wait_streaming("rack-1", 30)

    bus.kill()
    wait_for("the loss of the bus", lambda: "the system bus has closed the connection" in hub.log())
    wait_for("the state", lambda: "no system bus" in (hub.state_of("rack-1")[1] or ""))
    bluez.kill()
    bus.start()
    bluez = gym.BlueZ(bus)
    bluez.sensor(ONE, lift(12))
    hub.wait_streaming("rack-1", 40)
    hub.wait_bus()
    hub.stop()
    equal(hub.log().count("the system bus has closed the connection"), 1, "times that it is told")


def a_still_sensor_rests():
    """WitMotion, which knows how to go slow: told so after IdleAfter=, and woken by motion."""
    data, command = "0000ffe4-0000-1000-8000-00805f9a34fb", "0000ffe9-0000-1000-8000-00805f9a34fb"
    still = WORK + "/still.rec"
    with open(still, "w", encoding="ascii") as f:
        for i in range(300):
            f.write(f"{i * 10000},{struct.pack('<2s9h', b'Ua', 0, 0, 2048, 0, 0, 0, 0, 0, 0).hex()}\n")
    moving = struct.pack("<2s9h", b"Ua", 0, 0, 2048, 4915, 0, 0, 0, 0, 0).hex()  # 300 degrees a second
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    bluez.do(f"sensor {ONE} name=WT901BLE68 random here")
    bluez.do(f"characteristic {ONE} {data} notify")
    bluez.do(f"characteristic {ONE} {command} write,write-without-response")
    bluez.do(f"play {ONE} {data} {still} loop")
    hub = Hub(bus, {"rack-1": f"Sensor={ONE}\n"}, "[bluetooth]\nIdleAfter=3\n")

    def written(code):
        return sum(f"{command} ffaa03{code}00" in line for line in bluez.said)
    hub.wait_streaming("rack-1")
    wait_for("the full rate", lambda: written("09") == 1)
    wait_for("the order to go slow", lambda: written("06") == 1)
    wait_for("the state", lambda: "asleep" in (hub.state_of("rack-1")[1] or ""))
    wait_for("the word", lambda: gym.rows(bus, "sensors")[0]["state"] == "asleep")
    bluez.do(f"notify {ONE} {data} {moving} times=3")
    wait_for("the order to wake", lambda: written("09") == 2)
    hub.wait_streaming("rack-1")
    equal(sum("call Connect" in line for line in bluez.said), 1, "connects")
    hub.stop()
    equal(bluez.violations(), [], "what would harm bluetoothd")


def a_battery_in_a_characteristic():
    """As a Movella DOT has it: no Battery1, no standard service, a value that only the profile understands."""
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus, f"sensor {ONE} name=Movella%20DOT mtu=247 here", *(
        f"characteristic {ONE} 1517{uuid}-4947-11e9-8646-d663bd873d93 {more}" for uuid, more in (
            ("2003", "notify"), ("2001", "write"), ("1002", "write"), ("3001", "read,notify value=5700"))))
    hub = Hub(bus, {"rack-1": f"Sensor={ONE}\nProfile=movella-dot\n"})
    hub.wait_bus()
    wait_for("the charge", lambda: [row["battery_pct"] for row in gym.rows(bus, "sensors")] == [87])
    # Again and again: nothing streams here, so that the link is made anew now and then.
    wait_for("the change", lambda: bluez.do(f"notify {ONE} 15173001-4947-11e9-8646-d663bd873d93 0900") or
             [row["battery_pct"] for row in gym.rows(bus, "sensors")] == [9])
    true("battery of sensor " + ONE + " is low: 9 %" in hub.log(), hub.log())
    hub.stop()
    equal(bluez.violations(), [], "what would harm bluetoothd")


def ten_sensors_and_one_is_lost():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus, "adapter hci1 00:1A:7D:DA:71:14")
    sensors = {f"rack-{i}": f"C0:FF:EE:00:01:{i:02X}" for i in range(10)}
    for address in sensors.values():
        bluez.sensor(address, lift(5))
    start = time.monotonic()
    hub = Hub(bus, {name: f"Sensor={address}\n" for name, address in sensors.items()})
    for name in sensors:
        hub.wait_streaming(name, 40)
    took = time.monotonic() - start
    hub.wait_bus()
    links = {row["id"]: row["links"] for row in gym.rows(bus, "status") if "links" in row}
    equal((sum(links.values()), max(links.values()) <= 7), (10, True), f"links of the adapters, {links}")
    wait_for("a rep", lambda: len(hub.of("rep", "rack-0")) >= 2)
    bluez.do(f"sensor {sensors['rack-0']} away")
    bluez.do(f"lose {sensors['rack-0']}")
    wait_for("the loss", lambda: hub.state_of("rack-0")[0] == "waiting")
    # Its set waits for it no longer than for a lifter who rests.
    (lost,) = wait_for("the end of the set", lambda: hub.of("set", "rack-0"), 40)
    true(2 <= lost["n_reps"] <= 3, f"{lost['n_reps']} reps before the loss")
    for name in list(sensors)[1:]:
        wait_for(f"every rep of {name}", lambda n=name: len(hub.of("rep", n)) >= 5)
    hub.stop()
    equal([s["n_reps"] for name in list(sensors)[1:] for s in hub.of("set", name)], [5] * 9, "sets of the others")
    equal(bluez.violations(), [], "what would harm bluetoothd")
    return f"all stream after {took:.1f} s"


def strangers_in_masses_and_nonsense():
    bus = gym.Bus(WORK)
    bluez = gym.BlueZ(bus)
    bluez.sensor(TWO)  # which sends what no profile knows
    bluez.do(f"pattern {TWO} {gym.MOTION} 20 10")
    hub = Hub(bus, {"rack-1": "", "rack-2": f"Sensor={TWO}\n"})
    hub.wait_bus()
    bluez.do("flood hci0 400")
    bluez.sensor(ONE, lift())
    near = gym.rows(bus, "scan", "--all", "--seconds", "4")
    true(ONE in {row["sensor"] for row in near}, "the sensor is found among them")
    true(len(near) <= 128, f"{len(near)} devices shown")
    for row in near:
        true(all(c.isprintable() for c in row["name"] or ""), row["name"])
    ok(gym.ctl(bus, "adopt", ONE, "-s", "rack-1", "--wait"))
    wait_for("words about the nonsense", lambda: any(
        "what it sends is not what the profile repcast-bar says" in (state["sensor_error"] or "")
        for state in hub.of("state", "rack-2")))
    equal({state["sensor_state"] for state in hub.of("state", "rack-2")}, {"waiting"}, "it never streamed")
    hub.stop()


if __name__ == "__main__":
    for tool, name in ((BROKER, "mosquitto"), (gym.DBUS_DAEMON, "dbus-daemon")):
        if not tool:
            print(f"1..0 # SKIP {name} is not installed")
            sys.exit(0)
    sys.exit(Tap([without_a_bus, adopted_sensor_makes_reps, spare_in_place_of_another,
                  sensors_are_told_and_taken_away, reload_keeps_links,
                  an_adoption_that_cannot_be_kept, bus_and_bluez_go_and_come, a_still_sensor_rests,
                  a_battery_in_a_characteristic, ten_sensors_and_one_is_lost, strangers_in_masses_and_nonsense]).run())
