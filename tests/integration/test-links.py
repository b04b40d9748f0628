#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Two hubs, each with a broker of its own that is bridged to the gym's, in network namespaces of their own; links are cut
and restored, a broker is killed. The gym's broker has each event once by its id, after resync over the bridge.

Runs as root or as an ordinary user who may have a user namespace."""

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Tap, wait_for  # noqa: E402
from client import Client  # noqa: E402
from fleet import bridge, certificates, gym_broker  # noqa: E402
from hub import DAEMON, WORK, Daemon, equal, reconfigure, squat, station, true  # noqa: E402
from store import EVENTS, Asker, Hub  # noqa: E402

INSIDE = "REPCAST_TEST_LINKS"
QUEUE = 20  # messages that a bridge holds: few, so that it drops some


class Place:
    """A network of its own, with one cable to the gym's broker."""

    def __init__(self, number):
        self.near, self.address = f"10.77.{number}.1", f"10.77.{number}.2"
        self.cable = f"cable{number}"
        self.holder = subprocess.Popen(["unshare", "-n", "sleep", "1000"])
        atexit.register(self.holder.kill)
        self.enter = ["nsenter", "-t", str(self.holder.pid), "-n"]
        wait_for("the namespace", lambda: os.stat(f"/proc/{self.holder.pid}/ns/net").st_ino !=
                 os.stat("/proc/self/ns/net").st_ino)
        ip("link", "add", self.cable, "type", "veth", "peer", "name", "eth0", "netns", str(self.holder.pid))
        ip("addr", "add", self.near + "/24", "dev", self.cable)
        for arguments in (("addr", "add", self.address + "/24", "dev", "eth0"), ("link", "set", "eth0", "up"),
                          ("link", "set", "lo", "up")):
            subprocess.run([*self.enter, "ip", *arguments], check=True)
        self.plug(True)

    def plug(self, in_):
        ip("link", "set", self.cable, "up" if in_ else "down")


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


class PlacedBroker(Broker):
    def __init__(self, place, lines):
        self.place = place
        super().__init__(lines=lines)

    def start(self):
        log = self.dir + "/log"
        before = os.path.getsize(log) if os.path.exists(log) else 0
        self.process = subprocess.Popen([*self.place.enter, BROKER, "-c", self.dir + "/conf"], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)

        def runs():
            if self.process.poll() is not None:
                raise AssertionError("mosquitto ended")
            if not os.path.exists(log):
                return False
            with open(log, encoding="utf-8") as f:
                f.seek(before)
                return " running" in f.read()
        wait_for("mosquitto to run", runs)


class PlacedHub(Hub):
    def __init__(self, place, name, port):
        super().__init__(port)
        self.place, self.name = place, name
        stations = [station(s, squat(), speed=20, RecordingLoop="yes", RecordingPause=3) for s in ("rack-1", "rack-2")]
        reconfigure(self.config, port, *stations, name=name)

    def start(self, *options):
        script = self.config + ".sh"
        with open(script, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\nexec {' '.join(self.place.enter)} {DAEMON} \"$@\"\n")
        os.chmod(script, 0o755)
        self.daemon = Daemon(self.config, *options, env=self.env, program=script)

    def events(self):
        """{(station, seq): id} of what the hub has committed."""
        with self.database() as db:
            return {(s, q): f"{r}-{n}" for s, q, r, n in db.execute("SELECT station, seq, run, number FROM event")}


class Consumer:
    """What listens at the gym's broker and wants everything: keeps each id once, asks for what is missing below the last
    that it saw of a station."""

    def __init__(self, port):
        self.client = Client(port, "test", "test-password")
        self.client.subscribe("repcast/#")
        self.at, self.events = 0, {}

    def take(self, m):
        key = (m["hub"], m["station"], m["seq"])
        if self.events.setdefault(key, m["id"]) != m["id"]:
            raise AssertionError(f"{key} came with two ids")

    def listen(self):
        seen = list(self.client.seen)
        for topic, payload in seen[self.at:]:
            if topic.rsplit("/", 1)[1] in EVENTS:
                self.take(json.loads(payload))
        self.at = len(seen)

    def last(self, hub):
        """The highest seq that was seen of each station."""
        self.listen()
        last = {"rack-1": 0, "rack-2": 0}
        for h, s, q in self.events:
            if h == hub:
                last[s] = max(q, last[s])
        return last

    def missing(self, hub):
        last = self.last(hub)
        return [(s, q) for s in last for q in range(1, last[s]) if (hub, s, q) not in self.events]

    def resync(self, hub):
        """Ask for the gaps, and for what may lie behind the last event that was seen. Returns how many events came so."""
        last, asker = self.last(hub), Asker(self.client, "repcast/" + hub)
        before = len(self.events)
        for name in ("rack-1", "rack-2"):
            first = min([q for s, q in self.missing(hub) if s == name] + [last[name] + 1])
            for event in asker.ask_all("from_seq", type="resync", station=name, from_seq=first, to_seq=last[name] + 1000,
                                       limit=100):
                self.take(event)
        return len(self.events) - before


def each_event_once_by_id_after_cuts_and_resync():
    ip("link", "set", "lo", "up")
    places = [Place(1), Place(2)]
    certificates("server", "gym-broker.example", "127.0.0.1", *(p.near for p in places))
    gym = gym_broker()
    consumer, hubs = Consumer(gym.port), []
    for number, place in enumerate(places, 1):
        name = f"hub-{number}"
        certificates("hub", name)
        lines = bridge(name, f"{place.near}:{gym.tls}", (r"^max_queued_messages \d+$", f"max_queued_messages {QUEUE}"))
        broker = PlacedBroker(place, ["allow_anonymous true", *lines])
        hub = PlacedHub(place, name, broker.port)
        hub.broker = broker
        hub.start()
        hubs.append(hub)

    def hears(hub):
        return any(t.startswith(f"repcast/{hub.name}/station/") and t.endswith("/rep") for t, _ in consumer.client.seen)
    for hub in hubs:
        wait_for(f"reps of {hub.name}", lambda h=hub: hears(h))

    places[0].plug(False)  # with what its broker holds lost as well
    time.sleep(2)
    hubs[0].broker.kill()
    time.sleep(0.5)
    hubs[0].broker.start()
    time.sleep(2)
    places[0].plug(True)
    for place in places:  # longer than the brokers bear silence
        place.plug(False)
    time.sleep(9)
    for place in places:
        place.plug(True)

    # Not by the bridge's own word: with mosquitto 2.0.21 the will of the link before may come after it.
    plugged = len(consumer.client.seen)

    def is_linked(hub):
        return any(t.startswith(f"repcast/{hub.name}/station/") for t, _ in consumer.client.seen[plugged:])
    n = asked = 0
    for hub in hubs:
        wait_for(f"the link of {hub.name}", lambda h=hub: is_linked(h), 60)
        reconfigure(hub.config, hub.broker.port, name=hub.name)  # no more stations: its events have an end
        hub.daemon.signal(signal.SIGHUP)
        wait_for("the stations to end", lambda h=hub: "reloaded" in h.daemon.log())
        while more := consumer.resync(hub.name):
            asked += more
        hub.daemon.stop()
        wanted = hub.events()
        got = {k[1:]: v for k, v in consumer.events.items() if k[0] == hub.name}
        equal(got, wanted, f"events of {hub.name} at the gym's broker")
        n += len(wanted)
    true(asked > 0, "no message was lost on the way: this test has tested nothing")
    for process in (*(hub.broker for hub in hubs), gym):
        process.kill()
    return f"{n} events of two hubs; {asked} of them by resync"


def why_not():
    """What keeps this from running, or the command that makes it run."""
    for tool in ("unshare", "nsenter", "ip", "openssl"):
        if not shutil.which(tool, path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"):
            return f"{tool} is not installed", None
    if not BROKER:
        return "mosquitto is not installed", None
    probe = "ip link add probe0 type veth peer name probe1"
    why = ""
    for options in (["-n"], ["-rn"]):  # as root; as an ordinary user
        done = subprocess.run(["unshare", *options, "sh", "-c", probe], capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return None, ["unshare", *options]
        why = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
    return f"no network namespace can be made here ({why[0]})", None


if __name__ == "__main__":
    os.environ["PATH"] = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    if INSIDE not in os.environ:
        reason, command = why_not()
        if reason:
            print(f"1..0 # SKIP {reason}")
            sys.exit(0)
        shutil.rmtree(WORK, ignore_errors=True)
        os.environ[INSIDE] = "yes"
        os.execvp(command[0], [*command, sys.executable, os.path.abspath(__file__)])
    sys.exit(Tap([each_event_once_by_id_after_cuts_and_resync]).run())
