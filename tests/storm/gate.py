"""`xs-terminal gate`, two of its edges given from outside: cards are laid without PC/SC, and the clock can jump.

Everything else is the gate's own. A reader listens on `readers/<lane>` beside gate.toml; a packet there is the path of
a saved chip, which is presented as a card, and answered when the gate is done with it. `clock-ahead-ms` beside it says
how far the wall clock is ahead.
"""

import os
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from simulation.card import DesfireChip, Eeprom
from terminal.gate.process import run
from terminal.gate.surroundings import Surroundings
from terminal.ports import Heartbeat, ReaderEvents, ReaderState
from tests.card.chips import Held

AHEAD = "clock-ahead-ms"
READERS = "readers"
TURN_S = 0.5
EX_TEMPFAIL = 75


class LaidCards:
    """One reader, on whose socket somebody lays cards."""

    def __init__(
        self,
        folder: Path,
        reader: str,
        events: ReaderEvents,
        *,
        heartbeat: Heartbeat,
        on_error: Callable[[str, Exception], None],
    ) -> None:
        self._path = folder / reader
        self._reader = reader
        self._events = events
        self._heartbeat = heartbeat
        self._on_error = on_error
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> bool:
        self._stopping.set()
        self._thread.join(5.0)
        return not self._thread.is_alive()

    def _run(self) -> None:
        with suppress(FileNotFoundError):
            self._path.unlink()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listening:
            listening.bind(str(self._path))
            listening.listen()
            listening.settimeout(TURN_S)
            self._events.reader_changed(self._reader, ReaderState.READY)
            while not self._stopping.is_set():
                self._heartbeat.beat(f"reader:{self._reader}")
                with suppress(TimeoutError):
                    wire, _ = listening.accept()
                    with wire, suppress(OSError):
                        self._lay(Path(wire.recv(4096).decode()))
                        wire.send(b"done")

    def _lay(self, saved: Path) -> None:
        try:
            self._events.card_presented(self._reader, Held(DesfireChip(Eeprom.load(saved))))
            self._events.card_removed(self._reader)
        except Exception as error:  # noqa: BLE001 - as the real loop does
            self._on_error(self._reader, error)


def main(configuration: Path) -> int:
    """Be the gate."""
    folder = configuration.parent

    def reader_loop(reader: str, events: ReaderEvents, **more: object) -> LaidCards:
        heartbeat, on_error = more["heartbeat"], more["on_error"]
        return LaidCards(folder / READERS, reader, events, heartbeat=heartbeat, on_error=on_error)  # type: ignore[arg-type]

    def wall_ms() -> int:
        return time.time_ns() // 1_000_000 + int((folder / AHEAD).read_text() or 0)

    anew = run(configuration, os.environ, surroundings=Surroundings(reader_loop, wall_ms))
    return EX_TEMPFAIL if anew else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
