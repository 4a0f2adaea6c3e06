"""What one lane writes down: the outcome of an admission, the end of its passage, alarms. Never waits for the disk."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from terminal.alarms import Alarms
from terminal.core.barrier_words import Phase, Result, Side
from terminal.core.credential import Credential
from terminal.core.journal import BY_ORDER, INTENT, Entry, EntryKey, Kind, TapResult
from terminal.core.stay import StayChange
from terminal.lane.bound import Bound
from terminal.lane.ends import PassageEnds
from terminal.ports import Intent, Journal

UNTAPPED = "untapped"
OPEN_TO_ALL = frozenset({Phase.HELD_OPEN, Phase.FORCED, Phase.EMERGENCY_OPEN})


@dataclass(frozen=True, slots=True)
class Vehicle:
    """Who is owed: the intent it was admitted by, its card, its tap, its way.

    Without an intent: an exit that could not be written down, or one that a person let through by an `order`.
    """

    intent: EntryKey | None
    credential: Credential | None = field(default=None, repr=False)
    tapped_ms: int = 0
    side: Side | None = None
    order: EntryKey | None = None
    late: "Future[EntryKey] | None" = field(default=None, repr=False, compare=False)
    """The intent of an exit that could not wait for it."""
    rides_with: "Vehicle | None" = None
    """A passenger's driver."""


StayAfter = Callable[[Result, Vehicle], StayChange | None]
"""What a passage that ended so means for the stay of its card."""


def admitted(intent: Intent, credential: Credential | None, tapped_ms: int, side: Side) -> Vehicle:
    """A vehicle as the lane got it from the tap."""
    if isinstance(intent, Future):
        return Vehicle(None, credential, tapped_ms, side, late=intent)
    return Vehicle(intent, credential, tapped_ms, side)


STRANGER = Vehicle(None)
"""Whoever was admitted before this run of the gate."""


@dataclass(frozen=True, slots=True)
class LaneJournal:
    """The journal as one lane uses it. An entry that did not get on disk raises the storage alarm."""

    number: int
    journal: Journal
    alarms: Alarms
    stay_after: StayAfter
    bound: Bound
    ends: PassageEnds
    _over: set[str] = field(default_factory=set, init=False, repr=False)

    def owed(self, vehicle: Vehicle, result: TapResult) -> None:
        """It is let through; without an intent its tap writes that, once it knows by what name."""
        if vehicle.intent is None:
            return
        self._append(Entry(kind=Kind.TAP_OUTCOME, lane=self.number, public=_settled(vehicle, result)))

    def passage(self, vehicle: Vehicle, result: Result) -> None:
        """Its passage ended; what that means for its stay is durable in the same transaction.

        One whose intent is still on its way to the disk is written after that, by its name if it has come to one.
        """
        also = self.stay_after(result, vehicle)
        if vehicle.late is None:
            self._passage(vehicle, result, also)
        else:
            vehicle.late.add_done_callback(lambda late: self._passage(_named(vehicle, late), result, also))

    def _passage(self, vehicle: Vehicle, result: Result, also: StayChange | None) -> None:
        card = vehicle.credential
        entry = Entry(
            kind=Kind.PASSAGE,
            lane=self.number,
            public=_settled(vehicle, result),
            card_number=card.card_number if card else None,
        )
        self.ends.put(entry, also)

    def again(self) -> None:
        """Try anew to write down the passages that the disk refused, since who is inside changes with them.

        And the end of what stood on for having chattered.
        """
        for name in tuple(self._over):
            self.standing(name, holds=False)
        self.ends.again()

    def untapped(self) -> None:
        """A vehicle passed a boom that was held open, and nobody had tapped."""
        self._append(Entry(kind=Kind.PASSAGE, lane=self.number, public={"result": UNTAPPED}))

    def incident(self, name: str) -> None:
        """Somebody may have laid hands on the system: written down each time; the alarm is one that stands."""
        self._say(Kind.INCIDENT, "incident", name)

    def fire_release(self, also: StayChange | None) -> None:
        """The boom opens for a fire: from now on it is certain of nobody whether he is inside."""
        self.ends.put(Entry(kind=Kind.ALARM_RAISED, lane=self.number, public={"alarm": "fire-release"}), also)

    def phase_changed(self, was: Phase, phase: Phase, opened: Callable[[bool], StayChange | None]) -> None:
        """Where stays are charged: that nobody asks any more who drives through, or that somebody does again.

        At the start it is told anew, since nobody knows what the gate missed.
        """
        to_all = phase in OPEN_TO_ALL
        told = was is Phase.BOOT or to_all is not (was in OPEN_TO_ALL)
        if told and (also := opened(to_all)) is not None:
            kind = Kind.ALARM_RAISED if to_all else Kind.ALARM_CLEARED
            self.ends.put(Entry(kind=kind, lane=self.number, public={"alarm": "open-to-all"}), also)

    def alarm(self, name: str) -> None:
        """Something happened: written down each time it does, within bounds."""
        self._say(Kind.ALARM_RAISED, "alarm", name)

    def standing(self, name: str, *, holds: bool) -> None:
        """Something began or is over: written down when that changes, within bounds.

        What chatters past its bound stands on; `again` says when it is over.
        """
        self._over.discard(name)
        if holds or self.bound.may_say(name) is not None:
            self.alarms.holds(name, self.number, while_=holds)
        else:
            self._over.add(name)

    def _say(self, kind: Kind, key: str, name: str) -> None:
        if (withheld := self.bound.may_say(f"{key} {name}")) is not None:
            more = {"withheld": withheld} if withheld else {}
            self._append(Entry(kind=kind, lane=self.number, public={key: name, **more}))

    def _append(self, entry: Entry) -> None:
        self.journal.append(entry).add_done_callback(self.alarms.stored)


def _named(vehicle: Vehicle, late: "Future[EntryKey]") -> Vehicle:
    return replace(vehicle, intent=None if late.exception() else late.result())


def _settled(vehicle: Vehicle, result: TapResult | Result) -> dict[str, Any]:
    known: dict[str, Any] = {INTENT: vehicle.intent.sequence} if vehicle.intent else {}
    known |= {BY_ORDER: vehicle.order.sequence} if vehicle.order else {}
    if vehicle.rides_with is not None:
        driver = vehicle.rides_with.intent or vehicle.rides_with.order
        known["passenger_of"] = driver.sequence if driver else None
    return {**known, "result": str(result)}
