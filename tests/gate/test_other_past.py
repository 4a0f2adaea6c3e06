"""A gate whose old database image was brought back: it goes on serving, ends when its lanes rest, begins anew."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from simulation.vpcd import VirtualReaderSlot
from simulation.world import World
from terminal.core.journal import Kind
from terminal.edges.local_client import ask
from tests.gate.processes import Event, Gate, GateFolder
from tests.gate.test_life import records

Tap = Callable[[Gate, str], Event]

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]
BEGIN_ANEW = 75


def newest_note(data: Path) -> bytes:
    with closing(sqlite3.connect(data / "journal.db")) as connection:
        note: bytes = connection.execute("SELECT note FROM checkpoints ORDER BY size DESC LIMIT 1").fetchone()[0]
    return note


def lived(place: GateFolder, lives: int) -> None:
    """Starts and stops."""
    for _ in range(lives):
        with place.start() as gate:
            gate.ready()
            assert gate.terminate() == 0


def brought_back(place: GateFolder) -> bytes:
    """A gate that wrote on, was acknowledged, and whose image of before that is back; the acknowledgement."""
    lived(place, 1)
    image = place.folder / "image"
    shutil.copytree(place.data, image)
    lived(place, 2)
    note = newest_note(place.data)
    for name in ("journal.db", "journal.db-wal", "journal.db-shm"):
        (place.data / name).unlink(missing_ok=True)
        if (image / name).exists():
            shutil.copy(image / name, place.data / name)
    return place.site.acknowledge(note)


def hand_over(place: GateFolder, note: bytes) -> dict[str, Any]:
    return ask(place.socket, {"version": 1, "ask": "acknowledge", "note": note.decode()})


def test_gate_that_is_behind_its_past_ends_and_begins_a_new_epoch(
    place: GateFolder, world: World, slot: VirtualReaderSlot, tap: Tap
) -> None:
    note = brought_back(place)
    with place.start() as gate:
        gate.ready()
        old = gate.event("started")["epoch"]
        assert hand_over(place, note)["result"] == "other-past"
        gate.event("journal", kind="alarm-raised", lane=None)
        assert gate.wait() == BEGIN_ANEW
        assert gate.states[-1].endswith("relays are released; a new epoch begins with the next start")
    behind = records(place.data)
    assert Kind.EPOCH not in {record.kind for record in behind}
    with place.start() as gate:
        gate.ready()
        assert gate.event("epoch-ended")["epoch"] == old
        assert gate.event("started")["epoch"] != old
        answer = hand_over(place, note)
        assert (answer["result"], answer["why"]) == ("ignored", "ended")
        assert tap(gate, "anna")["outcome"] == "admit"
        gate.event("journal", kind="passage")
        assert gate.terminate() == 0
    first, alarm, begin, *_ = records(place.data)
    assert (first.kind, alarm.kind, begin.kind) == (Kind.EPOCH, Kind.ALARM_RAISED, Kind.START)
    assert (first.sequence, first.public["epoch"]) == (0, bytes.fromhex(old))
    assert {record.public.get("alarm") for record in records(place.data)[3:]} <= {None, "other-past"}
    with closing(sqlite3.connect(place.view)) as view:
        ((epoch, size, acknowledged),) = view.execute("SELECT * FROM old_epochs").fetchall()
        offered = view.execute("SELECT count(*) FROM old_entries").fetchone()
    assert (epoch.hex(), size, acknowledged, offered) == (old, len(behind) + 1, 0, (len(behind) + 1,))


def test_gate_goes_on_serving_until_the_vehicle_under_the_boom_has_passed(
    place: GateFolder, world: World, slot: VirtualReaderSlot, tap: Tap
) -> None:
    note = brought_back(place)
    with place.start() as gate:
        gate.ready()
        assert tap(gate, "anna")["outcome"] == "admit"
        gate.event("barrier", phase="open")
        world.contact("loop_safety", True)
        gate.event("barrier", phase="passing")
        assert hand_over(place, note)["result"] == "other-past"
        for _ in range(3):
            told = ask(place.socket, {"version": 1, "ask": "state"})
            assert told["lanes"][0]["phase"] == "passing"
            assert "other-past" in {each["alarm"] for each in told["alarms"]}
        world.contact("loop_arm", False)
        world.contact("loop_safety", False)
        assert gate.wait() == BEGIN_ANEW
        phases = [event["phase"] for event in gate.told("barrier")]
    assert phases[-2:] == ["closed", "boot"]
    assert "unknown" not in {record.public["result"] for record in records(place.data) if record.kind is Kind.PASSAGE}


def test_gate_that_is_killed_before_its_lanes_rest_begins_anew_all_the_same(
    place: GateFolder, world: World, slot: VirtualReaderSlot, tap: Tap
) -> None:
    note = brought_back(place)
    with place.start() as gate:
        gate.ready()
        assert tap(gate, "anna")["outcome"] == "admit"
        gate.event("barrier", phase="open")
        world.contact("loop_safety", True)
        gate.event("barrier", phase="passing")
        assert hand_over(place, note)["result"] == "other-past"
        gate.kill()
    world.contact("loop_safety", False)
    with place.start() as gate:
        gate.ready()
        gate.event("epoch-ended")
        assert gate.terminate() == 0
    kinds = [record.kind for record in records(place.data)]
    assert kinds[:3] == [Kind.EPOCH, Kind.ALARM_RAISED, Kind.START]
    with closing(sqlite3.connect(place.data / "journal.db")) as connection:
        assert connection.execute("SELECT count(*) FROM open_passages").fetchone() == (0,)
