"""Updates that arrive in pieces, in any order, and gates that are killed or lose power while they take them over."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trust.power import PowerLine, put_back
from tests.trust.repository import (
    SITE,
    Gate,
    HandClock,
    Repository,
    in_force,
    revocation_files,
    site_files,
    told,
    write,
)

BEFORE = (1, 0, "Terminal")
HALF = {(2, 1, "Terminal"), (1, 0, "Renamed")}
AFTER = (2, 1, "Renamed")


def publish_both(repository: Repository) -> dict[str, bytes]:
    """An update of both roles; returns the files that are new."""
    before = repository.files()
    repository.publish(revocation=revocation_files(5, number=2), site=site_files("Renamed"))
    return {name: data for name, data in repository.files().items() if before.get(name) != data}


def orders(names: list[str]) -> dict[str, list[str]]:
    targets_first = sorted(names, key=lambda name: (name in {"snapshot.json", "timestamp.json"}, "/" not in name, name))
    shuffled = {f"shuffled {seed}": random.Random(seed).sample(names, len(names)) for seed in range(4)}  # noqa: S311 (no secret)
    return {"targets first": targets_first, "timestamp first": targets_first[::-1]} | shuffled


@pytest.mark.parametrize("order", ["targets first", "timestamp first", *(f"shuffled {seed}" for seed in range(4))])
def test_update_arrives_file_by_file(gate: Gate, repository: Repository, order: str) -> None:
    keeper = gate.refreshed(repository)
    news = publish_both(repository)
    for name in orders(sorted(news))[order]:
        write(gate.mirror, {name: news[name]})
        assert keeper.changed()
        assert {why for _, why in told(keeper.refresh())} <= {"incomplete"}
        assert in_force(keeper) in {BEFORE, AFTER, *HALF}
        restarted = gate.started()
        assert restarted.load().refused == ()
        assert in_force(restarted) == in_force(keeper)
        restarted.refresh()
        assert in_force(restarted) == in_force(keeper)
    assert in_force(keeper) == AFTER


def test_revocation_does_not_wait_for_a_site_file(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    news = publish_both(repository)
    late = f"sites/{SITE}/policy.json"
    write(gate.mirror, {name: data for name, data in news.items() if name != late})
    outcome = keeper.refresh()
    assert (outcome.applied, told(outcome)) == ({"revocation": 2}, [(f"site-{SITE}", "incomplete")])
    assert in_force(keeper) == (2, 1, "Terminal")
    write(gate.mirror, {late: news[late]})
    assert keeper.refresh().applied == {f"site-{SITE}": 2}
    assert in_force(keeper) == AFTER


def test_site_role_that_has_not_arrived_does_not_hold_up_a_revocation(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    news = publish_both(repository)
    write(gate.mirror, {name: data for name, data in news.items() if name != f"site-{SITE}.json"})
    assert told(keeper.refresh()) == [(f"site-{SITE}", "incomplete")]
    assert in_force(keeper) == (2, 1, "Terminal")


@pytest.mark.parametrize("cut", [0, 0.5], ids=["empty", "half"])
def test_metadata_folder_truncated_by_a_power_cut(gate: Gate, repository: Repository, cut: float) -> None:
    gate.refreshed(repository)
    old = repository.files()
    news = publish_both(repository)
    write(gate.mirror, news)
    assert gate.started().refresh().refused == ()
    for name in ["timestamp.json", "snapshot.json", "revocation.json", "root_history/1.root.json", None]:
        seen = gate.state / "seen"
        for path in [seen / name] if name else seen.rglob("*.json"):
            path.write_bytes(path.read_bytes()[: int(path.stat().st_size * cut)])
        write(gate.mirror, old)
        assert "rolled-back" in {why for _, why in told(gate.started().refresh())}, name
        write(gate.mirror, news)
        keeper = gate.started()
        assert keeper.refresh().refused == (), name
        assert in_force(keeper) == AFTER


def test_killed_before_every_step_of_a_refresh(gate: Gate, repository: Repository, tmp_path: Path) -> None:
    gate.refreshed(repository)
    old = repository.files()
    write(gate.mirror, publish_both(repository))
    prepared, out = tmp_path / "prepared", tmp_path / "killed"
    prepared.mkdir()
    for name in ("mirror", "state", "root.json"):
        (tmp_path / name).rename(prepared / name)
    subprocess.run([sys.executable, "-m", "tests.trust.killed_at_every_step", prepared, out], check=True, timeout=100)
    folders = sorted(out.iterdir(), key=lambda folder: int(folder.name))
    assert len(folders) > 20
    seen = [_after_accident(Gate(folder), old) for folder in folders]
    assert (seen[0], seen[-1]) == (BEFORE, AFTER)
    assert len(set(seen)) == 3  # one role at a time


def _after_accident(gate: Gate, old: dict[str, bytes]) -> tuple[int, int | None, str] | None:
    """What is in force at the start after it; then an old mirror takes nothing back, and the new one completes it."""
    keeper = gate.started()
    assert keeper.load().refused == ()
    at_start = in_force(keeper)
    assert at_start in {BEFORE, AFTER, *HALF}
    new = {str(path.relative_to(gate.mirror)): path.read_bytes() for path in gate.mirror.rglob("*") if path.is_file()}
    write(gate.mirror, old)
    keeper.refresh()
    assert in_force(keeper) == at_start
    write(gate.mirror, new)
    assert keeper.refresh().refused == ()
    assert in_force(keeper) == AFTER
    return at_start


def test_power_cut_at_every_moment_of_a_refresh(gate: Gate, repository: Repository, tmp_path: Path) -> None:
    disk = PowerLine(gate.state)
    repository.write(gate.mirror)
    assert gate.started(disk=disk).refresh().refused == ()
    old = repository.files()
    write(gate.mirror, publish_both(repository))
    disk.pictures.clear()
    keeper = gate.started(disk=disk)
    keeper.load()
    disk.take_pictures()
    assert keeper.refresh().refused == ()
    disk.take_pictures()
    assert len(disk.pictures) > 20
    seen = []
    for number, picture in enumerate(disk.pictures):
        left = Gate(tmp_path / str(number), HandClock())
        shutil.copytree(gate.mirror, left.mirror)
        shutil.copy(gate.root, left.root)
        put_back(picture, left.state)
        seen.append(_after_accident(left, old))
    assert (seen[0], seen[-1]) == (BEFORE, AFTER)
