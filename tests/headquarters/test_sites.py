import json
from datetime import timedelta

import pytest

from headquarters.repository.site_documents import SiteDocuments
from headquarters.sites import plain_policy
from terminal.core.policy import Visit
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY, TARIFFS, DocumentRefused
from tests.headquarters.conftest import JANSEN, PIETERS, Office


def _documents(office: Office) -> dict[str, object]:
    with office.database.transaction(read_only=True) as connection:
        ((_, documents),) = SiteDocuments().all(connection, office.now)
        return {path: json.loads(data) for path, data in documents.items()}


def _visit(office: Office, reference: str, ends_in_days: float, ean: str = JANSEN) -> Visit:
    ends = office.now + timedelta(days=ends_in_days)
    return Visit(reference=reference, ean=ean, begins=ends - timedelta(hours=2), ends=ends)


def test_site_has_all_four_documents_from_its_first_day(office: Office) -> None:
    office.site(4711)
    documents = _documents(office)
    assert documents["sites/4711/companies.json"] == {"site": 4711, "companies": []}
    assert documents["sites/4711/visits.json"] == {"site": 4711, "visits": []}
    assert documents["sites/4711/tariffs.json"] == {
        "site": 4711,
        "currency": "EUR",
        "tz": "Europe/Amsterdam",
        "tariffs": [],
    }
    assert sorted(documents) == [f"sites/4711/{name}.json" for name in ("companies", "policy", "tariffs", "visits")]


def test_policy_with_mistakes_changes_nothing_and_names_them_all(office: Office) -> None:
    office.site(4711)
    before = _documents(office)
    policy = json.loads(POLICY.dump(plain_policy(4711, "other", "Europe/Amsterdam")))
    policy["lanes"][0]["zone"] = 9
    policy["zones"].append(policy["zones"][0])
    with pytest.raises(DocumentRefused) as caught:
        office.sites.set_policy(4711, json.dumps(policy).encode(), office.change)
    assert len(caught.value.mistakes) == 2
    assert _documents(office) == before


def test_policy_and_tariffs_of_another_site_are_refused(office: Office) -> None:
    office.site(4711)
    policy = POLICY.dump(plain_policy(4712, "other", "Europe/Amsterdam"))
    with pytest.raises(ConfigurationError, match="is for site 4712, not 4711"):
        office.sites.set_policy(4711, policy, office.change)
    with pytest.raises(ConfigurationError, match="is for site 4712, not 4711"):
        office.sites.set_tariffs(4711, b'{"site": 4712, "tz": "Europe/Amsterdam"}', office.change)


def test_tariffs_are_published_as_they_were_given(office: Office) -> None:
    office.site(4711)
    given = {
        "site": 4711,
        "tz": "Europe/Amsterdam",
        "tariffs": [
            {
                "number": 1,
                "from": "2026-09-01T00:00:00+02:00",
                "vat": "21",
                "otherwise": "free",
                "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H", "part": {"from": "PT0S"}}],
                "special_days": {"2026-12-25": "holiday"},
            }
        ],
    }
    office.sites.set_tariffs(4711, json.dumps(given).encode(), office.change)
    stored = _documents(office)["sites/4711/tariffs.json"]
    assert TARIFFS.parse(json.dumps(stored).encode()) == TARIFFS.parse(json.dumps(given).encode())


def test_tariffs_with_mistakes_change_nothing_and_are_all_named(office: Office) -> None:
    office.site(4711)
    before = _documents(office)
    line = {"kind": "incrementing", "amount": "1.50", "each": "PT1H"}
    evening = line | {"window": {"days": ["mon"], "start": "18:00", "end": "19:00"}, "cap": "0"}
    tariff = {"number": 1, "from": "2026-09-01T00:00:00+02:00", "vat": "21", "lines": [line, evening]}
    given = {"site": 4711, "tz": "Europe/Amsterdam", "tariffs": [tariff]}
    with pytest.raises(DocumentRefused) as caught:
        office.sites.set_tariffs(4711, json.dumps(given).encode(), office.change)
    assert caught.value.mistakes == (
        "tariff 1, line 2, cap: is zero, so that nothing is ever due; leave it out where there is none",
        "tariff 1: lines 1 and 2 both apply on mon from 18:00 to 19:00; at most one incrementing line may",
    )
    assert _documents(office) == before


def test_visits_are_published_until_a_week_after_their_end(office: Office) -> None:
    office.site(4711)
    for reference, days in (("gone", -7.01), ("late", -6.99), ("coming", 3)):
        office.sites.add_visit(4711, _visit(office, reference, days), office.change)
    documents = _documents(office)
    published = documents["sites/4711/visits.json"]
    assert isinstance(published, dict)
    assert [visit["reference"] for visit in published["visits"]] == ["coming", "late"]
    assert documents["sites/4711/companies.json"] == {
        "site": 4711,
        "companies": [{"ean": JANSEN, "name": "Jansen Transport"}],
    }


def test_company_is_known_at_a_site_as_payer_or_because_somebody_said_so(office: Office) -> None:
    office.site(4711)
    office.register.add_company(PIETERS, "Pieters", office.change)
    assert _documents(office)["sites/4711/companies.json"] == {"site": 4711, "companies": []}
    office.sites.add_company(4711, PIETERS, office.change)
    office.sites.add_company(4711, PIETERS, office.change)
    policy = json.loads(POLICY.dump(plain_policy(4711, "site", "Europe/Amsterdam")))
    policy["payers"] = [{"ean": JANSEN, "offline_cents": 1, "offline_charges": 1, "card_cents": 1, "list_age_s": 60}]
    office.sites.set_policy(4711, json.dumps(policy).encode(), office.change)
    published = _documents(office)["sites/4711/companies.json"]
    assert isinstance(published, dict)
    assert [company["name"] for company in published["companies"]] == ["Pieters", "Jansen Transport"]


def test_visit_is_registered_once_and_for_a_known_company_and_site(office: Office) -> None:
    office.site(4711)
    visit = _visit(office, "A1", 1)
    office.sites.add_visit(4711, visit, office.change)
    for site, refused, said in (
        (4711, visit, "visit A1 at site 4711 is registered already"),
        (4712, visit, "site 4712 is not registered"),
        (4711, _visit(office, "A2", 1, PIETERS), f"company {PIETERS} is not registered"),
    ):
        with pytest.raises(ConfigurationError, match=said):
            office.sites.add_visit(site, refused, office.change)
    assert [found.reference for found in office.sites.visits(4711)] == ["A1"]
    office.sites.remove_visit(4711, "A1", office.change)
    assert office.sites.visits(4711) == ()
    with pytest.raises(ConfigurationError, match="visit A1 at site 4711 is not registered"):
        office.sites.remove_visit(4711, "A1", office.change)


def test_site_is_registered_once(office: Office) -> None:
    office.site(4711)
    with pytest.raises(ConfigurationError, match="site 4711 is registered already"):
        office.site(4711)
    with pytest.raises(ConfigurationError, match="site 4712 is not registered"):
        office.sites.set_policy(4712, POLICY.dump(plain_policy(4712, "x", "Europe/Amsterdam")), office.change)
