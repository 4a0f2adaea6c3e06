"""One lane after the tap: contacts and timers go into `core.barrier`, its orders come out on relays and in the journal.

A lane is one thread with an inbox. Everything reaches it there: contact edges, admissions, a guard's confirmation, the
order to stop. It alone steps the table, drives relays and keeps time, so a relay that was told to pulse is released
after its pulse whatever became of the thread that asked. It waits for a relay (bounded by the board) and for nothing
else: the journal's answers arrive as messages or not at all.

A pulse can only come out of `Lane.admit`, or of the table's one retry. When the board is gone the lane says so, stays
shut and takes the board anew until it is back; taking it sets every relay to its safe level first.
"""

import math
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

import structlog

from terminal.alarms import Alarms
from terminal.core.barrier import readiness, step
from terminal.core.barrier_words import (
    Admitted,
    Alarm,
    BoardLost,
    CancelTimer,
    Confirmed,
    ContactsRead,
    Event,
    Expired,
    Light,
    Mark,
    Off,
    On,
    Order,
    Passage,
    Phase,
    Pulse,
    Readiness,
    Settings,
    Standing,
    StartTimer,
    State,
    Stopped,
    Timer,
)
from terminal.core.credential import Credential
from terminal.core.journal import EntryKey
from terminal.errors import HardwareError
from terminal.lane_journal import STRANGER, LaneJournal, StayAfter, Vehicle, admitted
from terminal.lane_kept import KeptMark, KeptNumber
from terminal.lane_lines import Lines, TakeBoard
from terminal.ports import Heartbeat, Input, Intent, Journal, LaneBoard, Output

TURN_S = 0.5
"""The lane goes round at least so often: it says that it lives and reads its contacts anew."""
ANSWER_S = 3.0
"""Most time that an admission waits for the lane; more than a board may take."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePorts:
    """What a lane needs from outside."""

    number: int
    settings: Settings
    take_board: TakeBoard
    journal: Journal
    alarms: Alarms
    heartbeat: Heartbeat
    emergency: KeptNumber
    """Where it is kept that there was a fire and nobody has confirmed that it is over."""
    monotonic_s: Callable[[], float] = time.monotonic
    changed: Callable[[State], None] = lambda _: None
    """Hears of every new state, on the lane's thread; must not block."""
    stay_after: StayAfter = lambda *_: None
    answer_s: float = ANSWER_S


class Lane:
    """The lane's thread and its door for the other threads. `start` it once, `stop` it once."""

    def __init__(self, ports: LanePorts) -> None:
        self._ports = ports
        self._emergency = KeptMark(ports.emergency)
        marks = frozenset({Mark.EMERGENCY}) if self._emergency.on else frozenset[Mark]()
        self._state = State(settings=ports.settings, marks=marks)
        self._inbox: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._lines = Lines(ports.take_board, ports.settings.fitted, ports.monotonic_s)
        self._journal = LaneJournal(ports.number, ports.journal, ports.alarms, ports.stay_after)
        self._thread = threading.Thread(target=self._run, name=f"lane-{ports.number}", daemon=True)
        self._stopping = False
        self._timers: dict[Timer, float] = {}
        self._vehicles: dict[int, Vehicle] = {}
        self._admissions = 0
        self._look_at_s = -math.inf
        self._log = log.bind(lane=ports.number)

    # ---------------------------------------------------------------------------------------------- for other threads

    @property
    def state(self) -> State:
        """All that is known of the lane now."""
        return self._state

    def readiness(self) -> Readiness:
        """What a card presented now would find. Never blocks."""
        return readiness(self._state)

    def owes(self, card_number: bytes) -> bool:
        """Tell whether the vehicle of this card was admitted and its passage has not ended. Never blocks."""
        cards = [vehicle.credential for vehicle in self._vehicles.copy().values()]
        return any(card is not None and card.card_number == card_number for card in cards)

    def start(self) -> None:
        """Begin; the board is taken on the lane's thread."""
        self._thread.start()

    def admit(self, intent: Intent, credential: Credential | None = None, tapped_ms: int = 0) -> bool:
        """Order the pulse for a vehicle whose intent is durable; returns when the relay has been told.

        `tapped_ms` is the tap, the instant by which a stay begins or ends. A future, or None, is for an exit whose
        intent was not durable in time. False: no order was given, since the lane was not ready any more; whoever asked
        writes the outcome. True: the outcome `opened` is on its way into the journal, unless there is no durable intent
        that it could name, which is left to whoever asked; the end of the passage will follow.
        Blocks for at most `answer_s` and what the board takes.

        Raises:
            HardwareError: the relay did not answer, so it may have fired; or the lane's thread is stuck or ended.
            ValueError: an entry without an intent.
        """
        if not isinstance(intent, EntryKey) and self._ports.settings.direction == "entry":
            raise ValueError("an entry opens only by a durable intent")
        if not self._thread.is_alive():
            raise HardwareError(f"lane {self._ports.number} has ended; the gate must be started anew")
        told: Future[bool] = Future()
        vehicle = admitted(intent, credential, tapped_ms)
        self._inbox.put(lambda: self._admit(vehicle, told))
        try:
            return told.result(self._ports.answer_s)
        except TimeoutError:
            if told.cancel():  # from here on the lane will not act on it
                raise HardwareError(
                    f"lane {self._ports.number} does not answer; the gate must be started anew"
                ) from None
            return told.result()

    def confirm(self) -> None:
        """A guard confirms that the emergency is over; does nothing while the fire contact is on."""
        self._inbox.put(lambda: self._feed(Confirmed()))

    def stop(self, within_s: float = ANSWER_S) -> bool:
        """Release every relay and end; the vehicles that are owed end as *unknown*. False: it did not end in time."""
        self._inbox.put(self._stop)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    # ------------------------------------------------------------------------------------------------ the lane's thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._state, _ = step(self._state, Stopped())
            self._lines.release()

    def _turn(self) -> None:
        self._ports.heartbeat.beat(f"lane:{self._ports.number}")
        due_s = min(self._look_at_s, self._lines.due_s(), *self._timers.values())
        with suppress(queue.Empty):
            self._inbox.get(timeout=max(0.0, due_s - self._now_s()))()
        try:
            self._lines.end_pulses()
        except HardwareError as error:
            self._lose_board(error)
        now_s = self._now_s()
        for timer in [timer for timer, end_s in self._timers.items() if end_s <= now_s]:
            if self._timers.get(timer, math.inf) <= now_s:  # what came before it may have cancelled or restarted it
                del self._timers[timer]
                self._feed(Expired(timer))
        if self._look_at_s <= now_s:
            self._look_at_s = now_s + TURN_S
            self._look()
            self._journal.again()
            self._emergency.keep(Mark.EMERGENCY in self._state.marks)

    def _admit(self, vehicle: Vehicle, told: "Future[bool]") -> None:
        if not told.set_running_or_notify_cancel():
            return
        self._admissions += 1
        before = self._state
        self._state, orders = step(before, Admitted(self._admissions))
        if not any(isinstance(order, Pulse) for order in orders):
            told.set_result(False)
            return
        self._vehicles[self._admissions] = vehicle
        failure = self._carry_out(orders)
        if failure is None:
            told.set_result(True)
            self._journal.opened(vehicle)
        self._tell(before)
        if failure is not None:
            self._lose_board(failure)
            told.set_exception(failure)

    def _feed(self, event: Event) -> None:
        before = self._state
        self._state, orders = step(before, event)
        failure = self._carry_out(orders)
        self._tell(before)
        if failure is not None:
            self._lose_board(failure)

    def _carry_out(self, orders: tuple[Order, ...]) -> HardwareError | None:
        """Do everything that is ordered; what needs no relay is done even if a relay does not answer."""
        failure: HardwareError | None = None
        for order in orders:
            try:
                self._do(order)
            except HardwareError as error:
                failure = failure or error
        return failure

    def _do(self, order: Order) -> None:
        match order:
            case Pulse(output, ms):
                self._lines.pulse(Output(output), ms)
            case StartTimer(timer, ms):
                self._timers[timer] = self._now_s() + ms / 1000
            case CancelTimer(timer):
                del self._timers[timer]
            case Light(green):
                self._lines.drive(Output.LIGHT_GREEN, on=green)
                self._lines.drive(Output.LIGHT_RED, on=not green)
            case Passage(result, number):
                vehicle = STRANGER if number is None else self._vehicles.pop(number)
                self._journal.passage(vehicle, result)
            case Alarm(name):
                self._log.warning("alarm", alarm=name)
                self._journal.alarm(name)
            case Standing(name, holds):
                self._journal.standing(name, holds=holds)

    def _tell(self, before: State) -> None:
        if self._state.phase is not before.phase:
            self._log.info("barrier", phase=self._state.phase.value, was=before.phase.value)
        if self._state != before:
            self._emergency.keep(Mark.EMERGENCY in self._state.marks)
            self._ports.changed(self._state)

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
        self._inbox.put(lambda: self._feed(_edge(contact, on)) if self._lines.belongs(board) else None)

    def _lose_board(self, error: HardwareError) -> None:
        if self._state.phase is not Phase.BOARD_LOST:
            self._log.error("board-lost", error=str(error))
        self._lines.lose()
        self._feed(BoardLost())

    def _stop(self) -> None:
        self._stopping = True
        self._feed(Stopped())

    def _now_s(self) -> float:
        return self._ports.monotonic_s()


def _edge(contact: Input, on: bool) -> On | Off:
    return On(contact.value) if on else Off(contact.value)
