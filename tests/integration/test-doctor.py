#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastctl doctor: nothing to say of a healthy hub; each thing that it can find is broken for real and found, and whatever
it can find is found here once."""

import os
import pty
import pwd
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import gym  # noqa: E402
from broker import BROKER, Broker, Tap, dead_port, free_port, wait_for  # noqa: E402
from certificates import OPENSSL, Authority  # noqa: E402
from house import CTL, GOOD_BLUEZ, House  # noqa: E402
from hub import DAEMON, WORK, Daemon, equal, squat, true  # noqa: E402

SENSOR, OTHER = "C0:FF:EE:00:00:01", "C0:FF:EE:00:00:02"
NO_BUS = ("bus-unseen",)  # where a test needs none
NO_HUB = ("broker-away", *NO_BUS)
DAY = 86400


class World:
    """What most tests share."""
    broker = None
    bus = None
    bluez = None


def a_healthy_hub_is_0():
    web = free_port()
    World.broker = Broker(("allow_anonymous true", f"listener {web} 127.0.0.1", "protocol websockets"), (web,))
    World.bus = gym.Bus(WORK)
    World.bluez = gym.BlueZ(World.bus)
    house = House(f"Broker=127.0.0.1:{World.broker.port}", bus=World.bus,
                  stations=f"[station rack-1]\nExercise=back-squat\nRecording={squat()}\nRecordingLoop=yes\n")
    # The recording lies in a folder of the test's, not of the machine's.
    recording = house.write(house.confdir / "squat.rec", open(squat(), encoding="utf-8").read())
    house.configure(f"Broker=127.0.0.1:{World.broker.port}",
                    f"[station rack-1]\nExercise=back-squat\nRecording={recording}\nRecordingLoop=yes\n")
    house.write("etc/mosquitto/conf.d/repcast.conf", f"listener 1 127.0.0.1\nlistener {web}\nprotocol websockets\n")
    daemon = Daemon(str(house.config), env={**house.bus.environment, **house.clock.env})
    wait_for("the hub", lambda: "broker is there" in daemon.log() or "connected" in daemon.log())
    wait_for("the hub on the bus", lambda: gym.ctl(World.bus, "status")[0] == 0)
    wait_for("the broker in the hub's words", lambda: gym.rows(World.bus, "status")[0]["broker_connected"])
    wait_for("BlueZ in the hub's words", lambda: "hub-bluetooth" not in house.findings())
    before = {p: p.stat().st_mtime_ns for p in house.root.rglob("*") if "var/lib" not in str(p)}
    found = house.expect()
    equal(found, {}, "findings")
    status, out, err = house.run("doctor")
    equal((status, err, "The hub has what it needs." in out), (0, "", True), f"as lines: {out}")
    true("\033" not in out, "colours, and no terminal")
    equal({p: p.stat().st_mtime_ns for p in house.root.rglob("*") if "var/lib" not in str(p)}, before, "files afterwards")
    true(gym.rows(World.bus, "status")[0]["broker_connected"], "the hub kept its connection")
    equal(gym.rows(World.bus, "status")[0]["reconnects"], 0, "reconnects of the hub")
    daemon.stop()


def colours_are_for_terminals():
    master, slave = pty.openpty()
    done = subprocess.Popen([CTL, "doctor", "--config", "/nowhere"], stdout=slave, env={**os.environ, "TERM": "xterm"})
    os.close(slave)
    text = b""
    try:
        while data := os.read(master, 4096):
            text += data
    except OSError:
        pass
    equal(done.wait(), 1, "exit status")
    true(b"\033[31m" in text, "no colours on a terminal")


def an_empty_machine():
    house = House()
    for name in ("etc/passwd", "usr/libexec/bluetooth/bluetoothd", "sys", "usr/share/dbus-1"):
        subprocess.run(["rm", "-r", house.root / name], check=True)
    house.config.unlink()
    house.program("bin/systemctl", "exit 1")
    house.expect("config-missing", "user-missing", "adapter-none", "bluez-missing", "clock-no-rtc", "service-policy",
                 "service-unseen")


def a_wrong_configuration():
    house = House("Broker=127.0.0.1:1\nKeepAlife=3\nPasswordFile=pw\nUsername=hub", "[station a]\nExercise=bag-squat\n")
    house.write(house.confdir / "pw", "secret\n", 0o644)
    house.expect("config-fault", but=NO_HUB)
    _, rows = house.doctor()
    texts = [row["what"] for row in rows if row["finding"] == "config-fault"]
    equal(len(texts), 3, f"faults: {texts}")
    for word in ("KeepAlive", "chmod 600", "back-squat"):
        true(any(word in t for t in texts), f"{word} in {texts}")
    house = House(stations=" ")
    house.write(house.confdir / "profiles/mine.conf", "[profile]\nNome=x\n")
    house.write(house.state / "adopted.conf", f"[station gone]\nSensor={SENSOR}\n")
    found = house.expect("no-station", "profile-fault", "config-adopted", but=NO_HUB)
    true("mine.conf" in found["profile-fault"], found)


def changed_since():
    house = House()
    house.unit("repcast.service", StateChangeTimestampMonotonic=max(1, int((time.monotonic() - 100) * 1e6)))
    os.utime(house.config, (time.time(), time.time()))
    house.expect("config-changed", but=NO_HUB)
    # What the hub itself wrote since is in force.
    os.utime(house.config, (time.time() - 1000, time.time() - 1000))
    house.write(house.state / "adopted.conf", f"[station rack-1]\nSensor={SENSOR}\n")
    house.expect(but=NO_HUB)


def files_that_others_see_and_the_service_does_not():
    house = House("Broker=127.0.0.1:1\nPasswordFile=pw\nUsername=hub",
                  f"[station a]\nExercise=back-squat\nRecording={squat()}\n")
    house.write(house.confdir / "pw", "secret\n", 0o600)
    house.write(house.confdir / "wall-password", "secret\n", 0o644)
    house.write("etc/passwd", f"repcast:x:{os.getuid() + 1}:{os.getgid() + 1}::/:/bin/false\n")
    house.expect("secret-open", "file-hidden", "file-denied", "store-denied", but=NO_HUB)


def the_disk():
    house = House()
    house.write("proc/self/mounts", "/dev/root / ext4 rw 0 0\nmemory /var tmpfs rw 0 0\n/dev/x /var/lib ext4 ro 0 0\n")
    true("ext4" in house.expect("disk-readonly", but=NO_HUB)["disk-readonly"], "the mount that counts")
    house.write("proc/self/mounts", "/dev/root / ext4 rw 0 0\nmemory /var tmpfs rw 0 0\n")
    house.expect("disk-volatile", but=NO_HUB)
    house = House()
    if house.clock.works:
        house.room = "40000000"
        house.expect("disk-small", but=NO_HUB)
        house.room = "1000000"
        house.expect("disk-full", but=NO_HUB)
    else:
        House.seen |= {"disk-small", "disk-full"}
    house = House(store="Folder=elsewhere\n")
    house.config.write_text(house.config.read_text().replace(f"Folder={house.state}\n", ""))
    house.expect("store-missing", but=NO_HUB)
    (house.confdir / "elsewhere").mkdir()
    house.expect("store-outside", but=NO_HUB)
    inner = str(house.confdir / "elsewhere").removeprefix(str(house.root))
    house.unit("repcast.service", ReadWritePaths=f"/srv {inner}")
    house.expect(but=NO_HUB)


def the_store():
    house = House()
    (house.state / "events.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    (house.state / "events.db.aside-1").touch()
    house.expect("store-fault", "store-aside", but=NO_HUB)


def the_clock():
    house = House()
    if house.clock.works:
        house.clock.set(0, False)
        house.expect("clock-unsynced", but=NO_HUB)
    else:
        House.seen.add("clock-unsynced")
    house = House()
    os.utime(house.config, (time.time() + 900 * DAY,) * 2)
    house.expect("clock-behind", but=NO_HUB)
    os.rmdir(house.root / "sys/class/rtc/rtc0")


def the_radio():
    house = House()
    house.switch("1", "0")
    house.expect("radio-blocked", but=NO_HUB)
    house.switch("1", "1")
    house.expect("radio-switch", but=NO_HUB)
    house.switch("0", "0")
    os.rmdir(house.root / "sys/class/bluetooth/hci0")
    os.symlink("../../devices/soc/serial0/tty/hci0", house.root / "sys/class/bluetooth/hci0")
    house.write("sys/class/net/wlan0/operstate", "up\n")
    (house.root / "sys/class/net/wlan0/device").mkdir()
    os.symlink("../../../bus/sdio/drivers/brcmfmac", house.root / "sys/class/net/wlan0/device/driver")
    house.expect("wifi-shared", but=NO_HUB)


def adapters_and_bluez():
    bus = gym.Bus(WORK)
    stations = f"[station a]\nExercise=back-squat\nSensor={SENSOR}\n[station b]\nExercise=back-squat\nSensor={OTHER}\n"
    house = House(bus=bus, stations=stations)
    quiet = ("broker-away", "service-unheard")
    house.expect("bluez-away", but=quiet)
    bluez = gym.BlueZ(bus)
    house.expect(but=quiet)
    house.configure("Broker=127.0.0.1:1", stations, more="[bluetooth]\nMaxLinks=1\nAdapters=00:1A:7D:DA:71:13 00:00:00:00:00:01\n")
    found = house.expect("adapter-slots", "adapter-missing", but=quiet)
    true("00:00:00:00:00:01" in found["adapter-missing"], found)
    house.configure("Broker=127.0.0.1:1", stations)
    bluez.do("power hci0 off")
    house.expect("adapter-off", but=quiet)
    bluez.do("power hci0 on")
    bluez.do("hang")
    house.expect("bluez-silent", but=quiet)


def versions_and_settings():
    house = House()

    def bluez(version, text, *wanted):
        house.program("usr/libexec/bluetooth/bluetoothd", f"echo {version}")
        house.write("etc/bluetooth/main.conf", text)
        return house.expect(*wanted, but=NO_HUB)
    bluez("5.55", GOOD_BLUEZ, "bluez-old")
    true("5.66" in bluez("5.66", GOOD_BLUEZ, "bluez-flawed")["bluez-flawed"], "the version")
    true("hurry" in bluez("5.85", GOOD_BLUEZ, "bluez-flawed")["bluez-flawed"], "what is left of them")
    bluez("5.66", "# nothing\n", "bluez-flawed", "bluez-dual", "bluez-channels", "bluez-intervals")
    bluez("5.87", "; BlueZ' own file has lines that are no text of ours\n[General]\nName = %h-%d\n[[x]]\nnonsense\n[General]\n"
          "ControllerMode = le\nJustWorksRepairing = always\n[LE]\nMinConnectionInterval = 6\n[Policy]\nAutoEnable=false\n",
          "bluez-repairing", "bluez-partly", "bluez-power")
    bluez("5.87", GOOD_BLUEZ.replace("300", "42"), "bluez-timeout")
    bluez("nonsense", GOOD_BLUEZ, "bluez-unseen")
    house.unit("bluetooth.service", Restart="no")
    bluez("5.87", GOOD_BLUEZ, "bluez-restart")
    house.unit("bluetooth.service")
    os.unlink(house.root / "etc/bluetooth/main.conf")
    os.mkdir(house.root / "etc/bluetooth/main.conf")
    house.expect("bluez-unseen", but=NO_HUB)


def brokers():
    port, dead = World.broker.port, dead_port()
    House(f"Broker=127.0.0.1:{port}").expect(but=NO_BUS)
    true("nothing listens" in House(f"Broker=127.0.0.1:{dead}").expect("broker-away", but=NO_BUS)["broker-away"], "why")
    House(f"Broker=127.0.0.1:{port} 127.0.0.1:{dead}").expect("broker-spare", but=NO_BUS)
    House("Broker=a..b").expect("broker-name", but=NO_BUS)
    house = House(f"Broker=0.0.0.0:{port}\nUsername=hub\nPasswordFile=pw")
    house.write(house.confdir / "pw", "secret\n", 0o600)
    house.expect("broker-clear", but=NO_BUS)
    house = House(f"Broker=127.0.0.1:{port}\nUsername=hub")
    house.expect("broker-unseen", but=NO_BUS)
    house = House(f"Broker=127.0.0.1:{port}")
    house.write("etc/mosquitto/conf.d/repcast.conf", f"listener {dead}\nprotocol websockets\n")
    house.expect("broker-web", but=NO_BUS)


def rights_at_the_broker():
    folder = tempfile.mkdtemp(dir=WORK)

    def write(name, text):
        path = f"{folder}/{name}"
        with open(path, "w", encoding="ascii") as f:
            f.write(text)
        os.chmod(path, 0o600)
        return path
    passwords = write("users", "reader:secret\nwriter:secret\nhub:secret\nnobody:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", passwords], check=True, stdout=subprocess.DEVNULL)
    acl = write("acl", "user reader\ntopic read #\nuser writer\ntopic write repcast/gym/#\nuser hub\ntopic readwrite repcast/gym/#\n")
    broker = Broker(("allow_anonymous false", f"password_file {passwords}", f"acl_file {acl}"))

    def ask(user, password, *wanted):
        house = House(f"Broker=127.0.0.1:{broker.port}\nUsername={user}\nPasswordFile=pw")
        house.write(house.confdir / "pw", password + "\n", 0o600)
        return house.expect(*wanted, but=NO_BUS)
    ask("hub", "secret")
    true("PasswordFile=" in ask("hub", "guessed", "broker-refused")["broker-refused"], "why")
    ask("reader", "secret", "broker-write")
    ask("writer", "secret", "broker-read")
    old = Broker(("allow_anonymous true", "max_packet_size 2000"))
    House(f"Broker=127.0.0.1:{old.port}").expect(but=NO_BUS)
    House(f"Broker=127.0.0.1:{broker.port}").expect("broker-refused", but=NO_BUS)
    broker.kill()


def certificates():
    if not OPENSSL:
        raise AssertionError("openssl is missing")
    ours, theirs = Authority("ours"), Authority("theirs")

    def stamp(days):
        return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * DAY))

    def dates(first, last):
        return {"first": stamp(first), "last": stamp(last)}

    def ask(server, identity=None, ca=ours):
        port = free_port()
        broker = Broker((f"listener {port} 127.0.0.1", f"certfile {server[0]}", f"keyfile {server[1]}", "allow_anonymous true"), (port,))
        lines = f"Broker=mqtts://localhost:{port}\nCAFile={ca.file}\n"
        if identity:
            lines += f"CertificateFile={identity[0]}\nKeyFile={identity[1]}\n"
        house = House(lines)
        found = house.findings()
        broker.kill()
        return found - {"file-hidden", *NO_BUS}  # the files lie in a folder of the test's, where no service would see them
    long, day = ours.sign("localhost", "DNS:localhost", **dates(-1, 100)), ours.sign("localhost", "DNS:localhost")
    equal(ask(long), {"certificate-soon"}, "the authority ends in two days")
    equal(ask(day), {"certificate-soon"}, "and the broker's today")
    equal(ask(long, ours.sign("hub", None, **dates(-9, -1))), {"certificate-soon", "certificate-over"}, "own one, over")
    equal(ask(long, ours.sign("hub", None, **dates(1, 9))), {"certificate-soon", "certificate-early"}, "own one, early")
    equal(ask(long, (ours.sign("hub")[0], ours.sign("else")[1])), {"certificate-soon", "certificate-fault", "broker-tls"},
          "key of another one")
    equal(ask(long, ca=theirs), {"certificate-soon", "broker-tls"}, "of another authority")
    equal(ask(ours.sign("localhost", "DNS:elsewhere", **dates(-1, 100))), {"certificate-soon", "broker-tls"}, "another name")


def the_service():
    house = House()

    def unit(*wanted, **changes):
        house.unit("repcast.service", **changes)
        return house.expect(*wanted, but=NO_HUB)
    unit("service-missing", LoadState="not-found")
    true("watchdog" in unit("service-stopped", ActiveState="failed", Result="watchdog")["service-stopped"], "why")
    unit("service-disabled", UnitFileState="disabled")
    unit("service-restarts", NRestarts="3")
    unit("service-watchdog", "service-stale", "service-override", WatchdogUSec="0", NeedDaemonReload="yes",
         DropInPaths="/etc/systemd/system/repcast.service.d/override.conf")
    house.write("etc/passwd", f"lifter:x:{os.getuid()}:{os.getgid()}::/:/bin/false\n")
    unit("service-user", User="lifter")


def the_hub_itself():
    bus = gym.Bus(WORK)
    house = House(bus=bus)
    house.expect("service-unheard", "bluez-away", but=("broker-away",))
    bluez = gym.BlueZ(bus)
    path = os.path.join(tempfile.mkdtemp(dir=WORK), "repcastd")
    with open(DAEMON, "rb") as old, open(path, "wb") as new:
        new.write(old.read().replace(b"0.1.0", b"0.0.9"))
    os.chmod(path, 0o755)
    os.mkdir(house.state / "events.db")
    daemon = Daemon(str(house.config), env=bus.environment, program=path)
    wait_for("the hub on the bus", lambda: gym.ctl(bus, "status")[0] == 0)
    wait_for("the broker in the hub's words", lambda: gym.rows(bus, "status")[0]["broker_error"])
    bluez.kill()
    wait_for("the end of BlueZ", lambda: gym.rows(bus, "status")[0]["bluetooth_error"])
    found = house.expect("hub-version", "hub-memory", "hub-broker", "hub-bluetooth", "bluez-away", "store-fault",
                         "station-bare",
                         but=("broker-away",))
    true("0.0.9" in found["hub-version"], found)
    daemon.kill()


def events_that_were_lost():
    house = House(bus=World.bus, store="UnsentDays=1\n")
    if not house.clock.works:
        House.seen.add("hub-lost")
        return
    house.configure(f"Broker=127.0.0.1:{dead_port()}", f"[station a]\nExercise=back-squat\nRecording={squat()}\nRecordingSpeed=40\n",
                    "UnsentDays=1\n")
    env = {**World.bus.environment, **house.clock.env}
    Daemon(str(house.config), "--until-end", env=env).end()
    house.clock.set(3 * DAY, True)
    daemon = Daemon(str(house.config), env=env)
    wait_for("the hub on the bus", lambda: gym.ctl(World.bus, "status")[0] == 0)
    wait_for("events that are too old", lambda: gym.rows(World.bus, "status")[0]["events_lost"] > 0)
    house.expect("hub-lost", "hub-broker", "broker-away", "file-hidden")
    daemon.kill()


def sensors():
    house = House(f"Broker=127.0.0.1:{World.broker.port}", bus=World.bus,
                  stations=f"[station a]\nExercise=bench-press\nSensor={SENSOR}\nProfile=repcast-bar\n")
    tape = gym.bar_recording(WORK + "/bench.rec", 4, "--exercise", "bench-press", "--seed", "3")
    World.bluez.sensor(SENSOR, tape, options="battery=9")
    daemon = Daemon(str(house.config), env={**World.bus.environment, **house.clock.env})
    wait_for("the hub on the bus", lambda: gym.ctl(World.bus, "status")[0] == 0)
    wait_for("samples", lambda: any(r["samples"] for r in gym.rows(World.bus, "sensors")))
    World.bluez.do(f"drop {SENSOR} {gym.MOTION} 10")
    wait_for("lost samples", lambda: any((r["loss_pct"] or 0) > 1 for r in gym.rows(World.bus, "sensors")))
    house.expect("sensor-battery", "sensor-loss")
    World.bluez.do(f"sensor {SENSOR} away")
    World.bluez.do(f"lose {SENSOR}")
    wait_for("the loss", lambda: gym.rows(World.bus, "sensors")[0]["state"] != "streaming")
    found = wait_for("a word about it", lambda: (lambda f: f if "sensor-silent" in f else None)(house.findings()))
    true("sensor-silent" in found, found)
    daemon.kill()


def what_a_stranger_cannot_see():
    """Root sees everything; who is not root may not read the files of others."""
    ours = Authority("ours")
    own = ours.sign("hub")
    port = World.broker.port
    house = House(f"Broker=127.0.0.1:{port} mqtts://127.0.0.1:{port}\nUsername=hub\nPasswordFile=pw\nCertificateFile=hub.pem\n"
                  "KeyFile=hub.key")
    house.write(house.confdir / "pw", "secret\n", 0o600)
    for source, name in zip(own, ("hub.pem", "hub.key")):
        house.write(house.confdir / name, open(source, encoding="ascii").read(), 0o600)
    (house.state / "events.db").write_bytes(b"")
    secret = [house.confdir / "pw", house.confdir / "hub.key", house.confdir / "hub.pem", house.state / "events.db"]
    user = None
    if os.getuid() == 0:
        user = pwd.getpwnam("nobody").pw_uid
        for folder in (WORK, house.root):
            os.chmod(folder, 0o755)
        os.chmod(house.state / "events.db", 0o600)
    else:
        for path in secret:
            os.chmod(path, 0)
    found = house.findings(user=user)
    for wanted in ("config-unseen", "broker-unseen", "certificate-unseen", "store-unseen"):
        true(wanted in found, f"{wanted} is not among {sorted(found)}")
    true("config-fault" not in found, "what is not seen is no fault")


def a_bus_that_denies():
    bus = gym.Bus(WORK)
    bus.kill()
    with open(bus.path + ".conf", encoding="utf-8") as f:
        rules = f.read()
    with open(bus.path + ".conf", "w", encoding="utf-8") as f:
        f.write(rules.replace("</busconfig>", '<policy context="mandatory"><deny send_destination="org.repcast.Hub1"/>'
                              '<deny send_destination="org.bluez"/></policy></busconfig>'))
    bus.start()
    bluez = gym.BlueZ(bus)
    house = House(bus=bus)
    daemon = Daemon(str(house.config), env=bus.environment)
    wait_for("the hub on the bus", lambda: gym.ctl(bus, "status")[0] == 77)
    house.expect("service-denied", "bluez-unseen", but=("broker-away",))
    daemon.kill()
    bluez.kill()


def whatever_can_be_found_was_found():
    equal(sorted(House.all_findings() - House.seen), [], "never found")
    equal(sorted(House.seen - House.all_findings()), [], "not listed")
    for line in subprocess.run([CTL, "doctor", "--list"], capture_output=True, text=True, check=True).stdout.splitlines():
        true(line.endswith("."), f"the advice is no sentence: {line}")


def wrong_use_is_64():
    for words in (("--nonsense",), ("argument",), ("--root", "/nowhere")):
        equal(subprocess.run([CTL, "doctor", *words], capture_output=True, check=False).returncode, 64, f"{words}")
    with open("/dev/full", "w", encoding="ascii") as full:
        equal(subprocess.run([CTL, "doctor", "--list"], stdout=full, stderr=subprocess.DEVNULL, check=False).returncode, 74, "a full disk")


if __name__ == "__main__":
    if not BROKER or not gym.DBUS_DAEMON:
        print("1..0 # SKIP mosquitto or dbus-daemon is not installed")
        sys.exit(0)
    if House().is_out_of_sight():
        print("1..0 # SKIP this build has its configuration where no service would see it, and so no hub of it is healthy")
        sys.exit(0)
    sys.exit(Tap([a_healthy_hub_is_0, colours_are_for_terminals, an_empty_machine, a_wrong_configuration, changed_since,
                  files_that_others_see_and_the_service_does_not, the_disk, the_store, the_clock, the_radio,
                  adapters_and_bluez, versions_and_settings, brokers, rights_at_the_broker, certificates, the_service,
                  the_hub_itself, events_that_were_lost, sensors, what_a_stranger_cannot_see, a_bus_that_denies,
                  whatever_can_be_found_was_found, wrong_use_is_64]).run())
