# SPDX-License-Identifier: Apache-2.0
"""A hub that says what a test wants: messages of the contract (doc/mqtt.md), made here. The tests of what matters most
run a real repcastd; this plays what a real one cannot be asked for: falls, hostile names, fifty stations at ten a second."""

import math
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stage import dump, now_ms  # noqa: E402
from broker import Listener  # noqa: E402

RUN = "0123456789abcdef0123456789abcdef"


def target(seconds=4.0, reps=8, limit=20):
    return {"kind": "negative", "tempo": f"{seconds:g}-0-2-0", "eccentric_s": seconds, "bottom_s": 0.0, "concentric_s": 2.0,
            "top_s": 0.0, "tolerance_s": 0.5, "reps": reps, "sets": 4, "velocity_loss_pct": limit}


def verdict_of(seconds, wanted):
    if wanted is None:
        return None
    word = "short" if seconds < wanted - 0.5 else "long" if seconds > wanted + 0.5 else "ok"
    return {"eccentric": word, "bottom": "ok", "concentric": "ok", "top": None, "pause_before": None, "compliant": word == "ok"}


class Hub:
    def __init__(self, port, name="gym", prefix="repcast", run=RUN):
        self.name, self.base, self.run, self.events, self.seq, self.sets, self.open = name, f"{prefix}/{name}", run, 0, {}, [], {}
        self.mqtt = Listener(port, f"{self.base}/query")
        self.publish("status", {"type": "status", "state": "online", "session": run, "since_ms": now_ms(), "version": "0.1.0"}, True)
        self.health()

    def publish(self, topic, message, retained=False):
        self.mqtt.publish(f"{self.base}/{topic}", dump({"v": 1, **message}), retained)

    def health(self):
        self.publish("health", {"type": "health", "hub": self.name, "session": self.run, "now_ms": now_ms(), "clock": "synced",
                                "uptime_s": 5025.3, "stations": {"active": 4, "streaming": 3},
                                "events": {"sent": 412, "unsent": 2, "dropped": 0},
                                "store": {"place": "disk", "disk_bytes": 1245184, "error": None},
                                "broker": {"reconnects": 1, "error": None}, "cpu_pct": 2.4, "memory_bytes": 12898304}, True)

    def offline(self):
        self.publish("status", {"type": "status", "state": "offline", "session": self.run, "since_ms": now_ms(), "version": "0.1.0"}, True)


class Station:
    def __init__(self, hub, name, athlete, exercise="back-squat", load=80.0, target=None, label=None, **more):
        self.hub, self.name, self.target, self.set, self.n, self.last = hub, name, target, None, 0, None
        self.head = {"hub": hub.name, "station": label or name, "sensor": f"D4:22:CD:00:{abs(hash(name)) % 99:02d}:22", "clock": "synced",
                     "athlete": athlete, "exercise": exercise, "prescription": "negative-squat" if target else None, "load_kg": load}
        self.advice, self.more, self.reps, self.sets = None, more, [], 0
        self.state()

    def topic(self, leaf):
        return f"station/{self.name}/{leaf}"

    def state(self, **more):
        self.hub.publish(self.topic("state"), {"type": "state", **self.head, "t_ms": now_ms(), "sensor_state": "streaming", "sensor_error": None,
                                               "set": self.set, "n_reps": self.n, "last_set": self.last, "target": self.target,
                                               "advice": self.advice, **self.more, **more}, True)

    def remove(self):
        self.hub.mqtt.publish(f"{self.hub.base}/{self.topic('state')}", "", True)

    def event(self, kind, fields, retained=False):
        self.hub.events += 1
        seq = self.hub.seq[self.name] = self.hub.seq.get(self.name, 0) + 1
        message = {"type": kind, "id": f"{self.hub.run}-{self.hub.events}", "seq": seq, **self.head, "late": False, **fields}
        self.hub.publish(self.topic(kind), message, retained)
        return message

    def begin(self):
        self.sets += 1
        self.set, self.n, self.reps = self.sets, 0, []
        self.state()

    def phase(self, name, latency=0.1):
        self.hub.publish(self.topic("phase"), {"type": "phase", **self.head, "set": self.set, "rep": self.n + 1, "phase": name,
                                               "start_ms": now_ms() - int(latency * 1000), "latency_s": latency})

    def live(self, phase, seconds, share, cue=None, due=None):
        pace = None
        if self.target and cue:
            pace = {"target_s": self.target["eccentric_s"], "predicted_s": 3.1, "travelled": 1 - share, "due": due, "cue": cue}
        self.hub.publish(self.topic("live"), {"type": "live", **self.head, "t_ms": now_ms(), "set": self.set, "rep": self.n + 1, "phase": phase,
                                              "phase_s": round(seconds, 2), "velocity_mps": -0.151, "position_m": round(share * 0.6, 3),
                                              "rom_share": round(share, 3), "moving": True, "pace": pace})

    def figures(self, seconds, mps, loss):
        end = now_ms()
        start = end - int((seconds + 1.9) * 1000)
        wanted = self.target["eccentric_s"] if self.target else None
        return {"start_ms": start, "end_ms": end, "tempo_s": {"eccentric": seconds, "bottom": 0.2, "concentric": 1.7, "top": None},
                "rom_m": 0.612, "eccentric": {"mean_mps": 0.15, "peak_mps": 0.24, "control": 0.93, "divebomb": None},
                "concentric": {"mean_mps": mps, "peak_mps": mps * 1.6, "mpv_mps": mps, "power_w": 312.0, "sticking": None},
                "velocity_loss_pct": loss, "tut_s": seconds + 1.9, "verdict": verdict_of(seconds, wanted), "flags": []}

    def rep(self, seconds, mps=0.4, loss=0.0, send=True):
        self.n += 1
        fields = {"set": self.set, "rep": self.n, **self.figures(seconds, mps, loss), "pause_before_s": 1.2, "phases": [],
                  "quality": {"loss_pct": 0.0, "clipped": False, "confidence": 0.97}}
        self.reps.append(fields)
        self.state()
        open_reps = self.hub.open.setdefault(self.name, [])
        if send:
            open_reps.append(self.event("rep", fields))
            return open_reps[-1]
        self.hub.events += 1
        self.hub.seq[self.name] = self.hub.seq.get(self.name, 0) + 1
        open_reps.append({"type": "rep", "id": f"{self.hub.run}-{self.hub.events}", "seq": self.hub.seq[self.name], **self.head, **fields, "late": False})
        return open_reps[-1]

    def end(self, ago_s=0):
        fields = self.set_fields(ago_s)
        self.set = None
        self.last = {"set": fields["set"], "n_reps": fields["n_reps"], "tut_s": fields["tut_s"], "best_mps": fields["best_mps"],
                     "velocity_loss_pct": fields["velocity_loss_pct"]}
        message = self.event("set", fields)
        self.hub.sets.append(message)
        self.hub.open.pop(self.name, None)
        self.state()
        return message

    def set_fields(self, ago_s):
        shift = int(ago_s * 1000)
        reps = [{**r, "start_ms": r["start_ms"] - shift, "end_ms": r["end_ms"] - shift, "confidence": 0.97} for r in self.reps]
        judged = [r for r in reps if r["verdict"]]
        good = sum(r["verdict"]["compliant"] for r in judged)
        best = max(r["concentric"]["mean_mps"] for r in reps)
        compliance = {"judged": len(judged), "compliant": good, "pct": 100 * good / len(judged)} if judged else None
        return {"set": self.set, "end": "rest", "start_ms": reps[0]["start_ms"], "end_ms": reps[-1]["end_ms"], "n_reps": len(reps),
                "tut_s": round(sum(r["tut_s"] for r in reps), 1), "best_mps": best, "velocity_loss_pct": reps[-1]["velocity_loss_pct"],
                "reps": reps, "control": 0.9, "compliance": compliance, "eccentric_s": 30.0, "e1rm_kg": None, "prescribed_tempo": None}

    def did(self, tempos, mps=0.45, ago_s=600):
        """A whole set of earlier."""
        self.begin()
        for i, seconds in enumerate(tempos):
            self.rep(seconds, round(mps * (1 - 0.03 * i), 3), round(3.0 * i, 1), send=False)
        return self.end(ago_s)


class Mover:
    """A station whose bar goes up and down in real time; step() often."""

    def __init__(self, station, down, up=1.6, cue=None, offset=0.0, live_hz=10):
        self.s, self.down, self.up, self.cue, self.gap = station, down, up, cue, 1 / live_hz
        self.start, self.at = time.monotonic() - offset, None
        self.next = time.monotonic() + random.random() * self.gap  # stations know nothing of each other

    def step(self):
        now = time.monotonic()
        if now < self.next:
            return
        self.next = max(self.next + self.gap, now - self.gap)
        t = now - self.start
        phase = "eccentric" if t < self.down else "concentric"
        if phase != self.at:
            self.at = phase
            self.s.phase(phase, 0.05)
        if t >= self.down + self.up:
            self.s.rep(round(self.down, 2), round(0.46 - 0.01 * self.s.n, 3), round(2.2 * self.s.n, 1))
            self.start, self.at = now, None
            if self.s.n >= 12:
                self.s.end()
                self.s.begin()
            return
        if phase == "eccentric":
            share = 0.5 + 0.5 * math.cos(math.pi * t / self.down)
            wanted = self.s.target["eccentric_s"] if self.s.target else self.down
            self.s.live(phase, t, share, self.cue, min(1.0, t / wanted))
        else:
            self.s.live(phase, t - self.down, 0.5 - 0.5 * math.cos(math.pi * (t - self.down) / self.up), "on" if self.cue else None, 0.5)
