"""Revocation: what the status lists can say of a card or a company, and how old they are.

A list entry is two bits (IETF Token Status List). Entries that were never given out are 3, so that a forged index
never reads as valid.
"""

from enum import IntEnum
from typing import Protocol


class CardStatus(IntEnum):
    """Two bits of `revocation/cards`."""

    VALID = 0
    BLOCKED = 1
    SUSPENDED = 2
    NOT_ACTIVATED = 3


class CompanyStatus(IntEnum):
    """Two bits of `revocation/companies`."""

    VALID = 0
    ENDED = 1
    ARREARS = 2
    UNASSIGNED = 3


class StatusList(Protocol):
    """A verified status list with its changes merged; exists only verified."""

    def __len__(self) -> int:
        """How many entries the list has."""

    def status(self, index: int) -> int | None:
        """The two bits of entry `index`, or None past the end. Never blocks, never raises for an index >= 0."""
