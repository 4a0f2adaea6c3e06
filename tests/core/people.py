"""A card and a situation in which everything is right; each test changes what its story is about."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from terminal.core.credential import Credential, Product, Qualifications, Training
from terminal.core.policy import LaneRules, SitePolicy, Visit, Visits, Zone
from terminal.core.presented import Authentic, NoQualifications
from terminal.core.situation import Situation
from terminal.core.visits import VisitBook

NOON = datetime(2026, 9, 15, 10, 0, tzinfo=UTC)
"""Tuesday noon in Amsterdam."""

EAN = 8712345000004
OTHER_EAN = 8712345000011
UID = bytes.fromhex("04958CAA5C5E80")


def credential(**changes: Any) -> Credential:
    """A CargoCard that holds from a year ago until a year from now."""
    right = Credential(
        key_id=bytes.fromhex("00000001"),
        card_number=bytes(range(8)),
        not_before=int((NOON - timedelta(days=365)).timestamp()),
        expires=int((NOON + timedelta(days=365)).timestamp()),
        product=Product.CARGOCARD,
        ean=EAN,
        personal_number=7,
        card_index=5,
        company_index=2,
        uid=UID,
        language="nl",
    )
    return replace(right, **changes)


def card(*trainings: Training, **changes: Any) -> Authentic:
    """The same as it comes from the reader, with `trainings` or none."""
    held = Qualifications(card_number=bytes(range(8)), issued_at=0, uid=UID, trainings=trainings)
    return Authentic(credential(**changes), held if trainings else NoQualifications.NOT_ASKED, "read-key-newest")


def training(code: str, last_valid_day: date) -> Training:
    return Training(code, last_valid_day)


def policy(*, zone: dict[str, Any] | None = None, lane: dict[str, Any] | None = None, **changes: Any) -> SitePolicy:
    """A site with one zone and one lane; `zone` and `lane` change their rules."""
    return SitePolicy(
        **{
            "site": 4711,
            "name": "Kade 7",
            "time_zone": "Europe/Amsterdam",
            "zones": (Zone(**{"number": 1, "name": "Yard", **(zone or {})}),),
            "lanes": (LaneRules(**{"number": 1, "zone": 1, **(lane or {})}),),
            **changes,
        }
    )


def visit(begins: datetime, ends: datetime, ean: int = EAN) -> Visit:
    return Visit(reference="R1", ean=f"{ean:013d}", begins=begins, ends=ends)


def situation(*visits: Visit, **changes: Any) -> Situation:
    """Tuesday noon at the entry, lists a minute old, everything in order; the gate can charge the policy's payers."""
    rules: SitePolicy = changes.get("policy") or policy()
    return Situation(
        **{
            "now_s": NOON.timestamp(),
            "direction": "entry",
            "lane": 1,
            "policy": rules,
            "payers": {int(payer.ean): payer for payer in rules.payers},
            "visits": VisitBook(Visits(site=4711, visits=visits)),
            "card_status": 0,
            "company_status": 0,
            "list_age_s": 60.0,
            "lists_issued_at_s": NOON.timestamp() - 60,
            **changes,
        }
    )
