"""What the taps of one card come to: its stays. Pure, and the same in whatever order the entries arrived."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from terminal.core.barrier_words import Result, Side
from terminal.core.charge import StayId
from terminal.core.paid_stay import StayTold

DROVE = frozenset({Result.PASSED, Result.ASSUMED})
HAPPENED = DROVE | {Result.UNKNOWN}


class State(StrEnum):
    """Where the one who stays is; the values stand in the database."""

    INSIDE = "inside"
    LEFT = "left"
    NOT_CERTAIN = "not-certain"
    """Inside, as far as anybody knows: since `certain_until_ms` that may be otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """A paid entry or a charged exit. `order` is its place among taps of the same millisecond.

    `entered_ms` is of the stay's first entry. `stay` None: an exit that knew of no stay. `result` None: the passage has
    not ended, or its entry has not come.
    """

    order: tuple[int, int]
    side: Side
    card_number: bytes = field(repr=False)
    payer: int = field(repr=False)
    tapped_ms: int
    stay: StayId | None
    entered_ms: int | None
    zone: int
    lane: int
    tariff: int | None
    total_cents: int
    passenger: bool
    result: str | None


@dataclass(frozen=True, slots=True)
class OpenTime:
    """From when to when a lane of this zone stood open to anybody; zone None: any; end None: it still does."""

    zone: int | None
    begins_ms: int
    ends_ms: int | None


@dataclass(slots=True, kw_only=True)
class PaidStay:
    """A stay, as far as its taps are known. `ended_ms`: the tap after which he is inside no more."""

    stay: StayId
    card_number: bytes = field(repr=False)
    payer: int = field(repr=False)
    entered_ms: int
    zone: int
    lane: int
    tariff: int | None
    passenger: bool = False
    last_exit_ms: int | None = None
    ended_ms: int | None = None
    charged_cents: int = 0
    certain_until_ms: int | None = None

    @property
    def state(self) -> State:
        """Inside, left, or nobody knows."""
        if self.ended_ms is not None:
            return State.LEFT
        return State.INSIDE if self.certain_until_ms is None else State.NOT_CERTAIN

    def told(self) -> StayTold:
        """As a terminal is told of it."""
        return StayTold(
            stay=self.stay,
            inside=self.ended_ms is None,
            entered_ms=self.entered_ms,
            zone=self.zone,
            lane=self.lane,
            tariff=self.tariff,
            last_exit_ms=self.last_exit_ms,
            charged_cents=self.charged_cents,
            passenger=self.passenger,
            certain_until_ms=self.certain_until_ms,
        )


def stays_of(taps: Iterable[Tap], open_times: Iterable[OpenTime]) -> list[PaidStay]:
    """The stays of one card at one site, the oldest first."""
    found: dict[StayId, PaidStay] = {}
    for tap in sorted(taps, key=lambda each: (each.tapped_ms, each.order)):
        if tap.side is Side.ENTRY:
            if tap.result in HAPPENED:
                _enter(found, tap)
        else:
            _exit(found, tap)
    stays = sorted(found.values(), key=lambda each: each.entered_ms)
    for stay in stays:
        for each in open_times:
            _doubt_while_open(stay, each)
    return stays


def _enter(found: dict[StayId, PaidStay], tap: Tap) -> None:
    stay = _stay(found, tap)
    if stay is None:
        return
    for other in found.values():
        if other is not stay and other.ended_ms is None:  # he was not seen leaving, and is here anew
            other.ended_ms = tap.tapped_ms
            _doubt_from(other, other.last_exit_ms or other.entered_ms)
    stay.ended_ms = None
    stay.passenger = tap.passenger
    if tap.result not in DROVE:
        _doubt_from(stay, tap.tapped_ms)


def _exit(found: dict[StayId, PaidStay], tap: Tap) -> None:
    if tap.stay is None:
        here = [each for each in found.values() if each.ended_ms is None]
        stay = max(here, key=lambda each: each.entered_ms, default=None)
    else:
        stay = _stay(found, tap)
    if stay is None:
        return
    stay.last_exit_ms = tap.tapped_ms
    stay.charged_cents = max(stay.charged_cents, tap.total_cents)
    if tap.result in DROVE:
        stay.ended_ms = tap.tapped_ms
    elif tap.result in HAPPENED:
        _doubt_from(stay, tap.tapped_ms)


def _stay(found: dict[StayId, PaidStay], tap: Tap) -> PaidStay | None:
    if tap.stay is not None and tap.stay not in found and tap.entered_ms is not None:
        found[tap.stay] = PaidStay(
            stay=tap.stay,
            card_number=tap.card_number,
            payer=tap.payer,
            entered_ms=tap.entered_ms,
            zone=tap.zone,
            lane=tap.lane,
            tariff=tap.tariff,
        )
    return None if tap.stay is None else found.get(tap.stay)


def _doubt_while_open(stay: PaidStay, time: OpenTime) -> None:
    begins_ms = max(time.begins_ms, stay.entered_ms)
    if (
        time.zone in (None, stay.zone)
        and (time.ends_ms is None or stay.entered_ms < time.ends_ms)
        and (stay.ended_ms is None or begins_ms < stay.ended_ms)
    ):
        _doubt_from(stay, begins_ms)


def _doubt_from(stay: PaidStay, since_ms: int) -> None:
    if stay.certain_until_ms is None or since_ms < stay.certain_until_ms:
        stay.certain_until_ms = since_ms
