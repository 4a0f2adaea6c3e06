"""Whom the gates are told of: the site's list of payers, less those whom headquarters does not vouch for."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from headquarters.payers.changes import Payers, Profile
from headquarters.payers.standing import Arrears, Credit, CreditCheck
from headquarters.repository.watch import newest_change
from headquarters.sites import plain_policy
from terminal.trust.documents import POLICY
from tests.headquarters.conftest import JANSEN, PIETERS, Office

Make = Callable[[Payers, Office], object]


def payer(office: Office, ean: str = JANSEN) -> Payers:
    payers = Payers(office.database)
    payers.add(Profile(ean=ean, name="Jansen", street="Kade 1", postal_code="3011 AA", city="Rotterdam"), office.change)
    return payers


def passed(office: Office, limit_cents: int = 500_00, days: int = 30) -> CreditCheck:
    return CreditCheck(Credit.PASSED, limit_cents, office.now.date() + timedelta(days=days))


def allowed(office: Office, *eans: str, site: int = 4711) -> bytes:
    policy = json.loads(POLICY.dump(plain_policy(site, "Tankpark", "Europe/Amsterdam")))
    limits = {"offline_cents": 300_00, "offline_charges": 20, "card_cents": 100_00, "list_age_s": 600}
    policy["payers"] = [{"ean": ean, **limits} for ean in eans]
    return POLICY.dump(POLICY.parse(json.dumps(policy).encode()))


def site(office: Office, *eans: str, number: int = 4711) -> None:
    office.site(number)
    office.sites.set_policy(number, allowed(office, *eans, site=number), office.change)


def told(office: Office, number: int = 4711) -> list[dict[str, Any]]:
    office.publish()
    policy: dict[str, Any] = json.loads((office.published / f"sites/{number}/sites/{number}/policy.json").read_bytes())
    return list(policy.get("payers", []))


def test_payer_with_credit_is_published_as_the_site_wrote_it(office: Office) -> None:
    site(office, JANSEN)
    payer(office).set_credit(JANSEN, passed(office), office.change)
    assert office.publish().warnings == ()
    assert (office.published / "sites/4711/sites/4711/policy.json").read_bytes() == allowed(office, JANSEN)


@pytest.mark.parametrize(
    ("limit_cents", "offline", "card"),
    [(500_00, 300_00, 100_00), (300_00, 300_00, 100_00), (299_99, 299_99, 100_00), (50_00, 50_00, 50_00), (0, 0, 0)],
)
def test_the_lower_limit_holds(office: Office, limit_cents: int, offline: int, card: int) -> None:
    site(office, JANSEN)
    payer(office).set_credit(JANSEN, passed(office, limit_cents), office.change)
    (published,) = told(office)
    assert published == {
        "ean": JANSEN,
        "offline_cents": offline,
        "offline_charges": 20,
        "card_cents": card,
        "list_age_s": 600,
        "stay_cents": None,
    }


@pytest.mark.parametrize(
    ("accident", "against"),
    [
        (
            lambda payers, office: payers.set_credit(JANSEN, CreditCheck(Credit.REFUSED), office.change),
            "credit refused",
        ),
        (
            lambda payers, office: payers.set_arrears(JANSEN, Arrears(1, office.now.date()), office.change),
            "in arrears since {today}",
        ),
        (lambda payers, office: payers.end_terms(JANSEN, office.now.date(), office.change), "terms ended on {today}"),
        (lambda _payers, office: office.later(days=31), "credit check ran out after {today}"),
    ],
)
def test_whoever_has_something_against_him_is_left_out_at_every_site(
    office: Office, accident: Make, against: str
) -> None:
    site(office, JANSEN, PIETERS)
    site(office, JANSEN, number=4712)
    payers = payer(office)
    payer(office, PIETERS)
    payers.set_credit(PIETERS, passed(office, days=90), office.change)
    payers.set_credit(JANSEN, passed(office), office.change)
    assert [each["ean"] for each in told(office)] == [JANSEN, PIETERS]
    last_day = office.now.date() + timedelta(days=30) if "ran out" in against else office.now.date()
    accident(payers, office)
    assert [each["ean"] for each in told(office)] == [PIETERS]
    assert told(office, 4712) == []
    assert payers.one(JANSEN).standing.against(office.now.date()) == (against.format(today=last_day),)


def test_credit_check_holds_on_its_last_day_and_terms_until_the_day_before(office: Office) -> None:
    site(office, JANSEN)
    payers = payer(office)
    payers.set_credit(JANSEN, passed(office, days=2), office.change)
    office.later(days=2)
    assert len(told(office)) == 1
    payers.end_terms(JANSEN, office.now.date() + timedelta(days=1), office.change)
    assert len(told(office)) == 1
    office.later(days=1)
    assert payers.one(JANSEN).standing.against(office.now.date())[0].startswith("terms ended")
    assert told(office) == []


def test_paid_up_and_terms_accepted_again_he_is_back(either_office: Office) -> None:
    office = either_office
    site(office, JANSEN)
    payers = payer(office)
    payers.set_credit(JANSEN, passed(office), office.change)
    payers.set_arrears(JANSEN, Arrears(12_00, office.now.date()), office.change)
    payers.end_terms(JANSEN, office.now.date(), office.change)
    payers.set_arrears(JANSEN, None, office.change)
    assert told(office) == []
    payers.end_terms(JANSEN, None, office.change)
    assert len(told(office)) == 1


def test_unknown_payer_is_not_published_and_publish_says_so(office: Office) -> None:
    site(office, JANSEN, PIETERS)
    payer(office, PIETERS)
    (warning,) = office.publish().warnings
    assert warning == (
        f"site 4711 lets companies pay on account that are no payers here, so its gates do not: {JANSEN}; "
        "add them (payer add), or take them out of the policy"
    )
    assert told(office) == []


def test_each_change_is_noticed_by_a_publisher_that_watches(either_office: Office) -> None:
    office = either_office
    payers = payer(office)
    seen = newest_change(office.database)
    changes: tuple[Callable[[], None], ...] = (
        lambda: payers.set_credit(JANSEN, passed(office), office.change),
        lambda: payers.set_arrears(JANSEN, Arrears(1, office.now.date()), office.change),
        lambda: payers.end_terms(JANSEN, office.now.date(), office.change),
    )
    for change in changes:
        change()
        assert newest_change(office.database) > seen
        seen = newest_change(office.database)
