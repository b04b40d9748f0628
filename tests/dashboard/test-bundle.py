#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The committed bundle of the dashboard is the one that its sources make, as far as that can be told without npm, and the
page asks for nothing that mosquitto cannot serve."""

import hashlib
import json
import os
import re
import sys

sys.dont_write_bytecode = True  # not into the source tree
SRC = os.environ.get("srcdir", ".")
sys.path.insert(0, os.path.join(SRC, "tests/integration"))
from broker import Tap  # noqa: E402

PAGE = os.path.join(SRC, "dashboard")


def read(name):
    with open(os.path.join(PAGE, name), "rb") as f:
        return f.read()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def sources():
    names = ["build.js", "package.json", "package-lock.json"]
    for folder, _, files in os.walk(os.path.join(PAGE, "src")):
        names += [os.path.relpath(os.path.join(folder, name), PAGE) for name in files]
    return sorted(names)


def bundle():
    return json.loads(read("bundle.json"))


def the_sources_are_those_that_were_bundled():
    lines = "".join(f"{name} {sha256(read(name))}\n" for name in sources())
    if sha256(lines.encode()) != bundle()["sources"]:
        raise AssertionError("dashboard/src was changed: run `npm ci && npm run build` in dashboard/")


def the_bundle_is_as_it_was_made():
    for name, wanted in bundle()["files"].items():
        if sha256(read(name)) != wanted:
            raise AssertionError(f"dashboard/{name} was changed by hand: run `npm run build` in dashboard/")


def every_package_in_it_has_version_hash_and_licence():
    lock = json.loads(read("package-lock.json"))["packages"]
    texts = read("THIRD-PARTY.txt").decode()
    names = {p["name"] for p in bundle()["packages"]}
    for needed in ("mqtt", "uplot"):
        if needed not in names:
            raise AssertionError(f"{needed} is not named")
    for package in bundle()["packages"]:
        entry = lock["node_modules/" + package["name"]]
        if (entry["version"], entry["integrity"]) != (package["version"], package["integrity"]):
            raise AssertionError(f"{package['name']}: not as in package-lock.json")
        if not package["licence"] or f"{package['name']} {package['version']} ({package['licence']})" not in texts:
            raise AssertionError(f"{package['name']}: THIRD-PARTY.txt lacks its licence")
    return f"{len(names)} packages"


def the_page_is_what_a_bare_server_can_serve():
    html = read("index.html").decode()
    for wanted in (r'<script src="repcast\.js" defer></script>', r'<link rel="stylesheet" href="repcast\.css">',
                   r'<!doctype html>', r'<html lang="en">'):
        if not re.search(wanted, html):
            raise AssertionError(f"index.html lacks {wanted}")
    if re.search(r"type=.module", html) or re.search(r"<style|\son[a-z]+=|\sstyle=|<script(?! src=)", html):
        raise AssertionError("index.html holds a module, or inline script or style")
    script = read("repcast.js").decode()
    if re.search(r"^\s*(import|export)\b", script, re.M):
        raise AssertionError("repcast.js is a module")


def the_policy_is_strict():
    html = read("index.html").decode()
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html).group(1)
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    wanted = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "connect-src": "'self'",
              "base-uri": "'none'", "form-action": "'none'", "require-trusted-types-for": "'script'", "trusted-types": "'none'"}
    for key, value in wanted.items():
        if rules.get(key) != value:
            raise AssertionError(f"{key} is {rules.get(key)}")


def no_text_stands_outside_the_table():
    """A word in a view is a word that nobody translates: literals in views are keys, classes and units of layout."""
    for name in sources():
        if not name.startswith("src/view/") or name in ("src/view/text.js",):
            continue
        for number, line in enumerate(read(name).decode().splitlines(), 1):
            if line.lstrip().startswith(("//", "import", "}")):
                continue
            for literal in re.findall(r"'([^']*)'", line):
                if re.search(r"[A-Z][a-z]+ [a-z]+|^[A-Z][a-z]{2,}$", literal):
                    raise AssertionError(f"{name}:{number}: {literal!r} belongs into text.js")


def markup_is_never_made_of_data():
    banned = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|DOMParser|createContextualFragment|srcdoc"
    for name in sources():
        if name.startswith("src/") and re.search(banned, read(name).decode()):
            raise AssertionError(f"{name}: {re.search(banned, read(name).decode()).group(0)}")


sys.exit(Tap([the_sources_are_those_that_were_bundled, the_bundle_is_as_it_was_made,
              every_package_in_it_has_version_hash_and_licence, the_page_is_what_a_bare_server_can_serve,
              the_policy_is_strict, no_text_stands_outside_the_table, markup_is_never_made_of_data]).run())
