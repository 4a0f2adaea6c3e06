import json
import threading
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata  # type: ignore[attr-defined, unused-ignore]  # public, not marked as re-export

from headquarters.ceremony import init_keys, renew_root
from headquarters.database import Database
from headquarters.files import only_writer
from headquarters.keys import KeyFileError
from headquarters.publisher import Publication, fill_mirror, mirror_files, prepare, publish, release
from headquarters.register import Statuses
from headquarters.sites import plain_policy
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY, DocumentRefused
from terminal.trust.status_list import Changes
from tests.headquarters.conftest import Office
from tests.headquarters.tuf_client import TufClient

TARGETS = (
    "issuers.json",
    "revocation/cards",
    "revocation/cards-changes",
    "revocation/companies",
    "revocation/companies-changes",
    "sites/4711/policy.json",
    "sites/4711/tariffs.json",
    "sites/4711/visits.json",
    "sites/4711/companies.json",
)


def _role(office: Office, path: str) -> Any:
    return Metadata[Any].from_bytes((office.published / path).read_bytes()).signed


def _versions(office: Office) -> dict[str, int]:
    paths = ("targets", "site-4711", "snapshot", "timestamp")
    versions = {name: _role(office, f"sites/4711/{name}.json").version for name in paths}
    return {**versions, "revocation": _role(office, "shared/revocation.json").version}


def _mirror(office: Office, site: int = 4711) -> Path:
    mirror = office.folder / f"mirror-{site}"
    fill_mirror(office.published, site, mirror)
    return mirror


def _client(office: Office, mirror: Path) -> TufClient:
    return TufClient(mirror, office.folder / "client", (office.keys.roots / "1.root.json").read_bytes())


def test_every_target_is_found_by_a_tuf_client(office: Office) -> None:
    office.site(4711)
    office.issued(1)
    office.publish()
    mirror = _mirror(office)
    fetched = _client(office, mirror).fetch(*TARGETS)
    assert fetched == [(mirror / target).read_bytes() for target in TARGETS]
    assert fetched[5] == POLICY.dump(plain_policy(4711, "site 4711", "Europe/Amsterdam"))
    assert json.loads(fetched[0] or b"") == json.loads((mirror / "issuers.json").read_bytes())


def test_blocked_card_reaches_a_client_that_saw_the_list_before(office: Office) -> None:
    office.site(4711)
    card = office.issued(1)
    office.publish()
    client = _client(office, _mirror(office))
    client.fetch("revocation/cards")
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    office.publish()
    _mirror(office)
    base, changes = client.fetch("revocation/cards", "revocation/cards-changes")
    assert Changes.decode(changes or b"").changes == ((card.card_index, 1),)
    assert Changes.decode(changes or b"").of == sha256(base or b"").digest()


def test_mirror_holds_every_file_of_one_site_under_its_one_name(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    office.publish()
    mirror = _mirror(office)
    roles = {"1.root.json", "root.json", "timestamp.json", "snapshot.json", "targets.json", "revocation.json"}
    files = {path.relative_to(mirror).as_posix() for path in mirror.rglob("*") if path.is_file()}
    assert files == {*roles, "site-4711.json", *TARGETS}
    with pytest.raises(ConfigurationError, match="site 4713 is not published there"):
        fill_mirror(office.published, 4713, office.folder / "m")


def test_mirror_gets_targets_first_and_the_timestamp_last(office: Office) -> None:
    office.site(4711)
    office.publish()
    names = list(mirror_files(office.published, 4711))
    assert names[-2:] == ["snapshot.json", "timestamp.json"]
    assert set(names[:8]) == set(TARGETS) - {"issuers.json"}


def test_mirror_that_was_filled_halfway_gives_a_client_nothing_new_and_nothing_wrong(office: Office) -> None:
    office.site(4711)
    office.publish()
    mirror = _mirror(office)
    client = _client(office, mirror)
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


def test_sites_share_root_and_revocation_and_read_nothing_of_each_other(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    office.publish()
    one, other = _mirror(office, 4711), _mirror(office, 4712)
    shared = ("1.root.json", "root.json", "revocation.json", *TARGETS[1:5])
    assert [(one / name).read_bytes() for name in shared] == [(other / name).read_bytes() for name in shared]
    assert not [path for path in other.rglob("*") if path.is_file() and b"4711" in path.read_bytes()]
    assert set(_role(office, "sites/4712/targets.json").delegations.roles) == {"revocation", "site-4712"}


def test_roles_live_as_long_as_the_design_says(office: Office) -> None:
    office.site(4711)
    office.publish()
    for path, days in (
        ("sites/4711/timestamp.json", 14),
        ("sites/4711/snapshot.json", 14),
        ("shared/revocation.json", 14),
        ("sites/4711/site-4711.json", 90),
        ("sites/4711/targets.json", 365),
    ):
        assert _role(office, path).expires == office.now + timedelta(days=days), path


def test_nothing_changed_and_only_the_age_goes_out(office: Office) -> None:
    office.site(4711)
    office.publish()
    before = _versions(office)
    office.later(minutes=5)
    assert office.publish().files_written == 5
    after = _versions(office)
    assert {name for name in after if after[name] > before[name]} == {"revocation", "snapshot", "timestamp"}
    changes = Changes.decode((office.published / "shared/revocation/cards-changes").read_bytes())
    assert (changes.issued_at_s, changes.number) == (office.now.timestamp(), 2)


def test_renewal_for_a_gate_stays_within_four_kilobytes(office: Office) -> None:
    office.site(4711)
    office.publish()
    office.publish()
    mirror = _mirror(office)
    names = ("revocation.json", "snapshot.json", "timestamp.json", *TARGETS[2:5:2])
    assert sum((mirror / name).stat().st_size for name in names) < 2400


def test_versions_rise_also_within_one_second(office: Office) -> None:
    office.site(4711)
    versions = []
    for _ in range(3):
        office.publish()
        versions.append(_versions(office)["timestamp"])
    assert versions == [versions[0], versions[0] + 1, versions[0] + 2]


def test_changed_policy_is_signed_anew_and_other_sites_are_not(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    office.publish()
    before = _versions(office), _role(office, "sites/4712/site-4712.json").version
    office.later(seconds=1)
    office.sites.set_policy(4711, POLICY.dump(plain_policy(4711, "new", "Europe/Amsterdam")), office.change)
    office.publish()
    assert _versions(office)["site-4711"] > before[0]["site-4711"]
    assert _versions(office)["targets"] == before[0]["targets"]
    assert _role(office, "sites/4712/site-4712.json").version == before[1]


def test_site_and_targets_are_renewed_when_a_third_of_their_life_is_left(office: Office) -> None:
    office.site(4711)
    office.publish()
    born, first = office.now, _versions(office)
    for days, renewed in ((59.9, set()), (60, {"site-4711"}), (243.3, {"site-4711"}), (243.4, {"targets"})):
        before = _versions(office)
        office.now = born + timedelta(days=days)
        office.publish()
        after = _versions(office)
        changed = {name for name in ("site-4711", "targets") if after[name] > before[name]}
        assert changed == renewed, days
    assert first["targets"] < _versions(office)["targets"]


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
    client = _client(office, _mirror(office))
    client.fetch()
    (office.keys.path / "timestamp.json").write_text(json.dumps({"seed": "07" * 32}))
    with pytest.raises(KeyFileError, match=r"timestamp\.json: is not the key that the root names"):
        office.publish()
    renew_root(office.keys, office.now)
    office.publish()
    mirror = _mirror(office)
    assert client.fetch("revocation/cards") == [(mirror / "revocation/cards").read_bytes()]
    assert (mirror / "2.root.json").read_bytes() == (mirror / "root.json").read_bytes()


def test_replaced_targets_and_site_keys_sign_at_once(office: Office) -> None:
    office.site(4711)
    office.publish()
    client = _client(office, _mirror(office))
    client.fetch("sites/4711/policy.json")
    for name in ("site", "targets", "revocation"):
        (office.keys.path / f"{name}.json").write_text(json.dumps({"seed": name.encode().hex().ljust(64, "0")}))
    renew_root(office.keys, office.now)
    office.publish()
    mirror = _mirror(office)
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
    mirror = _mirror(office)
    assert _client(office, mirror).fetch(*TARGETS) == [(mirror / target).read_bytes() for target in TARGETS]


def test_killed_publisher_leaves_no_half_written_file(office: Office) -> None:
    office.site(4711)
    office.publish()
    path = office.published / "sites/4711/timestamp.json"
    (path.parent / ".timestamp.json.new").write_bytes(b"half")
    office.publish()
    assert path.read_bytes() == (_mirror(office) / "timestamp.json").read_bytes()
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
    client = _client(office, _mirror(office))
    client.fetch()
    office.database.close()
    path.write_bytes(old)
    office.database = Database(path)
    office.later(seconds=1)
    office.publish()
    mirror = _mirror(office)
    assert client.fetch("revocation/cards") == [(mirror / "revocation/cards").read_bytes()]


def test_clock_that_was_put_back_is_warned_of_and_versions_rise_all_the_same(office: Office) -> None:
    office.site(4711)
    office.publish()
    before = _versions(office)
    office.later(hours=-1)
    warnings = office.publish().warnings
    assert [warning.split(";")[0] for warning in warnings] == ["this machine's clock is behind the last publish"] * 2
    assert _versions(office)["timestamp"] == before["timestamp"] + 1


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


def test_list_for_a_measurement_needs_no_cards_in_the_register(office: Office) -> None:
    office.site(4711)
    statuses = Statuses(10_000, ((index, 1) for index in range(0, 10_000, 100)))
    publish(office.database, office.keys, office.published, office.now, statuses)
    assert Changes.decode((office.published / "shared/revocation/cards-changes").read_bytes()).changes == ()
    assert (office.published / "shared/revocation/cards").stat().st_size < 200
