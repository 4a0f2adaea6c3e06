"""A truck park whose gates write paid taps down at hours that a test says, and headquarters that works them off."""

from dataclasses import dataclass
from typing import Any

from headquarters.keys import load_sealing_key
from headquarters.stays.account import PaidStay
from headquarters.stays.book import Book, stays_at
from terminal.core.charge import Flag, StayId
from terminal.core.journal import Kind
from tests.headquarters.box import EPOCH, NAME, SITE
from tests.headquarters.conftest import JANSEN
from tests.headquarters.inside_ground import Ground, at

OTHER = "gate-2"


def card(person: int) -> bytes:
    return bytes([person]) * 8


def stay_id(number: int) -> StayId:
    return StayId(EPOCH[:4], number)


@dataclass
class Park:
    """Times are hours, as in `Ground`."""

    ground: Ground

    @property
    def book(self) -> Book:
        return Book(self.ground.office.database, load_sealing_key(self.ground.office.keys.sealing))

    def enter(
        self,
        hour: float,
        person: int,
        result: str | None = "passed",
        *,
        gate: str = NAME,
        again: tuple[StayId, float] | None = None,
        **passage: Any,
    ) -> StayId:
        """A paid entry; `again` names the stay that goes on, and its first hour."""
        box = self.ground.gate(gate)
        plain: dict[str, Any] = {"card": card(person), "ean": int(JANSEN), "person": person}
        if again is not None:
            plain |= {"stay": [again[0].epoch, again[0].sequence], "entered_ms": at(again[1])}
        public = {"reader": "r1", "side": "entry", "outcome": "admit", "reason": "ok", "tariff": 3, "zone": 1}
        intent = box.tell(Kind.TAP_INTENT, public, plain, time_ms=at(hour))
        self.passed(intent, hour, result, gate=gate, **passage)
        return again[0] if again is not None else StayId(box.epoch[:4], intent)

    def leave(
        self,
        hour: float,
        person: int,
        stay: tuple[StayId, float] | None,
        cents: int,
        result: str | None = "passed",
        *,
        gate: str = NAME,
        flags: tuple[Flag, ...] = (),
    ) -> int:
        """An exit that is charged; gives the number of its tap."""
        box = self.ground.gate(gate)
        intent = box.tell(Kind.TAP_INTENT, {"side": "exit"}, {"card": card(person)}, time_ms=at(hour), lane=2)
        public = {
            "what": "parking", "amount_cents": cents, "vat": "21", "flags": list(flags), "list_number": 1,
            "list_age_s": 1, "intent": intent, "tariff": 3, "zone": 1,
        }  # fmt: skip
        if Flag.EMERGENCY in flags:
            del public["intent"]
        plain = {
            "card": card(person), "ean": int(JANSEN), "person": person, "receipt": bytes(10), "sources": {},
            "stay": None if stay is None else [stay[0].epoch, stay[0].sequence],
            "entered_ms": None if stay is None else at(stay[1]), "ended_ms": at(hour), "total_cents": cents,
            "earlier_cents": 0, "lines": [[0, "rounding", None, 1, cents * 10_000]],
        }  # fmt: skip
        box.tell(Kind.CHARGE, public, plain, time_ms=at(hour), lane=2)
        self.passed(intent, hour, result, gate=gate)
        return intent

    def passed(self, intent: int, hour: float, result: str | None, *, gate: str = NAME, **more: Any) -> None:
        if result is not None:
            public = {"intent": intent, "result": result, **more}
            self.ground.gate(gate).tell(Kind.PASSAGE, public, time_ms=at(hour) + 20_000)

    def arrive(self, gate: str, end: int | None = None) -> None:
        """What this gate wrote, up to an entry, comes and is proven."""
        self.ground.collector.collect(gate, self.ground.gate(gate).batch(end=end), at(24) // 1000)

    def stays(self, hour: float = 24) -> list[PaidStay]:
        """What headquarters knows, after all that has come was worked off."""
        self.book.round(at(hour))
        with self.ground.office.database.transaction(read_only=True) as connection:
            return stays_at(connection, SITE)
