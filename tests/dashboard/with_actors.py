# SPDX-License-Identifier: Apache-2.0
"""The dashboard against a hub that plays its part: what a real one cannot be asked for. Hostile names, gaps, silence,
every size of wall, the keyboard, axe-core, colours, pictures."""

import os
import re
import time

from actors import Mover, Station, target
from rig import Acting, floor, gym, live, show
from stage import SRC, Stage, now_ms, wait_for
from hub import equal, true

AXE = os.path.join(SRC, "tests/dashboard/axe/axe.min.js")

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
    """axe-core in every view and state, both themes."""
    stage, empty, closed = Stage(), Stage(), Stage(("allow_anonymous false",))
    hub, answering = gym(stage)
    stations = floor(hub)
    fallen = Station(hub, "rack-9", "Gus", target=target())
    fallen.begin()
    with open(AXE, encoding="utf-8") as f:
        axe = f.read()
    checked = []
    with Acting(*stations):
        for scheme in ("dark", "light"):
            for route in ("#wall", "#station/gym/rack-2", "#coach"):
                b = show(stage, route, scheme=scheme)
                live(b)
                if route == "#wall":
                    fallen.event("safety", {"set": 1, "rep": 2, "kind": "free_fall", "start_ms": now_ms(), "fall_s": 0.2, "speed_mps": 1.9,
                                            "latency_s": 0.05})
                    b.wait_text(".note", "The bar fell")
                time.sleep(1.5)
                checked.append(audit(b, axe, f"{route} {scheme}"))
            b = show(empty, scheme=scheme)
            b.wait_text(".calm", "Waiting for a hub")
            checked.append(audit(b, axe, f"empty {scheme}"))
            b = show(closed, scheme=scheme)
            b.wait_text("h1", "Sign in")
            checked.append(audit(b, axe, f"sign-in {scheme}"))
    hub.offline()
    for scheme in ("dark", "light"):
        b = show(stage, scheme=scheme)
        b.wait_text(".top .state", "gym is away")
        checked.append(audit(b, axe, f"away {scheme}"))
    answering.stop()
    for one in (stage, empty, closed):
        one.broker.kill()
    return f"{sum(checked)} rules passed in {len(checked)} pages"


def audit(b, axe, what):
    b.run(axe)
    b.driver.set_script_timeout(60)
    found = b.driver.execute_async_script(
        "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(r => done({v: r.violations.map(v =>"
        "`${v.id}: ${v.nodes.map(n => `${n.target} ${n.any.concat(n.all).map(c => c.message)}`).join('; ')}`), p: r.passes.length}))")
    equal(found["v"], [], f"axe in {what}")
    return found["p"]


# Views and screens of which pictures are kept: name, route, width, height, themes.
SCREENS = [("wall-busy", "#wall", 1920, 1080, ("dark", "light")), ("wall-4k", "#wall", 3840, 2160, ("dark", "light")),
           ("wall-upright", "#wall", 1080, 1920, ("dark",)), ("wall-phone", "#wall", 390, 844, ("dark", "light")),
           ("station-phone", "#station/gym/rack-2", 390, 844, ("dark", "light")),
           ("station-phone-whole", "#station/gym/rack-2", 390, 1900, ("dark", "light")),
           ("station-desk", "#station/gym/rack-1", 1920, 1080, ("dark", "light")),
           ("coach-busy", "#coach", 1920, 1080, ("dark", "light")), ("coach-phone", "#coach", 390, 844, ("dark",))]


def pictures_of_a_busy_hour():
    stage = Stage()
    hub, answering = gym(stage)
    with Acting(*floor(hub)):
        for name, route, width, height, schemes in SCREENS:
            for scheme in schemes:
                b = show(stage, route, width=width, height=height, scheme=scheme)
                live(b)
                if route == "#wall":
                    b.wait("the day", "return document.querySelectorAll('.today li').length > 2")
                    b.wait("a negative that is on pace, and one that is not", "return document.querySelector('[data-tone=on] [data-running=true]')"
                           " && document.querySelector('[data-tone=ahead] [data-running=true]')")
                elif route != "#coach":
                    b.wait("a rep", "return document.querySelectorAll('.reps tbody tr').length > 0")
                    b.wait("a negative", "return document.querySelector('[data-running=true] .cue:not(:empty)')")
                else:
                    b.wait("sets", "return document.querySelectorAll('.coach section:nth-of-type(2) tbody tr').length > 2")
                b.picture(f"{name}-{scheme}")
                true(b.run("return document.documentElement.scrollWidth <= innerWidth"), f"{name}: it need not scroll sideways")
        s = Station(hub, "rack-9", "Gus", target=target())
        s.begin()
        b = show(stage)
        live(b)
        b.wait("the day", "return document.querySelectorAll('.today li').length > 2")
        s.event("safety", {"set": 1, "rep": 2, "kind": "free_fall", "start_ms": now_ms(), "fall_s": 0.2, "speed_mps": 1.9, "latency_s": 0.05})
        b.wait_text(".note", "The bar fell")
        b.picture("wall-alarm")
    answering.stop()
    stage.broker.kill()
    b.wait_text(".top .state", "No connection", 30)
    b.wait("tiles that say so", "return document.querySelectorAll('.tile[data-mode=away]').length > 2")
    b.picture("wall-broker-away")
    empty = Stage()
    b = show(empty)
    b.wait_text(".calm", "Waiting for a hub")
    b.picture("wall-empty")
    empty.broker.kill()


def colours_are_told_apart():
    """By everybody: tones as seen with each kind of colour blindness (Machado et al. 2009, severity 1) stay apart by at
    least 20 in CIELAB, and have a contrast of 4.5 on the ground of a tile and under the words on them."""
    stage = Stage()
    least = {}
    for scheme in ("dark", "light"):
        b = show(stage, scheme=scheme)
        tones = b.run("const s = getComputedStyle(document.documentElement);"
                      "return Object.fromEntries(arguments[0].map(n => [n, s.getPropertyValue('--' + n).trim()]))",
                      ["on", "ahead", "behind", "alarm", "tile", "on-tone"])
        rgb = {name: linear(value) for name, value in tones.items()}
        for kind, matrix in SEEN_BY.items():
            seen = {name: lab([sum(m * c for m, c in zip(row, rgb[name])) for row in matrix]) for name in ("on", "ahead", "behind")}
            for one, other in (("on", "ahead"), ("on", "behind"), ("ahead", "behind")):
                apart = sum((x - y) ** 2 for x, y in zip(seen[one], seen[other])) ** 0.5
                true(apart >= 20, f"{scheme}, {kind}: {one} and {other} are {apart:.0f} apart")
                least[scheme] = min(apart, least.get(scheme, 999))
        for tone in ("on", "ahead", "behind", "alarm"):
            for ground in ("tile", "on-tone"):
                c = contrast(rgb[tone], rgb[ground])
                true(c >= 4.5, f"{scheme}: {tone} on {ground} has a contrast of {c:.1f}")
    stage.broker.kill()
    return ", ".join(f"{scheme}: at least {apart:.0f}" for scheme, apart in least.items())


SEEN_BY = {"all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
           "protanopia": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
           "deuteranopia": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
           "tritanopia": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900))}


def linear(colour):
    """Of #rrggbb, linear light."""
    return [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for c in (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))]


def lab(rgb):
    """CIELAB, D65."""
    r, g, b = (min(1.0, max(0.0, c)) for c in rgb)
    xyz = ((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505, 0.2126 * r + 0.7152 * g + 0.0722 * b,
           (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089)
    x, y, z = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def contrast(one, other):
    """WCAG 2."""
    bright = [0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05 for r, g, b in (one, other)]
    return max(bright) / min(bright)


TESTS = [digits_of_the_running_negative_are_great, hostile_names_stay_text, what_is_missing_is_asked_for, what_is_old_looks_old,
         keyboard_and_motion, nobody_is_shut_out, colours_are_told_apart, pictures_of_a_busy_hour]
