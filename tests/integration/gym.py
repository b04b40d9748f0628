# SPDX-License-Identifier: Apache-2.0
"""A gym without radio: a private system bus under the shipped policy, a fake BlueZ on it (tests/mock), sensors that play
recordings as the project's own profile, and repcastctl. Python's standard library only."""

import atexit
import json
import os
import pwd
import re
import shutil
import socket
import stat
import struct
import subprocess
import tempfile
import threading

from broker import wait_for

SRC = os.environ.get("srcdir", ".")
BUILD = os.environ.get("builddir", ".")
CTL = os.path.join(BUILD, "repcastctl")
MOCK = os.path.join(BUILD, "tests/mock/mock-bluez")
SYNTH = os.path.join(BUILD, "tests/synth/repcast-synth")
DBUS_DAEMON = shutil.which("dbus-daemon", path=os.environ.get("PATH", os.defpath) + ":/usr/bin")
ME = pwd.getpwuid(os.getuid()).pw_name

SERVICE = "dfce2400-f051-4596-a005-3dce77cc1088"
MOTION = "dfce2401-f051-4596-a005-3dce77cc1088"
CONTROL = "dfce2402-f051-4596-a005-3dce77cc1088"
ADAPTER = "00:1A:7D:DA:71:13"


def within_reach(path):
    """That file, or a copy of it, where any user may read it: the tree may lie in somebody's own folder."""
    path = os.path.abspath(path)
    folder = path
    while folder != "/" and os.stat(folder).st_mode & stat.S_IXOTH:
        folder = os.path.dirname(folder)
    if folder == "/":
        return path
    place = tempfile.mkdtemp()
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.chmod(place, 0o755)
    return shutil.copy(path, place)


class Bus:
    """dbus-daemon with the rules of a system bus and the shipped policy, in which this user stands for user repcast."""

    def __init__(self, work, speaks=("org.bluez.Agent1",)):
        """speaks: interfaces that BlueZ may call of others, as its own policy has them."""
        self.path = os.path.join(tempfile.mkdtemp(dir=work), "bus")
        speaks = "".join(f'<allow send_interface="{interface}"/>' for interface in speaks)
        with open(SRC + "/systemd/org.repcast.Hub1.conf", encoding="utf-8") as f:
            policy = re.sub(r"^.*?<busconfig>|</busconfig>.*$", "", f.read(), flags=re.S)
        policy = policy.replace('user="repcast"', f'user="{ME}"').replace('user="root"', f'user="{ME}"')
        with open(self.path + ".conf", "w", encoding="utf-8") as f:
            f.write(f"""<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={self.path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><deny own="*"/><deny send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/><allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/><allow receive_type="error"/>
<allow receive_type="signal"/><allow send_destination="org.freedesktop.DBus"/></policy>
<policy user="{ME}"><allow own="org.bluez"/>{speaks}</policy>
{policy}</busconfig>
""")
        self.environment = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=" + self.path}
        self.process = None
        atexit.register(self.kill)
        self.start()

    def start(self):
        self.process = subprocess.Popen([DBUS_DAEMON, "--config-file=" + self.path + ".conf", "--nofork"],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the bus", self.answers)

    def answers(self):
        """Its socket is there before it listens."""
        with socket.socket(socket.AF_UNIX) as s:
            return s.connect_ex(self.path) == 0

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
            if os.path.exists(self.path):
                os.unlink(self.path)


class BlueZ:
    """The fake, driven by its commands; what it prints is collected."""

    def __init__(self, bus, *commands):
        self.process = subprocess.Popen([MOCK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                        env={**os.environ, **bus.environment})
        atexit.register(self.kill)
        self.said, self.answers = [], 0
        threading.Thread(target=self.listen, daemon=True).start()
        for command in (f"adapter hci0 {ADAPTER}", "set advert_ms 100", "set connect_ms 20", "set disconnect_ms 50",
                        *commands):
            self.do(command)

    def listen(self):
        for line in self.process.stdout:
            self.said.append(line.strip())

    def do(self, command):
        before = sum(line == "ok" or line.startswith("error:") for line in self.said)
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

        def answer():
            answers = [line for line in self.said if line == "ok" or line.startswith("error:")]
            return answers[before:] or None
        (first, *_) = wait_for(f"the answer to {command!r}", answer)
        if first != "ok":
            raise AssertionError(f"{command!r}: {first}")

    def sensor(self, address, recording=None, name="repcast-bar", rssi=-60, speed=1, options=""):
        """A bar sensor of the project's own profile; it plays the recording once somebody listens."""
        self.do(f"sensor {address} name={name} services={SERVICE} rssi={rssi} mtu=247 random here {options}")
        self.do(f"characteristic {address} {MOTION} notify")
        self.do(f"characteristic {address} {CONTROL} write,write-without-response")
        if recording:
            self.do(f"play {address} {MOTION} {recording} speed={speed}")

    def violations(self):
        return [line for line in self.said if line.startswith("violation")]

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def ctl(bus, *arguments, timeout=60):
    """Returns exit status, standard output, standard error."""
    done = subprocess.run([CTL, *arguments], capture_output=True, text=True, check=False, timeout=timeout,
                          env={**os.environ, **bus.environment})
    return done.returncode, done.stdout, done.stderr


def rows(bus, *arguments):
    status, out, err = ctl(bus, *arguments, "--json")
    if status != 0:
        raise AssertionError(f"repcastctl {' '.join(arguments)}: status {status}: {err}")
    return [json.loads(line) for line in out.splitlines()]


def bar_recording(path, reps, *options, batch=10, rate=100):
    """A synthetic set as the packets of the profile repcast-bar, 16 g and 2000 degrees a second."""
    plain = path + ".csv"
    subprocess.run([SYNTH, "--layout", "csv", "-o", plain, "--reps", str(reps), *options], check=True,
                   stdout=subprocess.DEVNULL)
    with open(plain, encoding="ascii") as f:
        samples = [[float(x) for x in line.split(",")] for line in f.read().splitlines()[1:]]

    def counts(value, full):
        return max(-32768, min(32767, round(value / full * 32768)))

    with open(path, "w", encoding="ascii") as f:
        f.write(f"repcast-recording 1\nsensor: bar\nexercise: bench-press\nrate_hz: {rate}\nprofile: repcast-bar\n"
                "arrival_us,stream,packet\n")
        for i in range(0, len(samples) - batch + 1, batch):
            part = samples[i:i + batch]
            packet = struct.pack("<BBI", 0x22, i // batch % 256, round(part[0][0] * 1e6) % 2**32)
            for s in part:
                packet += struct.pack("<6h", *(counts(a, 16 * 9.80665) for a in s[1:4]),
                                      *(counts(w, 2000 * 3.141592653589793 / 180) for w in s[4:7]))
            f.write(f"{round(part[-1][0] * 1e6) + 5000},0,{packet.hex()}\n")
    return path
