"""The sites: their signed documents and their pre-notified visits, checked before they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from headquarters.database import Change, Database, companies, note, site_companies, sites, visits
from terminal.core.policy import Companies, Company, LaneRules, SitePolicy, Visit, Visits, Zone
from terminal.core.tariff_document import Tariffs
from terminal.errors import ConfigurationError
from terminal.trust.documents import COMPANIES, POLICY, TARIFFS, VISITS

VISIT_KEPT_S = 7 * 24 * 3600
"""How long after its end a visit is still published: the latest that a policy can call `too-late` by a grace."""


@dataclass(frozen=True, slots=True)
class SiteRecord:
    """A site with its documents, as they are published."""

    site: int
    policy: bytes
    tariffs: bytes


class Sites:
    """Sites and visits in the database. Every method is one transaction and may block on the disk.

    All raise ConfigurationError for what was asked wrongly, DocumentRefused for a document with mistakes, and
    StorageError where the database is at fault.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, policy: SitePolicy, change: Change) -> None:
        """Register a site by its policy; without tariffs until `set_tariffs`."""
        tariffs = TARIFFS.dump(Tariffs(site=policy.site, tz=policy.time_zone))
        with self._database.transaction() as connection:
            if connection.scalar(sa.select(sites.c.site).where(sites.c.site == policy.site)) is not None:
                raise ConfigurationError(f"site {policy.site} is registered already")
            row = {"site": policy.site, "policy": POLICY.dump(policy), "tariffs": tariffs}
            connection.execute(sites.insert().values(row))
            note(connection, change, "site added", str(policy.site))

    def set_policy(self, site: int, document: bytes, change: Change) -> None:
        """Replace the policy of a site."""
        policy = POLICY.parse(document)
        _same_site(site, policy.site, "policy")
        self._replace(site, change, policy=POLICY.dump(policy))

    def set_tariffs(self, site: int, document: bytes, change: Change) -> None:
        """Replace the tariffs of a site."""
        tariffs = TARIFFS.parse(document)
        _same_site(site, tariffs.site, "tariffs")
        self._replace(site, change, tariffs=TARIFFS.dump(tariffs))

    def _replace(self, site: int, change: Change, **documents: bytes) -> None:
        with self._database.transaction() as connection:
            _known_site(connection, site)
            connection.execute(sites.update().where(sites.c.site == site).values(**documents))
            note(connection, change, f"{' and '.join(documents)} replaced", str(site))

    def add_company(self, site: int, ean: str, change: Change) -> None:
        """Make a company's name known at a site; its visits and a payer's do that by themselves."""
        with self._database.transaction() as connection:
            _known_site(connection, site)
            row = {"site": site, "company_index": _company_index(connection, ean)}
            if connection.execute(sa.select(site_companies).filter_by(**row)).first() is None:
                connection.execute(site_companies.insert().values(row))
                note(connection, change, "company made known at site", f"{site} {ean}")

    def add_visit(self, site: int, visit: Visit, change: Change) -> None:
        """Pre-notify a visit; a reference names one visit of a site."""
        VISITS.dump(Visits(site=site, visits=(visit,)))
        with self._database.transaction() as connection:
            _known_site(connection, site)
            key = {"site": site, "reference": visit.reference}
            if connection.execute(sa.select(visits).filter_by(**key)).first() is not None:
                raise ConfigurationError(f"visit {visit.reference} at site {site} is registered already")
            row = {
                **key,
                "company_index": _company_index(connection, visit.ean),
                "zone": visit.zone,
                "begins": int(visit.begins.timestamp()),
                "ends": int(visit.ends.timestamp()),
            }
            connection.execute(visits.insert().values(row))
            note(connection, change, "visit added", f"{site} {visit.reference}")

    def remove_visit(self, site: int, reference: str, change: Change) -> None:
        """Take a visit back."""
        with self._database.transaction() as connection:
            where = (visits.c.site == site) & (visits.c.reference == reference)
            if connection.execute(visits.delete().where(where)).rowcount == 0:
                raise ConfigurationError(f"visit {reference} at site {site} is not registered")
            note(connection, change, "visit removed", f"{site} {reference}")

    def visits(self, site: int) -> Sequence[Visit]:
        """The visits of a site, by reference."""
        with self._database.transaction(read_only=True) as connection:
            _known_site(connection, site)
            return _visits(connection, site, 0)

    def all(self) -> Sequence[SiteRecord]:
        """All sites, by number."""
        with self._database.transaction(read_only=True) as connection:
            return site_records(connection)


def plain_policy(site: int, name: str, time_zone: str) -> SitePolicy:
    """The policy of a site that has said nothing more: one zone, one lane, every default."""
    zones = (Zone(number=1, name=name),)
    return SitePolicy(site=site, name=name, time_zone=time_zone, zones=zones, lanes=(LaneRules(number=1, zone=1),))


def site_records(connection: sa.Connection) -> Sequence[SiteRecord]:
    """All sites, by number."""
    rows = connection.execute(sa.select(sites).order_by(sites.c.site))
    return tuple(SiteRecord(row.site, row.policy, row.tariffs) for row in rows)


def site_documents(connection: sa.Connection, record: SiteRecord, now: datetime) -> Mapping[str, bytes]:
    """Every target of a site's own role, by path; each checked once more.

    Raises:
        DocumentRefused: one has mistakes, such as a policy that was stored by software that knew fewer rules.
    """
    policy = POLICY.parse(record.policy)
    TARIFFS.parse(record.tariffs)
    kept_from_s = int(now.timestamp()) - VISIT_KEPT_S
    present = _visits(connection, record.site, kept_from_s)
    visitors = sa.select(visits.c.company_index).where(visits.c.site == record.site, visits.c.ends >= kept_from_s)
    attached = sa.select(site_companies.c.company_index).where(site_companies.c.site == record.site)
    known: sa.ColumnElement[bool] = companies.c.ean.in_([payer.ean for payer in policy.payers])
    known |= companies.c.company_index.in_(visitors) | companies.c.company_index.in_(attached)
    query = sa.select(companies).where(known)
    names = tuple(Company(ean=row.ean, name=row.name) for row in connection.execute(query.order_by(companies.c.ean)))
    return {
        f"sites/{record.site}/policy.json": record.policy,
        f"sites/{record.site}/tariffs.json": record.tariffs,
        f"sites/{record.site}/visits.json": VISITS.dump(Visits(site=record.site, visits=tuple(present))),
        f"sites/{record.site}/companies.json": COMPANIES.dump(Companies(site=record.site, companies=names)),
    }


def _visits(connection: sa.Connection, site: int, ends_after_s: int) -> Sequence[Visit]:
    query = sa.select(visits, companies.c.ean).join(companies)
    query = query.where(visits.c.site == site, visits.c.ends >= ends_after_s).order_by(visits.c.reference)
    return tuple(
        Visit(
            reference=row.reference,
            ean=row.ean,
            zone=row.zone,
            begins=datetime.fromtimestamp(row.begins, UTC),
            ends=datetime.fromtimestamp(row.ends, UTC),
        )
        for row in connection.execute(query)
    )


def _same_site(wanted: int, found: int, document: str) -> None:
    if wanted != found:
        raise ConfigurationError(f"{document}: is for site {found}, not {wanted}; nothing was changed")


def _known_site(connection: sa.Connection, site: int) -> None:
    if connection.scalar(sa.select(sites.c.site).where(sites.c.site == site)) is None:
        raise ConfigurationError(f"site {site} is not registered; add it first (site add)")


def _company_index(connection: sa.Connection, ean: str) -> int:
    index: int | None = connection.scalar(sa.select(companies.c.company_index).where(companies.c.ean == ean))
    if index is None:
        raise ConfigurationError(f"company {ean} is not registered; add it first (company add)")
    return index
