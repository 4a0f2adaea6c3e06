"""What was seen and heard while a scene is played, and which of it the scene has spoken of."""

from collections.abc import Iterator, Mapping
from typing import Any

from simulation.scene_words import Admitted, Condition, Count, Happens, Is, TurnedAway
from simulation.stage import Happening
from simulation.vehicle import STOP_LINE_M

BEFORE_LINE_M, BEHIND_LINE_M = STOP_LINE_M - 1.0, STOP_LINE_M + 1.0
"""Between these a front stands at the line, where the reader is."""
ADMITS = frozenset({"admit", "admit-wait"})
EMERGENCY = "emergency-open"
"""In this phase whoever leaves finds the boom up, and his passage is not followed."""


class Seen:
    """Everything that happened, in order; what is how; what has been spoken of. One thread at a time."""

    def __init__(self) -> None:
        self._happened: list[Happening] = []
        self._spoken: set[int] = set()
        self._is: dict[str, str | bool] = {}
        self._switched_on: dict[str, int] = {}
        self._closed_over = 0
        self._admitted: set[str] = set()
        self._began = 0
        self._looked_for: Condition | None = None
        self._looked_at = 0

    def begins(self, look: Mapping[str, Any]) -> None:
        """The scene begins now, and this is how everything is; what was before is none of its business."""
        self._is["boom"] = look["boom"]
        self._is |= look["levels"]
        self._is |= {f"relay {name}": on for name, on in look["outputs"].items()}
        self._switched_on.clear()
        self._began = len(self._happened)

    def hear(self, happening: Happening) -> None:
        """Something happened."""
        self._happened.append(happening)
        match happening:
            case {"what": "contact", "name": str(name), "on": bool(on)}:
                self._is[name] = on
            case {"what": "output", "name": str(name), "on": bool(on)}:
                self._switched(name, on)
            case {"what": "boom", "is": str(state)}:
                self._is["boom"] = state
            case {"what": "vehicle", "name": str(name), "is": str(state), "front_m": float(front_m)}:
                self._is[f"vehicle {name}"] = state
                self._is[f"line {name}"] = state == "standing" and BEFORE_LINE_M <= front_m < BEHIND_LINE_M
            case {"what": "phase", "phase": str(phase)}:
                self._is["phase"] = phase
            case {"what": "answer", "person": str(person)} if _admits(happening):
                self._admitted |= {person} if self._is.get("phase") != EMERGENCY else set()
            case _:
                pass

    def _switched(self, name: str, on: bool) -> None:
        self._is[f"relay {name}"] = on
        self._switched_on[name] = self._switched_on.get(name, 0) + on
        self._closed_over += name == "close" and on and self._is.get("loop_safety") is True

    # ------------------------------------------------------------------------------------------------- for the steps

    def holds(self, condition: Condition) -> bool:
        """It is so, or it happened."""
        match condition:
            case Is(thing, state):
                return self._is.get(thing, state is False) == state
            case Count(relay, times):
                return self._switched_on.get(relay, 0) == times
            case _:
                return self._find(condition) is not None

    def spoken_of(self, condition: Condition) -> None:
        """The scene has spoken of what made this hold."""
        found = self._find(condition)
        if found is not None:
            self._spoken.add(found)
        self._looked_for = None

    def answers(self, person: str) -> int:
        """How many answers this person had."""
        return sum(each.get("what") == "answer" and each["person"] == person for each in self._happened)

    def instead(self, condition: Condition) -> str:
        """What is, where this should have been."""
        match condition:
            case Is(thing, _):
                return f"it is {_said(self._is.get(thing))}"
            case Count(relay, _):
                return f"{relay} was switched on {self._switched_on.get(relay, 0)} times"
            case _:
                return "it did not happen"

    def last(self, number: int) -> tuple[str, ...]:
        """What happened last, in words."""
        return tuple(_in_words(each) for each in self._happened[-number:] if each.get("what") != "raw")

    # -------------------------------------------------------------------------------------------------- in the end

    def not_spoken_of(self, alarms: frozenset[str]) -> Iterator[str]:
        """What the scene should have spoken of. `alarms`: those that may be raised."""
        for at, each in enumerate(self._happened):
            if at >= self._began and at not in self._spoken and _matters(each, alarms):
                yield f"no line expects this: {_in_words(each)}"

    def without_end(self) -> Iterator[str]:
        """Who was admitted and had no end."""
        ended = {each["person"] for each in self._happened if each.get("what") == "passage"}
        for person in sorted(self._admitted - ended):
            yield f"{person} was admitted, and how that ended was never said"

    def closed_over(self) -> Iterator[str]:
        """The boom was told to close while something stood on the safety loop."""
        if self._closed_over:
            yield f"the boom was told to close {self._closed_over} times over a vehicle on loop_safety"

    def _find(self, condition: Condition) -> int | None:
        """Where it happened first. Asked again for the same, only what came since is looked at."""
        begins = self._looked_at if condition is self._looked_for else self._began
        self._looked_for = condition
        for at in range(begins, len(self._happened)):
            self._looked_at = at
            if at not in self._spoken and _fits(condition, self._happened[at]):
                return at
        self._looked_at = len(self._happened)
        return None


def _fits(condition: Condition, happening: Happening) -> bool:
    match condition:
        case Happens(facts):
            return all(happening.get(key) == fact for key, fact in facts.items())
        case Admitted(person):
            return happening.get("what") == "answer" and happening["person"] == person and _admits(happening)
        case TurnedAway(person):
            return happening.get("what") == "answer" and happening["person"] == person and not _admits(happening)
        case _:
            return False


def _admits(answer: Happening) -> bool:
    return answer["outcome"] in ADMITS


def _matters(happening: Happening, alarms: frozenset[str]) -> bool:
    match happening:
        case {"what": "answer"}:
            return not _admits(happening)
        case {"what": "passage" | "untapped"}:
            return True
        case {"what": "alarm", "does": "raised", "name": str(name)}:
            return name not in alarms
        case {"what": "boom", "does": "touch" | "hit"}:
            return True
        case _:
            return False


def _said(state: str | bool | None) -> str:
    return state if isinstance(state, str) else {True: "on", False: "off", None: "not known"}[state]


def _in_words(happening: Happening) -> str:
    hidden = {"monotonic_ns", "wall_ms", "lane"}
    return ", ".join(f"{key} {value}" for key, value in happening.items() if key not in hidden)
