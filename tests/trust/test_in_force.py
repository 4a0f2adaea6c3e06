"""What is in force on disk: damaged, left over, for another site; and what a refresh says of clock and mirror."""

import json
import resource
import tracemalloc
from dataclasses import replace
from itertools import pairwise

import pytest

from terminal.core.issuers import HeadquartersKey
from terminal.core.rules import Rules
from terminal.trust.contents import digest_of
from terminal.trust.documents import ISSUERS
from terminal.trust.keeper import MAX_AHEAD_S, RulesKeeper
from terminal.trust.status_list import MAX_LIST_BYTES
from terminal.trust.store import MAX_MANIFEST_BYTES, Manifest, Target
from tests.trust.repository import (
    SITE,
    START_S,
    Gate,
    Repository,
    in_force,
    issuers,
    revocation_files,
    site_files,
    told,
    write,
)

BEFORE = (1, 0, "Terminal")


def kept(gate: Gate) -> set[str]:
    return {path.name for path in (gate.state / "in-force" / "files").iterdir()}


def rules_of(keeper: RulesKeeper) -> Rules:
    rules = keeper.current()
    assert rules is not None
    return rules


def target_of(gate: Gate, role: str, path: str) -> Target:
    return Manifest.decoded((gate.state / "in-force/manifest.json").read_bytes()).roles[role].targets[path]


def test_set_in_force_is_loaded_without_the_mirror(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    keeper = gate.started(mirror=gate.folder / "nowhere")
    assert keeper.current() is None
    assert keeper.load().applied == {"revocation": 1, "targets": 1, f"site-{SITE}": 1}
    assert in_force(keeper) == BEFORE


def test_first_start_with_an_empty_mirror(gate: Gate) -> None:
    keeper = gate.started()
    assert (keeper.load().rules, keeper.load().refused) == (None, ())
    assert told(keeper.refresh()) == [("mirror", "incomplete")]


@pytest.mark.parametrize("damage", [b"", b"x", None], ids=["truncated", "changed", "gone"])
def test_damaged_file_in_force_is_noticed_and_taken_from_the_mirror_again(
    gate: Gate, repository: Repository, damage: bytes | None
) -> None:
    gate.refreshed(repository)
    target = target_of(gate, "revocation", "revocation/cards-changes")
    path = gate.state / "in-force/files" / target.sha256
    whole = path.read_bytes()
    path.unlink()
    if damage is not None:
        path.write_bytes(damage and bytes([whole[0] ^ 1]) + whole[1:])
    keeper = gate.started()
    assert told(keeper.load()) == [("revocation", "storage")]
    assert keeper.current() is None
    outcome = keeper.refresh()
    assert (outcome.applied, outcome.refused) == ({"revocation": 1}, ())
    assert in_force(keeper) == BEFORE
    assert path.read_bytes() == whole


@pytest.mark.parametrize(
    "damage",
    [b"", b"\x00" * 200, b"[]", b'{"root": 1}', b'{"root": "", "roles": {"targets": 3}}', b" " * 70_000, b"[" * 60_000],
)
def test_damaged_manifest_is_noticed_and_made_anew(gate: Gate, repository: Repository, damage: bytes) -> None:
    gate.refreshed(repository)
    (gate.state / "in-force/manifest.json").write_bytes(damage)
    keeper = gate.started()
    assert told(keeper.load()) == [("store", "storage")]
    assert keeper.current() is None
    assert keeper.refresh().refused == ()
    assert in_force(keeper) == BEFORE


def test_manifest_at_its_bound_and_one_byte_past_it(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    path = gate.state / "in-force/manifest.json"
    path.write_bytes(path.read_bytes().ljust(MAX_MANIFEST_BYTES))
    assert gate.started().load().refused == ()
    path.write_bytes(path.read_bytes() + b" ")
    assert told(gate.started().load()) == [("store", "storage")]


def test_manifest_whose_hash_is_a_path(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    path = gate.state / "in-force/manifest.json"
    content = json.loads(path.read_bytes())
    content["roles"]["targets"]["targets"]["issuers.json"]["sha256"] = "../../../root.json"
    path.write_text(json.dumps(content))
    assert told(gate.started().load()) == [("store", "storage")]


def test_role_kept_by_an_older_program_lacks_a_file(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    path = gate.state / "in-force/manifest.json"
    content = json.loads(path.read_bytes())
    del content["roles"][f"site-{SITE}"]["targets"][f"sites/{SITE}/visits.json"]
    path.write_text(json.dumps(content))
    keeper = gate.started()
    assert told(keeper.load()) == [(f"site-{SITE}", "storage")]
    assert keeper.refresh().applied == {f"site-{SITE}": 1}


def test_files_out_of_force_and_left_overs_are_swept(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    old = target_of(gate, "revocation", "revocation/cards-changes").sha256
    (gate.state / "in-force/files/.0.aside").write_bytes(b"half")
    repository.publish(revocation=revocation_files(5, number=2))
    repository.write(gate.mirror)
    keeper.refresh()
    assert old not in kept(gate)
    assert len(kept(gate)) == 9
    (gate.state / "seen/tmpabc").write_bytes(b"half")
    gate.started().load()
    assert not (gate.state / "seen/tmpabc").exists()


def test_terminal_moved_to_another_site(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    keeper = gate.started(site=SITE + 1)
    assert keeper.load().rules is None
    assert told(keeper.refresh()) == [(f"site-{SITE + 1}", "unsigned")]
    assert keeper.current() is None


def test_folder_that_others_may_write(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    gate.state.chmod(0o770)
    keeper = gate.started()
    outcome = keeper.load()
    assert told(outcome) == [("store", "storage")]
    assert "others may write there" in str(outcome.refused[0].error)
    gate.state.chmod(0o755)
    assert gate.started().load().refused == ()


def test_disk_is_full(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    repository.publish(revocation=revocation_files(5, number=2))
    repository.write(gate.mirror)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        outcome = keeper.refresh()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert told(outcome) == [("store", "storage")]
    assert in_force(keeper) == BEFORE
    assert keeper.refresh().refused == ()
    assert in_force(keeper) == (2, 1, "Terminal")


def test_database_of_versions_seen_is_damaged(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    (gate.state / "seen.db").write_bytes(b"no database" * 1000)
    repository.publish(revocation=revocation_files(5, number=2))
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [("store", "storage")]
    assert in_force(keeper) == BEFORE


@pytest.mark.parametrize("name", ["timestamp.json", "2.root.json", "sites/7/policy.json", "revocation/cards-changes"])
def test_change_in_the_mirror_is_noticed(gate: Gate, repository: Repository, name: str) -> None:
    keeper = gate.refreshed(repository)
    assert not keeper.changed()
    write(gate.mirror, {name: (repository.files() | {"2.root.json": b""})[name]})  # in place, the same bytes
    assert keeper.changed()
    keeper.refresh()
    assert not keeper.changed()


def test_nothing_new_is_nothing_applied(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    before = rules_of(keeper)
    outcome = keeper.refresh()
    assert (outcome.applied, outcome.refused, outcome.ahead_s) == ({}, (), 0.0)
    assert rules_of(keeper).policy is before.policy


def test_lists_issued_anew_say_the_same_and_a_blocked_card_does_not(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    digests = [rules_of(keeper).content_digest]
    for update in (
        {"revocation": revocation_files(issued_at_s=START_S + 1, number=2)},
        {"revocation": revocation_files(5, issued_at_s=START_S + 1, number=3)},
        {"site": site_files("Renamed")},
        {
            "targets": {
                "issuers.json": ISSUERS.dump(replace(issuers(), commands=(HeadquartersKey(name="hq", key="33" * 32),)))
            }
        },
    ):
        repository.publish(**update)
        repository.write(gate.mirror)
        keeper.refresh()
        digests.append(rules_of(keeper).content_digest)
    assert [before == after for before, after in pairwise(digests)] == [True, False, False, False]
    again = gate.started()
    again.load()
    assert rules_of(again).content_digest == digests[-1]


def test_digest_of_the_largest_file_takes_no_room_beside_it() -> None:
    largest = bytes(MAX_LIST_BYTES)
    tracemalloc.start()
    digest_of(largest)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * 1024


@pytest.mark.parametrize(("ahead_s", "doubtful"), [(-60, False), (MAX_AHEAD_S, False), (MAX_AHEAD_S + 1, True)])
def test_lists_issued_ahead_of_the_clock(gate: Gate, repository: Repository, ahead_s: int, doubtful: bool) -> None:
    keeper = gate.refreshed(repository)
    repository.publish(revocation=revocation_files(5, issued_at_s=START_S + ahead_s, number=2))
    repository.write(gate.mirror)
    outcome = keeper.refresh()
    assert (outcome.ahead_s, outcome.clock_doubtful) == (ahead_s, doubtful)
    assert gate.clock.s == START_S + max(0, ahead_s)


def test_lists_issued_past_the_expiry_of_their_own_role_do_not_move_the_clock(
    gate: Gate, repository: Repository
) -> None:
    keeper = gate.refreshed(repository)
    last_s = int(repository.signed["revocation"].signed.expires.timestamp())
    repository.publish(revocation=revocation_files(5, issued_at_s=last_s + 1, number=2))
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [("revocation", "malformed")]
    assert (in_force(keeper), gate.clock.s) == (BEFORE, START_S)
    repository.publish(revocation=revocation_files(5, issued_at_s=last_s, number=2))
    repository.write(gate.mirror)
    assert keeper.refresh().refused == ()
    assert (in_force(keeper), gate.clock.s) == ((2, 1, "Terminal"), last_s)


def test_clock_that_fell_back_while_the_power_was_off(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    gate.clock.s = 0
    outcome = gate.started().load()
    assert outcome.clock_doubtful
    assert gate.clock.s == START_S


def test_age_goes_by_the_older_of_the_two_lists(gate: Gate, repository: Repository) -> None:
    cards = {path: data for path, data in revocation_files(issued_at_s=START_S - 50).items() if "cards" in path}
    repository.publish(revocation=revocation_files(issued_at_s=START_S + 10) | cards, site=site_files())
    rules = rules_of(gate.refreshed(repository))
    assert (rules.lists_issued_at_s, gate.clock.s) == (START_S - 50, START_S + 10)
