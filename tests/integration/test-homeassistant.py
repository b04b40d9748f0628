#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Home Assistant's device discovery: what a real hub announces, held against the published rules; its templates, run as
Home Assistant runs them on the hub's real messages; and that nothing stays behind."""

import json
import os
import re
import sys
import tempfile

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import gym  # noqa: E402
from broker import BROKER, Broker, Listener, Tap, wait_for  # noqa: E402
from hub import SRC, WORK, Daemon, equal, squat, true  # noqa: E402

try:
    import jinja2.sandbox
    import jsonschema
except ImportError:
    jinja2 = jsonschema = None

BAR, HOSTILE = "C0:FF:EE:00:00:01", 'Café "2" {{ 7 * 7 }} $&'
FOREIGN = "homeassistant/device/somebody_else/config"
HUB = "repcast__gym"
RACK, SENSOR = HUB + "__station__rack-1", HUB + "__sensor__C0_3aFF_3aEE_3a00_3a00_3a01"


class Place:
    def __init__(self):
        self.bus, self.broker = gym.Bus(WORK), Broker()
        self.bluez = gym.BlueZ(self.bus)
        self.bluez.sensor(BAR, gym.bar_recording(WORK + "/bar.rec", 2, "--exercise", "bench-press", "--tempo", "2-0-1-1"))
        self.listener = Listener(self.broker.port)
        self.listener.publish(FOREIGN, "{}", retained=True)
        self.listener.publish(f"homeassistant/device/{HUB}-2/config", "{}", retained=True)  # a hub called gym-2
        self.folder = tempfile.mkdtemp(dir=WORK)
        self.daemon = None

    def start(self, *stations, discovery="yes"):
        names = {"rack-1": f"Exercise=back-squat\nRecording={squat()}\nRecordingSpeed=40\nRecordingLoop=yes\nAthlete=ana\nLoadKg=80\n",
                 HOSTILE: "Exercise=bench-press\n"}
        with open(self.folder + "/repcast.conf", "w", encoding="utf-8") as f:
            f.write(f"[hub]\nName=gym\nExercises={SRC}/conf/exercises.conf\n[mqtt]\nBroker=127.0.0.1:{self.broker.port}\n"
                    f"Discovery={discovery}\n[store]\nFolder={self.folder}\n")
            f.write("".join(f"[station {name}]\n{names[name]}" for name in stations))
        if self.daemon is None:
            self.daemon = Daemon(self.folder + "/repcast.conf", env=self.bus.environment)

    def stop(self):
        self.daemon.stop()
        self.daemon = None

    def retained(self):
        """Devices that somebody who comes now is told of."""
        late = Listener(self.broker.port)
        late.publish("test/end", "")
        wait_for("what is retained", lambda: late.on("test/end"))
        return {topic.split("/")[2]: json.loads(payload) for topic, payload, retained in late.seen
                if retained and topic.startswith("homeassistant/device/") and topic != FOREIGN}


def render(template, payload):
    """As Home Assistant does: a sandbox, the payload as value_json, to_json as a filter."""
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined)
    environment.filters["to_json"] = json.dumps
    return environment.from_string(template).render(value=payload, value_json=json.loads(payload)).strip()


def example(kind):
    """The contract's example, which is a real message: nobody here has a prescription, tires or falls."""
    with open(SRC + "/doc/mqtt.md", encoding="utf-8") as f:
        blocks = re.findall(r"```json\n(.*?)```", f.read(), re.DOTALL)
    return next(b for b in blocks if json.loads(b).get("type") == kind)


def check_entities(place, device):
    values = {}
    for name, c in device["components"].items():
        payloads = [p for p in place.listener.on(c["state_topic"]) if p and '"late":true' not in p]
        kind = c["state_topic"].rsplit("/", 1)[1]
        if not payloads and kind in ("advice", "fatigue", "safety"):
            payloads = [json.dumps({**json.loads(example(kind)), "late": False})]
        if not payloads and HOSTILE in c["state_topic"] and c["state_topic"].endswith(("/rep", "/set")):
            continue
        true(payloads, f"nothing on {c['state_topic']}")
        values[name] = render(c["value_template"], payloads[-1])
    return values


def announced_and_taken_away():
    place = Place()
    place.start("rack-1", HOSTILE)
    for kind in ("rep", "set"):  # of what happens now: the first ones may have waited for the connection
        wait_for(f"a {kind}", lambda k=kind: any(
            '"late":false' in p for p in place.listener.on(f"repcast/gym/station/rack-1/{k}")))
    wait_for("the hub on the bus", lambda: gym.ctl(place.bus, "status")[0] == 0)
    equal(gym.ctl(place.bus, "adopt", BAR, "-s", HOSTILE, "--wait")[0], 0, "adopt")
    place.bluez.do(f"battery {BAR} 83")
    (hostile,) = {t.split("/")[2] for t, _, _ in place.listener.seen if f"/device/{HUB}__station__Caf" in t}
    ids = {HUB, RACK, hostile, SENSOR}
    wait_for("the devices", lambda: ids <= set(place.retained()))
    devices = place.retained()
    equal(set(devices) - ids, {HUB + "-2"}, "other devices")
    del devices[HUB + "-2"]

    with open(SRC + "/tests/contract/homeassistant-device.json", encoding="utf-8") as f:
        rules = jsonschema.Draft202012Validator(json.load(f))
    unique = []
    for name, device in devices.items():
        true(re.fullmatch(r"[a-zA-Z0-9_-]+", name), f"id {name}")  # TOPIC_MATCHER of Home Assistant's discovery.py
        error = next(rules.iter_errors(device), None)
        true(error is None, f"{name}: {str(error)[:1000]}")
        equal(device["device"]["identifiers"], [name], "identifiers")
        equal(device["device"].get("via_device"), None if name == HUB else HUB, "via_device")
        unique += [c["unique_id"] for c in device["components"].values()]
        for fault in ({"device": {}}, {"origin": {}}, {"components": {"x": {"platform": "toaster"}}}, {"colour": 1}):
            true(not rules.is_valid({**device, **fault}), f"{fault} passes")
    equal(len(set(unique)), len(unique), "unique ids")

    wait_for("the battery", lambda: '"battery_pct":83' in place.listener.on(f"repcast/gym/sensor/{BAR}/state")[-1])
    values = {name: check_entities(place, device) for name, device in devices.items()}
    equal(values[HUB]["links"], "1", "Bluetooth links")
    rack = values[RACK]
    equal((rack["athlete"], rack["exercise"], rack["load"], rack["last_set_reps"]), ("ana", "back-squat", "80.0", "5"), "the rack")
    true(re.fullmatch(r"\d\.\d+-\d\.\d+-\d\.\d+", rack["tempo"]), f"tempo {rack['tempo']}")
    true(float(rack["velocity_loss"]) >= 0 and 1 < float(rack["eccentric"]) < 3, f"figures {rack}")
    event = json.loads(rack["rep"])
    equal((event["event_type"], event["type"], event["station"]), ("rep", "rep", "rack-1"), "the event of a repetition")
    for entity, kind in (("advised", "advice"), ("tired", "fatigue"), ("alarm", "safety")):
        equal(json.loads(rack[entity])["event_type"], kind, f"the event of {kind}")
    true(0 <= float(rack["control"]) <= 1, f"control {rack['control']}")
    late = {**event, "late": True}
    template = devices[RACK]["components"]["rep"]["value_template"]
    equal(render(template, json.dumps(late)), "", "an event that waited")
    bar = values[SENSOR]
    equal((bar["battery"], bar["link"], bar["connected"]), ("83", "streaming", "ON"), "the sensor")
    equal(values[hostile]["sensor"], "ON", "the sensor of the station with the hostile name")
    equal(devices[hostile]["device"]["name"], HOSTILE, "its name")
    status = place.listener.on("repcast/gym/status")[-1]
    equal(render(devices[HUB]["availability"][0]["value_template"], status), "online", "availability")

    count = len(place.listener.on(f"homeassistant/device/{HUB}/config"))
    place.listener.publish("homeassistant/status", "offline")
    place.listener.publish("homeassistant/status", "online")
    for name in devices:
        wait_for(f"{name}, told again", lambda n=name: len(place.listener.on(f"homeassistant/device/{n}/config")) > (
            count if n == HUB else 1))

    equal(gym.ctl(place.bus, "forget", BAR)[0], 0, "forget")
    wait_for("the end of the sensor", lambda: place.listener.on(f"homeassistant/device/{SENSOR}/config")[-1] == "")
    place.start("rack-1")
    place.daemon.signal(1)
    wait_for("the end of the station", lambda: place.listener.on(f"homeassistant/device/{hostile}/config")[-1] == "")
    equal(set(place.retained()), {HUB, HUB + "-2", RACK}, "devices that are left")
    place.stop()

    place.start(discovery="no")
    wait_for("the end of all", lambda: set(place.retained()) == {HUB + "-2"})
    place.stop()
    equal(place.listener.on(FOREIGN), ["{}"], "the device of somebody else")


def off_unless_wanted():
    place = Place()
    place.start("rack-1", discovery="no")
    wait_for("a set", lambda: place.listener.on("repcast/gym/station/rack-1/set"))
    place.listener.publish("homeassistant/status", "online")
    place.stop()
    equal({t for t, _, _ in place.listener.seen if t.startswith("homeassistant/")},
          {FOREIGN, f"homeassistant/device/{HUB}-2/config", "homeassistant/status"}, "topics of Home Assistant")


if __name__ == "__main__":
    for tool, what in ((BROKER, "mosquitto"), (gym.DBUS_DAEMON, "dbus-daemon"), (jinja2, "python3-jinja2 or python3-jsonschema")):
        if not tool:
            print(f"1..0 # SKIP {what} is not installed")
            sys.exit(0)
    sys.exit(Tap([announced_and_taken_away, off_unless_wanted]).run())
