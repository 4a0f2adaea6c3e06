"""Files that headquarters never signed, or signed with a key that may not, and a gate born with the wrong root."""

from pathlib import Path

import pytest

from terminal.core.document import MAX_ROOT_BYTES
from terminal.trust.refusals import RootRefused
from tests.trust.repository import SITE, Gate, Repository, in_force, key, revocation_files, site_files, told, write

BEFORE = (1, 0, "Terminal")


@pytest.mark.parametrize(
    ("role", "subject"),
    [
        ("timestamp", "mirror"),
        ("snapshot", "mirror"),
        ("targets", "mirror"),
        ("revocation", "revocation"),
        (f"site-{SITE}", f"site-{SITE}"),
    ],
)
def test_role_signed_with_a_strangers_key(gate: Gate, repository: Repository, role: str, subject: str) -> None:
    keeper = gate.refreshed(repository)
    repository.keys[role] = key("stranger")
    if role in repository.targets:
        repository.sign_targets(role, signer=key("stranger"))
    repository.targets["revocation"] = revocation_files(5, number=2)
    repository.sign_top()
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [(subject, "unsigned")]
    assert in_force(keeper) == BEFORE


def test_site_key_signs_the_revocation_role(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    repository.targets["revocation"] = revocation_files(number=2)
    repository.sign_targets("revocation", signer=repository.keys[f"site-{SITE}"])
    repository.sign_top()
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [("revocation", "unsigned")]
    assert in_force(keeper) == BEFORE


def test_site_role_names_revocation_lists(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    lists = revocation_files(number=2)
    repository.targets["revocation"] = {}
    repository.sign_targets("revocation")
    repository.publish(site=site_files() | lists)
    write(gate.mirror, repository.files() | lists)
    assert told(keeper.refresh()) == [("revocation", "unsigned")]
    assert in_force(keeper) == BEFORE


@pytest.mark.parametrize("name", ["policy", "companies"])
def test_site_rules_named_by_another_role(gate: Gate, repository: Repository, name: str) -> None:
    keeper = gate.refreshed(repository)
    path = f"sites/{SITE}/{name}.json"
    repository.targets["targets"] |= {path: site_files("Other")[path]}
    repository.sign_targets("targets")
    repository.sign_top()
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [(f"site-{SITE}", "unsigned")]
    assert in_force(keeper) == BEFORE


def test_file_changed_on_its_way(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    repository.publish(revocation=revocation_files(5, number=2))
    files = repository.files()
    for name in sorted(files):
        keeper_before = in_force(keeper)
        changed = files[name][:-9] + bytes([files[name][-9] ^ 1]) + files[name][-8:]
        write(gate.mirror, files | {name: changed})
        keeper.refresh()
        assert in_force(keeper) in {keeper_before, (2, 1, "Terminal")}, name
    write(gate.mirror, files)
    assert keeper.refresh().refused == ()
    assert in_force(keeper) == (2, 1, "Terminal")


def test_gate_born_with_another_headquarters_root(gate: Gate, repository: Repository) -> None:
    other = Repository()
    other.keys = {name: key(f"other {name}") for name in other.keys}
    other.roots.clear()
    other.sign_root()
    gate.born(other)
    repository.write(gate.mirror)
    keeper = gate.started()
    outcome = keeper.refresh()
    assert told(outcome) == [("mirror", "unsigned")]
    assert "root.json here may be another's" in str(outcome.refused[0].error)
    assert keeper.current() is None


def test_root_of_another_headquarters_put_in_the_place_of_the_first(gate: Gate, repository: Repository) -> None:
    gate.refreshed(repository)
    other = Repository()
    other.keys = {name: key(f"other {name}") for name in other.keys}
    other.roots.clear()
    other.sign_root()
    other.publish(targets=other.targets["targets"], revocation=revocation_files(5, number=9), site=site_files("Other"))
    gate.born(other)
    keeper = gate.started()
    assert told(keeper.load()) == [("root", "document")]
    assert keeper.current() is None
    other.write(gate.mirror)
    assert keeper.refresh().refused == ()
    assert in_force(keeper) == (9, 1, "Other")


@pytest.mark.parametrize("content", [None, b"", b" " * (MAX_ROOT_BYTES + 1)], ids=["missing", "empty", "far too large"])
def test_no_usable_root_keeps_even_good_rules_out(gate: Gate, repository: Repository, content: bytes | None) -> None:
    gate.refreshed(repository)
    good = gate.root.read_bytes()
    gate.root.unlink()
    if content is not None:
        gate.root.write_bytes(content)
    keeper = gate.started()
    outcome = keeper.load()
    assert isinstance(outcome.refused[0].error, RootRefused)
    assert "provisioned" in str(outcome.refused[0].error)
    assert told(keeper.refresh()) == [("root", "document")]
    assert keeper.current() is None
    gate.root.write_bytes(good)
    assert keeper.changed()
    assert keeper.refresh().refused == ()
    assert in_force(keeper) == BEFORE


@pytest.mark.parametrize("content", [b"no json", b'{"signed": {}, "signatures": []}', b"[" * 1000])
def test_root_that_is_none(gate: Gate, repository: Repository, content: bytes) -> None:
    repository.write(gate.mirror)
    gate.root.write_bytes(content)
    keeper = gate.started()
    assert told(keeper.refresh()) == [("root", "document")]
    assert keeper.current() is None


def test_new_root_signed_by_a_stranger(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    repository.keys |= {name: key(f"thief's {name}") for name in ("root", "timestamp", "snapshot", "targets")}
    repository.sign_root()
    repository.publish(targets=repository.targets["targets"], revocation=revocation_files(5, number=2))
    repository.write(gate.mirror)
    assert told(keeper.refresh()) == [("mirror", "unsigned")]
    assert in_force(keeper) == BEFORE


def test_keys_changed_by_a_new_root(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    repository.keys |= {name: key(f"new {name}") for name in ("root", "timestamp", "snapshot", "targets")}
    repository.sign_root("root")
    repository.publish(targets=repository.targets["targets"], revocation=revocation_files(5, number=2))
    repository.write(gate.mirror)
    assert keeper.refresh().applied == {"revocation": 2, "targets": 2}


def test_mirror_that_is_not_there(gate: Gate, repository: Repository, tmp_path: Path) -> None:
    gate.refreshed(repository)
    keeper = gate.started(mirror=tmp_path / "nowhere")
    outcome = keeper.refresh()
    assert told(outcome) == [("mirror", "incomplete")]
    assert f"the folder itself is not in the mirror {tmp_path / 'nowhere'}" in str(outcome.refused[0].error)
    assert in_force(keeper) == BEFORE
