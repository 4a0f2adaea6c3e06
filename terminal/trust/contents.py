"""From the verified files of a role to typed values: the part of the rules that the role speaks for.

A role is taken whole or not at all: one file of it that is not what it should be, and the role that is in force
stays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from terminal.core import cbor
from terminal.core.issuers import Issuers
from terminal.core.policy import Companies, SitePolicy
from terminal.core.rules import Rules
from terminal.core.tariff.document import Tariffs
from terminal.core.visits import VisitBook
from terminal.trust.documents import COMPANIES, ISSUERS, POLICY, TARIFFS, VISITS, DocumentRefused
from terminal.trust.status_list import MAX_CHANGES_BYTES, MAX_LIST_BYTES, Bitmap, Changes, MappedStatusList

Files: TypeAlias = Mapping[str, bytes]
"""The verified bytes of a role's files, by path."""

CARDS, COMPANY_LIST = "revocation/cards", "revocation/companies"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """What `revocation` says. Ages go by the older issued-at, the clock's floor by the newer."""

    cards: MappedStatusList
    companies: MappedStatusList
    older_issued_at_s: int
    newer_issued_at_s: int
    number: int
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """What `site-<number>` says."""

    policy: SitePolicy
    tariffs: Tariffs
    visits: VisitBook
    companies: Companies
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownIssuers:
    """What `targets` says."""

    issuers: Issuers
    digest: bytes


Contents: TypeAlias = KnownIssuers | Lists | SiteRules


class RoleReader:
    """Reads the roles of one site. Bitmaps lie in `bitmaps`; the one in use is kept for the next changes to it."""

    def __init__(self, site: int, bitmaps: Path) -> None:
        self._site = site
        self._folder = bitmaps
        self._bitmaps: dict[str, Bitmap] = {}
        self._here = f"sites/{site}/"
        self.bounds: Mapping[str, Mapping[str, int]] = {
            "revocation": {
                CARDS: MAX_LIST_BYTES,
                f"{CARDS}-changes": MAX_CHANGES_BYTES,
                COMPANY_LIST: MAX_LIST_BYTES,
                f"{COMPANY_LIST}-changes": MAX_CHANGES_BYTES,
            },
            "targets": {"issuers.json": ISSUERS.max_bytes},
            f"site-{site}": {
                f"{self._here}{name}.json": max_bytes
                for name, max_bytes in (
                    (POLICY.name, POLICY.max_bytes),
                    (TARIFFS.name, TARIFFS.max_bytes),
                    (VISITS.name, VISITS.max_bytes),
                    (COMPANIES.name, COMPANIES.max_bytes),
                )
            },
        }
        """The roles that this site needs, the files it needs of each, and the most bytes that each may have."""

    def contents(self, role: str, files: Files) -> Contents:
        """The values of `role`, one of `bounds`, from all its files.

        Raises:
            DocumentError: a file is not what it should be.
            StorageError: the disk refuses.
        """
        match role:
            case "targets":
                data = files["issuers.json"]
                return KnownIssuers(issuers=ISSUERS.parse(data), digest=digest_of(data))
            case "revocation":
                return self._lists(files)
            case _:
                return self._site_rules(files)

    def _lists(self, files: Files) -> Lists:
        cards_changes, companies_changes = (Changes.decode(files[f"{path}-changes"]) for path in (CARDS, COMPANY_LIST))
        bitmaps = {path: self._bitmap(path, files[path]) for path in (CARDS, COMPANY_LIST)}
        lists = Lists(
            cards=bitmaps[CARDS].merged(cards_changes),
            companies=bitmaps[COMPANY_LIST].merged(companies_changes),
            older_issued_at_s=min(cards_changes.issued_at_s, companies_changes.issued_at_s),
            newer_issued_at_s=max(cards_changes.issued_at_s, companies_changes.issued_at_s),
            number=cards_changes.number,
            digest=digest_of(*(part for each in (cards_changes, companies_changes) for part in _said(each))),
        )
        self._bitmaps = bitmaps
        return lists

    def _bitmap(self, path: str, data: bytes) -> Bitmap:
        kept = self._bitmaps.get(path)
        return kept if kept is not None and kept.sha256 == sha256(data).digest() else Bitmap(self._folder, data)

    def _site_rules(self, files: Files) -> SiteRules:
        policy = POLICY.parse(files[f"{self._here}policy.json"])
        tariffs = TARIFFS.parse(files[f"{self._here}tariffs.json"])
        visits = VISITS.parse(files[f"{self._here}visits.json"])
        companies = COMPANIES.parse(files[f"{self._here}companies.json"])
        for document in (policy, tariffs, visits, companies):
            if document.site != self._site:
                kind = type(document).__name__
                raise DocumentRefused(kind, (f"site: should be {self._site}, the gate's own, not {document.site}",))
        digest = digest_of(*(files[path] for path in sorted(files)))
        return SiteRules(policy=policy, tariffs=tariffs, visits=VisitBook(visits), companies=companies, digest=digest)


def _said(changes: Changes) -> tuple[bytes, bytes]:
    """What a list says, whenever it was issued."""
    return changes.of, cbor.encode(changes.changes)


def digest_of(*parts: bytes) -> bytes:
    """One hash of some contents, the same in every run; no copy is made of them, for they may be large."""
    return sha256(b"".join(sha256(part).digest() for part in parts)).digest()


def assembled(held: Mapping[str, Contents], versions: Mapping[str, int]) -> Rules | None:
    """The rules of the contents held by role, when all three roles of a site are there."""
    by_type = {type(contents): contents for contents in held.values()}
    match by_type.get(KnownIssuers), by_type.get(Lists), by_type.get(SiteRules):
        case KnownIssuers() as known, Lists() as lists, SiteRules() as site:
            return Rules(
                issuers=known.issuers,
                cards=lists.cards,
                companies=lists.companies,
                policy=site.policy,
                visits=site.visits,
                company_names=site.companies,
                tariffs=site.tariffs,
                lists_issued_at_s=lists.older_issued_at_s,
                list_number=lists.number,
                versions=versions,
                content_digest=digest_of(lists.digest, site.digest, known.digest),
            )
        case _:
            return None
