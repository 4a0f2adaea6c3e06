"""All four logics of a controller, from the admission through the relays to the boom and back."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from simulation.world import World
from terminal.core.barrier_words import CLOSE_OUTPUT, LOOP_ARM, OPEN_OUTPUT, GuardOrder, Logic, Phase
from terminal.core.journal import Kind, TapResult
from tests.lane.rig import QUICK, Rig, intent
from tests.lane.vehicles import QUICK_M_S, arrives, passes
from tests.simulation_board.board_process import FAST, LONG_MS, BoardProcess

STANDS: Mapping[str, Any] = {"is": "standing"}


@contextmanager
def lane_of(logic: Logic, folder: Path, **changed: Any) -> Iterator[tuple[Rig, World, BoardProcess]]:
    """A lane in service whose controller has this logic, as its commissioning found; `changed` are settings.

    A controller that counts may take two for one, and then waits for a third until it is over that.
    """
    no_show_ms = 2000 if logic is Logic.IMPULSE_COUNT else LONG_MS
    options = ("--logic", logic, "--time-out-ms", "2000", "--no-show-ms", str(no_show_ms))
    settings = replace(QUICK, logic=logic, outputs=frozenset({OPEN_OUTPUT, CLOSE_OUTPUT}), **changed)
    with (
        BoardProcess(folder, *FAST, *options) as board,
        World(board.socket) as world,
        Rig(board.socket, settings).in_service() as rig,
    ):
        yield rig, world, board


def harmed(board: BoardProcess) -> list[object]:
    """Whom the boom touched, or who drove into it."""
    return [line for line in board.lines() if line["what"] == "boom" and line.get("does") in {"touch", "hit"}]


@pytest.mark.parametrize("logic", list(Logic))
def test_one_vehicle_passes_on_one_order(logic: Logic, tmp_path: Path) -> None:
    with lane_of(logic, tmp_path) as (rig, world, board):
        arrives(rig, world)
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        passes(world)
        rig.journal.wait_for(Kind.PASSAGE, result="passed", intent=1)
        rig.wait_for(Phase.CLOSED)
        assert rig.journal.told() == [("tap-outcome", "opened"), ("passage", "passed")]
        assert board.changes("open") == [True, False]
        assert board.changes("close") == []
        assert harmed(board) == []


@pytest.mark.parametrize(("logic", "orders"), [(logic, 1 if logic is Logic.HOLD else 3) for logic in Logic])
def test_queue_of_three_each_tapping_while_the_one_before_is_passing(logic: Logic, orders: int, tmp_path: Path) -> None:
    with lane_of(logic, tmp_path) as (rig, world, board):
        results: list[TapResult] = []
        queue = ("first", "second", "third")
        for number, name in enumerate(queue, 1):
            mark = world.mark()
            world.vehicle("arrive", name, speed_m_s=QUICK_M_S)
            world.wait_for(since=mark, what="vehicle", name=name, **STANDS)
            rig.wait_for(lambda state: LOOP_ARM in state.active)
            results.append(rig.lane.admit(intent(number)))
            if number > 1:  # who stands under the boom drives on only now
                world.vehicle("pass", queue[number - 2], speed_m_s=QUICK_M_S)
                rig.journal.wait_for(Kind.PASSAGE, result="passed", intent=number - 1)
            world.vehicle("drive-on", name, speed_m_s=QUICK_M_S, light=True)
            rig.wait_for(Phase.PASSING)
        world.vehicle("pass", queue[-1], speed_m_s=QUICK_M_S)
        rig.journal.wait_for(Kind.PASSAGE, result="passed", intent=3)
        rig.wait_for(Phase.CLOSED)
        at_its_tap = TapResult.OPENED if logic is Logic.IMPULSE_COUNT else TapResult.OWED
        assert results == [TapResult.OPENED, at_its_tap, at_its_tap]
        assert board.changes("open") == [True, False] * orders
        assert sorted(rig.journal.told()) == sorted(
            [("passage", "passed")] * 3 + [("tap-outcome", str(result)) for result in results]
        )
        assert harmed(board) == []


@pytest.mark.parametrize(
    ("logic", "closes"),
    [(Logic.IMPULSE, True), (Logic.IMPULSE_COUNT, True), (Logic.STEP, False), (Logic.HOLD, False)],
)
def test_nobody_comes_and_the_boom_goes_down_as_the_controller_wants_it(
    logic: Logic, closes: bool, tmp_path: Path
) -> None:
    stays_up = ("--no-show-ms", "60000", "--time-out-ms", "400")
    settings = replace(QUICK, logic=logic, passage_ms=150, outputs=frozenset({OPEN_OUTPUT, CLOSE_OUTPUT}))
    with (
        BoardProcess(tmp_path, *FAST, "--logic", logic, *stays_up) as board,
        Rig(board.socket, settings).in_service() as rig,
    ):
        assert rig.lane.admit(intent(1)) is TapResult.OPENED
        rig.journal.wait_for(Kind.PASSAGE, result="no-show", intent=1)
        rig.wait_for(Phase.CLOSED)
        assert board.changes("open") == [True, False]
        assert board.changes("close") == ([True, False] if closes else [])


def test_two_orders_at_once_are_two_pulses_for_a_controller_that_counts(tmp_path: Path) -> None:
    with lane_of(Logic.IMPULSE_COUNT, tmp_path) as (rig, world, board):
        for number in (1, 2):
            assert rig.lane.obey(GuardOrder.OPEN, intent(number)) is None
        for number, name in enumerate(("first", "second"), 1):
            world.vehicle("pass", name, speed_m_s=QUICK_M_S)
            rig.journal.wait_for(Kind.PASSAGE, result="passed", order=number)
        rig.wait_for(Phase.CLOSED)
        on, off, again, end = (line["monotonic_ns"] for line in board.lines() if line.get("name") == "open")
        assert min(off - on, again - off, end - again) >= QUICK.pulse_ms * 1e6


def test_pulse_that_waits_for_another_is_not_given_once_the_lane_is_locked(tmp_path: Path) -> None:
    with lane_of(Logic.IMPULSE_COUNT, tmp_path, pulse_ms=LONG_MS) as (rig, world, board):
        for number in (1, 2):
            assert rig.lane.obey(GuardOrder.OPEN, intent(number)) is None
        assert rig.lane.obey(GuardOrder.LOCK, intent(3)) is None
        for _ in ("the pulse is over", "so is the time until the next"):
            rig.ahead_s += LONG_MS / 1000
            world.wait_for(name="open", on=False)
            world.wait_for(name="closed_limit", on=True)
            for _ in range(2):  # the answer to the second comes when all that was due at the first is done
                assert rig.lane.obey(GuardOrder.LOCK, intent(4)) == "locked-already"
        assert board.changes("open") == [True, False]
        assert rig.journal.told() == [("passage", "unknown"), ("passage", "unknown")]
