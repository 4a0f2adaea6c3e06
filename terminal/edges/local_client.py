"""The other end of the local socket: ask one thing, get its answer (docs/socket.md)."""

import json
import socket
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terminal.edges.local_packets import MAX_PACKET_BYTES, parse
from terminal.errors import XsError

ANSWER_S = 30.0
"""More than an order takes: its turn, the longest budget of the journal, the lane, and the journal again."""


class NotAsked(XsError):
    """The request did not reach a gate, so nothing was done."""


class NoAnswer(XsError):
    """The request was sent, and what came of it is not known."""


def ask(path: Path, request: Mapping[str, Any], within_s: float = ANSWER_S) -> dict[str, Any]:
    """Send `request` to the gate that serves on `path`, give its answer. Blocks for at most `within_s` and a second.

    Raises:
        NotAsked: no gate serves there, or this user cannot reach it.
        NoAnswer: it hung up, was silent, or answered what nobody can understand.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", 1, 0))  # a full queue is waited for
        try:
            wire.connect(str(path))
            wire.send(json.dumps(request).encode())
        except (BrokenPipeError, ConnectionResetError):
            raise NotAsked(
                f"{path}: the gate hung up: it ends, or too many of this user ask at once; try again"
            ) from None
        except PermissionError:
            raise NotAsked(f"{path}: this user may not reach it; the folders above it must be open to him") from None
        except OSError as error:
            why = error.strerror or str(error)
            raise NotAsked(
                f"{path}: no gate answers there ({why}); is it running (systemctl status xs-terminal-gate), and is this"
                " the `socket.path` of its gate.toml?"
            ) from None
        wire.settimeout(within_s)
        try:
            packet = wire.recv(MAX_PACKET_BYTES)
        except TimeoutError:
            raise NoAnswer(f"the gate did not answer within {within_s:g} s; {_LOOK}") from None
        except OSError:
            packet = b""
    if not packet:
        raise NoAnswer(f"the gate hung up without an answer; {_LOOK}")
    if (answer := parse(packet)) is None:
        raise NoAnswer(f"{path} answers in another language; is it the gate's socket? {_LOOK}")
    return answer


_LOOK = "it is not known whether anything was done: look at the barrier before you ask again"
