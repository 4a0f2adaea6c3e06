"""A gate on a small disk that somebody else fills to the last byte, and empties again."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demonstration.cardbench import wait_until_empty
from simulation.vpcd import READERS, VirtualReaderSlot
from simulation.world import World
from terminal.core.room import RESERVE_BYTES
from tests.gate.processes import PATIENCE_S, Event, Gate, GateFolder
from tests.simulation_board.board_process import BoardProcess
from tests.storage.children import fill_up
from tests.tap.site import OPEN_LANE, Site

WAY_OUT = OPEN_LANE + 1

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]


class SmallDisk:
    """What the gate sees as its disk: in a mount namespace of its own, which is reached through its process."""

    def __init__(self, gate: Gate, at: Path) -> None:
        self._root = Path(f"/proc/{gate.pid}/root{at}")

    def fill(self) -> None:
        fill_up(self._root / "ballast")

    def empty(self) -> None:
        (self._root / "ballast").unlink()

    def use_up_the_reserve(self) -> None:
        """Again when the gate made some of it anew before all was filled."""
        reserve = self._root / "gate" / "reserve"
        while reserve.stat().st_size:
            os.truncate(reserve, 0)
            self.fill()

    def has_its_reserve(self) -> None:
        """Wait until it has been made."""
        waited = threading.Event()
        for _ in range(int(PATIENCE_S / 0.02)):
            reserve = self._root / "gate" / "reserve"
            if reserve.exists() and reserve.stat().st_size == RESERVE_BYTES:
                return
            waited.wait(0.02)
        raise AssertionError("the reserve was not made")


@pytest.fixture
def small_disk(place: GateFolder) -> Callable[[Gate], SmallDisk]:
    """The gate's data are to lie on a disk of 100 MB."""
    at = place.folder / "disk"
    at.mkdir()
    script = f'mount -t tmpfs -o size=100m,mode=0700 none {at} && exec "$@"'
    place.within = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh")
    if subprocess.run([*place.within, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk in a namespace of his own")
    place.data = at / "gate"
    return lambda gate: SmallDisk(gate, at)


@pytest.fixture
def drivers(board: BoardProcess) -> Iterator[None]:
    """Somebody stands before either boom."""
    with World(board.socket, OPEN_LANE) as way_in, World(board.socket, WAY_OUT) as way_out:
        for world in (way_in, way_out):
            world.contact("loop_arm", True)
        yield


@pytest.mark.usefixtures("drivers")
def test_nobody_is_let_in_from_the_reserve_and_everybody_is_let_out(
    place: GateFolder,
    small_disk: Callable[[Gate], SmallDisk],
    site: Site,
    slot: VirtualReaderSlot,
    other_slot: VirtualReaderSlot,
) -> None:
    place.lanes = {OPEN_LANE: READERS[0].name, WAY_OUT: READERS[1].name}
    place.exits = frozenset({WAY_OUT})

    def tap(lane: int, name: str) -> tuple[object, object, bool]:
        """Outcome, reason, and whether it was written down; then the boom is down again."""
        reader, at = (READERS[0], slot) if lane == OPEN_LANE else (READERS[1], other_slot)
        wait_until_empty(reader.name)
        mark = gate.mark()
        at.insert(site.card(name))
        try:
            answer: Event = gate.event("decision", since=mark, lane=lane)
        finally:
            at.remove()
        if answer["outcome"] == "admit":
            gate.event("barrier", since=mark, lane=lane, phase="closed")
        return answer["outcome"], answer["reason"], answer["sequence"] is not None

    with place.start() as gate:
        gate.ready()
        disk = small_disk(gate)
        disk.has_its_reserve()
        assert tap(OPEN_LANE, "anna") == ("admit", "ok", True)

        disk.fill()
        gate.event("disk", state="only-reserve")
        gate.state(lambda state: "entries go to the desk; make room" in state)
        assert tap(OPEN_LANE, "farid") == ("desk", "storage", False)
        mark = gate.mark()
        assert tap(WAY_OUT, "anna") == ("admit", "ok", True)
        assert gate.event("journal", since=mark, kind="passage", lane=WAY_OUT)["public"]["result"] == "no-show"
        raised = [event["public"]["alarm"] for event in gate.told("journal") if event["kind"] == "alarm-raised"]
        assert {"disk", "disk-short", "disk-reserve"} <= set(raised)

        disk.use_up_the_reserve()
        assert tap(WAY_OUT, "anna") == ("admit", "ok", False)
        gate.state(lambda state: "; storage: the disk that holds" in state, since=len(gate.states))
        assert tap(OPEN_LANE, "farid") == ("desk", "storage", False)

        mark = gate.mark()
        disk.empty()
        gate.event("disk", since=mark, state="plenty")
        disk.has_its_reserve()
        assert tap(OPEN_LANE, "farid") == ("admit", "ok", True)
        assert tap(WAY_OUT, "anna") == ("admit", "ok", True)
        gate.state(lambda state: "disk" not in state and "storage" not in state, since=len(gate.states))
        assert gate.terminate() == 0
