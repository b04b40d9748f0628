#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""repcastctl bugreport: it holds what is needed, and nothing of what is nobody's business: secrets and people are sown
wherever they may be, and looked for in every file of the archive."""

import os
import re
import stat
import subprocess
import sys
import tarfile

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import gym  # noqa: E402
from broker import BROKER, Broker, Tap, wait_for  # noqa: E402
from certificates import OPENSSL, Authority  # noqa: E402
from house import House  # noqa: E402
from hub import WORK, Daemon, equal, true  # noqa: E402

SENSOR = "C0:FF:EE:00:00:01"
SECRETS = {"file": "Tr0ub4dor-and-3", "line": "InTheOpen77", "url": "UrlS3cret", "comment": "C0mmentedOut",
           "credential": "Cr3dential-of-the-unit", "inline": "1nlineCredential", "environment": "Env1ronment",
           "wall": "wall-p4ssword", "coach": "coach-p4ssword", "passkey": "004711"}
PEOPLE = ["zoe", "Maximiliane", "Ben Jonson", "coach-carla", "earlier-eva"]
PARTS = ["README.txt", "bluetooth.txt", "configuration.txt", "doctor.txt", "hub.txt", "journal.txt", "service.txt", "store.txt",
         "system.txt"]


def ctl(house, *words):
    status, _, err = gym.ctl(house.bus, *words)
    equal((status, err), (0, ""), " ".join(words))


def sow(key):
    """A house with a running hub, in which secrets and people lie about."""
    bus, broker = gym.Bus(WORK), Broker()
    house = House(bus=bus)
    house.bluez = gym.BlueZ(bus)
    house.broker = broker
    house.bluez.sensor(SENSOR)
    house.configure(f"Broker=127.0.0.1:{broker.port}\nUsername=hub\nPasswordFile=pw\n# was mqtt://hub:{SECRETS['url']}@broker:1883\n"
                    f"# Password: {SECRETS['comment']}",
                    f"[station rack-1]\nExercise=back-squat\nAthlete=zoe\nSensor={SENSOR}\nProfile=repcast-bar\n",
                    more="[bluetooth]\nPasskeyFile=keys\n")
    house.write(house.confdir / "pw", SECRETS["file"] + "\n", 0o600)
    house.write(house.confdir / "keys", f"{SENSOR} {SECRETS['passkey']}\n", 0o600)
    house.write(house.confdir / "wall-password", SECRETS["wall"] + "\n", 0o600)
    house.write(house.confdir / "coach-password", SECRETS["coach"] + "\n", 0o600)
    house.write("run/credentials/repcast.service/mqtt-password", SECRETS["credential"], 0o600)
    daemon = Daemon(str(house.config), env={**bus.environment, **house.clock.env})
    wait_for("the hub on the bus", lambda: gym.ctl(bus, "status")[0] == 0)
    ctl(house, "assign", "rack-1", "--athlete", "Maximiliane")
    ctl(house, "queue", "rack-1", "Ben Jonson:60")
    wait_for("the assignment in the log", lambda: "Maximiliane" in daemon.log())
    # Only now, with what repcastd would refuse.
    house.write(house.config, house.config.read_text() + f"Password={SECRETS['line']}\n")
    log = daemon.log().replace("rack-1: Maximiliane, back-squat", "rack-1: earlier-eva, back-squat\nrack-1: Maximiliane, back-squat")
    house.write("log", log + f"rack-1: set 3 corrected by coach-carla\nlogin with {SECRETS['file']} {SECRETS['credential']} "
                             f"{SECRETS['wall']} {SECRETS['coach']} {SECRETS['passkey']}\n{key}\n"
                             "dev_C0_FF_EE_00_00_01 c0:ff:ee:00:00:01 \033[31mred\n")
    house.program("bin/journalctl", f'exec cat "{house.root}/log"')
    house.write("cat", f"[Service]\nSetCredential=mqtt-password:{SECRETS['inline']}\nEnvironment=MQTT_PASSWORD={SECRETS['environment']}\n"
                       "LoadCredential=mqtt-password:/etc/repcast/mqtt-password\n")
    house.program("bin/systemctl", f'[ "$1" = cat ] && exec cat "{house.root}/cat"\nexec cat "{house.root}/units/$2"')
    return house, daemon


def read(path):
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        equal({m.uid for m in members} | {m.gid for m in members}, {0}, "owners in the archive")
        return {m.name.removeprefix("repcast-bugreport/"): archive.extractfile(m).read().decode() for m in members if m.isfile()}


def nothing_that_is_nobodys_business():
    authority = Authority("ours")
    key = open(authority.sign("hub")[1], encoding="ascii").read()
    house, daemon = sow(key)
    path = str(house.root / "report.tar.gz")
    status, out, err = house.run("bugreport", path)
    equal((status, err), (0, ""), "bugreport")
    equal(stat.S_IMODE(os.stat(path).st_mode), 0o600, "mode of the archive")
    files = read(path)
    equal(sorted(files), sorted(PARTS), "files")
    for name in PARTS:
        true(re.search(rf"{name} +\d+ bytes", out), f"{name} is not told: {out}")
    for name, text in files.items():
        for what, secret in SECRETS.items():
            true(secret not in text, f"the secret of {what} is in {name}")
        for line in key.splitlines()[1:-1]:
            true(line not in text, f"a private key is in {name}")
        for person in PEOPLE:
            true(not re.search(rf"\b{person}\b", text), f"{person} is in {name}")
        true(SENSOR.lower() not in text.lower().replace("_", ":"), f"an address is in {name}")
        true("\033" not in text, f"{name} holds sequences for a terminal")
    # What is needed is there, and what belongs together still does.
    true("config-fault" in files["doctor.txt"] or "Password=" in files["doctor.txt"], files["doctor.txt"])
    true("Exercise=back-squat" in files["configuration.txt"] and "Athlete=person-" in files["configuration.txt"], "configuration")
    true('"station":"rack-1"' in files["hub.txt"] and '"athlete":"person-' in files["hub.txt"], files["hub.txt"])
    device = re.search(r'"sensor":"(device-\d+)"', files["hub.txt"])[1]
    true(f"Sensor={device}\n" in files["configuration.txt"], "the sensor has one name only")
    true(f"dev_{device} {device} ?[31mred" in files["journal.txt"], files["journal.txt"][-300:])
    true("ActiveState=active" in files["service.txt"] and "LoadCredential=mqtt-password:" in files["service.txt"],
         "service")
    true("PasswordFile=pw" in files["configuration.txt"], "where a secret is kept is none")
    true("in use by the hub" in files["store.txt"], files["store.txt"])
    true("repcastctl 0" in files["system.txt"], "version")
    daemon.kill()


def it_needs_nothing():
    house = House()
    house.config.unlink()
    house.program("bin/journalctl", "exit 1")
    path = str(house.root / "report.tar.gz")
    equal(house.run("bugreport", path)[0], 0, "exit status")
    files = read(path)
    true("config-missing" in files["doctor.txt"] or "there is no" in files["doctor.txt"], files["doctor.txt"])
    true("no journal" in files["journal.txt"], files["journal.txt"])


def a_file_that_is_there_stays():
    house = House()
    path = house.write("report.tar.gz", "mine")
    status, _, err = house.run("bugreport", str(path))
    equal((status, "--force" in err, path.read_text()), (73, True, "mine"), "a file in the way")
    equal(house.run("bugreport", "--force", str(path))[0], 0, "--force")
    true(len(read(path)) == len(PARTS), "the report")
    link = house.root / "link.tar.gz"
    os.symlink(house.root / "victim", link)
    equal(house.run("bugreport", str(link))[0], 73, "a link in the way")
    true(not (house.root / "victim").exists(), "what it leads to")
    equal(house.run("bugreport", "/nowhere/x.tar.gz")[0], 73, "no such folder")
    house.program("bin/tar", "exit 2")
    equal(house.run("bugreport", str(house.root / "other.tar.gz"))[0], 71, "without tar")
    true(not (house.root / "other.tar.gz").exists(), "half a report is left")
    equal(house.run("bugreport", "a", "b")[0], 64, "two files")


def its_name_is_the_day():
    house = House()
    environment = house.environment()
    done = subprocess.run([os.path.abspath(gym.CTL), "bugreport", "--root", str(house.root)], cwd=house.root, env=environment,
                          capture_output=True, text=True, check=False)
    equal(done.returncode, 0, done.stderr)
    equal(len(list(house.root.glob("repcast-bugreport-2*.tar.gz"))), 1, "a report in the folder where one is")


if __name__ == "__main__":
    if not BROKER or not gym.DBUS_DAEMON or not OPENSSL:
        print("1..0 # SKIP mosquitto, dbus-daemon or openssl is not installed")
        sys.exit(0)
    sys.exit(Tap([nothing_that_is_nobodys_business, it_needs_nothing, a_file_that_is_there_stays, its_name_is_the_day]).run())
