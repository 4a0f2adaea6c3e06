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
import threading
from collections.abc import Callable
from concurrent.futures import Future, wait

import structlog

from terminal.core.barrier import step
from terminal.core.barrier_answers import readiness, refusal
from terminal.core.barrier_signals import (
    Admitted,
    BoardLost,
    ContactsRead,
    DriveForward,
    Event,
    Expired,
    Level,
    Off,
    On,
    Ordered,
    Passage,
    Pulse,
    Readiness,
    Ready,
    Stopped,
    Unserved,
)
from terminal.core.barrier_words import LOOP_SAFETY, GuardOrder, Mark, Phase, Side, State
from terminal.core.credential import Credential
from terminal.core.journal import EntryKey, TapResult
from terminal.errors import HardwareError
from terminal.lane.acts import Acts
from terminal.lane.bound import Bound
from terminal.lane.inbox import Answer
from terminal.lane.journal import LaneJournal, Vehicle, admitted
from terminal.lane.kept import KeptMarks, still_possible
from terminal.lane.lines import Lines, edge, wired
from terminal.lane.ports import ANSWER_S, CLEAR_S, LanePorts
from terminal.ports import Input, Intent, LaneBoard

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
        self._state = State(settings=ports.settings, marks=still_possible(self._kept.at_start, ports.settings))
        self._inbox = ports.inbox(ports.number)
        self._lines = Lines(ports.take_board, wired(ports.settings), ports.monotonic_s)
        bound, ends = Bound(ports.monotonic_s), ports.passage_ends()
        self._journal = LaneJournal(ports.number, ports.journal, ports.alarms, ports.stay_after, bound, ends)
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
        """What a card on this side would find. Never blocks."""
        return readiness(self._state, side)

    def owes(self, card_number: bytes) -> bool:
        """Tell whether the vehicle of this card was admitted and its passage has not ended. Never blocks."""
        cards = [vehicle.credential for vehicle in self._acts.vehicles.copy().values()]
        return any(card is not None and card.card_number == card_number for card in cards)

    def start(self) -> None:
        """Begin; the board is taken on its thread."""
        if self._state.marks != self._kept.at_start:
            self._journal.alarm("hold-forgotten")
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
        FAILED: the lane was not ready any more, nothing moves, and whoever asked writes the outcome. OPENED, OWED when
        no relay moves now, or UNKNOWN when the relay may have fired: the lane writes that outcome, unless there is no
        durable intent that it could name. Blocks for at most `answer_s` and what the board takes.

        Raises:
            HardwareError: the lane's thread is stuck or ended; it never moves anything on this account.
            ValueError: an entry without an intent.
        """
        if not isinstance(intent, EntryKey) and side is Side.ENTRY:
            raise ValueError("an entry opens only by a durable intent")
        vehicle = admitted(intent, credential, tapped_ms, side)
        return self._ask(lambda told: self._admit(vehicle, side, told, shares=shares))

    def obey(self, order: GuardOrder, key: EntryKey, side: Side | None = None) -> str | None:
        """Carry out a person's order that is durable as `key`; None when it was, else why it cannot be.

        What it sets for longer is durable when this returns. Blocks for `answer_s` and what the board takes.

        Raises:
            HardwareError: a relay did not answer, so it may have moved; or the lane's thread is stuck or ended.
            StorageError, TimeoutError: it was carried out, and may be forgotten when the gate ends.
        """
        until_s = self._now_s() + self._ports.answer_s
        way = side or (Side.EXIT if self._ports.settings.direction == "exit" else Side.ENTRY)
        obeyed: Obeyed = self._ask(lambda told: self._obey(order, key, way, told))
        why, saved = obeyed
        if why is None:
            wait(saved, max(0.0, until_s - self._now_s()))
            for each in saved:
                each.result(0)
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
        return self._inbox.ask(do, self._ports.answer_s)

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
        self._inbox.work_off(max(0.0, due_s - self._now_s()), self._end_pulses)
        self._end_pulses()
        now_s = self._now_s()
        timers = self._acts.timers
        for timer in sorted((timer for timer, end_s in timers.items() if end_s <= now_s), key=timers.__getitem__):
            if timers.get(timer, math.inf) <= now_s:  # what came before it may have cancelled or restarted it
                del timers[timer]
                self._feed(Expired(timer))
        if self._look_at_s <= now_s:
            self._look_at_s = now_s + TURN_S
            self._look()
            self._journal.again()
            self._keep()

    def _end_pulses(self) -> None:
        try:
            self._lines.end_pulses()
        except HardwareError as error:
            self._lose_board(error)

    def _admit(self, vehicle: Vehicle, side: Side, told: "Future[TapResult]", *, shares: bool) -> None:
        before, result, failure = self._state, TapResult.FAILED, None
        if isinstance(readiness(before, side), Ready | DriveForward | Unserved):
            result, failure = self._let_through(vehicle, side, shares=shares)
        told.set_result(result)
        if result is not TapResult.FAILED:
            self._journal.owed(vehicle, result)
        self._tell(before, failure)

    def _let_through(self, vehicle: Vehicle, side: Side, *, shares: bool) -> tuple[TapResult, HardwareError | None]:
        if self._stopping:
            return TapResult.FAILED, None
        self._admissions += 1
        number = self._admissions
        self._acts.vehicles[number] = vehicle
        self._state, orders = step(self._state, Admitted(number, side, shares))
        ended = {order.vehicle for order in orders if isinstance(order, Passage)}
        failure = self._acts.carry_out(orders)
        if number not in self._state.vehicles() | ended:
            del self._acts.vehicles[number]
            return TapResult.FAILED, failure
        if failure is not None:
            return TapResult.UNKNOWN, failure
        opens = any(isinstance(order, Pulse) or (isinstance(order, Level) and order.on) for order in orders)
        return TapResult.OPENED if opens else TapResult.OWED, None

    def _obey(self, order: GuardOrder, key: EntryKey, side: Side, told: "Future[Obeyed]") -> None:
        before, why, failure = self._state, refusal(self._state, order, side), None
        if self._stopping and order in {GuardOrder.OPEN, GuardOrder.HOLD}:
            why = "stopping"
        elif why is None and order is GuardOrder.OPEN:
            result, failure = self._let_through(Vehicle(None, side=side, order=key), side, shares=False)
            why = before.phase.value if result is TapResult.FAILED else None
        elif why is None:
            self._state, orders = step(before, Ordered(order))
            failure = self._acts.carry_out(orders)
        self._tell(before, failure)
        if failure is not None:
            told.set_exception(failure)
        else:
            told.set_result((why, self._saving))

    def _feed(self, event: Event) -> None:
        before = self._state
        self._state, orders = step(before, event)
        self._tell(before, self._acts.carry_out(orders))

    def _tell(self, before: State, failure: HardwareError | None) -> None:
        if self._state.phase is not before.phase:
            self._log.info("barrier", phase=self._state.phase.value, was=before.phase.value)
            self._journal.phase_changed(before.phase, self._state.phase, self._ports.opened)
        if Mark.EMERGENCY in self._state.marks - before.marks:
            self._journal.fire_release(self._ports.after_fire())
        if not self._state.owed:
            self._lines.forget_waiting()
        if self._state != before:
            self._keep()
            self._ports.changed(self._state)
        if failure is not None:
            self._lose_board(failure)

    def _keep(self) -> None:
        """Have what must outlive the gate kept; what is on its way to the disk is what an order waits for."""
        self._saving = (*(each for each in self._saving if not each.done()), *self._kept.keep(self._state.marks))

    # ------------------------------------------------------------------------------------------------------ the board

    def _look(self) -> None:
        """Take the board, or read the contacts anew, which finds a lost board and a lost edge."""
        try:
            if self._lines.taken:
                for contact, on in self._lines.levels().items():
                    self._feed(edge(contact, on))
            else:
                levels = self._lines.take(self._changed)
                self._feed(ContactsRead(frozenset(contact.value for contact, on in levels.items() if on)))
        except HardwareError as error:
            self._lose_board(error)

    def _changed(self, board: LaneBoard, contact: Input, on: bool) -> None:
        self._inbox.put(lambda: self._heard(board, edge(contact, on)))

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
        state = self._state
        clear = LOOP_SAFETY not in state.settings.fitted or LOOP_SAFETY in state.rested - state.active
        return self._stopping and (clear or not state.levels or self._now_s() >= self._stop_by_s)

    def _now_s(self) -> float:
        return self._ports.monotonic_s()
