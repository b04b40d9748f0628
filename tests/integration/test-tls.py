#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The uplink over TLS, and before brokers that refuse it: a real mosquitto with each kind of bad certificate, password and
access list, and one line for each that says whose fault it is. The messages that a hub may not publish wait."""

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
from broker import BROKER, Broker, Gate, Listener, Tap, free_port, wait_for  # noqa: E402
from certificates import OPENSSL, Authority  # noqa: E402
from feed import Feed, check_all_in_order, equal, numbers  # noqa: E402

PASSWD = "/usr/bin/mosquitto_passwd"


class World:
    """Authorities, certificates and files, once for all tests."""

    @classmethod
    def make(cls):
        cls.ours, cls.theirs = Authority("our authority"), Authority("another authority")
        both = "DNS:localhost,IP:127.0.0.1"
        cls.good = cls.ours.sign("broker", both)
        cls.elsewhere = cls.ours.sign("broker", "DNS:elsewhere.example,IP:192.0.2.1")
        cls.old = cls.ours.sign("broker", both, "20200101000000Z", "20210101000000Z")
        cls.early = cls.ours.sign("broker", both, "20900101000000Z", "20910101000000Z")
        cls.hub, cls.stranger = cls.ours.sign("hub"), cls.theirs.sign("hub")


def tls_lines(server, *more):
    """Of mosquitto.conf: a listener over TLS."""
    return (f"cafile {World.ours.file}", f"certfile {server[0]}", f"keyfile {server[1]}", "allow_anonymous true", *more)


def write(broker, name, text):
    path = os.path.join(broker.dir, name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    return path


def listen(port):
    """At a second listener of a broker, which is there a moment after the first."""
    def try_it():
        try:
            return Listener(port)
        except ConnectionRefusedError:
            return None

    return wait_for("the second listener", try_it)


def reload(broker):
    broker.process.send_signal(signal.SIGHUP)


def tls_feed(broker, host="localhost", **more):
    more = {"UPLINK_CA": World.ours.file, **more}
    return Feed(f"mqtts://{host}:{broker.port}", **{k: v for k, v in more.items() if v is not None})


# ---- what works ----

def events_go_over_tls():
    plain = free_port()
    broker = Broker(tls_lines(World.good, f"listener {plain} 127.0.0.1"))
    listener = listen(plain)
    by_name = tls_feed(broker)
    by_name.wait("the connection", lambda s: s["connected"])
    by_name.tell("rep 400")
    by_name.wait("400 acknowledgements", lambda s: s["published"] == 400)
    wait_for("the last rep", lambda: len(numbers(listener)) == 400)
    check_all_in_order(listener, 400)
    equal(by_name.stop()[0]["result"], 0, "result")
    by_address = tls_feed(broker, "127.0.0.1")
    by_address.wait("the connection", lambda s: s["connected"])
    equal(by_address.stop()[0]["result"], 0, "result")
    broker.kill()


def a_certificate_of_the_hub_is_shown():
    broker = Broker(tls_lines(World.good, "require_certificate true", "use_identity_as_username true"))
    feed = tls_feed(broker, UPLINK_CERTIFICATE=World.hub[0], UPLINK_KEY=World.hub[1])
    feed.wait("the connection", lambda s: s["connected"])
    feed.tell("rep 10")
    feed.wait("the events", lambda s: s["published"] == 10)
    feed.stop()
    log = open(broker.dir + "/log", encoding="utf-8").read()
    if "u'hub'" not in log:
        raise AssertionError(f"the broker does not know the hub by its certificate: {log[-500:]}")
    broker.kill()


def the_name_is_sent():
    """SNI: brokers of many names tell by it which one is meant."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*World.good)
    names = []
    context.sni_callback = lambda _socket, name, _context: names.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        for _ in range(2):
            near, _ = listener.accept()
            try:
                context.wrap_socket(near, server_side=True).recv(100)
            except OSError:
                pass
            near.close()

    threading.Thread(target=serve, daemon=True).start()
    port = listener.getsockname()[1]
    feed = Feed(f"mqtts://localhost:{port}", UPLINK_CA=World.ours.file, UPLINK_WAIT_US="60000000")
    wait_for("the name", lambda: names)
    feed.kill()
    equal(names[0], "localhost", "name in the handshake")


# ---- what does not: one line each ----

def refusals():
    """(what, lines of mosquitto.conf, host, environment, words that the line must hold). port: of that broker."""
    hub = {"UPLINK_CERTIFICATE": World.hub[0], "UPLINK_KEY": World.hub[1]}
    stranger = {"UPLINK_CERTIFICATE": World.stranger[0], "UPLINK_KEY": World.stranger[1]}
    wants = ("require_certificate true",)
    return [
        ("unknown authority", tls_lines(World.good), "mqtts://localhost", {"UPLINK_CA": World.theirs.file},
         "has a certificate that was not signed by the authority in CAFile=: CAFile= must hold"),
        ("not the system's", tls_lines(World.good), "mqtts://localhost", {},
         "was not signed by an authority that this system knows: CAFile= must hold"),
        ("other name", tls_lines(World.elsewhere), "mqtts://localhost", {"UPLINK_CA": World.ours.file},
         'has a certificate for another name than "localhost": Broker= must name it'),
        ("other address", tls_lines(World.elsewhere), "mqtts://127.0.0.1", {"UPLINK_CA": World.ours.file},
         'has a certificate for another name than "127.0.0.1": Broker= must name it'),
        ("expired", tls_lines(World.old), "mqtts://localhost", {"UPLINK_CA": World.ours.file},
         "has a certificate that has expired by this hub's clock"),
        ("not valid yet", tls_lines(World.early), "mqtts://localhost", {"UPLINK_CA": World.ours.file},
         "has a certificate that is not valid yet by this hub's clock"),
        ("no certificate of ours", tls_lines(World.good, *wants), "mqtts://localhost", {"UPLINK_CA": World.ours.file},
         "wants a certificate of this hub"),
        ("a stranger's certificate", tls_lines(World.good, *wants), "mqtts://localhost",
         {"UPLINK_CA": World.ours.file, **stranger}, "refused this hub's certificate"),
        ("another's key", tls_lines(World.good), "mqtts://localhost",
         {"UPLINK_CA": World.ours.file, **hub, "UPLINK_KEY": World.stranger[1]},
         f"KeyFile=: {World.stranger[1]} cannot be used with the certificate"),
        ("no authority in the file", tls_lines(World.good), "mqtts://localhost", {"UPLINK_CA": World.hub[1]},
         f"CAFile=: {World.hub[1]} cannot be read or holds no certificate"),
        ("TLS to a plain port", ("allow_anonymous true",), "mqtts://localhost", {"UPLINK_CA": World.ours.file},
         "mqtts:// wants the port of its TLS listener"),
        ("in the clear to a TLS port", tls_lines(World.good), "localhost", {}, "Broker= wants mqtts:// before the name"),
        ("no user", ("allow_anonymous false",), "localhost", {},
         "refused access without a user name: give Username= and PasswordFile="),
        ("wrong password", None, "localhost", {"UPLINK_USER": "hub", "UPLINK_PASSWORD": "wrong"},
         'refused the user "hub": the password in PasswordFile= is wrong'),
        ("unknown user", None, "localhost", {"UPLINK_USER": "nobody", "UPLINK_PASSWORD": "right"},
         'refused the user "nobody": the password in PasswordFile= is wrong, it does not know the user'),
        ("certificate without a user", ("allow_anonymous false", *tls_lines(World.good)[:3]), "mqtts://localhost",
         {"UPLINK_CA": World.ours.file, **hub}, "it must know the name in the hub's certificate"),
    ]


class Refused:
    """All of them at the same time: each takes a moment only."""

    @classmethod
    def start(cls):
        cls.cases = []
        for what, lines, host, env, words in refusals():
            broker = Broker(lines or ("allow_anonymous true",))
            if lines is None:
                path = write(broker, "passwd", "")
                os.chmod(path, 0o600)
                subprocess.run([PASSWD, "-b", path, "hub", "right"], check=True, capture_output=True)
                broker.kill()
                with open(broker.dir + "/conf", "a", encoding="ascii") as f:
                    f.write(f"allow_anonymous false\npassword_file {path}\n")
                broker.start()
            cls.cases.append((what, broker, Feed(f"{host}:{broker.port}", **env), words))


def make_refusal(what, broker, feed, words):
    def test():
        stats = feed.wait("the refusal", lambda s: s["error"])
        stop, log = feed.stop()
        equal(stop["result"], 0, "result")
        broker.kill()
        if words not in stats["error"] or "127.0.0.1:" not in stats["error"] and "localhost:" not in stats["error"]:
            raise AssertionError(stats["error"])
        lines = {line for line in log.splitlines() if line.startswith("warning: broker")}
        if len(lines) != 1:
            raise AssertionError(f"{len(lines)} different lines about one failure: {log}")
        for secret in ("wrong", "right"):
            if feed.secret and secret in log.replace("PasswordFile= is wrong", ""):
                raise AssertionError(f"the password is in the log: {log}")
        return stats["error"]

    feed.secret = what in ("wrong password", "unknown user")
    test.__name__ = "refused: " + what
    return test


# ---- access lists ----

ALL = "topic readwrite #\n"
NOT_RACK_1 = "topic readwrite test/hub/status\ntopic readwrite test/hub/owner\ntopic readwrite test/hub/station/rack-0/#\ntopic read test/#\n"


def events_that_are_refused_wait():
    """MQTT 5: a PUBACK can say no. What it says no to is neither sent again and again nor lost, and stops nobody else."""
    plain = free_port()
    broker = Broker()
    broker.kill()
    acl = write(broker, "acl", NOT_RACK_1)
    with open(broker.dir + "/conf", "w", encoding="ascii") as f:
        f.write(f"per_listener_settings true\nlistener {broker.port} 127.0.0.1\nallow_anonymous true\nacl_file {acl}\n"
                f"listener {plain} 127.0.0.1\nallow_anonymous true\nlog_dest file {broker.dir}/log\nlog_type all\n"
                + ("user root\n" if os.getuid() == 0 else ""))
    broker.start()
    listener = listen(plain)
    gate = Gate(broker.port)
    feed = Feed(gate.port)
    feed.wait("the connection", lambda s: s["connected"])
    for _ in range(10):  # to the station that may and the one that may not, in turn
        feed.tell("rep 2")
        time.sleep(0.02)
    stats = feed.wait("those of one station", lambda s: s["published"] == 10 and s["waiting"] <= 10)
    equal((stats["connected"], stats["waiting"], stats["dropped"], stats["reconnects"]), (1, 10, 0, 0),
          "connected, waiting, dropped, reconnects")
    if "refuses events, which wait: Not authorized; its access list must let this hub write and read below test/hub/" \
            not in stats["error"]:
        raise AssertionError(stats["error"])
    time.sleep(0.5)
    equal((numbers(listener, 0), numbers(listener, 1)), (list(range(1, 11)), []), "what arrived")
    tries = open(broker.dir + "/log", encoding="utf-8").read().count("Denied PUBLISH")
    equal(tries, 10, "attempts")
    feed.tell("rep 60")  # far more than it may refuse in a row, if all were of that station
    feed.wait("the others", lambda s: s["published"] == 40)
    write(broker, "acl", ALL)
    reload(broker)
    gate.cut()  # the next connection brings what waited
    feed.wait("those that were refused", lambda s: s["published"] == 80)
    wait_for("the last one", lambda: len(numbers(listener)) == 80)
    check_all_in_order(listener, 80)
    stats, log = feed.stop()
    equal((stats["waiting"], stats["dropped"]), (0, 0), "waiting, dropped")
    equal(log.count("refuses events"), 1, "lines about it")
    broker.kill()


def a_hub_that_may_publish_nothing_is_told_so():
    broker = Broker()
    broker.kill()
    acl = write(broker, "acl", "topic read #\n")
    with open(broker.dir + "/conf", "a", encoding="ascii") as f:
        f.write(f"acl_file {acl}\n")
    broker.start()
    feed = Feed(broker.port, UPLINK_USER="hub", UPLINK_PASSWORD="secret")
    feed.tell("rep 100")
    stats = feed.wait("the refusal", lambda s: s["error"])
    if "Not authorized; its access list must let this hub write and read below test/hub/" not in stats["error"]:
        raise AssertionError(stats["error"])
    time.sleep(0.5)
    tries = open(broker.dir + "/log", encoding="utf-8").read().count("Denied PUBLISH")
    stats, log = feed.stop()
    equal((stats["waiting"], stats["published"], stats["reconnects"]), (100, 0, 0), "waiting, published, reconnects")
    if tries > 60 or "secret" in log:
        raise AssertionError(f"{tries} attempts: {log}")
    broker.kill()


# ---- stalls ----

def a_handshake_that_stalls_costs_no_time():
    """Neither processor time nor events, nor the stop."""
    gate = Gate(0, "hang")
    feed = Feed(f"mqtts://localhost:{gate.port}", UPLINK_CA=World.ours.file)
    feed.tell("rep 200")
    wait_for("the client's hello", lambda: gate.pairs)
    ticks = os.sysconf("SC_CLK_TCK")

    def cpu_s():
        fields = open(f"/proc/{feed.process.pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / ticks

    wait_for("the events to be committed", lambda: feed.stats()["waiting"] == 200)
    before = cpu_s()
    time.sleep(2)
    used = cpu_s() - before
    start = time.monotonic()
    equal(feed.stop(500)[0]["waiting"], 200, "what waits")
    took = time.monotonic() - start
    if used > 1 or took > 3:
        raise AssertionError(f"{used:.2f} s of processor time in 2 s of a handshake that stalls, stop took {took:.1f} s")
    return f"{used:.2f} s of processor time in 2 s"


def a_port_that_is_closed_is_told_over_tls_too():
    taken = socket.socket()  # bound, so that nobody else listens there
    taken.bind(("127.0.0.1", 0))
    feed = Feed(f"mqtts://127.0.0.1:{taken.getsockname()[1]}", UPLINK_CA=World.ours.file)
    stats = feed.wait("the refusal", lambda s: s["error"], 5)
    if "refused the connection: nothing listens there" not in stats["error"]:
        raise AssertionError(stats["error"])
    feed.kill()


def cut_within_the_handshake():
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            near, _ = listener.accept()
            near.recv(1000)
            near.close()

    threading.Thread(target=serve, daemon=True).start()
    feed = Feed(f"mqtts://127.0.0.1:{listener.getsockname()[1]}", UPLINK_CA=World.ours.file)
    stats = feed.wait("the verdict", lambda s: s["error"], 5)
    if "closed the connection within the TLS handshake" not in stats["error"]:
        raise AssertionError(stats["error"])
    feed.kill()


def main():
    if not (BROKER and OPENSSL and os.path.exists(PASSWD)):
        print("1..0 # SKIP mosquitto or openssl is not installed")
        return 0
    for number in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit("stopped by a signal"))  # the brokers are killed on the way out
    signal.alarm(180)  # a hanging test fails
    World.make()
    Refused.start()
    return Tap([make_refusal(*case) for case in Refused.cases] +
               [events_go_over_tls, a_certificate_of_the_hub_is_shown, the_name_is_sent, events_that_are_refused_wait,
                a_hub_that_may_publish_nothing_is_told_so, a_handshake_that_stalls_costs_no_time,
                a_port_that_is_closed_is_told_over_tls_too, cut_within_the_handshake]).run()


if __name__ == "__main__":
    sys.exit(main())
