"""Own time: taps through the real reader, list, journal and lane, each with the same APDUs sent bare right after it.

The card says the same each time and so does the terminal's side of the conversation (`random`), so the APDUs of a tap
can be sent again and are answered as before. Both sides connect to the card anew, as at the gate.
"""

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from smartcard import scard

from bench import lanes
from bench.children import board
from bench.figures import Figures
from bench.setting import ACCESS_ONLY, SITE, WITH_QUALIFICATIONS, WITH_STAY, Setting
from bench.stopwatch import BareDisk, Exchanges, WatchedJournal, WatchedLane, now_s
from simulation.vpcd import VirtualReader
from terminal.alarms import Alarms
from terminal.card.keys import KeyNumber, MasterKeys, SoftwareKey
from terminal.card.stay_file import SiteRecords
from terminal.core.barrier_words import Mark, Settings, Side
from terminal.edges.clock import FlooredClock
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.log import set_up_log
from terminal.edges.pcsc_card import pcsc_context, readers_with_card
from terminal.edges.pcsc_tap import CardThread, Tap
from terminal.edges.simulated_board import SimulatedBoard
from terminal.lane.kept import KeptNumber
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.places import Places
from terminal.storage.store import Store
from terminal.tap.ports import TapPorts
from terminal.tap.story import Taps
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase

KINDS = {"access_only": ACCESS_ONLY, "with_qualifications": WITH_QUALIFICATIONS, "with_stay": WITH_STAY}
TURN = 500
"""Taps beside resting lanes, then as many beside busy ones: seconds, in which each lane lets several through."""
WARM_UP = 20
CARD_S = 10.0
TAP_BUDGET_S = 60.0
INTENT_BUDGET_S = 2.0
CLA_READER = 0xFF
READY_S = 10.0
REST_S = 0.25
"""At a gate everything has slept before a tap: caches, threads, processor."""

Conversation = tuple[tuple[bytes, bytes], ...]
"""Commands and their answers, status word included."""


def same_each_time(count: int) -> bytes:
    """What the terminal takes for random in its conversation with the card, and nowhere else."""
    return bytes(range(0xA1, 0xA1 + count))


@dataclass(frozen=True, slots=True)
class Measured:
    """One tap: what came of it, what was said to the card, and its parts in milliseconds."""

    outcome: str
    said: Conversation
    parts: Mapping[str, float]


class TapBench:
    """Both lanes of the bench in this process, on one reader; `parts` closes what is opened here."""

    def __init__(self, setting: Setting, folder: Path, reader: VirtualReader, parts: ExitStack) -> None:
        """Open store, rules and lanes below `folder`."""
        self._reader = reader
        self._journal = WatchedJournal()
        store = Store(
            folder / "data",
            terminal="bench",
            heartbeat=Heartbeats(),
            random_bytes=os.urandom,
            before_commit=self._journal.before_commit,
        )
        parts.callback(store.close)
        self._clock = FlooredClock(store.kept.number("clock-floor"))
        self._keeper = RulesKeeper(
            site=SITE,
            root=setting.root_file,
            mirror=setting.mirror,
            state=folder / "data" / "rules",
            seen=SeenDatabase(folder / "data" / "seen.db"),
            clock=self._clock,
        )
        outcome = self._keeper.refresh()
        assert outcome.rules is not None, f"the published lists were not believed: {outcome.refused}"
        self.rules = outcome.rules
        self._stays = store.stays(os.urandom(32))
        self._accounts, self._epoch = store.accounts, store.epoch
        self._numbers = store.kept.number
        self._journal.behind = store.journal(
            clock=self._clock,
            sealing_key=lambda: self.rules.issuers.sealing[0],
            time_zone=lambda: ZoneInfo(self.rules.policy.time_zone),
            stays=self._stays,
            signing_key=Ed25519PrivateKey.generate(),
        )
        self._disk = parts.enter_context(BareDisk(folder / "data" / "bare"))
        self._alarms = Alarms(self._journal, lambda _step, _alarm: None)
        self._cards = CardThread(reader.name)
        self._cards.start()
        parts.callback(self._cards.end)
        masters = setting.card_masters()
        self._keys = MasterKeys({KeyNumber.READ: masters.read, KeyNumber.STAY: (masters.stay,)})
        self._records = SiteRecords(SITE, SoftwareKey(masters.site))
        with_board = Path(parts.enter_context(TemporaryDirectory(prefix="xs-bench-"))) / "board"
        parts.enter_context(board(with_board, folder / "board.jsonl", lanes=len(KINDS)))
        self._lanes = {kind: self._started(number, with_board, parts) for kind, number in KINDS.items()}

    def measure(
        self, figures: Figures, *, taps: int, paced_taps: int, slow: Mapping[float, int]
    ) -> dict[str, Conversation]:
        """Measure `taps` taps of each kind one after the other, then `paced_taps` with rests before tap and bare APDUs.

        Then as many as `slow` says for commits that take so many seconds more.

        The card must lie on the reader. Returns a conversation of each kind.
        """
        said: dict[str, Conversation] = {}
        with pcsc_context() as context:
            assert readers_with_card(context, (self._reader.name,), CARD_S), "the card did not come up on its reader"
            for kind in KINDS:
                for _ in range(min(WARM_UP, taps)):
                    self._tap(kind, context)
                measured = [self._tap(kind, context) for _ in range(taps)]
                said[kind] = _note(figures, kind, measured)
            for kind in KINDS if paced_taps else ():
                _note(figures, f"paced.{kind}", [self._tap(kind, context, REST_S) for _ in range(paced_taps)])
            for commit_s, count in slow.items():
                self._journal.commit_takes_s = commit_s
                for kind in KINDS if count else ():
                    measured = [self._tap(kind, context) for _ in range(count)]
                    _note_slow(figures, f"commit_{commit_s * 1000:g}ms.{kind}", measured)
                self._journal.commit_takes_s = 0.0
        return said

    def measure_lanes(self, figures: Figures, *, samples: int, taps: int) -> None:
        """Measure the lane without a card, then taps on one core while four lanes rest, and while they are busy.

        The two take turns of `TURN` taps, so that what else happens on the machine falls on both.
        """
        assert self._journal.behind is not None
        parts = lanes.Parts(self._journal.behind, self._numbers)
        turns, each = max(1, taps // TURN), min(TURN, taps)
        took: dict[bool, list[float]] = {False: [], True: []}
        let_through = 0
        with TemporaryDirectory(prefix="xs-bench-") as short, pcsc_context() as context:
            folder = Path(short)
            lanes.measure(parts, folder, figures, samples)
            assert readers_with_card(context, (self._reader.name,), CARD_S), "the card did not come up on its reader"
            for _ in range(turns):
                with lanes.on_one_core():
                    took[False] += self._tap_times(context, each)
                with lanes.busy_lanes(parts, folder) as admitted, lanes.on_one_core():
                    before = admitted()
                    took[True] += self._tap_times(context, each)
                    let_through += admitted() - before
        for busy, name in ((False, "idle_lanes"), (True, "busy_lanes")):
            figures.add_samples(f"{name}.tap_ms", took[busy], 50, 99)
        figures.add("busy_lanes.vehicles", let_through)
        figures.add("busy_lanes.slower_percent", lanes.slowed_percent(took[False], took[True]))

    def _tap_times(self, context: Any, count: int) -> list[float]:
        times = [self._tap("access_only", context, idle=False).parts for _ in range(count)]
        return [each["own_ms"] + each["bare_ms"] for each in times]

    def _tap(self, kind: str, context: Any, rest_s: float = 0.0, *, idle: bool = True) -> Measured:
        """One tap and, right after it, its APDUs bare. `idle`: begins when the journal is at rest."""
        taps, lane = self._lanes[kind]
        journal = self._journal
        deadline_s = now_s() + READY_S
        while not lane.at_rest():
            assert now_s() < deadline_s, f"the lane does not come to rest: {lane.readiness(Side.ENTRY)}"
            time.sleep(0.001)
        if idle:
            journal.wait_until_idle()
        time.sleep(rest_s)
        tap = Tap(self._cards, self._reader.name, budget_s=TAP_BUDGET_S, monotonic_s=now_s, beat=lambda: None)
        card = Exchanges(tap)
        begin_s = now_s()
        answer = taps.tap(self._reader.name, Side.ENTRY, card)
        tap_ms = (now_s() - begin_s) * 1000
        tap.end().result()
        time.sleep(rest_s)
        bare_ms = _bare(context, self._reader.name, tuple(card.said))
        assert answer.decision is not None
        assert answer.card_ms is not None
        parts = {
            "own_ms": tap_ms - bare_ms,
            "bare_ms": bare_ms,
            "hand_off_ms": card.waited_s * 1000 - bare_ms,
            "verification_ms": answer.card_ms - card.waited_s * 1000,
            "decision_ms": (journal.asked_s - begin_s) * 1000 - answer.card_ms,
        }
        if answer.durable_ms is not None:
            parts |= {
                "entry_ms": (journal.commit_s - journal.asked_s) * 1000,
                "commit_ms": (journal.durable_s - journal.commit_s) * 1000,
                "relay_ms": lane.admitting_s * 1000,
            }
        if rest_s:
            parts["disk_ms"] = self._disk.write_ms()
        return Measured(f"{answer.decision.outcome}-{answer.decision.reason}", tuple(card.said), parts)

    def _started(self, number: int, with_board: Path, parts: ExitStack) -> tuple[Taps, WatchedLane]:
        """A lane whose boom and pulse are quick: how long a barrier takes is no part of a tap."""

        def kept(mark: Mark) -> KeptNumber:
            return self._numbers(f"{number}/{mark.value}")

        places = Places(lane=number, rules=self._keeper, stays=self._stays, now_ms=lambda: self._clock.now().ms)
        limits = frozenset({"open_limit", "closed_limit"})
        lane = Lane(
            LanePorts(
                number=number,
                settings=Settings(fitted=limits, pulse_ms=5, travel_ms=2000, passage_ms=2000),
                take_board=partial(SimulatedBoard, with_board, number),
                journal=self._journal,
                alarms=self._alarms,
                heartbeat=Heartbeats(),
                kept=kept,
                stay_after=places.after,
            )
        )
        lane.start()
        parts.callback(lane.stop)
        watched = WatchedLane(lane)
        ports = TapPorts(
            number=number,
            lane=watched,
            keys=self._keys,
            rules=self._keeper,
            stays=self._stays,
            journal=self._journal,
            alarms=self._alarms,
            clock=self._clock,
            random=same_each_time,
            intent_budget_s=INTENT_BUDGET_S,
            records=self._records,
            accounts=self._accounts,
            epoch=self._epoch,
        )
        return Taps(ports), watched


@contextmanager
def opened(setting: Setting, folder: Path, reader: VirtualReader) -> Iterator[TapBench]:
    """The lanes and their parts, with their log in a file; closed at the end."""
    folder.mkdir()
    with (folder / "taps.log").open("w") as log, ExitStack() as parts:
        set_up_log(log, {})
        parts.callback(structlog.reset_defaults)
        yield TapBench(setting, folder, reader, parts)


def _bare(context: Any, reader: str, said: Conversation) -> float:
    """Connect, send the same commands with nothing but pyscard, get the same answers; returns the milliseconds."""
    commands = [list(command) for command, _ in said]
    answers: list[list[int]] = []
    any_protocol = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
    begin_s = now_s()
    result, handle, protocol = scard.SCardConnect(context, reader, scard.SCARD_SHARE_EXCLUSIVE, any_protocol)
    assert result == scard.SCARD_S_SUCCESS, scard.SCardGetErrorMessage(result)
    header = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
    for command in commands:
        _, answer = scard.SCardTransmit(handle, header, command)
        answers.append(answer)
    bare_ms = (now_s() - begin_s) * 1000
    scard.SCardDisconnect(handle, scard.SCARD_LEAVE_CARD)
    assert answers == [list(answer) for _, answer in said], "the card did not answer the same commands the same way"
    return bare_ms


def _note(figures: Figures, kind: str, measured: list[Measured]) -> Conversation:
    outcomes = Counter(each.outcome for each in measured)
    assert set(outcomes) == {"admit-ok"}, f"taps that should have been admitted: {dict(outcomes)}"
    said = measured[-1].said
    figures.add(f"{kind}.taps", len(measured))
    figures.add(f"{kind}.apdus", sum(command[0] != CLA_READER for command, _ in said))
    for part in measured[0].parts:
        figures.add_samples(f"{kind}.{part}", [each.parts[part] for each in measured], 50, 99)
    return said


def _note_slow(figures: Figures, name: str, measured: list[Measured]) -> None:
    figures.add(f"{name}.taps", len(measured))
    figures.add(f"{name}.admitted_taps", sum(each.outcome == "admit-ok" for each in measured))
    figures.add_samples(f"{name}.own_ms", [each.parts["own_ms"] for each in measured], 50, 99)
