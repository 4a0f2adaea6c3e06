"""One run of a gate in this process, from power on to power off: real lane, taps, orders, rules, journal and stays."""

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulation.stage import Setup
from simulation.vpcd import InsertedCard
from terminal.alarms import Alarms
from terminal.card.stay_file import SiteRecords
from terminal.core.acknowledgement import Judgement
from terminal.core.barrier_words import CONTACTS, MOMENTS, GuardOrder, Logic, Mark, Settings, Side, State
from terminal.core.checkpoint import Checkpoint, signed
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import Entry, EntryKey, OpenIntent, OpenOrder, OrderResult
from terminal.core.merkle import leaf_hash, root_of
from terminal.core.messages import Batch
from terminal.core.paid_stay import StayTold
from terminal.core.stay import OpenPassage
from terminal.edges.heartbeat import Heartbeats
from terminal.errors import HardwareError
from terminal.lane.lines import TakeBoard
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.orders import Order, Orders
from terminal.places import Places
from terminal.ports import Change, Following, KnownStays, NobodyKnown, RulesInForce
from terminal.recovery import NeverTold, settle
from terminal.storage.database import Database
from terminal.storage.journal import JournalWriter
from terminal.storage.store import Store
from terminal.storage.stored import Stored
from terminal.storage.view import View
from terminal.tap.ports import Answer, TapPorts
from terminal.tap.story import Taps
from tests.card.chips import Held
from tests.scenes.virtual_time import VirtualInbox, VirtualTime
from tests.tap.site import OPEN_LANE as LANE
from tests.tap.site import Site

STAYS_KEY = bytes(range(32))
JOURNAL_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
DISK_S = 20.0
"""Of real time, for a disk that is busy with other things."""

Written = Callable[[Entry, EntryKey], None]
"""Hears of an entry that is durable."""


class QuickDatabase(Database):
    """Syncs nothing: a power cut here is a copy of the files as the kernel has them, which needs no sync."""

    def connect(self) -> sqlite3.Connection:
        """As `Database.connect`."""
        connection = super().connect()
        connection.execute("PRAGMA synchronous = 0")
        return connection


def open_store(disk: Path, before_commit: Callable[[], None] | None = None, terminal: str = "gate-1") -> Store:
    """Open the gate's database in this folder, or let it be born there."""
    return Store(
        disk,
        terminal=terminal,
        heartbeat=Heartbeats(),
        random_bytes=os.urandom,
        database=QuickDatabase,
        before_commit=before_commit,
    )


class FollowedJournal:
    """The journal; what became durable is told when somebody has time to listen, in the order in which it was said."""

    def __init__(self, journal: JournalWriter, written: Written) -> None:
        self._journal = journal
        self._written = written
        self._on_its_way: list[tuple[Entry, Future[EntryKey]]] = []
        self._lock = threading.Lock()

    def append(
        self, entry: Entry, also: Change | None = None, *, followed_by: Following | None = None
    ) -> "Future[EntryKey]":
        """As `terminal.ports.JournalForTap`."""
        with self._lock:
            stored = self._journal.append(entry, also, followed_by=followed_by)
            self._on_its_way.append((entry, stored))
        return stored

    def catch_up(self) -> bool:
        """Wait until all that was said is durable, and tell it; False: there was nothing."""
        with self._lock:
            told, self._on_its_way = self._on_its_way, []
        for entry, stored in told:
            self._written(entry, stored.result(DISK_S))
        return bool(told)

    def open_intents(self) -> Sequence[OpenIntent]:
        """As `terminal.recovery.JournalAtStart`, and the next two."""
        return self._journal.open_intents()

    def open_orders(self) -> Sequence[OpenOrder]:
        return self._journal.open_orders()

    def open_passages(self) -> Sequence[OpenPassage]:
        return self._journal.open_passages()


@dataclass(frozen=True, slots=True)
class World:
    """What all scenes share: the site with everybody's card, its rules in force, an empty journal, when they begin."""

    site: Site
    rules: RulesInForce
    new_disk: Path
    began_ms: int
    terminal: str = "gate-1"
    lane: int = LANE
    records: SiteRecords | None = None
    """By what cards remember stays, where they do."""
    before_commit: Callable[[], None] | None = None
    """Called on the journal's thread, when a transaction is about to be committed."""
    known: KnownStays = field(default_factory=NobodyKnown)
    """What headquarters has told of stays."""


class Gate:
    """One run: `start` it once, `end` it once. `changed` hears of each state of the lane, on its thread."""

    def __init__(
        self,
        disk: Path,
        setup: Setup,
        world: World,
        time: VirtualTime,
        *,
        take_board: TakeBoard,
        written: Written,
        changed: Callable[[State], None],
    ) -> None:
        """Settle what the last run on this `disk` left open."""
        in_force = world.rules.current()
        assert in_force is not None
        self._store = open_store(disk, world.before_commit, world.terminal)
        stays = self._stays = self._store.stays(STAYS_KEY)
        journal = self._store.journal(
            clock=time,
            sealing_key=lambda: in_force.issuers.sealing[0],
            time_zone=lambda: ZoneInfo(in_force.policy.time_zone),
            stays=stays,
            signing_key=JOURNAL_KEY,
        )
        self._entries = journal.entries
        self._checkpoints = journal.checkpoints
        self.journal = FollowedJournal(journal, written)
        alarms = Alarms(self.journal, lambda _step, _alarm: None, self._store.kept)
        settle(
            self.journal,
            software="a scene",
            stay_after=NeverTold(rules=world.rules, stays=stays, epoch=self._store.epoch),
        )
        alarms.begin_anew()
        self._number = world.lane
        self.inbox = VirtualInbox(world.lane, time)
        places = Places(lane=world.lane, rules=world.rules, stays=stays, now_ms=lambda: time.now().ms)
        self._lane = Lane(
            LanePorts(
                number=world.lane,
                settings=settings(setup),
                take_board=take_board,
                journal=self.journal,
                alarms=alarms,
                heartbeat=Heartbeats(),
                kept=lambda mark: self._store.kept.number(f"lane-{world.lane}/{mark.value}"),
                monotonic_s=time.monotonic_s,
                inbox=lambda _: self.inbox,
                changed=changed,
                stay_after=places.after,
                after_fire=places.after_fire,
                opened=places.opened,
                answer_s=DISK_S,
                clear_s=0.0,
            )
        )
        self._taps = Taps(
            TapPorts(
                number=world.lane,
                lane=self._lane,
                keys=world.site.keys,
                rules=world.rules,
                stays=stays,
                journal=self.journal,
                alarms=alarms,
                clock=time,
                random=os.urandom,
                intent_budget_s=DISK_S,
                accounts=self._store.accounts,
                records=world.records,
                known=world.known,
                epoch=self._store.epoch,
            )
        )
        self._orders = Orders({world.lane: self._lane}, self.journal, alarms, durable_within_s=DISK_S)

    def start(self) -> None:
        """Begin; the lane takes its board."""
        self._lane.start()

    def tap(self, reader: str, side: Side, card: InsertedCard) -> Answer:
        """A card is held to a reader."""
        return self._taps.tap(reader, side, Held(card))

    def order(self, order: GuardOrder, reason: str, side: Side | None) -> str | None:
        """A guard, who is sure of it, orders it; why it was refused, or None.

        Raises:
            HardwareError: nobody knows whether it was carried out.
        """
        answer = self._orders.give(
            Order(order=order, lane=self._number, reason=reason, by="guard", side=side, sure=True)
        )
        if answer.result is OrderResult.UNKNOWN:
            raise HardwareError(answer.say)
        return None if answer.result is OrderResult.OBEYED else answer.why

    @property
    def epoch(self) -> bytes:
        """The journal's."""
        return self._store.epoch

    def told_of(self, card_number: bytes) -> StayTold | None:
        """What this terminal would tell at an exit of the stay of this card."""
        return self._stays.told(card_number, Side.EXIT)

    def forget_hold(self) -> None:
        """What was kept of a hold is gone, as by a gate whose board cannot hold any more."""
        self._store.kept.number(f"lane-{self._number}/{Mark.HELD.value}").save(0).result(DISK_S)

    def entries(self) -> list[Stored]:
        """All that is in the journal, after what is waiting now has become durable."""
        self.on_disk()
        return list(self._entries())

    def batch(self) -> bytes:
        """All of the journal, as `sync` would send it."""
        stored = self.entries()
        leaves = [leaf_hash(each.record_bytes) for each in stored]
        checkpoint = signed(Checkpoint(self._store.terminal, self.epoch, len(stored), root_of(leaves)), JOURNAL_KEY)
        entries = tuple((each.record_bytes, each.sealed) for each in stored)
        return Batch(self.epoch, 0, entries, checkpoint.encode()).encode()

    def view(self, path: Path) -> View:
        """What `sync` reads, at this path; start it, and stop it before the gate ends."""
        return self._store.view(path, facts=dict, trouble=lambda _: None)

    def acknowledge(self, note: bytes, cosigners: Sequence[HeadquartersKey]) -> Judgement:
        """What the journal makes of an acknowledgement, once that is durable."""
        return self._checkpoints.acknowledge(note, cosigners).result(DISK_S)

    def on_disk(self) -> None:
        """Wait until everything that was to be kept is durable."""
        self._store.kept.number("scene").save(1).result(DISK_S)

    def end(self) -> None:
        """End its threads and close its files."""
        assert self._lane.stop()
        self._store.close()


def settings(setup: Setup) -> Settings:
    """The lane of a scene as its gate is told of it."""
    times: dict[str, Any] = dict(setup.gate_ms)
    fitted = (*CONTACTS, *MOMENTS)
    return Settings(
        direction=setup.direction,
        logic=Logic(setup.logic.value),
        fitted=frozenset(fitted) - setup.without,
        outputs=frozenset({"open", "close", "hold_open"}) - setup.without,
        **times,
    )
