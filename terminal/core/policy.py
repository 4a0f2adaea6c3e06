"""The site's signed rules as typed values: policy, visits, company names.

These dataclasses are the one definition of the JSON documents `sites/<number>/policy.json`, `visits.json` and
`companies.json`: publisher and gate both read documents into them (`terminal.trust.documents`), and the JSON Schemas
in `docs/schemas` are generated from them. Times of day are the site's local time, instants carry an offset, and a
duration's name ends in its unit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen, MinLen

from terminal.core.document import (
    Document,
    Ean,
    Form,
    Instant,
    LaneNumber,
    SiteNumber,
    Text,
    TimeZone,
    ZoneNumber,
)
from terminal.core.hours import Window, window_mistakes
from terminal.core.service import Service, service_mistakes

HOUR_S = 3600
DAY_S = 24 * HOUR_S

ProductName = Literal["cargocard", "dsp", "portkey"]
Level = Literal["1", "2", "3"]
Language = Literal["nl", "en", "de", "fr", "pl", "ro", "hu", "cs", "sk", "bg", "lt", "lv", "uk", "tr", "es"]
Seconds = Annotated[int, Ge(0), Le(30 * DAY_S)]
Minutes = Annotated[int, Ge(0), Le(7 * 24 * 60)]
Count = Annotated[int, Ge(0), Le(1_000_000)]


def is_training_code(text: str) -> bool:
    """Tell whether `text` is 1 to 64 printable ASCII characters: all that a zone asks for fit one journal entry."""
    return 1 <= len(text) <= 64 and text.isascii() and text.isprintable()


TrainingCode = Annotated[
    str, Form(is_training_code, "should be a code of 1 to 64 printable ASCII characters", "[ -~]{1,64}")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAgeLimits(Document):
    """How old the status lists may be at one security level, and what a gate does past the maximum."""

    warn_s: Seconds
    max_s: Seconds
    past_max: Literal["desk", "refuse", "admit-flagged"] = "desk"


def _list_age_defaults() -> Mapping[Level, ListAgeLimits]:
    return {
        "1": ListAgeLimits(warn_s=DAY_S, max_s=7 * DAY_S),
        "2": ListAgeLimits(warn_s=HOUR_S, max_s=DAY_S),
        "3": ListAgeLimits(warn_s=HOUR_S, max_s=DAY_S),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone(Document):
    """A part of the site with rules of its own. `number` is the byte that stands in a card's stay record."""

    number: ZoneNumber
    name: Text
    trainings: Annotated[tuple[TrainingCode, ...], MaxLen(32)] = ()
    """Codes that a person needs here; asking for none spares the tap two APDUs and more."""
    training_lacking: Literal["desk", "refuse", "admit-escorted"] = "desk"
    visits: Literal["required", "off"] = "off"
    early_wait_min: Minutes = 0
    """How much too early a visitor may be and still be let in to wait."""
    late_grace_min: Minutes = 0
    anti_passback: Literal["hard", "soft", "off"] = "off"
    capacity: Count | None = None
    capacity_per_company: Count | None = None
    second_factor_levels: Annotated[tuple[Level, ...], MaxLen(3)] = ()
    """Security levels at which a second factor is asked for."""
    paid: bool = False
    """A stay here is charged to the employer. Where no tariff is in force every entry goes to the desk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRules(Document):
    """What the site says about one of its lanes."""

    number: LaneNumber
    zone: ZoneNumber
    hours: Annotated[tuple[Window, ...], MaxLen(50)] = ()
    """When the lane admits; none means always."""
    exit_requires: Literal["authentic-card", "open-stay"] = "authentic-card"
    exit_patience_s: Seconds = 120
    passengers: Literal["same-vehicle", "new-vehicle"] = "new-vehicle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention(Document):
    """How long a terminal keeps access records; the upper bound stands in the code, a policy may only shorten."""

    terminal_days: Annotated[int, Ge(1), Le(30)] = 30
    headquarters_days: Annotated[int, Ge(1), Le(180)] = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer(Document):
    """An employer that accepted the terms of XS-ID Pay and may pay on account here."""

    ean: Ean
    offline_cents: Count
    """The most that may be charged since the last contact with headquarters."""
    offline_charges: Count
    card_cents: Count
    list_age_s: Seconds
    stay_cents: Count | None = None
    """The most that one stay may come to; nobody can know it at entry, so what is more is flagged at the exit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentRules(Document):
    """What counts when what a stay is charged by cannot be trusted."""

    implausible_after_days: Annotated[int, Ge(1), Le(366)] = 90
    """A stay record on a card with an older entry is not believed."""
    doubtful_clock: Literal["cheaper", "as-read"] = "cheaper"
    """To when a stay is charged while the clock cannot be trusted: the newest signed time, or what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(Document):
    """Who helps at the desk, as the driver's screen shows it."""

    phone: Text | None = None
    hours: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePolicy(Document):
    """Everything a site decides about who may pass: `sites/<number>/policy.json`."""

    site: SiteNumber
    name: Text
    time_zone: TimeZone
    level: Level = "1"
    level_since: Instant | None = None
    """When the level was last raised; lists must be issued after that within 12 hours."""
    products: Annotated[tuple[ProductName, ...], MaxLen(3)] = ("cargocard", "dsp", "portkey")
    languages: Annotated[tuple[Language, ...], MinLen(1), MaxLen(15)] = ("nl", "en", "de")
    zones: Annotated[tuple[Zone, ...], MinLen(1), MaxLen(256)]
    lanes: Annotated[tuple[LaneRules, ...], MinLen(1), MaxLen(255)]
    list_age: Mapping[Level, ListAgeLimits] = field(default_factory=_list_age_defaults)
    retention: Retention = field(default_factory=Retention)
    payers: Annotated[tuple[Payer, ...], MaxLen(10_000)] = ()
    desk_hours: Annotated[tuple[Window, ...], MaxLen(50)] = ()
    """When the service desk is staffed; none means never."""
    contact: Contact = field(default_factory=Contact)
    payment: PaymentRules = field(default_factory=PaymentRules)
    services: Annotated[tuple[Service, ...], MaxLen(255)] = ()
    """What is sold here beside parking, each at a service point of its own."""

    def lane(self, number: int) -> LaneRules | None:
        """The rules of lane `number`, or None when the policy does not name it."""
        return next((lane for lane in self.lanes if lane.number == number), None)

    def zone(self, number: int) -> Zone | None:
        """The zone with this number, or None when the policy does not name it."""
        return next((zone for zone in self.zones if zone.number == number), None)

    def service(self, number: int) -> Service | None:
        """What is sold at service point `number`, or None when the policy does not name it."""
        return next((service for service in self.services if service.number == number), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Document):
    """A pre-notified visit of a company; names no person."""

    reference: Text
    ean: Ean
    zone: ZoneNumber | None = None
    """None: any zone of the site."""
    begins: Instant
    ends: Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Visits(Document):
    """`sites/<number>/visits.json`."""

    site: SiteNumber
    visits: Annotated[tuple[Visit, ...], MaxLen(100_000)] = ()


def visits_mistakes(document: Visits) -> tuple[str, ...]:
    """What is wrong between the fields, a line each."""
    return tuple(
        f"visits: {visit.reference} ends at {visit.ends.isoformat()}, before it begins at {visit.begins.isoformat()}"
        for visit in document.visits
        if visit.ends <= visit.begins
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Company(Document):
    """A company known at this site, for the guard's page."""

    ean: Ean
    name: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Companies(Document):
    """`sites/<number>/companies.json`."""

    site: SiteNumber
    companies: Annotated[tuple[Company, ...], MaxLen(100_000)] = ()


def policy_mistakes(policy: SitePolicy) -> tuple[str, ...]:
    """Everything that is wrong between the fields of a policy, a line each; what one field may hold, its type says."""
    mistakes: list[str] = []
    zones = [zone.number for zone in policy.zones]
    lanes = [lane.number for lane in policy.lanes]
    mistakes += [f"zones: number {number} is used twice" for number in sorted({n for n in zones if zones.count(n) > 1})]
    mistakes += [f"lanes: number {number} is used twice" for number in sorted({n for n in lanes if lanes.count(n) > 1})]
    mistakes += [
        f"lanes: lane {lane.number} leads to zone {lane.zone}, which is not among the zones"
        for lane in policy.lanes
        if lane.zone not in zones
    ]
    mistakes += [
        f"lanes: lane {lane.number} has exit_requires open-stay, which needs desk_hours with a staffed desk"
        for lane in policy.lanes
        if lane.exit_requires == "open-stay" and not policy.desk_hours
    ]
    mistakes += service_mistakes(policy.services, lanes)
    hours = [policy.desk_hours, *(lane.hours for lane in policy.lanes), *(each.hours for each in policy.services)]
    mistakes += window_mistakes(window for windows in hours for window in windows)
    for level in ("1", "2", "3"):
        limits = policy.list_age.get(level)
        if limits is None:
            mistakes.append(f"list_age: level {level} is missing")
        elif limits.warn_s > limits.max_s:
            mistakes.append(f"list_age: level {level} warns after its maximum ({limits.warn_s} > {limits.max_s} s)")
        elif limits.max_s > MAX_LIST_AGE_S:
            mistakes.append(f"list_age: level {level} allows {limits.max_s} s; the most is {MAX_LIST_AGE_S} s")
    return tuple(mistakes)


MAX_LIST_AGE_S = 13 * DAY_S  # below the 14 days after which the revocation role expires
