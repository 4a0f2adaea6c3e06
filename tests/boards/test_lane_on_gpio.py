"""A lane on lines of a kernel's simulated chip: the shell and the adapter together."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import pytest
import structlog
import structlog.testing

from firmware_config.wiring import LaneWiring, Line
from terminal.alarms import Alarms
from terminal.core.barrier_words import Phase, State
from terminal.core.journal import TapResult
from terminal.edges.gpio import take_gpio
from terminal.edges.heartbeat import Heartbeats
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.ports import Input
from tests.boards import gpio_sim
from tests.boards.gpio_sim import GpioSim
from tests.lane.rig import QUICK, MemoryJournal, MemoryMarks, intent

pytestmark = pytest.mark.skipif(not gpio_sim.offered(), reason=gpio_sim.WHY_NOT)

LABEL = "xs-lane"
OPEN = 17
CONTACTS = {contact: offset for offset, contact in enumerate(Input)}
SETTINGS = replace(QUICK, pulse_ms=1000, travel_ms=20_000, passage_ms=60_000, closing_ms=60_000)
"""Times that an emulated machine keeps."""


class LaneOnGpio:
    """A lane and its latest state."""

    def __init__(self, first_line: int = 0, open_line: int = OPEN, number: int = 1) -> None:
        self.journal = MemoryJournal()
        self._state = State(settings=SETTINGS)
        self._news = threading.Condition()
        wiring = LaneWiring(
            LABEL,
            {"open": Line(open_line, False, "pull-down")},
            {contact.value: Line(first_line + offset, False, "as-is") for contact, offset in CONTACTS.items()},
        )
        ports = LanePorts(
            number=number,
            settings=SETTINGS,
            take_board=partial(take_gpio, wiring, number, 5),
            journal=self.journal,
            alarms=Alarms(self.journal, lambda _step, _alarm: None),
            heartbeat=Heartbeats(lambda: 0.0),
            kept=MemoryMarks().__getitem__,
            changed=self._changed,
        )
        self.lane = Lane(ports)

    def wait_for(self, phase: Phase, contact: Input | None = None, on: bool = True) -> None:
        """Until this is the phase, and the contact is known to be so."""

        def so() -> bool:
            state = self._state
            return state.phase is phase and (contact is None or (contact.value in state.active) is on)

        with self._news:
            assert self._news.wait_for(so, 15), (self._state.phase, self._state.active)

    def _changed(self, state: State) -> None:
        with self._news:
            self._state = state
            self._news.notify_all()

    @contextmanager
    def started(self) -> Iterator["LaneOnGpio"]:
        self.lane.start()
        try:
            yield self
        finally:
            assert self.lane.stop()


@pytest.fixture(autouse=True)
def log() -> Iterator[Sequence[Mapping[str, object]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


@contextmanager
def chip_with_the_boom_down(first_line: int = 0) -> Iterator[GpioSim]:
    with GpioSim(LABEL, 54) as chip:
        chip.pull(first_line + CONTACTS[Input.CLOSED_LIMIT], True)
        yield chip


def test_vehicle_passes_and_the_relay_is_off_in_the_end() -> None:
    with chip_with_the_boom_down() as chip:
        with LaneOnGpio().started() as lane:
            lane.wait_for(Phase.CLOSED)
            assert lane.lane.admit(intent(7)) is TapResult.OPENED
            assert chip.is_high(OPEN)
            for contact, on, phase in [
                (Input.CLOSED_LIMIT, False, Phase.OPENING),
                (Input.OPEN_LIMIT, True, Phase.OPEN),
                (Input.LOOP_SAFETY, True, Phase.PASSING),
                (Input.LOOP_BEHIND, True, Phase.PASSING),
                (Input.LOOP_SAFETY, False, Phase.PASSING),
                (Input.LOOP_BEHIND, False, Phase.CLOSING),
                (Input.OPEN_LIMIT, False, Phase.CLOSING),
                (Input.CLOSED_LIMIT, True, Phase.CLOSED),
            ]:
                chip.pull(CONTACTS[contact], on)
                lane.wait_for(phase, contact, on)
        assert not chip.is_high(OPEN)
    assert lane.journal.told() == [("tap-outcome", "opened"), ("passage", "passed")]


def test_chip_that_vanished_and_came_back_is_taken_anew() -> None:
    with chip_with_the_boom_down() as chip, LaneOnGpio().started() as lane:
        lane.wait_for(Phase.CLOSED)
        chip.vanish()
        lane.wait_for(Phase.BOARD_LOST)
        chip.appear()
        chip.pull(CONTACTS[Input.CLOSED_LIMIT], True)
        lane.wait_for(Phase.CLOSED)


def test_lane_whose_line_is_held_stays_out_of_service_until_it_is_free_and_the_other_works(
    log: Sequence[Mapping[str, object]],
) -> None:
    with chip_with_the_boom_down() as chip:
        chip.pull(20 + CONTACTS[Input.CLOSED_LIMIT], True)
        second = LaneOnGpio(20, OPEN, 2)
        with LaneOnGpio().started() as first:
            first.wait_for(Phase.CLOSED)
            with second.started():
                second.wait_for(Phase.BOARD_LOST)
                assert first.lane.admit(intent(1)) is TapResult.OPENED
                assert chip.is_high(OPEN)
                assert first.lane.stop()
                second.wait_for(Phase.CLOSED)
    lost = next(entry for entry in log if entry["event"] == "board-lost" and entry["lane"] == 2)
    assert "line 17 (`open`) is held by `xs-gate lane 1`" in str(lost["error"])
