"""The thread that hands acknowledgements to the gate, which alone can tell whether they are any (docs/socket.md)."""

import re
import threading
from collections.abc import Callable
from pathlib import Path

from terminal.edges.local_client import NoAnswer, NotAsked, ask
from terminal.edges.seldom import Seldom
from terminal.ports import Heartbeat

PART = "handover"
TURN_S = 1.0
AGAIN_S = 5.0
"""After a gate that is not there, or cannot judge yet."""
ANSWER_S = 20.0
MAX_NOTE_BYTES = 8 * 1024
MAX_WAITING = 8
"""Journals, of this terminal's epochs, whose notes may wait; one note of each."""
_ORIGIN = re.compile(rb"xs-terminal/[a-z0-9-]{1,32}/([0-9a-f]{32})\n")


class Handover:
    """From `start` to `stop`. Of each journal only the newest note waits: it says all that those before it said."""

    def __init__(
        self, gate: Path, acknowledged: Callable[[bytes, int], None], *, heartbeat: Heartbeat, seldom: Seldom
    ) -> None:
        """`gate` is its socket; `acknowledged` hears epoch and size of what the gate believed, and must not block."""
        self._gate = gate
        self._acknowledged = acknowledged
        self._heartbeat = heartbeat
        self._seldom = seldom
        self._waiting: dict[tuple[bytes, bool], bytes] = {}
        self._turn = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=PART, daemon=True)

    def offer(self, note: bytes, *, own_head: bool = False) -> None:
        """Have a note handed over; any thread, never blocks. `own_head`: what we ourselves said last, uncosigned."""
        origin = _ORIGIN.match(note)
        if origin is None or len(note) > MAX_NOTE_BYTES:
            self._seldom.say("no-acknowledgement", bytes=len(note))
            return
        with self._turn:
            self._waiting.pop(key := (bytes.fromhex(origin[1].decode()), own_head), None)
            self._waiting[key] = note
            if len(self._waiting) > MAX_WAITING:
                self._waiting.pop(next(iter(self._waiting)))
            self._turn.notify_all()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, within_s: float = 2.0) -> bool:
        """End; False: the gate was being asked for longer than that."""
        self._stopping.set()
        with self._turn:
            self._turn.notify_all()
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._heartbeat.beat(PART)
            with self._turn:
                if not self._waiting:
                    self._turn.wait(TURN_S)
                    continue
                key = next(iter(self._waiting))
                note = self._waiting.pop(key)
            if not self._hand_over(*key, note):
                with self._turn:
                    self._waiting.setdefault(key, note)
                self._stopping.wait(AGAIN_S)

    def _hand_over(self, epoch: bytes, own_head: bool, note: bytes) -> bool:
        """Tell whether the gate has judged it."""
        try:
            text = note.decode()
        except UnicodeDecodeError:
            self._seldom.say("no-acknowledgement", bytes=len(note))
            return True
        try:
            answer = ask(self._gate, {"version": 1, "ask": "acknowledge", "note": text}, ANSWER_S)
        except (NotAsked, NoAnswer) as error:
            self._seldom.say("gate-not-asked", why=str(error))
            return False
        match answer:
            case {"result": "acknowledged", "size": int(size)}:
                self._acknowledged(epoch, size)
            case {"result": "ignored", "why": "no-keys"}:
                self._seldom.say("gate-cannot-judge", why="it has no rules in force, so no keys of headquarters")
                return False
            case {"result": "ignored", "why": "old"}:
                pass
            case {"result": "ignored"} if own_head:
                pass
            case {"result": "ignored", "why": why}:
                self._seldom.say("acknowledgement-ignored", why=str(why))
            case {"result": "other-past"}:
                self._seldom.say("other-past", say=str(answer.get("say", "")))
            case _:
                self._seldom.say("gate-refuses", say=str(answer.get("say", answer)))
                return False
        return True
