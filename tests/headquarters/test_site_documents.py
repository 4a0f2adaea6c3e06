"""Documents of many sites, made at once and remembered from one publish to the next."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import pytest

from headquarters.repository.site_documents import SiteDocuments
from headquarters.sites import plain_policy
from terminal.core.policy import Visit
from terminal.core.tariff.document import Tariffs
from terminal.trust.documents import POLICY, TARIFFS, DocumentRefused
from tests.headquarters.conftest import JANSEN, PIETERS, Office


def _made(office: Office, documents: SiteDocuments, now: datetime | None = None) -> dict[int, Mapping[str, bytes]]:
    with office.database.transaction(read_only=True) as connection:
        return dict(documents.all(connection, now or office.now))


def _visit(office: Office, reference: str, ean: str = JANSEN) -> Visit:
    return Visit(reference=reference, ean=ean, begins=office.now, ends=office.now + timedelta(hours=2))


def _paid_by(site: int, ean: str) -> bytes:
    policy = json.loads(POLICY.dump(plain_policy(site, f"site {site}", "Europe/Amsterdam")))
    policy["payers"] = [{"ean": ean, "offline_cents": 1, "offline_charges": 1, "card_cents": 1, "list_age_s": 60}]
    return json.dumps(policy).encode()


def test_visits_and_companies_of_one_site_stand_in_no_other(office: Office) -> None:
    office.register.add_company(PIETERS, "Pieters", office.change)
    for site in (4711, 4712, 4713, 4714):
        office.site(site)
    office.sites.add_visit(4711, _visit(office, "B"), office.change)
    office.sites.add_visit(4711, _visit(office, "A"), office.change)
    office.sites.add_visit(4712, _visit(office, "A", PIETERS), office.change)
    office.sites.add_company(4713, PIETERS, office.change)
    office.sites.set_policy(4714, _paid_by(4714, JANSEN), office.change)
    shown = {
        site: (
            [visit["reference"] for visit in json.loads(files[f"sites/{site}/visits.json"])["visits"]],
            [company["name"] for company in json.loads(files[f"sites/{site}/companies.json"])["companies"]],
        )
        for site, files in _made(office, SiteDocuments()).items()
    }
    assert shown == {
        4711: (["A", "B"], ["Jansen Transport"]),
        4712: (["A"], ["Pieters"]),
        4713: ([], ["Pieters"]),
        4714: ([], ["Jansen Transport"]),
    }


def test_what_is_remembered_never_hides_a_change(office: Office) -> None:
    office.register.add_company(PIETERS, "Pieters", office.change)
    office.site(4711)
    office.site(4712)
    tariffs = TARIFFS.dump(Tariffs(site=4711, tz="Europe/Brussels"))
    changes: tuple[Callable[[], object], ...] = (
        lambda: office.sites.add_visit(4711, _visit(office, "A"), office.change),
        lambda: office.sites.add_visit(4711, _visit(office, "B", PIETERS), office.change),
        lambda: office.sites.add_visit(4711, _visit(office, "C", PIETERS), office.change),
        lambda: office.sites.remove_visit(4711, "A", office.change),
        lambda: office.sites.add_company(4711, JANSEN, office.change),
        lambda: office.sites.set_tariffs(4711, tariffs, office.change),
        lambda: office.sites.set_policy(4712, _paid_by(4712, PIETERS), office.change),
        lambda: office.site(4713),
        lambda: office.later(days=7, hours=2, seconds=1),
    )
    kept = SiteDocuments()
    before = _made(office, kept)
    for number, change in enumerate(changes):
        change()
        after = _made(office, kept)
        assert after == _made(office, SiteDocuments()), number
        assert after != before, number
        before = after


def test_only_the_site_that_changed_is_made_anew(office: Office) -> None:
    office.site(4711)
    office.site(4712)
    kept = SiteDocuments()
    before = _made(office, kept)
    office.sites.add_visit(4711, _visit(office, "A"), office.change)
    after = _made(office, kept)
    assert after[4711] is not before[4711]
    assert after[4712] is before[4712]


def test_document_with_mistakes_is_refused_each_time(office: Office) -> None:
    office.site(4711)
    kept = SiteDocuments()
    with office.database.transaction() as connection:
        connection.exec_driver_sql("UPDATE sites SET policy = CAST('{}' AS BLOB)")
    for _ in range(2):
        with pytest.raises(DocumentRefused, match="policy"):
            _made(office, kept)
