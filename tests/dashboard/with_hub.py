# SPDX-License-Identifier: Apache-2.0
"""The dashboard against a real repcastd that plays recordings: each view, assignments, users of the broker, a broker that
is killed, two hubs on one broker, a wall that is opened at noon, a connection that was lost, clocks that are wrong."""

import json
import os
import re
import signal
import subprocess
import tempfile
import time

from rig import fill, fresh, live, press, show
from stage import PAGE, SRC, Stage, free_port, wait_for
from broker import Broker, Gate, Listener
from hub import BUILD, WORK, Daemon, configure, equal, record, station, true
from store import Clock


def slow_squat():
    return record("slow-squat.rec", 6, "--exercise", "back-squat", "--tempo", "4-1-2-1", "--seed", "21")


def nobody():
    """A bar that lies still: an assignment holds at once."""
    return record("nobody.rec", 0, "--exercise", "back-squat", "--lead-in", "60")


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
    b.wait_text(".today .totals", totals.split(" ")[0])
    b.wait("the ranking", "return document.querySelectorAll('.today li').length > 0")
    b.picture("wall-real-opened-later")
    equal(b.complaints(), [], "the console")
    daemon.stop()
    stage.broker.kill()


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
    before = shown_sets(b)
    time.sleep(8)  # sets end meanwhile
    stage.broker.start()
    live(b, 40)
    wait_for("the sets of meanwhile", lambda: shown_sets(b) > before, 90)
    truth = len(stored(stage))
    wait_for("each set once", lambda: abs(shown_sets(b) - len(stored(stage))) <= 1)
    daemon.stop()
    stage.broker.kill()
    return f"{before} sets before, at least {truth} after"


def stored(stage, hub="gym"):
    """The sets that the hub has."""
    listener = Listener(stage.port, f"repcast/{hub}/reply/#")
    after, sets = None, []
    while True:
        question = {"type": "history", "id": f"test-{time.monotonic_ns()}", "limit": 100, **({"after": after} if after else {})}
        listener.publish(f"repcast/{hub}/query", json.dumps(question))
        reply = json.loads(wait_for("the hub's answer", lambda q=question: listener.on(f"repcast/{hub}/reply/{q['id']}"))[0])
        if reply["error"]:  # too many questions at once
            time.sleep(0.5)
            continue
        sets += [e for e in reply["events"] if e["type"] == "set"]
        after = reply["next"]
        if not after:
            return sets


def shown_sets(b):
    totals = b.texts(".today .totals")[0]
    return int(totals.split(" ")[0]) if totals[0].isdigit() else 0  # or that they are on their way


def an_assignment_goes_to_the_hub_and_back():
    stage = Stage()
    daemon = Daemon(configure(stage.port, station("rack-1", nobody(), speed=1, Athlete="ana", RecordingLoop="yes")))
    b = show(stage, "#station/gym/rack-1", width=390, height=844)
    b.wait_text(".live .what", "ana")
    fill(b, athlete="zoë <b>", exercise="bench-press", load="82,5", prescription="negative-squat")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    wait_for("the answer", lambda: b.texts(".assign .answer") not in ([""], ["Sending …"]))
    answer = b.texts(".assign .answer")[0]
    true(answer.startswith("Done"), f"the hub's answer: {answer}")
    b.wait_text(".live .what", "zoë <b> · Bench press · 82.5 kg")
    b.picture("station-assigned")
    fill(b, exercise="no-such-lift")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    b.wait_text(".assign .answer", "no-such-lift")
    press(b, "Undo")
    wait_for("the answer to undo", lambda: b.texts(".assign .answer") not in ([""], ["Sending …"]))
    b.wait_text(".live .what", "ana")
    fill(b, load="heavy")
    b.run("document.querySelector('.assign button[type=submit]').click()")
    b.wait_text(".assign .answer", "number of kilograms")
    equal(b.complaints(), [], "the console")
    daemon.stop()
    stage.broker.kill()


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
                f"PasswordFile={password}\n" + station("rack-1", nobody(), speed=1, Athlete="ana", RecordingLoop="yes"))
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
    wait_for("the refusal", lambda: b.texts(".assign .answer") not in ([""], ["Sending …"]))
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


def two_hubs_on_one_broker():
    """Their stations have the same names; what one says, and that one dies, is no matter of the other's."""
    stage = Stage()
    keys = {"RecordingLoop": "yes", "RecordingPause": 100, "LoadKg": 100}
    path = {name: configure(stage.port, station("rack-1", slow_squat(), speed=8, Athlete=athlete, **keys), name=name)
            for name, athlete in (("gym", "ana"), ("annex", "zoe"))}
    heard = Listener(stage.port, "repcast/+/station/+/set")
    daemons = {name: Daemon(config) for name, config in path.items()}
    b = show(stage)
    live(b)
    b.wait("a tile of each", "return document.querySelectorAll('.tile').length === 2")
    b.wait_text(".tile .who", "ana")
    b.wait_text(".tile .who", "zoe")
    wait_for("sets of both", lambda: {json.loads(p)["hub"] for _, p, _ in heard.seen} == {"gym", "annex"}, 60)
    topic, payload, _ = heard.seen[0]
    for _ in range(3):
        heard.publish(topic, payload)  # delivered again, as at least once may be
    daemons["annex"].kill()  # the broker tells it by its will
    b.wait("the tile of the dead one", "return document.querySelectorAll('.tile[data-mode=away]').length === 1")
    equal([t.split("\n")[0] for t in b.texts(".tile[data-mode=away]")], ["zoe"], "whose hub is away")
    b.wait_text(".top .state", "annex is away")
    b.wait("the other's bar moves on", "return document.querySelector('.tile[data-mode=moving] [data-running=true]') !== null", seconds=60)
    b.picture("wall-one-hub-of-two-away")
    annex = len({json.loads(p)["id"] for t, p, _ in heard.seen if "/annex/" in t})
    wait_for("each set once", lambda: abs(shown_sets(b) - len(stored(stage)) - annex) <= 1)
    equal(b.complaints(), [], "the console")
    daemons["gym"].stop()
    stage.broker.kill()


NOON = 12 * 3600


def to_noon():
    """Seconds from now to noon of this day: days turn by the clock, and a test may run at any hour."""
    return NOON - time.time() % 86400


def a_wall_that_is_opened_at_noon():
    """A hub that knows the time has a morning behind it: three pages of history, then ranking and sums are those of its
    store."""
    stage, clock = Stage(), Clock()
    clock.set(to_noon(), True)
    env = {**clock.env, "STATE_DIRECTORY": tempfile.mkdtemp(dir=WORK)}
    heard = Listener(stage.port, "repcast/+/station/+/+")
    daemon = Daemon(floor_of(stage, on_target(), fast_squat()), env=env)
    wait_for("a morning", lambda: sum(t.endswith("/set") for t, *_ in heard.seen) >= 24, 120)
    daemon.stop()
    daemon = Daemon(floor_of(stage, nobody(), nobody()), env=env)  # nobody lifts at noon
    questions = Listener(stage.port, "repcast/gym/query")
    clocks = {json.loads(p)["clock"] for t, p, _ in heard.seen if t.endswith("/set")}
    if clock.works:
        equal(clocks, {"synced"}, "what the hub says of its clock")
    b = show(stage)
    live(b)
    asked = [json.loads(p) for _, p, _ in questions.seen]
    true(len([q for q in asked if q["type"] == "history"]) >= 3, f"pages that were asked for: {len(asked)}")
    wanted = day_of(stored(stage))
    try:
        wait_for("the sums and the ranking", lambda: day_shown(b) == wanted)
    except AssertionError:
        equal(day_shown(b), wanted, "the day, by the hub's store")
    b.picture("wall-opened-at-noon")
    told = day_shown(b)
    daemon.stop()
    stage.broker.kill()
    return f"{told['totals']}, {len(asked)} questions; {told['compliance']} {told['velocity']}"


def floor_of(stage, one, other):
    keys = {"speed": 60, "RecordingLoop": "yes", "RecordingPause": 100, "Prescription": "negative-squat"}
    return configure(stage.port, station("rack-1", one, Athlete="ana", LoadKg=100, **keys),
                     station("rack-2", other, Athlete="ben", LoadKg=80, **keys), station("rack-3", one, Athlete="cleo", LoadKg=60, **keys))


def on_target():
    return record("on-target.rec", 6, "--exercise", "back-squat", "--tempo", "4-0-2-0", "--seed", "24")


def fast_squat():
    return record("fast-squat.rec", 6, "--exercise", "back-squat", "--tempo", "2-0-1-1", "--seed", "23")


def day_shown(b):
    return b.run("""
        const of = (list) => [...list.querySelectorAll('li')].map((li) => [li.querySelector('.who').textContent, li.querySelector('.score').textContent]);
        const [compliance, velocity] = document.querySelectorAll('.today ol');
        return {totals: document.querySelector('.today .totals').textContent, compliance: of(compliance), velocity: of(velocity)};""")


def day_of(sets):
    """The same from the hub's store, in Python."""
    people = {}
    for s in sets:
        judged, good, best = people.get(s["athlete"], (0, 0, 0.0))
        c = s["compliance"] or {"judged": 0, "compliant": 0}
        people[s["athlete"]] = (judged + c["judged"], good + c["compliant"], max(best, s["best_mps"] or 0.0))
    by_target = sorted((p for p in people.items() if p[1][0]), key=lambda p: (-p[1][1] / p[1][0], -p[1][0], p[0]))
    by_speed = sorted(people.items(), key=lambda p: (-p[1][2], p[0]))
    return {"totals": f"{len(sets)} sets · {sum(s['n_reps'] for s in sets)} reps",
            "compliance": [[name, f"{int(100 * good / judged + 0.5)} %"] for name, (judged, good, _) in by_target],
            "velocity": [[name, f"{best:.2f} m/s"] for name, (_, _, best) in by_speed]}


def what_was_missed_is_asked_for_after_a_lost_connection():
    """The wall loses its connection, the hub does not: it goes on, and the wall asks for what it has missed."""
    stage, clock = Stage(), Clock()
    clock.set(to_noon(), True)
    gate = Gate(stage.web)
    daemon = Daemon(configure(stage.port, station("rack-1", slow_squat(), speed=20, Athlete="ana", RecordingLoop="yes", RecordingPause=60)),
                    env=clock.env)
    questions, heard = Listener(stage.port, "repcast/gym/query"), Listener(stage.port, "repcast/gym/station/rack-1/+")
    b = fresh()
    b.open(f"http://127.0.0.1:{gate.port}/#wall")
    live(b)
    wait_for("a set", lambda: shown_sets(b) >= 1, 60)
    gate.set("closed")
    gate.cut()
    b.wait_text(".top .state", "No connection", 30)
    before, start = shown_sets(b), len(heard.on("repcast/gym/station/rack-1/set"))
    equal(b.run("return document.querySelectorAll('[data-running=true]').length"), 0, "figures that run on without a connection")
    wait_for("sets that the wall misses", lambda: len(heard.on("repcast/gym/station/rack-1/set")) >= start + 2, 60)
    questions.take()
    gate.set("open")
    live(b, 40)
    wait_for("what was missed", lambda: shown_sets(b) >= before + 2)
    wait_for("each set once", lambda: shown_sets(b) == len(stored(stage)))
    asked = [json.loads(p) for _, p, _ in questions.seen]
    true(any(q["type"] == ("history" if clock.works else "resync") for q in asked), f"what was asked: {asked}")
    equal(b.complaints_but("ERR_CONNECTION_REFUSED", "WebSocket connection"), [], "the console")
    daemon.stop()
    stage.broker.kill()
    return f"{before} sets before, {shown_sets(b)} after"


def a_clock_that_is_wrong_by_hours():
    """The screen's clock is seven hours ahead of the hub's: what is live is live, what is old is old, and rest is rest."""
    stage, clock = Stage(), Clock()
    clock.set(to_noon(), True)
    daemon = Daemon(configure(stage.port, station("rack-1", slow_squat(), speed=1, Athlete="ana", RecordingLoop="yes", RecordingPause=30)),
                    env=clock.env)
    b = fresh()
    script = b.cdp("Page.addScriptToEvaluateOnNewDocument", source=WRONG_CLOCK)
    try:
        shown, rest = live_and_old(b, stage, daemon, clock)
    finally:
        b.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])
    daemon.stop()
    stage.broker.kill()
    return f"{shown} shown, rest {rest}"


def live_and_old(b, stage, daemon, clock):
    b.open(stage.url())
    live(b)
    b.wait("a running negative", "return [...document.querySelectorAll('.tile[data-mode=moving] [data-running=true] .seconds')]"
           ".some(e => parseFloat(e.textContent) > 0.5)", seconds=60)
    shown = b.texts(".top .time")[0]
    true(not clock.works or shown.startswith(("11:5", "12:0")), f"the time of day is the hub's: {shown}")
    b.wait_text(".tile .phase", "Rest", 90)
    # The state goes at once, the set when it is stored.
    rest = b.wait("rest, since the last set's end by the hub's clock",
                  "return document.querySelector('.tile .seconds').textContent.match(/^0:.*/)?.[0]", seconds=5)
    b.wait("it lifts again", "return document.querySelector('.tile[data-mode=moving] [data-running=true]') !== null", seconds=90)
    daemon.signal(signal.SIGSTOP)  # nothing comes any more, and no will either
    b.wait("silence", "return document.querySelector('.tile[data-mode=moving], [data-running=true]') === null", seconds=6)
    b.picture("wall-hub-hangs")
    daemon.signal(signal.SIGCONT)
    b.wait("live again", "return document.querySelector('.tile[data-mode=moving] [data-running=true]') !== null", seconds=90)
    return shown, rest


WRONG_CLOCK = """
const now = Date.now.bind(Date);
Date.now = () => now() + 7 * 3600 * 1000;
"""

TESTS = [the_wall_shows_a_real_hub_live, the_station_view_follows_a_real_hub, the_coach_view_tells_of_stations_sets_and_hubs,
         a_broker_that_is_killed_and_comes_back, an_assignment_goes_to_the_hub_and_back, who_signs_in_sees_and_who_may_commands,
         two_hubs_on_one_broker, a_wall_that_is_opened_at_noon, what_was_missed_is_asked_for_after_a_lost_connection,
         a_clock_that_is_wrong_by_hours]
