import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata

from headquarters.database import Database
from headquarters.files import only_writer
from headquarters.keys import KeyFileError
from headquarters.repository.ceremony import init_keys, renew_root
from headquarters.repository.publisher import Publication, mirror_files, prepare, release
from terminal.core.revocation import CardStatus
from terminal.trust.documents import DocumentRefused
from tests.headquarters.conftest import Office
from tests.headquarters.published import TARGETS, client_of, filled_mirror, versions


def test_mirror_that_was_filled_halfway_gives_a_client_nothing_new_and_nothing_wrong(office: Office) -> None:
    office.site(4711)
    office.publish()
    mirror = filled_mirror(office)
    client = client_of(office, mirror)
    (before,) = client.fetch("revocation/cards-changes")
    office.later(seconds=1)
    office.publish()
    files = mirror_files(office.published, 4711)
    writing = release(files, mirror)
    for path in writing:
        if path == "snapshot.json":
            break
    with pytest.raises(RepositoryError):
        client.fetch("revocation/cards-changes")
    assert list(writing) == ["timestamp.json"]
    assert client.fetch("revocation/cards-changes") == [files["revocation/cards-changes"]] != [before]


def test_publisher_waits_for_another_that_writes_there(office: Office) -> None:
    office.site(4711)
    done: list[Publication] = []
    second = threading.Thread(target=lambda: done.append(office.publish()))
    with only_writer(office.published):
        second.start()
        second.join(timeout=0.3)
        assert (done, list(office.published.iterdir())) == ([], [])
    second.join()
    assert done[0].sites == (4711,)


def test_offline_targets_key_is_not_asked_for_until_it_is_needed(office: Office) -> None:
    office.site(4711)
    office.publish()
    born = office.now
    (office.keys.path / "targets.json").unlink()
    office.later(days=240)
    assert office.publish().warnings == ()
    office.later(days=4)
    (warning,) = office.publish().warnings
    assert warning.startswith("targets of site 4711 expires at ")
    office.now = born + timedelta(days=365)
    with pytest.raises(KeyFileError, match=r"targets\.json: the key file is missing"):
        office.publish()
    office.now = born + timedelta(days=100)
    office.site(4712)
    with pytest.raises(KeyFileError, match=r"targets\.json: the key file is missing"):
        office.publish()


def test_root_is_warned_of_at_a_third_and_refused_when_it_is_over(office: Office) -> None:
    office.site(4711)
    born = office.now
    office.now = born + timedelta(days=730) * 2 / 3 - timedelta(seconds=1)
    assert office.publish().warnings == ()
    office.later(seconds=1)
    (warning,) = office.publish().warnings
    assert warning == f"the root expires at {(born + timedelta(days=730)).isoformat()}; renew it with keys renew-root"
    office.now = born + timedelta(days=730)
    with pytest.raises(KeyFileError, match="no gate believes anything new; do keys renew-root"):
        office.publish()
    renew_root(office.keys, office.now)
    assert office.publish().warnings == ()


def test_client_follows_to_a_new_root_and_a_new_timestamp_key(office: Office) -> None:
    office.site(4711)
    office.publish()
    client = client_of(office, filled_mirror(office))
    client.fetch()
    (office.keys.path / "timestamp.json").write_text(json.dumps({"seed": "07" * 32}))
    with pytest.raises(KeyFileError, match=r"timestamp\.json: is not the key that the root names"):
        office.publish()
    renew_root(office.keys, office.now)
    office.publish()
    mirror = filled_mirror(office)
    assert client.fetch("revocation/cards") == [(mirror / "revocation/cards").read_bytes()]
    assert (mirror / "2.root.json").read_bytes() == (mirror / "root.json").read_bytes()


def test_replaced_targets_and_site_keys_sign_at_once(office: Office) -> None:
    office.site(4711)
    office.publish()
    client = client_of(office, filled_mirror(office))
    client.fetch("sites/4711/policy.json")
    for name in ("site", "targets", "revocation"):
        (office.keys.path / f"{name}.json").write_text(json.dumps({"seed": name.encode().hex().ljust(64, "0")}))
    renew_root(office.keys, office.now)
    office.publish()
    mirror = filled_mirror(office)
    assert client.fetch(*TARGETS) == [(mirror / target).read_bytes() for target in TARGETS]


def test_publisher_killed_at_any_file_never_shows_one_version_with_two_contents(office: Office) -> None:
    office.site(4711)
    card = office.issued(1)
    seen: dict[tuple[str, int], bytes] = {}

    def look() -> None:
        for path in office.published.rglob("*.json"):
            if "sites/4711/sites" in path.as_posix() or path.name == "issuers.json":
                continue
            content = path.read_bytes()
            version = Metadata[Any].from_bytes(content).signed.version
            assert seen.setdefault((path.name, version), content) == content, (path.name, version)

    files = len(prepare(office.database, office.keys, office.now).files)
    for killed_after in range(files + 1):
        status = CardStatus(killed_after % 4)
        office.register.set_card_status(card.card_number, status, office.change)
        writing = release(prepare(office.database, office.keys, office.now).files, office.published)
        for _, _path in zip(range(killed_after), writing, strict=False):
            look()
        look()
    office.publish()
    look()
    mirror = filled_mirror(office)
    assert client_of(office, mirror).fetch(*TARGETS) == [(mirror / target).read_bytes() for target in TARGETS]


def test_killed_publisher_leaves_no_half_written_file(office: Office) -> None:
    office.site(4711)
    office.publish()
    path = office.published / "sites/4711/timestamp.json"
    (path.parent / ".timestamp.json.aside").write_bytes(b"half")
    office.publish()
    assert path.read_bytes() == (filled_mirror(office) / "timestamp.json").read_bytes()
    assert not list((office.folder / "mirror-4711").rglob(".*"))
    assert not list(office.published.rglob(".*"))


def test_damaged_or_missing_published_file_is_put_right(office: Office) -> None:
    office.site(4711)
    office.publish()
    cards, policy = (office.published / name for name in ("shared/revocation/cards", "sites/4711/site-4711.json"))
    kept = cards.read_bytes(), policy.read_bytes()
    cards.write_bytes(bytes(len(kept[0])))
    policy.unlink()
    assert office.publish().files_written == 7
    assert (cards.read_bytes(), policy.read_bytes()) == kept


def test_register_put_back_from_an_old_copy_is_still_followed(office: Office) -> None:
    office.site(4711)
    office.publish()
    office.database.close()
    path = office.keys.path / "register.db"
    old = path.read_bytes()
    office.database = Database(path)
    for _ in range(5):
        office.later(seconds=1)
        office.publish()
    client = client_of(office, filled_mirror(office))
    client.fetch()
    office.database.close()
    path.write_bytes(old)
    office.database = Database(path)
    office.later(seconds=1)
    office.publish()
    mirror = filled_mirror(office)
    assert client.fetch("revocation/cards") == [(mirror / "revocation/cards").read_bytes()]


def test_clock_that_was_put_back_is_warned_of_and_versions_rise_all_the_same(office: Office) -> None:
    office.site(4711)
    office.publish()
    before = versions(office)
    office.later(hours=-1)
    warnings = office.publish().warnings
    assert [warning.split(";")[0] for warning in warnings] == ["this machine's clock is behind the last publish"] * 2
    assert versions(office)["timestamp"] == before["timestamp"] + 1


def test_document_with_mistakes_stops_the_publish_before_anything_changes(office: Office) -> None:
    office.site(4711)
    office.publish()
    before = {path: path.read_bytes() for path in office.published.rglob("*") if path.is_file()}
    office.keys.issuers.write_text('{"issuers": [], "sealing": []}')
    with pytest.raises(DocumentRefused) as caught:
        office.publish()
    assert len(caught.value.mistakes) == 2
    assert {path: path.read_bytes() for path in office.published.rglob("*") if path.is_file()} == before


def test_keys_of_another_headquarters_are_refused(office: Office) -> None:
    office.site(4711)
    other = init_keys(office.folder / "other", office.now)
    (office.keys.path / "snapshot.json").write_bytes((other.path / "snapshot.json").read_bytes())
    with pytest.raises(KeyFileError, match=r"snapshot\.json: is not the key that the root names"):
        office.publish()
    assert not list(office.published.rglob("*.json"))
