"""Is there room on the disk for a journal and its reserve?"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from firmware_config.configuration import read_gate
from firmware_config.gate import Gate
from firmware_config.machine import check_room, disk_space, room_line
from terminal.core.room import Space
from tests.firmware_config.gate_file import GATE, written

MIB = 2**20


def on_disk(folder: Path) -> Gate:
    """A gate whose data lie there."""
    gate = read_gate(written(folder, GATE))
    return replace(gate, terminal=replace(gate.terminal, data=folder / "data"))


@pytest.mark.parametrize(
    ("available_mib", "reserve_mib", "wrong"), [(40, 0, False), (39, 0, True), (8, 32, False), (7, 32, True)]
)
def test_disk_without_room_for_the_reserve(tmp_path: Path, available_mib: int, reserve_mib: int, wrong: bool) -> None:
    gate = on_disk(tmp_path)
    space = Space(used_bytes=900 * MIB, available_bytes=available_mib * MIB, reserve_bytes=reserve_mib * MIB)
    mistakes = check_room(space, gate, "gate.toml")
    assert [each.key for each in mistakes] == (["terminal.data"] if wrong else [])
    assert all(f"{available_mib} MiB free, so that nobody would be let in" in str(each) for each in mistakes)


def test_installer_hears_how_much_journal_the_disk_holds(tmp_path: Path) -> None:
    gate = on_disk(tmp_path)
    space = Space(used_bytes=0, available_bytes=2_400_000_000 + 32 * MIB)
    assert room_line(space, gate) == "disk: 2.4 GB for the journal, some 2,000,000 passages"
    shown = replace(gate, terminal=replace(gate.terminal, view=tmp_path / "view.db"))
    assert room_line(space, shown) == "disk: 2.4 GB for the journal, some 1,000,000 passages"
    assert disk_space(gate) is None
    gate.terminal.data.mkdir()
    assert disk_space(gate) is not None


def test_check_of_a_machine_names_a_disk_that_is_too_small(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size=30m none {disk} && mkdir -m 700 {disk}/data && exec "$@"'
    in_namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*in_namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk in a namespace of his own")
    path = written(tmp_path, GATE.replace("/var/lib/xs-gate", f"{disk}/data"))
    command = [*in_namespace, sys.executable, "-m", "terminal", "check", str(path), "--machine"]
    checked = subprocess.run(command, check=False, capture_output=True, text=True)
    assert "disk: 0.0 GB for the journal, some 0 passages" in checked.stdout
    assert f"the disk with {disk}/data has 30 MiB free, so that nobody would be let in" in checked.stderr
