"""Real lanes on a board process, a real journal on disk, and what may be asked of them."""

import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from simulation.world import World
from terminal.acknowledging import Acknowledging
from terminal.alarms import Alarms
from terminal.callers import Callers, Rate
from terminal.commanding import Commanding
from terminal.core.barrier_words import (
    CLOSE_OUTPUT,
    CONTACTS,
    HOLD_OUTPUT,
    OPEN_OUTPUT,
    GuardOrder,
    Phase,
    Settings,
    Side,
    State,
)
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import EntryKey, Kind
from terminal.core.sealing import open_sealed
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.simulated_board import SimulatedBoard
from terminal.gate.requests import ACKNOWLEDGEMENTS_A_MINUTE, DENIALS_A_MINUTE, ORDERS_A_MINUTE, Requests
from terminal.gate.shown import Shown, lane_state
from terminal.gate.told import Told
from terminal.knowing_stays import KnowingStays
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.live import Live
from terminal.orders import Answer, Order, Orders
from terminal.ports import ReaderState
from tests.simulation_board.board_process import FAST, BoardProcess
from tests.storage.support import HEADQUARTERS, KEY_ID, TERMINAL, Gate

Direction = Literal["entry", "exit", "both"]
PATIENCE_S = 60.0
OWN_UID, GUARD_UID, VIEWER_UID, STRANGER_UID = 990, 991, 992, 64_321
LISTED = {"xs-status": ("state", "open", "hold", "release", "lock", "unlock"), "xs-viewer": ("state",)}
UIDS = {"xs-status": GUARD_UID, "xs-viewer": VIEWER_UID}


def order(what: str = "open", lane: int = 1, **more: Any) -> Order:
    """One that a guard gives."""
    facts: dict[str, Any] = {"reason": "as agreed", "by": "xs-status", **more}
    return Order(order=GuardOrder(what), lane=lane, **facts)


def request(what: str = "open", lane: int = 1, name: str = "1", **more: Any) -> dict[str, Any]:
    """The same as it comes over the socket; `name` is its id."""
    facts = {"version": 1, "ask": "order", "id": name, "order": what, "lane": lane, "reason": "as agreed"}
    return facts | more


class Lanes:
    """Use it as a context manager: every lane is in service, boom down."""

    def __init__(
        self,
        folder: Path,
        *directions: Direction,
        budget_s: float = PATIENCE_S,
        lane: type[Lane] = Lane,
        monotonic_s: Callable[[], float] = lambda: 0.0,
        answer_s: float = PATIENCE_S,
        board_answer_s: float = PATIENCE_S,
        turn_s: float = PATIENCE_S,
        own_board: bool = True,
        **store: Any,
    ) -> None:
        """`own_board` False: somebody else runs `board`."""
        self.directions: tuple[Direction, ...] = directions or ("entry",)
        self._folder, self._budget_s, self._store, self._turn_s = folder, budget_s, store, turn_s
        self._lane, self._answer_s, self._board_answer_s = lane, answer_s, board_answer_s
        self._monotonic_s = monotonic_s
        self._own_board = own_board
        self.live = Live()
        self.cosigners: tuple[HeadquartersKey, ...] = ()
        self.command_keys: tuple[HeadquartersKey, ...] = ()
        self._parts = ExitStack()
        self._news = threading.Condition()
        self._been: set[tuple[int, Phase]] = set()
        self.board = BoardProcess(folder, *FAST, "--lanes", str(len(self.directions)))

    def __enter__(self) -> Self:
        parts = self._parts
        try:
            if self._own_board:
                parts.enter_context(self.board)
            self.gate = parts.enter_context(Gate(self._folder / "journal", **self._store))
            self.alarms = Alarms(self.gate.journal, Told(self.live).alarm)
            self.lanes = {number: self._start(number, way) for number, way in enumerate(self.directions, 1)}
        except BaseException:
            parts.close()
            raise
        self.orders = Orders(
            self.lanes, self.gate.journal, self.alarms, durable_within_s=self._budget_s, turn_s=self._turn_s
        )
        self.acknowledging = Acknowledging(self.gate.journal.checkpoints, lambda: self.cosigners, self.alarms)
        self.known_stays = KnowingStays(TERMINAL, lambda: self.command_keys, self.gate.clock)
        self.requests = Requests(
            Callers(LISTED.items(), OWN_UID, UIDS.get),
            self.orders,
            self.acknowledging,
            self.gate.journal,
            self.alarms,
            commanding=Commanding(self.gate.journal, lambda: self.command_keys, self.gate.clock, self.alarms),
            known_stays=self.known_stays,
            shown=Shown(
                TERMINAL,
                self.lanes,
                {},
                {"front": (1, Side.ENTRY)},
                reader_states={"front": ReaderState.READY},
                alarms=self.alarms,
                rules=lambda: None,
                clock=self.gate.clock,
                copied=lambda: 0,
            ),
            live=self.live,
            name_of={STRANGER_UID: "mallory"}.get,
            acknowledgements_rate=Rate(ACKNOWLEDGEMENTS_A_MINUTE, 60, self._monotonic_s),
            orders_rate=Rate(ORDERS_A_MINUTE, 60, self._monotonic_s),
            denials_rate=Rate(DENIALS_A_MINUTE, 60, self._monotonic_s),
        )
        for number in self.lanes:
            self.wait_for(Phase.CLOSED, number)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    def _start(self, number: int, direction: Direction) -> Lane:
        lane = self._lane(
            LanePorts(
                number=number,
                settings=Settings(
                    direction=direction,
                    fitted=frozenset(CONTACTS),
                    outputs=frozenset({OPEN_OUTPUT, CLOSE_OUTPUT, HOLD_OUTPUT}),
                    pulse_ms=40,
                    travel_ms=1000,
                ),
                take_board=lambda: SimulatedBoard(self.board.socket, number, answer_s=self._board_answer_s),
                journal=self.gate.journal,
                alarms=self.alarms,
                heartbeat=Heartbeats(),
                kept=lambda mark: self.gate.store.kept.number(f"lane-{number}/{mark}"),
                changed=lambda state: self._changed(number, state),
                answer_s=self._answer_s,
            )
        )
        lane.start()
        self._parts.callback(lane.stop)
        return lane

    def _changed(self, lane: int, state: State) -> None:
        self.live.tell({"news": "lane", **lane_state(lane, state)})
        with self._news:
            self._been.add((lane, state.phase))
            self._news.notify_all()

    def wait_for(self, phase: Phase, lane: int = 1) -> None:
        self.wait_until(lambda: self.lanes[lane].state.phase is phase)

    def came_to(self, phase: Phase, lane: int = 1) -> None:
        """Until the lane is or has been in this phase, be it for a moment that nobody saw."""
        self.wait_until(lambda: (lane, phase) in self._been)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Until the lanes' states are so."""
        with self._news:
            assert self._news.wait_for(holds, PATIENCE_S), [lane.state for lane in self.lanes.values()]

    def phases(self) -> list[Phase]:
        return [lane.state.phase for lane in self.lanes.values()]

    def give(self, what: str = "open", lane: int = 1, **more: Any) -> Answer:
        return self.orders.give(order(what, lane, **more))

    def world(self, lane: int = 1) -> World:
        return World(self.board.socket, lane)

    def pulses(self, lane: int = 1, relay: str = "open") -> int:
        """How often this relay was switched on."""
        return sum(
            line.get("what") == "output" and line["lane"] == lane and line["name"] == relay and line["on"]
            for line in self.board.lines()
        )

    def told(self, *kinds: Kind) -> list[tuple[int | None, Mapping[str, Any]]]:
        """Lane and public part of the entries of these kinds, once all that was asked for is on the disk."""
        self.gate.beats.wait_for()
        wanted = kinds or (Kind.ORDER,)
        return [
            (entry.record.lane, dict(entry.record.public))
            for entry in self.gate.entries()
            if entry.record.kind in wanted
        ]

    def unsealed(self, sequence: int) -> dict[Any, Any]:
        """What headquarters reads in the sealed part of this entry."""
        (entry,) = self.gate.journal.entries(sequence, sequence)
        assert entry.sealed is not None
        key = EntryKey(self.gate.journal.terminal, self.gate.journal.epoch, sequence)
        return open_sealed(entry.sealed, key, {KEY_ID: HEADQUARTERS})
