"""The documents of each site, out of the register (design 4): checked, and made anew only where their rows changed.

A policy is published as the site wrote it, save that payers whom headquarters does not vouch for are left out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa

from headquarters.database import companies, site_companies, visits
from headquarters.payers.standing import Standing, known_standings, published_payers
from headquarters.sites import SiteRecord, site_records, visit_of, visit_rows
from terminal.core.policy import Companies, Company, SitePolicy, Visits
from terminal.trust.documents import COMPANIES, POLICY, TARIFFS, VISITS

VISIT_KEPT_S = 7 * 24 * 3600
"""How long after its end a visit is still published: the latest that a policy can call `too-late` by a grace."""
_ASKED_AT_ONCE = 1000
_SHOWN = 5

_VisitRow = Sequence[Any]
"""As `visit_of` takes it."""


@dataclass(frozen=True, slots=True)
class _Checked:
    """A site whose policy and tariffs this software finds right."""

    record: SiteRecord
    policy: SitePolicy

    @property
    def payers(self) -> tuple[str, ...]:
        """The companies that the site lets pay."""
        return tuple(payer.ean for payer in self.policy.payers)


@dataclass(slots=True)
class SiteDocuments:
    """Makes them. Whoever publishes again and again keeps it: what a site's rows came to is remembered."""

    _checked: dict[int, _Checked] = field(default_factory=dict)
    _made: dict[int, tuple[bytes, Mapping[str, bytes]]] = field(default_factory=dict)
    """By site: the hash of its rows, and what came of them."""
    warnings: tuple[str, ...] = ()
    """Of the last time, when it is through: a line for each site that lets companies pay who are no payers here."""

    def all(self, connection: sa.Connection, now: datetime) -> Iterator[tuple[int, Mapping[str, bytes]]]:
        """Each site by number, with every target of its own role by path.

        Raises:
            DocumentRefused: one has mistakes, such as a policy that was stored by software that knew fewer rules.
        """
        checked = [self._check(record) for record in site_records(connection)]
        kept_from_s = int(now.timestamp()) - VISIT_KEPT_S
        present: dict[int, list[_VisitRow]] = {}
        for site, *visit in connection.execute(visit_rows(kept_from_s)):
            present.setdefault(site, []).append(visit)
        eans = sorted({ean for each in checked for ean in each.payers})
        payers, standings = _names(connection, eans), known_standings(connection, eans)
        names: dict[int, dict[str, str]] = {
            each.record.site: {ean: payers[ean] for ean in each.payers if ean in payers} for each in checked
        }
        self.warnings = tuple(_not_payers(each, standings) for each in checked if {*each.payers} - {*standings})
        for site, ean, name in connection.execute(_known_at_sites(kept_from_s)):
            names[site][ean] = name
        for each in checked:
            site = each.record.site
            record = _with_payers(each, standings, now.astimezone(UTC).date())
            yield site, self._documents(record, present.get(site, []), names[site])

    def _check(self, record: SiteRecord) -> _Checked:
        known = self._checked.get(record.site)
        if known is None or known.record != record:
            TARIFFS.parse(record.tariffs)
            known = self._checked[record.site] = _Checked(record, POLICY.parse(record.policy))
        return known

    def _documents(
        self, record: SiteRecord, present: Sequence[_VisitRow], names: Mapping[str, str]
    ) -> Mapping[str, bytes]:
        rows = repr((record.policy, record.tariffs, present, sorted(names.items())))
        of = sha256(rows.encode()).digest()
        before, documents = self._made.get(record.site, (b"", {}))
        if before != of:
            documents = _documents(record, present, names)
            self._made[record.site] = of, documents
        return documents


def _with_payers(checked: _Checked, standings: Mapping[str, Standing], today: date) -> SiteRecord:
    """The site with those payers only that the gates are to be told of (docs/payers.md)."""
    payers = tuple(published_payers(checked.policy.payers, standings, today))
    if payers == checked.policy.payers:
        return checked.record
    return replace(checked.record, policy=POLICY.dump(replace(checked.policy, payers=payers)))


def _not_payers(checked: _Checked, standings: Mapping[str, Standing]) -> str:
    unknown = [ean for ean in checked.payers if ean not in standings]
    more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
    return (
        f"site {checked.record.site} lets companies pay on account that are no payers here, so its gates do not: "
        f"{', '.join(unknown[:_SHOWN])}{more}; add them (payer add), or take them out of the policy"
    )


def _documents(record: SiteRecord, present: Sequence[_VisitRow], names: Mapping[str, str]) -> Mapping[str, bytes]:
    site = record.site
    known = tuple(Company(ean=ean, name=name) for ean, name in sorted(names.items()))
    expected = Visits(site=site, visits=tuple(visit_of(*row) for row in present))
    return {
        f"sites/{site}/policy.json": record.policy,
        f"sites/{site}/tariffs.json": record.tariffs,
        f"sites/{site}/visits.json": VISITS.dump(expected),
        f"sites/{site}/companies.json": COMPANIES.dump(Companies(site=site, companies=known)),
    }


def _known_at_sites(kept_from_s: int) -> sa.CompoundSelect[int, str, str]:
    """Site, EAN and name of companies that visit a site, or that somebody made known there."""
    columns = (companies.c.ean, companies.c.name)
    visitors = sa.select(visits.c.site, *columns).join_from(visits, companies).where(visits.c.ends >= kept_from_s)
    return sa.union(visitors, sa.select(site_companies.c.site, *columns).join_from(site_companies, companies))


def _names(connection: sa.Connection, eans: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for first in range(0, len(eans), _ASKED_AT_ONCE):
        asked = companies.c.ean.in_(eans[first : first + _ASKED_AT_ONCE])
        query = sa.select(companies.c.ean, companies.c.name).where(asked)
        found.update(connection.execute(query).all())
    return found
