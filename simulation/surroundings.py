"""What the world may do to a simulated lane, as the messages that docs/simulated-board.md lists.

A message is carried out on the model, and what a person would see of it is told first, for the trace.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from simulation.driver import CannotMove, Temperament
from simulation.lane import SimulatedLane, UnknownName
from simulation.vehicle import BODIES, LENGTH_M, Body, solid

HANDS = {"up": 1, "down": -1, "off": 0}
NOT_UNDERSTOOD = "not understood: docs/simulated-board.md says what may happen to a lane"
MOST_BOUNCES = 1000
MOST_MS = 600_000.0

Refusals = (UnknownName, CannotMove, TypeError, ValueError)
"""What `happen` raises for a message that cannot be carried out; its text says why."""


class NotUnderstood(ValueError):
    """No such message."""


def happen(lane: SimulatedLane, asked: Mapping[str, Any], now_ms: float) -> dict[str, Any]:
    """Carry out one message; returns what is answered.

    Raises:
        UnknownName: no such contact or movement in this lane.
        CannotMove: no vehicle of this kind can do that.
        ValueError: a number out of its range, or no message that is known.
    """
    match asked:
        case {"vehicle": str(name), "does": str(does)}:
            _vehicle(lane, name, does, asked, now_ms)
        case {"contact": str(contact)}:
            _contact(lane, contact, asked, now_ms)
        case {"jam": bool(jammed)}:
            lane.tell("boom", does="jam" if jammed else "free")
            lane.jam(jammed, now_ms)
        case {"mains": bool(on)}:
            lane.tell("controller", does="mains-back" if on else "mains-lost")
            lane.mains(on, now_ms)
        case {"hand": str(way)} if way in HANDS:
            lane.tell("boom", does=f"hand-{way}")
            lane.by_hand(HANDS[way], now_ms)
        case {"arm": "off" | "on" as arm}:
            lane.tell("boom", does=f"arm-{arm}")
            lane.arm(arm == "off", now_ms)
        case {"look": True}:
            return lane.look()
        case _:
            raise NotUnderstood(NOT_UNDERSTOOD)
    return {}


def _contact(lane: SimulatedLane, contact: str, asked: Mapping[str, Any], now_ms: float) -> None:
    match asked:
        case {"on": bool() | None as level}:
            lane.tell("wiring", name=contact, does="free" if level is None else "stick", level=level)
            lane.stick(contact, level, now_ms)
        case {"cut": bool(cut)}:
            lane.tell("wiring", name=contact, does="cut" if cut else "mend")
            lane.cut_wire(contact, cut, now_ms)
        case {"bounces": int(bounces)} if 0 <= bounces <= MOST_BOUNCES:
            within_ms = _number(asked, "within_ms", 10.0, 0.0, MOST_MS)
            lane.tell("wiring", name=contact, does="chatter", bounces=bounces, within_ms=within_ms)
            lane.chatter(contact, bounces, within_ms, now_ms)
        case {"press_ms": int() | float()}:
            for_ms = _number(asked, "press_ms", 0.0, 1.0, MOST_MS)
            lane.tell("wiring", name=contact, does="press", press_ms=for_ms)
            lane.press(contact, for_ms, now_ms)
        case _:
            raise NotUnderstood(NOT_UNDERSTOOD)


def _vehicle(lane: SimulatedLane, name: str, does: str, asked: Mapping[str, Any], now_ms: float) -> None:
    driver = lane.driver(name)
    before = driver.temperament if driver else Temperament()
    temperament = replace(
        before,
        heedless=asked.get("heedless") is True,
        heeds_light=asked.get("light", before.heeds_light) is True,
        speed_m_s=_number(asked, "speed_m_s", before.speed_m_s, 0.1, 100.0),
        keeps_m=_number(asked, "keeps_m", before.keeps_m, 0.1, 100.0),
        room_m=_number(asked, "room_m", before.room_m, 0.1, 100.0),
        reacts_ms=_number(asked, "reacts_ms", before.reacts_ms, 0.0, 60_000.0),
    )
    lane.tell("vehicle", name=name, does=does)
    lane.vehicle(name, does, now_ms, body=_body(asked), leaving=_side(asked) == "exit", temperament=temperament)


def _body(asked: Mapping[str, Any]) -> Body:
    kind = asked.get("kind")
    if kind is None:
        return solid(_number(asked, "length_m", LENGTH_M, 3.0, 30.0))
    if kind not in BODIES:
        raise ValueError(f"no kind of vehicle {kind!r}; there are {', '.join(BODIES)}")
    return BODIES[kind]


def _side(asked: Mapping[str, Any]) -> str:
    side = asked.get("from", "entry")
    if side not in {"entry", "exit"}:
        raise ValueError(f"a vehicle comes from entry or exit, not from {side!r}")
    return str(side)


def _number(asked: Mapping[str, Any], name: str, otherwise: float, least: float, most: float) -> float:
    value = float(asked.get(name, otherwise))
    if not least <= value <= most:
        raise ValueError(f"{name} lies between {least:g} and {most:g}, and {value:g} does not")
    return value
