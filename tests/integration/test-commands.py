#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Commands over MQTT: who may give them, which are refused and why, and what comes of them."""

import json
import socket
import sys
import time
import uuid

from broker import BROKER, PATIENCE_S, Broker, Listener, Tap, packet, text, wait_for
from hub import Daemon, check_sequence, configure, deadlift, equal, of, squat, station, true
from store import Asker, Clock, Hub


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
    daemon = Daemon(configure(broker.port, "Commands=all\n", station("rack-1", squat(), speed=0.1, RecordingLoop="yes")),
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
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=0.1, RecordingLoop="yes")))
    online(listener)
    answer = coach.ask(type="forget", sensor="rack-1")
    equal(answer["code"], "NotAllowed", "commands about sensors are off unless they are switched on")
    true("Commands=all" in answer["error"], "and it says how")
    for i in range(40):  # more than anybody presses buttons
        coach.send("/station/rack-1", id=f"flood-{i}", type="end_set")
    got = lambda: [json.loads(p) for t, p, _ in listener.seen if "/reply/flood-" in t]  # noqa: E731
    wait_for("the last of the flood", lambda: [a for a in got() if a["code"] == "TooMany"])
    true(len([a for a in got() if a["code"] != "TooMany"]) <= 12, "ten at once and a few more")
    listener.publish("repcast/gym/cmd", "x" * 10000)
    listener.publish("repcast/gym/station/rack-1/cmd", "[]")
    time.sleep(1.5)
    equal(coach.at("rack-1", type="end_set")["code"], "NoSuchSet", "then it is taken again")
    daemon.stop()
    daemon = Daemon(configure(broker.port, "Commands=off\n", station("rack-1", squat(), speed=0.1, RecordingLoop="yes")))
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
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=0.1, RecordingLoop="yes")), env=clock.env)
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


def answer_where_it_is_wanted(broker, wanted, **fields):
    """Ask by MQTT 5 with a response topic and correlation data; returns the topic and both of what came."""
    s = socket.create_connection(("127.0.0.1", broker.port))
    s.sendall(packet(0x10, text("MQTT") + bytes([5, 2, 0, 0, 0]) + text("modern")))  # no properties
    s.sendall(packet(0x82, b"\0\1\0" + text("#") + b"\0"))
    properties = b"\x08" + text(wanted) + b"\x09" + text("mine, \x07") + b"\x26" + text("a") + text("b")
    s.settimeout(PATIENCE_S)
    f = s.makefile("rb")
    while f.read(1) != b"\x90":  # its SUBACK: then nothing is missed
        f.read(f.read(1)[0])
    f.read(f.read(1)[0])
    s.sendall(packet(0x30, text("repcast/gym/station/rack-1/cmd") + bytes([len(properties)]) + properties +
                     json.dumps({"sent_ms": round(time.time() * 1000), **fields}).encode()))
    while True:
        kind, size, shift = f.read(1)[0], 0, 0
        while True:
            byte = f.read(1)[0]
            size, shift = size | (byte & 127) << shift, shift + 7
            if byte < 128:
                break
        body = f.read(size)
        n = int.from_bytes(body[:2], "big")
        topic, rest = body[2:2 + n].decode(), body[2 + n:]
        if kind >> 4 == 3 and fields["id"].encode() in rest and not topic.endswith("/cmd"):
            return topic, b"\x09" + text("mine, \x07") in rest, json.loads(rest[rest.index(b"{"):])


def answers_by_mqtt_5():
    broker = Broker()
    listener = Listener(broker.port)
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=0.1, RecordingLoop="yes")))
    online(listener)
    own = "repcast/gym/station/rack-1/reply/"
    for number, (wanted, got) in enumerate((
            ("panel/answers", "panel/answers"), ("repcast/gym/reply/panel", "repcast/gym/reply/panel"),
            ("repcast/gym/status", own + "m-2"), ("repcast/gym/station/rack-1/rep", own + "m-3"))):
        topic, correlated, answer = answer_where_it_is_wanted(broker, wanted, id=f"m-{number}", type="end_set")
        equal((topic, correlated, answer["code"]), (got, True, "NoSuchSet"), f"the answer that was wanted at {wanted}")
    equal(len(of(listener, "rep")), 0, "words put into the hub's mouth")
    daemon.stop()
    broker.kill()


def last_state(listener, name="rack-1"):
    return of(listener, "state", name)[-1]


def sets(listener):
    return [(s["set"], s["athlete"], s["exercise"], s["load_kg"], s["n_reps"]) for s in of(listener, "set")]


def wait_sets(listener, n):
    wait_for(f"set {n}", lambda: len(of(listener, "set")) >= n)


def end_after(listener, coach, reps):
    """The recording says nothing more for a while: so does the coach."""
    wait_for(f"rep {reps}", lambda: len(of(listener, "rep")) >= reps)
    answer = coach.at("rack-1", type="end_set")
    true(answer["error"] is None, f"end of the set: {answer}")
    wait_sets(listener, 1)


def assign_in_a_set(coach, listener, now, **fields):
    """Assign while that athlete's set runs. The word may come when the set has just ended: then back, and in the next."""
    for _ in range(10):
        before = len(of(listener, "rep"))
        wait_for(f"a rep of {now}", lambda n=before: [r for r in of(listener, "rep")[n:] if r["athlete"] == now])
        answer = coach.at("rack-1", type="assign", **fields)
        true(answer["error"] is None, f"assigned: {answer}")
        if answer["result"] == {"holds": "after_set"}:
            return
        equal(answer["result"], {"holds": "now"}, "between two sets")
        coach.at("rack-1", type="assign", athlete=now)
    raise AssertionError("no word came within a set")


def who_lifts_what():
    """The recording is one set of five squats, over and over; the pause between lasts a second here."""
    broker = Broker()
    listener = Listener(broker.port)
    coach = Coach(listener)
    hub = Hub(broker.port, station("rack-1", squat(), speed=40, RecordingLoop="yes", RecordingPause=40, LoadKg=60))
    hub.start()
    online(listener)
    for fields, code, words in (
            ({"exercise": "bak-squat"}, "NoSuchExercise", 'there is no exercise "bak-squat"; did you mean "back-squat"?'),
            ({"prescription": "negative-sqat"}, "NoSuchPrescription", 'did you mean "negative-squat"?'),
            ({"load_kg": 2000}, "InvalidArgument", "load_kg is no number of kilograms, or out of range")):
        answer = coach.at("rack-1", type="assign", **fields)
        equal((answer["code"], words in answer["error"]), (code, True), f"{answer} to {fields}")
    answer = coach.at("rack-1", type="assign", athlete="ana", one_rm_kg=110, prescription="negative-squat")
    true(answer["error"] is None, f"assigned: {answer}")
    assign_in_a_set(coach, listener, "ana", athlete="ben", load_kg=50)
    wait_for("a state that says who is next",
             lambda: [s for s in of(listener, "state") if s["next"] and s["next"]["athlete"] == "ben"])
    wait_for("reps of ben", lambda: [r for r in of(listener, "rep") if r["athlete"] == "ben"])
    state = last_state(listener)
    equal((state["athlete"], state["load_kg"], state["one_rm_kg"], state["prescription"], state["next"]),
          ("ben", 50.0, None, "negative-squat", None), "a new athlete has another 1RM and the same prescription")
    owners = {r["set"]: set() for r in of(listener, "rep")}
    for r in of(listener, "rep"):
        owners[r["set"]].add(r["athlete"])
    true(all(len(o) == 1 for o in owners.values()), f"each set is one athlete's: {owners}")
    coach.at("rack-1", type="queue", entries=[{"athlete": "cara", "load_kg": 40}], rotate=True)

    def turns():  # from the first of hers: a set of ben may have ended while the queue was on its way
        names = [s[1] for s in sets(listener)]
        return names[names.index("cara"):] if "cara" in names else []
    wait_for("four turns", lambda: len(turns()) >= 4)
    equal(turns()[:4], ["cara", "ben", "cara", "ben"], "turns")
    equal({s[3] for s in sets(listener) if s[1] == "cara"}, {40.0}, "each with their own load")
    check_sequence(listener, "rack-1")
    # It outlives the hub, however that ends.
    hub.daemon.kill()
    kept = last_state(listener)
    hub.start()
    wait_for("reps of the second run", lambda: of(listener, "rep")[-1]["id"].split("-")[0] != of(listener, "rep")[0]["id"].split("-")[0])
    state = last_state(listener)
    equal({state["athlete"], state["queue"][0]["athlete"]}, {"ben", "cara"}, "still their turns")
    equal(state["rotate"], True, "and they go on")
    true(kept["queue"], "the queue before")
    coach.at("rack-1", type="queue", entries=[])
    equal(coach.at("rack-1", type="undo")["result"], {"undone": "queue"}, "undo")
    wait_for("the queue again", lambda: last_state(listener)["queue"])
    coach.at("rack-1", type="queue", entries=[])
    answer = coach.at("rack-1", type="assign", defaults=True)
    true(answer["error"] is None, f"back: {answer}")
    wait_for("nobody's reps", lambda: of(listener, "rep")[-1]["athlete"] is None)
    equal(of(listener, "rep")[-1]["load_kg"], 60.0, "the load of the configuration")
    hub.daemon.stop()
    broker.kill()


def another_exercise_and_the_same_sensor():
    broker = Broker()
    listener = Listener(broker.port)
    coach = Coach(listener)
    hub = Hub(broker.port, station("floor", deadlift(), "back-squat", speed=20, RecordingLoop="yes", RecordingPause=40))
    hub.start()
    wait_for("samples", lambda: of(listener, "state", "floor") and last_state(listener, "floor")["sensor_state"] == "streaming")
    answer = coach.at("floor", type="assign", exercise="deadlift", athlete="dan")
    true(answer["error"] is None, f"assigned: {answer}")
    wait_for("a set of deadlifts", lambda: [s for s in of(listener, "set") if s["exercise"] == "deadlift" and s["n_reps"] == 4])
    equal(hub.daemon.log().count("floor: the sensor is streaming"), 1, "starts of the sensor")
    numbers = [s["set"] for s in of(listener, "set")]
    equal(numbers, sorted(set(numbers)), "sets go on counting")
    check_sequence(listener, "floor")
    hub.daemon.stop()
    broker.kill()


def what_counts():
    broker = Broker()
    listener = Listener(broker.port)
    coach, asker = Coach(listener), Asker(listener)
    hub = Hub(broker.port, station("rack-1", squat(), speed=20, RecordingLoop="yes", RecordingPause=400))
    hub.start()
    wait_for("the third rep", lambda: last_state(listener)["n_reps"] >= 3 if of(listener, "state") else False)
    gone = coach.at("rack-1", type="discard_rep", by="tablet")["result"]
    end_after(listener, coach, 5)
    done = of(listener, "set")[0]
    equal((done["n_reps"], gone["rep"] in [r["rep"] for r in done["reps"]]), (4, False), "the set leaves it out")
    equal(last_state(listener)["unclaimed"], [1], "it is nobody's")
    claimed = coach.at("rack-1", type="claim", athlete="ana", by="tablet")["result"]
    equal(claimed, {"set": 1}, "now it is ana's")
    second = coach.at("rack-1", type="discard_rep", rep=done["reps"][0]["rep"], by="tablet")["result"]
    equal(coach.at("rack-1", type="claim", athlete="ben")["code"], "NoSuchSet", "and nobody else's")
    amends = [a for a in of(listener, "amend") if a["by"] != "hub"]
    reps = {r["rep"]: r["id"] for r in of(listener, "rep")}
    equal([(a["change"], a["ref"], a["set"], a["rep"], a["by"], a["athlete"]) for a in amends],
          [("discarded", reps[gone["rep"]], 1, gone["rep"], "tablet", None), ("claimed", done["id"], 1, None, "tablet", "ana"),
           ("discarded", reps[second["rep"]], 1, second["rep"], "tablet", "ana")], "amendments")
    equal((amends[2]["figures"]["n_reps"], last_state(listener)["last_set"]["n_reps"]), (3, 3), "three are left")

    def story():
        """What history tells: whose, how many, which reps stand."""
        run = done["id"].split("-")[0]
        events = [e for e in asker.history() if e["type"] in ("rep", "set") and e["id"].startswith(run)]
        (one,) = [e for e in events if e["type"] == "set"]
        standing = [e["rep"] for e in events if e["type"] == "rep" and e["stands"]]
        return {e["athlete"] for e in events}, one["n_reps"], [r["rep"] for r in one["reps"]], standing

    left = [r["rep"] for r in done["reps"][1:]]
    equal(story(), ({"ana"}, 3, left, left), "history shows it so")
    hub.daemon.kill()
    hub.start()
    wait_for("the second run", lambda: len({json.loads(p)["session"] for p in listener.on("repcast/gym/status")}) == 2)
    equal([e["type"] for e in asker.history(athlete="ana") if e["type"] == "set"], ["set"], "found under ana's name, after a restart")
    equal(asker.history(athlete="ben"), [], "and under nobody else's")
    equal(story(), ({"ana"}, 3, left, left), "as before")
    equal(coach.at("rack-1", type="undo")["code"], "TooLate", "what another run did cannot be taken back")
    hub.daemon.stop()
    broker.kill()


def taken_back():
    broker = Broker()
    listener = Listener(broker.port)
    coach, asker = Coach(listener), Asker(listener)
    hub = Hub(broker.port, station("rack-1", squat(), speed=20, RecordingLoop="yes", RecordingPause=400))
    hub.start()
    end_after(listener, coach, 5)
    done = of(listener, "set")[0]
    coach.at("rack-1", type="claim", athlete="ana")
    coach.at("rack-1", type="discard_rep")
    coach.at("rack-1", type="assign", athlete="cara")
    undone = [coach.at("rack-1", type="undo", by="desk")["result"]["undone"] for _ in range(3)]
    equal(undone, ["assign", "discard_rep", "claim"], "the last first")
    equal(coach.at("rack-1", type="undo")["code"], "TooLate", "nothing more")
    equal([(a["change"], a["restores"], a["by"], a["athlete"]) for a in of(listener, "amend") if a["by"] == "desk"],
          [("restored", "discarded", "desk", "ana"), ("restored", "claimed", "desk", None)], "amendments")
    state = last_state(listener)
    equal((state["athlete"], state["last_set"]["n_reps"], state["unclaimed"]), (None, 5, [1]), "as if nothing had been")
    (one,) = [e for e in asker.history() if e["type"] == "set"]
    equal({**one, "amended": 0, "late": 0}, {**done, "amended": 0, "late": 0}, "the set as it was")
    equal(len(one["amended"]), 4, "and everything that was said of it")
    hub.daemon.stop()
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
        answers_by_mqtt_5,
        who_lifts_what,
        another_exercise_and_the_same_sensor,
        what_counts,
        taken_back,
    ]).run())
