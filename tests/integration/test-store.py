#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What of its events repcastd keeps: over kill -9 of itself and of the broker, over a disk that is full, gone or somebody
else's, and while the clock is set."""

import json
import os
import resource
import sqlite3
import sys
import time
from contextlib import closing

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Gate, Listener, Tap, free_port, wait_for  # noqa: E402
from hub import deadlift, equal, of, squat, station, true  # noqa: E402
from store import EVENTS, Asker, Clock, Hub, heard  # noqa: E402

def what_waits_outlives_kill_9():
    broker = Broker()
    listener = Listener(broker.port)
    gate = Gate(broker.port, "closed")
    hub = Hub(gate.port, station("rack-1", squat(), speed=100, RecordingLoop="yes"),
              station("floor", deadlift(), "deadlift", speed=100, RecordingLoop="yes"))
    for _ in range(3):
        daemon = hub.start()
        wait_for("two sets", lambda: daemon.log().count(": set ") >= 2)
        daemon.kill()
    gate.set("open")
    hub.start()
    hub.wait_for_status("broker connected", "waiting: 0,")
    hub.daemon.stop()
    committed = hub.committed()
    true(len({run for run, _ in committed}) == 4, "events of four runs")
    wait_for("the last event", lambda: heard(listener) == set(committed))
    lates = {run: [m["late"] for m in of(listener, "rep") if m["id"].startswith(run)] for run, _ in committed}
    equal([set(late) for late in lates.values()][:3], [{True}] * 3, "late of the runs that were killed")
    for run in lates:
        for name in ("rack-1", "floor"):
            seqs = [m["seq"] for m in of(listener, EVENTS, name) if m["id"].startswith(run)]
            equal(sorted(seqs), list(range(1, len(seqs) + 1)), f"seq of {name}")
    equal(hub.waiting(), [], "positions that wait")
    broker.kill()
    return f"{len(committed)} events"


def a_clean_stop_keeps_what_the_broker_did_not_take():
    broker = Broker()
    listener = Listener(broker.port)
    gate = Gate(broker.port, "closed")
    hub = Hub(gate.port, station("rack-1", squat(), speed=200))
    equal(hub.run(), 69, "exit status without a broker")
    kept = len(hub.committed())
    true(f"events sent: 0, kept for the next start: {kept}\n" in hub.daemon.log(), hub.daemon.log())
    gate.set("open")
    hub.start()
    wait_for("those of the first run", lambda: len(heard(listener)) >= kept)
    hub.daemon.stop()
    equal(len(hub.waiting()), 0, "what waits in the end")
    broker.kill()


def somebody_elses_database_is_set_aside():
    port = free_port()
    hub = Hub(port, station("rack-1", squat(), speed=200))
    with hub.database() as db:
        db.execute("CREATE TABLE cats (name TEXT)")
        db.execute("INSERT INTO cats VALUES ('Tom')")
        db.commit()
    hub.run()
    true("it belongs to another program; it is kept as " + hub.path + ".aside-1" in hub.daemon.log(), hub.daemon.log())
    with closing(sqlite3.connect(hub.path + ".aside-1")) as db:
        equal(list(db.execute("SELECT name FROM cats")), [("Tom",)], "the cats")
    true(len(hub.committed()) >= 6, "events in the new store")
    with open(hub.path, "r+b") as f:
        f.seek(4096)
        f.write(b"garbage " * 2048)
    hub.run()
    true("it is damaged" in hub.daemon.log() and os.path.exists(hub.path + ".aside-2"), hub.daemon.log())
    true(len(hub.committed()) >= 6, "events in the next store")


def without_a_folder_events_are_kept_in_memory():
    broker = Broker()
    listener = Listener(broker.port)
    gate = Gate(broker.port, "closed")
    for folder, word in (("", "no folder is given"), ("/nonexistent", "/nonexistent/events.db cannot be used: ")):
        hub = Hub(gate.port, station("rack-1", squat(), speed=200))
        hub.env["STATE_DIRECTORY"] = folder
        hub.start()
        wait_for("the word about it", lambda: word in hub.daemon.log())
        hub.wait_for_status("kept in memory only: ")
        wait_for("the set", lambda: ": set 1" in hub.daemon.log())
        gate.set("open")
        hub.wait_for_status("broker connected", "waiting: 0,", "lost: 0;")
        hub.daemon.stop()
        gate.set("closed")
    wait_for("both sets", lambda: len(of(listener, "set")) == 2)
    broker.kill()


def a_second_hub_on_one_store_goes_without():
    hub = Hub(free_port(), station("rack-1", squat(), speed=1, RecordingLoop="yes"))
    hub.start()
    hub.wait_for_status("broker away")
    second = Hub(free_port(), station("rack-1", squat(), speed=1), folder=hub.folder)
    second.start()
    wait_for("the word about it", lambda: "is a second repcastd running?" in second.daemon.log())
    second.daemon.stop()
    hub.daemon.stop()
    equal(sorted(os.listdir(hub.folder)), ["events.db"], "files")


def a_full_disk_and_what_comes_after_it():
    broker = Broker()
    listener = Listener(broker.port)
    gate = Gate(broker.port)
    hub = Hub(gate.port, station("rack-1", squat(), speed=100, RecordingLoop="yes"))
    daemon = hub.start()
    wait_for("the first set", lambda: of(listener, "set"))
    # No file may grow beyond this: to the store the same as no space, and it can be taken back.
    size = max(os.path.getsize(hub.path + suffix) for suffix in ("", "-wal")) // 4096 * 4096
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    hub.wait_for_status("kept in memory only: ")
    count = len(of(listener, "set"))
    wait_for("events beside a full disk", lambda: len(of(listener, "set")) > count + 1)
    gate.set("closed")
    gate.cut()
    hub.wait_for_status("broker away")
    time.sleep(0.5)
    resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    wait_for("the disk to be taken again", lambda: "takes events again" in daemon.log(), 20)
    gate.set("open")
    hub.wait_for_status("broker connected", "waiting: 0,", "lost: 0")
    true("kept in memory" not in hub.manager.status(), hub.manager.status())
    daemon.stop()
    wait_for("the last event", lambda: heard(listener) == set(hub.committed()))
    seqs = sorted(m["seq"] for m in of(listener, EVENTS))
    equal(seqs, list(range(1, len(seqs) + 1)), "seq")
    equal(daemon.log().count("takes nothing: "), 1, "words about one full disk")
    broker.kill()
    return f"{len(seqs)} events"


def what_is_known_of_a_sensor_outlives_the_hub():
    hub = Hub(free_port(), station("rack-1", squat(), speed=500))

    def rests():
        with hub.database() as db:
            ((sensor, version, figures),) = db.execute("SELECT sensor, version, figures FROM calibration")
        true(sensor and version == 1, f"{sensor}, version {version}")
        return int(figures.split()[1])

    hub.run()
    first = rests()
    hub.run()
    true(rests() > first > 0, f"{rests()} rests after {first}: it goes on where it was")


def the_clock_is_set_in_the_middle():
    clock = Clock()
    if not clock.works:
        return "not looked at: ThreadSanitizer does not let the clock be set"
    broker = Broker()
    listener = Listener(broker.port)
    clock.set(-time.time(), False)  # no battery clock: 1970
    hub = Hub(broker.port, station("rack-1", squat(), speed=50, RecordingLoop="yes"), **clock.env)
    hub.start()
    wait_for("the first set", lambda: of(listener, "set"))
    clock.set(0, True)
    count = len(of(listener, "set"))
    wait_for("two sets more", lambda: len(of(listener, "set")) > count + 2)
    clock.set(-3600, True)  # back by an hour
    count = len(of(listener, "set"))
    wait_for("two sets more", lambda: len(of(listener, "set")) > count + 2)
    hub.daemon.stop()
    wait_for("the last event", lambda: heard(listener) == set(hub.committed()))
    reps = of(listener, "rep")
    seqs = [m["seq"] for m in reps]
    equal(seqs, sorted(seqs), "order of the reps")
    equal(sorted(m["seq"] for m in of(listener, EVENTS)),
          list(range(1, len(hub.committed()) + 1)), "seq")
    clocks = [m["clock"] for m in reps]
    equal(clocks, sorted(clocks, reverse=True), "unsynced, then synced for good")
    true({"unsynced", "synced"} == set(clocks), "both")
    year = 365 * 86400e3
    for m in reps:
        true((m["start_ms"] < year) == (m["clock"] == "unsynced"), f"{m['start_ms']} is {m['clock']}")
        true(m["start_ms"] < m["end_ms"], "a rep has one clock from start to end")
    health = [json.loads(p) for p in listener.on("repcast/gym/health")]
    equal(health[0]["clock"], "unsynced", "the clock in the health")
    with hub.database() as db:
        made = [ms for (ms,) in db.execute("SELECT made_ms FROM event ORDER BY position")]
    equal(made[0], 0, "an instant that is not known is not kept")
    broker.kill()


def who_missed_something_asks_for_it():
    broker = Broker()
    listener = Listener(broker.port)
    hub = Hub(broker.port, station("rack-1", squat(), speed=100, RecordingLoop="yes", Athlete="ana"),
              station("floor", deadlift(), "deadlift", speed=100, RecordingLoop="yes"))
    hub.start()
    wait_for("the first run's sets", lambda: len(of(listener, "set", "rack-1")) >= 3)
    hub.daemon.stop()
    hub.start()
    asker = Asker(listener)
    runs = wait_for("sets of two runs", lambda: (lambda names: names if len(names) == 2 else None)(
        list(dict.fromkeys(m["id"].split("-")[0] for m in of(listener, "set", "rack-1")))))

    def told_in(run):
        return {m["seq"]: m for m in of(listener, EVENTS, "rack-1") if m["id"].startswith(run)}

    for run in runs:
        wait_for(f"nine events of {run}", lambda r=run: set(range(3, 10)) <= set(told_in(r)))
        told = told_in(run)
        again = asker.resync(run, "rack-1", 3, 9)
        equal([{**m, "late": 0} for m in again], [{**told[seq], "late": 0} for seq in range(3, 10)], "what was told, again")
    equal([m["seq"] for m in asker.ask(type="resync", station="floor", from_seq=1, to_seq=2)["events"]], [1, 2],
          "without a session it is this one")
    everything = asker.history()
    in_pages = asker.history(limit=10)
    equal(in_pages[:len(everything)], everything, "in pages of 10")
    true({m["station"] for m in everything} == {"rack-1", "floor"}, "both stations")
    equal({m["athlete"] for m in asker.history(athlete="ana")}, {"ana"}, "of one athlete")
    middle = everything[len(everything) // 2]
    now = round(time.time() * 1000)
    equal(asker.history(since_ms=now + 3600000), [], "nothing of the future")
    true(len(asker.history(until_ms=now + 3600000, station=middle["station"])) > 5, "all of the past")
    for fields, why in (({"type": "reboot"}, "type must be history or resync"),
                        ({"type": "history", "colour": 1}, "colour is no field of a history")):
        equal(asker.ask(**fields)["error"], why, "refusal")
    # Whoever asks too much is told so, and events flow on.
    before = len(of(listener, "set"))
    for i in range(60):
        listener.publish("repcast/gym/query", json.dumps({"id": f"flood-{i}", "type": "history", "limit": 1}))
    refused = lambda: [p for t, p, _ in listener.seen if "/reply/flood-" in t and "too many" in p]  # noqa: E731
    wait_for("refusals", lambda: len(refused()) >= 20)
    listener.publish("repcast/gym/query", "x" * 10000)
    wait_for("events beside it", lambda: len(of(listener, "set")) > before + 2)
    hub.daemon.stop()
    broker.kill()


if not BROKER:
    print("1..0 # SKIP mosquitto is not installed")
    sys.exit(0)
if __name__ == "__main__":
    sys.exit(Tap([
        what_waits_outlives_kill_9,
        a_clean_stop_keeps_what_the_broker_did_not_take,
        somebody_elses_database_is_set_aside,
        without_a_folder_events_are_kept_in_memory,
        a_second_hub_on_one_store_goes_without,
        a_full_disk_and_what_comes_after_it,
        what_is_known_of_a_sensor_outlives_the_hub,
        the_clock_is_set_in_the_middle,
        who_missed_something_asks_for_it,
    ]).run())
