"""What somebody who never saw a gate could do next."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from simulation.vehicle import STOP_LINE_M
from terminal.core.reasons import Outcome, Reason

_FAULT = "end what is wrong (J jam, S stuck); it serves again when the boom is down"
TO_END: Mapping[str, tuple[str, str, str]] = {
    "emergency-open": ("fire", "F: the fire is out", "C: the guard confirms that the fire is over"),
    "arm-off": ("swing_off", "A: put the arm back", "C: the guard confirms that the arm is back"),
    "locked": ("", "", "U: the guard unlocks the lane"),
    **dict.fromkeys(("fault-open", "fault-close", "forced", "unknown"), ("", "", _FAULT)),
}
"""What ends a state that does not end by itself: while a contact is on, and when it is off."""
WITH_SOMEBODY: Mapping[str, str] = {
    "held-open": "d: NAME drives on; R: the guard lets the boom come down",
    "open": "d: NAME drives on; b: backs out; or wait, and see what comes of it",
    "opening": "d: NAME drives on when the boom is up; k: creeps under it now",
    "passing": "watch; who stands there: d drives on, b backs out; or the next one: 1 to 9",
}


def front_m(vehicle: Mapping[str, Any]) -> float:
    """How far a vehicle has come, in its own direction: the boom is at 0."""
    return float(-vehicle["front_m"] if vehicle["leaving"] else vehicle["front_m"])


def foremost(look: Mapping[str, Any], owed: Iterable[str], going: Iterable[str]) -> str | None:
    """Whom a driver's key is for: nobody who was told already, rather who is owed, rather who has come farthest."""
    owed, going = set(owed), set(going)
    vehicles = look["vehicles"]
    order = sorted(vehicles, key=lambda name: (name not in going, name in owed, front_m(vehicles[name])))
    return order[-1] if order else None


def advice(
    look: Mapping[str, Any],
    phase: str,
    answer: tuple[str, str, str | None] | None,
    name: str | None,
    *,
    owed: Collection[str] = (),
    paused: bool = False,
    gate_on: bool = True,
) -> str:
    """One sentence; `name` is whom a driver's key is for, `owed` who was let in and is not through yet."""
    if not gate_on:
        return "K: the gate is started again"
    if not look["mains"]:
        return "M: the barrier gets its mains back"
    if phase in TO_END:
        contact, on, off = TO_END[phase]
        return on if look["levels"].get(contact) else off
    if paused:
        return "G: the guard has cards taken again"
    if phase == "open" and not owed:
        return f"nobody was let in; wait for the boom to come down{', or hold up a card: 1 to 9' if name else ''}"
    if name is None:
        return "1: anna drives up and holds her card to the reader"
    if phase == "closed":
        return _before_a_closed_boom(name, front_m(look["vehicles"][name]), answer)
    if phase in {"opening", "open"} and owed and {*owed, name} <= set(look["vehicles"]) and name not in owed:
        return f"watch {' and '.join(owed)}; {name} was not let in (b: backs out)"
    return WITH_SOMEBODY.get(phase, "watch; or let the next one drive up: 1 to 9").replace("NAME", name)


def _before_a_closed_boom(name: str, front: float, answer: tuple[str, str, str | None] | None) -> str:
    if front < STOP_LINE_M:
        return f"{name} is driving up"
    if answer and answer[2] == "wrong-side":
        return "x: go to the reader on the other side, and hold up the card again"
    if answer and answer[0] == name and answer[2] == Reason.LANE_BUSY:
        return f"{name}'s digit, or t: holds up the card again, now that the lane is free; or b: {name} backs out"
    if answer and answer[0] == name and answer[1] not in {Outcome.ADMIT, Outcome.ADMIT_WAIT}:
        return f"b: {name} backs out; c: calls the guard, and O: the guard opens"
    return f"hold up a card: 1 to 9, or t; or b: {name} backs out"
