"""The vehicles of one lane together: who is where, what each driver sees of the others, and who has gone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Protocol

from simulation.driver import RUN_OUT_M, Driver, Movement, Sight, Temperament
from simulation.vehicle import BEHIND_M, START_M, Body, Vehicle, solid

APART_M = 2.0
"""Whoever comes while others wait comes into being so far behind the last, and what he keeps."""


class Told(Protocol):
    """Hears of a vehicle: its `name`, and what it `is`: `driving`, `standing` or `gone`, with its front in metres."""

    def __call__(self, **facts: Any) -> None:
        """Called before anybody else takes notice."""


class Traffic:
    """Everybody in the lane. Times in milliseconds; `raised` and `red` are what all drivers see of boom and light."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._standing: set[str] = set()
        self._step_ms = 0.0
        self._driving_away: list[Driver] = []
        self.drivers: dict[str, Driver] = {}
        self.next_ms: float | None = None
        """When somebody who drives, or is about to, will have moved on."""

    def told(
        self, name: str, does: Movement, *, body: Body | None, leaving: bool, temperament: Temperament | None
    ) -> None:
        """Tell a driver what to do; who is named first comes into being, behind those who wait.

        Raises:
            CannotMove: his vehicle cannot do that.
        """
        driver = self.drivers.get(name)
        if driver is None:
            driver = Driver(vehicle=Vehicle(body=body or solid(), leaving=leaving))
            rears = [other.vehicle.rear_m for other in self.drivers.values() if other.vehicle.leaving is leaving]
            apart_m = APART_M + (temperament or driver.temperament).keeps_m
            driver.vehicle.front_m = min([START_M, *(rear - apart_m for rear in rears)])
            self._standing.add(name)  # nobody saw him come to a stop
        driver.told(does)
        if temperament is not None:
            driver.temperament = temperament
        self.drivers[name] = driver

    def advance(self, now_ms: float, raised: float, red: bool) -> None:
        """Let everybody drive on whose step is due."""
        if self.next_ms is None or now_ms < self.next_ms:
            return
        self.next_ms = None
        for driver in (*self._driving_away, *self.drivers.values()):
            driver.step(now_ms, self._step_ms, self._sight(driver, raised, red))
        for name in [name for name, driver in self.drivers.items() if _is_gone(driver)]:
            driver = self.drivers.pop(name)
            self._standing.discard(name)
            self._told(name=name, **{"is": "gone", "front_m": round(driver.vehicle.front_m, 2)})
            if driver.vehicle.has_passed:
                self._driving_away.append(driver)
        if not self.drivers:  # nobody is left who could come too close to them
            self._driving_away.clear()
        self._driving_away = [each for each in self._driving_away if each.vehicle.rear_m < BEHIND_M + RUN_OUT_M]

    def look_round(self, now_ms: float, raised: float, red: bool) -> None:
        """Let everybody see what is; whoever may go on will have driven when the next step is over."""
        for name, driver in self.drivers.items():
            if driver.stands is not (name in self._standing):
                self._standing ^= {name}
                state = "standing" if driver.stands else "driving"
                self._told(name=name, **{"is": state, "front_m": round(driver.vehicle.front_m, 2)})
        everybody = (*self._driving_away, *self.drivers.values())
        if self.next_ms is not None:
            return
        moving = [driver.step_ms for driver in everybody if driver.wants_to_move(self._sight(driver, raised, red))]
        if moving:
            self._step_ms = min(moving)
            self.next_ms = now_ms + self._step_ms

    def is_on(self, loop: str) -> bool:
        """Somebody is on this loop."""
        return any(driver.vehicle.is_on(loop) for driver in self.drivers.values())

    def under_boom(self) -> dict[str, float]:
        """Who stands under the boom, and how high he is."""
        return {
            name: driver.vehicle.body.height for name, driver in self.drivers.items() if driver.vehicle.is_under_boom
        }

    def look(self) -> Mapping[str, Mapping[str, Any]]:
        """Where everybody is: from where to where, as an entering vehicle measures, and which metal a loop feels."""
        return {name: _drawn(driver.vehicle) for name, driver in self.drivers.items()}

    def _sight(self, driver: Driver, raised: float, red: bool) -> Sight:
        me = driver.vehicle
        sight = Sight(raised=raised, red=red)
        for other in self._others(driver):
            near_m, far_m = other.span_m(leaving=me.leaving)
            oncoming = other.leaving is not me.leaving
            if oncoming and (near_m >= BEHIND_M or far_m <= me.front_m):
                continue
            if (near_m + far_m) > (me.rear_m + me.front_m):  # his middle is before mine
                if near_m >= sight.ahead_m:
                    continue
                sight = replace(sight, ahead_m=near_m, oncoming=oncoming)
            else:
                sight = replace(sight, behind_m=max(sight.behind_m, far_m))
        return sight

    def _others(self, driver: Driver) -> Iterator[Vehicle]:
        for other in (*self._driving_away, *self.drivers.values()):
            if other is not driver:
                yield other.vehicle


def _is_gone(driver: Driver) -> bool:
    return driver.vehicle.has_passed or (driver.backs and driver.vehicle.front_m <= START_M)


def _drawn(vehicle: Vehicle) -> dict[str, Any]:
    way = -1 if vehicle.leaving else 1
    metal = [
        sorted((way * (vehicle.front_m - near), way * (vehicle.front_m - far))) for near, far in vehicle.body.metal
    ]
    return {
        "leaving": vehicle.leaving,
        "front_m": way * vehicle.front_m,
        "rear_m": way * vehicle.rear_m,
        "metal": metal,
    }
