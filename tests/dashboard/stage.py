# SPDX-License-Identifier: Apache-2.0
"""What the dashboard's tests stand on: a mosquitto that serves the page and its web socket, and Debian's Chromium that
shows it, driven by python3-selenium."""

import atexit
import json
import os
import shutil
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # not into the source tree
SRC = os.environ.get("srcdir", os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
sys.path.insert(0, os.path.join(SRC, "tests/integration"))
from broker import PATIENCE_S, Broker, free_port, wait_for  # noqa: E402

PAGE = os.path.join(SRC, "dashboard")
PICTURES = os.environ.get("DASHBOARD_PICTURES") or os.path.join(os.environ.get("builddir", "."), "tests/dashboard/pictures")


class Stage:
    """mosquitto 2.0.11 does not start with web sockets alone: a plain listener stands beside them."""

    def __init__(self, lines=("allow_anonymous true",)):
        self.web = free_port()
        # Options after a listener line are that listener's.
        self.broker = Broker((*lines, f"listener {self.web}", "socket_domain ipv4", "protocol websockets",
                              f"http_dir {PAGE}", *lines[:1]))
        self.port = self.broker.port

    def url(self, route="#wall", query=""):
        return f"http://127.0.0.1:{self.web}/{query}{route}"


class Browser:
    """One window. CDP commands go through ChromeDriver."""

    def __init__(self, width=1920, height=1080):
        from selenium import webdriver  # apt: python3-selenium
        from selenium.webdriver.chrome.service import Service

        self.profile = tempfile.mkdtemp(prefix="repcast-browser-")
        atexit.register(shutil.rmtree, self.profile, ignore_errors=True)
        options = webdriver.ChromeOptions()
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                         "--disable-background-networking", "--hide-scrollbars", "--enable-precise-memory-info",
                         f"--user-data-dir={self.profile}"):
            options.add_argument(argument)
        options.binary_location = shutil.which("chromium")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        atexit.register(self.close)
        self.size(width, height)

    def size(self, width, height, mobile=False):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile)

    def cdp(self, method, **parameters):
        return self.driver.execute_cdp_cmd(method, parameters)

    def media(self, scheme="dark", motion="no-preference"):
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                         {"name": "prefers-reduced-motion", "value": motion}])

    def open(self, url):
        self.driver.get("about:blank")
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])].filter(e => e.offsetParent !== null)"
                        ".map(e => e.innerText)", selector)

    def wait(self, what, script, *arguments, seconds=PATIENCE_S):
        return wait_for(what, lambda: self.run(script, *arguments), seconds)

    def wait_text(self, selector, part, seconds=PATIENCE_S):
        return wait_for(f"“{part}” in {selector}", lambda: any(part in t for t in self.texts(selector)), seconds)

    def picture(self, name):
        os.makedirs(PICTURES, exist_ok=True)
        self.driver.save_screenshot(os.path.join(PICTURES, name + ".png"))

    def complaints(self):
        """What the page's console says that it should not: errors, refusals by the page's policy."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "ERROR")]

    def complaints_but(self, *expected):
        return [line for line in self.complaints() if not any(words in line for words in expected)]

    def close(self):
        if self.driver:
            try:
                self.driver.quit()
            finally:
                self.driver = None


def now_ms():
    return int(time.time() * 1000)


def dump(message):
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
