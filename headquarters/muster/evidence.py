"""What headquarters has to say who was inside: the entries of a site's terminals, and how complete they are.

Everything is read in one moment of the database, before any sealed part is opened.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from headquarters.database import Database, companies, sites
from headquarters.journal.epochs import Journal, ended, journals_of
from headquarters.journal.reading import StoredEntry, Wanted, chosen
from headquarters.keys import SealingPrivateKey
from headquarters.muster.inside import Answer, Person, Span, who_was_inside
from headquarters.muster.movements import Doubt, FireRelease, Movement, told_by
from headquarters.tables.journal import entries, terminals
from terminal.core.checkpoint import checkpoint_of
from terminal.core.instant import ClockQuality
from terminal.core.journal import Kind
from terminal.core.messages import decode_head
from terminal.core.policy import SitePolicy
from terminal.core.sealing import open_sealed
from terminal.core.signed_note import parse_note
from terminal.errors import ConfigurationError, DocumentError
from terminal.trust.documents import POLICY

SETTLED_WITHIN_MS = 24 * 3600 * 1000
"""How long after the end of the span an entry still tells what came of a tap in it."""
KINDS = (Kind.TAP_INTENT, Kind.TAP_OUTCOME, Kind.PASSAGE, Kind.ORDER, Kind.ALARM_RAISED, Kind.CLOCK)


@dataclass(frozen=True, slots=True)
class Gap:
    """In what respect a terminal's journal does not tell all of the span."""

    terminal: str
    what: str
    since_ms: int | None = None
    """It is known up to here only."""


@dataclass(slots=True)
class Evidence:
    """All that was read. `opened` counts the sealed parts that were opened since."""

    policy: SitePolicy
    movements: list[Movement] = field(default_factory=list)
    fires: list[FireRelease] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    """Companies by EAN."""
    opened: int = 0


def known_site(database: Database, site: int) -> SitePolicy:
    """The policy of a site.

    Raises:
        ConfigurationError: it is not registered.
    """
    with database.transaction(read_only=True) as connection:
        policy = connection.scalar(sa.select(sites.c.policy).where(sites.c.site == site))
    if policy is None:
        raise ConfigurationError(f"site {site} is not registered; site list shows those that are")
    return POLICY.parse(policy)


def read_evidence(database: Database, site: int, span: Span) -> Evidence:
    """Read what the journals of a site's terminals tell of a span; nothing sealed is opened.

    Raises:
        ConfigurationError: the site is not registered.
        StorageError: the database is at fault.
    """
    evidence = Evidence(known_site(database, site))
    with database.transaction(read_only=True) as connection:
        in_use = terminals.c.retired_at.is_(None) | (terminals.c.retired_at * 1000 >= span.read_from_ms)
        query = sa.select(terminals.c.terminal).where((terminals.c.site == site) & in_use)
        of_site = connection.scalars(query.order_by(terminals.c.terminal)).all()
        for terminal in of_site:
            journals = list(journals_of(connection, terminal).values())
            evidence.gaps += _gaps(connection, terminal, journals, span)
            for journal in journals:
                _read(connection, evidence, journal, span)
        if not of_site:
            evidence.gaps.append(Gap("-", "the site has no terminal"))
        rows = connection.execute(sa.select(companies.c.ean, companies.c.name))
        evidence.names = {ean: name for ean, name in rows}  # noqa: C416  rows are no pairs to the type checker
    return evidence


def answered(evidence: Evidence, span: Span, sealing: SealingPrivateKey) -> Answer:
    """Open who made each movement, and work out who was inside."""
    key = X25519PrivateKey.from_private_bytes(sealing.seed)

    def opened(movement: Movement) -> Person | str:
        tap = movement.tap
        if tap.sealed is None:
            return (
                "who was erased, or never came"
                if tap.record.sealed_sha256 is not None
                else "who was not read off a card"
            )
        try:
            plain = open_sealed(tap.sealed, tap.key, {sealing.id: key})
        except DocumentError as error:
            return f"who cannot be opened: {error}"
        evidence.opened += 1
        match plain:
            case {"ean": int(ean), "person": int(person), "card": bytes(card)}:
                return Person(f"{ean:013}", person, card)
            case _:
                return "who does not stand in the sealed part"

    def zone_of(lane: int | None) -> int | None:
        rules = None if lane is None else evidence.policy.lane(lane)
        return None if rules is None else rules.zone

    answer = who_was_inside(span, evidence.movements, evidence.fires, zone_of, opened)
    return Answer(answer.stays, (*answer.doubts, *evidence.doubts))


def _read(connection: sa.Connection, evidence: Evidence, journal: Journal, span: Span) -> None:
    wanted = Wanted(begins_ms=span.read_from_ms, ends_ms=span.ends_ms + SETTLED_WITHIN_MS)
    query = chosen(wanted).where(entries.c.epoch_id == journal.epoch_id, entries.c.kind.in_(KINDS))
    found = tuple(StoredEntry.of(row) for row in connection.execute(query.order_by(entries.c.sequence)))
    told = told_by(found, span.ends_ms - 1)
    evidence.movements += told.movements
    evidence.fires += told.fires
    evidence.doubts += told.doubts
    evidence.gaps += [Gap(journal.terminal, what) for what in _remarks(found, span)]


def _remarks(found: Sequence[StoredEntry], span: Span) -> list[str]:
    within = [each for each in found if each.record.time.ms < span.ends_ms]
    remarks = []
    if unproven := sum(not each.proven for each in within):
        remarks.append(f"{unproven} of the entries are not proven yet")
    if doubtful := sum(each.record.time.quality is not ClockQuality.GOOD for each in within):
        remarks.append(f"its clock was doubtful in {doubtful} of the entries, so times may be wrong")
    if jumps := sum(each.record.kind is Kind.CLOCK and "jump_ms" in each.record.public for each in within):
        remarks.append(f"its clock jumped {jumps} times, so times may be wrong")
    return remarks


def _gaps(connection: sa.Connection, terminal: str, journals: Sequence[Journal], span: Span) -> list[Gap]:
    if not journals:
        return [Gap(terminal, "nothing of its journal ever came")]
    gaps: list[Gap] = []
    over = ended(journals)
    for journal in journals:
        name = f"epoch {journal.epoch.hex()[:8]}"
        if journal.forked_at is not None:
            gaps.append(
                Gap(terminal, f"its journal contradicts itself (fork, {name}); what contradicts is not in this")
            )
        had = next((size for each, size in over if each is journal), journal.largest_size)
        if journal.size < had:
            lost = "are lost or have" if any(each is journal for each, _ in over) else "have"
            gaps.append(
                Gap(terminal, f"not all entries from {journal.size} to {had - 1} have come ({lost} not, {name})")
            )
    current = next((each for each in journals if not any(each is old for old, _ in over)), journals[-1])
    known_until_ms = _known_until_ms(connection, current)
    if known_until_ms < span.ends_ms:
        gaps.append(Gap(terminal, "its journal is not known up to the end of the span", known_until_ms))
    return gaps


def _known_until_ms(connection: sa.Connection, journal: Journal) -> int:
    """Up to when all is here: the newest head's time where nothing is missing, else that of the last proven entry."""
    if journal.head is not None:
        head = decode_head(journal.head)
        if checkpoint_of(parse_note(head.checkpoint)).size <= journal.size:
            return head.time_ms
    proven = (entries.c.epoch_id == journal.epoch_id) & (entries.c.sequence < journal.size)
    last: int | None = connection.scalar(
        sa.select(entries.c.time_ms).where(proven).order_by(entries.c.sequence.desc()).limit(1)
    )
    return last or 0
