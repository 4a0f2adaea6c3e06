"""The steps of a scene: what a line lets happen. docs/scenes.md lists them for a person."""

from collections.abc import Callable
from typing import Any

from simulation.lane import CONTACTS
from simulation.scene_conditions import Names, condition, is_immediate
from simulation.scene_line import Line, NotUnderstood, number, one_of
from simulation.scene_words import Action, After, Happen, Order, Power, Tap, Until
from simulation.vehicle import BODIES

WAIT_MS = 180_000.0
"""How long `wait` has patience, unless it says another time."""
EXPECT_MS = 5_000.0
"""How long `expect` has patience for what may still be on its way."""
MOST_MS = 3_600_000.0

ORDERS = ("open", "hold", "release", "lock", "unlock", "pause", "resume", "confirm")
SIDES = ("entry", "exit")
MOVES = {
    "comes": "arrive",
    "goes": "pass",
    "creeps": "creep",
    "shunts": "shunt",
    "follows": "follow",
    "stops": "stop",
    "backs out": "back-out",
    "stops under the boom": "drive-on",
    "stops across the boom": "straddle",
}
"""What a vehicle does, and the movement of docs/simulated-board.md that it is."""
TEMPERAMENT = {"light": True, "room_m": 8.0, "reacts_ms": 2_000.0}
"""Drivers of scenes heed the light, let the one before them get away, and take their time."""
SPEEDS_M_S = {"car": 3.0, "van": 3.0}
TRUCK_M_S = 2.5
HOW = {"keeps": ("keeps_m", 0.1, 100.0), "room": ("room_m", 0.1, 100.0), "reacts": ("reacts_ms", 0.0, 60_000.0),
       "speed": ("speed_m_s", 0.1, 100.0)}  # fmt: skip

Stick = {"on": True, "off": False}


def action(line: Line, names: Names) -> Action:
    """What the line lets happen, or waits for."""
    first = line.words[0] if line.words else ""
    if first in BODIES or first in names.vehicles:
        return _vehicle(line, names)
    if first in STEPS:
        return STEPS[first](line, names)
    raise NotUnderstood(f"{first or next(iter(line.options))}: no step begins so, and no vehicle is called so; "
                        f"steps are {', '.join(STEPS)}, and vehicles {', '.join(BODIES)}")  # fmt: skip


# ------------------------------------------------------------------------------------------------------- the vehicles


def _vehicle(line: Line, names: Names) -> Happen:
    kind, words = None, line.words
    if words[0] in BODIES:
        kind, words = words[0], words[1:]
        if not words:
            raise NotUnderstood(f"the {kind} has no name; write for instance `{kind} A comes`")
        if words[0] in names.vehicles:
            raise NotUnderstood(f"{words[0]} is here already; leave the word {kind} out")
    name, *rest = words
    heedless = bool(rest) and rest[-1] == "heedless"
    verb = " ".join(rest[:-1] if heedless else rest)
    does = MOVES[one_of(verb, MOVES, name)]
    message: dict[str, Any] = {"vehicle": name, "does": does}
    if kind is not None:
        names.vehicles.add(name)
        kind = line.take_one_of("kind", BODIES) or kind
        message |= {"kind": kind, "speed_m_s": SPEEDS_M_S.get(kind, TRUCK_M_S), **TEMPERAMENT}
        message["from"] = line.take_one_of("from", SIDES) or "entry"
    message |= {"heedless": True} if heedless else {}
    light = line.take_one_of("light", ("heeded", "ignored"))
    message |= {} if light is None else {"light": light == "heeded"}
    for option, (key, least, most) in HOW.items():
        value = line.take_number(option, least, most)
        message |= {} if value is None else {key: value}
    return Happen(message)


# ---------------------------------------------------------------------------------------------------- the other steps


def _tap(line: Line, names: Names) -> Tap:
    person = _words(line, "tap NAME")[1]
    names.people.add(person)
    return Tap(person, side=line.take_one_of("side", SIDES), reader=line.take("reader"))


def _order(line: Line, _: Names) -> Order:
    order = _words(line, "order WHAT reason=WHY")[1]
    return Order(
        one_of(order, ORDERS, "order"),
        reason=line.take("reason") or "a scene",
        side=line.take_one_of("side", SIDES),
        refused=line.take("refused"),
    )


def _after(line: Line, _: Names) -> After:
    words = _words(line, "after NUMBER ms", "after NUMBER s")
    if words[2] not in {"ms", "s"}:
        raise NotUnderstood(f"{words[2]}: a time is written in ms or s, such as `after 500 ms`")
    ms = number(words[1], 0.0, MOST_MS, "")
    return After(ms * 1000 if words[2] == "s" else ms)


def _wait(line: Line, names: Names) -> Until:
    within_s = line.take_number("within", 0.0, MOST_MS / 1000)
    return Until(condition(line.words[1:], names), WAIT_MS if within_s is None else within_s * 1000)


def _expect(line: Line, names: Names) -> Until:
    expected = condition(line.words[1:], names)
    within_s = line.take_number("within", 0.0, MOST_MS / 1000)
    if within_s is None:
        return Until(expected, 0.0 if is_immediate(expected) else EXPECT_MS)
    return Until(expected, within_s * 1000)


def _switch(line: Line, _: Names) -> Happen:
    """`fire on`, `mains off`, `arm off`, `hand up`."""
    thing, state = _words(line, "fire on|off", "mains on|off", "arm on|off", "hand up|down|off")
    if thing == "hand":
        return Happen({"hand": one_of(state, ("up", "down", "off"), thing)})
    on = Stick[one_of(state, Stick, thing)]
    match thing:
        case "fire":
            return Happen({"contact": "fire", "on": on or None})
        case "mains":
            return Happen({"mains": on})
        case _:
            return Happen({"arm": state})


def _contact(line: Line, _: Names) -> Happen:
    """`stick`, `free`, `cut`, `mend`, `chatter`, `steady` and `press`, each with the name of a contact."""
    does, contact, *rest = _words(line, "stick CONTACT on|off", f"{line.words[0]} CONTACT")
    message: dict[str, Any] = {"contact": one_of(contact, CONTACTS, does)}
    if (does == "stick") is not bool(rest):
        raise NotUnderstood("a contact is stuck on or off, such as `stick loop_arm on`; nothing else takes that word")
    match does:
        case "stick":
            message["on"] = Stick[one_of(rest[0], Stick, contact)]
        case "free":
            message["on"] = None
        case "cut" | "mend":
            message["cut"] = does == "cut"
        case "press":
            message["press_ms"] = line.take_number("for", 1.0, MOST_MS) or 500.0
        case _:
            bounces = line.take_number("bounces", 1.0, 1000.0) or 5.0
            message["bounces"] = round(bounces) if does == "chatter" else 0
            message["within_ms"] = line.take_number("within", 0.0, 60_000.0) or 12.0
    return Happen(message)


def _boom(line: Line, _: Names) -> Happen:
    does, what = _words(line, f"{line.words[0]} boom")
    one_of(what, ("boom",), does)
    return Happen({"jam": does == "jam"})


def _power_back(line: Line, _: Names) -> Power:
    one_of(_words(line, "power back")[1], ("back",), "power")
    return Power(on=True)


def _cut(line: Line, names: Names) -> Action:
    return Power(on=False) if line.words[1:] == ["power"] else _contact(line, names)


def _free(line: Line, names: Names) -> Happen:
    return _boom(line, names) if line.words[1:] == ["boom"] else _contact(line, names)


def _words(line: Line, *shapes: str) -> list[str]:
    """The words of a line, of which there must be as many as in one of these shapes."""
    if len(line.words) not in {len([word for word in shape.split() if "=" not in word]) for shape in shapes}:
        raise NotUnderstood(f"write {' or '.join(f'`{shape}`' for shape in shapes)}")
    return line.words


STEPS: dict[str, Callable[[Line, Names], Action]] = {
    "tap": _tap,
    "order": _order,
    "power": _power_back,
    "wait": _wait,
    "expect": _expect,
    "after": _after,
    "fire": _switch,
    "mains": _switch,
    "arm": _switch,
    "hand": _switch,
    "jam": _boom,
    "free": _free,
    "stick": _contact,
    "cut": _cut,
    "mend": _contact,
    "chatter": _contact,
    "steady": _contact,
    "press": _contact,
}
