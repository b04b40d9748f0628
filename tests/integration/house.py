# SPDX-License-Identifier: Apache-2.0
"""A machine with a hub, as a folder that stands for its root: what repcastctl doctor and bugreport look at. Healthy as it is
made; a test breaks what it is about. Its services are what a stand-in for systemctl says."""

import json
import os
import re
import subprocess
import tempfile
from pathlib import Path

import gym
from hub import WORK
from store import SHIM, Clock

CTL = os.path.abspath(gym.CTL)
SPACE_SHIM = os.path.join(os.path.dirname(SHIM), "space-shim.so")
NOWHERE = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nowhere"}
GOOD_UNIT = {"LoadState": "loaded", "ActiveState": "active", "SubState": "running", "Result": "success", "NRestarts": "0",
             "UnitFileState": "enabled", "User": "repcast", "Restart": "on-failure", "WatchdogUSec": "30s", "DropInPaths": "",
             "NeedDaemonReload": "no", "ReadWritePaths": "", "StateChangeTimestampMonotonic": "0"}
GOOD_BLUEZ = """[General]
ControllerMode = le
[GATT]
Channels = 1
[LE]
MinConnectionInterval = 6
MaxConnectionInterval = 9
ConnectionLatency = 0
ConnectionSupervisionTimeout = 300
[Policy]
AutoEnable = true
"""


class House:
    seen = set()  # every finding that any of them had

    def __init__(self, mqtt="Broker=127.0.0.1:1", stations="", bus=None, store="", more=""):
        self.root = Path(tempfile.mkdtemp(dir=WORK)).resolve()
        self.bus, self.clock, self.room = bus, Clock(), ""
        self.confdir = self.find_confdir()
        self.config = self.confdir / "repcast.conf"
        self.state = self.root / "var/lib/repcast"
        self.write("etc/passwd", f"repcast:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n")
        self.write("etc/group", "root:x:0:\n")
        self.write("etc/bluetooth/main.conf", GOOD_BLUEZ)
        self.write("usr/share/dbus-1/system.d/org.repcast.Hub1.conf", "")
        self.write("proc/self/mounts", "/dev/root / ext4 rw,relatime 0 0\n")
        self.program("usr/libexec/bluetooth/bluetoothd", "echo 5.87")
        self.program("bin/systemctl", f'[ "$1" = show ] && exec cat "{self.root}/units/$2"; exit 1')
        self.unit("repcast.service")
        self.unit("bluetooth.service")
        self.switch("0", "0")
        for folder in (self.state, self.root / "sys/class/rtc/rtc0", self.root / "sys/class/bluetooth/hci0", self.confdir):
            folder.mkdir(parents=True, exist_ok=True)
        self.configure(mqtt, stations or "[station rack-1]\nExercise=back-squat\n", store, more)

    def find_confdir(self):
        """Where this build has its configuration."""
        (row, *_) = [r for r in self.doctor()[1] if r["finding"] == "config-missing"]
        return Path(row["what"].removeprefix("there is no ")).parent

    def configure(self, mqtt, stations, store="", more=""):
        self.write(self.config, f"[hub]\nName=gym\n[mqtt]\n{mqtt}\n[store]\nFolder={self.state}\n{store}{more}{stations}")

    def write(self, name, text, mode=0o644):
        path = self.root / name  # an absolute name stays
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    def program(self, name, script):
        self.write(name, "#!/bin/sh\n" + script + "\n", 0o755)

    def unit(self, name, **changes):
        self.write("units/" + name, "".join(f"{k}={v}\n" for k, v in {**GOOD_UNIT, **changes}.items()))

    def is_out_of_sight(self):
        """ProtectHome= and PrivateTmp= hide it from the service."""
        return str(self.confdir).removeprefix(str(self.root)).startswith(("/home/", "/root/", "/run/user/", "/tmp/", "/var/tmp/"))

    def switch(self, soft, hard):
        for name, text in (("type", "bluetooth"), ("name", "hci0"), ("soft", soft), ("hard", hard)):
            self.write("sys/class/rfkill/rfkill0/" + name, text + "\n")

    def environment(self):
        env = {**os.environ, **(self.bus.environment if self.bus else NOWHERE), **self.clock.env, "SPACE_SHIM": self.room,
               "PATH": f"{self.root}/bin:{os.environ['PATH']}"}
        if "LD_PRELOAD" in env:
            env["LD_PRELOAD"] += ":" + os.path.abspath(SPACE_SHIM)
        env.pop("CREDENTIALS_DIRECTORY", None)
        return env

    def run(self, *arguments, user=None):
        program, env = CTL, self.environment()
        if user:
            program, loaded = gym.within_reach(CTL), env.get("LD_PRELOAD", "").split(":")
            env["LD_PRELOAD"] = ":".join(gym.within_reach(path) if "/" in path else path for path in loaded)
        done = subprocess.run([program, *arguments, "--root", str(self.root)], capture_output=True, text=True, check=False,
                              timeout=60, user=user, env=env)
        return done.returncode, done.stdout, done.stderr

    def doctor(self, *options, user=None):
        """Exit status and rows."""
        status, out, err = self.run("doctor", "--json", *options, user=user)
        if err or not out:
            raise AssertionError(f"doctor: {status}: {err}")
        rows = [json.loads(line) for line in out.splitlines()]
        House.seen |= {row["finding"] for row in rows if row["finding"]}
        return status, rows

    def findings(self, **more):
        return {row["finding"] for row in self.doctor(**more)[1] if row["finding"]}

    def expect(self, *wanted, but=()):
        """Just these are found, beside those that do not matter here."""
        status, rows = self.doctor()
        found = {row["finding"] for row in rows if row["finding"]} - set(but)
        if found != set(wanted):
            lines = "\n".join(f"{r['finding']}: {r['what']}" for r in rows if r["finding"] in found)
            raise AssertionError(f"found {sorted(found)}, wanted {sorted(wanted)}:\n{lines}")
        weights = {row["weight"] for row in rows}
        worst = next((n for n, w in ((1, "fault"), (2, "warning"), (3, "unseen")) if w in weights), 0)
        if status != worst:
            raise AssertionError(f"exit status {status} with {weights}")
        return {row["finding"]: row["what"] for row in rows if row["finding"]}

    @staticmethod
    def all_findings():
        done = subprocess.run([CTL, "doctor", "--list"], capture_output=True, text=True, check=True)
        return {re.match(r"\S+", line)[0] for line in done.stdout.splitlines()}
