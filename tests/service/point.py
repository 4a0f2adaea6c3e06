"""One service point of a gate in this process: real rules, real journal on disk, a board of its own; no PC/SC."""

import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC
from pathlib import Path
from typing import Any, Self
from zoneinfo import ZoneInfo

from demonstration.office import SITE
from simulation.vpcd import InsertedCard
from simulation.world import World
from terminal.alarms import Alarms
from terminal.core.barrier_words import Side
from terminal.core.charge import Charge, Flag, read_charge
from terminal.core.journal import EntryKey, Kind
from terminal.edges.clock import FlooredClock
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.simulated_board import SimulatedBoard
from terminal.errors import StorageError
from terminal.recovery import NeverTold, settle
from terminal.service.point import ServicePoint
from terminal.service.ports import ServicePorts
from terminal.storage.database import Database
from terminal.storage.store import Store
from terminal.tap.ports import Answer, ServiceTapPorts
from terminal.tap.risk import risk
from terminal.tap.service import ServiceTaps
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase
from tests.card.chips import Held
from tests.tap.one_lane import JOURNAL_KEY, PATIENCE_S, STAYS_KEY
from tests.tap.site import Site

PULSES_A_UNIT = 10


class Time:
    """The clocks of the gate: the machine's own, and what a test moved them on by."""

    def __init__(self) -> None:
        self.moved_s = 0.0

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000 + int(self.moved_s * 1000)

    def monotonic_s(self) -> float:
        return time.monotonic() + self.moved_s


class OnePoint:
    """Use it as a context manager. `after`: the gate of this one's journal again, as it stands on its disk now."""

    def __init__(
        self,
        folder: Path,
        site: Site,
        board: Path,
        number: int,
        *,
        pulses_a_unit: int | None = PULSES_A_UNIT,
        publication: str | None = "good",
        before_commit: Callable[[], None] | None = None,
        database: Callable[[Path], Database] = Database,
        after: "OnePoint | None" = None,
        disk: Path | None = None,
    ) -> None:
        self.number, self.folder, self._site = number, folder, site
        self.time: Time = after.time if after else Time()
        self.world = World(board, number)
        folder.mkdir(exist_ok=True)
        mirror, root = folder / "mirror", folder / "root.json"
        mirror.mkdir(exist_ok=True)
        root.write_bytes(site.root)
        if disk is not None:
            shutil.copytree(disk, folder / "gate")
        self.store = Store(
            folder / "gate",
            terminal="gate-1",
            heartbeat=Heartbeats(),
            random_bytes=os.urandom,
            before_commit=before_commit,
            database=database,
        )
        self.clock = FlooredClock(self.store.kept.number("clock-floor"), self.time.wall_ms, self.time.monotonic_s)
        self.keeper = RulesKeeper(
            site=SITE,
            root=root,
            mirror=mirror,
            state=folder / "gate" / "rules",
            seen=SeenDatabase(folder / "gate" / "seen.db"),
            clock=self.clock,
        )
        stays = self.store.stays(STAYS_KEY)
        self.journal = self.store.journal(
            clock=self.clock,
            sealing_key=lambda: rules.issuers.sealing[0] if (rules := self.keeper.current()) else None,
            time_zone=lambda: ZoneInfo(rules.policy.time_zone) if (rules := self.keeper.current()) else UTC,
            stays=stays,
            signing_key=JOURNAL_KEY,
        )
        self.alarms = Alarms(self.journal, lambda _step, _alarm: None)
        if publication is not None:
            self.take(publication)
        settle(
            self.journal,
            software="test",
            stay_after=NeverTold(rules=self.keeper, stays=stays, epoch=self.store.epoch),
            timeout_s=PATIENCE_S,
        )
        self.point = ServicePoint(
            ServicePorts(
                number=number,
                pulse_ms=60,
                pulses_a_unit=pulses_a_unit,
                take_board=lambda: SimulatedBoard(board, number, answer_s=PATIENCE_S),
                journal=self.journal,
                epoch=self.store.epoch,
                alarms=self.alarms,
                heartbeat=Heartbeats(),
                clock=self.clock,
                random=os.urandom,
                meter=self.store.kept.number(f"service-{number}/meter"),
                goes_on=self.store.purchases.at(number),
                risk=self._risk,
                monotonic_s=self.time.monotonic_s,
                answer_s=PATIENCE_S,
            )
        )
        self.taps = ServiceTaps(
            ServiceTapPorts(
                number=number,
                point=self.point,
                pulses_a_unit=pulses_a_unit,
                keys=site.keys,
                rules=self.keeper,
                journal=self.journal,
                alarms=self.alarms,
                clock=self.clock,
                random=os.urandom,
                intent_budget_s=PATIENCE_S,
                accounts=self.store.accounts,
            )
        )

    def _risk(self, charge: Charge) -> tuple[Flag, ...]:
        rules = self.keeper.current()
        assert rules is not None
        return risk(self.store.accounts, rules, charge)

    def __enter__(self) -> Self:
        self.point.start()
        self.until(lambda: self.point.has_board)
        return self

    def __exit__(self, *_: object) -> None:
        ended = self.point.stop()
        self.world.close()
        self.store.close()
        assert ended

    def take(self, publication: str) -> None:
        """Have a publication arrive in the mirror, and in force."""
        self._site.carry(publication, self.folder / "mirror")
        outcome = self.keeper.refresh()
        assert outcome.rules is not None
        assert not outcome.refused, outcome.refused

    def tap(self, card: InsertedCard, later_s: float = 5.0) -> Answer:
        """Hold a card to the reader, so much later than what was before."""
        self.moves(later_s)
        return self.taps.tap("front", Side.ENTRY, Held(card))

    def moves(self, seconds: float) -> None:
        """So much time goes by."""
        self.time.moved_s += seconds

    def buys(self, card: InsertedCard) -> Answer:
        """He looks at the price and confirms it."""
        offered = self.tap(card)
        assert offered.sale is not None
        assert offered.sale.step.value == "offered"
        return self.tap(card)

    def until(self, holds: Callable[[], bool]) -> None:
        """Until it is so."""
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s
            time.sleep(0.005)

    def takes(self, pulses: int) -> None:
        """He takes so much that the meter gives so many pulses more."""
        wanted = self.point.meter + pulses
        self.world.happen(takes=100.0)
        self.until(lambda: self.point.meter >= wanted)
        self.world.happen(takes=0)

    @property
    def is_on(self) -> bool:
        """What the board says of the relay."""
        return bool(self.world.look()["outputs"]["service"])

    def switched(self) -> list[bool]:
        """Every level that the relay took."""
        return [line["on"] for line in self.world.since(0) if line["what"] == "output"]

    def told(self, *kinds: Kind) -> list[Mapping[str, Any]]:
        """The public part of every entry of these kinds, after what is waiting now has become durable."""
        self._written()
        return [entry.record.public for entry in self.journal.entries() if entry.record.kind in kinds]

    def _written(self) -> None:
        with suppress(StorageError):  # a disk that is full has written what it could
            self.store.kept.number("test").save(1).result(PATIENCE_S)

    def charges(self) -> list[Charge]:
        """Every charge in the journal."""
        self._written()
        found = []
        for entry in self.journal.entries():
            if entry.record.kind is Kind.CHARGE:
                assert entry.sealed is not None
                key = EntryKey("gate-1", self.store.epoch, entry.record.sequence)
                found.append(read_charge(entry.record.public, self._site.opened(entry.sealed, key)))
        return found

    def cents(self) -> list[int]:
        """What each charge came to."""
        return [charge.amount_cents for charge in self.charges()]
