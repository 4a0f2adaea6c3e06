"""The relays and contacts of a lane or a service point as long as there is a board: taken, driven, pulsed, lost.

Belongs to one thread alone.
"""

import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from terminal.core.barrier_signals import Off, On
from terminal.core.barrier_words import Logic, Settings
from terminal.errors import HardwareError
from terminal.ports import Input, LaneBoard, Output

TakeBoard = Callable[[], LaneBoard]
"""Takes the lines, every output at its safe level first, or raises HardwareError."""


def set_safe(boards: Mapping[int, TakeBoard]) -> dict[int, TakeBoard]:
    """Take every board once and let go of it, which leaves all its outputs at their safe levels.

    A relay keeps its level when the gate that drove it is killed. Gives those that could not be taken. Blocks.
    """
    left = {}
    for lane, take_board in boards.items():
        try:
            take_board().close()
        except HardwareError:
            left[lane] = take_board
    return left


@dataclass(frozen=True, slots=True)
class Wired:
    """The contacts and relays that a board must have; `counts`: its controller counts pulses on `open`."""

    fitted: frozenset[str]
    outputs: frozenset[str]
    counts: bool = False


def wired(settings: Settings) -> Wired:
    """Those of a lane."""
    return Wired(settings.fitted, settings.outputs, counts=settings.logic is Logic.IMPULSE_COUNT)


@dataclass(slots=True)
class _Pulses:
    """The pulse under way on one output or, once it is off, the time as long as itself until the next may begin."""

    ms: int
    due_s: float
    on: bool = True
    waiting: int = 0


def edge(contact: Input, on: bool) -> On | Off:
    """A contact's level, as the event that the table knows."""
    return On(contact.value) if on else Off(contact.value)


class Lines:
    """The lines of one lane; without a board there is nothing to drive and nothing on."""

    def __init__(self, take_board: TakeBoard, wired: Wired, now_s: Callable[[], float]) -> None:
        self._take_board = take_board
        self._wired = wired
        self._now_s = now_s
        self._board: LaneBoard | None = None
        self._pulses: dict[Output, _Pulses] = {}

    @property
    def taken(self) -> bool:
        """There is a board."""
        return self._board is not None

    def due_s(self) -> float:
        """When `end_pulses` has something to do; infinity when no pulse is in flight."""
        return min((pulses.due_s for pulses in self._pulses.values()), default=math.inf)

    def take(self, changed: Callable[[LaneBoard, Input, bool], None]) -> Mapping[Input, bool]:
        """Take the board and read its contacts; `changed` hears of every change, on the board's own thread.

        Raises:
            HardwareError: there is none, or it is not what this lane is wired for.
        """
        board = self._take_board()
        try:
            board.subscribe(lambda contact, on: changed(board, contact, on))
            levels = board.levels()
            self._check(levels, board.outputs())
        except HardwareError:
            board.close()
            raise
        self._board = board
        return levels

    def _check(self, levels: Mapping[Input, bool], outputs: frozenset[Output]) -> None:
        if missing := self._wired.fitted - {contact.value for contact in levels}:
            names = ", ".join(sorted(missing))
            raise HardwareError(f"the board has no contact {names}; correct its `contacts` or its wiring")
        if missing := self._wired.outputs - {output.value for output in outputs}:
            names = ", ".join(sorted(missing))
            raise HardwareError(f"the board has no relay {names}; correct its `outputs` or its wiring")

    def belongs(self, board: LaneBoard) -> bool:
        """Tell whether `board` is the one in use."""
        return board is self._board

    def levels(self) -> Mapping[Input, bool]:
        """The contacts, read anew.

        Raises:
            HardwareError: the board is gone.
        """
        return {} if self._board is None else self._board.levels()

    def drive(self, output: Output, *, on: bool) -> None:
        """Set an output, if it is fitted.

        Raises:
            HardwareError: the board did not say that it did.
        """
        if self._board is not None and output in self._board.outputs():
            self._board.drive(output, on)

    def pulse(self, output: Output, ms: int) -> None:
        """Switch an output on, and off again once `end_pulses` is called `ms` later.

        Where the controller `counts` pulses, an order to open waits for the one under way, so that it counts two. Any
        other order makes the pulse under way longer: whether it may be given is known only now.

        Raises:
            HardwareError: the board did not say that it did, so it may have.
        """
        if self._wired.counts and output is Output.OPEN and output in self._pulses:
            self._pulses[output].waiting += 1
        else:
            self._begin_pulse(output, ms)

    def forget_waiting(self) -> None:
        """No pulse that waits is wanted any more."""
        for pulses in self._pulses.values():
            pulses.waiting = 0

    def _begin_pulse(self, output: Output, ms: int, waiting: int = 0) -> None:
        self.drive(output, on=True)
        self._pulses[output] = _Pulses(ms, self._now_s() + ms / 1000, waiting=waiting)

    def level(self, output: Output, *, on: bool) -> None:
        """Switch an output on or off for good; pulses under way or waiting on it end.

        Raises:
            HardwareError: the board did not say that it did.
        """
        self._pulses.pop(output, None)
        self.drive(output, on=on)

    def end_pulses(self) -> None:
        """Switch off what has pulsed long enough, and begin what waited for that.

        Raises:
            HardwareError: the board did not say that it did.
        """
        now_s = self._now_s()
        for output, pulses in [(output, pulses) for output, pulses in self._pulses.items() if pulses.due_s <= now_s]:
            if pulses.on:
                self.drive(output, on=False)
                pulses.on, pulses.due_s = False, self._now_s() + pulses.ms / 1000
            elif pulses.waiting:
                self._begin_pulse(output, pulses.ms, pulses.waiting - 1)
            else:
                del self._pulses[output]

    def lose(self) -> None:
        """The board is gone: its relays will be set safe when it is taken anew."""
        self._pulses.clear()
        if self._board is not None:
            self._board.close()
        self._board = None

    def release(self) -> None:
        """Switch every relay off, whether or not a pulse is in flight, and let go of the board. Never raises."""
        for output in Output:
            with suppress(HardwareError):
                self.drive(output, on=False)
        self.lose()
