"""What one lane may not be: ways in which its boom could stay open for ever, or come down on somebody.

The barrier's own controller stays the safety function. These checks refuse what would work against it.
"""

from collections.abc import Iterator

from firmware_config.gate import Lane
from firmware_config.mistakes import Mistake
from firmware_config.raw import Table, names, tables, text, whole

BOTH = {"entry", "exit"}


def lane_checks(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    """Every mistake that needs two keys of the lane to be seen; `key` is the lane's, such as `lane[2]`."""
    yield from _orders(file, key, lane)
    yield from _falls(file, key, lane)
    yield from _times(file, key, lane)
    yield from _polarity(file, key, lane)
    yield from _sides(file, key, lane)


def logic_of(lane: Table) -> str | None:
    """The lane's logic, by default `impulse`."""
    return text({"logic": "impulse", **lane}, "logic")


def _orders(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    outputs, contacts, logic = names(lane, "outputs", Lane), names(lane, "contacts", Lane), logic_of(lane)
    if outputs and "open" not in outputs:
        yield Mistake(file, f"{key}.outputs", '"open" is missing: no order could open the boom', 'a list with "open"')
    if logic == "impulse-count" and "close" not in outputs:
        wrong = (
            'impulse-count without "close": after a no-show the controller waits, open, for the vehicle it still counts'
        )
        yield Mistake(file, f"{key}.outputs", wrong, '"close" as well, wired to the controller\'s input for closing')
    if logic == "step" and "closed_limit" not in contacts:
        wrong = 'step without "closed_limit": nothing would tell whether a pulse opens the boom or brings it down'
        yield Mistake(file, f"{key}.contacts", wrong, '"closed_limit" as well')


def _falls(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    """Whatever lets the boom fall by an order needs to know that nobody stands under it."""
    if "loop_safety" in names(lane, "contacts", Lane):
        return
    outputs = names(lane, "outputs", Lane)
    ways = [f'a "{each}" relay' for each in ("close", "hold_open") if each in outputs]
    ways += ["the logic hold"] if logic_of(lane) == "hold" else []
    for way in ways:
        wrong = f'{way} without "loop_safety": the boom could come down on a vehicle that the terminal does not see'
        yield Mistake(file, f"{key}.contacts", wrong, '"loop_safety" as well')


def _times(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    pulse_ms, travel_ms, closing_s = (whole(lane, each, Lane) for each in ("pulse_ms", "travel_ms", "closing_s"))
    if travel_ms is None:
        return
    if pulse_ms is not None and pulse_ms >= travel_ms and logic_of(lane) != "hold":
        wrong = f"{pulse_ms} lasts as long as the boom travels ({travel_ms}): an impulse that is still there is a level"
        yield Mistake(file, f"{key}.pulse_ms", wrong, "less than travel_ms")
    if closing_s is not None and closing_s * 1000 <= travel_ms:
        wrong = f"{closing_s} is over before the boom is down, which takes about as long as up ({travel_ms} ms)"
        yield Mistake(file, f"{key}.closing_s", wrong, "more than travel_ms, and the controller's own waiting")


def _polarity(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    contacts = names(lane, "contacts", Lane)
    for name in names(lane, "normally_closed", Lane):
        if name not in contacts:
            wrong = f'"{name}" is not among the contacts of this lane'
            yield Mistake(file, f"{key}.normally_closed", wrong, "names that stand in contacts as well")


def _sides(file: str, key: str, lane: Table) -> Iterator[Mistake]:
    direction, readers = text(lane, "direction"), tables(lane, "reader")
    if not readers or direction not in {*BOTH, "both"}:
        return
    missing = [place for place, reader in readers if "side" not in reader] if direction == "both" else []
    for place in missing:
        wrong = "is left out in a lane for both directions"
        yield Mistake(
            file, f"{key}.reader[{place}].side", wrong, '"entry" or "exit": whose side of the boom it stands at'
        )
    sides = {text({"side": direction, **reader}, "side") for _, reader in readers}
    wanted = BOTH if direction == "both" else {direction}
    if not missing and sides <= BOTH:
        for side in sorted(wanted - sides):
            wrong = f'none stands at the side "{side}": vehicles that come from there could not tap'
            yield Mistake(file, f"{key}.reader", wrong, "a reader at each side where this lane's vehicles come from")
