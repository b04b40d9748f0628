#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands over MQTT: who may give them, which are refused and why, and what comes of them."""

import json
import sys
import time
import uuid

from broker import BROKER, Broker, Listener, Tap, wait_for
from hub import Daemon, configure, equal, of, squat, station, true
from store import Clock


class Coach:
    """Gives commands and hears the answers."""

    def __init__(self, listener, hub="repcast/gym"):
        self.listener, self.hub = listener, hub

    def send(self, where, retained=False, **fields):
        command = {"id": uuid.uuid4().hex, "sent_ms": round(time.time() * 1000), **fields}
        self.listener.publish(self.hub + where + "/cmd", json.dumps(command), retained)
        return command["id"]

    def answers(self, name, where=""):
        return [json.loads(p) for p in self.listener.on(f"{self.hub}{where}/reply/{name}")]

    def ask(self, where="", **fields):
        """The first answer that comes to this."""
        name = fields.get("id")
        before = len(self.answers(name, where)) if name else 0
        name = self.send(where, **fields)
        return wait_for(f"the answer to {fields}", lambda: self.answers(name, where)[before:])[0]

    def at(self, name, **fields):
        """To a station."""
        return self.ask(f"/station/{name}", **fields)


def online(listener):
    wait_for("the hub", lambda: listener.on("repcast/gym/status"))


def commands_are_judged():
    broker = Broker()
    listener = Listener(broker.port)
    coach = Coach(listener)
    clock = Clock()
    daemon = Daemon(configure(broker.port, "Commands=all\n", station("rack-1", squat(), speed=1, RecordingLoop="yes")),
                    env=clock.env)
    online(listener)
    now = round(time.time() * 1000)
    stale = (({"type": "end_set", "sent_ms": now - 40000}, "Stale", "s ago by the hub's clock"),
             ({"type": "end_set", "sent_ms": now + 100000}, "Stale", "in the future"))
    for fields, code, words in (
            ({"type": "reboot"}, "InvalidArgument", "no command is called reboot"),
            ({"type": "end_set", "colour": "red"}, "InvalidArgument", "colour is no field of end_set"),
            ({"type": "scan"}, "InvalidArgument", "scan is for the hub"),
            *(stale if clock.works else ()),
            ({"type": "end_set"}, "NoSuchSet", "no set is running at rack-1")):
        answer = coach.at("rack-1", **fields)
        equal((answer["code"], words in answer["error"]), (code, True), f"answer {answer} to {fields}")
        true(abs(answer["now_ms"] - now) < 60000, "the hub's clock")
    answer = coach.at("rack-l", type="end_set")
    equal(answer["code"], "NoSuchStation", "no such station")
    true("did you mean rack-1?" in answer["error"], f"what was meant: {answer}")
    true(coach.ask(type="scan", seconds=1)["code"] == "NoBluetooth", "without a bus nothing is heard")
    equal(coach.ask(type="adopt", sensor="nonsense", station="rack-1")["code"], "InvalidArgument", "no address")
    equal(coach.ask(type="forget", sensor="D4:22:CD:00:11:22")["code"], "NoSuchSensor", "not adopted")
    daemon.stop()
    broker.kill()


def repeated_and_retained_ones():
    broker = Broker()
    listener = Listener(broker.port)
    coach = Coach(listener)
    name = coach.send("/station/rack-1", retained=True, type="end_set")
    path = configure(broker.port, station("rack-1", squat(), speed=20, RecordingLoop="yes"))
    daemon = Daemon(path)
    refused = wait_for("the refusal of the retained one", lambda: coach.answers(name, "/station/rack-1"))[0]
    equal(refused["code"], "Retained", "a command that lies about")
    wait_for("a rep", lambda: of(listener, "rep"))
    ended = coach.at("rack-1", id="once", type="end_set")
    if ended["code"]:  # between two sets: then again
        wait_for("another rep", lambda: len(of(listener, "rep")) > len(of(listener, "set")) * 5)
        ended = coach.at("rack-1", id="twice", type="end_set")
    equal((ended["error"], ended["repeated"], ended["command"]), (None, False, "end_set"), "done")
    wait_for("the set that ended at a word", lambda: [s for s in of(listener, "set") if s["end"] == "command"])
    count = len([s for s in of(listener, "set") if s["end"] == "command"])
    again = coach.at("rack-1", id=ended["id"], type="end_set")
    equal({**again, "repeated": 0}, {**ended, "repeated": 0}, "the first answer again")
    equal(again["repeated"], True, "and it says so")
    equal(len([s for s in of(listener, "set") if s["end"] == "command"]), count, "sets that ended at a word")
    daemon.stop()
    broker.kill()


def what_is_not_taken():
    broker = Broker()
    listener = Listener(broker.port)
    coach = Coach(listener)
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=1, RecordingLoop="yes")))
    online(listener)
    answer = coach.ask(type="forget", sensor="rack-1")
    equal(answer["code"], "NotAllowed", "commands about sensors are off unless they are switched on")
    true("Commands=all" in answer["error"], "and it says how")
    for i in range(40):  # more than anybody presses buttons
        coach.send("/station/rack-1", id=f"flood-{i}", type="end_set")
    got = lambda: [json.loads(p) for t, p, _ in list(listener.seen) if "/reply/flood-" in t]  # noqa: E731
    wait_for("the last of the flood", lambda: [a for a in got() if a["code"] == "TooMany"])
    true(len([a for a in got() if a["code"] != "TooMany"]) <= 12, "ten at once and a few more")
    listener.publish("repcast/gym/cmd", "x" * 10000)
    listener.publish("repcast/gym/station/rack-1/cmd", "[]")
    time.sleep(1.5)
    equal(coach.at("rack-1", type="end_set")["code"], "NoSuchSet", "then it is taken again")
    daemon.stop()
    daemon = Daemon(configure(broker.port, "Commands=off\n", station("rack-1", squat(), speed=1, RecordingLoop="yes")))
    wait_for("the second hub", lambda: len(listener.on("repcast/gym/status")) >= 3)
    name = coach.send("/station/rack-1", type="end_set")
    time.sleep(1)
    equal(coach.answers(name, "/station/rack-1"), [], "answers where commands are off")
    daemon.stop()
    broker.kill()


def a_hub_without_the_time_of_day():
    clock = Clock()
    if not clock.works:
        return "ThreadSanitizer stands in the place of the clock"
    clock.set(-3e8, False)
    broker = Broker()
    listener = Listener(broker.port)
    coach = Coach(listener)
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=1, RecordingLoop="yes")), env=clock.env)
    online(listener)
    answer = coach.at("rack-1", type="end_set")
    equal((answer["code"], answer["clock"]), ("NoSuchSet", "unsynced"), "its age is not judged")
    true(answer["now_ms"] < time.time() * 1000 - 1e11, "but the sender sees what the hub thinks")
    clock.set(0, True)
    answer = wait_for("the time of day", lambda: [a for a in [coach.at("rack-1", type="end_set")] if a["clock"] == "synced"])[0]
    answer = coach.at("rack-1", type="end_set", sent_ms=round(time.time() * 1000) - 40000)
    equal(answer["code"], "Stale", "now it is")
    daemon.stop()
    broker.kill()


if not BROKER:
    print("1..0 # SKIP mosquitto is not installed")
    sys.exit(0)
if __name__ == "__main__":
    sys.exit(Tap([
        commands_are_judged,
        repeated_and_retained_ones,
        what_is_not_taken,
        a_hub_without_the_time_of_day,
    ]).run())
