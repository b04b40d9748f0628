# SPDX-License-Identifier: Apache-2.0
"""What the benches of the whole daemon share: a fake BlueZ with as many bars as wanted, each lifted without end, a broker
with a tap before it, and what a process costs. Python's standard library only."""

import atexit
import json
import mmap
import os
import struct
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import gym  # noqa: E402
from broker import wait_for  # noqa: E402
from hub import BUILD, DAEMON, SRC, SYNTH, WORK, Manager  # noqa: E402

TAP = os.path.join(BUILD, "tests/bench/bench-tap")
LINKS = 7        # of one adapter, as a Raspberry Pi's has
ADAPTERS = 16    # more are not looked at: beyond 112 sensors each carries more links
JOURNAL = (8, 4096, 1024)  # of tests/mock/bar.c: numbers before the packets, packets of a bar, bars


# ---- bars ------------------------------------------------------------------------------------------------------------

def tape(rate):
    """A set of 12 squats, 2 s down, 1 s up and 1 s of pause, as a bar at 16 g and 2000 degrees a second has it; made
    once. It ends as it begins, so that it can be lifted over and over."""
    path = os.path.join(WORK, f"tape-{rate}")
    if os.path.exists(path):
        return path
    csv = subprocess.run([SYNTH, "--layout", "csv", "--rate", str(rate), "--reps", "12", "--tempo", "2-0-1-1", "--lead-in",
                          "3", "--seed", "7"], check=True, stdout=subprocess.PIPE, text=True).stdout
    scales = (16 * 9.80665,) * 3 + (2000 * 3.141592653589793 / 180,) * 3
    with open(path, "wb") as f:
        for line in csv.splitlines()[1:]:
            numbers = [float(x) for x in line.split(",")[1:7]]
            f.write(struct.pack("<6h", *(max(-32768, min(32767, round(n / s * 32768))) for n, s in zip(numbers, scales))))
    return path


def address(i):
    return f"C0:FF:EE:00:{i >> 8:02X}:{i & 255:02X}"


class Air:
    """The fake BlueZ with its bars. Each is heard by one adapter."""

    def __init__(self, bus, bars, rate, batch):
        self.bus, self.bars, self.rate, self.batch = bus, bars, rate, batch
        self.n_adapters = min(ADAPTERS, -(-bars // LINKS))
        self.links = -(-bars // self.n_adapters)
        self.journal_path = os.path.join(tempfile.mkdtemp(prefix="repcast-bench-", dir=shared_memory()), "journal")
        atexit.register(self.kill)
        self.start()

    def script(self):
        lines = ["quiet", "set advert_ms 50", "set connect_ms 1", "set disconnect_ms 1", f"journal {self.journal_path}"]
        lines += [f"adapter hci{i} 00:1A:7D:DA:71:{i:02X} slots={self.links}" for i in range(self.n_adapters)]
        for i in range(self.bars):
            a = address(i)
            lines += [f"sensor {a} name=bar-{i} services={gym.SERVICE} mtu=247 random here near=hci{i % self.n_adapters}",
                      f"characteristic {a} {gym.MOTION} notify",
                      f"characteristic {a} {gym.CONTROL} write,write-without-response",
                      f"bar {a} {gym.MOTION} {tape(self.rate)} rate={self.rate} batch={self.batch} "
                      f"skip={i * 37 * self.rate // 100}"]
        path = self.journal_path + ".script"
        with open(path, "w", encoding="ascii") as f:
            f.write("\n".join(lines) + "\n")
        return path

    def start(self):
        self.process = subprocess.Popen([gym.MOCK, self.script()], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env={**os.environ, **self.bus.environment})
        said = self.process.stdout.readline().strip()
        if said != "ready":
            raise AssertionError(f"the fake BlueZ says {said!r}")
        with open(self.journal_path, "rb") as f:
            self.journal = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)

    def do(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        said = self.process.stdout.readline().strip()
        if said != "ok":
            raise AssertionError(f"{command!r}: {said!r}")

    def bar(self, i):
        """Began at, samples of a packet, rate, packets sent, packets dropped."""
        n, ring, _ = JOURNAL
        return struct.unpack_from("=5Q", self.journal, i * 8 * (n + 2 * ring))

    def packet(self, i, k):
        """Due and sent."""
        n, ring, _ = JOURNAL
        return struct.unpack_from("=2Q", self.journal, 8 * (i * (n + 2 * ring) + n + 2 * (k % ring)))

    def counts(self):
        """Packets sent and dropped, by all bars."""
        bars = [self.bar(i) for i in range(self.bars)]
        return sum(b[3] for b in bars), sum(b[4] for b in bars)

    def packet_of(self, i, decided_us):
        """When was the packet sent that carried the sample of this instant? None: unknown, or so long ago that it is
        forgotten. Packet k is due at its last sample, so that it is the first that is due at the instant or later; half a
        sample's time is more than what instants are rounded by."""
        began, batch, rate = self.bar(i)[:3]
        if began == 0:
            return None
        packet_us = batch * 1e6 / rate
        k = int(-(-(decided_us - 0.5e6 / rate - began) // packet_us)) - 1
        if k < 0:
            return None
        due, sent = self.packet(i, k)
        return sent if abs(due - (began + (k + 1) * packet_us)) < 2 and sent >= due else None

    def late_us(self):
        """By how much did packets leave later than they should, lately? Sorted."""
        late = []
        for i in range(self.bars):
            k = self.bar(i)[3]
            for j in range(max(0, k - 20), k):
                due, sent = self.packet(i, j)
                if due:
                    late.append(sent - due)
        return sorted(late)

    def kill(self):
        self.process.kill()
        self.process.wait()
        for path in (self.journal_path, self.journal_path + ".script"):
            if os.path.exists(path):
                os.unlink(path)
        if os.path.isdir(os.path.dirname(self.journal_path)):
            os.rmdir(os.path.dirname(self.journal_path))


def shared_memory():
    """For what must not wait for a disk."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


# ---- the wire --------------------------------------------------------------------------------------------------------

class Tap:
    """bench-tap before a broker, and what it saw."""

    def __init__(self, broker_port, *leaves):
        self.path = tempfile.mkstemp(prefix="repcast-tap-", dir=shared_memory())[1]
        self.process = subprocess.Popen([TAP, str(broker_port), self.path, *leaves], stdout=subprocess.PIPE, text=True)
        atexit.register(self.kill)
        self.port = int(self.process.stdout.readline())
        self.file = open(self.path, encoding="utf-8", errors="replace")
        self.rest = ""
        self.messages = self.bytes = 0

    def read(self):
        """What came since the last time: (instant in us, topic, message)."""
        text = self.rest + self.file.read()
        lines = text.split("\n")
        self.rest = lines.pop()
        out = []
        for line in lines:
            first, *rest = line.split(" ", 2)
            if first == "count":
                self.messages, self.bytes = (int(x) for x in rest)
            else:
                out.append((int(first), rest[0], json.loads(rest[1])))
        return out

    def kill(self):
        self.process.kill()
        self.process.wait()
        if os.path.exists(self.path):
            self.file.close()
            os.unlink(self.path)


def epoch_us():
    """What stands between the time of day and the steady clock."""
    return (time.time_ns() - time.monotonic_ns()) / 1000


def latencies_ms(air, seen, epoch):
    """From the notification that carried the sample which revealed a phase's border to its PUBLISH. (sorted, unmatched)"""
    out, unmatched = [], 0
    for at_us, topic, m in seen:
        if m.get("type") != "phase":
            continue
        decided = m["start_ms"] * 1e3 + m["latency_s"] * 1e6 - epoch
        sent = air.packet_of(int(topic.split("/")[-2].removeprefix("s")), decided)
        if sent is None or not 0 <= at_us - sent < 30e6:
            unmatched += 1
        else:
            out.append((at_us - sent) / 1e3)
    return sorted(out), unmatched


def percentile(values, pct):
    return values[min(len(values) - 1, int(len(values) * pct / 100))] if values else float("nan")


# ---- processes -------------------------------------------------------------------------------------------------------

def threads(pid):
    try:
        return os.listdir(f"/proc/{pid}/task")
    except FileNotFoundError:
        return []


def field(path, name):
    with open(path, encoding="ascii", errors="replace") as f:
        for line in f:
            if line.startswith(name + ":"):
                return int(line.split()[1])
    raise AssertionError(f"no {name} in {path}")


class Cost:
    """What a process used since the last look. CPU time by the scheduler's count in ns, that of threads that have ended left
    out; wake-ups are voluntary context switches."""

    def __init__(self, pid):
        self.pid, self.before = pid, {}
        self.take()

    def read(self, thread):
        task = f"/proc/{self.pid}/task/{thread}"
        try:
            with open(task + "/schedstat", encoding="ascii") as f:
                return int(f.read().split()[0]), field(task + "/status", "voluntary_ctxt_switches")
        except (FileNotFoundError, ProcessLookupError):
            return None

    def name(self, thread):
        try:
            with open(f"/proc/{self.pid}/task/{thread}/comm", encoding="ascii") as f:
                return f.read().strip()
        except (FileNotFoundError, ProcessLookupError):
            return "ended"

    def take(self):
        now, cpu, switches = time.monotonic(), {}, 0
        for thread in threads(self.pid):
            value = self.read(thread)
            if value:
                before = self.before.get(thread, (0, 0))
                name = self.name(thread)
                cpu[name] = cpu.get(name, 0) + value[0] - before[0]
                switches += value[1] - before[1]
                self.before[thread] = value
        seconds, self.since = now - getattr(self, "since", now), now
        if seconds == 0:
            return None
        return {"cpu_pct": sum(cpu.values()) / seconds / 1e7, "wakeups_s": switches / seconds,
                "threads_pct": {name: ns / seconds / 1e7 for name, ns in cpu.items()}}

    def rss_anon_kib(self):
        return field(f"/proc/{self.pid}/status", "RssAnon")

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


# ---- the hub ---------------------------------------------------------------------------------------------------------

class Hub:
    """repcastd with a station for each bar; its messages go through the tap."""

    def __init__(self, air, port, env=None, wrap=()):
        self.dir = tempfile.mkdtemp(dir=WORK)
        self.air, self.config = air, self.dir + "/repcast.conf"
        self.log_path = tempfile.mkstemp(prefix="repcast-log-", dir=shared_memory())[1]
        with open(self.config, "w", encoding="ascii") as f:
            f.write(f"[hub]\nName=gym\nExercises={SRC}/conf/exercises.conf\n[mqtt]\nBroker=127.0.0.1:{port}\n"
                    f"[store]\nFolder={self.dir}\n[bluetooth]\nMaxLinks={air.links}\n")
            for i in range(air.bars):
                f.write(f"[station s{i}]\nExercise=back-squat\nSensor={address(i)}\nProfile=repcast-bar\n"
                        f"SensorRate={air.rate}\n")
        self.manager = Manager()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*wrap, DAEMON, "--config", self.config], stderr=log, stdout=log, env={
                **os.environ, **air.bus.environment, "NOTIFY_SOCKET": self.manager.path, **(env or {})})
        atexit.register(self.kill)
        self.pid = self.process.pid

    def streaming(self):
        """As it says itself."""
        line = self.manager.status()
        return int(line.split(" of ")[0].split()[-1]) if " of " in line else 0

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as f:
            return f.read()

    def wait_streaming(self, seconds=60):
        """All of them; by the journal, for that is the end of the setting up."""
        def all_are():
            if self.process.poll() is not None:
                raise AssertionError(f"repcastd ended: {self.log()[-2000:]}")
            return all(self.air.bar(i)[3] > 0 for i in range(self.air.bars))
        try:
            wait_for(f"{self.air.bars} sensors", all_are, seconds)
        except AssertionError as e:
            n = sum(self.air.bar(i)[3] > 0 for i in range(self.air.bars))
            raise AssertionError(f"{e}; {n} stream; {self.log()[-1500:]}") from None

    def lost(self):
        """Samples lost, packets that were nonsense, by its own count."""
        rows = gym.rows(self.air.bus, "sensors")
        return sum(row["lost"] or 0 for row in rows), sum(row["bad_packets"] or 0 for row in rows)

    def stop(self, seconds=30):
        self.process.terminate()
        status = self.process.wait(seconds)
        if status != 0:
            raise AssertionError(f"repcastd ended with {status}: {self.log()[-2000:]}")

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if os.path.exists(self.log_path):
            os.unlink(self.log_path)
