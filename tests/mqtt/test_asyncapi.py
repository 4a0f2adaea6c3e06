"""docs/mqtt.asyncapi.json against the topics, the access list and the bounds of the code."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema
import pytest

from headquarters.broker.setup import HEADQUARTERS, access_list
from terminal.core import messages, topics
from terminal.core.known_stays import MAX_PAGE_BYTES
from terminal.core.signed_note import MAX_NOTE_BYTES

DOCS = Path(__file__).parents[2] / "docs"
API: dict[str, Any] = json.loads((DOCS / "mqtt.asyncapi.json").read_text(encoding="utf-8"))
PARAMETERS = {"terminal": "gate-1", "site": "4711", "file": "targets/cards.bin", "sha256": 64 * "a", "count": "3",
              "n": "2", "page": "0"}  # fmt: skip

REFERENCE = {
    "type": "object",
    "properties": {"$ref": {"type": "string", "pattern": "^#/"}},
    "required": ["$ref"],
    "additionalProperties": False,
}
SERVER = {
    "type": "object",
    "properties": {
        "host": {"type": "string"}, "protocol": {"const": "secure-mqtt"}, "protocolVersion": {"const": "5.0"},
        "description": {"type": "string"}, "variables": {"type": "object"},
        "security": {"type": "array", "items": REFERENCE, "minItems": 1},
    },
    "required": ["host", "protocol", "security"],
    "additionalProperties": False,
}  # fmt: skip
CHANNEL = {
    "type": "object",
    "properties": {
        "address": {"type": "string"}, "title": {"type": "string"},
        "parameters": {"type": "object", "additionalProperties": REFERENCE},
        "messages": {"type": "object", "additionalProperties": REFERENCE, "minProperties": 1},
    },
    "required": ["address", "title", "messages"],
    "additionalProperties": False,
}  # fmt: skip
BINDING = {
    "type": "object",
    "properties": {"qos": {"const": 1}, "retain": {"type": "boolean"}},
    "required": ["qos"],
    "additionalProperties": False,
}
OPERATION = {
    "type": "object",
    "properties": {
        "action": {"enum": ["send", "receive"]}, "channel": REFERENCE,
        "tags": {"type": "array", "items": {"type": "object", "required": ["name"]}, "minItems": 1, "maxItems": 1},
        "messages": {"type": "array", "items": REFERENCE, "minItems": 1},
        "bindings": {"type": "object", "properties": {"mqtt": BINDING}, "required": ["mqtt"],
                     "additionalProperties": False},
    },
    "required": ["action", "channel", "messages", "bindings", "tags"],
    "additionalProperties": False,
}  # fmt: skip
MESSAGE = {
    "type": "object",
    "properties": {"contentType": {"type": "string"}, "title": {"type": "string"}},
    "patternProperties": {"^x-[a-z-]+$": {}},
    "required": ["contentType", "title", "x-max-bytes"],
    "additionalProperties": False,
}
DOCUMENT = {
    "type": "object",
    "properties": {
        "asyncapi": {"const": "3.0.0"},
        "info": {"type": "object", "required": ["title", "version"]},
        "defaultContentType": {"type": "string"},
        "servers": {"type": "object", "additionalProperties": SERVER},
        "channels": {"type": "object", "additionalProperties": CHANNEL},
        "operations": {"type": "object", "additionalProperties": OPERATION},
        "components": {
            "type": "object",
            "properties": {
                "securitySchemes": {"type": "object"}, "parameters": {"type": "object"},
                "messages": {"type": "object", "additionalProperties": MESSAGE},
            },
            "additionalProperties": False,
        },
    },
    "required": ["asyncapi", "info", "servers", "channels", "operations", "components"],
    "additionalProperties": False,
}  # fmt: skip
"""What of AsyncAPI 3.0 this document uses; any word besides is a mistake in it."""


def follow(reference: dict[str, str]) -> Any:
    found: Any = API
    for step in reference["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return follow(found) if isinstance(found, dict) and "$ref" in found else found


def references(value: Any) -> list[dict[str, str]]:
    if isinstance(value, dict):
        own = [value] if "$ref" in value else []
        return own + [each for below in value.values() for each in references(below)]
    return [each for below in value for each in references(below)] if isinstance(value, list) else []


def topic(channel: dict[str, Any]) -> str:
    address: str = channel["address"]
    return address.format(**{name: PARAMETERS[name] for name in channel["parameters"]})


def allowed(user: str, action: str, address: str) -> bool:
    """Whether the access list lets this user do it, read as mosquitto reads it."""
    may = {"send": ("write", "readwrite"), "receive": ("read", "readwrite")}[action]
    whose = ""
    for rule in access_list([("gate-1", 4711), ("gate-2", 4712)]).splitlines():
        match rule.split(" "):
            case ["user", name]:
                whose = name
            case ["topic", kind, pattern] if whose == user and kind in may:
                words = re.escape(pattern).replace(r"\+", "[^/]+").replace(r"\#", ".+")
                if re.fullmatch(words, address):
                    return True
    return False


def test_document_is_an_asyncapi_3_document() -> None:
    jsonschema.validate(API, DOCUMENT)
    assert references(API)
    for reference in references(API):
        follow(reference)
    for channel in API["channels"].values():
        assert set(re.findall(r"{(\w+)}", channel["address"])) == set(channel["parameters"])


def test_every_topic_of_the_code_has_a_channel_and_every_channel_is_a_topic() -> None:
    own = {name for name, channel in API["channels"].items() if topics.read_own(topic(channel)) is not None}
    assert own == {*get_args(topics.Leaf), topics.STAYS}
    for name in own:
        assert topics.read_own(topic(API["channels"][name])) == ("gate-1", name)
    piece = topics.Piece(64 * "a", 3, 2)
    others = {name: topics.read_repository(topic(API["channels"][name])) for name in set(API["channels"]) - own}
    assert others == {
        "sharedFile": topics.RepositoryTopic(None, PARAMETERS["file"]),
        "sharedPiece": topics.RepositoryTopic(None, PARAMETERS["file"], piece),
        "siteFile": topics.RepositoryTopic(4711, PARAMETERS["file"]),
        "sitePiece": topics.RepositoryTopic(4711, PARAMETERS["file"], piece),
    }


@pytest.mark.parametrize("action", ["send", "receive"])
@pytest.mark.parametrize(("side", "user"), [("terminal", "gate-1"), ("headquarters", HEADQUARTERS)])
def test_broker_lets_each_side_do_what_the_document_says_and_no_more(side: str, user: str, action: str) -> None:
    said = {
        operation["channel"]["$ref"].removeprefix("#/channels/")
        for operation in API["operations"].values()
        if operation["action"] == action and operation["tags"] == [{"name": side}]
    }
    lets = {name for name, channel in API["channels"].items() if allowed(user, action, topic(channel))}
    assert said == lets


def test_other_terminal_may_do_nothing_there_but_read_the_shared_files() -> None:
    addresses = {name: topic(channel) for name, channel in API["channels"].items()}
    assert not any(allowed("gate-2", "send", address) for address in addresses.values())
    reads = {name for name, address in addresses.items() if allowed("gate-2", "receive", address)}
    assert reads == {"sharedFile", "sharedPiece"}


def test_bounds_and_shapes_are_those_of_the_code() -> None:
    bounds = {name: message["x-max-bytes"] for name, message in API["components"]["messages"].items()}
    small = messages.MAX_SMALL_BYTES
    assert bounds == {
        "batch": messages.MAX_BATCH_BYTES, "head": small, "presence": small, "replay": small, "command": small,
        "stays": MAX_PAGE_BYTES,
        "acknowledgement": MAX_NOTE_BYTES, "file": topics.MAX_WHOLE_BYTES, "piece": topics.MAX_WHOLE_BYTES,
    }  # fmt: skip
    rules = {message["x-cddl-rule"] for message in API["components"]["messages"].values() if "x-cddl-rule" in message}
    assert rules == {"batch", "head", "presence", "replay", "command", "stays"}
    text = (DOCS / "mqtt.cddl").read_text(encoding="utf-8")
    assert all(re.search(rf"^{rule} = ", text, re.MULTILINE) for rule in rules)
