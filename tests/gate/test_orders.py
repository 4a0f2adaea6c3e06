"""Orders from the command line to a gate that runs, is killed, or has no socket."""

import json
import os
import signal
import socket

import pytest

from simulation.world import World
from terminal.core.journal import Kind
from tests.gate.processes import GateFolder
from tests.gate.test_life import records
from tests.simulation_board.board_process import BoardProcess
from tests.tap.site import OPEN_LANE

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]

OWN_NAME = "root" if os.getuid() == 0 else "gate"
"""As the gate calls its own user."""
TO_OPEN = ("order", "open", "--lane", str(OPEN_LANE), "--reason", "driver lost his card")


def test_order_opens_and_its_passage_names_it(place: GateFolder, board: BoardProcess) -> None:
    with place.start() as gate:
        gate.ready()
        done = place.command(*TO_OPEN, "--json")
        assert done.returncode == 0, done.stderr
        sequence = json.loads(done.stdout)["sequence"]
        public = {"order": "open", "settles": sequence, "result": "obeyed"}
        gate.event("journal", kind="order", lane=OPEN_LANE, public=public)
        passage = gate.event("journal", kind="passage", lane=OPEN_LANE)
        assert passage["public"] == {"order": sequence, "result": "no-show"}
        assert gate.terminate() == 0
    assert "lost his card" not in "".join(gate.lines)
    assert board.changes("open") == [True, False]


def test_state_tells_every_lane(place: GateFolder, world: World) -> None:
    with place.start() as gate:
        gate.ready()
        told = place.command("state")
        assert told.returncode == 0
        assert told.stdout.startswith(f"lane {OPEN_LANE} (entry): closed, light red, 0 owed; contacts on: closed_limit")


def test_order_in_which_the_gate_is_killed_is_unknown_at_the_next_start(place: GateFolder, board: BoardProcess) -> None:
    with place.start() as gate, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as guard:
        gate.ready()
        guard.connect(str(place.socket))
        board.signal(signal.SIGSTOP)  # the relay does not answer, so the order stays between its entry and its result
        request = {"version": 1, "ask": "order", "id": "1", "order": "open", "lane": OPEN_LANE, "reason": "as agreed"}
        guard.send(json.dumps(request).encode())
        sequence = gate.event("journal", kind="order")["sequence"]
        gate.kill()
        board.signal(signal.SIGCONT)
    with place.start() as gate:
        gate.ready()
        gate.event("barrier", phase="closed")  # at once, or when the boom that the dead gate may have opened is down
        assert gate.terminate() == 0
    told = [dict(record.public) for record in records(place.data) if record.kind is Kind.ORDER]
    assert told == [
        {"order": "open", "by": OWN_NAME},
        {"order": "open", "settles": sequence, "result": "unknown"},
    ]


def test_nobody_can_order_when_no_gate_runs_and_nothing_of_its_socket_is_left(place: GateFolder) -> None:
    with place.start() as gate:
        gate.ready()
        assert gate.terminate() == 0
    assert not place.socket.exists()
    refused = place.command(*TO_OPEN)
    assert refused.returncode == 69
    assert "nothing was done" in refused.stderr


def test_gate_whose_socket_cannot_be_made_serves_its_lanes_and_says_so(place: GateFolder) -> None:
    place.socket = place.folder / "absent" / "gate.sock"
    with place.start() as gate:
        gate.ready()
        gate.event("alarm-raised", alarm="local-socket")
        (place.folder / "absent").mkdir()
        gate.event("alarm-cleared", alarm="local-socket")
        assert place.command("state").returncode == 0
        assert gate.terminate() == 0
