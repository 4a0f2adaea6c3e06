"""Who comes to a lane: cards laid and orders given, each written down, durably, before it is done."""

import json
import os
import random
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from terminal.edges.local_client import NoAnswer, NotAsked, ask
from tests.storm.gate import READERS
from tests.storm.ground import Card
from tests.storm.services import Run
from tests.storm.terminals import Terminal

PATIENCE_S = 60.0
CLOSED_WITHIN_S = 30.0
AGAIN_S = 0.05
ORDER_EVERY = 20
"""One act in so many is an order."""


@dataclass
class Act:
    """Something that was done at a lane, and what the gate said of it if it lived to do so."""

    number: int
    terminal: str
    lane: int
    what: Literal["tap", "order"]
    card: bytes | None
    began_ns: int
    epoch: str | None = None
    promised: int | None = None
    """The number of the entry that the gate named: it was durable."""
    outcome: str | None = None
    why: str = "unanswered"
    """Why there is no entry, as the gate said."""

    @property
    def mark(self) -> str:
        """By what headquarters knows it, inside the sealed part: the card's number, or the order's reason."""
        return self.card.hex() if self.card is not None else reason(self.number)


def reason(number: int) -> str:
    """What an order gives as its reason."""
    return f"storm order {number}"


class Truth:
    """The acts, in a file that is synced before anything is done. Thread-safe."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._lock = threading.Lock()
        self.acts: list[Act] = []

    def begin(self, terminal: str, lane: int, card: Card | None) -> Act:
        """Write down that it is going to be done."""
        what: Literal["tap", "order"] = "order" if card is None else "tap"
        with self._lock:
            act = Act(len(self.acts), terminal, lane, what, card.number if card else None, time.monotonic_ns())
            self.acts.append(act)
            facts = {"act": act.number, "terminal": terminal, "lane": lane, "what": what, "mark": act.mark}
            os.write(self._file, json.dumps({**facts, "monotonic_ns": act.began_ns}).encode() + b"\n")
        os.fsync(self._file)
        return act

    def close(self) -> None:
        os.close(self._file)


class Drivers:
    """Somebody on each lane of a terminal, one after the other, until the cards are used up or `stop`."""

    def __init__(
        self, terminal: Terminal, truth: Truth, cards: Sequence[Card], lanes: Sequence[int], seed: int
    ) -> None:
        self._terminal = terminal
        self._truth = truth
        self._news = threading.Condition()
        self._paused = self._stopping = False
        self._busy = 0
        self.failures: list[BaseException] = []
        self._threads = []
        for lane in lanes:
            chances = random.Random(f"{seed} {terminal.name} {lane}")  # noqa: S311 - no secret depends on it
            words = (lane, chances.sample(cards, len(cards)))
            self._threads.append(threading.Thread(target=self._drive_guarded, args=words, daemon=True))

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns when everybody has gone."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()

    def pause(self) -> None:
        """Returns when nobody is at a lane."""
        with self._news:
            self._paused = True
            self._news.wait_for(lambda: self._busy == 0)

    def go_on(self) -> None:
        with self._news:
            self._paused = False
            self._news.notify_all()

    @property
    def done(self) -> bool:
        return not any(thread.is_alive() for thread in self._threads)

    def _drive_guarded(self, lane: int, cards: Sequence[Card]) -> None:
        try:
            for number, card in enumerate(cards, start=1):
                with self._news:
                    self._news.wait_for(lambda: self._stopping or not self._paused)
                    if self._stopping:
                        return
                    self._busy += 1
                try:
                    if number % ORDER_EVERY == 0:
                        self._act(lane, None)
                    self._act(lane, card)
                finally:
                    with self._news:
                        self._busy -= 1
                        self._news.notify_all()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the storm waits
            self.failures.append(error)

    def _act(self, lane: int, card: Card | None) -> None:
        gate = self._terminal.gate
        while (run := gate.current()) is None or not gate.has_said("ready"):
            with self._news:
                if self._news.wait_for(lambda: self._stopping, AGAIN_S):
                    return
        act = self._truth.begin(self._terminal.name, lane, card)
        mark = len(run.events)
        answer = self._order(act) if card is None else self._tap(act, run, card, mark)
        if answer is None:  # it is being killed, or ends by itself
            gate.event(run, lambda _: False, mark, CLOSED_WITHIN_S)
        else:
            act.epoch = next(event["epoch"] for event in run.events if event["event"] == "started")
            act.promised = answer.get("sequence")
            act.outcome = answer.get("outcome") or answer.get("result")
            act.why = str(answer.get("reason") or answer.get("why"))
            if act.outcome in {"admit", "obeyed", "unknown"}:
                here = {"event": "barrier", "lane": lane, "phase": "closed"}.items()
                gate.event(run, lambda event: here <= event.items(), mark, CLOSED_WITHIN_S)

    def _tap(self, act: Act, run: Run, card: Card, mark: int) -> Mapping[str, Any] | None:
        """Lay the card on the reader until the gate is done with it, or is no more; the answer, from the gate's log."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
            wire.settimeout(PATIENCE_S)
            try:
                wire.connect(str(self._terminal.folder / READERS / str(act.lane)))
                wire.send(str(card.saved).encode())
                if wire.recv(16) != b"done":
                    return None
            except OSError:
                return None
        here = {"event": "decision", "lane": act.lane}.items()
        return self._terminal.gate.event(run, lambda event: here <= event.items(), mark, PATIENCE_S)

    def _order(self, act: Act) -> Mapping[str, Any] | None:
        request = {"version": 1, "ask": "order", "id": act.mark, "order": "open", "lane": act.lane, "reason": act.mark}
        with suppress(NotAsked, NoAnswer):
            return ask(self._terminal.folder / "gate.sock", request, PATIENCE_S)
        return None
