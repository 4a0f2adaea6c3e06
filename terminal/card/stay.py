"""The stay record, file 3: 48 bytes that let the exit price a stay with the line to the entry cut. Codec alone.

Integers are big-endian. The MAC is made with the key of the *site*, so a record of another site cannot be judged and
need not be: at entry it is overwritten.
"""

import hmac
import struct
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from terminal.card.ev2 import CardKey, truncate

RECORD_BYTES = 48
FORMAT = 1
BLANK = bytes(RECORD_BYTES)
_FIELDS = struct.Struct(">BBIBBQ4sQHHII")
_PASSENGER = 0x80
_STATE = 0x0F


class StayState(IntEnum):
    """Where the card was last seen."""

    NONE = 0
    INSIDE = 1
    LEFT = 2


class NoStay(StrEnum):
    """Why a card's record tells no stay of this site."""

    BLANK = "blank"
    OTHER_SITE = "other-site"
    FORGED = "forged"
    UNKNOWN_FORMAT = "unknown-format"


@dataclass(frozen=True, slots=True, kw_only=True)
class StayRecord:
    """A stay as the card remembers it.

    `entry_ms` is the entry tap in milliseconds since the epoch, `terminal_epoch` the first 4 bytes of that terminal's
    journal epoch and `sequence` the tap intent there. `exit_after_s` is the last exit tap in whole seconds after
    entry, 0 for none. `times_written` counts writes of this record, modulo 65536.
    """

    state: StayState
    passenger: bool
    site: int
    zone: int
    lane: int
    entry_ms: int
    terminal_epoch: bytes
    sequence: int
    times_written: int
    tariff: int
    exit_after_s: int
    charged_cents: int


def encode(record: StayRecord, uid: bytes, site_key: CardKey) -> bytes:
    """The 48 bytes of `record` on the card with this UID.

    Raises:
        ValueError: a number does not fit its field.
    """
    try:
        fields = _FIELDS.pack(
            FORMAT,
            record.state | (_PASSENGER if record.passenger else 0),
            record.site,
            record.zone,
            record.lane,
            record.entry_ms,
            record.terminal_epoch,
            record.sequence,
            record.times_written,
            record.tariff,
            record.exit_after_s,
            record.charged_cents,
        )
    except struct.error as error:
        raise ValueError(f"the stay does not fit the card's record: {error}") from None
    return fields + truncate(site_key.cmac(uid + fields))


def decode(data: bytes, uid: bytes, site: int, site_key: CardKey) -> StayRecord | NoStay:
    """What 48 bytes from the card with this UID tell at `site`. Never raises for anything a card can hold."""
    if data == BLANK:
        return NoStay.BLANK
    if len(data) != RECORD_BYTES or data[0] != FORMAT:
        return NoStay.UNKNOWN_FORMAT
    fields, mac = data[: _FIELDS.size], data[_FIELDS.size :]
    _, flags, site_on_card, zone, lane, entry_ms, epoch, sequence, written, tariff, exit_after_s, cents = (
        _FIELDS.unpack(fields)
    )
    if site_on_card != site:
        return NoStay.OTHER_SITE
    if not hmac.compare_digest(mac, truncate(site_key.cmac(uid + fields))):
        return NoStay.FORGED
    if flags & ~(_PASSENGER | _STATE) or flags & _STATE not in set(StayState):
        return NoStay.UNKNOWN_FORMAT
    return StayRecord(
        state=StayState(flags & _STATE),
        passenger=bool(flags & _PASSENGER),
        site=site_on_card,
        zone=zone,
        lane=lane,
        entry_ms=entry_ms,
        terminal_epoch=epoch,
        sequence=sequence,
        times_written=written,
        tariff=tariff,
        exit_after_s=exit_after_s,
        charged_cents=cents,
    )
