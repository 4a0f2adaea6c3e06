"""What arrives for the mirror: in any order, in pieces, twice, too large, from strangers, on a disk that is full."""

import errno
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from headquarters.repository.publisher import mirror_files
from terminal.core.topics import MAX_WHOLE_BYTES, Piece, RepositoryTopic, read_repository
from terminal.errors import StorageError
from terminal.trust import mirror_writer
from terminal.trust.contents import RoleReader
from terminal.trust.disk import Disk
from terminal.trust.keeper import RulesKeeper
from terminal.trust.mirror_files import MAX_ROOTS, NotTaken, bounds_of, place
from terminal.trust.mirror_writer import MirrorWriter
from terminal.trust.seen import SeenDatabase
from tests.headquarters.conftest import Office
from tests.headquarters.test_gate_follows import OfficeClock

SITE = 4711
CARDS = "revocation/cards"


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


@pytest.fixture
def writer(mirror: Path) -> MirrorWriter:
    return MirrorWriter(mirror, SITE)


def published(office: Office) -> dict[RepositoryTopic, bytes]:
    """What a site's retained messages are, targets first."""
    messages = {}
    for name, content in mirror_files(office.published, SITE).items():
        site = None if (office.published / "shared" / name).exists() else SITE
        messages.update(message(site, name, content))
    return messages


def message(site: int | None, name: str, content: bytes) -> dict[RepositoryTopic, bytes]:
    if len(content) <= MAX_WHOLE_BYTES:
        return {RepositoryTopic(site, name): content}
    return dict(pieces(site, name, content))


def pieces(site: int | None, name: str, content: bytes) -> Iterator[tuple[RepositoryTopic, bytes]]:
    digest, count = sha256(content).hexdigest(), -(-len(content) // MAX_WHOLE_BYTES)
    for n in range(count):
        part = content[n * MAX_WHOLE_BYTES :][:MAX_WHOLE_BYTES]
        yield RepositoryTopic(site, name, Piece(digest, count, n)), part


def files(folder: Path) -> Mapping[str, bytes]:
    """Every file, aside or in its place; one that is moved while this looks may be missing."""
    found = {}
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if path.is_file():
                found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found


def refused(writer: MirrorWriter, topic: RepositoryTopic, body: bytes) -> str:
    with pytest.raises(NotTaken) as caught:
        writer.take(topic, body)
    return caught.value.word


def test_files_in_any_order_make_a_mirror_that_the_gate_believes(
    office: Office, mirror: Path, writer: MirrorWriter
) -> None:
    office.site(SITE)
    office.publish()
    messages = list(published(office).items())
    Random(7).shuffle(messages)  # noqa: S311
    for topic, body in messages:
        writer.take(topic, body)
    names = writer.write()
    assert files(mirror) == mirror_files(office.published, SITE)
    assert names[-2:] == ("snapshot.json", "timestamp.json")
    assert list(names) == list(mirror_files(office.published, SITE))
    keeper = RulesKeeper(
        site=SITE,
        root=office.keys.roots / "1.root.json",
        mirror=mirror,
        state=office.folder / "state",
        seen=SeenDatabase(office.folder / "seen.db"),
        clock=OfficeClock(office),
    )
    outcome = keeper.refresh()
    assert (outcome.refused, outcome.rules is not None) == ((), True)


def test_names_of_the_files_that_a_gate_reads_and_their_bounds_are_those_of_the_gate(tmp_path: Path) -> None:
    gate = {name: bound for role in RoleReader(SITE, tmp_path).bounds.values() for name, bound in role.items()}
    assert gate.items() <= bounds_of(SITE).items()
    assert set(bounds_of(SITE)) - set(gate) == {
        "root.json", "revocation.json", "timestamp.json", "snapshot.json", "targets.json", f"site-{SITE}.json",
    }  # fmt: skip


def test_files_are_put_in_headquarters_own_order(office: Office) -> None:
    office.site(SITE)
    office.publish()
    names = list(mirror_files(office.published, SITE))
    assert sorted(names, key=place) == names


def test_unchanged_files_are_not_written_again(office: Office, mirror: Path, writer: MirrorWriter) -> None:
    office.site(SITE)
    office.publish()
    messages = published(office)
    for topic, body in messages.items():
        assert writer.take(topic, body)
    writer.write()
    before = {path: path.stat().st_ino for path in mirror.rglob("*")}
    again = MirrorWriter(mirror, SITE)
    assert not any(again.take(topic, body) for topic, body in messages.items())
    assert (again.holds, again.write()) == (False, ())
    assert {path: path.stat().st_ino for path in mirror.rglob("*")} == before


@pytest.mark.parametrize("size", [MAX_WHOLE_BYTES, MAX_WHOLE_BYTES + 1, 3 * MAX_WHOLE_BYTES])
def test_large_file_comes_in_pieces_in_any_order_and_twice(mirror: Path, writer: MirrorWriter, size: int) -> None:
    content = Random(size).randbytes(size)  # noqa: S311
    messages = 2 * list(pieces(None, CARDS, content))
    Random(1).shuffle(messages)  # noqa: S311
    for topic, body in messages:
        writer.take(topic, body)
    assert writer.write() == (CARDS,)
    assert (mirror / CARDS).read_bytes() == content
    assert not any(writer.take(topic, body) for topic, body in messages)
    assert files(mirror) == {CARDS: content}


def test_half_of_the_pieces_change_nothing(mirror: Path, writer: MirrorWriter) -> None:
    writer.hold(CARDS, b"old")
    writer.write()
    for topic, body in list(pieces(None, CARDS, bytes(3 * MAX_WHOLE_BYTES)))[1:]:
        writer.take(topic, body)
    assert (writer.holds, (mirror / CARDS).read_bytes()) == (False, b"old")


def test_pieces_that_are_not_the_file_they_were_cut_from(mirror: Path, writer: MirrorWriter) -> None:
    (first, body), (last, _) = pieces(None, CARDS, bytes(MAX_WHOLE_BYTES + 7))
    writer.take(first, body)
    assert refused(writer, last, b"forged!") == "other-hash"
    assert (writer.write(), files(mirror)) == ((), {})


def test_pieces_of_the_wrong_size(writer: MirrorWriter) -> None:
    (first, body), (last, _) = pieces(None, CARDS, bytes(MAX_WHOLE_BYTES + 7))
    assert refused(writer, first, body[:-1]) == "other-piece"
    assert refused(writer, last, bytes(MAX_WHOLE_BYTES + 1)) == "other-piece"


def test_file_in_more_pieces_than_a_gate_reads_of_it(writer: MirrorWriter) -> None:
    topic = RepositoryTopic(None, "revocation/cards-changes", Piece("0" * 64, 2, 0))
    assert refused(writer, topic, bytes(MAX_WHOLE_BYTES)) == "too-large"


def test_pieces_of_many_files_do_not_fill_the_disk(mirror: Path, writer: MirrorWriter) -> None:
    for number in range(100):
        content = number.to_bytes() * (MAX_WHOLE_BYTES + 1)
        topic, body = next(pieces(None, CARDS, content))
        writer.take(topic, body)
    assert len(files(mirror)) == mirror_writer.MAX_ASSEMBLIES


def test_superseded_pieces_are_let_go(mirror: Path, writer: MirrorWriter) -> None:
    messages = list(pieces(None, CARDS, bytes(3 * MAX_WHOLE_BYTES)))
    writer.take(*messages[0])
    for topic, _ in messages:
        assert not writer.take(topic, b"")
    assert files(mirror) == {}


def test_cleared_file_stays_in_the_mirror(mirror: Path, writer: MirrorWriter) -> None:
    for name in ("timestamp.json", "1.root.json", CARDS):
        writer.hold(name, b"content")
    writer.write()
    for topic in (RepositoryTopic(SITE, "timestamp.json"), RepositoryTopic(None, "1.root.json"),
                  RepositoryTopic(None, CARDS)):  # fmt: skip
        assert not writer.take(topic, b"")
    assert writer.write() == ()
    assert set(files(mirror)) == {"timestamp.json", "1.root.json", CARDS}


@pytest.mark.parametrize(
    ("topic", "word"),
    [
        ("xs/v1/repo/sites/4712/timestamp.json", "other-site"),
        ("xs/v1/repo/sites/4711/sites/4712/policy.json", "no-such-file"),
        ("xs/v1/repo/shared/timestamp.json", "no-such-file"),
        ("xs/v1/repo/sites/4711/revocation/cards", "no-such-file"),
        ("xs/v1/repo/sites/4711/2.root.json", "no-such-file"),
        ("xs/v1/repo/shared/evil", "no-such-file"),
        ("xs/v1/repo/shared/0.root.json", "no-such-file"),
    ],
)
def test_file_that_is_no_business_of_this_gate(writer: MirrorWriter, topic: str, word: str) -> None:
    parsed = read_repository(topic)
    assert parsed is not None
    assert refused(writer, parsed, b"x") == word


def test_bounds_of_a_file_on_both_sides(writer: MirrorWriter) -> None:
    topic = RepositoryTopic(SITE, "timestamp.json")
    assert writer.take(topic, bytes(bounds_of(SITE)["timestamp.json"]))
    assert refused(writer, topic, bytes(bounds_of(SITE)["timestamp.json"] + 1)) == "too-large"


def test_roots_that_there_cannot_be_leave_room_for_those_there_are(mirror: Path, writer: MirrorWriter) -> None:
    for number in (MAX_ROOTS + 1, 10**9 - 1):
        assert refused(writer, RepositoryTopic(None, f"{number}.root.json"), b"x") == "too-many-roots"
    for number in range(1, MAX_ROOTS + 1):
        assert writer.take(RepositoryTopic(None, f"{number}.root.json"), b"x")
    writer.write()
    assert writer.take(RepositoryTopic(None, "7.root.json"), b"y")


def test_small_files_do_not_pile_up_in_memory(mirror: Path) -> None:
    writer = MirrorWriter(mirror, SITE, max_held_bytes=1000)
    writer.take(RepositoryTopic(SITE, "issuers.json"), bytes(1000))
    assert files(mirror) == {}
    writer.take(RepositoryTopic(SITE, "timestamp.json"), b"x")
    assert set(files(mirror)) == {"issuers.json", "timestamp.json"}


class FullDisk(Disk):
    """Takes `left` files more."""

    def __init__(self, left: int) -> None:
        self.left = left

    def sync_file(self, path: Path) -> None:
        self.left -= 1
        if self.left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        super().sync_file(path)


def test_disk_full_in_the_middle_leaves_the_old_files_whole(mirror: Path) -> None:
    disk = FullDisk(2)
    writer = MirrorWriter(mirror, SITE, disk=disk)
    names = ("issuers.json", "timestamp.json")
    for name in names:
        writer.hold(name, b"old")
    writer.write()
    disk.left = 1
    for name in names:
        writer.hold(name, b"new")
    with pytest.raises(StorageError, match="No space left"):
        writer.write()
    assert files(mirror) == {"issuers.json": b"old", "timestamp.json": b"old"}
    disk.left = 2
    assert not writer.holds
    for name in names:
        writer.hold(name, b"new")
    writer.write()
    assert files(mirror) == {"issuers.json": b"new", "timestamp.json": b"new"}


class LostDisk(Disk):
    """Becomes unusable before it has what it is asked to keep: nothing can be renamed or removed any more."""

    def sync_file(self, path: Path) -> None:
        path.unlink()
        path.mkdir()
        (path / "immovable").touch()


def test_disk_that_takes_nothing_back_either_is_told_like_any_other(mirror: Path) -> None:
    (mirror / "timestamp.json").write_bytes(b"old")
    writer = MirrorWriter(mirror, SITE, disk=LostDisk())
    writer.hold("timestamp.json", b"new")
    with pytest.raises(StorageError, match="cannot be written"):
        writer.write()
    assert not writer.holds


def test_disk_on_which_the_journal_needs_what_is_left(mirror: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    about = os.statvfs(mirror)
    monkeypatch.setattr(mirror_writer, "LEFT_FREE_BYTES", about.f_blocks * about.f_frsize + 1)
    writer = MirrorWriter(mirror, SITE)
    writer.hold("timestamp.json", b"x")
    with pytest.raises(StorageError, match="nearly full"):
        writer.write()
    assert files(mirror) == {}


def test_mirror_that_is_not_there(tmp_path: Path) -> None:
    writer = MirrorWriter(tmp_path / "nowhere", SITE)
    writer.hold("timestamp.json", b"x")
    with pytest.raises(StorageError, match="nowhere"):
        writer.write()


def test_what_a_killed_run_left_is_removed(mirror: Path) -> None:
    killed = MirrorWriter(mirror, SITE)
    killed.take(*next(pieces(None, CARDS, bytes(MAX_WHOLE_BYTES + 1))))
    assert files(mirror)
    writer = MirrorWriter(mirror, SITE)
    writer.hold("timestamp.json", b"x")
    writer.write()
    assert set(files(mirror)) == {"timestamp.json"}
