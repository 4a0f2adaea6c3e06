"""The sites: their signed documents and their pre-notified visits, checked before they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import sqlalchemy as sa

from headquarters.database import Change, Database, companies, note, site_companies, sites, visits
from terminal.core.policy import LaneRules, SitePolicy, Visit, Visits, Zone
from terminal.core.tariff.document import Tariffs
from terminal.errors import ConfigurationError
from terminal.trust.documents import POLICY, TARIFFS, VISITS


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
            rows = connection.execute(visit_rows(0).where(visits.c.site == site))
            return tuple(visit_of(*row[1:]) for row in rows)

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


def visit_rows(ends_after_s: int) -> sa.Select[int, str, str, int | None, int, int]:
    """Site, and what `visit_of` takes, of visits that end then or later; by site and reference."""
    columns = (visits.c.site, visits.c.reference, companies.c.ean, visits.c.zone, visits.c.begins, visits.c.ends)
    query = sa.select(*columns).join_from(visits, companies).where(visits.c.ends >= ends_after_s)
    return query.order_by(visits.c.site, visits.c.reference)


def visit_of(reference: str, ean: str, zone: int | None, begins_s: int, ends_s: int) -> Visit:
    """A visit as it is published."""
    begins, ends = (datetime.fromtimestamp(seconds, UTC) for seconds in (begins_s, ends_s))
    return Visit(reference=reference, ean=ean, zone=zone, begins=begins, ends=ends)


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
