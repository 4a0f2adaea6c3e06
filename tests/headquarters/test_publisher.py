import json
from datetime import timedelta
from hashlib import sha256

import pytest

from headquarters.register import Statuses
from headquarters.repository.publisher import fill_mirror, mirror_files, publish
from headquarters.sites import plain_policy
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY
from terminal.trust.status_list import Changes
from tests.headquarters.conftest import Office
from tests.headquarters.published import TARGETS, client_of, filled_mirror, role, versions


def test_every_target_is_found_by_a_tuf_client(office: Office) -> None:
    office.site(4711)
    office.issued(1)
    office.publish()
    mirror = filled_mirror(office)
    fetched = client_of(office, mirror).fetch(*TARGETS)
    assert fetched == [(mirror / target).read_bytes() for target in TARGETS]
    assert fetched[5] == POLICY.dump(plain_policy(4711, "site 4711", "Europe/Amsterdam"))
    assert json.loads(fetched[0] or b"") == json.loads((mirror / "issuers.json").read_bytes())


def test_blocked_card_reaches_a_client_that_saw_the_list_before(office: Office) -> None:
    office.site(4711)
    card = office.issued(1)
    office.publish()
    client = client_of(office, filled_mirror(office))
    client.fetch("revocation/cards")
    office.register.set_card_status(card.card_number, CardStatus.BLOCKED, office.change)
    office.publish()
    filled_mirror(office)
    base, changes = client.fetch("revocation/cards", "revocation/cards-changes")
    assert Changes.decode(changes or b"").changes == ((card.card_index, 1),)
    assert Changes.decode(changes or b"").of == sha256(base or b"").digest()


def test_mirror_holds_every_file_of_one_site_under_its_one_name(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    office.publish()
    mirror = filled_mirror(office)
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


def test_sites_share_root_and_revocation_and_read_nothing_of_each_other(office: Office) -> None:
    """Numbers of nine digits: four stand in a digest by chance."""
    office.site(471100001)
    office.site(471200002)
    office.publish()
    one, other = filled_mirror(office, 471100001), filled_mirror(office, 471200002)
    shared = ("1.root.json", "root.json", "revocation.json", *TARGETS[1:5])
    assert [(one / name).read_bytes() for name in shared] == [(other / name).read_bytes() for name in shared]
    assert not [path for path in other.rglob("*") if path.is_file() and b"471100001" in path.read_bytes()]
    assert set(role(office, "sites/471200002/targets.json").delegations.roles) == {"revocation", "site-471200002"}


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
        assert role(office, path).expires == office.now + timedelta(days=days), path


def test_nothing_changed_and_only_the_age_goes_out(office: Office) -> None:
    office.site(4711)
    office.publish()
    before = versions(office)
    office.later(minutes=5)
    assert office.publish().files_written == 5
    after = versions(office)
    assert {name for name in after if after[name] > before[name]} == {"revocation", "snapshot", "timestamp"}
    changes = Changes.decode((office.published / "shared/revocation/cards-changes").read_bytes())
    assert (changes.issued_at_s, changes.number) == (office.now.timestamp(), 2)


def test_renewal_for_a_gate_stays_within_four_kilobytes(office: Office) -> None:
    office.site(4711)
    office.publish()
    office.publish()
    mirror = filled_mirror(office)
    names = ("revocation.json", "snapshot.json", "timestamp.json", *TARGETS[2:5:2])
    assert sum((mirror / name).stat().st_size for name in names) < 2400


def test_versions_rise_also_within_one_second(office: Office) -> None:
    office.site(4711)
    first, second, third = [(office.publish(), versions(office)["timestamp"])[1] for _ in range(3)]
    assert (second, third) == (first + 1, first + 2)


def test_changed_policy_is_signed_anew_and_other_sites_are_not(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    office.publish()
    before = versions(office), role(office, "sites/4712/site-4712.json").version
    office.later(seconds=1)
    office.sites.set_policy(4711, POLICY.dump(plain_policy(4711, "new", "Europe/Amsterdam")), office.change)
    office.publish()
    assert versions(office)["site-4711"] > before[0]["site-4711"]
    assert versions(office)["targets"] == before[0]["targets"]
    assert role(office, "sites/4712/site-4712.json").version == before[1]


def test_site_and_targets_are_renewed_when_a_third_of_their_life_is_left(office: Office) -> None:
    office.site(4711)
    office.publish()
    born, first = office.now, versions(office)
    for days, renewed in ((59.9, set()), (60, {"site-4711"}), (243.3, {"site-4711"}), (243.4, {"targets"})):
        before = versions(office)
        office.now = born + timedelta(days=days)
        office.publish()
        after = versions(office)
        changed = {name for name in ("site-4711", "targets") if after[name] > before[name]}
        assert changed == renewed, days
    assert first["targets"] < versions(office)["targets"]


def test_list_for_a_measurement_needs_no_cards_in_the_register(office: Office) -> None:
    office.site(4711)
    statuses = Statuses(10_000, ((index, 1) for index in range(0, 10_000, 100)))
    publish(office.database, office.keys, office.published, office.now, statuses)
    assert Changes.decode((office.published / "shared/revocation/cards-changes").read_bytes()).changes == ()
    assert (office.published / "shared/revocation/cards").stat().st_size < 200
