"""Who was inside a site in a span of time, as far as the journals tell; and how far that is.

People are matched by the card in the sealed parts of their taps, over all terminals of the site. Where two readings are
possible, the answer is that it is not certain: whoever may have been inside is in the list, and says why he may not.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from headquarters.muster.movements import Doubt, FireRelease, Movement
from terminal.core.barrier_words import Side
from terminal.core.journal import EntryKey


@dataclass(frozen=True, slots=True)
class Person:
    """Whose card it was; EAN and personal number are the XS-ID. The card matches taps, and is shown to nobody."""

    ean: str
    number: int
    card: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StayInside:
    """A stay that touches the span. Instants in milliseconds, by the terminals' clocks, at the taps.

    `entered_ms` None: he was seen going out only. `left_ms` None: he was not seen going out by the end of the span.
    `doubts`: why it is not certain; `evidence`: the entries that it rests on.
    """

    person: Person
    entered_ms: int | None
    left_ms: int | None
    entered_at: str
    left_at: str
    doubts: tuple[str, ...]
    evidence: tuple[EntryKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From when to when, not including; and from when on the journals were read for who had come in before."""

    begins_ms: int
    ends_ms: int
    read_from_ms: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Who was inside, the longest inside first; and what names nobody and may change it."""

    stays: tuple[StayInside, ...]
    doubts: tuple[Doubt, ...]


Opened = Callable[[Movement], Person | str]
"""Who made a movement, or why that cannot be told."""


def who_was_inside(
    span: Span,
    movements: Iterable[Movement],
    fires: Iterable[FireRelease],
    zone_of: Callable[[int | None], int | None],
    opened: Opened,
) -> Answer:
    """Work it out. `zone_of` gives the zone of a lane, None when that is not known: then it may be any."""
    inside = _Inside(span, zone_of, opened)
    steps: list[Movement | FireRelease] = [*movements, *fires]
    for step in sorted(steps, key=_order):
        if isinstance(step, Movement):
            inside.moved(step)
        else:
            inside.released(step)
    return inside.answer()


class _Inside:
    def __init__(self, span: Span, zone_of: Callable[[int | None], int | None], opened: Opened) -> None:
        self._span = span
        self._zone_of = zone_of
        self._opened = opened
        self._open: dict[bytes, tuple[StayInside, int | None]] = {}
        self._over: list[StayInside] = []
        self._doubts: list[Doubt] = []

    def moved(self, movement: Movement) -> None:
        person = self._opened(movement)
        if isinstance(person, str):
            way = "in" if movement.side is Side.ENTRY else "out"
            self._doubts.append(Doubt(f"somebody went {way}, and {person}", movement.tap.record.lane, movement.tap.key))
        elif movement.side is Side.ENTRY:
            self._in(person, movement)
        else:
            self._out(person, movement)

    def released(self, fire: FireRelease) -> None:
        zone = self._zone_of(fire.entry.record.lane)
        for card, (stay, its_zone) in self._open.items():
            if zone is None or its_zone is None or zone == its_zone:
                doubt = f"the boom opened for a fire at {_place(fire.entry.key, fire.entry.record.lane)}"
                self._open[card] = _with(stay, doubt, fire.entry.key), its_zone

    def answer(self) -> Answer:
        stays = [*self._over, *(stay for stay, _ in self._open.values())]
        touching = [each for each in stays if each.left_ms is None or each.left_ms > self._span.begins_ms]
        touching.sort(key=lambda each: (each.entered_ms or 0, each.left_ms or self._span.ends_ms, each.person.ean))
        return Answer(tuple(touching), tuple(self._doubts))

    def _in(self, person: Person, movement: Movement) -> None:
        if (before := self._open.pop(person.card, None)) is not None:
            again = _with(before[0], "he came in again, and was not seen going out before", movement.tap.key)
            self._over.append(replace(again, left_ms=movement.at_ms))
        stay = StayInside(
            person=person,
            entered_ms=movement.at_ms,
            left_ms=None,
            entered_at=_place(movement.tap.key, movement.tap.record.lane),
            left_at="",
            doubts=() if movement.doubt is None else (f"in: {movement.doubt}",),
            evidence=_keys(movement),
        )
        self._open[person.card] = stay, self._zone_of(movement.tap.record.lane)

    def _out(self, person: Person, movement: Movement) -> None:
        stay, zone = self._open.pop(person.card, (None, None))
        place = _place(movement.tap.key, movement.tap.record.lane)
        if stay is None:
            unseen = "he was not seen coming in since the journals are read"
            stay = StayInside(
                person=person, entered_ms=None, left_ms=None, entered_at="", left_at="", doubts=(unseen,), evidence=()
            )
        stay = replace(stay, evidence=(*stay.evidence, *_keys(movement)))
        if movement.doubt is None:
            self._over.append(replace(stay, left_ms=movement.at_ms, left_at=place))
        else:
            self._open[person.card] = _with(stay, f"perhaps out at {place}: {movement.doubt}"), zone


def _order(step: Movement | FireRelease) -> tuple[int, str, bytes, int]:
    key = step.tap.key if isinstance(step, Movement) else step.entry.key
    return step.at_ms, key.terminal, key.epoch, key.sequence


def _with(stay: StayInside, doubt: str, *evidence: EntryKey) -> StayInside:
    return replace(stay, doubts=(*stay.doubts, doubt), evidence=(*stay.evidence, *evidence))


def _keys(movement: Movement) -> tuple[EntryKey, ...]:
    return (movement.tap.key,) if movement.passage is None else (movement.tap.key, movement.passage)


def _place(key: EntryKey, lane: int | None) -> str:
    return f"{key.terminal} lane {lane}"


def summed_up(doubts: Sequence[Doubt]) -> list[tuple[str, tuple[EntryKey, ...]]]:
    """Doubts of one kind at one lane, together."""
    found: dict[str, list[EntryKey]] = {}
    for each in doubts:
        found.setdefault(f"{_place(each.entry, each.lane)}: {each.what}", []).append(each.entry)
    return [(what, tuple(keys)) for what, keys in sorted(found.items())]
