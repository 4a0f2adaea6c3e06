"""One lane of a gate in this process: real rules, real journal on disk, real lane on a simulated board; no PC/SC."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from demonstration.office import SITE
from simulation.vpcd import InsertedCard
from simulation.world import World
from terminal.alarms import Alarms
from terminal.core.barrier_words import CONTACTS, LOOP_ARM, MOMENTS, Phase, Settings, Side, State
from terminal.core.issuers import SealingKey
from terminal.core.journal import Kind
from terminal.edges.clock import FlooredClock
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.simulated_board import SimulatedBoard
from terminal.lane.ends import PassageEnds
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.places import Places
from terminal.storage.database import Database
from terminal.storage.journal import JournalWriter
from terminal.storage.stays import Stays
from terminal.storage.store import Store
from terminal.storage.stored import Stored
from terminal.tap.ports import Answer, TapPorts
from terminal.tap.story import Taps
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase
from tests.card.chips import Held
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import OPEN_LANE, Site

PATIENCE_S = 60.0
STAYS_KEY = bytes(range(32))
JOURNAL_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))


class Disk:
    """Notes when each transaction had become durable (monotonic, ns); fails the next ones while it is `full`.

    A commit begins when `before_commit` has returned. `only_reserve`: it has room for exits only.
    """

    def __init__(self, before_commit: Callable[[], None] | None) -> None:
        self.full = False
        self.only_reserve = False
        self.before_commit = before_commit or (lambda: None)
        self.committed_ns: list[int] = []

    def database(self, folder: Path) -> Database:
        """The journal's database on this disk."""
        disk = self

        class Connection(sqlite3.Connection):
            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql == "COMMIT":
                    disk.before_commit()
                    if disk.full:
                        raise sqlite3.OperationalError("database or disk is full")
                cursor = super().execute(sql, *parameters)
                if sql == "COMMIT":
                    disk.committed_ns.append(time.monotonic_ns())
                return cursor

        class OnThisDisk(Database):
            connection_class = Connection

        return OnThisDisk(folder)


class OneLane:
    """Use it as a context manager: the boom is down and, unless it is nobody, `somebody` stands before it."""

    disk: Disk
    store: Store
    clock: FlooredClock
    keeper: RulesKeeper
    stays: Stays
    journal: JournalWriter
    alarms: Alarms
    ends: PassageEnds

    def __init__(
        self,
        folder: Path,
        site: Site,
        board: Path,
        *,
        number: int = OPEN_LANE,
        board_lane: int | None = None,
        direction: Literal["entry", "exit", "both"] = "entry",
        somebody: bool = True,
        publication: str | None = "good",
        budget_s: float = PATIENCE_S,
        before_commit: Callable[[], None] | None = None,
        board_class: type[SimulatedBoard] = SimulatedBoard,
        sealing_key: Callable[[], SealingKey | None] | None = None,
        beside: "OneLane | None" = None,
        **settings: Any,
    ) -> None:
        """`settings`: of the barrier, what is to be other than usual.

        `beside`: another lane of the same gate, already open, whose store, rules and alarms this one shares.
        """
        self._site = site
        self._side = Side.EXIT if direction == "exit" else Side.ENTRY
        self._somebody = somebody
        self.world = World(board, board_lane or number)
        self._news = threading.Condition()
        self.phases: list[Phase] = []
        self._owns_store = beside is None
        if beside is None:
            self._open_store(folder, before_commit, sealing_key)
            if publication is not None:
                self.take(publication)
        else:
            self.disk, self.store, self.clock, self.keeper = beside.disk, beside.store, beside.clock, beside.keeper
            self.stays, self.journal, self.alarms = beside.stays, beside.journal, beside.alarms
        self.ends = beside.ends if beside else PassageEnds(self.journal, self.alarms)
        fitted = frozenset((*CONTACTS, *MOMENTS))
        quick = Settings(direction=direction, fitted=fitted, pulse_ms=60, travel_ms=1000, passage_ms=5000)
        places = Places(lane=number, rules=self.keeper, stays=self.stays, now_ms=lambda: self.clock.now().ms)
        self.lane = Lane(
            LanePorts(
                number=number,
                settings=replace(quick, **settings),
                take_board=lambda: board_class(board, board_lane or number, answer_s=PATIENCE_S),
                journal=self.journal,
                alarms=self.alarms,
                heartbeat=Heartbeats(),
                kept=lambda mark: self.store.kept.number(f"lane-{number}/{mark.value}"),
                changed=self._changed,
                stay_after=places.after,
                after_fire=places.after_fire,
                opened=places.opened,
                answer_s=PATIENCE_S,
                ends=self.ends,
            )
        )
        self.ports = TapPorts(
            number=number,
            lane=self.lane,
            keys=site.keys,
            rules=self.keeper,
            stays=self.stays,
            journal=self.journal,
            alarms=self.alarms,
            clock=self.clock,
            random=os.urandom,
            intent_budget_s=budget_s,
            records=site.records,
            accounts=self.store.accounts,
            epoch=self.store.epoch,
            only_reserve=lambda: self.disk.only_reserve,
        )
        self.taps = Taps(self.ports)

    def _open_store(
        self,
        folder: Path,
        before_commit: Callable[[], None] | None,
        sealing_key: Callable[[], SealingKey | None] | None,
    ) -> None:
        self._mirror = folder / "mirror"
        self._mirror.mkdir()
        root = folder / "root.json"
        root.write_bytes(self._site.root)
        self.disk = Disk(before_commit)
        self.store = Store(
            folder / "gate",
            terminal="gate-1",
            heartbeat=Heartbeats(),
            random_bytes=os.urandom,
            database=self.disk.database,
        )
        self.clock = FlooredClock(self.store.kept.number("clock-floor"))
        self.keeper = RulesKeeper(
            site=SITE,
            root=root,
            mirror=self._mirror,
            state=folder / "gate" / "rules",
            seen=SeenDatabase(folder / "gate" / "seen.db"),
            clock=self.clock,
        )
        self.stays = self.store.stays(STAYS_KEY)
        self.journal = self.store.journal(
            clock=self.clock,
            sealing_key=sealing_key or (lambda: rules.issuers.sealing[0] if (rules := self.keeper.current()) else None),
            time_zone=lambda: ZoneInfo(rules.policy.time_zone) if (rules := self.keeper.current()) else UTC,
            stays=self.stays,
            signing_key=JOURNAL_KEY,
        )
        self.alarms = Alarms(self.journal, lambda _step, _alarm: None)

    def __enter__(self) -> Self:
        self.lane.start()
        self.wait_for(Phase.CLOSED)
        if self._somebody:
            self.world.contact("loop_arm", True)
            self.sees_somebody()
        return self

    def __exit__(self, *_: object) -> None:
        ended = self.lane.stop()
        self.world.close()
        if self._owns_store:
            self.store.close()
        assert ended

    def take(self, publication: str) -> None:
        """Have a publication arrive in the mirror, and in force."""
        self._site.carry(publication, self._mirror)
        outcome = self.keeper.refresh()
        assert outcome.rules is not None
        assert not outcome.refused, outcome.refused

    def tap(self, card: InsertedCard, reader: str = "front", side: Side | None = None) -> Answer:
        """Hold a card to the reader, on this side or the lane's own."""
        return self.taps.tap(reader, side or self._side, Held(card))

    def wait_for(self, phase: Phase, times: int = 1) -> None:
        """Until the barrier has come into this phase so often; what the lane writes down about it is on its way."""
        with self._news:
            assert self._news.wait_for(lambda: self.phases.count(phase) >= times, PATIENCE_S), self.phases

    def until(self, holds: Callable[[State], bool]) -> None:
        """Until the lane's state is so."""
        with self._news:
            assert self._news.wait_for(lambda: holds(self.lane.state), PATIENCE_S), self.lane.state

    def sees_somebody(self) -> None:
        """Until the lane knows that somebody stands before the boom."""
        self.until(lambda state: LOOP_ARM in state.active)

    def ended(self, answer: Answer) -> str:
        """How the passage of whoever was answered so ended, once it is durable."""
        assert answer.key is not None
        return str(self.written(Kind.PASSAGE, intent=answer.key.sequence)["result"])

    def written(self, kind: Kind, **public: object) -> Mapping[str, object]:
        """The first entry of this kind with these public facts, waiting for it if need be."""
        deadline_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline_s:
            for entry in self.entries():
                if entry.record.kind is kind and public.items() <= dict(entry.record.public).items():
                    return entry.record.public
        raise AssertionError((kind, public, self.told(*Kind)))

    def entries(self) -> list[Stored]:
        """All that is in the journal, after what is waiting now has become durable."""
        self.store.kept.number("test").save(1).result(PATIENCE_S)
        return list(self.journal.entries())

    def told(self, *kinds: Kind) -> list[tuple[str, Mapping[str, object]]]:
        """What the journal says of taps, or of `kinds`: kind, and the facts a reader would look for."""
        wanted = kinds or (Kind.TAP_INTENT, Kind.TAP_OUTCOME)
        facts = ("outcome", "reason", "detail", "result", "intent", "alarm")
        return [
            (entry.record.kind.value, {key: entry.record.public[key] for key in facts if key in entry.record.public})
            for entry in self.entries()
            if entry.record.kind in wanted
        ]

    def alarms_written(self) -> list[Mapping[str, object]]:
        """What the journal says of every alarm that was raised."""
        return [entry.record.public for entry in self.entries() if entry.record.kind is Kind.ALARM_RAISED]

    def standing(self) -> tuple[str, ...]:
        """The names of the alarms that stand."""
        return tuple(alarm.name for alarm in self.alarms.standing())

    def _changed(self, state: State) -> None:
        with self._news:
            if self.phases[-1:] != [state.phase]:
                self.phases.append(state.phase)
            self._news.notify_all()


Lanes = Callable[..., OneLane]
"""Makes a lane, with what is to be other than usual."""


def said(answer: Answer) -> tuple[str, str] | None:
    """Outcome and reason; None: drive forward."""
    return None if answer.decision is None else (answer.decision.outcome.value, answer.decision.reason.value)


def pulses(board: BoardProcess, lane: int = OPEN_LANE) -> list[int]:
    """When the open relay of this lane was switched on (monotonic, ns), by the board's own trace."""
    return [
        line["monotonic_ns"]
        for line in board.lines()
        if line["what"] == "output" and line["lane"] == lane and line["name"] == "open" and line["on"]
    ]
