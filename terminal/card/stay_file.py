"""The stay file of a card in the field: read it after the credential, write it while the card lies there.

Five APDUs on top of the four of a tap (design 3, "A tap, in APDUs"): AuthenticateEV2NonFirst with key 2, two halves;
ReadData; WriteData; CommitTransaction. Without the commit the card keeps the old record.
"""

import struct
from dataclasses import dataclass, field, replace

from terminal.card.apdu import CardRefused
from terminal.card.ev2 import CardKey, Random, Session, authenticate_non_first
from terminal.card.keys import CardKeys, KeyNumber
from terminal.card.personalise import commit
from terminal.card.personalise import write as write_data
from terminal.card.stay import FORMAT, RECORD_BYTES, NoStay, StayRecord, decode, encode
from terminal.card.xs_key import STAY, Conversation, read_piece
from terminal.errors import CardError

TIMES = 1 << 16
_TIMES_WRITTEN = struct.Struct(">28xH")


class NotWritten(CardError):
    """The card keeps the record it had."""


class Torn(CardError):
    """No answer to the commit came, or none that is believed: the record is the old one or the new one.

    The card tells when it comes back.
    """


@dataclass(frozen=True, slots=True)
class SiteRecords:
    """What a terminal needs for the stay records of its site: the site's number, and the key of their MACs."""

    site: int
    key: CardKey = field(repr=False)


@dataclass(slots=True)
class StayFile:
    """The stay file of the card in the field. `record` is what it told."""

    record: StayRecord | NoStay = field(repr=False)
    _times_written: int
    _session: Session = field(repr=False)
    _uid: bytes = field(repr=False)
    _records: SiteRecords = field(repr=False)

    @property
    def site(self) -> int:
        """Whose records are written."""
        return self._records.site

    def write(self, record: StayRecord) -> None:
        """Write `record`, counted as one write more than what stood there. Two APDUs; returns once it is committed.

        Raises:
            CardRefused: the card does not take it.
            NotWritten: the card went before it was told to commit, or its answer is not believed.
            Torn: nobody knows whether it is written.
        """
        counted = replace(record, times_written=(self._times_written + 1) % TIMES)
        try:
            write_data(self._session, STAY, 0, encode(counted, self._uid, self._records.key))
        except CardRefused:
            raise
        except CardError as fault:
            raise NotWritten(str(fault)) from fault
        try:
            commit(self._session)
        except CardRefused:
            raise
        except CardError as fault:
            raise Torn(str(fault)) from fault


def read_stay(conversation: Conversation, keys: CardKeys, records: SiteRecords, random: Random) -> StayFile:
    """Read the record: three APDUs.

    Raises:
        CardRefused: the card has no stay file, or another key for it.
        WrongProof, CardGarbled, CardLost.
    """
    key, *_ = keys.card_keys(KeyNumber.STAY, conversation.uid)
    session = authenticate_non_first(conversation.session, KeyNumber.STAY, key, random)
    data = read_piece(session, STAY, 0, RECORD_BYTES)
    (times,) = _TIMES_WRITTEN.unpack_from(data) if data[0] == FORMAT else (0,)
    record = decode(data, conversation.uid, records.site, records.key)
    return StayFile(record, times, session, conversation.uid, records)
