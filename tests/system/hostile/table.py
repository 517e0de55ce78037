"""Reads the tables of hostile input beside it; what their members mean is said at their heads."""

import json
import pathlib
import re
from dataclasses import dataclass

import yaml

from actors.raw_client import properties_of

FOLDER = pathlib.Path(__file__).parent
REPEAT = re.compile(r"<([^<>]*?)\*(\d+)>", re.DOTALL)
GOOD, UNKNOWN = '{"description":"x"}', '{"nonsense":1}'
# What Mosquitto takes for a malformed topic: wildcards, control characters.
MALFORMED = re.compile(r"[+#\x00-\x1f\x7f-\x9f]")


def spell(text):
    """<x*3> is xxx."""
    return REPEAT.sub(lambda match: match[1] * int(match[2]), text)


def bytes_of(row, name, otherwise):
    """The member `name` as UTF-8, or `name_bytes` (for a payload, `bytes`) with a byte a character."""
    raw = row.get("bytes" if name == "payload" else f"{name}_bytes")
    if raw is not None:
        return spell(raw).encode("latin-1")
    text = row.get(name, otherwise)
    return None if text is None else spell(text).encode()


@dataclass
class Message:
    """A command that is to be refused, and how."""

    name: str
    topic: bytes
    payload: bytes
    qos: int
    is_retained: bool
    properties: bytes
    codes: list  # of the answer, one of these; empty: there is none
    field: str
    says: str
    may_be_silent: bool
    passes_broker: object  # True, False or "any"
    passes_wire: object  # True, False or the code that is answered there

    @property
    def answer_topic(self):
        suffix = b"/accepted" if self.codes == ["accepted"] else b"/rejected"
        return (self.topic + suffix).decode(errors="replace")

    @property
    def is_answerable(self):
        """Whether a topic can be made of this one by an ending."""
        try:
            text = self.topic.decode()
        except UnicodeDecodeError:
            return False
        return not re.search(r"[+#\0]", text) and len(self.topic) <= 65535 - len("/rejected")

    def mistake(self, answer):
        """What is wrong with the answer, or None."""
        code = answer.get("code", "accepted")
        if code not in self.codes:
            return f"{code}, not {self.codes}: {answer}"
        if self.field is not None and answer.get("field") != self.field:
            return f"field {answer.get('field')}, not {self.field}: {answer}"
        return None if self.says in answer.get("message", self.says) else f"not {self.says}: {answer}"


def payload_of(row, otherwise):
    if "things" in row:
        things = [f"thing-{number}" for number in range(row["things"])]
        return json.dumps({"description": "x", "namespaceId": "ns", "things": things,
                           "dryRun": row["code"] == "accepted"}).encode()
    payload = bytes_of(row, "payload", otherwise)
    return payload + b" " * (row.get("fill", 0) - len(payload))


def message(row, number, otherwise):
    codes = row.get("code", [])
    response = bytes_of(row, "response", None)
    correlation = b"c" * row["correlation"] if "correlation" in row else None
    return Message(
        name=str(row["name"]),
        topic=bytes_of(row, "topic", f"jobs-bridge/things/pump-1/jobs/hostile-{number}/update"),
        payload=payload_of(row, otherwise), qos=row.get("qos", 1),
        is_retained=row.get("retain", False),
        properties=properties_of(response, correlation, row.get("expiry"), row.get("content_type"),
                                 row.get("format"), row.get("user_properties", 0)),
        codes=[codes] if isinstance(codes, str) else codes, field=row.get("field"),
        says=row.get("says", ""), may_be_silent=row.get("nothing") == "any",
        passes_broker=row.get("broker", True), passes_wire=row.get("wire", True))


def identifiers(table):
    """Every identifier in every place, as rows."""
    for place in table["topics"]:
        for identifier in table["identifiers"]:
            is_malformed = bool(MALFORMED.search(identifier))
            yield {"name": f"{identifier!r} as {place['place']}", "code": "InvalidTopic",
                   "topic": place["topic"].replace("%s", identifier),
                   "field": "topic" if is_malformed else place["field"], "broker": not is_malformed}
    for place in table["payloads"]:
        for identifier in table["identifiers"] + table["strings"]:
            text = json.dumps(spell(identifier))
            yield {"name": f"{identifier!r} as {place['place']}", "code": "InvalidRequest",
                   "payload": place["payload"].replace("%s", text), "field": place["field"]}


def load(name):
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text())


def messages(name):
    """The messages of a table: payloads, topics, identifiers or properties."""
    rows = identifiers(load(name)) if name == "identifiers" else load(name)
    otherwise = UNKNOWN if name == "properties" else GOOD
    return [message(row, f"{name}-{number}", otherwise) for number, row in enumerate(rows)]


@dataclass
class Request:
    """Bytes for an HTTP port, and the statuses that may be answered; None among them: no answer."""

    name: str
    data: bytes
    statuses: set


def requests():
    for row in load("requests"):
        if row.get("all_bytes"):
            data = bytes(range(256)) * 4
        elif "bytes" in row:
            data = spell(row["bytes"]).encode("latin-1")
        else:
            data = spell(row["send"]).replace("\n", "\r\n").encode()
        statuses = {None if status == "none" else status for status in row["status"]}
        yield Request(row["name"], data, statuses)
