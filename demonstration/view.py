"""What somebody knows who watches the lane: what he sees of it, and what the gate has said."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from demonstration import words
from demonstration.cast import Person
from demonstration.pages import Addresses
from demonstration.processes import Event
from demonstration.trouble import Trouble
from simulation.scene_run import Played
from simulation.scene_words import Scene
from simulation.stage import Happening

FRESH_S = 12.0
"""So long an alarm is shown that is over as soon as it is told."""
MOST_LINES = 50
GUARDS = "somebody let in by the guard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One moment of the lane. `look` is the board's answer to the question how everything is."""

    title: str
    direction: str
    look: Mapping[str, Any]
    phase: str
    paused: bool = False
    """A guard has said that no cards are taken."""
    trouble: tuple[str, ...] = ()
    """What somebody has broken, each in at most 22 letters."""
    owed: tuple[str, ...] = ()
    answer: tuple[str, str, str | None] | None = None
    """Whose card was answered last, with which outcome, for which reason."""
    sign: str = ""
    """What the driver was told, where that is more than the outcome."""
    alarms: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    """What happened last, each with its style."""
    advice: str = ""
    keys: tuple[tuple[str, str], ...] = ()
    """Groups of keys and what they do."""
    prompt: str = ""
    gate_on: bool = True
    line: tuple[str, str] = ("", "")
    """How the line to headquarters is, with its style."""


@dataclass(slots=True)
class View:
    """Hears everything, as a narrator does, and keeps what is worth showing. Thread-safe."""

    monotonic_s: Callable[[], float]
    said: Callable[[str], None] = lambda _: None
    """Hears what is set up, before there is anything to show."""
    phase: str = "boot"
    paused: bool = False
    trouble: Trouble = field(default_factory=Trouble)
    answer: tuple[str, str, str | None] | None = None
    sign: str = ""
    _owed: dict[str, str] = field(default_factory=dict)
    _intents: set[int] = field(default_factory=set)
    _standing: dict[str, None] = field(default_factory=dict)
    _fresh: dict[str, float] = field(default_factory=dict)
    _lines: deque[tuple[str, str]] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def owed(self) -> tuple[str, ...]:
        """Who was let in and is not through yet."""
        with self._lock:
            return tuple(self._owed.values())

    # ------------------------------------------------------------------------------------------------- as a narrator

    def progress(self, what: str) -> None:
        """While it is set up."""
        self.said(what)

    def ready(self, cast: Iterable[Person], pages: Addresses) -> None:
        """Their names stand among the keys; the pages are in a browser."""
        with self._lock:
            self._tell(f"{len(tuple(cast))} people have cards")
            for line in pages.lines():
                self._tell(line, "bold cyan")

    def happened(self, event: Event, person: str | None) -> None:
        """A line of the gate's log."""
        with self._lock:
            match event:
                case {"event": "barrier", "phase": phase}:
                    self.phase = str(phase)
                case {"event": "decision", "outcome": outcome, "reason": reason}:
                    self._answered(person, str(outcome), str(reason), words.sign_of(event))
                    if event.get("sequence") in self._intents:
                        self._owed[f"tap {event['sequence']}"] = person or "somebody"
                case {"event": "drive-forward" | "wrong-side" as hint}:
                    outcome, reason = ("refuse", hint) if hint == "wrong-side" else (hint, None)
                    self._answered(person, outcome, reason, words.sign(outcome, reason))
                case {"event": "alarm-raised" | "alarm-cleared" | "alarm" as step, "alarm": alarm}:
                    self._alarm(str(step), str(alarm))
                case {"event": "order", "order": order, "result": "obeyed"}:
                    self._tell(f"the guard: {words.ORDERS.get(str(order), str(order))}", "cyan")
                    self.paused = {"pause": True, "resume": False}.get(str(order), self.paused)
                case {"event": "in-force", "list_number": number}:
                    self._tell(f"the gate goes by list {number} now")
                case {"event": "journal"}:
                    self._written(event, person)
                case _:
                    pass

    def _alarm(self, step: str, name: str) -> None:
        if step == "alarm-cleared":
            self._standing.pop(name, None)
            self._tell(f"{name} is over")
            return
        if step == "alarm-raised":
            self._standing[name] = None
        else:
            self._fresh[name] = self.monotonic_s()
        self._tell(f"ALARM {name}: {words.alarm(name)}", "bold red")

    def _written(self, entry: Event, person: str | None) -> None:
        """An entry of the journal: who is owed, and whose passage ended."""
        match entry:
            case {"kind": "tap-intent", "sequence": int(sequence)}:
                self._intents.add(sequence)
            case {"kind": "tap-outcome", "public": {"intent": intent, "result": "failed" | "storage"}}:
                self._intents.discard(intent)
                self._owed.pop(f"tap {intent}", None)
            case {"kind": "order", "public": {"order": "open", "settles": order, "result": "obeyed"}}:
                self._owed[f"order {order}"] = GUARDS
            case {"kind": "passage", "public": {"result": "untapped"}}:
                self._tell(f"somebody {words.RESULTS['untapped']}")
            case {"kind": "passage", "public": {"result": result, **public}}:
                name = f"tap {public['intent']}" if "intent" in public else f"order {public.get('order')}"
                who = self._owed.pop(name, person or "somebody")
                rides = ", as a passenger," if "passenger_of" in public else ""
                good = "green" if result in {"passed", "assumed"} else "yellow"
                self._tell(f"{who}{rides} {words.RESULTS.get(str(result), str(result))} ({result})", good)
            case _:
                pass

    def _answered(self, person: str | None, outcome: str, reason: str | None, sign: str) -> None:
        self.answer = (person or "somebody", outcome, reason)
        self.sign = sign
        self._tell(f"{person}'s card: {sign} ({reason or outcome})", words.COLOURS[outcome])

    def board(self, line: Happening) -> None:
        """What the boom and the drivers do is seen in the picture; what befalls them is said."""
        with self._lock:
            self.trouble.hear(line)
            match line:
                case {"what": "boom", "does": "touch", "vehicles": vehicles}:
                    self._tell(f"the boom touches {', '.join(vehicles)} and goes up again", "bold red")
                case {"what": "boom", "does": "hit", "vehicles": vehicles}:
                    self._tell(f"{', '.join(vehicles)} drives into the boom", "bold red")
                case {"what": "vehicle", "name": name, "does": "arrive"}:
                    self._tell(f"{name} drives up")
                case {"what": "vehicle", "name": name, "is": "gone"}:
                    self._tell(f"{name} is gone")
                case _:
                    pass

    def of_line(self, event: Event) -> None:
        """What comes of the line to headquarters."""
        with self._lock:
            _, sentence, style = words.of_line(event)
            self._tell(sentence, style)

    def scene(self, scene: Scene, logic: str) -> None:
        """Scenes are told by the others."""

    def played(self, played: Played) -> None:
        """As above."""

    def refused(self, scene: Scene, logic: str, why: str) -> None:
        """As above."""

    def summed_up(self, wanted: int, played: Sequence[Played], refused: Sequence[tuple[Scene, str]]) -> None:
        """As above."""

    def answered(self, what: str) -> None:
        """A step was carried out."""
        with self._lock:
            self._tell(what.splitlines()[0], "cyan")

    def failed(self, what: str) -> None:
        """A step was not."""
        with self._lock:
            self._tell(what, "red")

    def ended(self, disagreements: Iterable[str]) -> None:
        """Told when the picture is gone."""

    def begin_anew(self) -> None:
        """Another lane, with an empty journal."""
        with self._lock:
            self.answer, self.paused, self.trouble = None, False, Trouble()
            self._owed.clear()
            self._intents.clear()
            self._standing.clear()
            self._fresh.clear()

    def restarted(self) -> None:
        """The gate runs again: it has settled what its last run left open, and says anew which alarms stand."""
        with self._lock:
            for name in self._owed.values():
                self._tell(f"{name} {words.RESULTS['unknown']} (unknown)", "yellow")
            self._owed.clear()
            self._tell("the gate is back; its journal has lost nothing")

    def killed(self) -> None:
        """The gate has no power: what it said last holds no more."""
        with self._lock:
            self.phase = "boot"
            self._standing.clear()
            self._fresh.clear()

    # ----------------------------------------------------------------------------------------------------- to be shown

    def shown(self, **more: Any) -> Shown:
        """Everything as it is now; `more` is what this view does not know."""
        with self._lock:
            now_s = self.monotonic_s()
            self._fresh = {name: at_s for name, at_s in self._fresh.items() if now_s - at_s < FRESH_S}
            return Shown(
                phase=self.phase,
                paused=self.paused,
                trouble=tuple(self.trouble.words.values()),
                owed=tuple(self._owed.values()),
                answer=self.answer,
                sign=self.sign,
                alarms=(*self._standing, *(name for name in self._fresh if name not in self._standing)),
                lines=tuple(self._lines),
                **more,
            )

    def _tell(self, line: str, style: str = "") -> None:
        self._lines.append((line, style))
