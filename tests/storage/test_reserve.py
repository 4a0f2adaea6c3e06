"""The reserve: what is written when others have filled the disk, on a small one of our own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from terminal.core.room import RESERVE_BYTES
from terminal.storage.reserve import STEP_BYTES, Reserve
from tests.storage.support import ROOT

SIZE = "90m"


def test_full_disk_is_written_to_from_the_reserve_until_that_is_used_up(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    script = f'mount -t tmpfs -o size={SIZE},mode=0700 none {disk} && exec "$@"'
    in_namespace = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"]
    if subprocess.run([*in_namespace, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this machine lets nobody mount a small disk in a namespace of his own")
    command = [*in_namespace, sys.executable, "-m", "tests.storage.children", "reserve", str(disk / "journal")]
    child = subprocess.run(command, check=False, capture_output=True, cwd=ROOT, text=True)
    assert child.returncode == 0, child.stderr
    report = json.loads(child.stdout)
    assert report["whole"] == report["made_anew"] == RESERVE_BYTES
    assert report["left"] == 0
    assert "is full; nothing can be written down until space is freed" in report["refused"]
    assert report["written"] > 500, report
    assert report["stored"] == report["written"] + 2  # the refused one stayed away, the one after the restart is there


def test_reserve_holds_blocks_and_gives_them_back_a_step_at_a_time(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path)
    assert not reserve.give()
    reserve.refill()
    file = tmp_path / "reserve"
    assert (file.stat().st_size, file.stat().st_mode & 0o777) == (RESERVE_BYTES, 0o600)
    assert file.stat().st_blocks * 512 >= RESERVE_BYTES
    assert reserve.give()
    assert reserve.space().reserve_bytes == RESERVE_BYTES - STEP_BYTES
    assert file.stat().st_blocks * 512 < RESERVE_BYTES
    while reserve.give():
        pass
    assert reserve.space().reserve_bytes == 0
    reserve.refill()
    assert reserve.space().reserve_bytes == RESERVE_BYTES


def test_start_on_a_disk_with_room_gives_nothing_away(tmp_path: Path) -> None:
    reserve = Reserve(tmp_path)
    reserve.refill()
    (tmp_path / "log").write_bytes(b"log")
    reserve.give_for_log(tmp_path / "log")
    assert reserve.space().reserve_bytes == RESERVE_BYTES


def test_folder_that_is_not_there_yet_is_no_reason_not_to_start(tmp_path: Path) -> None:
    Reserve(tmp_path / "journal").give_for_log(tmp_path / "journal" / "log")
    assert not (tmp_path / "journal").exists()
