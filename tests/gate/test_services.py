"""A service point served by the real process, with a card on a real PC/SC reader."""

from collections.abc import Callable

import pytest

from simulation.vpcd import READERS
from simulation.world import World
from terminal.core.journal import Kind
from tests.gate.processes import Event, Gate, GateFolder
from tests.gate.test_life import records
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import POWER, WEIGHBRIDGE

Tap = Callable[[Gate, str], Event]

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]


def until(tap: Tap, gate: Gate, step: str) -> Event:
    """Hold up anna's card until the service point has come so far; a tap that comes too soon confirms nothing."""
    while (answer := tap(gate, "anna"))["sale"] != step:
        assert answer["outcome"] == "admit"
    return answer


def test_weighbridge_alone_sells_without_any_lane(place: GateFolder, board: BoardProcess, tap: Tap) -> None:
    place.lanes, place.services = {}, {WEIGHBRIDGE: READERS[0].name}
    with place.start() as gate:
        gate.state(lambda state: f"service {WEIGHBRIDGE} ready" in state)
        given = until(tap, gate, "given")
        assert (given["amount_cents"], given["service"], given["lane"]) == (1250, "weighbridge", WEIGHBRIDGE)
        assert "side" not in given
    assert board.changes("service")[:1] == [True]
    told = [record.public for record in records(place.data) if record.kind is Kind.CHARGE]
    assert [charge["amount_cents"] for charge in told] == [1250]


def test_trailer_has_its_power_again_after_the_gate_was_killed(
    place: GateFolder, board: BoardProcess, tap: Tap
) -> None:
    place.lanes, place.services = {}, {POWER: READERS[0].name}
    with World(board.socket, POWER) as world:
        world.happen(takes=50)
        with place.start() as gate:
            gate.state(lambda state: f"service {POWER} ready" in state)
            until(tap, gate, "begun")
            for _ in range(20):
                world.wait_for(name="meter", on=True, since=world.mark())
            gate.kill()
        assert world.look()["outputs"]["service"], "a relay keeps its level when its gate is killed"
        mark = world.mark()
        with place.start() as gate:
            gate.state(lambda state: f"service {POWER} on" in state)
            world.wait_for(what="output", on=False, since=mark)
            world.wait_for(what="output", on=True, since=mark)
            mark = world.mark()
            ended = until(tap, gate, "ended")
            world.wait_for(what="output", on=False, since=mark)
    charged = [record for record in records(place.data) if record.kind is Kind.CHARGE]
    assert [record.public["amount_cents"] for record in charged] == [ended["amount_cents"]]
    (why,) = [record.public["why"] for record in records(place.data) if record.kind is Kind.SALE_ENDED]
    assert why == "tap"
    assert ended["amount_cents"] > 0
