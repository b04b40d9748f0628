#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The examples of conf/mosquitto on real mosquitto: who gets in, what passes and what does not, directly and over a
bridge."""

import json
import os
import shutil
import ssl
import subprocess
import sys
import urllib.request

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, PATIENCE_S, Broker, Tap, wait_for  # noqa: E402
from client import Client, Refused, who_may  # noqa: E402
from fleet import CERTS, EXAMPLES, as_hub, bridge, certificates, gym_broker  # noqa: E402
from hub import Daemon, configure, equal, squat, station, true  # noqa: E402

OWN = ["repcast/hub-1/status", "repcast/hub-1/station/rack-1/rep", "repcast/hub-1/reply/x"]
OTHERS = ["repcast/hub-2/status", "repcast/hub-2/station/rack-1/rep", "repcast/hub-2/cmd", "repcast", "elsewhere",
          "homeassistant/device/x/config"]


def refused(*arguments, **more):
    try:
        Client(*arguments, **more)
    except Refused:
        return True
    return False


def test_client(broker):
    client = Client(broker.port, "test", "test-password")
    true(client.subscribe("#"), "the test listens")
    return client


def certificates_are_what_they_should_be():
    certificates("server", "gym-broker.example", "127.0.0.1")
    for name in ("hub-1", "hub-2"):
        certificates("hub", name)
    for name in ("server", "hub-1", "hub-2"):
        subprocess.run(["openssl", "verify", "-CAfile", CERTS + "/ca.crt", f"{CERTS}/{name}.crt"], check=True,
                       capture_output=True)
        equal(os.stat(f"{CERTS}/{name}.key").st_mode & 0o77, 0, "rights of others to a key")
    bad = subprocess.run([EXAMPLES + "/certificates.sh", CERTS, "hub", "a/#"], capture_output=True, check=False)
    equal(bad.returncode, 64, "a name that would be more than one level")


def a_hub_is_who_its_certificate_says():
    broker = gym_broker()
    true(refused(broker.tls), "without TLS")
    true(refused(broker.tls, tls=as_hub(None)), "without a certificate")
    true(refused(broker.tls, "hub-1", "x", tls=as_hub(None)), "with a password in its place")
    hub, test = Client(broker.tls, tls=as_hub("hub-1")), test_client(broker)
    equal(who_may(hub, test, OWN + OTHERS, OWN[0]), OWN, "what hub-1 may write")
    # A name that it claims beside its certificate counts for nothing.
    claims = Client(broker.tls, "hub-2", "x", tls=as_hub("hub-1"))
    equal(who_may(claims, test, OWN + OTHERS, OWN[0]), OWN, "what hub-1 may write as \"hub-2\"")
    hub.subscribe("repcast/#")
    commands = ["repcast/hub-1/cmd", "repcast/hub-1/query", "repcast/hub-1/station/rack-1/cmd"]
    equal(who_may(test, hub, OTHERS + commands, commands[0]), commands, "what hub-1 hears")
    broker.kill()


def a_hub_needs_no_broker_of_its_own():
    broker = gym_broker()
    test = test_client(broker)
    config = configure(broker.tls, station("rack-1", squat()), name="hub-1")
    with open(config, encoding="utf-8") as f:
        text = f.read()
    with open(config, "w", encoding="utf-8") as f:
        f.write(text.replace(f"Broker=127.0.0.1:{broker.tls}\n", f"Broker=mqtts://127.0.0.1:{broker.tls}\nCAFile={CERTS}/ca.crt\n"
                             f"CertificateFile={CERTS}/hub-1.crt\nKeyFile={CERTS}/hub-1.key\n"))
    daemon = Daemon(config)
    wait_for("a rep at the gym's broker", lambda: test.on("repcast/hub-1/station/rack-1/rep"))
    daemon.stop()
    wait_for("its farewell", lambda: json.loads(test.on("repcast/hub-1/status")[-1])["state"] == "offline")
    broker.kill()


def people_have_passwords_and_rights():
    broker = gym_broker()
    with open(broker.folder + "/index.html", "w", encoding="ascii") as f:
        f.write("the wall")
    with urllib.request.urlopen(f"https://127.0.0.1:{broker.web}/index.html", timeout=PATIENCE_S,
                                context=ssl.create_default_context(cafile=CERTS + "/ca.crt")) as page:
        equal(page.read(), b"the wall", "the page")
    true(refused(broker.web, tls=as_hub(None), web=True), "nobody")
    true(refused(broker.web, "wall", "x", tls=as_hub(None), web=True), "a wrong password")
    test = test_client(broker)
    wall = Client(broker.web, "wall", "wall-password", tls=as_hub(None), web=True)
    coach = Client(broker.web, "coach", "coach-password", tls=as_hub(None), web=True)
    topics = ["repcast/hub-1/query", "repcast/hub-1/cmd", "repcast/hub-2/station/rack-1/cmd", "repcast/hub-1/status",
              "repcast/hub-1/station/rack-1/rep", "homeassistant/x", "repcast"]
    equal(who_may(wall, test, topics, topics[0]), topics[:1], "what the wall may write")
    equal(who_may(coach, test, topics, topics[0]), topics[:3], "what the coach may write")
    wall.subscribe("#")
    equal(who_may(test, wall, ["repcast/hub-1/status", "elsewhere"], "repcast/hub-1/status"), ["repcast/hub-1/status"],
          "what the wall hears")
    broker.kill()


def a_bridge_passes_events_out_and_questions_in():
    gym = gym_broker()
    test = test_client(gym)
    local = Broker(lines=["allow_anonymous true", *bridge("hub-1", f"127.0.0.1:{gym.tls}")])
    wait_for("the bridge", lambda: test.on("repcast/hub-1/bridge")[-1:] == ["1"])
    daemon = Daemon(configure(local.port, station("rack-1", squat(), RecordingLoop="yes", RecordingPause=3), name="hub-1"))
    rep = json.loads(wait_for("a rep at the gym's broker", lambda: test.on("repcast/hub-1/station/rack-1/rep"))[0])
    equal(rep["hub"], "hub-1", "its hub")
    wall = Client(gym.web, "wall", "wall-password", tls=as_hub(None), web=True)
    wall.subscribe("repcast/#")
    wall.publish("repcast/hub-1/query", json.dumps({"type": "resync", "id": "w", "station": "rack-1", "from_seq": 1,
                                                    "to_seq": 1}))
    reply = json.loads(wait_for("an answer over the bridge", lambda: wall.on("repcast/hub-1/reply/w"))[0])
    equal([e["id"] for e in reply["events"]], [rep["id"]], "the answer")

    plain = Client(local.port)
    plain.subscribe("#")
    equal(who_may(test, plain, ["repcast/hub-2/cmd", "elsewhere", "repcast/hub-1/cmd"], "repcast/hub-1/cmd"),
          ["repcast/hub-1/cmd"], "what comes in")
    equal(who_may(plain, test, ["repcast/hub-2/status", "elsewhere", "repcast/hub-1/x"], "repcast/hub-1/x"),
          ["repcast/hub-1/x"], "what goes out")
    daemon.stop()
    local.kill()
    wait_for("the word that the bridge is down", lambda: test.on("repcast/hub-1/bridge")[-1:] == ["0"], 20)
    gym.kill()


def a_bridge_with_the_wrong_certificate_gets_nothing_through():
    gym = gym_broker()
    test = test_client(gym)
    lines = bridge("hub-2", f"127.0.0.1:{gym.tls}", (f"{CERTS}/hub-2", f"{CERTS}/hub-1"))  # hub-1 claims to be hub-2
    local = Broker(lines=["allow_anonymous true", *lines])
    honest = Broker(lines=["allow_anonymous true", *bridge("hub-1", f"127.0.0.1:{gym.tls}")])
    plain, other = Client(local.port), Client(honest.port)
    for i in range(20):
        plain.publish("repcast/hub-2/status", "forged", retained=True)
        other.publish("repcast/hub-1/status", str(i))
    wait_for("the honest one", lambda: "19" in test.on("repcast/hub-1/status"))
    equal(test.on("repcast/hub-2/status") + test.on("repcast/hub-2/bridge"), [], "what the other got through")
    with open(gym.dir + "/log", encoding="utf-8") as f:
        true("as bridge-hub-2 (" in f.read(), "and yet it was connected")
    for broker in (gym, local, honest):
        broker.kill()


if __name__ == "__main__":
    if not BROKER or not shutil.which("openssl"):
        print("1..0 # SKIP mosquitto or openssl is not installed")
        sys.exit(0)
    sys.exit(Tap([certificates_are_what_they_should_be, a_hub_is_who_its_certificate_says, a_hub_needs_no_broker_of_its_own,
                  people_have_passwords_and_rights,
                  a_bridge_passes_events_out_and_questions_in,
                  a_bridge_with_the_wrong_certificate_gets_nothing_through]).run())
