"""One service point's thread: it alone drives the relay, counts the meter and ends what goes on.

As with a lane, whoever taps asks it through an inbox and waits for a bounded time. A relay that is told to pulse is
released after its pulse whatever became of the tap. What goes on after a power cut goes on: the relay is on again as
soon as there is a board, and the meter counts from where it was kept last.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

import structlog

from terminal.core.charge import RECEIPT_BYTES
from terminal.core.journal import SaleEnd, SaleResult
from terminal.core.purchase import Purchase
from terminal.errors import HardwareError
from terminal.lane.inbox import Inbox
from terminal.lane.lines import Lines, Wired
from terminal.ports import Input, LaneBoard, Output, SaleEnded
from terminal.service.ending import SaleEnds
from terminal.service.ports import ServicePorts

TURN_S = 0.5
"""It goes round at least so often: it says that it lives, and keeps how far the meter has come."""
BOARD_ALARM = "board"

log = structlog.get_logger()


class ServicePoint:
    """The thread and its door for the others. `start` it once, `stop` it once."""

    def __init__(self, ports: ServicePorts) -> None:
        self._ports = ports
        contacts = frozenset() if ports.pulses_a_unit is None else frozenset({Input.METER.value})
        wired = Wired(contacts, frozenset({Output.SERVICE.value}))
        self._lines = Lines(ports.take_board, wired, ports.monotonic_s)
        self._inbox = Inbox(ports.number, "service point")
        self._ends = SaleEnds(ports.number, ports.journal, ports.alarms, ports.epoch)
        self._goes_on = ports.goes_on
        kept = ports.meter.load() or 0
        self._meter = max(kept, ports.goes_on.from_pulses if ports.goes_on else 0)
        self._kept_meter = kept
        self._keeping: Future[None] | None = None
        self._pulsed_s = ports.monotonic_s()
        self._level: bool | None = None
        self._stopping = False
        self._told: object = None
        self._thread = threading.Thread(target=self._run, name=f"service-{ports.number}", daemon=True)
        self._log = log.bind(service=ports.number)

    # ---------------------------------------------------------------------------------------------- for other threads

    @property
    def goes_on(self) -> Purchase | None:
        """What was bought here and goes on. Never blocks."""
        return self._goes_on

    @property
    def has_board(self) -> bool:
        """Tell whether there is a board that could give anything. Never blocks."""
        return self._lines.taken and self._thread.is_alive()

    @property
    def meter(self) -> int:
        """How many pulses the meter has given since it was fitted. Never blocks."""
        return self._meter

    def start(self) -> None:
        """Begin; the board is taken on its thread."""
        self._thread.start()

    def give(self, purchase: Purchase | None, write: Callable[[SaleResult], object]) -> SaleResult:
        """Switch on for this purchase; None: pulse, for one use. Returns when the relay has been told.

        FAILED: nothing moved; there is no board, or somebody else's purchase goes on. UNKNOWN: it did not answer, and
        may have moved. `write` is told the result on this thread before anything else can happen to what was given;
        it must not block. Blocks for at most `answer_s`.

        Raises:
            HardwareError: the thread is stuck or ended; `write` was not told, and nothing moves on this account.
        """
        if not self._thread.is_alive():
            raise HardwareError(f"service point {self._ports.number} has ended; the gate must be started anew")
        result: SaleResult = self._inbox.ask(lambda told: self._give(purchase, write, told), self._ports.answer_s)
        return result

    def end(self) -> SaleEnded | None:
        """Switch off, and have written down what that came to; None: nothing goes on. Blocks for at most `answer_s`.

        Raises:
            HardwareError: the thread is stuck or ended.
        """
        ended: SaleEnded | None = self._inbox.ask(self._end_now, self._ports.answer_s)
        return ended

    def stop(self, within_s: float = 10.0) -> bool:
        """Switch off and end; what goes on goes on when the gate has started again. False: it did not end in time."""
        self._inbox.put(self._stop)
        self._thread.join(within_s)
        return not self._thread.is_alive()

    # ---------------------------------------------------------------------------------------------------- its thread

    def _run(self) -> None:
        try:
            while not self._stopping:
                self._turn()
        finally:
            self._keep()
            self._lines.release()

    def _turn(self) -> None:
        self._ports.heartbeat.beat(f"service:{self._ports.number}")
        self._look()
        self._end_by_itself()
        self._ends.again()
        self._keep()
        wait_s = min(TURN_S, max(0.0, self._lines.due_s() - self._ports.monotonic_s()))
        self._inbox.work_off(wait_s, self._end_pulses)
        self._end_pulses()
        self._tell()

    def _tell(self) -> None:
        """Have it heard what is different now, once for each turn and tap."""
        now = (self._goes_on, self._meter if self._goes_on else None, self._lines.taken)
        if now != self._told:
            self._told = now
            self._ports.changed()

    def _look(self) -> None:
        """Take the board, or see that it is there; what goes on is on, and nothing else."""
        try:
            if not self._lines.taken:
                self._lines.take(self._changed)
                self._level = None
            self._lines.levels()
            if self._level is not (self._goes_on is not None):
                self._drive(on=self._goes_on is not None)
        except HardwareError as error:
            self._lose_board(error)
        else:
            self._ports.alarms.cleared(BOARD_ALARM, self._ports.number)

    def _drive(self, *, on: bool) -> None:
        self._level = None  # until the board has said that it did
        self._lines.level(Output.SERVICE, on=on)
        self._level = on

    def _give(
        self, purchase: Purchase | None, write: Callable[[SaleResult], object], told: "Future[SaleResult]"
    ) -> None:
        result = SaleResult.FAILED
        if self._lines.taken and self._may_give(purchase):
            try:
                self._switch(purchase)
                result = SaleResult.GIVEN
            except HardwareError as error:
                result = SaleResult.UNKNOWN
                self._lose_board(error)
        write(result)
        told.set_result(result)

    def _may_give(self, purchase: Purchase | None) -> bool:
        before = self._goes_on
        if before is None:
            return not self._ends.waiting
        return purchase is not None and before.card_number == purchase.card_number

    def _switch(self, purchase: Purchase | None) -> None:
        if purchase is None:
            self._lines.pulse(Output.SERVICE, self._ports.pulse_ms)
        else:
            self._drive(on=True)
            self._goes_on, self._pulsed_s = purchase, self._ports.monotonic_s()

    def _end_now(self, told: "Future[SaleEnded | None]") -> None:
        told.set_result(self._end(SaleEnd.TAP))

    def _end(self, why: SaleEnd) -> SaleEnded | None:
        purchase = self._goes_on
        if purchase is None:
            return None
        self._goes_on = None
        try:
            self._drive(on=False)
        except HardwareError as error:
            self._lose_board(error)
        charge = None
        if purchase.pulses_a_unit is not None:
            charge = purchase.charge(self._meter, self._ports.clock.now().ms, self._ports.random(RECEIPT_BYTES))
            charge = replace(charge, flags=self._ports.risk(charge))
        self._log.info("sale-ended", what=purchase.what, why=str(why))
        return SaleEnded(purchase, charge, self._ends.put(purchase, why, charge))

    def _end_by_itself(self) -> None:
        purchase = self._goes_on
        if purchase is None:
            return
        idle_s = self._ports.monotonic_s() - self._pulsed_s
        if purchase.is_full(self._meter):
            self._end(SaleEnd.MOST)
        elif self._ports.clock.now().ms >= purchase.ends_ms:
            self._end(SaleEnd.TIME)
        elif purchase.idle_s is not None and self._lines.taken and idle_s >= purchase.idle_s:
            self._end(SaleEnd.IDLE)

    # ------------------------------------------------------------------------------------------------------ the board

    def _changed(self, board: LaneBoard, contact: Input, on: bool) -> None:
        if contact is Input.METER and on:
            self._inbox.put(lambda: self._count(board))

    def _count(self, board: LaneBoard) -> None:
        if self._lines.belongs(board):
            self._meter += 1
            self._pulsed_s = self._ports.monotonic_s()

    def _end_pulses(self) -> None:
        try:
            self._lines.end_pulses()
        except HardwareError as error:
            self._lose_board(error)

    def _lose_board(self, error: HardwareError) -> None:
        self._ports.alarms.raised(BOARD_ALARM, self._ports.number, why=str(error))
        self._lines.lose()
        self._level = None

    def _keep(self) -> None:
        """Have the meter's count kept, one write at a time."""
        if self._keeping is not None and not self._keeping.done():
            return
        if self._keeping is not None and self._keeping.exception() is not None:
            self._kept_meter = -1
        if self._meter != self._kept_meter:
            self._kept_meter = self._meter
            self._keeping = self._ports.meter.save(self._meter)

    def _stop(self) -> None:
        self._stopping = True
