# SPDX-License-Identifier: Apache-2.0
"""The examples of conf/mosquitto as running brokers. Only places and ports are put in: every other line is the
example's."""

import os
import re
import socket
import ssl
import subprocess
import tempfile

from broker import Broker, free_port, wait_for
from hub import SRC, WORK

EXAMPLES = os.path.join(SRC, "conf/mosquitto")
CERTS = os.path.join(WORK, "certs")


def certificates(kind, *names):
    done = subprocess.run([os.path.join(EXAMPLES, "certificates.sh"), CERTS, kind, *names], capture_output=True,
                          text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"certificates.sh {kind} {names}: {done.stderr[-500:]}")


def example(name, *replacements):
    """The lines of an example. A pattern that it does not have is a fault of the test."""
    with open(os.path.join(EXAMPLES, name), encoding="utf-8") as f:
        text = f.read()
    for pattern, to in replacements:
        text, n = re.subn(pattern, to, text, flags=re.M)
        if n == 0:
            raise AssertionError(f"{name}: nothing fits {pattern!r}")
    return text.splitlines()


def passwords(**users):
    """A list of hashed passwords."""
    path = tempfile.mkstemp(dir=WORK)[1]
    with open(path, "w", encoding="ascii") as f:
        f.writelines(f"{user}:{password}\n" for user, password in users.items())
    subprocess.run(["mosquitto_passwd", "-U", path], check=True)
    return path


def gym_broker(**more):
    """The gym's broker; broker.tls and broker.web are its ports. A plain one for the test itself is added, whose user is
    "test" and may read everything."""
    tls, web = free_port(), free_port()
    folder = tempfile.mkdtemp(dir=WORK)
    acl = os.path.join(folder, "gym.acl")
    with open(acl, "w", encoding="ascii") as f:
        f.write("\n".join(example("gym.acl")) + "\nuser test\ntopic readwrite #\n")
    users = passwords(wall="wall-password", coach="coach-password", test="test-password")
    lines = example("gym.conf", (r"/etc/mosquitto/certs", CERTS), (r"/etc/mosquitto/gym.acl", acl),
                    (r"/etc/mosquitto/gym.passwd", users), (r"^listener 8883$", f"listener {tls}"),
                    (r"^listener 9001$", f"listener {web}"), (r"/usr/share/repcast/dashboard", folder))
    broker = Broker(lines=lines, **more)
    for port in (tls, web):  # its listeners open one after the other
        wait_for("a listener", lambda p=port: is_open(p))
    broker.tls, broker.web, broker.folder = tls, web, folder
    return broker


def bridge(hub, address, *more):
    """Lines for the broker of a hub."""
    return example("bridge.conf", (r"hub-1", hub), (r"gym-broker.example:8883", address),
                   (r"/etc/mosquitto/certs/ca.crt", CERTS + "/ca.crt"),
                   (r"/etc/mosquitto/certs/hub\.", f"{CERTS}/{hub}."),
                   (r"^keepalive_interval 15$", "keepalive_interval 5"),  # the least there is
                   (r"^restart_timeout 1 30$", "restart_timeout 1 2"), *more)


def is_open(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def as_hub(name):
    """TLS as that hub."""
    context = ssl.create_default_context(cafile=CERTS + "/ca.crt")
    if name:
        context.load_cert_chain(f"{CERTS}/{name}.crt", f"{CERTS}/{name}.key")
    return context
