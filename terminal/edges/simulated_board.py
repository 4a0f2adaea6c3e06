"""The relays and contacts of one lane on the simulated board: a Unix socket, one JSON object a packet.

The protocol stands in docs/simulated-board.md; the other end is a process of its own that outlives this one.
"""

import json
import queue
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from terminal.errors import HardwareError
from terminal.ports import Input, Output

ANSWER_S = 1.0
"""Most time that one order may take; a board that is slower counts as gone. The default of `answer_s`."""
PACKET_BYTES = 65536


class SimulatedBoard:
    """A `terminal.ports.LaneBoard`. Making one takes the lane's lines, which sets every output to its safe level.

    Raises:
        HardwareError: no board serves on the socket, somebody else holds the lane, or the board does not answer.
    """

    def __init__(self, path: Path, lane: int, *, answer_s: float = ANSWER_S) -> None:
        self._answer_s = answer_s
        self._name = f"simulated board on {path}, lane {lane}"
        self._answers: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._changed: Callable[[Input, bool], None] | None = None
        self._lock = threading.Lock()
        self._asked = 0
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            self._wire.settimeout(answer_s)
            self._wire.connect(str(path))
        except OSError as error:
            self._wire.close()
            raise HardwareError(
                f"{self._name}: cannot be reached ({error.strerror or error}); is it running?"
            ) from None
        self._wire.settimeout(None)
        self._wire.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(answer_s))
        self._reader = threading.Thread(target=self._read, name=f"board-lane-{lane}", daemon=True)
        self._reader.start()
        try:
            taken = self._ask({"gate": lane})
            self._outputs = frozenset(Output(name) for name in taken["outputs"])
        except HardwareError:
            self.close()
            raise
        except (KeyError, ValueError, TypeError):
            self.close()
            raise HardwareError(f"{self._name}: speaks another language; is it of this release?") from None

    def drive(self, output: Output, on: bool) -> None:
        """Set an output; returns when the board has written it down and done it. Blocks for at most `answer_s`."""
        self._ask({"drive": output.value, "on": on})

    def levels(self) -> Mapping[Input, bool]:
        """The contacts that are fitted and whether each is active, read anew. Blocks for at most `answer_s`."""
        levels = self._ask({"levels": True})["levels"]
        return {Input(name): bool(on) for name, on in levels.items()}

    def subscribe(self, changed: Callable[[Input, bool], None]) -> None:
        """Call `changed` for every change of a contact, on this board's own thread."""
        self._changed = changed

    def outputs(self) -> frozenset[Output]:
        """The outputs that are fitted."""
        return self._outputs

    def close(self) -> None:
        """Let go of the lines; they keep their levels."""
        with suppress(OSError):
            self._wire.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._reader:
            self._reader.join()
        self._wire.close()

    def _ask(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        with self._lock:
            self._asked += 1
            try:
                self._wire.send(json.dumps({"id": self._asked, **message}).encode())
                answer = self._answers.get(timeout=self._answer_s)
                while answer is not None and answer.get("id") != self._asked:
                    answer = self._answers.get(timeout=self._answer_s)
            except (OSError, queue.Empty):
                answer = None
        if answer is None:
            raise HardwareError(f"{self._name}: does not answer; is it still running?")
        if "error" in answer:
            raise HardwareError(f"{self._name}: {answer['error']}")
        return answer

    def _read(self) -> None:
        try:
            while packet := self._receive():
                message = json.loads(packet)
                if "contact" not in message:
                    self._answers.put(message)
                elif self._changed is not None:
                    self._changed(Input(message["contact"]), bool(message["on"]))
        except (ValueError, KeyError, TypeError):  # not this protocol: no answer is the answer
            pass
        finally:
            self._answers.put(None)

    def _receive(self) -> bytes:
        try:
            return self._wire.recv(PACKET_BYTES)
        except OSError:
            return b""


def _timeval(seconds: float) -> bytes:
    return struct.pack("ll", int(seconds), int(seconds % 1 * 1e6))
