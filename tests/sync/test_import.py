"""`xs-terminal import`: headquarters' files from a stick, whatever else lies on it."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from typer.testing import CliRunner, Result

from headquarters.repository.publisher import fill_mirror, mirror_files
from terminal.cli import app
from terminal.errors import StorageError
from terminal.trust.mirror_files import MAX_ROOTS
from terminal.trust.mirror_import import ASIDE, import_folder
from tests.firmware_config.gate_file import GATE, spoiled
from tests.headquarters.conftest import Office
from tests.sync.test_mirror_writer import SITE, files


@pytest.fixture
def stick(office: Office) -> Path:
    office.site(SITE)
    office.publish()
    stick = office.folder / "stick"
    fill_mirror(office.published, SITE, stick)
    return stick


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


def imported(stick: Path, mirror: Path) -> Result:
    gate = spoiled(mirror.parent, GATE, ("site = 7", f"site = {SITE}"), ("/var/lib/xs-mirror", str(mirror)))
    return CliRunner().invoke(app, ["import", str(stick), "--config", str(gate)])


def test_stick_fills_the_mirror_and_says_so(office: Office, stick: Path, mirror: Path) -> None:
    done = imported(stick, mirror)
    wanted = mirror_files(office.published, SITE)
    assert (done.exit_code, done.stderr) == (0, "")
    assert files(mirror) == wanted
    *names, last = done.stdout.splitlines()
    assert names == list(wanted)
    assert last.startswith(f"{len(wanted)} files taken into {mirror} for site {SITE}, 0 there already, 0 refused")
    again = imported(stick, mirror)
    assert again.stdout.startswith(
        f"0 files taken into {mirror} for site {SITE}, {len(wanted)} there already, 0 refused"
    )


def test_links_pipes_and_long_files_are_refused_and_the_rest_is_taken(
    office: Office, stick: Path, mirror: Path
) -> None:
    for name in ("timestamp.json", "issuers.json", "targets.json"):
        (stick / name).unlink()
    (stick / "timestamp.json").symlink_to("/etc/hostname")
    os.mkfifo(stick / "issuers.json")
    (stick / "targets.json").write_bytes(bytes(5_000_001))
    done = imported(stick, mirror)
    wanted = mirror_files(office.published, SITE)
    assert set(wanted) - set(files(mirror)) == {"timestamp.json", "issuers.json", "targets.json"}
    assert done.exit_code == 1
    assert len(done.stderr.splitlines()) == 3
    assert all(name in done.stderr for name in ("timestamp.json", "issuers.json", "targets.json"))


def test_folder_of_the_stick_that_is_a_link(stick: Path, mirror: Path) -> None:
    (stick / "revocation").rename(stick / "elsewhere")
    (stick / "revocation").symlink_to(stick / "elsewhere")
    assert len(import_folder(stick, mirror, SITE).refused) == 4
    assert not (mirror / "revocation").exists()


def test_what_no_gate_reads_is_passed_over(stick: Path, mirror: Path) -> None:
    for name in ("holiday.jpg", "autorun.inf", "0.root.json", "x.root.json"):
        (stick / name).write_bytes(b"x")
    assert import_folder(stick, mirror, SITE).refused == ()
    assert not {"holiday.jpg", "autorun.inf", "0.root.json", "x.root.json"} & set(files(mirror))


def test_stick_with_roots_without_end_takes_no_place_of_a_true_one(office: Office, stick: Path, mirror: Path) -> None:
    for number in range(1000, 1000 + MAX_ROOTS):
        (stick / f"{number}.root.json").write_bytes(b"x")
    import_folder(stick, mirror, SITE)
    assert set(files(mirror)) == set(mirror_files(office.published, SITE))
    (stick / "2.root.json").write_bytes(b"the next true one")
    assert import_folder(stick, mirror, SITE).written == ("2.root.json",)


def test_stick_for_another_site(stick: Path, mirror: Path) -> None:
    found = import_folder(stick, mirror, SITE + 1)
    assert not [name for name in found.written if str(SITE) in name]


@pytest.mark.parametrize(("folder", "says"), [("empty", "has no file for site"), ("nowhere", "cannot be read")])
def test_stick_without_anything(tmp_path: Path, mirror: Path, folder: str, says: str) -> None:
    (tmp_path / "empty").mkdir()
    done = imported(tmp_path / folder, mirror)
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr


def test_configuration_with_mistakes(tmp_path: Path, stick: Path) -> None:
    done = CliRunner().invoke(app, ["import", str(stick), "--config", str(tmp_path / "none.toml")])
    assert done.exit_code == 78


OWNER, GROUP = 12345, 23456
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, as whoever brings a stick may be")


@pytest.fixture
def of_another() -> Iterator[Path]:
    """A mirror of another user, in a folder that he can reach."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        mirror = Path(folder) / "mirror"
        mirror.mkdir()
        os.chown(mirror, OWNER, GROUP)
        mirror.chmod(0o2750)
        yield mirror


@needs_root
def test_stick_brought_by_root_can_be_replaced_by_the_mirrors_own_user(stick: Path, of_another: Path) -> None:
    before = os.umask(0o077)
    try:
        assert import_folder(stick, of_another, SITE).written
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert (os.geteuid(), os.getegid()) == (0, 0)
    made = [(of_another / name).stat() for name in ("revocation", "revocation/cards")]
    assert {(about.st_uid, about.st_gid) for about in made} == {(OWNER, GROUP)}
    assert [stat.S_IMODE(about.st_mode) for about in made] == [0o2755, 0o644]


@needs_root
@pytest.mark.parametrize("link", [ASIDE, "revocation"])
def test_root_is_not_led_out_of_the_mirror_by_a_link_of_its_owner(stick: Path, of_another: Path, link: str) -> None:
    outside = of_another.parent / "etc"
    outside.mkdir()
    (outside / "shadow").write_bytes(b"root")
    (outside / "cards").write_bytes(b"root")
    (of_another / link).symlink_to(outside)
    with pytest.raises(StorageError, match="Permission denied"):
        import_folder(stick, of_another, SITE)
    assert files(outside) == {"shadow": b"root", "cards": b"root"}
    assert (outside / "shadow").stat().st_uid == (outside / "cards").stat().st_uid == 0
