"""A little road with a boom that obeys, for the properties: vehicles move cell by cell, chance moves them.

Cells are numbered in the direction of an entering vehicle: `loop_arm` at 3 and 4, the boom with `loop_safety` at 7 and
8, `loop_behind` at 10 and 11. Who leaves in a lane for both directions goes the other way.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from terminal.core.barrier_signals import Event, Level, Off, On, Order, Pulse
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Logic,
    Settings,
    Side,
)

CELLS = {LOOP_ARM: {3, 4}, LOOP_SAFETY: {7, 8}, LOOP_BEHIND: {10, 11}}
GONE = 14
BOOM = 7
UP = 3


@dataclass(slots=True)
class Vehicle:
    """Its front and how long it is; a drawbar has no body in its middle."""

    front: int
    length: int
    drawbar: bool

    @property
    def tail(self) -> int:
        """The last cell that it takes."""
        return self.front - self.length + 1

    def body(self) -> set[int]:
        """The cells that a loop would notice it in."""
        cells = set(range(self.tail, self.front + 1))
        return cells - {self.front - self.length // 2} if self.drawbar else cells


class Road:
    """One boom, and the vehicles before, under and behind it, first come first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._side = Side.ENTRY
        self._vehicles: list[Vehicle] = []
        self._boom = 0
        self._rises = False
        self._count = 0
        self._known = self.levels()

    def happens(self, number: int) -> Iterable[Event]:
        """The boom moves, a vehicle moves, or one arrives; gives what the contacts tell of that, if it is anything."""
        kind, rest = number % 10, number // 10
        before = self._known
        for _ in range(6):
            if kind < 4 and self._boom != (UP if self._rises else 0):
                self._boom_moves()
            elif kind < 5:
                self._arrives(rest)
            elif self._vehicles:
                self._vehicle_moves(rest % len(self._vehicles), -1 if kind == 9 and rest % 2 else 1)
            self._known = self.levels()
            if before != self._known:
                break
        gone = [Off(contact) for contact in sorted(before - self._known)]
        return [*gone, *(On(contact) for contact in sorted(self._known - before))]

    def ordered(self, orders: Iterable[Order]) -> None:
        """The controller takes an order as its logic says."""
        for order in orders:
            match order:
                case Pulse("open", _) if self._settings.logic is Logic.STEP:
                    self._rises = not self._rises
                case Pulse("open", _):
                    self._rises = True
                    self._count += 1
                case Pulse("close", _):
                    self._rises, self._count = False, 0
                case Level("open" | "hold_open", on):
                    self._rises = on
                case _:
                    pass

    def levels(self) -> frozenset[str]:
        """The contacts that are on."""
        limits = {CLOSED_LIMIT} if self._boom == 0 else {OPEN_LIMIT} if self._boom == UP else set[str]()
        occupied = {cell for vehicle in self._vehicles for cell in vehicle.body()}
        return frozenset(limits | {self._named(loop) for loop, cells in CELLS.items() if cells & occupied})

    def _named(self, loop: str) -> str:
        if self._side is Side.EXIT and self._settings.direction == "both":
            return {LOOP_ARM: LOOP_BEHIND, LOOP_BEHIND: LOOP_ARM}.get(loop, loop)
        return loop

    def _is_under(self) -> bool:
        return any(vehicle.body() & CELLS[LOOP_SAFETY] for vehicle in self._vehicles)

    def _boom_moves(self) -> None:
        if not self._rises and self._is_under():
            return
        self._boom = max(0, min(UP, self._boom + (1 if self._rises else -1)))

    def _arrives(self, number: int) -> None:
        if not self._vehicles:
            self._side = (Side.ENTRY, Side.EXIT)[number % 2]
        length = 2 + number % 5
        if len(self._vehicles) < 3 and all(vehicle.tail > 1 for vehicle in self._vehicles):
            self._vehicles.append(Vehicle(1, length, drawbar=number % 3 == 0 and length > 3))

    def _vehicle_moves(self, place: int, by: int) -> None:
        vehicle = self._vehicles[place]
        ahead = self._vehicles[place - 1].tail if place else GONE + 99
        behind = self._vehicles[place + 1].front if place + 1 < len(self._vehicles) else -99
        front = vehicle.front + by
        stopped = by > 0 and vehicle.front < BOOM <= front and self._boom < UP - 1
        if stopped or front >= ahead or front - vehicle.length + 1 <= behind:
            return
        vehicle.front = front
        if vehicle.tail > GONE or front < 0:
            self._vehicles.remove(vehicle)
            self._controller_counts(through=vehicle.tail > GONE)

    def _controller_counts(self, *, through: bool) -> None:
        """A controller that closes by itself does so when its loops are free."""
        if through and self._settings.logic in {Logic.IMPULSE, Logic.IMPULSE_COUNT}:
            self._count = max(0, self._count - 1)
            self._rises = self._settings.logic is Logic.IMPULSE_COUNT and self._count > 0
        if through and self._settings.logic is Logic.STEP:
            self._rises = False
