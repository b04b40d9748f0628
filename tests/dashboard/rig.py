# SPDX-License-Identifier: Apache-2.0
"""The one browser of the dashboard's tests, what moves stations while a test looks, and a busy hour to look at."""

import json
import threading
import time

from actors import Hub, Mover, Station, target
from stage import PATIENCE_S, Browser, now_ms

browser = None

def fresh(width=1920, height=1080, scheme="dark"):
    """The one browser, as new."""
    global browser  # pylint: disable=global-statement
    if browser is None:
        browser = Browser()
    browser.size(width, height)
    browser.media(scheme)
    browser.complaints()
    return browser


def show(stage, route="#wall", query="", **more):
    b = fresh(**more)
    b.open(stage.url(route, query))
    return b


def live(b, seconds=PATIENCE_S):
    b.wait_text(".top .state", "Live", seconds)


def fill(b, **fields):
    b.run("for (const [k, v] of Object.entries(arguments[0])) document.querySelector(`.assign [name=${k}]`).value = v", fields)


def press(b, label):
    b.run("[...document.querySelectorAll('button')].find(e => e.textContent === arguments[0]).click()", label)


class Acting:
    """Moves stations while the test looks."""

    def __init__(self, *movers, every=0.005):
        self.movers, self.every, self.on = movers, every, True
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self):
        while self.on:
            for mover in self.movers:
                mover.step()
            time.sleep(self.every)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.on = False
        self.thread.join()


class Answering:
    """A hub answers questions: histories with its sets, resyncs with what it is given."""

    def __init__(self, hub, resync=()):
        self.hub, self.events, self.asked, self.on = hub, list(resync), [], True
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.on:
            for _, payload, _ in self.hub.mqtt.take():
                question = json.loads(payload)
                self.asked.append(question)
                if question["type"] == "history":
                    events = list(self.hub.sets) + [rep for reps in list(self.hub.open.values()) for rep in list(reps)]
                else:
                    events = [e for e in self.events if question["from_seq"] <= e["seq"] <= question["to_seq"]]
                self.hub.publish(f"reply/{question['id']}", {"type": "reply", "id": question["id"], "error": None,
                                                             "next": None, "events": events})
            time.sleep(0.05)

    def stop(self):
        self.on = False
        self.thread.join()


def gym(stage, name="gym"):
    hub = Hub(stage.port, name)
    return hub, Answering(hub)


def floor(hub):
    """A busy hour: a bit of everything."""
    ana = Station(hub, "rack-1", "Ana", "back-squat", 100.0, target(4.0, 8))
    ben = Station(hub, "rack-2", "Ben", "bench-press", 82.5, target(4.0, 6))
    cleo = Station(hub, "platform-1", "Cleo", "deadlift", 140.0)
    dora = Station(hub, "rack-3", "Dora", "back-squat", 70.0, target(3.0, 8))
    Station(hub, "rack-4", None, "back-squat", None)
    fred = Station(hub, "cable-1", "Fred", "lat-pull-down", 55.0)
    fred.did([2.1, 2.2, 2.0], 0.6, 1800)
    ben.did([3.9, 4.1, 4.0, 3.2], 0.5, 900)
    ana.did([4.2, 4.1, 3.8, 4.0, 3.9], 0.44, 800)
    cleo.did([2.0, 2.1], 0.62, 700)
    for s in (ana, ben, cleo, dora):
        s.begin()
    for x in (4.1, 4.0, 3.8, 3.1):
        ana.rep(x, 0.42, 8)
    for x in (3.9, 3.0, 2.6):
        ben.rep(x, 0.38, 22)
    ben.advice = {"advice": "reduce_load", "reason": "three_second_rule", "text": "Two negatives of the last three were shorter than 3 s.", "step_pct": -5.0, "proposed_kg": 77.5}
    ben.state()
    cleo.rep(2.2, 0.6, 0)
    for x in (3.1, 3.0, 2.9, 3.4, 4.0):
        dora.rep(x, 0.5, 5)
    dora.end(75)
    hub.publish("sensor/D4:22:CD:00:11:22/state", {
        "type": "sensor", "hub": hub.name, "sensor": "D4:22:CD:00:11:22", "station": "rack-1", "clock": "synced", "t_ms": now_ms(),
        "state": "streaming", "error": None, "rssi_dbm": -61, "battery_pct": 83, "name": "Movella DOT", "rate_hz": 119.94, "loss_pct": 0.03}, True)
    hub.publish("sensor/D4:22:CD:00:11:23/state", {
        "type": "sensor", "hub": hub.name, "sensor": "D4:22:CD:00:11:23", "station": "rack-2", "clock": "synced", "t_ms": now_ms(),
        "state": "backoff", "error": "does not answer", "rssi_dbm": -88, "battery_pct": 9, "name": "Movella DOT", "rate_hz": None, "loss_pct": 12.5}, True)
    return Mover(ana, 4.1, cue="on"), Mover(ben, 2.7, cue="ahead", offset=0.4), Mover(cleo, 2.2, offset=1)


def close():
    if browser:
        browser.close()
