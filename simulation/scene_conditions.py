"""What a scene waits for or expects, as it is written."""

from dataclasses import dataclass, field

from simulation.boom import BoomIs
from simulation.lane import CONTACTS, OUTPUTS
from simulation.scene_line import NotUnderstood, number, one_of
from simulation.scene_words import Admitted, Condition, Count, Happens, Is, TurnedAway

RESULTS = ("passed", "assumed", "no-show", "backed-out", "unknown")
OUTCOMES = {"refused": "refuse", "desk": "desk"}
NOBODY = "somebody"
"""Whom a passage concerns that was not admitted by this run of the gate."""
COUNTED = {"pulses": "open", "closes": "close"}
VEHICLE_IS = {"stands": "standing", "drives": "driving", "gone": "gone"}
MOST_PULSES = 1000
ALARMS = (
    "arm-off", "arm-swung-off", "board", "call", "contacts-contradict", "controller-fault", "did-not-open",
    "drive-through", "exit-flagged", "fire", "fire-boom-down", "fire-release", "forced", "open-too-long",
    "opened-elsewhere", "possible-tailgate", "storage", "stuck-loop-arm", "stuck-loop-behind",
    "stuck-loop-safety", "tailgate", "tamper", "vehicle-under-boom",
)  # fmt: skip
"""Every alarm that a gate raises of a lane."""


@dataclass(slots=True)
class Names:
    """Who was spoken of so far."""

    vehicles: set[str] = field(default_factory=set)
    people: set[str] = field(default_factory=set)


def alarm_name(name: str) -> str:
    """The name of an alarm that there is: one that nobody raises would allow, or wait for, nothing."""
    return one_of(name, ALARMS, "alarm")


def is_immediate(condition: Condition) -> bool:
    """It holds now or not; there is nothing to wait for."""
    return isinstance(condition, Count)


def condition(words: list[str], names: Names) -> Condition:
    """What these words say."""
    match words:
        case ["boom", *rest]:
            return _boom(rest)
        case ["alarm", name, *rest] if rest in ([], ["cleared"]):
            return Happens({"what": "alarm", "does": rest[0] if rest else "raised", "name": alarm_name(name)})
        case ["light", colour]:
            return Is(f"relay light_{one_of(colour, ('red', 'green'), 'light')}", True)
        case ["lane", phase]:
            return Is("phase", phase)
        case ["untapped"]:
            return Happens({"what": "untapped"})
        case [("pulses" | "closes") as what, times]:
            return Count(COUNTED[what], round(number(times, 0, MOST_PULSES, "")))
        case ["relay", name, state]:
            return Is(f"relay {one_of(name, OUTPUTS, 'relay')}", one_of(state, ("on", "off"), name) == "on")
        case [contact, ("on" | "off") as state] if contact in CONTACTS:
            return Is(contact, state == "on")
        case _:
            return _somebody(words, names)


def _boom(words: list[str]) -> Condition:
    match words:
        case ["touches", name]:
            return Happens({"what": "boom", "does": "touch", "vehicles": [name]})
        case ["hit", "by", name]:
            return Happens({"what": "boom", "does": "hit", "vehicles": [name]})
        case _:
            return Is("boom", one_of(" ".join(words), BoomIs, "boom"))


def _somebody(words: list[str], names: Names) -> Condition:
    match words:
        case [name, "at", "the", "line"] if name in names.vehicles:
            return Is(f"line {name}", True)
        case [name, state] if name in names.vehicles:
            return Is(f"vehicle {name}", VEHICLE_IS[one_of(state, VEHICLE_IS, name)])
        case [name, *rest] if name in {*names.people, NOBODY}:
            return _person(None if name == NOBODY else name, rest)
        case _:
            known = ", ".join(sorted({*names.vehicles, *names.people})) or "nobody"
            raise NotUnderstood(
                f"{' '.join(words) or 'nothing'}: docs/scenes.md lists what can be waited for; {known} took part so far"
            )


def _person(person: str | None, words: list[str]) -> Condition:
    match words:
        case [result] if result in RESULTS:
            return Happens({"what": "passage", "person": person, "result": result})
        case [result, "as", "passenger"] if result in RESULTS:
            return Happens({"what": "passage", "person": person, "result": result, "passenger": True})
        case ["admitted"] if person:
            return Admitted(person)
        case ["turned", "away"] if person:
            return TurnedAway(person)
        case ["drive-forward"] if person:
            return Happens({"what": "answer", "person": person, "outcome": "drive-forward"})
        case [("refused" | "desk") as outcome, reason] if person:
            return Happens({"what": "answer", "person": person, "outcome": OUTCOMES[outcome], "reason": reason})
        case _:
            raise NotUnderstood(
                f"{' '.join(words)}: of a person one can expect {', '.join(RESULTS)} (`as passenger`), admitted, "
                "`turned away`, drive-forward, `refused REASON` or `desk REASON`"
            )
