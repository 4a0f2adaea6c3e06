"""Journal entries: kinds, record bytes and keys (design 7).

An entry is what a part of the gate wants to have written down; its sequence number, time and encoding are given by
whoever stores it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What an entry tells; the values stand in the records."""

    START = "start"
    TAP_INTENT = "tap-intent"
    TAP_OUTCOME = "tap-outcome"
    PASSAGE = "passage"
    STAY_OPENED = "stay-opened"
    STAY_CLOSED = "stay-closed"
    CHARGE = "charge"
    CREDIT = "credit"
    ORDER = "order"
    ALARM_RAISED = "alarm-raised"
    ALARM_ACKNOWLEDGED = "alarm-acknowledged"
    ALARM_CLEARED = "alarm-cleared"
    LIST_APPLIED = "list-applied"
    LEVEL_CHANGED = "level-changed"
    CONFIGURATION_CHANGED = "configuration-changed"
    INCIDENT = "incident"
    SUPPORT_ACCESS = "support-access"
    ERASURE = "erasure"
    CLOCK = "clock"
    EPOCH = "epoch"


@dataclass(frozen=True, slots=True)
class EntryKey:
    """The key of an entry everywhere: terminal name, 16-byte epoch, sequence number."""

    terminal: str
    epoch: bytes
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written down.

    `public` may be read by anybody on site: no XS-ID, no card number, no EAN. `card_number` is turned into the day's
    pseudonym by the store and written nowhere. `sealed` can be opened at headquarters only.
    """

    kind: Kind
    lane: int | None = None
    public: Mapping[str, Any] = field(default_factory=dict)
    card_number: bytes | None = None
    sealed: Mapping[str, Any] | None = None
