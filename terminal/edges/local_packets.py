"""A packet of the local socket, as both ends read it: one JSON object, in one way only (docs/socket.md)."""

import json
from typing import Any

MAX_PACKET_BYTES = 16 * 1024


def parse(packet: bytes) -> dict[str, Any] | None:
    """The JSON object in a packet; None when there is none, or one that could be read in two ways."""
    try:
        asked = json.loads(packet.decode(), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return asked if isinstance(asked, dict) else None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
