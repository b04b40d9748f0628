#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An afternoon in a gym with three stations and four athletes, told below, and compared with what a listener of the hub can
tell of it.

The story has scenes. A line that begins with > is a command of the coach before the lifting, one with * and a number comes in
the middle of it, after so many repetitions; ! is what happens to the hub. "lifts" says what really happens at a station:
synthetic sets whose truth is known, in a scene at all its stations at once. The lines further in are what the hub makes of it:
its answers, then station by station what people said and what the sensor told, each in its order. Nothing may be missing there
and nothing may be too much. Repetitions are told with their negatives in whole seconds, as they stand after the hub's own
amendments."""

import csv
import difflib
import json
import os
import re
import sys
import time
import uuid
from pathlib import Path

from broker import BROKER, Broker, Listener, Tap, wait_for
from hub import equal, of, reconfigure, record, squat, station, true
from store import Asker, Hub

STORY = """
Two o'clock. Ana and Ben share rack-1, and Ana begins. Cara has rack-2, Dan the floor.
    > rack-1 assign athlete=ana load_kg=70 one_rm_kg=110 prescription=negative-squat
        now
    > rack-1 queue ben:60 rotate
        done
    > rack-2 assign athlete=cara exercise=bench-pres
        NoSuchExercise: there is no exercise "bench-pres"; did you mean "bench-press"?
    > rack-2 assign athlete=cara exercise=bench-press load_kg=45 prescription=three-second-rule
        now
    > floor assign athlete=dan load_kg=120
        now
    rack-1 lifts 6 of back-squat 4-0-1-1
    rack-2 lifts 6 of bench-press 4-0-1-1
    floor lifts 4 of deadlift 2-0-1-1
        rack-1: reps 1 to 6, 4 s down
        rack-1: set 1 of ana: 6 back-squat at 70 kg, 6 of 6 as prescribed
        rack-1: advice: add_load, for long_and_steady
        rack-2: reps 1 to 6, 4 s down
        rack-2: set 1 of cara: 6 bench-press at 45 kg, 6 of 6 as prescribed
        rack-2: advice: add_load, for long_and_steady
        floor: reps 1 to 3, 2 s down
        floor: rep 4, 3 s down
        floor: set 1 of dan: 4 deadlift at 120 kg

Ben's turn. He lets the bar fall, and is told so.
    rack-1 lifts 6 of back-squat 2-0-1-1
    rack-2 lifts 6 of bench-press 4-0-1-1
    floor lifts 4 of deadlift 2-0-1-1
        rack-1: reps 1 to 2, 2 s down
        rack-1: advice: reduce_load, for three_second_rule
        rack-1: reps 3 to 6, 2 s down
        rack-1: set 2 of ben: 6 back-squat at 60 kg, 0 of 6 as prescribed
        rack-2: reps 1 to 6, 4 s down
        rack-2: set 2 of cara: 6 bench-press at 45 kg, 6 of 6 as prescribed
        rack-2: advice: add_load, for long_and_steady
        floor: reps 1 to 4, 2 s down
        floor: set 2 of dan: 4 deadlift at 120 kg

Ana again. Ben helped her with a rep; he wants another set at once, with less. Somebody takes rack-2 without a word.
    > rack-2 assign athlete=null
        now
    * 2 rack-1 discard_rep rep=2
    * 3 rack-1 assign athlete=ben load_kg=55
    rack-1 lifts 6 of back-squat 4-0-1-1
    rack-2 lifts 6 of bench-press 2-0-1-0
        set 3, rep 2
        after set
        rack-1: rep 2 of set 3 does not count, says the coach
        rack-1: reps 1 to 6, 4 s down
        rack-1: set 3 of ana: 5 back-squat at 70 kg, 5 of 5 as prescribed
        rack-1: advice: hold, for clean_set
        rack-2: reps 1 to 2, 2 s down
        rack-2: advice: reduce_load, for three_second_rule
        rack-2: reps 3 to 6, 2 s down
        rack-2: set 3 of nobody: 6 bench-press at 45 kg, 0 of 6 as prescribed

It was Dan, no, Ben, who goes on with his own set meanwhile. The floor changes to curls.
    > rack-2 claim athlete=dan
        set 3
    > rack-2 claim athlete=cara
        NoSuchSet: there is no set without an athlete at rack-2 that could be meant
    > rack-2 undo
        claim taken back
    > rack-2 claim athlete=ben set=3
        set 3
    > floor assign exercise=curl prescription=three-second-rule
        now
    rack-1 lifts 6 of back-squat 4-0-1-1
    rack-2 lifts 6 of bench-press 4-0-1-1
    floor lifts 8 of curl 4-0-1-1
        rack-1: reps 1 to 6, 4 s down
        rack-1: set 4 of ben: 6 back-squat at 55 kg, 6 of 6 as prescribed
        rack-1: advice: add_load, for long_and_steady
        rack-2: set 3 is dan's, says the coach
        rack-2: set 3 is nobody's again, says the coach
        rack-2: set 3 is ben's, says the coach
        rack-2: reps 1 to 6, 4 s down
        rack-2: set 4 of nobody: 6 bench-press at 45 kg, 6 of 6 as prescribed
        rack-2: advice: add_load, for long_and_steady
        floor: reps 1 to 8, 4 s down
        floor: set 3 of dan: 8 curl, 8 of 8 as prescribed
        floor: advice: add_load, for long_and_steady

Somebody pulls the plug. Everybody finds their places as they were.
    ! kill -9 and a new start
    > rack-2 assign athlete=cara
        now
    rack-1 lifts 6 of back-squat 4-0-1-1
    rack-2 lifts 6 of bench-press 4-0-1-1
    floor lifts 6 of curl 4-0-1-1
        rack-1: reps 1 to 6, 4 s down
        rack-1: set 1 of ben: 6 back-squat at 60 kg, 6 of 6 as prescribed
        rack-1: advice: add_load, for long_and_steady
        rack-2: reps 1 to 6, 4 s down
        rack-2: set 1 of cara: 6 bench-press at 45 kg, 6 of 6 as prescribed
        rack-2: advice: add_load, for long_and_steady
        floor: reps 1 to 6, 4 s down
        floor: set 1 of dan: 6 curl, 6 of 6 as prescribed
        floor: advice: add_load, for long_and_steady

A rep at the floor was Ana's child's; or was it? Cara finds hers too short herself.
    > floor discard_rep
        set 1, rep 6
    > floor undo
        discard_rep taken back
    > rack-2 discard_rep rep=2
        set 1, rep 2
    > rack-2 discard_rep rep=2
        InvalidArgument: that rep is discarded already at rack-2
    > rack-1 end_set
        NoSuchSet: no set is running at rack-1
    rack-1 lifts 6 of back-squat 4-0-1-1
    rack-2 lifts 6 of bench-press 4-0-1-1
    floor lifts 6 of curl 4-0-1-1
        rack-1: reps 1 to 6, 4 s down
        rack-1: set 2 of ana: 6 back-squat at 70 kg, 6 of 6 as prescribed
        rack-1: advice: add_load, for long_and_steady
        rack-2: rep 2 of set 1 does not count, 5 do, says the coach
        rack-2: reps 1 to 6, 4 s down
        rack-2: set 2 of cara: 6 bench-press at 45 kg, 6 of 6 as prescribed
        rack-2: advice: add_load, for long_and_steady
        floor: rep 6 of set 1 does not count, 5 do, says the coach
        floor: rep 6 of set 1 counts again, 6 do, says the coach
        floor: reps 1 to 6, 4 s down
        floor: set 2 of dan: 6 curl, 6 of 6 as prescribed
        floor: advice: add_load, for long_and_steady

The last sets. Ben takes his time, and at rack-1 they change over without putting the bar away.
    > rack-1 assign prescription=three-second-rule
        now
    * 2 rack-1 end_set
    rack-1 lifts 4 of back-squat 4-0-1-6
    rack-2 lifts 6 of bench-press 4-0-1-1
        done
        rack-1: reps 1 to 2, 4 s down
        rack-1: set 3 of ben: 2 back-squat at 60 kg, 2 of 2 as prescribed
        rack-1: reps 1 to 2, 4 s down
        rack-1: set 4 of ana: 2 back-squat at 70 kg, 1 of 2 as prescribed
        rack-2: reps 1 to 6, 4 s down
        rack-2: set 3 of cara: 6 bench-press at 45 kg, 6 of 6 as prescribed
        rack-2: advice: add_load, for long_and_steady
"""

# What history tells in the end: set by set whose it was, and how many repetitions count.
HISTORY = """
run 1 floor set 1: dan, 4 deadlift
run 1 floor set 2: dan, 4 deadlift
run 1 floor set 3: dan, 8 curl
run 1 rack-1 set 1: ana, 6 back-squat
run 1 rack-1 set 2: ben, 6 back-squat
run 1 rack-1 set 3: ana, 5 back-squat
run 1 rack-1 set 4: ben, 6 back-squat
run 1 rack-2 set 1: cara, 6 bench-press
run 1 rack-2 set 2: cara, 6 bench-press
run 1 rack-2 set 3: ben, 6 bench-press
run 1 rack-2 set 4: nobody, 6 bench-press
run 2 floor set 1: dan, 6 curl
run 2 floor set 2: dan, 6 curl
run 2 rack-1 set 1: ben, 6 back-squat
run 2 rack-1 set 2: ana, 6 back-squat
run 2 rack-1 set 3: ben, 2 back-squat
run 2 rack-1 set 4: ana, 2 back-squat
run 2 rack-2 set 1: cara, 5 bench-press
run 2 rack-2 set 2: cara, 6 bench-press
run 2 rack-2 set 3: cara, 6 bench-press
"""

# Sets of real lifters with a sensor on the wrist. Their licence keeps them out of this tree: they are told of where they are
# present (RECORDED_SETS names the folder, as for the accuracy tables), and counted there as those who recorded them counted.
EVENING = """
Six o'clock, and others are here.
    > rack-1 assign athlete=eva exercise=bench-press load_kg=60
        now
    > rack-2 assign athlete=finn exercise=back-squat load_kg=100
        now
    > floor assign athlete=gus exercise=deadlift load_kg=140
        now
    rack-1 lifts as recorded in mm_A_bench_heavy_01-11_161008
    rack-2 lifts as recorded in mm_A_squat_heavy_01-15_200408
    floor lifts as recorded in mm_A_dead_heavy_01-15_203527
        rack-1: reps 1 to 5, 1 s down
        rack-1: set 1 of eva: 5 bench-press at 60 kg
        rack-2: reps 1 to 4, 2 s down
        rack-2: set 1 of finn: 4 back-squat at 100 kg
        floor: reps 1 to 5, 1 s down
        floor: set 1 of gus: 5 deadlift at 140 kg

They change over.
    > rack-1 assign exercise=overhead-press load_kg=40
        now
    > rack-2 assign load_kg=80
        now
    > floor assign exercise=barbell-row load_kg=70
        now
    rack-1 lifts as recorded in mm_A_ohp_heavy_01-11_163854
    rack-2 lifts as recorded in mm_A_squat_medium_01-11_171934
    floor lifts as recorded in mm_A_row_heavy_01-14_150406
        rack-1: reps 1 to 5, 1 s down
        rack-1: set 2 of eva: 5 overhead-press at 40 kg
        rack-2: reps 1 to 10, 1 s down
        rack-2: set 2 of finn: 10 back-squat at 80 kg
        floor: reps 1 to 5, 1 s down
        floor: set 2 of gus: 5 barbell-row at 70 kg
"""

RECORDED = Path(os.environ.get("RECORDED_SETS", Path(os.environ.get("srcdir", ".")) / "../shared/data/recorded")).resolve()
KINDS = ("rep", "amend", "set", "fatigue", "advice", "safety")
SPEED, SLOWLY = 80, 5  # times real time; a set with commands in its middle leaves them two seconds each


def number(text):
    return float(text) if re.fullmatch(r"[0-9.]+", text) else None if text == "null" else text


def command_of(words):
    """The fields of "assign athlete=ana load_kg=70", or of "queue ben:60 cara rotate"."""
    if words[0] != "queue":
        fields = {key: number(value) for key, _, value in (word.partition("=") for word in words[1:])}
        return {"type": words[0], **{k: int(v) if k in ("set", "rep") else v for k, v in fields.items()}}
    entries = [{"athlete": name, **({"load_kg": float(kg)} if kg else {})}
               for name, _, kg in (word.partition(":") for word in words[1:] if word != "rotate")]
    return {"type": "queue", "entries": entries, "rotate": "rotate" in words}


class Gym:
    """The hub, the coach, and a listener that tells what it hears."""

    def __init__(self):
        self.broker = Broker()
        self.listener = Listener(self.broker.port)
        self.stations = {name: station(name, squat(), speed=1) for name in ("rack-1", "rack-2", "floor")}
        self.hub = Hub(self.broker.port)
        self.said, self.events, self.lifted = [], {}, 0
        reconfigure(self.hub.config, self.broker.port, *(self.resting(name) for name in self.stations))
        self.hub.start()
        wait_for("the hub", lambda: len(of(self.listener, "state")) >= 3)

    @staticmethod
    def resting(name):
        return f"[station {name}]\nExercise={'deadlift' if name == 'floor' else 'back-squat'}\n"

    def say(self, line):
        self.said.append(line)

    # ---- the coach ----

    def command(self, name, *words):
        topic, own = f"repcast/gym/station/{name}", uuid.uuid4().hex
        self.listener.publish(topic + "/cmd", json.dumps(
            {"id": own, "sent_ms": round(time.time() * 1000), "by": "coach", **command_of(words)}))
        answer = json.loads(wait_for(f"the answer to {words}", lambda: self.listener.on(f"{topic}/reply/{own}"))[0])
        result = answer["result"] or {}
        said = answer["error"] and f"{answer['code']}: {answer['error']}" or result.get("holds", "").replace("_", " ") or \
            result.get("undone") and f"{result['undone']} taken back" or \
            ", ".join(f"{key} {result[key]}" for key in ("set", "rep") if key in result) or "done"
        self.say(f"        {said}")

    # ---- the lifters ----

    def lift(self, name, words, slowly):
        if words.startswith("as recorded in "):
            path = RECORDED / "metamotion_wrist" / (words.split()[-1] + ".csv")
            return self.resting(name) + f"Recording={path}\nRecordingSpeed={SPEED}\n"
        match = re.fullmatch(r"(\d+) of ([a-z-]+) ([\d.-]+X?[\d.-]*)", words)
        reps, exercise, tempo = match.groups()
        self.lifted += 1
        path = record(f"set-{self.lifted}.rec", reps, "--exercise", exercise, "--tempo", tempo, "--seed", str(self.lifted),
                      "--grade", "perfect")  # what is told hangs on no calibration, which goes by how long the bar lay
        return self.resting(name) + f"Recording={path}\nRecordingSpeed={SLOWLY if slowly else SPEED}\n"

    def play(self, lifts, middle):
        """lifts: per station what happens; middle: (after so many reps, station, words of a command)."""
        before = {name: len(of(self.listener, "set", name)) for name in lifts}
        reps = {name: len(of(self.listener, "rep", name)) for name in lifts}
        sections = {name: self.lift(name, words, any(m[1] == name for m in middle)) for name, words in lifts.items()}
        reconfigure(self.hub.config, self.broker.port, *(sections.get(name, self.resting(name)) for name in self.stations))
        self.hub.daemon.signal(1)  # SIGHUP
        for after, name, words in middle:
            wait_for(f"rep {after} at {name}", lambda n=name, a=after: len(of(self.listener, "rep", n)) - reps[n] >= a)
            self.command(name, *words)
        for name in lifts:
            wait_for(f"the end at {name}", lambda n=name: len(of(self.listener, "set", n)) > before[n] and
                     of(self.listener, "state", n)[-1]["sensor_state"] == "ended")

    # ---- the listener ----

    def news(self, name):
        Asker(self.listener).ask(type="history", limit=1)  # its answer comes behind all that was told before
        fresh = [m for m in of(self.listener, KINDS, name) if m["id"] not in self.events]
        self.events.update((m["id"], m) for m in fresh)
        return sorted(fresh, key=lambda m: m["seq"])

    def tell(self, name):
        """What is new at a station."""
        reps = []
        news = self.news(name)
        corrected = [m for m in news if m["type"] == "amend" and m["change"] == "figures"]
        figures = {m["ref"]: m for m in corrected}  # the last word, where there are several

        def tell_reps():
            if reps:
                span = f"rep {reps[0][0]}" if len(reps) == 1 else f"reps {reps[0][0]} to {reps[-1][0]}"
                self.say(f"        {name}: {span}, {reps[0][1]:.0f} s down")
                reps.clear()

        by_hand = [m for m in news if m["type"] == "amend" and m["by"] != "hub"]
        for m in by_hand + [m for m in news if m not in by_hand]:
            if m["type"] == "rep":
                now = figures.get(m["id"], m)
                one = (m["rep"], round(now["tempo_s"]["eccentric"]))
                if reps and (reps[-1][0] + 1, reps[-1][1]) != one:
                    tell_reps()
                reps.append(one)
            elif m not in corrected:
                tell_reps()
                self.say(f"        {name}: " + getattr(self, m["type"])(m))
        tell_reps()

    @staticmethod
    def set(m):
        load = "" if m["load_kg"] is None else f" at {m['load_kg']:g} kg"
        judged = f", {m['compliance']['compliant']} of {m['compliance']['judged']} as prescribed" if m["compliance"] else ""
        true(m["n_reps"] == len(m["reps"]), "the list of a set is complete")
        return f"set {m['set']} of {m['athlete'] or 'nobody'}: {m['n_reps']} {m['exercise']}{load}{judged}"

    @staticmethod
    def amend(m):
        what = f"rep {m['rep']} of set {m['set']}" if m["rep"] else f"set {m['set']}"
        done = {"claimed": f"is {m['athlete']}'s", "discarded": "does not count", "rejected": "was none",
                "restored": "is nobody's again" if m.get("restores") == "claimed" else "counts again"}[m["change"]]
        left = f", {m['figures']['n_reps']} do" if m.get("figures") else ""
        return f"{what} {done}{left}, says the {m['by']}"

    @staticmethod
    def advice(m):
        return f"advice: {m['advice']}, for {m['reason']}"

    @staticmethod
    def fatigue(m):
        return f"fatigue: {m['sign']}"

    @staticmethod
    def safety(m):
        return f"safety: {m['kind']}"

    # ---- the afternoon ----

    def scene(self, lines):
        lifts, middle = {}, []
        for line in lines:
            name, _, words = line.lstrip(">* ").partition(" ")
            if line.startswith("*"):
                after, (name, *words) = int(name), words.split()
                middle.append((after, name, words))
            elif " lifts " in line:
                lifts[name] = words.removeprefix("lifts ")
        for line in lines:
            self.say("    " + line)
            if line.startswith(">"):
                name, *words = line[1:].split()
                self.command(name, *words)
            elif line.startswith("!"):
                self.hub.daemon.kill()
                reconfigure(self.hub.config, self.broker.port, *(self.resting(at) for at in self.stations))
                count = len(self.listener.on("repcast/gym/status"))
                self.hub.start()
                wait_for("the hub again", lambda: len(self.listener.on("repcast/gym/status")) >= count + 1)
                wait_for("its stations", lambda: self.hub.manager.count("READY=1") == 1)
        if lifts:
            self.play(lifts, middle)
        for name in self.stations:
            self.tell(name)

    def run(self, story):
        for paragraph in story.strip().split("\n\n"):
            title, *lines = paragraph.split("\n")
            self.say(title)
            self.scene([line.strip() for line in lines if line.startswith("    ") and not line.startswith("        ")])
            self.say("")
        return "\n".join(self.said).strip() + "\n"

    def history(self):
        sets = [e for e in Asker(self.listener).history() if e["type"] == "set"]
        runs = list(dict.fromkeys(s["id"].split("-")[0] for s in sets))
        return "".join(f"run {runs.index(s['id'].split('-')[0]) + 1} {s['station']} set {s['set']}: {s['athlete'] or 'nobody'}, "
                       f"{s['n_reps']} {s['exercise']}\n" for s in sets)


def same(got, wanted, what):
    """Compare texts, and show where they part."""
    if got.strip() != wanted.strip():
        raise AssertionError(f"{what}:\n" + "\n".join(difflib.unified_diff(
            wanted.strip().split("\n"), got.strip().split("\n"), "as it should be", "as it was told", lineterm="")))


def the_afternoon():
    gym = Gym()
    told = gym.run(STORY)
    same(told, STORY, "the story")
    same("\n".join(sorted(gym.history().split("\n"))), "\n".join(sorted(HISTORY.strip().split("\n"))), "history")
    for run in {i.split("-")[0] for i in gym.events}:
        for name in gym.stations:
            seqs = sorted(m["seq"] for i, m in gym.events.items() if i.startswith(run) and m["station"] == name)
            equal(seqs, list(range(1, len(seqs) + 1)), f"events of {name}")
    who = {(m["station"], m["athlete"], m["exercise"], m["load_kg"]) for m in gym.events.values() if m["type"] == "rep"}
    for m in of(gym.listener, "live") + of(gym.listener, "phase"):
        if m["set"]:
            true((m["station"], m["athlete"], m["exercise"], m["load_kg"]) in who, f"what moves is one of them: {m}")
    sets = len([m for m in gym.events.values() if m["type"] == "set"])
    gym.hub.daemon.stop()
    gym.broker.kill()
    return f"{sets} sets, {len(gym.events)} events"


def the_evening():
    with open(RECORDED / "manifest.csv", encoding="utf-8", newline="") as manifest:
        counts = {entry["set_id"]: int(entry["rep_count"]) for entry in csv.DictReader(manifest)}
    gym = Gym()
    told = gym.run(EVENING)
    same(told, EVENING, "the story")
    sets = sorted(m["n_reps"] for m in gym.events.values() if m["type"] == "set")
    equal(sets, sorted(counts[name] for name in re.findall(r"recorded in (\S+)", EVENING)), "repetitions of the sets")
    gym.hub.daemon.stop()
    gym.broker.kill()
    return f"{len(sets)} recorded sets, {sum(sets)} repetitions"


if not BROKER:
    print("1..0 # SKIP mosquitto is not installed")
    sys.exit(0)
if __name__ == "__main__":
    if sys.argv[1:] in (["--tell"], ["--tell", "evening"]):  # by hand: the story as the hub tells it now
        here = Gym()
        print(here.run(EVENING if sys.argv[2:] else STORY))
        print(here.history())
        here.hub.daemon.stop()
        sys.exit(0)
    PRESENT = (RECORDED / "manifest.csv").exists()
    if not PRESENT:
        print(f"# the evening of recorded sets is not told: no manifest.csv in {RECORDED}")
    sys.exit(Tap([the_afternoon] + [the_evening] * PRESENT).run())
