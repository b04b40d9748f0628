#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The dashboard in Debian's Chromium, served by a real mosquitto: against a real repcastd that plays recordings, and
against a hub that says what a real one cannot be asked for. Pictures are left in tests/dashboard/pictures.

Debian's interpreter, because selenium is Debian's too. Run by `scripts/test.sh dashboard`; BIG=600 makes the test of fifty
stations last for ten minutes."""

import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from actors import Hub, Mover, Station, target  # noqa: E402
from stage import PAGE, SRC, Browser, Stage, free_port, now_ms, wait_for  # noqa: E402
from broker import Broker, Listener, Tap  # noqa: E402
from hub import BUILD, WORK, Daemon, configure, equal, record, station, true  # noqa: E402

BIG = float(os.environ.get("BIG", "12"))
FRAME_MS = 50
AXE = os.path.join(SRC, "tests/dashboard/axe/axe.min.js")
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


def live(b, seconds=20):
    b.wait_text(".top .state", "Live", seconds)


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
            seen, self.hub.mqtt.seen[:] = list(self.hub.mqtt.seen), []
            for _, payload, _ in seen:
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


# ---- against a real repcastd ----

def slow_squat():
    return record("slow-squat.rec", 6, "--exercise", "back-squat", "--tempo", "4-1-2-1", "--seed", "21")


def pull():
    return record("pull.rec", 5, "--exercise", "deadlift", "--tempo", "2-1-1-1", "--seed", "22")


def real(stage, speed=8, **more):
    keys = {"RecordingLoop": "yes", "RecordingPause": 100, **more}
    return Daemon(configure(stage.port,
                            station("rack-1", slow_squat(), speed=speed, Athlete="ana", LoadKg=100, Prescription="negative-squat", **keys),
                            station("platform-1", pull(), "deadlift", speed=speed, Athlete="cleo", LoadKg=140, **keys),
                            station("rack-2", slow_squat(), speed=1, Athlete="ben")))


def the_wall_shows_a_real_hub_live():
    stage = Stage()
    daemon = real(stage)
    b = show(stage)
    live(b)
    b.wait("a running negative", "return [...document.querySelectorAll('.tile .negative[data-running=true] .seconds')]"
           ".some(e => parseFloat(e.textContent) > 0.5)", seconds=40)
    b.wait_text(".tile .who", "ana")
    b.wait("the pace by the prescription", "return document.querySelector('.tile .cue:not(:empty)') !== null", seconds=60)
    b.wait("where the bar should be", "return document.querySelector('.tile .track[data-due=true]') !== null", seconds=60)
    b.wait("repetitions in columns", "return document.querySelectorAll('.tile .columns li:not([hidden])').length >= 2", seconds=60)
    b.wait("the bar on its way", "const e = document.querySelector('.tile .track');"
           "return e && e.style.backgroundPosition !== ''")
    b.picture("wall-real")
    b.wait("a set of the day", "return /^[1-9]/.test(document.querySelector('.today .totals').textContent)", seconds=60)
    totals = b.texts(".today .totals")[0]
    b.open(stage.url())  # a wall that is opened later
    b.wait_text(".today .totals", totals.split(" ")[0], 15)
    b.wait("the ranking", "return document.querySelectorAll('.today li').length > 0")
    b.picture("wall-real-opened-later")
    equal(b.complaints(), [], "the console")
    daemon.stop()
    stage.broker.kill()


def digits_of_the_running_negative_are_great():
    stage = Stage()
    hub, answering = gym(stage)
    sizes = []
    for n, (width, height) in ((1, (1920, 1080)), (6, (1920, 1080)), (12, (1920, 1080)), (50, (1920, 1080)), (4, (1280, 720)), (9, (3840, 2160))):
        stations = [Station(hub, f"rack-{i:02d}", f"athlete {i}", target=target()) for i in range(n)]
        b = show(stage, width=width, height=height)
        live(b)
        for s in stations:
            s.begin()
            s.rep(4.6)
        with Acting(*(Mover(s, 4.0, cue="on", offset=i * 0.1, live_hz=4) for i, s in enumerate(stations))):
            b.wait("all tiles", "return document.querySelectorAll('.tile').length === arguments[0]", n)
            share = b.wait("digits", DIGITS)
            time.sleep(0.5)
            b.picture(f"wall-{n}-stations-{width}x{height}")
            overlaps = b.run(OVERLAPS)
        for s in stations:
            s.remove()
        sizes.append(f"{n} tiles {100 * share:.1f} %")
        true(share >= 0.06, f"{n} tiles on {width}x{height}: digits are {100 * share:.1f} % of the screen's height")
        equal(overlaps, [], f"{n} tiles on {width}x{height}: figures that are cut off")
    answering.stop()
    stage.broker.kill()
    return ", ".join(sizes)


# Height of a drawn 0, not of its line, over that of the screen.
DIGITS = """
const e = [...document.querySelectorAll('.tile .negative[data-running=true] .digits')].find(e => e.offsetParent);
if (!e) return null;
const s = getComputedStyle(e), c = document.createElement('canvas').getContext('2d');
c.font = `${s.fontWeight} ${s.fontSize} ${s.fontFamily}`;
const m = c.measureText('0');
return (m.actualBoundingBoxAscent + m.actualBoundingBoxDescent) / innerHeight;
"""

# Digits must lie within their tile, and neither cut nor under the count of the reps.
OVERLAPS = """
const cut = [];
for (const tile of document.querySelectorAll('.tile')) {
    const t = tile.getBoundingClientRect();
    const all = document.createRange();
    all.selectNodeContents(tile.querySelector('.seconds'));
    const d = all.getBoundingClientRect();
    const c = tile.querySelector('.count').getBoundingClientRect();
    const name = tile.querySelector('.where').textContent;
    if (d.left < t.left || d.right > t.right || d.bottom > t.bottom || d.top < t.top) cut.push(`${name} leaves its tile`);
    const foot = d.bottom - 0.15 * d.height; // of the digits; below is room that no digit uses
    const columns = tile.querySelector('.columns'), aside = tile.querySelector('.aside');
    if (columns.offsetParent && d.bottom - 0.1 * d.height > columns.getBoundingClientRect().top) cut.push(`${name}: digits over the columns`);
    if (aside.offsetParent && aside.textContent) {
        const a = aside.getBoundingClientRect(), text = document.createRange();
        text.selectNodeContents(tile.querySelector('.seconds'));
        if (text.getBoundingClientRect().right > a.left) cut.push(`${name}: digits over what they are`);
        if (a.right > c.left && a.bottom > c.top && a.top < c.bottom) cut.push(`${name}: what the digits are over the count`);
    }
    if (d.right > c.left + 1 && foot > c.top && d.top < c.bottom) cut.push(`${name}: digits over the count`);
}
return cut;
"""


def the_station_view_follows_a_real_hub():
    stage = Stage()
    daemon = real(stage)
    b = show(stage, "#station/gym/rack-1", width=390, height=844)
    b.wait_text("h1", "rack-1")
    b.wait("rows of reps", "return document.querySelectorAll('.reps tbody tr').length >= 2", seconds=60)
    b.wait("a chart", "const c = document.querySelector('.chart canvas'); return c && c.width > 100")
    b.wait_text(".live .what", "ana")
    b.wait("the last set", "return document.querySelectorAll('.summary dd').length >= 4 && document.querySelector('.summary').offsetParent !== null", seconds=60)
    b.wait("words for those who do not see", "return /negative \\d+\\.\\d seconds/.test(document.querySelector('[aria-live=polite]').textContent)")
    true(b.run("return document.documentElement.scrollWidth <= innerWidth"), "the phone need not scroll sideways")
    b.picture("station-real")
    b.open(stage.url("#station/gym/nowhere"))
    b.wait_text(".calm", "no such station")
    equal(b.complaints(), [], "the console")
    daemon.stop()
    stage.broker.kill()


def the_coach_view_tells_of_stations_sets_and_hubs():
    stage = Stage()
    daemon = real(stage, speed=8)
    b = show(stage, "#coach", width=1600, height=1000)
    b.wait("the stations", "return document.querySelectorAll('.coach section:nth-of-type(1) tbody tr').length === 3")
    b.wait("sets of the day", "return document.querySelectorAll('.coach section:nth-of-type(2) tbody tr').length >= 2", seconds=60)
    b.wait_text(".coach section:nth-of-type(4) td", "online")
    b.wait("both athletes to choose from", "return document.querySelectorAll('#athlete option').length === 3", seconds=60)
    b.run("const f = document.getElementById('athlete'); f.value = 'cleo'; f.dispatchEvent(new Event('change'))")
    b.wait("one athlete's sets", "const rows = [...document.querySelectorAll('.coach section:nth-of-type(2) tbody tr')];"
           "return rows.length > 0 && rows.every(r => r.textContent.includes('cleo'))")
    b.picture("coach-real")
    daemon.stop()
    b.wait_text(".coach section:nth-of-type(4) td", "offline")
    b.wait_text(".top .state", "gym is away")
    equal(b.complaints(), [], "the console")
    stage.broker.kill()


def a_broker_that_is_killed_and_comes_back():
    stage = Stage()
    daemon = real(stage)
    b = show(stage)
    live(b)
    b.wait("a set of the day", "return /^[1-9]/.test(document.querySelector('.today .totals').textContent)", seconds=60)
    stage.broker.kill()
    b.wait_text(".top .state", "No connection", 30)
    b.wait("tiles that say so", "const t = [...document.querySelectorAll('.tile')];"
           "return t.length > 0 && t.every(e => e.dataset.mode === 'away')")
    equal(b.run("return document.querySelectorAll('.negative[data-running=true]').length"), 0, "figures that run on without a connection")
    b.picture("wall-broker-away")
    before = int(b.texts(".today .totals")[0].split(" ")[0])
    time.sleep(8)  # sets end meanwhile
    stage.broker.start()
    live(b, 40)
    wait_for("the sets of meanwhile", lambda: int(b.texts(".today .totals")[0].split(" ")[0]) > before, 90)
    truth = stored_sets(stage)
    wait_for("each set once", lambda: abs(int(b.texts(".today .totals")[0].split(" ")[0]) - stored_sets(stage)) <= 1, 30)
    daemon.stop()
    stage.broker.kill()
    return f"{before} sets before, at least {truth} after"


def stored_sets(stage):
    """How many the hub has."""
    listener = Listener(stage.port, "repcast/gym/reply/#")
    after, n = None, 0
    while True:
        question = {"type": "history", "id": f"test-{time.monotonic_ns()}", "limit": 100, **({"after": after} if after else {})}
        listener.publish("repcast/gym/query", json.dumps(question))
        reply = json.loads(wait_for("the hub's answer", lambda q=question: listener.on(f"repcast/gym/reply/{q['id']}"))[0])
        n += sum(e["type"] == "set" for e in reply["events"])
        after = reply["next"]
        if not after:
            return n


def an_assignment_goes_to_the_hub_and_back():
    stage = Stage()
    daemon = Daemon(configure(stage.port, station("rack-1", slow_squat(), speed=1, Athlete="ana", RecordingPause=600)))
    b = show(stage, "#station/gym/rack-1", width=390, height=844)
    b.wait_text(".live .what", "ana")
    fill(b, athlete="zoë <b>", exercise="bench-press", load="82,5", prescription="negative-squat")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    wait_for("the answer", lambda: b.texts(".assign .answer") not in ([""], ["Sending …"]), 15)
    answer = b.texts(".assign .answer")[0]
    true(answer.startswith("Done"), f"the hub's answer: {answer}")
    b.wait_text(".live .what", "zoë <b> · Bench press · 82.5 kg")
    b.picture("station-assigned")
    fill(b, exercise="no-such-lift")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    b.wait_text(".assign .answer", "no-such-lift")
    press(b, "Undo")
    wait_for("the answer to undo", lambda: b.texts(".assign .answer") not in ([""], ["Sending …"]), 15)
    b.wait_text(".live .what", "ana")
    fill(b, load="heavy")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    b.wait_text(".assign .answer", "number of kilograms")
    equal(b.complaints(), [], "the console")
    daemon.stop()
    stage.broker.kill()


def fill(b, **fields):
    b.run("for (const [k, v] of Object.entries(arguments[0])) document.querySelector(`.assign [name=${k}]`).value = v", fields)


def press(b, label):
    b.run("[...document.querySelectorAll('button')].find(e => e.textContent === arguments[0]).click()", label)


# ---- a broker as setup-broker makes it ----

class House:
    """mosquitto with the files of `repcastctl setup-broker`, its paths under a folder."""

    def __init__(self):
        self.root, self.port, self.web = tempfile.mkdtemp(dir=WORK), free_port(), free_port()
        mosquitto = os.path.join(self.root, "etc/mosquitto")
        os.makedirs(mosquitto + "/conf.d")
        with open(mosquitto + "/mosquitto.conf", "w", encoding="ascii") as f:
            f.write("include_dir /etc/mosquitto/conf.d\n")
        self.setup("--dry-run")
        out = self.setup("--yes", "--coach")
        text = "".join(open(os.path.join(mosquitto, "conf.d", name), encoding="utf-8").read()
                       for name in sorted(os.listdir(mosquitto + "/conf.d")) if name.endswith(".conf"))
        text = re.sub(r"^http_dir.*\n", "", text.replace("/etc/mosquitto", mosquitto), flags=re.M)
        self.broker = Broker((*text.splitlines(), f"http_dir {os.path.abspath(PAGE)}"))
        self.passwords = {}
        for folder, _, files in os.walk(self.root):
            for name in files:
                if name.endswith("-password"):
                    self.passwords[name.removesuffix("-password")] = open(os.path.join(folder, name), encoding="utf-8").read().strip()
        true("wall" in self.passwords and "coach" in self.passwords, f"passwords of wall and coach: {list(self.passwords)}; {out}")

    def setup(self, *options):
        done = subprocess.run([os.path.join(BUILD, "repcastctl"), "setup-broker", "--root", self.root, "--port", str(self.port),
                               "--web-port", str(self.web), *options], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        equal((done.returncode, done.stderr), (0, ""), f"setup-broker {options}")
        return done.stdout

    def url(self, route="#wall", query=""):
        return f"http://127.0.0.1:{self.web}/{query}{route}"


def sign_in(b, user, password, keep=False):
    b.wait("the form", "return document.getElementById('user') !== null")
    b.run("document.getElementById('user').value = arguments[0]; document.getElementById('password').value = arguments[1];"
          "document.getElementById('keep').checked = arguments[2];"
          "document.querySelector('.login button').click()", user, password, keep)


def who_signs_in_sees_and_who_may_commands():
    house = House()
    config = os.path.join(house.root, "repcast.conf")
    password = os.path.join(house.root, "hub-password")
    with open(password, "w", encoding="ascii") as f:
        f.write(next(v for k, v in house.passwords.items() if k not in ("wall", "coach")))
    os.chmod(password, 0o600)
    with open(config, "w", encoding="utf-8") as f:
        f.write(f"[hub]\nName=gym\nExercises={SRC}/conf/exercises.conf\n[mqtt]\nBroker=127.0.0.1:{house.port}\nUsername=repcast\n"
                f"PasswordFile={password}\n" + station("rack-1", slow_squat(), speed=1, Athlete="ana", RecordingPause=600))
    daemon = Daemon(config)
    b = fresh()
    b.open(house.url())
    b.wait_text("h1", "Sign in")
    b.picture("sign-in")
    sign_in(b, "wall", "wrong")
    b.wait_text(".fault", "does not take")
    sign_in(b, "wall", house.passwords["wall"])
    live(b)
    b.open(house.url())  # this tab knows it still
    live(b)
    true(b.run("return localStorage.getItem('repcast-sign-in') === null"), "nothing is kept that was not asked for")
    b.open(house.url("#station/gym/rack-1"))
    b.wait_text(".live .what", "ana")
    fill(b, athlete="mallory")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    wait_for("the refusal", lambda: b.texts(".assign .answer") not in ([""], ["Sending …"]), 15)
    refusal = b.texts(".assign .answer")[0]
    true("ana" in b.texts(".live .what")[0], "who may only look changes nothing")
    true("may not" in refusal, f"the refusal in words: {refusal}")
    press(b, "Sign out")
    sign_in(b, "coach", house.passwords["coach"], keep=True)
    live(b)
    b.open(house.url("#station/gym/rack-1"))
    b.wait_text(".live .what", "ana")
    fill(b, athlete="eve")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    b.wait_text(".assign .answer", "Done")
    b.wait_text(".live .what", "eve")
    press(b, "Sign out")
    true(b.run("return localStorage.getItem('repcast-sign-in') === null"), "signing out forgets the password")
    daemon.stop()
    house.broker.kill()
    return f"refusal: {refusal}"


# ---- a hub that plays its part ----

HOSTILE = ["<img src=x onerror=\"window.hit=1\">", "</span><script>window.hit=1</script>", "{{constructor.constructor('window.hit=1')()}}",
           "javascript:window.hit=1", "\u202eevil\u202c", "a" * 500, "' onmouseover='window.hit=1", "__proto__", "constructor"]


def hostile_names_stay_text():
    stage = Stage()
    hub, answering = gym(stage)
    movers = []
    for i, name in enumerate(HOSTILE):
        s = Station(hub, name.replace("/", "_").replace("+", "_").replace("#", "_"), name, name, 80.0, target(), label=name)
        s.advice = {"advice": name, "reason": name, "text": name}
        s.did([4.0, 3.1], 0.5, 30)
        s.begin()
        s.rep(3.9)
        s.event("fatigue", {"set": 1, "rep": 1, "sign": name})
        hub.publish(f"sensor/{i}/state", {"type": "sensor", "sensor": name, "station": name, "name": name, "state": name, "error": name}, True)
        movers.append(Mover(s, 3.0, cue=name))
    hub.publish("status", {"type": "status", "state": "online", "session": hub.run, "since_ms": now_ms(), "version": HOSTILE[0]}, True)
    hub.publish("station/safe/safety", {"type": "safety", "id": "x-1", "seq": 1, "kind": HOSTILE[1], "late": False})
    with Acting(*movers):
        b = show(stage)
        for route in ("#wall", "#coach", "#station/gym/" + HOSTILE[0].replace("/", "_"), "#station/<img src=x onerror=window.hit=1>/x"):
            b.run("location.hash = arguments[0]", route)
            time.sleep(1.5)
            equal(b.run("return [window.hit ?? null, document.querySelectorAll('img, script:not([src]), iframe, b').length]"), [None, 0],
                  f"what names did in {route}")
            leaked = [t for t in b.texts("body") if re.search(r"\[object|native code|undefined|NaN", t)]
            equal(leaked, [], f"what is no text in {route}")
        b.run("location.hash = '#wall'")
        b.wait_text(".tile .who", HOSTILE[0])
        b.picture("wall-hostile")
        true(any(HOSTILE[0] in t for t in b.texts(".tile .who")), "a name is shown as it is")
        equal(b.complaints(), [], "the console (the page's policy)")
    answering.stop()
    stage.broker.kill()


def what_is_missing_is_asked_for():
    stage = Stage()
    hub, answering = gym(stage)
    s = Station(hub, "rack-1", "ana", target=target())
    s.begin()
    b = show(stage, "#station/gym/rack-1", width=390, height=844)
    live(b)
    wait_for("the question about the day", lambda: answering.asked)
    s.rep(4.0)
    answering.events = [s.rep(3.8, send=False), s.rep(3.6, send=False)]
    s.rep(3.4)
    b.wait("all four", "return document.querySelectorAll('.reps tbody tr').length === 4")
    resync = [q for q in answering.asked if q["type"] == "resync"]
    equal([(q["session"], q["station"], q["from_seq"], q["to_seq"]) for q in resync], [(hub.run, "rack-1", 2, 3)], "what was asked")
    first = s.event("amend", {"ref": f"{hub.run}-1", "set": 1, "rep": 1, "change": "rejected", "reason": "rerack"})
    b.wait("one taken back", "return document.querySelectorAll('.reps tbody tr').length === 3")
    hub.publish(s.topic("amend"), {"v": 1, **first})  # again: nothing happens
    hub.publish(s.topic("live"), {"type": "live", **s.head, "t_ms": now_ms(), "phase": "eccentric", "phase_s": 1.0}, True)
    time.sleep(0.5)
    equal(b.run("return document.querySelectorAll('.reps tbody tr').length"), 3, "rows after a repetition of a message")
    answering.stop()
    stage.broker.kill()


def what_is_old_looks_old():
    stage = Stage()
    hub, answering = gym(stage)
    s = Station(hub, "rack-1", "ana", target=target())
    s.begin()
    b = show(stage)
    live(b)
    with Acting(Mover(s, 30.0, cue="on")):
        b.wait("a running negative", "return document.querySelector('.tile[data-mode=moving]') !== null")
        b.wait_text(".tile .cue", "On pace")
    b.wait("silence", "return document.querySelector('.tile[data-mode=silent]') !== null", seconds=5)
    equal(b.run("return document.querySelectorAll('[data-running=true]').length"), 0, "a figure that runs on")
    b.wait_text(".tile .phase", "No signal for")
    b.picture("wall-silent")
    hub.offline()
    b.wait_text(".top .state", "gym is away")
    b.wait("the hub's tiles", "return document.querySelector('.tile[data-mode=away]') !== null")
    answering.stop()
    stage.broker.kill()


def keyboard_and_motion():
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.common.action_chains import ActionChains
    stage = Stage()
    hub, answering = gym(stage)
    s = Station(hub, "rack-1", "ana", target=target())
    s.begin()
    b = show(stage)
    b.media("dark", "reduce")
    live(b)
    s.rep(4.0)
    b.wait("a tile", "return document.querySelector('.tile') !== null")
    reached = []
    for _ in range(8):
        ActionChains(b.driver).send_keys(Keys.TAB).perform()
        reached.append(b.run("const e = document.activeElement; return `${e.className || e.tagName}: ${e.textContent}`"))
        outline = b.run("return getComputedStyle(document.activeElement).outlineStyle")
        true(outline != "none", f"the focus is seen on {reached[-1]}")
        if reached[-1].startswith("where"):
            break
    true(reached[0].startswith("skip"), f"the first stop leads to the content: {reached}")
    true(reached[-1].startswith("where"), f"a tile can be reached: {reached}")
    ActionChains(b.driver).send_keys(Keys.ENTER).perform()
    b.wait_text("h1", "rack-1")
    equal(b.run("return document.activeElement.id"), "content", "where the focus is after that")
    running = b.run("return document.getAnimations().length")
    equal(running, 0, "animations where motion is not wanted")
    answering.stop()
    stage.broker.kill()


def nobody_is_shut_out():
    """axe-core in every view, both themes."""
    stage = Stage()
    hub, answering = gym(stage)
    stations = floor(hub)
    with open(AXE, encoding="utf-8") as f:
        axe = f.read()
    checked = 0
    with Acting(*stations):
        for scheme in ("dark", "light"):
            for route in ("#wall", "#station/gym/rack-2", "#coach"):
                b = show(stage, route, scheme=scheme)
                live(b)
                time.sleep(1.5)
                checked += audit(b, axe, f"{route} {scheme}")
    answering.stop()
    stage.broker.kill()
    closed = Stage(("allow_anonymous false",))
    b = show(closed)
    b.wait_text("h1", "Sign in")
    checked += audit(b, axe, "sign-in")
    closed.broker.kill()
    return f"{checked} rules passed in 7 pages"


def audit(b, axe, what):
    b.run(axe)
    b.driver.set_script_timeout(60)
    found = b.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done({v: r.violations.map(v =>"
        "`${v.id}: ${v.nodes.map(n => `${n.target} ${n.any.concat(n.all).map(c => c.message)}`).join('; ')}`), p: r.passes.length}))")
    equal(found["v"], [], f"axe in {what}")
    return found["p"]


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
    ben.advice = {"advice": "reduce_load", "reason": "three_second_rule", "text": "x", "step_pct": -5.0, "proposed_kg": 77.5}
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


def pictures_of_a_busy_hour():
    stage = Stage()
    hub, answering = gym(stage)
    with Acting(*floor(hub)):
        for scheme in ("dark", "light"):
            b = show(stage, scheme=scheme)
            live(b)
            time.sleep(7)  # a repetition or two
            b.wait("a negative that is on pace", "return document.querySelector('.tile[data-mode=moving] .cue:not(:empty)') !== null")
            b.picture(f"wall-busy-{scheme}")
            b = show(stage, "#station/gym/rack-2", width=390, height=844, scheme=scheme)
            live(b)
            b.wait("a rep", "return document.querySelectorAll('.reps tbody tr').length > 0")
            b.size(390, 1700)
            time.sleep(0.3)
            b.picture(f"station-busy-{scheme}")
            b = show(stage, "#coach", width=1600, height=1000, scheme=scheme)
            live(b)
            time.sleep(1)
            b.picture(f"coach-busy-{scheme}")
        b = show(stage, width=1080, height=1920)
        live(b)
        time.sleep(3)
        b.picture("wall-upright")
        b = show(stage, width=390, height=844)
        live(b)
        time.sleep(1)
        b.picture("wall-phone")
        s = Station(hub, "rack-9", "Gus", target=target())
        s.begin()
        b = show(stage)
        live(b)
        s.event("safety", {"set": 1, "rep": 2, "kind": "free_fall", "start_ms": now_ms(), "fall_s": 0.2, "speed_mps": 1.9, "latency_s": 0.05})
        b.wait_text(".note", "The bar fell")
        b.picture("wall-alarm")
    answering.stop()
    stage.broker.kill()


FRAMES = """
window.frames_seen = []; let before = performance.now();
window.changes = [...document.querySelectorAll('.tile .seconds')].map((e, i) => {
    new MutationObserver(() => window.changes[i]++).observe(e, {characterData: true, subtree: true});
    return 0;
});
(function next() { requestAnimationFrame(() => { const now = performance.now(); window.frames_seen.push(now - before); before = now; next(); }); })();
"""


def fifty_stations_at_ten_a_second():
    """Frames are told, not judged: how long they take depends on what else the machine does. Judged is what does not: the
    processor time that the page's main thread takes, whether all tiles live under the throttle, and the heap."""
    stage = Stage()
    hub, answering = gym(stage)
    stations = [Station(hub, f"rack-{i:02d}", f"athlete {i}", target=target()) for i in range(50)]
    for s in stations:
        s.begin()
    movers = [Mover(s, 3.4 + 0.03 * i, cue=("on", "ahead", "behind")[i % 3], offset=0.1 * i) for i, s in enumerate(stations)]
    with Acting(*movers):
        b = show(stage)
        b.wait("all tiles", "return document.querySelectorAll('.tile').length === 50")
        b.cdp("Performance.enable", timeDomain="threadTicks")
        time.sleep(3)
        before, start = metric(b, "TaskDuration"), time.monotonic()
        time.sleep(5)
        busy = (metric(b, "TaskDuration") - before) / (time.monotonic() - start)
        b.cdp("Emulation.setCPUThrottlingRate", rate=6)
        time.sleep(3)
        heap = [heap_mib(b)]
        b.run(FRAMES)
        end = time.monotonic() + BIG
        while time.monotonic() < end:
            time.sleep(min(20, BIG / 2))
            heap.append(heap_mib(b))
        frames, changes = b.run("return [window.frames_seen, window.changes]")
        b.cdp("Emulation.setCPUThrottlingRate", rate=1)
        b.picture("wall-50-stations-throttled")
    frames.sort()
    p95 = frames[int(len(frames) * 0.95)]
    print(f"# main thread busy {100 * busy:.0f} % of the time, unthrottled; with 6x throttle {len(frames)} frames in {BIG:g} s, median "
          f"{frames[len(frames) // 2]:.0f} ms, p95 {p95:.0f} ms (wanted: {FRAME_MS} ms on an idle machine), worst {frames[-1]:.0f} ms; "
          f"load {os.getloadavg()[0]:.1f}", flush=True)
    print(f"# heap {heap[0]:.1f} MiB first, {heap[-1]:.1f} MiB last, {max(heap):.1f} MiB most; digits of a tile change "
          f"{sum(changes) / 50 / BIG:.1f} times a second, of the slowest {min(changes) / BIG:.1f}", flush=True)
    true(busy < 0.5, f"the main thread is busy for {100 * busy:.0f} % of the time")
    true(min(changes) > 0, "a tile stands still under the throttle")
    true(heap[-1] < heap[0] * 1.3 + 4, f"the heap grows: {heap}")
    answering.stop()
    stage.broker.kill()


def metric(b, name):
    return next(m["value"] for m in b.cdp("Performance.getMetrics")["metrics"] if m["name"] == name)


def heap_mib(b):
    b.cdp("HeapProfiler.collectGarbage")
    return metric(b, "JSHeapUsedSize") / 2 ** 20


TESTS = [the_wall_shows_a_real_hub_live, digits_of_the_running_negative_are_great, the_station_view_follows_a_real_hub,
         the_coach_view_tells_of_stations_sets_and_hubs, a_broker_that_is_killed_and_comes_back, an_assignment_goes_to_the_hub_and_back,
         who_signs_in_sees_and_who_may_commands, hostile_names_stay_text, what_is_missing_is_asked_for, what_is_old_looks_old,
         keyboard_and_motion, nobody_is_shut_out, pictures_of_a_busy_hour, fifty_stations_at_ten_a_second]

chosen = [t for t in TESTS if not sys.argv[1:] or any(part in t.__name__ for part in sys.argv[1:])]
status = Tap(chosen).run()
if browser:
    browser.close()
sys.exit(status)
