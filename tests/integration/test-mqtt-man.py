#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcast-mqtt(7): every topic and field is in it, and its examples do what they say."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Listener, Tap, wait_for  # noqa: E402
from hub import SRC, WORK, Daemon, equal, squat, true, write  # noqa: E402

PAGE = SRC + "/man/repcast-mqtt.7"
TOOLS = ("mosquitto_sub", "mosquitto_pub", "mosquitto_rr", "jq")


def page():
    with open(PAGE, encoding="utf-8") as f:
        return f.read()


def fields_are_current():
    def made(text):
        path = tempfile.mkstemp(dir=WORK)[1]
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return subprocess.run([sys.executable, SRC + "/scripts/mqtt-man.py", SRC + "/doc/schema", path, "--print"],
                              capture_output=True, text=True, check=True).stdout
    equal(made(page()), page(), "the page, written anew: make doc-examples")
    broken = page().replace(".It Cm latency_s\n", "")
    true(made(broken) != broken, "a field that is missing is found")


def every_topic_is_told():
    with open(SRC + "/doc/asyncapi.json", encoding="utf-8") as f:
        channels = json.load(f)["channels"].values()
    topics = page().partition(".Sh TOPICS")[2].partition(".Sh DELIVERY")[0]
    for channel in channels:
        topic = re.sub(r"\{(\w+)\}", lambda m: {"sensor": "ADDRESS"}.get(m[1], m[1].upper()), channel["address"].replace(
            "{prefix}/{hub}/station/{station}/", "S/").replace("{prefix}/{hub}/", "B/"))
        true(re.search(rf"(^\.It |, ){re.escape(topic)} ", topics, re.M), f"{topic} is not among the topics")


def examples():
    """Commands of the page, as a shell would have them."""
    return [line.replace("\\(dq", '"').replace("\\e", "\\") for line in re.findall(r"^\.Dl (.*)$", page(), re.M)]


class Shell:
    """Runs them against a broker of one's own."""

    def __init__(self, port):
        self.path = tempfile.mkdtemp(dir=WORK)
        for tool in TOOLS[:3]:
            with open(f"{self.path}/{tool}", "w", encoding="ascii") as f:
                f.write(f'#!/bin/sh\nexec {shutil.which(tool)} -h 127.0.0.1 -p {port} "$@"\n')
            os.chmod(f"{self.path}/{tool}", 0o755)

    def first_line(self, command):
        """Of what may go on for ever."""
        with subprocess.Popen(["timeout", "20", "sh", "-c", command], stdout=subprocess.PIPE, text=True,
                              env={**os.environ, "PATH": self.path + ":" + os.environ["PATH"]}) as process:
            line = process.stdout.readline()
            process.terminate()
        return line.strip()

    def run(self, command):
        return subprocess.run(["timeout", "20", "sh", "-c", command], capture_output=True, text=True, check=True,
                              env={**os.environ, "PATH": self.path + ":" + os.environ["PATH"]}).stdout.strip()


def examples_do_what_they_say():
    broker = Broker()
    listener = Listener(broker.port)
    daemon = Daemon(write("repcast.conf", f"[hub]\nName=hub-1\nExercises={SRC}/conf/exercises.conf\n[mqtt]\n"
                          f"Broker=127.0.0.1:{broker.port}\n[station rack-1]\nExercise=back-squat\nAthlete=ana\n"
                          f"Recording={squat()}\nRecordingSpeed=10\nRecordingLoop=yes\n"))
    shell = Shell(broker.port)
    reps, tempo, status, history, end = examples()
    equal(json.loads(shell.first_line(reps))["type"], "rep", reps)
    equal(re.sub(r"[\d.]+", "N", shell.first_line(tempo)), "ana\tN\tN", tempo)
    equal(shell.run(status), "online", status)
    answer = json.loads(shell.run(history))
    true(answer["error"] is None and answer["events"], f"{history}: {answer}")

    def state():
        return json.loads(listener.on("repcast/hub-1/station/rack-1/state")[-1])
    wait_for("a running set", lambda: state()["n_reps"] > 0)
    shell.run(end)
    wait_for("the end of the set", lambda: any(
        json.loads(p)["end"] == "command" for p in listener.on("repcast/hub-1/station/rack-1/set")))
    daemon.stop()


if __name__ == "__main__":
    for tool, found in (("mosquitto", BROKER), *((t, shutil.which(t)) for t in TOOLS)):
        if not found:
            print(f"1..0 # SKIP {tool} is not installed")
            sys.exit(0)
    sys.exit(Tap([fields_are_current, every_topic_is_told, examples_do_what_they_say]).run())
