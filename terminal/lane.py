"""One lane after the tap: contacts and timers go into `core.barrier`, its orders come out on relays and in the journal.

A lane is one thread with an inbox. Everything reaches it there: contact edges, admissions, orders of people, the end
of the gate. It alone steps the table, drives relays and keeps time, so a relay that was told to pulse is released
after its pulse whatever became of the thread that asked. It waits for a relay (bounded by the board) and for nothing
else: the journal's answers arrive as messages or not at all.

What opens a boom comes out of `Lane.admit`, of `Lane.obey`, or of the table on their account. When the board is gone
the lane says so, stays shut and takes the board anew until it is back; taking it sets every relay to its safe level
first.
"""

import math
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

import structlog

from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness, refusal
from terminal.core.barrier_signals import (
    Admitted,
    BoardLost,
    ContactsRead,
    Event,
    Expired,
    Level,
    Off,
    On,
    Ordered,
    Pulse,
    Readiness,
    Stopped,
)
from terminal.core.barrier_words import LOOP_SAFETY, GuardOrder, Mark, Phase, Side, State
from terminal.core.credential import Credential
from terminal.core.journal import EntryKey, TapResult
from terminal.errors import HardwareError
from terminal.lane_acts import Acts
from terminal.lane_journal import LaneJournal, Vehicle, admitted
from terminal.lane_kept import KeptMarks
from terminal.lane_lines import Lines
from terminal.lane_ports import ANSWER_S, CLEAR_S, LanePorts
from terminal.ports import Input, Intent, LaneBoard

Answer = TypeVar("Answer")
Obeyed = tuple[str | None, tuple[Future[None], ...]]
"""Why an order cannot be obeyed, and what is on its way to the disk on its account."""
TURN_S = 0.5
"""The lane goes round at least so often: it says that it lives and reads its contacts anew."""

log = structlog.get_logger()


class Lane:
    """The lane's thread and its door for the other threads. `start` it once, `stop` it once."""

    def __init__(self, ports: LanePorts) -> None:
        self._ports = ports
        self._kept = KeptMarks(ports.kept)
        self._state = State(settings=ports.settings, marks=self._kept.at_start)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lines = Lines(ports.take_board, ports.settings, ports.monotonic_s)
        self._journal = LaneJournal(ports.number, ports.journal, ports.alarms, ports.stay_after)
        self._acts = Acts(self._lines, self._journal, ports.monotonic_s)
        self._thread = threading.Thread(target=self._run, name=f"lane-{ports.number}", daemon=True)
        self._stopping = False
        self._stop_by_s = math.inf
        self._saving: tuple[Future[None], ...] = ()
        self._admissions = 0
        self._look_at_s = -math.inf
        self._log = log.bind(lane=ports.number)

    # ---------------------------------------------------------------------------------------------- for other threads

    @property
    def state(self) -> State:
        """All that is known of the lane now."""
        return self._state

    def readiness(self, side: Side) -> Readiness:
        """What a card presented now on this side would find. Never blocks."""
        return readiness(self._state, side)

    def owes(self, card_number: bytes) -> bool:
        """Tell whether the vehicle of this card was admitted and its passage has not ended. Never blocks."""
        cards = [vehicle.credential for vehicle in self._acts.vehicles.copy().values()]
        return any(card is not None and card.card_number == card_number for card in cards)

    def start(self) -> None:
        """Begin; the board is taken on the lane's thread."""
        self._thread.start()

    def admit(
        self,
        intent: Intent,
        credential: Credential | None = None,
        tapped_ms: int = 0,
        side: Side = Side.ENTRY,
        *,
        shares: bool = False,
    ) -> TapResult:
        """Let a vehicle through whose intent is durable; returns when a relay that this moves has been told.

        `tapped_ms` is the tap, the instant by which a stay begins or ends. A future, or None, is for an exit whose
        intent was not durable in time. `shares`: where no `loop_arm` tells, another card is a passenger.
        FAILED: the lane was not ready any more, nothing moves, and whoever asked writes the outcome. OPENED, or OWED
        when no relay moves now: that outcome is on its way into the journal, unless there is no durable intent that
        it could name, which is left to whoever asked; the end of the passage will follow.
        Blocks for at most `answer_s` and what the board takes.

        Raises:
            HardwareError: the relay did not answer, so it may have fired; or the lane's thread is stuck or ended.
            ValueError: an entry without an intent.
        """
        if not isinstance(intent, EntryKey) and side is Side.ENTRY:
            raise ValueError("an entry opens only by a durable intent")
        vehicle = admitted(intent, credential, tapped_ms, side)
        return self._ask(lambda told: self._admit(vehicle, side, told, shares=shares))

    def obey(self, order: GuardOrder, key: EntryKey, side: Side | None = None) -> str | None:
        """Carry out a person's order that is durable as `key`; None when it was, else why it cannot be.

        What the order sets for longer (lock, hold, pause, and their ends) is kept durably when this returns.
        Blocks for at most `answer_s`, what the board takes and what the disk takes.

        Raises:
            HardwareError: a relay did not answer, so it may have moved; or the lane's thread is stuck or ended.
            StorageError: it was carried out, and will be forgotten when the gate ends.
        """
        way = side or (Side.EXIT if self._ports.settings.direction == "exit" else Side.ENTRY)
        told: Obeyed = self._ask(lambda told: self._obey(order, key, way, told))
        why, saved = told
        for each in saved:
            each.result(self._ports.answer_s)
        return why

    def stop(self, within_s: float = CLEAR_S + ANSWER_S) -> bool:
        """Release every relay and end; the vehicles that are owed end as *unknown*. False: it did not end in time.

        A level that keeps the boom up is kept for up to `clear_s` while something is under the boom.
        """
        self._inbox.put(self._stop)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def _ask(self, do: "Callable[[Future[Answer]], None]") -> Answer:
        if not self._thread.is_alive():
            raise HardwareError(f"lane {self._ports.number} has ended; the gate must be started anew")
        told: Future[Answer] = Future()
        self._inbox.put(lambda: do(told) if told.set_running_or_notify_cancel() else None)
        try:
            return told.result(self._ports.answer_s)
        except TimeoutError:
            if told.cancel():  # from here on the lane will not act on it
                raise HardwareError(
                    f"lane {self._ports.number} does not answer; the gate must be started anew"
                ) from None
            return told.result()

    # ------------------------------------------------------------------------------------------------ the lane's thread

    def _run(self) -> None:
        try:
            while not self._may_end():
                self._turn()
            self._feed(Stopped())
        finally:
            self._state, _ = step(self._state, Stopped())
            self._lines.release()

    def _turn(self) -> None:
        self._ports.heartbeat.beat(f"lane:{self._ports.number}")
        due_s = min(self._look_at_s, self._lines.due_s(), *self._acts.timers.values())
        with suppress(queue.Empty):
            self._inbox.get(timeout=max(0.0, due_s - self._now_s()))()
        try:
            self._lines.end_pulses()
        except HardwareError as error:
            self._lose_board(error)
        now_s = self._now_s()
        timers = self._acts.timers
        for timer in [timer for timer, end_s in timers.items() if end_s <= now_s]:
            if timers.get(timer, math.inf) <= now_s:  # what came before it may have cancelled or restarted it
                del timers[timer]
                self._feed(Expired(timer))
        if self._look_at_s <= now_s:
            self._look_at_s = now_s + TURN_S
            self._look()
            self._journal.again()
            self._keep()

    def _admit(self, vehicle: Vehicle, side: Side, told: "Future[TapResult]", *, shares: bool) -> None:
        result, failure = self._let_through(vehicle, side, shares=shares)
        if failure is not None:
            told.set_exception(failure)
            return
        told.set_result(result)
        if result is not TapResult.FAILED:
            self._journal.owed(vehicle, result)

    def _let_through(self, vehicle: Vehicle, side: Side, *, shares: bool) -> tuple[TapResult, HardwareError | None]:
        self._admissions += 1
        number = self._admissions
        before = self._state
        self._state, orders = step(before, Admitted(number, side, shares))
        if self._state == before:
            return TapResult.FAILED, None
        self._acts.vehicles[number] = vehicle
        failure = self._acts.carry_out(orders)
        self._tell(before)
        if failure is not None:
            self._lose_board(failure)
        opens = any(isinstance(order, Pulse) or (isinstance(order, Level) and order.on) for order in orders)
        return TapResult.OPENED if opens else TapResult.OWED, failure

    def _obey(self, order: GuardOrder, key: EntryKey, side: Side, told: "Future[Obeyed]") -> None:
        why = refusal(self._state, order, side)
        failure: HardwareError | None = None
        if why is None and order is GuardOrder.OPEN:
            result, failure = self._let_through(Vehicle(None, side=side, order=key), side, shares=False)
            why = self._state.phase.value if result is TapResult.FAILED else None
        elif why is None:
            failure = self._feed(Ordered(order))
        if failure is not None:
            told.set_exception(failure)
        else:
            told.set_result((why, self._saving))

    def _feed(self, event: Event) -> HardwareError | None:
        before = self._state
        self._state, orders = step(before, event)
        failure = self._acts.carry_out(orders)
        self._tell(before)
        if failure is not None:
            self._lose_board(failure)
        return failure

    def _tell(self, before: State) -> None:
        if self._state.phase is not before.phase:
            self._log.info("barrier", phase=self._state.phase.value, was=before.phase.value)
        if Mark.EMERGENCY in self._state.marks - before.marks:
            self._journal.fire_release(self._ports.after_fire())
        if self._state != before:
            self._keep()
            self._ports.changed(self._state)

    def _keep(self) -> None:
        """Have what must outlive the gate kept; what is on its way to the disk is what an order waits for."""
        self._saving = (*(each for each in self._saving if not each.done()), *self._kept.keep(self._state.marks))

    # ------------------------------------------------------------------------------------------------------ the board

    def _look(self) -> None:
        """Take the board when there is none; else read the contacts anew, which finds a lost board and a lost edge."""
        try:
            if self._lines.taken:
                for contact, on in self._lines.levels().items():
                    self._feed(_edge(contact, on))
            else:
                levels = self._lines.take(self._changed)
                self._feed(ContactsRead(frozenset(contact.value for contact, on in levels.items() if on)))
        except HardwareError as error:
            self._lose_board(error)

    def _changed(self, board: LaneBoard, contact: Input, on: bool) -> None:
        """On the board's own thread."""
        self._inbox.put(lambda: self._heard(board, _edge(contact, on)))

    def _heard(self, board: LaneBoard, edge: On | Off) -> None:
        if self._lines.belongs(board):
            self._feed(edge)

    def _lose_board(self, error: HardwareError) -> None:
        if self._state.phase is not Phase.BOARD_LOST:
            self._log.error("board-lost", error=str(error))
        self._lines.lose()
        self._feed(BoardLost())

    def _stop(self) -> None:
        self._stopping = True
        self._stop_by_s = self._now_s() + self._ports.clear_s
        self._log.info("stopping", levels=sorted(self._state.levels))

    def _may_end(self) -> bool:
        """It has been told to, and no level keeps a boom up over somebody, or that has been waited for long enough."""
        over_somebody = self._state.levels and LOOP_SAFETY in self._state.active
        return self._stopping and not (over_somebody and self._now_s() < self._stop_by_s)

    def _now_s(self) -> float:
        return self._ports.monotonic_s()


def _edge(contact: Input, on: bool) -> On | Off:
    return On(contact.value) if on else Off(contact.value)
