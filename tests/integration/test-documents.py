#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents as somebody finds them who comes anew: links lead somewhere, scripts that are named are there, indexes are
complete."""

import glob
import os
import re
import sys

sys.dont_write_bytecode = True  # not into the source tree
SRC = os.path.abspath(os.environ.get("srcdir", "."))
sys.path.insert(0, os.path.join(SRC, "tests/integration"))
from broker import Tap  # noqa: E402

DOCUMENTS = sorted(p for pattern in ("*.md", "doc/*.md", "doc/adr/*.md", "conf/*/*.md", "tests/*/*.md")
                   for p in glob.glob(f"{SRC}/{pattern}"))


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def words(path):
    """A document without what it quotes."""
    return re.sub(r"^```.*?^```|^    .*?$|`[^`\n]*`", "", read(path), flags=re.S | re.M)


def anchors(path):
    heads = re.findall(r"^#+ (.*)$", read(path), re.M)
    return {re.sub(r"[^\w\- ]", "", re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", head)).strip().lower().replace(" ", "-") for head in heads}


def links_lead_somewhere():
    lost, seen = [], 0
    for path in DOCUMENTS:
        for target in re.findall(r"\]\(([^)\s]+)\)", words(path)):
            if re.match(r"[a-z]+:", target):
                continue
            seen += 1
            file, _, anchor = target.partition("#")
            there = os.path.normpath(os.path.join(os.path.dirname(path), file)) if file else path
            if not os.path.exists(there) or anchor and anchor not in anchors(there):
                lost.append(f"{os.path.relpath(path, SRC)}: {target}")
    if lost:
        raise AssertionError("\n".join(lost))
    assert seen > 50, f"only {seen} links"
    return f"{seen} links in {len(DOCUMENTS)} documents"


def every_document_is_found():
    """From README.md, over links."""
    reached, todo = set(), [SRC + "/README.md"]
    while todo:
        path = todo.pop()
        if path in reached or not path.endswith(".md") or not os.path.exists(path):
            continue
        reached.add(path)
        todo += [os.path.normpath(os.path.join(os.path.dirname(path), t.partition("#")[0])) for t in re.findall(r"\]\(([^)\s]+)\)", read(path))]
    lost = [os.path.relpath(p, SRC) for p in DOCUMENTS if p not in reached]
    if lost:
        raise AssertionError(f"no link leads to {lost}")


def scripts_that_are_named_are_there():
    lost = []
    for path in DOCUMENTS:
        for script in re.findall(r"\b((?:scripts|tests|conf|systemd|src|include|man)/[\w./-]+\.(?:sh|py|c|h|conf|[1-8]))\b", read(path)):
            if not os.path.exists(f"{SRC}/{script}"):
                lost.append(f"{os.path.relpath(path, SRC)}: {script}")
    if lost:
        raise AssertionError("\n".join(lost))


def decisions_are_listed():
    listed = re.findall(r"\((\d{4}-[\w-]+\.md)\)", read(SRC + "/doc/adr/README.md"))
    there = sorted(os.path.basename(p) for p in glob.glob(SRC + "/doc/adr/0*.md"))
    if listed != there:
        raise AssertionError(f"doc/adr/README.md lists {listed}, there are {there}")


if __name__ == "__main__":
    sys.exit(Tap([links_lead_somewhere, every_document_is_found, scripts_that_are_named_are_there, decisions_are_listed]).run())
