#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastctl setup-broker: what it writes makes real mosquitto do what it says, a broker of somebody else's stays as it is,
and it can be taken back. The files lie in a folder that stands for the root."""

import json
import os
import pty
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, PATIENCE_S, Tap, free_port, wait_for  # noqa: E402
from client import Client, Refused, who_may  # noqa: E402
from hub import BUILD, SRC, WORK, Daemon, equal, squat, station, true  # noqa: E402

CTL = os.path.join(BUILD, "repcastctl")
DEBIAN = "pid_file /run/mosquitto/mosquitto.pid\npersistence true\npersistence_location /var/lib/mosquitto/\n" \
         "log_dest file /var/log/mosquitto/mosquitto.log\ninclude_dir /etc/mosquitto/conf.d\n"


class House:
    """A system with mosquitto as Debian configures it, and a hub with a recording for a sensor."""

    def __init__(self, prefix=None):
        self.root = Path(tempfile.mkdtemp(dir=WORK)).resolve()
        self.mosquitto = self.root / "etc/mosquitto"
        (self.mosquitto / "conf.d").mkdir(parents=True)
        (self.mosquitto / "mosquitto.conf").write_text(DEBIAN)
        (self.mosquitto / "conf.d/README").write_text("listener 1\n")
        self.ports = free_port(), free_port()
        self.broker = None
        written = self.run("--dry-run")[1].split()
        self.fragment = Path(next(word for word in written if word.endswith("50-broker.conf")))
        self.hub = self.fragment.parent.parent
        self.hub.mkdir(parents=True, exist_ok=True)
        self.config = self.hub / "repcast.conf"
        self.config.write_text(f"[hub]\nName=gym\n{'Prefix=' + prefix if prefix else ''}\n"
                               f"Exercises={os.path.abspath(SRC)}/conf/exercises.conf\n" +
                               station("rack-1", squat(), RecordingLoop="yes", RecordingPause=3))
        self.web = self.root / str(self.hub).removeprefix(str(self.root) + "/").split("etc/")[0]

    def run(self, *options):
        done = subprocess.run([CTL, "setup-broker", "--root", self.root, "--port", str(self.ports[0]), "--web-port",
                               str(self.ports[1]), *options], capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout, done.stderr

    def set_up(self, *options):
        status, out, err = self.run("--yes", *options)
        equal((status, err), (0, ""), "setup-broker --yes")
        return out

    def tree(self):
        return {str(p.relative_to(self.root)): p.read_bytes() for p in self.root.rglob("*") if p.is_file()}

    def password(self, name):
        return (self.hub / f"{name}-password").read_text().strip()

    def start(self):
        """The broker on these files, with the paths of the root."""
        self.stop()
        lines = [line for line in DEBIAN.splitlines() if not line.startswith(("pid_file", "persistence", "log_dest"))]
        folder = Path(tempfile.mkdtemp(dir=WORK))
        for source in (self.mosquitto / "conf.d").glob("*.conf"):
            t = source.read_text().replace("/etc/mosquitto", str(self.mosquitto))
            (folder / source.name).write_text(t.replace("http_dir ", f"http_dir {self.root}"))
        lines = [line.replace("/etc/mosquitto/conf.d", str(folder)) for line in lines]
        lines += [f"log_dest file {folder}/log"] + (["user root"] if os.getuid() == 0 else [])
        (folder / "main").write_text("\n".join(lines) + "\n")
        self.broker = subprocess.Popen([BROKER, "-c", folder / "main"], stderr=subprocess.DEVNULL)

        def listens():
            if self.broker.poll() is not None:
                raise AssertionError("mosquitto ended: " + (folder / "log").read_text()[-500:])
            try:
                return Client(self.ports[0], "wall", self.password("wall"))
            except Refused as e:
                raise AssertionError((folder / "log").read_text()[-500:]) from e
            except OSError:
                return None
        wait_for("mosquitto to listen", listens).close()
        return (folder / "log").read_text()

    def stop(self):
        if self.broker:
            self.broker.kill()
            self.broker.wait()
            self.broker = None


def refused(*arguments, **more):
    try:
        Client(*arguments, **more)
    except Refused as e:
        return str(e)
    return None


def it_tells_first_and_asks():
    house = House()
    before = house.tree()
    status, out, _ = house.run("--dry-run")
    equal(status, 0, "--dry-run")
    for name in ("conf.d/repcast.conf", "repcast.acl", "repcast.passwd", "broker-password", "wall-password", "50-broker.conf"):
        true(name in out, f"{name} is not told: {out}")
    status, out, err = house.run()
    equal(status, 1, "without anybody to ask")
    true("--yes" in err, err)
    master, slave = pty.openpty()
    os.write(master, b"n\n")
    done = subprocess.run([CTL, "setup-broker", "--root", house.root], stdin=slave, capture_output=True, text=True,
                          check=False)
    equal(done.returncode, 1, "when the answer is no")
    true("Do this?" in done.stdout, done.stdout)
    equal(house.tree(), before, "files")


def a_hub_a_wall_and_nobody_else():
    house = House()
    probe = house.set_up()
    web = house.root / probe.split("not installed (/")[1].split(")")[0]  # where this build has its dashboard
    web.mkdir(parents=True)
    (web / "index.html").write_text("<title>the wall</title>")
    out = house.set_up()
    log = house.start()
    true("Warning" not in log, log)
    plain, wall_port = house.ports
    password = house.password("wall")
    true(password in out and f":{wall_port}/" in out, f"address and password are not told: {out}")

    with urllib.request.urlopen(f"http://127.0.0.1:{wall_port}/index.html", timeout=PATIENCE_S) as page:
        true(b"the wall" in page.read(), "http_dir")
    equal(refused(plain), "CONNACK 5", "nobody")
    equal(refused(plain, "wall", "guessed"), "CONNACK 5", "a wrong password")
    equal(refused(wall_port, web=True), "CONNACK 5", "nobody, over websockets")

    wall = Client(wall_port, "wall", password, web=True)
    true(wall.subscribe("repcast/#"), "the wall may listen")
    hub = Client(plain, "repcast", house.password("broker"))
    true(hub.subscribe("repcast/#"), "the hub may listen")
    topics = ["repcast/gym/station/rack-1/cmd", "repcast/gym/cmd", "repcast/gym/station/rack-1/rep", "repcast/gym/status",
              "homeassistant/device/x/config", "elsewhere", "repcast/gym/query"]
    equal(who_may(wall, hub, topics, "repcast/gym/query"), ["repcast/gym/query"], "what the wall may write")

    daemon = Daemon(str(house.config))
    rep = json.loads(wait_for("a rep on the wall", lambda: wall.on("repcast/gym/station/rack-1/rep"))[0])
    equal(rep["station"], "rack-1", "the rep's station")
    wall.publish("repcast/gym/query", json.dumps({"v": 1, "type": "history", "id": "w1", "limit": 1}))
    reply = json.loads(wait_for("an answer", lambda: wall.on("repcast/gym/reply/w1"))[0])
    equal(reply["error"], None, "the answer")
    daemon.stop()
    house.stop()


def again_nothing_changes_and_options_change_what_they_say():
    house = House()
    first = house.set_up()
    before = house.tree()
    out = house.set_up()
    equal(house.tree(), before, "files after a second run")
    true("in place" in out and house.password("wall") in out and house.password("wall") in first, out)

    old = house.password("wall")
    house.set_up("--coach", "--new-passwords")
    house.start()
    true(house.password("wall") != old, "the password is another")
    equal(refused(house.ports[0], "wall", old), "CONNACK 5", "the old password")
    hub = Client(house.ports[0], "repcast", house.password("broker"))
    hub.subscribe("repcast/#")
    coach = Client(house.ports[1], "coach", house.password("coach"), web=True)
    may = ["repcast/gym/cmd", "repcast/gym/station/rack-1/cmd", "repcast/gym/query"]
    equal(who_may(coach, hub, may + ["repcast/gym/station/rack-1/rep", "repcast/gym/status"], may[0]), may,
          "what the coach may write")
    house.stop()
    house.set_up()
    true(not (house.hub / "coach-password").exists() and b"coach" not in house.tree()["etc/mosquitto/repcast.passwd"],
         "the coach has gone")


def the_prefix_of_the_hub_is_that_of_the_rights():
    house = House(prefix="gyms/north")
    with open(house.config, "a", encoding="utf-8") as f:
        f.write("[mqtt]\nDiscoveryPrefix=ha\n")
    house.set_up()
    rights = (house.mosquitto / "repcast.acl").read_text()
    true("topic read gyms/north/#\n" in rights and "topic readwrite ha/device/+/config\n" in rights, rights)
    house.config.write_text("[hub]\nNam=x\n")
    equal(house.run("--yes")[0], 78, "with a faulty configuration")


def what_somebody_else_wrote_stays():
    cases = [("etc/mosquitto/conf.d/own.conf", "# mine\nlistener 1883\n", "own.conf:2: listener 1883"),
             ("etc/mosquitto/mosquitto.conf", DEBIAN + "  allow_anonymous true\n", "mosquitto.conf:6: allow_anonymous"),
             ("etc/mosquitto/mosquitto.conf", "persistence true\n", "include_dir"),
             ("etc/mosquitto/conf.d/repcast.conf", "listener 1883\n", "was not written by setup-broker"),
             ("etc/mosquitto/repcast.acl", "user ana\n", "was not written by setup-broker"),
             ("etc/mosquitto/repcast.passwd", "wall:x\nana:x\n", "was not written by setup-broker")]
    for name, content, said in cases:
        house = House()
        (house.root / name).write_text(content)
        before = house.tree()
        status, _, err = house.run("--yes")
        equal(status, 78, f"status with {name}")
        true(said in err, f"{said!r} is not said: {err}")
        equal(house.tree(), before, f"files with {name}")
    house = House()
    (house.mosquitto / "conf.d/log.conf").write_text("log_type all\nmax_keepalive 60\n")  # decides nothing
    house.set_up()
    empty = House()
    (empty.mosquitto / "mosquitto.conf").unlink()
    status, _, err = empty.run("--yes")
    equal((status, "apt install mosquitto" in err), (69, True), "without mosquitto")


def undo_leaves_what_was_there():
    house = House()
    before = house.tree()
    house.set_up("--coach")
    true(house.tree() != before, "something was written")
    equal(house.run("--undo", "--dry-run")[0], 0, "--undo --dry-run")
    true((house.mosquitto / "repcast.acl").exists(), "--dry-run leaves it")
    equal(house.run("--undo", "--yes")[0], 0, "--undo")
    equal(house.tree(), before, "files after --undo")
    status, out, _ = house.run("--undo")
    equal((status, "Nothing" in out), (0, True), "--undo where there is nothing")


def a_failure_half_way_is_taken_back():
    house = House()
    house.fragment.parent.symlink_to("/nowhere/at/all")  # looks as if nothing was there, until it is written to
    before = house.tree()
    status, _, err = house.run("--yes")
    true(status == 73 and "50-broker.conf" in err, f"status {status}: {err}")
    equal(house.tree(), before, "files")


def only_their_owners_read_passwords():
    house = House()
    house.set_up("--coach")
    for path in (house.mosquitto / "repcast.passwd", house.mosquitto / "repcast.acl", house.hub / "broker-password",
                 house.hub / "wall-password", house.hub / "coach-password"):
        equal(path.stat().st_mode & 0o777, 0o600, path.name)
    true(len({house.password(x) for x in ("broker", "wall", "coach")}) == 3, "each has a password of its own")


if __name__ == "__main__":
    if not BROKER:
        print("1..0 # SKIP mosquitto is not installed")
        sys.exit(0)
    sys.exit(Tap([it_tells_first_and_asks, a_hub_a_wall_and_nobody_else,
                  again_nothing_changes_and_options_change_what_they_say, the_prefix_of_the_hub_is_that_of_the_rights,
                  what_somebody_else_wrote_stays, undo_leaves_what_was_there, a_failure_half_way_is_taken_back,
                  only_their_owners_read_passwords]).run())
