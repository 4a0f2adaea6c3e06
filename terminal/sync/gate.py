"""The thread that hands what headquarters signed to the gate, which alone can judge it (docs/socket.md)."""

import re
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

from terminal.core.command import MAX_COMMAND_BYTES
from terminal.core.known_stays import MAX_PAGE_BYTES, MAX_PAGES
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
_COMMAND = b"", False
"""The place of a command among the notes that wait: no epoch is so short."""
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
        self._pages: dict[str, bytes] = {}
        self._pages_due: dict[str, bytes] = {}
        self._gate_began: tuple[int, int] | None = None
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

    def command(self, body: bytes) -> None:
        """Have a command handed over, the newest only: headquarters sends one at a time. Any thread, never blocks."""
        if len(body) > MAX_COMMAND_BYTES:
            self._seldom.say("command-too-large", bytes=len(body))
            return
        with self._turn:
            self._waiting[_COMMAND] = body
            self._turn.notify_all()

    def stays(self, topic: str, body: bytes) -> None:
        """Have a page of the stays handed over, and again to each gate that begins anew. Any thread, never blocks.

        Of each topic the newest counts; an empty body clears it.
        """
        if len(body) > MAX_PAGE_BYTES:
            self._seldom.say("stays-too-large", bytes=len(body))
            return
        with self._turn:
            for pages in (self._pages, self._pages_due):
                pages.pop(topic, None)
                if body:
                    pages[topic] = body
                if len(pages) > MAX_PAGES:
                    pages.pop(next(iter(pages)))
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
            self._look_at_gate()
            with self._turn:
                if not (self._waiting or self._pages_due):
                    self._turn.wait(TURN_S)
                    continue
                note = next(iter(self._waiting.items()), None)
                page = next(iter(self._pages_due.items()), None)
                if note is not None:
                    del self._waiting[note[0]]
                elif page is not None:
                    del self._pages_due[page[0]]
            if not (self._hand_over_note(*note) if note is not None else page is None or self._hand_over_page(*page)):
                self._stopping.wait(AGAIN_S)

    def _look_at_gate(self) -> None:
        """A gate that begins makes its socket anew, and knows nothing of any stays."""
        try:
            found = self._gate.stat()
        except OSError:
            return  # it is away; what is asked of it says so
        began = found.st_ino, found.st_ctime_ns
        if began != self._gate_began:
            self._gate_began = began
            with self._turn:
                self._pages_due = dict(self._pages)

    def _hand_over_note(self, key: tuple[bytes, bool], note: bytes) -> bool:
        if self._obey(note) if key == _COMMAND else self._hand_over(*key, note):
            return True
        with self._turn:
            self._waiting.setdefault(key, note)
        return False

    def _hand_over_page(self, topic: str, body: bytes) -> bool:
        if self._tell(body):
            return True
        with self._turn:
            if self._pages.get(topic) == body:
                self._pages_due.setdefault(topic, body)
        return False

    def _tell(self, page: bytes) -> bool:
        """Tell whether the gate has judged this page."""
        try:
            answer = ask(self._gate, {"version": 1, "ask": "stays", "page": b64encode(page).decode()}, ANSWER_S)
        except (NotAsked, NoAnswer) as error:
            self._seldom.say("gate-not-asked", why=str(error))
            return False
        match answer:
            case {"result": "known" | "gathered"} | {"result": "ignored", "why": "old"}:
                return True
            case {"result": "ignored", "why": "no-keys"}:
                self._seldom.say("gate-cannot-judge", why="it has no rules in force, so no keys of headquarters")
                return False
            case {"result": "ignored", "why": why}:
                self._seldom.say("stays-ignored", why=str(why))
                return True
            case _:
                self._seldom.say("gate-refuses", say=str(answer.get("say", answer)))
                return False

    def _obey(self, body: bytes) -> bool:
        """Tell whether the gate has judged this command; what came of it stands in its journal, or its log."""
        command = {"version": 1, "ask": "command", "command": b64encode(body).decode()}
        try:
            answer = ask(self._gate, command, ANSWER_S)
        except (NotAsked, NoAnswer) as error:
            self._seldom.say("gate-not-asked", why=str(error))
            return False
        match answer:
            case {"result": "done" | "done-before"}:
                return True
            case {"result": "ignored", "why": "no-keys"}:
                self._seldom.say("gate-cannot-judge", why="it has no rules in force, so no keys of headquarters")
                return False
            case {"result": "ignored", "why": why}:
                self._seldom.say("command-ignored", why=str(why))
                return True
            case _:
                self._seldom.say("gate-refuses", say=str(answer.get("say", answer)))
                return False

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
