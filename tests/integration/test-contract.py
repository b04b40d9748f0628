#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a real hub says, held against what is promised: the schemas, the AsyncAPI document, the examples for people."""

import copy
import json
import os
import re
import sys

sys.dont_write_bytecode = True  # not into the source tree
sys.path.insert(0, os.path.join(os.environ.get("srcdir", "."), "tests/integration"))
import contract  # noqa: E402
import gym  # noqa: E402
from broker import BROKER, Tap  # noqa: E402
from contract import ATHLETE, DOC, HOSTILE, Day, schema_names, schema_of, validator, variant  # noqa: E402
from hub import SRC, equal, true  # noqa: E402

# Fields that may be left out, by schema; every other one is always there, null where it is not known.
OPTIONAL = {"query": {"v", "session", "limit", "station", "athlete", "exercise", "since_ms", "until_ms", "after"},
            "command": {"v", "by", "seconds", "profile", "move", "athlete", "prescription", "load_kg", "one_rm_kg", "exercise",
                        "defaults", "rotate", "set", "rep"},
            "amend": {"ref"}, "rep": {"stands", "reason", "amended"}, "set": {"amended"}}
DAY = None


def day():
    global DAY  # pylint: disable=global-statement
    DAY = DAY or Day()
    return DAY


# ---- the schemas by themselves ----

def objects(schema, path=""):
    """Every part of a schema that describes an object by its fields."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield path, schema
        for key, value in schema.items():
            yield from objects(value, f"{path}/{key}")
    elif isinstance(schema, list):
        for i, value in enumerate(schema):
            yield from objects(value, f"{path}/{i}")


def references(document):
    if isinstance(document, dict):
        if isinstance(document.get("$ref"), str):
            yield document["$ref"]
        for value in document.values():
            yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)


def resolve(folder, document, reference):
    """What a reference leads to; KeyError, IndexError or an error of the file where it leads nowhere."""
    path, _, pointer = reference.partition("#")
    if path:
        with open(os.path.join(folder, path), encoding="utf-8") as f:
            document = json.load(f)
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def schemas_are_strict():
    parts = ("/$defs/head", "/$defs/event", "/$defs/figures")  # closed by the schema that they are a part of
    for name in (*schema_names(), "common"):
        schema = contract.load(name)
        contract.jsonschema.Draft202012Validator.check_schema(schema)
        for path, part in objects(schema):
            if re.search(r"/oneOf/\d+$", path) and "type" not in part:
                continue  # a variant of what is closed around it
            closed = part.get("additionalProperties", part.get("unevaluatedProperties"))
            true(closed is False or (name == "common" and path in parts), f"{name}.json{path} lets unknown fields pass")
            if (name, path) == ("common", "/$defs/assignment"):
                continue  # who uses it says what of it is required
            optional = set(part["properties"]) - set(part.get("required", ()))
            true(optional <= OPTIONAL.get(name, set()), f"{name}.json{path}: {optional} may be missing")
        for reference in references(schema):
            resolve(DOC + "/schema", schema, reference)


# ---- real messages ----

def every_message_fits():
    validators = {name: validator(name) for name in schema_names()}
    seen = set()
    refused = {m["id"] for m in day().of("reply") if m["error"] and m.get("code", "InvalidArgument") == "InvalidArgument"}
    for topic, message in day().messages:
        name = schema_of(message)
        if message.get("id") in refused and message["type"] != "reply":
            true(name not in validators or not validators[name].is_valid(message), f"the hub refused what fits: {message}")
            continue
        true(name in validators, f"no schema for {topic}: {message}")
        error = next(validators[name].iter_errors(message), None)
        true(error is None, f"{topic}: {str(error)[:2000]}")
        seen.add(name)
    equal(set(validators) - seen, set(), "schemas of which there was no message")
    return f"{len(day().messages)} messages, {len({variant(m) for _, m in day().messages})} kinds"


def faults_of(value, path=()):
    """Copies of a message's parts with one fault each: (path, what, fault)."""
    yield path, "another type", "text" if isinstance(value, (dict, list)) else {"no": "such"}
    if isinstance(value, dict):
        yield path, "an unknown field", {**value, "no_such_field": None}
        for key, inner in value.items():
            yield path, f"no {key}", {k: v for k, v in value.items() if k != key}
            yield from faults_of(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield from faults_of(value[0], (*path, 0))


def with_fault(message, path, fault):
    if not path:
        return fault
    message = copy.deepcopy(message)
    part = message
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = fault
    return message


def every_fault_is_found():
    validators = {name: validator(name) for name in schema_names()}
    kinds = {variant(m): m for _, m in reversed(day().messages) if schema_of(m) in validators}
    tried = set()
    for kind, message in kinds.items():
        name = schema_of(message)
        if not validators[name].is_valid(message):
            continue  # asked in order to be refused
        for path, what, fault in faults_of(message):
            if what.startswith("no ") and what[3:] in OPTIONAL.get(name, ()):
                continue
            if (name, path, what) in tried or path[:2] == ("events", 0):
                continue  # events in a reply are messages of their own
            true(not validators[name].is_valid(with_fault(message, path, fault)), f"{kind}: {'/'.join(map(str, path))}: {what}")
            tried.add((name, path, what))
    true(len(tried) > 500, f"only {len(tried)} faults were tried")
    return f"{len(tried)} faults in {len(kinds)} messages"


# ---- AsyncAPI ----

def asyncapi():
    with open(DOC + "/asyncapi.json", encoding="utf-8") as f:
        return json.load(f)


def asyncapi_is_well_formed():
    document = asyncapi()
    with open(SRC + "/tests/contract/asyncapi-3.0.0.json", encoding="utf-8") as f:
        published = contract.jsonschema.Draft7Validator(json.load(f))
    error = next(published.iter_errors(document), None)
    true(error is None, f"doc/asyncapi.json: {error}")
    for fault in ({"channels": 1}, {"asyncapi": "2.6.0"}, {"colour": "red"},
                  {"operations": {"x": {"action": "shout", "channel": {"$ref": "#/channels/rep"}}}}):
        true(not published.is_valid({**document, **fault}), f"{fault} passes AsyncAPI's own schema")
    for reference in references(document):
        resolve(DOC, document, reference)
    for reference in ("#/channels/none", "schema/none.json"):
        try:
            resolve(DOC, document, reference)
        except (KeyError, OSError):
            continue
        raise AssertionError(f"{reference} leads somewhere")
    payloads = {m["payload"]["schema"]["$ref"] for m in document["components"]["messages"].values()}
    equal(payloads, {f"schema/{name}.json" for name in schema_names()}, "payloads, each with its schema")


def pattern(address):
    """A channel's address as a regular expression; here the prefix has one level, as all others."""
    parts = re.split(r"\{\w+\}", address)
    return re.compile("[^/]+".join(map(re.escape, parts)))


def channels_are_the_topics():
    document = asyncapi()
    operations = document["operations"].values()
    sent, taken = ({o["channel"]["$ref"].rsplit("/", 1)[1]: o for o in operations if o["action"] == action}
                   for action in ("send", "receive"))
    patterns = {name: pattern(channel["address"]) for name, channel in document["channels"].items()}
    equal(set(patterns), set(sent) | set(taken), "channels that have an operation")
    told = set()
    for topic, qos, retained in day().published():
        fit = [name for name in sent if patterns[name].fullmatch(topic)]
        equal(len(fit), 1, f"channels {fit} for {topic}")
        mqtt = sent[fit[0]]["bindings"]["mqtt"]
        equal((mqtt["qos"], mqtt["retain"]), (qos, retained), f"QoS and retained of {topic}")
        told.add(fit[0])
    equal(set(sent) - told, set(), "channels on which nothing came")
    for topic, message in day().messages:
        fit = [name for name, p in patterns.items() if p.fullmatch(topic)]
        equal(len(fit), 1, f"channels {fit} for {topic}")
        payload = next(iter(document["channels"][fit[0]]["messages"]))
        if schema_of(message) in schema_names():
            equal(payload, schema_of(message), f"payload on {topic}")
    own = {f"repcast/gym/{leaf}" for leaf in ("status", "owner", "sensor/+/state", "station/+/state")}
    own.add("homeassistant/device/repcast__gym/config")  # all of these it says itself
    heard = day().subscribed()
    true(own <= heard, f"subscriptions {heard}")
    wanted = {re.sub(r"\{\w+\}", "+", document["channels"][name]["address"].replace("{prefix}/{hub}", "repcast/gym"))
              for name in taken}
    equal(heard - own, wanted, "topics that the hub listens to")


# ---- people ----

def examples_are_current():
    path = DOC + "/mqtt.md"
    validators = {name: validator(name) for name in schema_names()}
    shown = set()
    for example in contract.examples(path):
        name = schema_of(example)
        error = next(validators[name].iter_errors(example), None)
        true(error is None, f"example {json.dumps(example)[:80]}: {str(error)[:2000]}")
        real = contract.choose(day(), example)
        true(real is not None, f"no message like the example {variant(example)}")
        true(contract.same_form(contract.form(example), contract.form(real)),
             f"the example of {variant(example)} is not what is sent; make doc-examples writes it anew:\n{example}\n{real}")
        shown.add(name)
    equal(set(validators) - shown, set(), "payloads without an example in doc/mqtt.md")
    with open(path, encoding="utf-8") as f:
        blocks = contract.BLOCK.findall(f.read())
    equal([block for block in blocks if block != contract.render(json.loads(block))], [], "blocks that were edited by hand")
    message = {"type": "rep", "a": {"b": 1.5, "c": [{"d": "x"}]}, "e": None}
    for change, same in (({}, True), ({"a": {"b": 2, "c": []}}, True), ({"e": "text"}, True), ({"f": 1}, False),
                         ({"a": {"b": "1", "c": []}}, False), ({"a": {"c": [], "b": 1}}, False),
                         ({"a": {"b": 1, "c": [{"d": 1}]}}, False)):
        equal(contract.same_form(contract.form(message), contract.form({**message, **change})), same, f"form with {change}")


def hostile_names_do_no_harm():
    topics = {topic for topic, _, _ in day().published()}
    true(f"repcast/gym/station/{HOSTILE}/rep" in topics, "topics of the station with the hostile name")
    for topic in topics:
        true(not set(topic) & set("+#") and topic.isprintable(), f"topic {topic!r}")
        true(re.fullmatch(r"repcast/gym/(status|owner|health|sensor/[^/]+/state|station/[^/]+/\w+|(station/[^/]+/)?reply/[^/]+)", topic), topic)
    reps = [m for _, m in day().messages if m["type"] == "rep" and m["station"] == HOSTILE]
    equal({m["athlete"] for m in reps}, {ATHLETE}, "the athlete's name, as it was given")
    asked = [m["id"] for _, m in day().messages if m["type"] == "reply" and "☃" in m["id"]]
    equal(asked, ['</b>"\\☃/+#'], "an asker's id, as it was given")
    names = [m["name"] for _, m in day().messages if m["type"] == "sensor" and m["sensor"] == contract.OTHER]
    true(names and all(name is None or name.isprintable() for name in names), f"names of the hostile sensor {names!r}")


if __name__ == "__main__":
    for tool, what in ((BROKER, "mosquitto"), (gym.DBUS_DAEMON, "dbus-daemon"), (contract.jsonschema, "python3-jsonschema")):
        if not tool:
            print(f"1..0 # SKIP {what} is not installed")
            sys.exit(0)
    sys.exit(Tap([schemas_are_strict, every_message_fits, every_fault_is_found, asyncapi_is_well_formed, channels_are_the_topics,
                  examples_are_current, hostile_names_do_no_harm]).run())
