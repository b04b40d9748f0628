#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the fields of all payloads into man/repcast-mqtt.7, from doc/schema: what stands between the two comments there.
Run by "make doc-examples"; tests/integration/test-mqtt-man.py shows that the page is current.

    mqtt-man.py SCHEMAS PAGE [--print]"""

import json
import os
import re
import sys

SECTIONS = (("status", "B/status"), ("health", "B/health"), ("owner", "B/owner"), ("sensor", "B/sensor/ADDRESS/state"),
            ("state", "S/state"), ("live", "S/live"), ("phase", "S/phase"), ("rep", "S/rep"), ("set", "S/set"),
            ("amend", "S/amend"), ("rejected", "S/rejected"), ("fatigue", "S/fatigue"), ("advice", "S/advice"),
            ("safety", "S/safety"))
SHARED = (("head", "What all messages of a station begin with"), ("event", "What all events have"),
          ("figures", "The figures of a repetition"))
BLOCK = re.compile(r'(?<=\.\\" fields, by scripts/mqtt-man\.py\n).*?(?=\.\\" end of fields\n)', re.S)


class Schemas:
    def __init__(self, folder):
        self.folder, self.common = folder, self.load_from(folder, "common")["$defs"]

    @staticmethod
    def load_from(folder, name):
        with open(os.path.join(folder, name + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def load(self, name):
        return self.load_from(self.folder, name)

    def resolve(self, schema):
        """What a reference means; words of the place stand before those of the definition, which are common to all."""
        while "$ref" in schema:
            found = {"$defs": self.common}
            for part in schema["$ref"].partition("#/")[2].split("/"):
                found = found[part]
            schema = {**{k: v for k, v in found.items() if k != "description"},
                      **{k: v for k, v in schema.items() if k != "$ref"}}
        return schema

    def parts(self, schema):
        """The fields inside of a field; of an array, those of its items; {}: it is a plain one."""
        schema = self.resolve(schema)
        found = dict(schema.get("properties", {}))
        for variant in schema.get("oneOf", ()):
            found = {**self.parts(variant), **found}
        return found or ("items" in schema and self.parts(schema["items"])) or {}

    def words(self, schema):
        schema = self.resolve(schema)
        values = schema.get("enum") or self.resolve(schema.get("items") or {}).get("enum") or ()
        listed = ", ".join("null" if v is None else v for v in values)
        return ": ".join(filter(None, (schema.get("description", ""), listed)))

    def brief(self, fields):
        """Fields inside of a field, in one line."""
        shown = []
        for name, schema in fields.items():
            inner = self.brief(self.parts(schema)) or self.words(schema)
            shown.append(f"{name} ({inner})" if inner else name)
        return ", ".join(shown)


def listing(schemas, fields, skip=()):
    out, plain = [".Bl -tag -width Ds -compact"], []
    for name, schema in fields.items():
        inner, words = schemas.brief(schemas.parts(schema)), schemas.words(schema)
        text = "; ".join(filter(None, (words, "with " + inner if inner else "")))
        if name in skip:
            continue
        if not text:
            plain.append(name)
            continue
        listed = re.fullmatch(r"[a-z_-]+(, [a-z_-]+)+", text)
        out += [f".It Cm {name}", ("One of " + text if listed else text[0].upper() + text[1:]) + "."]
    if plain:
        out += [".It Cm " + " , ".join(plain), "As name and unit say."]
    return out + [".El"]


def section(schemas, name, topic):
    schema = schemas.load(name)
    shared = [title for key, title in SHARED if any(s["$ref"].endswith("/" + key) for s in schema.get("allOf", ()))]
    out = [f".Ss {topic}", schema["description"].replace(". ", ".\n")]  # mdoc wants a line for each sentence
    if shared:
        out += ["Besides:", "; ".join(t[0].lower() + t[1:] for t in shared) + "."]
    return out + listing(schemas, schemas.parts(schema), ("v", "type", "late"))


def asked(schemas, name, topic):
    """Queries and commands: a line for each."""
    out = [f".Ss {topic}", schemas.load(name)["description"], ".Bl -tag -width Ds -compact"]
    for variant in schemas.load(name)["oneOf"]:
        fields, needed = variant["properties"], variant["required"]
        shown = [f"{f}{'' if f in needed else ' (optional)'}" for f in fields if f not in ("v", "type", "id", "sent_ms", "by")]
        out += [f".It Cm {fields['type']['const']}", (", ".join(shown) or "No fields of its own") + "."]
    return out + [".El"]


def answered(schemas):
    out = [".Ss B/reply/ID, S/reply/ID", "The answer to the question or command with this id.", ".Bl -tag -width Ds -compact"]
    for variant in schemas.load("reply")["oneOf"]:
        out += [f".It {variant['title']}", ", ".join(f for f in variant["properties"] if f not in ("v", "type")) + "."]
    return out + [".El"]


def fields(folder):
    schemas, out = Schemas(folder), []
    for key, title in SHARED:
        out += [f".Ss {title}", *listing(schemas, schemas.common[key]["properties"])]
    for name, topic in SECTIONS:
        out += section(schemas, name, topic)
    out += asked(schemas, "query", "B/query") + asked(schemas, "command", "B/cmd, S/cmd") + answered(schemas)
    return "\n".join(line.replace("\\", "\\e") for line in out) + "\n"


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as page:
        text = page.read()
    new = BLOCK.sub(lambda _: fields(sys.argv[1]), text)
    if "--print" in sys.argv:
        sys.stdout.write(new)
    elif new != text:
        with open(sys.argv[2], "w", encoding="utf-8") as page:
            page.write(new)
