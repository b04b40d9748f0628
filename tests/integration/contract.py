# SPDX-License-Identifier: Apache-2.0
"""The contract with whoever listens (doc/mqtt.md, doc/schema, doc/asyncapi.json), held against a real hub: a day in a gym
that makes every message there is, the schemas, and the examples of the documentation, which are written from that day:

    make doc-examples

A new payload: its schema in doc/schema, its channel in doc/asyncapi.json, something in day() that makes it, a block with
its type in doc/mqtt.md; then make doc-examples. A new field: a line in its schema."""

import json
import os
import re
import sys
import tempfile
import textwrap
import time

import gym
from bar import dropped, unracked_and_turned
from broker import Broker, Listener, wait_for
from hub import SRC, WORK, Daemon, record, squat, write

try:
    import jsonschema
except ImportError:  # the test says so
    jsonschema = None
try:
    from referencing import Registry, Resource
except ImportError:  # Debian 12: jsonschema 4.10, which resolves by itself
    Registry = None

DOC = os.path.join(SRC, "doc")
BAR, OTHER = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"
RACK, PLATFORM, HOSTILE = "rack-1", "platform", 'Café "2" \\ <b>{}$&'
ATHLETE = "Zoë O'Brien \"☃\" \\u0000"


# ---- schemas ----

def schema_names():
    return sorted(f[:-5] for f in os.listdir(DOC + "/schema") if f.endswith(".json") and f != "common.json")


def load(name):
    with open(f"{DOC}/schema/{name}.json", encoding="utf-8") as f:
        return json.load(f)


def validator(name, schema=None):
    """For messages of this name; schema: in place of the one in its file."""
    schema = schema or load(name)
    if Registry:
        files = ((n + ".json", Resource.from_contents(load(n))) for n in (*schema_names(), "common"))
        return jsonschema.Draft202012Validator(schema, registry=Registry().with_resources(files))
    resolver = jsonschema.RefResolver(f"file://{os.path.abspath(DOC)}/schema/{name}.json", schema)
    return jsonschema.Draft202012Validator(schema, resolver=resolver)


def schema_of(message):
    """Which schema a message is held against, by its type."""
    kind = message.get("type")
    return "query" if kind in ("resync", "history") else "command" if "sent_ms" in message else kind


# ---- a day in the gym ----

def partials():
    """A set with movements that are not counted, and figures that the set corrects."""
    return record("partials.rec", 5, "--exercise", "back-squat", "--tempo", "3-0-1-1", "--seed", "3", "--incident", "partials",
                  "--hard")


class Day:
    """What was said on one day. Everything that anybody published is in messages, with its topic; published holds topic,
    QoS and retained of what the hub published, and subscribed its subscriptions, both as the broker saw them."""

    def __init__(self):
        self.bus = gym.Bus(WORK)
        self.bluez = gym.BlueZ(self.bus)
        self.bluez.sensor(BAR, gym.bar_recording(WORK + "/day.rec", 3, "--exercise", "bench-press", "--tempo", "2-0-1-1",
                                                 "--seed", "2"))
        self.bluez.sensor(OTHER, name="\x1b[31mÜ \"'")
        self.broker = Broker(("allow_anonymous true", "log_type all"))
        self.listener = Listener(self.broker.port)
        self.asked = 0
        self.lose_another()
        self.daemon = self.start()
        self.lift()
        self.ask()
        self.end()
        with open(self.broker.dir + "/log", encoding="utf-8") as f:
            self.log = f.read()
        self.messages = [(topic, json.loads(payload)) for topic, payload, _ in self.listener.seen if payload]
        self.broker.kill()

    def lose_another(self):
        """Another hub dies without a farewell. Its will comes after some seconds: it might have been back by then."""
        path = write("other.conf", f"[hub]\nName=other\n[mqtt]\nBroker=127.0.0.1:{self.broker.port}\n")
        other = Daemon(path, env=self.bus.environment)
        wait_for("the birth of another hub", lambda: self.listener.on("repcast/other/status"))
        other.kill()

    def start(self):
        folder = tempfile.mkdtemp(dir=WORK)
        station = "[station {}]\nExercise={}\n"
        self.config = folder + "/repcast.conf"
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(f"[hub]\nName=gym\nExercises={SRC}/conf/exercises.conf\n"
                    f"[mqtt]\nBroker=127.0.0.1:{self.broker.port}\nCommands=all\n[store]\nFolder={folder}\n" +
                    station.format(RACK, "back-squat") + f"Recording={partials()}\nRecordingSpeed=20\nRecordingLoop=yes\n"
                    "Athlete=ana\nLoadKg=80\nOneRmKg=110\nPrescription=negative-squat\n" +
                    station.format("rack-2", "back-squat") + f"Recording={unracked_and_turned()}\nRecordingSpeed=20\n" +
                    station.format(HOSTILE, "back-squat") + f"Recording={squat()}\nRecordingSpeed=20\nAthlete={ATHLETE}\n" +
                    station.format(PLATFORM, "bench-press") + "Athlete=bo\nLoadKg=62.5\n" +
                    station.format("cage", "back-squat") + f"Recording={dropped()}\nRecordingSpeed=20\n" +
                    station.format("spare", "bench-press") + "[coach]\nVelocityLoss=2\n")
        return Daemon(self.config, env=self.bus.environment)

    def of(self, kind, station=None, hub="gym"):
        messages = (json.loads(p) for topic, p, _ in self.listener.seen if p and topic.startswith(f"repcast/{hub}/"))
        return [m for m in messages if m.get("type") == kind and station in (None, m.get("station"))]

    def lift(self):
        wait_for("the hub on the bus", lambda: gym.ctl(self.bus, "status")[0] == 0)
        status, _, error = gym.ctl(self.bus, "adopt", BAR, "-s", PLATFORM, "--wait")
        if status != 0:
            raise AssertionError(error)
        self.bluez.do(f"battery {BAR} 83")
        for kind in ("live", "phase", "rep", "set", "amend", "rejected", "state", "health", "advice", "fatigue",
                     "safety"):
            wait_for(f"a message of type {kind}", lambda k=kind: self.of(k))
        wait_for("both kinds of amendments", lambda: {m["change"] for m in self.of("amend")} >= {"rejected", "figures"})
        for station in ("rack-2", HOSTILE):
            wait_for(f"the set of {station}", lambda s=station: self.of("set", s))
        wait_for("reps over the air", lambda: len(self.of("rep", PLATFORM)) >= 2)

    def put(self, topic, **fields):
        """Publish a question or a command and return the answer."""
        self.asked += 1
        name = fields.setdefault("id", f"panel-{self.asked}")
        self.listener.publish("repcast/gym/" + topic, json.dumps(fields, ensure_ascii=False))
        return wait_for(f"the answer to {fields}", lambda: [m for m in self.of("reply") if m["id"] == name])[-1]

    def command(self, topic, **fields):
        return self.put(topic + "cmd", sent_ms=round(time.time() * 1000), **fields)

    def ask(self):
        first = self.of("amend", "rack-2")[0]
        self.put("query", type="resync", station="rack-2", from_seq=first["seq"], to_seq=first["seq"])
        self.put("query", type="history", v=1, athlete="ana", exercise="back-squat", station=RACK, since_ms=1,
                 until_ms=round(time.time() * 1000) + 10**9, after=1, limit=2)
        self.put("query", type="history", id="</b>\"\\☃/+#")
        self.put("query", type="history", colour="red")
        self.command("", type="scan", seconds=1)
        self.command("", type="adopt", by="office", sensor=OTHER, station="spare", profile="repcast-bar", move=False)
        wait_for("its state", lambda: [m for m in self.of("sensor") if m["sensor"] == OTHER])
        self.command("", type="forget", sensor="spare")
        self.command("", type="reboot")
        self.coach()

    def coach(self):
        here = f"station/{RACK}/"
        self.command("station/rack-2/", type="claim", athlete="bo", by="coach-tablet")
        self.command("station/rack-2/", type="discard_rep", rep=3, by="coach-tablet")
        self.command("station/rack-2/", type="undo", by="coach-tablet")
        wait_for("a running set", lambda: self.of("state", RACK)[-1]["n_reps"] >= 2)
        self.command(here, type="discard_rep", by="coach-tablet")
        self.command(here, type="undo", by="coach-tablet")
        self.command(here, type="queue", entries=[{"athlete": "cara", "load_kg": 55}], rotate=True)
        self.command(here, type="assign", athlete="ben", exercise="front-squat", load_kg=60.5, one_rm_kg=None,
                     prescription=None)
        self.command(here, type="end_set")
        wait_for("the next one's turn", lambda: self.of("state", RACK)[-1]["athlete"] == "ben")

    def end(self):
        self.daemon.stop()
        wait_for("the farewell", lambda: self.of("status")[-1]["state"] == "offline")
        wait_for("the other hub's will", lambda: self.of("status", hub="other")[-1]["since_ms"] is None)

    def published(self):
        """(topic, QoS, retained) of what the hub published."""
        found = re.findall(r"Received PUBLISH from repcast-\S*-gym \(d\d, q(\d), r(\d), m\d+, '(.*?)', \.\.\.", self.log)
        return {(topic, int(qos), retained == "1") for qos, retained, topic in found}

    def subscribed(self):
        """What the hub listens to."""
        return set(re.findall(r"^\d+: repcast-\S*-gym \d (\S+)$", self.log, flags=re.M))


# ---- examples ----

def form(value):
    """What does not change from one message to the next: fields, their order, kinds of values. None = either."""
    if isinstance(value, dict):
        return [(key, form(v)) for key, v in value.items()]
    if isinstance(value, list):
        return ["list", *(form(v) for v in value[:1])]
    if value is None:
        return None
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def same_form(a, b):
    if a is None or b is None or a == b:
        return True
    if isinstance(a, list) and isinstance(b, list) and a[:1] == b[:1] == ["list"]:
        return len(a) == 1 or len(b) == 1 or same_form(a[1], b[1])
    if isinstance(a, tuple) and isinstance(b, tuple):
        return a[0] == b[0] and same_form(a[1], b[1])
    return isinstance(a, list) and isinstance(b, list) and len(a) == len(b) and all(map(same_form, a, b))


def poverty(value):
    """How much is not known or not there: the less, the more an example shows."""
    if isinstance(value, dict):
        return sum(map(poverty, value.values()))
    if isinstance(value, list):
        return (not value) + sum(map(poverty, value))
    return value is None


BLOCK = re.compile(r"```json\n(.*?)```\n", re.S)


def variant(message):
    """Messages of one type that differ in form have an example each."""
    kind = message.get("type")
    if schema_of(message) == "command":
        return f"command {kind}"
    if kind == "amend":
        return "amend " + ("by hand" if "restores" in message else message["change"])
    if kind == "reply":
        return f"reply {message['command']}" if "command" in message else "reply " + \
            ("refused" if message["error"] else message["events"][0]["type"] if message["events"] else "empty")
    return kind


def examples(path):
    """The examples of a document, in order."""
    with open(path, encoding="utf-8") as f:
        return [json.loads(block) for block in BLOCK.findall(f.read())]


def choose(day, example):
    """A message of the same kind, of a friendly station, with as much in it as there is; None: there is none."""
    fit = [m for _, m in day.messages if variant(m) == variant(example) and HOSTILE not in json.dumps(m, ensure_ascii=False)]
    return min(fit, key=lambda m: (poverty(m), -len(m), len(json.dumps(m))), default=None)


def render(message):
    """Compact, in lines of at most 118 characters that break behind commas."""
    pieces = re.split(r"(?<=,)(?=[\"{])", json.dumps(message, ensure_ascii=False, separators=(",", ":")))
    lines = [""]
    for piece in pieces:
        if len(lines[-1]) + len(piece) > 118:
            lines.append(" ")
        lines[-1] += piece
    return "\n".join(lines) + "\n"


def write_examples(day, path):
    with open(path, encoding="utf-8") as f:
        text = f.read()

    def replace(match):
        example = json.loads(match.group(1))
        message = choose(day, example)
        if message is None:
            raise AssertionError(f"the day has no message like {json.dumps(example)[:80]}")
        return f"```json\n{render(message)}```\n"
    text = BLOCK.sub(replace, text)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


if __name__ == "__main__":
    write_examples(Day(), sys.argv[1])
    print(textwrap.dedent(f"the examples of {sys.argv[1]} are of today"))
