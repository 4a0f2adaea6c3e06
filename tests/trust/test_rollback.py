"""Attacks with what headquarters once really signed: older files, a feed that stands still, a mix of both."""

import shutil

import pytest

from terminal.trust.keeper import RulesKeeper
from tests.trust.repository import (
    SITE,
    START_S,
    Gate,
    Repository,
    in_force,
    key,
    revocation_files,
    site_files,
    told,
    write,
)

BEFORE = (1, 0, "Terminal")
AFTER = (2, 1, "Terminal, renamed")


@pytest.fixture
def old(repository: Repository) -> dict[str, bytes]:
    return repository.files()


@pytest.fixture
def keeper(gate: Gate, repository: Repository, old: dict[str, bytes]) -> RulesKeeper:
    """Has both versions behind it: card 5 is blocked, the site renamed."""
    keeper = gate.refreshed(repository)
    assert in_force(keeper) == BEFORE
    repository.publish(revocation=revocation_files(5, number=2), site=site_files("Terminal, renamed"))
    repository.write(gate.mirror)
    assert keeper.refresh().applied == {"revocation": 2, f"site-{SITE}": 2}
    assert in_force(keeper) == AFTER
    return keeper


def lose_seen_folder(gate: Gate) -> None:
    """What a damaged file system may leave of it."""
    shutil.rmtree(gate.state / "seen")


@pytest.mark.parametrize("lost", [False, True], ids=["as it was", "seen folder lost"])
def test_whole_repository_rolled_back(gate: Gate, keeper: RulesKeeper, old: dict[str, bytes], lost: bool) -> None:
    write(gate.mirror, old)
    if lost:
        lose_seen_folder(gate)
    again = gate.started()
    again.load()
    assert told(again.refresh()) == [("mirror", "rolled-back")]
    assert in_force(again) == AFTER


@pytest.mark.parametrize("lost", [False, True], ids=["as it was", "seen folder lost"])
def test_thief_of_the_online_keys_shows_an_old_revocation(
    gate: Gate, keeper: RulesKeeper, repository: Repository, old: dict[str, bytes], lost: bool
) -> None:
    repository.targets["revocation"] = revocation_files()
    repository.sign_targets("revocation", version=1)
    repository.sign_top()
    repository.write(gate.mirror)
    if lost:
        lose_seen_folder(gate)
    again = gate.started()
    assert told(again.refresh()) == [("revocation" if lost else "mirror", "rolled-back")]
    assert in_force(again) == AFTER


def test_old_site_rules_do_not_hold_up_a_revocation(gate: Gate, keeper: RulesKeeper, repository: Repository) -> None:
    repository.targets[f"site-{SITE}"] = site_files()
    repository.sign_targets(f"site-{SITE}", version=1)
    repository.publish(revocation=revocation_files(5, 6, number=3))
    repository.write(gate.mirror)
    lose_seen_folder(gate)
    again = gate.started()
    assert told(again.refresh()) == [(f"site-{SITE}", "rolled-back")]
    assert in_force(again) == (3, 1, "Terminal, renamed")


def test_timestamp_alone_rolled_back(gate: Gate, keeper: RulesKeeper, old: dict[str, bytes]) -> None:
    write(gate.mirror, {"timestamp.json": old["timestamp.json"]})
    assert told(keeper.refresh()) == [("mirror", "rolled-back")]
    assert in_force(keeper) == AFTER


@pytest.mark.parametrize("name", ["revocation.json", "snapshot.json"])
def test_mix_of_old_and_new_metadata(
    gate: Gate, keeper: RulesKeeper, repository: Repository, old: dict[str, bytes], name: str
) -> None:
    repository.publish(revocation=revocation_files(5, 6, number=3))
    write(gate.mirror, repository.files() | {name: old[name]})
    assert told(keeper.refresh()) == [("revocation" if name == "revocation.json" else "mirror", "incomplete")]
    assert in_force(keeper) == AFTER


def test_mix_of_old_list_and_new_metadata(
    gate: Gate, keeper: RulesKeeper, repository: Repository, old: dict[str, bytes]
) -> None:
    repository.publish(revocation=revocation_files(5, 6, number=3))
    write(gate.mirror, repository.files() | {"revocation/cards-changes": old["revocation/cards-changes"]})
    assert told(keeper.refresh()) == [("revocation", "incomplete")]
    assert in_force(keeper) == AFTER


def test_feed_that_stands_still_ages_and_then_expires(gate: Gate, keeper: RulesKeeper, repository: Repository) -> None:
    rules = keeper.current()
    assert rules is not None
    ages = []
    for days in (0, 1, 13):
        gate.clock.s = START_S + days * 86400
        assert keeper.refresh().refused == ()
        ages.append(rules.list_age_s(gate.clock.s))
    assert ages == [0, 86400, 13 * 86400]
    gate.clock.s = START_S + 14 * 86400
    assert told(keeper.refresh()) == [("mirror", "expired")]
    assert in_force(keeper) == AFTER


def test_old_timestamp_replayed_to_a_new_gate_is_refused_once_expired(gate: Gate, repository: Repository) -> None:
    repository.write(gate.mirror)
    gate.clock.s = START_S + 14 * 86400
    keeper = gate.started()
    assert told(keeper.refresh()) == [("mirror", "expired")]
    assert keeper.current() is None


def test_everything_expired_and_the_gate_restarted(gate: Gate, keeper: RulesKeeper) -> None:
    gate.clock.s = START_S + 20 * 365 * 86400
    again = gate.started()
    assert again.load().refused == ()
    assert in_force(again) == AFTER
    assert told(again.refresh()) == [("mirror", "expired")]
    assert in_force(again) == AFTER


def test_stolen_key_signed_enormous_versions_and_headquarters_recovers(
    gate: Gate, keeper: RulesKeeper, repository: Repository
) -> None:
    repository.sign_targets("revocation", version=1_000_000)
    repository.sign_top(snapshot=1_000_000, timestamp=1_000_000)
    repository.write(gate.mirror)
    assert keeper.refresh().refused == ()
    repository.keys |= {role: key(f"{role}, new") for role in ("timestamp", "snapshot")}
    repository.sign_root()
    repository.targets["revocation"] = revocation_files(5, 6, number=3)
    repository.sign_targets("revocation", version=3)
    repository.sign_top(snapshot=3, timestamp=3)
    repository.write(gate.mirror)
    assert keeper.refresh().applied == {"revocation": 3}
    assert in_force(keeper) == (3, 1, "Terminal, renamed")


def test_version_past_what_can_be_counted(gate: Gate, keeper: RulesKeeper, repository: Repository) -> None:
    repository.sign_top(timestamp=1 << 53)
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [("mirror", "malformed")]
    repository.sign_top(timestamp=(1 << 53) - 1)
    repository.write(gate.mirror)
    shutil.rmtree(gate.state / "seen")
    assert gate.started().refresh().refused == ()


@pytest.mark.parametrize("renewed", [(), ("timestamp", "snapshot")], ids=["same keys", "keys renewed"])
def test_newer_root_withheld_from_a_gate_that_has_seen_it(
    gate: Gate, repository: Repository, renewed: tuple[str, ...]
) -> None:
    old = repository.files()
    gate.refreshed(repository)
    repository.keys |= {role: key(f"{role}, renewed") for role in renewed}
    repository.sign_root()
    repository.sign_top()
    repository.write(gate.mirror)
    assert gate.started().refresh().refused == ()
    lose_seen_folder(gate)
    (gate.mirror / "2.root.json").unlink()
    write(gate.mirror, old)
    assert told(gate.started().refresh()) == [("mirror", "rolled-back")]
