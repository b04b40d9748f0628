#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastd as a whole against a real mosquitto: recordings in, messages out, and what it does when configuration,
recording or broker are not as they should be."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from bar import unracked_and_turned  # noqa: E402
from broker import BROKER, Broker, Listener, Tap, dead_port, free_port, wait_for  # noqa: E402
from hub import (DAEMON, WORK, Daemon, Manager, check_sequence, configure, deadlift, equal, of,  # noqa: E402
                 reconfigure, record, sensor_state, squat, station, true, write)


def usage_and_exit_codes():
    for arguments, status, words in (
            (["--version"], 0, "repcastd "), (["--help"], 0, "Exit status: 0"),
            (["--colour"], 64, "unrecognized option"), (["x.conf"], 64, "takes no argument, 'x.conf' was given")):
        done = subprocess.run([DAEMON, *arguments], capture_output=True, text=True, check=False)
        equal(done.returncode, status, f"exit status of {arguments}")
        text = " ".join((done.stdout + done.stderr).split())
        true(words in text, f"{arguments} says {text!r}")


def every_fault_is_told():
    path = configure(1883, station("rack-1", "x.rec", LoadKG=80), station("rack-2", "x.rec", "bench-pres"))
    os.mkdir(path + ".d")
    with open(path + ".d/10.conf", "wb") as f:
        f.write(b"\x00\xff\x01[mqtt]\nKeepAlive=never\n")
    for options in (["--check-config"], ["--dump-config"], []):
        done = subprocess.run([DAEMON, "--config", path, *options], capture_output=True, text=True, check=False)
        equal(done.returncode, 78, "exit status")
        for fault in (":10: LoadKG=: no such key in [station rack-1]; did you mean LoadKg=?",
                      ":12: Exercise=: no such exercise in ", "did you mean bench-press?; given was 'bench-pres'",
                      "/10.conf:1: the line holds a NUL byte; is this a text file?",
                      "/10.conf:2: KeepAlive=: stands before the first [section]",
                      "the configuration is not used; faults: 4"):
            true(fault in done.stderr, f"no {fault!r} in {done.stderr!r}")
        equal(done.stdout, "", "standard output")


def configuration_dumped_and_read_again():
    path = configure(1884, station("rack-1", squat(), LoadKg=82.5))
    first = subprocess.run([DAEMON, "--config", path, "--dump-config"], capture_output=True, text=True, check=True)
    true(f"# {path}:10\nLoadKg=82.5\n" in first.stdout, f"origin in {first.stdout!r}")
    again = write("dumped.conf", first.stdout)
    second = subprocess.run([DAEMON, "--config", again, "--dump-config"], capture_output=True, text=True, check=True)
    values = [[line for line in text.splitlines() if not line.startswith("#")] for text in (first.stdout, second.stdout)]
    equal(values[1], values[0], "values read again")
    subprocess.run([DAEMON, "--config", again, "--check-config"], capture_output=True, check=True)


def recordings_become_messages():
    broker = Broker()
    listener = Listener(broker.port)
    start = time.monotonic()
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=20, Athlete="ana", LoadKg=100),
                              station("rack-2", squat(), speed=20),
                              station("floor", deadlift(), "deadlift", speed=20)), "--until-end")
    equal(daemon.end(), 0, f"exit status; log:\n{daemon.log()}")
    took = time.monotonic() - start
    wait_for("the farewell", lambda: len(listener.on("repcast/gym/status")) == 2)
    equal([json.loads(p)["state"] for p in listener.on("repcast/gym/status")], ["online", "offline"], "status")
    for topic, payload, _ in listener.seen:
        message = json.loads(payload)
        equal((message["v"], message["type"]), (1, topic.rsplit("/", 1)[1]), "version and type")
    reps = {}
    for name, exercise, made in (("rack-1", "back-squat", 5), ("rack-2", "back-squat", 5), ("floor", "deadlift", 4)):
        reps[name] = of(listener, "rep", name)
        sets = of(listener, "set", name)
        equal((len(reps[name]), [s["n_reps"] for s in sets]), (made, [made]), f"reps and sets of {name}")
        check_sequence(listener, name)
        equal({r["exercise"] for r in reps[name]}, {exercise}, "exercise")
        equal({p["phase"] for p in of(listener, "phase", name)} >= {"eccentric", "concentric"}, True, "phases")
        live = len(of(listener, "live", name))
        true(0 < live <= 10 * took + 1, f"{live} live messages in {took:.1f} s")
        states = of(listener, "state", name)
        equal(states[-1]["sensor_state"], "ended", "last state")
        equal(states[-1]["last_set"]["n_reps"], made, "reps of the last set in the state")
    equal((reps["rack-1"][0]["athlete"], reps["rack-1"][0]["load_kg"]), ("ana", 100.0), "athlete and load")
    equal((reps["rack-2"][0]["athlete"], reps["rack-2"][0]["load_kg"]), (None, None), "no athlete, no load")
    now_ms = time.time() * 1000
    true(abs(reps["rack-1"][0]["start_ms"] - now_ms) < 120e3, "the instants are of today")
    ids = [m["id"] for m in of(listener, ("rep", "amend", "set", "rejected"))]
    equal(len(set(ids)), len(ids), "different ids")
    equal({i.split("-")[0] for i in ids}, {json.loads(listener.on("repcast/gym/status")[0])["session"]}, "run")
    late = Listener(broker.port)
    wait_for("status, health and the states, all retained", lambda: len(late.seen) == 5)
    true(all(retained for _, _, retained in late.seen), "retained")
    broker.kill()


def a_rep_is_taken_back():
    broker = Broker()
    listener = Listener(broker.port)
    daemon = Daemon(configure(broker.port, station("rack-1", unracked_and_turned(), speed=20)), "--until-end")
    equal(daemon.end(), 0, f"exit status; log:\n{daemon.log()}")
    wait_for("the farewell", lambda: len(listener.on("repcast/gym/status")) == 2)
    reps, amends, sets = of(listener, "rep"), of(listener, "amend"), of(listener, "set")
    equal([r["rep"] for r in reps], [1, 2, 3, 4, 5], "numbers of the reps")
    rejected = [a for a in amends if a["change"] == "rejected"]
    equal([(a["ref"], a["set"], a["rep"], a["reason"]) for a in rejected],
          [(reps[0]["id"], 1, 1, "walkout")], "reps taken back")
    equal({a["change"] for a in amends} - {"rejected", "figures"}, set(), "other amendments")
    true(not {a["id"] for a in amends} & {r["id"] for r in reps}, "ids of their own")
    check_sequence(listener, "rack-1")
    equal([r["rep"] for s in sets for r in s["reps"]], [2, 3, 4, 5], "what stands")
    equal([s["n_reps"] for s in sets], [4], "reps of the set")
    # A state may be left out for the next one: the last one within the set need not know the last rep.
    counts = [s["n_reps"] for s in of(listener, "state") if s["set"]]
    true(counts[-1] <= 4, f"reps in the last state of the running set of {counts}")
    broker.kill()


def a_dropped_lift_is_told():
    """The last of four deadlifts is let go at the top: it stands for its concentric, and what came down is no eccentric."""
    broker = Broker()
    listener = Listener(broker.port)
    recording = record("dropped-deadlift.rec", 4, "--exercise", "deadlift", "--tempo", "2-1-1-1", "--seed", "21",
                       "--incident", "dropped")
    daemon = Daemon(configure(broker.port, station("floor", recording, "deadlift", speed=20),
                              station("held", deadlift(), "deadlift", speed=20)), "--until-end")
    equal(daemon.end(), 0, f"exit status; log:\n{daemon.log()}")
    wait_for("the farewell", lambda: len(listener.on("repcast/gym/status")) == 2)
    equal([r["rep"] for r in of(listener, "rep", "floor")], [1, 2, 3, 4], "reps")
    (drop,) = [r for r in of(listener, "rejected", "floor") if r["reason"] == "drop"]
    true(0.4 < drop["rom_m"] < 0.7 and drop["peak_mps"] > 1.9 and 200 < drop["end_ms"] - drop["start_ms"] < 1000, f"{drop}")
    equal([r for r in of(listener, "rejected", "held") if r["reason"] == "drop"], [],
          "drops where the bar is put down")
    broker.kill()


def service_manager_is_told():
    broker = Broker()
    manager = Manager()
    path = configure(broker.port, station("rack-1", squat(), speed=1, RecordingLoop="yes"))
    daemon = Daemon(path, env={"NOTIFY_SOCKET": manager.path, "WATCHDOG_USEC": "400000"})
    wait_for("READY", lambda: manager.count("READY=1") == 1)
    wait_for("the status", lambda: re.match(r"stations: 1, streaming: 1; Bluetooth [^;]*; broker connected; events sent: ", manager.status()))
    before, start = manager.count("WATCHDOG=1"), time.monotonic()
    wait_for("ten signs of life, one is due in 0.1 s", lambda: manager.count("WATCHDOG=1") >= before + 10)
    took = time.monotonic() - start
    true(took > 0.5, f"ten signs of life in {took:.2f} s")
    daemon.signal(signal.SIGHUP)
    wait_for("RELOADING", lambda: manager.count("RELOADING=1") == 1)
    wait_for("READY again", lambda: manager.count("READY=1") == 2)
    stamp = next(int(line[15:]) for line in manager.heard if line.startswith("MONOTONIC_USEC="))
    true(abs(time.monotonic() * 1e6 - stamp) < 5e6, "the stamp of the reload")
    broker.kill()
    wait_for("the broker's absence in the status", lambda: "broker away: " in manager.status())
    daemon.stop()
    true(manager.count("STOPPING=1") == 1, "STOPPING")


def reload_changes_what_changed():
    broker = Broker()
    listener = Listener(broker.port)
    keep = station("keep", squat(), RecordingLoop="yes", RecordingPause=20)
    path = configure(broker.port, keep, station("change", squat(), RecordingLoop="yes", LoadKg=60),
                     station("remove", squat(), RecordingLoop="yes"))
    daemon = Daemon(path)
    wait_for("the first sets", lambda: len(of(listener, "set", "change")) >= 1 and of(listener, "rep", "remove"))
    starts = daemon.log().count("keep: the sensor is streaming")
    reconfigure(path, broker.port + 1, keep, station("change", squat(), RecordingLoop="yes", LoadKg=70),
                station("add", deadlift(), "deadlift"))
    daemon.signal(signal.SIGHUP)
    wait_for("the added station", lambda: of(listener, "set", "add"))
    wait_for("the new load", lambda: any(r["load_kg"] == 70 for r in of(listener, "rep", "change")))
    equal(listener.on("repcast/gym/station/remove/state")[-1], "", "the state of the removed station is taken away")
    true("[mqtt] Broker=: the new value takes effect with the next start" in daemon.log(), "fixed keys are told")
    equal(daemon.log().count("keep: the sensor is streaming"), starts, "starts of the station that did not change")

    faulty = station("keep", squat(), Athlete="x" * 64)
    reconfigure(path, broker.port, faulty)
    daemon.signal(signal.SIGHUP)
    wait_for("the refusal", lambda: "the old one stays in force" in daemon.log())
    true(":10: Athlete=: too long; at most 63 bytes are allowed; 64 were given" in daemon.log(), daemon.log())
    count = len(of(listener, "rep", "keep"))
    wait_for("reps after the refusal", lambda: len(of(listener, "rep", "keep")) > count)
    daemon.stop()
    wait_for("the farewell", lambda: len(listener.on("repcast/gym/status")) == 2)
    for name in ("keep", "change", "add", "remove"):
        check_sequence(listener, name)
    sets = [s["set"] for s in of(listener, "set", "change")]
    equal(sets, list(range(1, len(sets) + 1)), "sets go on counting over the reload")
    broker.kill()


def keys_that_wait_for_the_next_start():
    path = configure(dead_port())
    password = write("password", "old")
    os.chmod(password, 0o600)
    secret = f"Username=hub\nPasswordFile={password}\n"
    reconfigure(path, 1884, secret)
    daemon = Daemon(path)
    wait_for("the start", lambda: "is hub" in daemon.log())

    def told(word, port):
        reconfigure(path, port, secret)
        before = daemon.log().count("configuration reloaded")
        had = daemon.log().count(word)
        daemon.signal(signal.SIGHUP)
        wait_for("the reload", lambda: daemon.log().count("configuration reloaded") > before)
        return daemon.log().count(word) - had

    broker = "Broker=: the new value takes effect with the next start"
    equal([told(broker, port) for port in (1885, 1885, 1884)], [1, 1, 0], "told of a new broker, and of the old one again")
    write("password", "new")
    equal(told("the broker's new password takes effect with the next start", 1884), 1, "told of a new password")
    true("new\n" not in daemon.log(), "the password is not told")
    daemon.stop()


def levels_of_the_log():
    for level, said, unsaid in (("debug", "rack-1: set 1, rep 5: ", None), ("info", "rack-1: set 1 of back-squat", ", rep 5: "),
                                ("error", "absent: the sensor failed", "rack-1")):
        path = configure(dead_port(), station("rack-1", squat(), speed=1000), station("absent", WORK + "/absent.rec"))
        os.mkdir(path + ".d")
        with open(path + ".d/level.conf", "w", encoding="ascii") as f:
            f.write(f"[hub]\nLogLevel={level}\n")
        daemon = Daemon(path, "--until-end")
        equal(daemon.end(), 69, "exit status without a broker")
        true(said in daemon.log(), f"{level}: no {said!r} in {daemon.log()}")
        true(unsaid is None or unsaid not in daemon.log(), f"{level}: {unsaid!r} in {daemon.log()}")


def stop_in_the_middle_of_a_set():
    broker = Broker()
    listener = Listener(broker.port)
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=4)))
    wait_for("two reps", lambda: len(of(listener, "rep")) >= 2)
    daemon.stop()
    wait_for("the farewell", lambda: len(listener.on("repcast/gym/status")) == 2)
    (last,) = of(listener, "set")
    equal((last["end"], last["n_reps"]), ("stream", len(of(listener, "rep"))), "the open set")
    farewell = json.loads(listener.on("repcast/gym/status")[-1])
    equal((farewell["state"], isinstance(farewell["since_ms"], int)), ("offline", True), "farewell, not the will")
    equal(sensor_state(listener, "rack-1"), "ended", "last state")
    broker.kill()


def broker_restarted_in_the_middle():
    broker = Broker()
    listener = Listener(broker.port)
    daemon = Daemon(configure(broker.port, station("rack-1", squat(), speed=60, RecordingLoop="yes"),
                              station("floor", deadlift(), "deadlift", speed=60, RecordingLoop="yes")))
    wait_for("the first set", lambda: of(listener, "set"))
    broker.kill()
    time.sleep(0.5)
    broker.start()
    listener.connect()
    wait_for("late events", lambda: any(m["late"] for m in of(listener, "rep")))
    count = len(of(listener, "set"))
    wait_for("new sets", lambda: len(of(listener, "set")) > count + 2)
    daemon.stop()
    wait_for("the farewell", lambda: json.loads(listener.on("repcast/gym/status")[-1])["state"] == "offline")
    for name in ("rack-1", "floor"):
        check_sequence(listener, name)
    true("lost because" not in daemon.log(), "nothing is lost")
    return f"{len(of(listener, 'rep'))} reps"


def broker_absent():
    port = free_port()
    path = configure(port, station("rack-1", squat(), speed=200))
    daemon = Daemon(path, "--until-end")
    equal(daemon.end(), 69, "exit status with --until-end")
    true("lost because the broker did not take them: " in daemon.log(), daemon.log())
    true(f"127.0.0.1:{port}" in daemon.log(), "the log names the broker")
    daemon = Daemon(path)
    wait_for("the set", lambda: "set 1 of back-squat" in daemon.log())
    start = time.monotonic()
    daemon.stop()
    true(time.monotonic() - start < 7, "the stop does not wait for ever")


def bad_recording_leaves_the_others_alone():
    broker = Broker()
    listener = Listener(broker.port)
    with open(squat(), encoding="utf-8") as f:
        lines = f.read().splitlines()
    lines[len(lines) // 2] = "\x1b[2Jnonsense"
    broken = write("broken.rec", "\n".join(lines) + "\n")
    daemon = Daemon(configure(broker.port, station("broken", broken), station("absent", WORK + "/absent.rec"),
                              station("empty", write("empty.rec", "")), station("good", squat())), "--until-end")
    equal(daemon.end(), 65, f"exit status; log:\n{daemon.log()}")
    wait_for("the farewell", lambda: len(listener.on("repcast/gym/status")) == 2)
    for name, why in (("broken", f"{broken}:{len(lines) // 2 + 1}"), ("absent", "No such file"), ("empty", "empty.rec")):
        state = of(listener, "state", name)[-1]
        equal(state["sensor_state"], "failed", name)
        true(why in state["sensor_error"], f"{name}: {state['sensor_error']!r}")
        true(f"{name}: the sensor failed: " in daemon.log(), f"{name} in the log")
    true("\x1b" not in daemon.log(), "control characters in the log")
    equal([s["n_reps"] for s in of(listener, "set", "good")], [5], "the good station")
    broker.kill()


def reload_tries_a_failed_sensor_again():
    broker = Broker()
    listener = Listener(broker.port)
    recording = os.path.join(WORK, "later.rec")
    daemon = Daemon(configure(broker.port, station("rack-1", recording)))
    wait_for("the failure", lambda: sensor_state(listener, "rack-1") == "failed")
    shutil.copy(squat(), recording)
    daemon.signal(signal.SIGHUP)
    wait_for("the set", lambda: of(listener, "set"))
    wait_for("the end", lambda: sensor_state(listener, "rack-1") == "ended")
    equal(of(listener, "state")[-1]["sensor_error"], None, "the error is gone")
    daemon.stop()
    broker.kill()


def memory_stays_flat():
    with open(DAEMON, "rb") as f:
        if b"__asan_init" in f.read():
            return "not measured: AddressSanitizer keeps freed memory"
    broker = Broker()
    stations = [station(f"rack-{i}", squat(), speed=1000, RecordingLoop="yes") for i in range(4)]
    manager = Manager()
    daemon = Daemon(configure(broker.port, *stations), env={"NOTIFY_SOCKET": manager.path, "STATE_DIRECTORY": WORK})

    def sent():
        found = re.search(r"events sent: (\d+)", manager.status())
        return int(found.group(1)) if found else 0

    # Pools fill at first, and one grows now and then where the broker was slow. A leak grows in each span of events.
    looks = []
    for n in range(1, 5):
        events = wait_for("events to be sent", lambda n=n: sent() > 1500 * n and sent())
        looks.append((events, daemon.resident_kib()))
    daemon.stop()
    grown = [after[1] - before[1] for before, after in zip(looks, looks[1:])]
    true(min(grown) <= 64, f"anonymous memory grew in each span: {looks}")
    broker.kill()
    return ", ".join(f"{kib} KiB after {events} events" for events, kib in looks)


if not BROKER:
    print("1..0 # SKIP mosquitto is not installed")
    sys.exit(0)
sys.exit(Tap([
    usage_and_exit_codes,
    every_fault_is_told,
    configuration_dumped_and_read_again,
    recordings_become_messages,
    a_rep_is_taken_back,
    a_dropped_lift_is_told,
    service_manager_is_told,
    reload_changes_what_changed,
    keys_that_wait_for_the_next_start,
    levels_of_the_log,
    stop_in_the_middle_of_a_set,
    broker_restarted_in_the_middle,
    broker_absent,
    bad_recording_leaves_the_others_alone,
    reload_tries_a_failed_sensor_again,
    memory_stays_flat,
]).run())
