"""Files made to harm whoever reads them: too large, inflating, endless, links and pipes, names that lead elsewhere."""

import os
import zlib
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from terminal.core import cbor
from terminal.trust.documents import POLICY
from terminal.trust.mirror import Mirror, MirrorRefused, NotInMirror
from terminal.trust.status_list import MAX_BITMAP_BYTES, MAX_CHANGES_BYTES, Changes, encode_list, packed
from tests.trust.repository import (
    SITE,
    START_S,
    Gate,
    Repository,
    in_force,
    policy,
    revocation_files,
    site_files,
    told,
    write,
)

BEFORE = (1, 0, "Terminal")
POLICY_PATH = f"sites/{SITE}/policy.json"


@pytest.mark.parametrize(
    ("name", "bound"),
    [("timestamp.json", 16_384), ("snapshot.json", None), ("revocation.json", None), ("2.root.json", 512_000)],
)
def test_oversized_metadata(gate: Gate, repository: Repository, name: str, bound: int | None) -> None:
    keeper = gate.refreshed(repository)
    repository.sign_root()
    repository.publish(revocation=revocation_files(5, number=2))
    files = repository.files()
    write(gate.mirror, files | {name: files[name].ljust((bound or len(files[name])) + 1)})
    outcome = keeper.refresh()
    assert [why for _, why in told(outcome)] == ["malformed"]
    assert "bytes; at most" in str(outcome.refused[0].error)
    assert in_force(keeper) == BEFORE


@pytest.mark.parametrize(("size", "refused"), [(5_000_000, []), (5_000_001, [("revocation", "malformed")])])
def test_metadata_whose_size_is_signed_too(
    gate: Gate, repository: Repository, size: int, refused: list[tuple[str, str]]
) -> None:
    large = repository.signed["revocation"].to_bytes().ljust(size)
    meta = {role: repository.signed[role].to_bytes() for role in repository.targets} | {"revocation": large}
    repository.sign_top(meta=meta)
    write(gate.mirror, repository.files() | {"revocation.json": large})
    assert told(gate.started().refresh()) == refused


def test_metadata_of_terabytes_is_not_read(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    with (gate.mirror / "timestamp.json").open("wb") as file:
        file.truncate(1 << 40)
    assert told(keeper.refresh()) == [("mirror", "malformed")]
    assert in_force(keeper) == BEFORE


def test_signed_file_at_its_bound_and_one_byte_past_it(gate: Gate, repository: Repository) -> None:
    keeper = gate.refreshed(repository)
    for length, expected in ((POLICY.max_bytes, []), (POLICY.max_bytes + 1, [(f"site-{SITE}", "malformed")])):
        files = site_files("Larger") | {POLICY_PATH: POLICY.dump(policy("Larger")).ljust(length)}
        repository.publish(site=files)
        repository.write(gate.mirror)
        assert told(keeper.refresh()) == expected
    assert in_force(keeper) == (1, 0, "Larger")


def _lists(**changed: bytes) -> Mapping[str, bytes]:
    names = {"cards": "revocation/cards", "cards_changes": "revocation/cards-changes"}
    return revocation_files(5, number=2) | {names[name]: data for name, data in changed.items()}


def _changes(of: bytes, *pairs: list[int]) -> bytes:
    return cbor.encode([sha256(of).digest(), START_S, 2, [*pairs]])


CARDS = encode_list(packed([0] * 100))
BOMB = b"\xa2\x64bits\x02\x63lst" + cbor.encode(zlib.compress(bytes(MAX_BITMAP_BYTES + 1), 9))


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(_lists(cards=BOMB, cards_changes=_changes(BOMB)), "inflates to more than", id="zip bomb"),
        pytest.param(_lists(cards=b"\xa0"), "not a status list", id="no list"),
        pytest.param(_lists(cards_changes=_changes(b"another list", [5, 1])), "belongs to another list", id="another"),
        pytest.param(_lists(cards_changes=_changes(CARDS, [5, 1], [4, 1])), "do not rise", id="unsorted"),
        pytest.param(_lists(cards_changes=_changes(CARDS, [5, 1], [5, 0])), "do not rise", id="one card twice"),
        pytest.param(
            _lists(cards_changes=_changes(CARDS, [1 << 30, 1])), "no index and status", id="endless extension"
        ),
        pytest.param(_lists(cards_changes=bytes(MAX_CHANGES_BYTES + 1)), "at most", id="oversized changes"),
        pytest.param({"revocation/cards": CARDS}, "not among the files", id="companies left out"),
    ],
)
def test_signed_lists_that_are_none(gate: Gate, repository: Repository, files: dict[str, bytes], said: str) -> None:
    keeper = gate.refreshed(repository)
    repository.publish(revocation=files, site=site_files("Renamed"))
    repository.write(gate.mirror)
    outcome = keeper.refresh()
    assert [refusal.subject for refusal in outcome.refused] == ["revocation"]
    assert said in str(outcome.refused[0].error)
    assert in_force(keeper) == (1, 0, "Renamed")
    again = gate.started()
    assert again.load().refused == ()
    assert in_force(again) == (1, 0, "Renamed")


@pytest.mark.parametrize(
    ("files", "said"),
    [
        pytest.param(site_files("Other", site=SITE + 1), "site: should be 7", id="rules of another site"),
        pytest.param(site_files() | {POLICY_PATH: b"{}"}, "is missing", id="empty policy"),
        pytest.param(site_files() | {POLICY_PATH: b"[" * 100_000}, "is not JSON", id="deep nesting"),
    ],
)
def test_signed_site_rules_that_are_none(
    gate: Gate, repository: Repository, files: dict[str, bytes], said: str
) -> None:
    keeper = gate.refreshed(repository)
    repository.publish(site=files, revocation=revocation_files(5, number=2))
    repository.write(gate.mirror)
    outcome = keeper.refresh()
    assert [refusal.subject for refusal in outcome.refused] == [f"site-{SITE}"]
    assert said in str(outcome.refused[0].error)
    assert in_force(keeper) == (2, 1, "Terminal")


def test_endless_chain_of_roots_is_followed_for_256_of_them(gate: Gate, repository: Repository) -> None:
    for _ in range(260):
        repository.sign_root()
    repository.write(gate.mirror)
    keeper = gate.started()
    assert keeper.refresh().refused == ()  # the keys are the same, so the rest of the chain is not missed
    newest = max(int(path.name.split(".")[0]) for path in (gate.state / "seen" / "root_history").iterdir())
    assert newest == 1 + 256


@pytest.mark.parametrize("name", ["timestamp.json", "revocation/cards-changes", f"sites/{SITE}/policy.json"])
def test_symbolic_link_in_the_mirror(gate: Gate, repository: Repository, name: str) -> None:
    repository.write(gate.mirror)
    path, outside = gate.mirror / name, gate.folder / "outside"
    path.rename(outside)
    path.symlink_to(outside)
    keeper = gate.started()
    outcome = keeper.refresh()
    assert "cannot be opened as a plain file" in str(outcome.refused[0].error)
    assert keeper.current() is None


def test_folder_of_the_mirror_that_is_a_link(gate: Gate, repository: Repository) -> None:
    repository.write(gate.mirror)
    (gate.mirror / "revocation").rename(gate.folder / "outside")
    (gate.mirror / "revocation").symlink_to(gate.folder / "outside")
    assert [refusal.subject for refusal in gate.started().refresh().refused] == ["revocation"]


def test_pipe_and_folder_where_files_should_be(gate: Gate, repository: Repository) -> None:
    repository.write(gate.mirror)
    keeper = gate.started()
    (gate.mirror / "timestamp.json").unlink()
    os.mkfifo(gate.mirror / "timestamp.json")
    assert "no plain file" in str(keeper.refresh().refused[0].error)
    (gate.mirror / "timestamp.json").unlink()
    (gate.mirror / "timestamp.json").mkdir()
    assert told(keeper.refresh()) == [("mirror", "malformed")]


@pytest.mark.parametrize(
    "name",
    ["../outside", "a/../../outside", "/etc/passwd", "a//b", "./a", "", "A", "a%2fb", "a\x00", "a b", "a\n", "é"],
)
def test_name_that_leads_elsewhere(gate: Gate, name: str) -> None:
    (gate.folder / "outside").write_bytes(b"x")
    with pytest.raises(MirrorRefused, match="no name"):
        Mirror(gate.mirror).read(name, 10)


def test_file_at_its_bound_one_past_it_and_none(gate: Gate) -> None:
    write(gate.mirror, {"a/b": b"12345"})
    mirror = Mirror(gate.mirror)
    assert mirror.read("a/b", 5) == b"12345"
    with pytest.raises(MirrorRefused, match="has 5 bytes; at most 4"):
        mirror.read("a/b", 4)
    with pytest.raises(NotInMirror):
        mirror.read("a/c", 5)


def test_file_that_grows_while_it_is_read() -> None:
    with pytest.raises(MirrorRefused, match="grew past 10 bytes"):
        Mirror(Path("/proc/self")).read("status", 10)  # says that it has no bytes, and has


def test_lists_of_nobody_are_lists(gate: Gate, repository: Repository) -> None:
    empty = encode_list(b"")
    changes = Changes(of=sha256(empty).digest(), issued_at_s=START_S, number=1).encode()
    names = ("revocation/cards", "revocation/companies")
    repository.publish(revocation=dict.fromkeys(names, empty) | {f"{name}-changes": changes for name in names})
    assert in_force(gate.refreshed(repository)) == (1, None, "Terminal")
