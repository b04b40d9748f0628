#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example flow for Node-RED: what an import would stumble over, and whether it asks for topics and fields that are."""

import json
import os
import re
import sys

sys.dont_write_bytecode = True  # not into the source tree
SRC = os.environ.get("srcdir", ".")
sys.path.insert(0, os.path.join(SRC, "tests/integration"))
from broker import Tap  # noqa: E402

# Types of Node-RED's core (4.x), with the properties without which one does not work.
CORE = {"tab": ["label"], "comment": [], "mqtt-broker": ["broker", "port"], "mqtt in": ["topic", "broker", "datatype", "qos"],
        "mqtt out": ["broker"], "switch": ["property", "rules", "outputs"], "change": ["rules"], "rbe": ["func", "property"],
        "template": ["template", "field"], "debug": ["complete"], "csv": ["temp", "sep"], "file": ["filename"]}


def load(path):
    with open(os.path.join(SRC, path), encoding="utf-8") as f:
        return json.load(f)


FLOW = load("doc/node-red-flow.json")
BY_ID = {node["id"]: node for node in FLOW}


def true(value, what):
    if not value:
        raise AssertionError(what)


def every_node_is_one_of_the_core_and_complete():
    true(len(BY_ID) == len(FLOW), "an id is there twice")
    for node in FLOW:
        true(node["type"] in CORE, f"{node['id']}: {node['type']} is no node of the core")
        for key in CORE[node["type"]]:
            true(key in node, f"{node['id']} lacks {key}")
        if node["type"] not in ("tab", "mqtt-broker"):
            true(BY_ID[node["z"]]["type"] == "tab" and "x" in node and "y" in node, f"{node['id']} lies nowhere")
        if node["type"] == "switch":
            true(node["outputs"] == len(node["rules"]) == len(node["wires"]), f"{node['id']}: outputs, rules and wires differ")


def every_wire_leads_somewhere():
    reached = set()
    for node in FLOW:
        for wire in [to for port in node.get("wires", []) for to in port]:
            true(wire in BY_ID and BY_ID[wire].get("z") == node["z"], f"{node['id']}: {wire} is not there")
            reached.add(wire)
        if node["type"].startswith("mqtt ") and node["type"] != "mqtt-broker":
            true(BY_ID.get(node["broker"], {}).get("type") == "mqtt-broker", f"{node['id']}: no such broker")
    for node in FLOW:
        if node["type"] not in ("tab", "comment", "mqtt-broker", "mqtt in"):
            true(node["id"] in reached, f"{node['id']}: nothing comes here")


def fields_of(kind):
    """Top-level fields of a message, from its schema."""
    found = set()

    def walk(schema):
        if isinstance(schema, dict):
            found.update(schema.get("properties", {}))
            for value in schema.values():
                walk(value)
        elif isinstance(schema, list):
            for value in schema:
                walk(value)

    walk(load(f"doc/schema/{kind}.json"))
    # The head is shared: what its schema refers to.
    for name in os.listdir(os.path.join(SRC, "doc/schema")):
        if name.endswith(".json") and name.removesuffix(".json") in ("head", "common", "station-head", "defs"):
            walk(load(f"doc/schema/{name}"))
    return found


def used(node):
    text = json.dumps(node)
    names = re.findall(r"payload((?:\.[a-z_0-9]+)+)", text)
    fields = {part for name in names for part in name.strip(".").split(".")}
    if node["type"] == "csv":
        fields |= set(node["temp"].split(","))
    return fields


def topics_and_fields_are_those_of_the_contract():
    checked = 0
    for start in (node for node in FLOW if node["type"] == "mqtt in"):
        match = re.fullmatch(r"repcast/\+/station/\+/([a-z]+)", start["topic"])
        true(match, f"{start['id']}: {start['topic']} is no topic of a station")
        known, todo, seen = fields_of(match.group(1)), [start["id"]], set()
        while todo:
            node = BY_ID[todo.pop()]
            if node["id"] in seen:
                continue
            seen.add(node["id"])
            for field in used(node):
                true(field in known, f"{node['id']}: {match.group(1)} has no {field}")
                checked += 1
            todo += [to for port in node.get("wires", []) for to in port]
    return f"{checked} fields"


sys.exit(Tap([every_node_is_one_of_the_core_and_complete, every_wire_leads_somewhere, topics_and_fields_are_those_of_the_contract]).run())
