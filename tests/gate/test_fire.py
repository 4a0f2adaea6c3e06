"""A fire, and a gate that is started anew before anybody has confirmed that it is over."""

from collections.abc import Callable

import pytest

from simulation.world import World
from tests.gate.processes import Event, Gate, GateFolder

Tap = Callable[[Gate, str], Event]

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]


def test_lane_stays_in_emergency_over_a_restart_until_somebody_confirms(
    place: GateFolder, world: World, tap: Tap
) -> None:
    with place.start() as gate:
        gate.ready()
        world.fire(True)
        gate.event("barrier", phase="emergency-open")
        world.fire(False)
        assert gate.terminate() == 0
    with place.start() as gate:
        gate.ready()
        assert tap(gate, "anna")["reason"] == "lane-closed"
        assert place.command("order", "confirm", "--lane", "2", "--reason", "drill is over").returncode == 0
        gate.event("barrier", phase="closed")
        assert tap(gate, "anna")["reason"] == "ok"
        assert gate.terminate() == 0
