"""Chance on a lane: numbers become events that may come now. 0 is nothing, so that a failing story shrinks to few."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from hypothesis import strategies as st

from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness, refusal
from terminal.core.barrier_books import STUCK
from terminal.core.barrier_signals import (
    Admitted,
    BoardLost,
    ContactsRead,
    Event,
    Expired,
    Off,
    On,
    Order,
    Ordered,
    Ready,
    Stopped,
    Unserved,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    CONTACTS,
    LOOP_ARM,
    LOOPS,
    OPEN_LIMIT,
    GuardOrder,
    Logic,
    Settings,
    Side,
    State,
    Timer,
)
from tests.core.barrier_stories import ALL_CONTACTS, ALL_OUTPUTS

LENGTH = 200
WEIGHT = {Timer.SAFETY_GAP: 6, Timer.BEHIND_GAP: 6, Timer.STEADY: 6, Timer.SETTLE: 6} | dict.fromkeys(STUCK.values(), 1)
NUMBERS = st.lists(st.integers(0, 9_999), min_size=LENGTH, max_size=LENGTH).map(
    lambda numbers: [number for number in numbers if number]
)
LANES = st.builds(
    Settings,
    direction=st.sampled_from(["entry", "exit", "both"]),
    logic=st.sampled_from(Logic),
    fitted=st.one_of(
        st.just(ALL_CONTACTS),
        st.frozensets(st.sampled_from(sorted(ALL_CONTACTS)), max_size=2).map(ALL_CONTACTS.__sub__),
        st.frozensets(st.sampled_from(sorted(ALL_CONTACTS))),
    ),
    outputs=st.sampled_from([frozenset({"open"}), frozenset({"open", "close"}), ALL_OUTPUTS]),
)
BEGIN = (GuardOrder.HOLD, GuardOrder.LOCK, GuardOrder.PAUSE)
END = (GuardOrder.CONFIRM, GuardOrder.RELEASE, GuardOrder.UNLOCK, GuardOrder.RESUME)


@dataclass(frozen=True, slots=True)
class Turn:
    """One step of a lane."""

    before: State
    event: Event
    after: State
    orders: tuple[Order, ...]


class World(Protocol):
    """Where the contacts' edges come from."""

    def happens(self, number: int) -> Iterable[Event]:
        """What this number makes of the world."""

    def ordered(self, orders: Iterable[Order]) -> None:
        """The lane has ordered this."""

    def levels(self) -> frozenset[str]:
        """The contacts that are on."""


class Chaos:
    """Any contact changes at any time: loops and limits often, and what stops everything is soon over."""

    def __init__(self, settings: Settings) -> None:
        self._fitted = sorted(settings.fitted)
        self._active: set[str] = {CLOSED_LIMIT}

    def happens(self, number: int) -> Iterable[Event]:
        """One contact changes."""
        weighted = [contact for contact in self._fitted for _ in range(6 if self._is_likely(contact) else 1)]
        if weighted:
            contact = weighted[number % len(weighted)]
            self._active ^= {contact}
            yield (On if contact in self._active else Off)(contact)

    def _is_likely(self, contact: str) -> bool:
        return contact in self._active or contact in {*LOOPS, OPEN_LIMIT, CLOSED_LIMIT}

    def ordered(self, orders: Iterable[Order]) -> None:
        """Chaos obeys nobody."""

    def levels(self) -> frozenset[str]:
        """The contacts that are on."""
        return frozenset(self._active)


def turns(state: State, world: World, numbers: Iterable[int]) -> Iterator[Turn]:
    """Every step of a story that begins with the board being taken; each admission has a number of its own."""
    vehicle = 0
    state, first = _told(state, world, ContactsRead(world.levels()))
    yield first
    for number in numbers:
        for event in _events(state, world, number):
            numbered = event
            if isinstance(event, Admitted):
                vehicle += 1
                numbered = Admitted(vehicle, event.side, event.shares)
            state, turn = _told(state, world, numbered)
            yield turn


def _told(state: State, world: World, event: Event) -> tuple[State, Turn]:
    after, orders = step(state, event)
    world.ordered(orders)
    return after, Turn(state, event, after, orders)


def _events(state: State, world: World, number: int) -> Iterable[Event]:
    running = [timer for timer in sorted(state.timers) for _ in range(WEIGHT.get(timer, 2))]
    people = [order for order in (*BEGIN, *END, *END, *END, *END) if refusal(state, order, Side.ENTRY) is None]
    cards = [event for side in Side for event in _admissions(state, side, number)]
    kind, rest = number % 100, number // 100
    if running and kind < 30:
        return [Expired(running[rest % len(running)])]
    if cards and kind < 50:
        return [cards[rest % len(cards)]]
    if people and kind < 60 and (rest % 8 == 0 or people[0] in END):
        return [Ordered(people[rest // 8 % len(people)])]
    return _seldom(state, world, rest) if kind == 99 else world.happens(rest)


def _admissions(state: State, side: Side, number: int) -> Iterable[Event]:
    answer = readiness(state, side)
    may = isinstance(answer, Ready) or (isinstance(answer, Unserved) and side is Side.EXIT)
    by_hand = number % 7 == 0 and refusal(state, GuardOrder.OPEN, side) is None
    return [Admitted(0, side, shares=number % 3 == 0)] if may or by_hand else ()


def _seldom(state: State, world: World, number: int) -> Iterable[Event]:
    """The board comes and goes; edges and timers that are no news come late."""
    stale: list[Event] = [Expired(timer) for timer in Timer if timer not in state.timers]
    stale += [On(contact) if contact in state.active else Off(contact) for contact in (*CONTACTS, LOOP_ARM)]
    match number % 8:
        case 0:
            return [BoardLost(), ContactsRead(world.levels())]
        case 1:
            return [Stopped(), ContactsRead(world.levels())]
        case 2:
            return [ContactsRead(world.levels())]
        case _:
            return [stale[number % len(stale)]]
