"""On what ground somebody is told of persons, who asked and who approved: checked, and written down before anything is.

Data of a customer's gate go to others only where that is needed for the assignment, with the customer's express
consent, or on a legal duty to answer an investigating or supervising authority of the Netherlands or Europe.
"""

from dataclasses import dataclass
from enum import StrEnum

from headquarters.database import Change, Database, note
from terminal.errors import ConfigurationError

MIN_WORDS, MAX_WORDS = 3, 100


class Ground(StrEnum):
    """Why somebody may be told."""

    ASSIGNMENT = "assignment"
    """It is needed for what the customer assigned."""
    CONSENT = "consent"
    """The customer consented expressly."""
    LEGAL_ORDER = "legal-order"
    """An authority asks on a legal duty to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """Ground, its reference (a case, a letter of consent), who asks, and the second person who approves."""

    ground: Ground
    reference: str | None
    requester: str
    approver: str

    def shown(self) -> str:
        """In one line, as it stands in the list of changes."""
        reference = "" if self.reference is None else f" ({self.reference})"
        return f"{self.ground}{reference}; asked by {self.requester}; approved by {self.approver}"


def disclosure(ground: str, reference: str | None, requester: str, approver: str, *, by: str) -> Disclosure:
    """What was said on the command line, as far as it may stand; `by` is who runs the command.

    Raises:
        ConfigurationError: something is missing, or the approver is no second person.
    """
    if ground not in set(Ground):
        raise ConfigurationError(f"--ground {ground or 'is missing'}: allowed are {', '.join(Ground)}")
    for name, words in (("requester", requester), ("approver", approver), ("reference", reference)):
        if words is not None and not (MIN_WORDS <= len(words.strip()) <= MAX_WORDS and words.isprintable()):
            raise ConfigurationError(f"--{name} wants {MIN_WORDS} to {MAX_WORDS} printable characters")
    if reference is None and ground != Ground.ASSIGNMENT:
        raise ConfigurationError(f"--ground {ground} wants a --reference: the order's, or that of the written consent")
    for other, whose in ((by, "runs this command (--by)"), (requester, "asks (--requester)")):
        if _same(approver, other):
            raise ConfigurationError(f"--approver {approver}: a second person approves, not the one who {whose}")
    return Disclosure(ground=Ground(ground), reference=reference, requester=requester, approver=approver)


def write_down(database: Database, change: Change, what: str, subject: str) -> None:
    """Put it into the list of changes; durable when it returns.

    Raises:
        StorageError: the database is at fault; then nobody is to be told anything.
    """
    with database.transaction() as connection:
        note(connection, change, what, subject)


def _same(one: str, other: str) -> bool:
    return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
