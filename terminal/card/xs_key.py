"""The XS-Key application on the chip, and the one function that reads a card at the gate.

Nothing a card does raises here: what it refuses, garbles or breaks off becomes meaning in one table, `meaning`.
"""

from dataclasses import dataclass, field
from typing import Literal

from terminal.card import credential as credential_file
from terminal.card import qualifications as qualifications_file
from terminal.card.apdu import (
    UID_BYTES,
    CardGarbled,
    CardRefused,
    Command,
    Status,
    WrongProof,
    exchange,
    read_uid,
)
from terminal.card.diversification import AID
from terminal.card.ev2 import Random, Session, authenticate_first
from terminal.card.keys import CardKeys, KeyNumber
from terminal.card.signed import Forged, framed
from terminal.core.credential import Qualifications
from terminal.core.issuers import Issuers
from terminal.core.presented import (
    Authentic,
    NoQualifications,
    NotAnXsKey,
    NotAuthentic,
    Presented,
    RandomUid,
    Unreadable,
)
from terminal.errors import CardError, ConfigurationError
from terminal.ports import CardTransport

RANDOM_UID_BYTES = 4
MAX_PIECE = 224


@dataclass(frozen=True, slots=True)
class File:
    """A file of the application: its size in bytes, and which keys may read, write, do both or change its settings."""

    number: int
    name: str
    kind: Literal["standard", "backup"]
    size: int
    read: KeyNumber
    write: KeyNumber
    read_write: KeyNumber
    change: KeyNumber = KeyNumber.APPLICATION


CREDENTIAL = File(1, "credential", "standard", 224, KeyNumber.READ, KeyNumber.APPLICATION, KeyNumber.APPLICATION)
QUALIFICATIONS = File(2, "qualifications", "standard", 640, KeyNumber.READ, KeyNumber.UPDATE, KeyNumber.UPDATE)
STAY = File(3, "stay", "backup", 48, KeyNumber.STAY, KeyNumber.STAY, KeyNumber.STAY)
TEMPLATE = File(4, "template", "standard", 2048, KeyNumber.TEMPLATE, KeyNumber.UPDATE, KeyNumber.UPDATE)
FILES = (CREDENTIAL, QUALIFICATIONS, STAY, TEMPLATE)


@dataclass(slots=True)
class Conversation:
    """A card in the field that holds our read key: what it is asked further is asked in this session."""

    session: Session = field(repr=False)
    uid: bytes = field(repr=False)


def read_card(
    card: CardTransport, keys: CardKeys, issuers: Issuers, now_s: float, *, trainings: bool, random: Random
) -> Presented:
    """Read the card in the field: four APDUs, and with `trainings` one more for each 224 bytes of qualifications.

    Blocks as long as `card` does. The UID is asked of the reader besides.
    """
    return converse(card, keys, issuers, now_s, trainings=trainings, random=random)[0]


def converse(
    card: CardTransport, keys: CardKeys, issuers: Issuers, now_s: float, *, trainings: bool, random: Random
) -> tuple[Presented, Conversation | None]:
    """As `read_card`; with an authentic card also the conversation, which may go on."""
    try:
        return _read(card, keys, issuers, now_s, trainings=trainings, random=random)
    except CardError as fault:
        return meaning(fault), None


def meaning(fault: CardError) -> Unreadable | NotAnXsKey | NotAuthentic:
    """What a failed conversation says of the card: the one table (design 3, "A tap, in APDUs")."""
    match fault:
        case CardRefused(command=Command.SELECT_APPLICATION):
            return NotAnXsKey(f"select-{fault.status:04x}")
        case CardRefused(
            command=Command.AUTHENTICATE_EV2_FIRST | Command.ADDITIONAL_FRAME,
            status=Status.NO_SUCH_KEY | Status.AUTHENTICATION_ERROR,
        ):
            return NotAuthentic(f"authenticate-{fault.status:04x}")
        case WrongProof():
            return NotAuthentic("proof")
        case Forged():
            return NotAuthentic(fault.detail)
        case CardRefused():
            return Unreadable(f"{fault.command.name.lower().replace('_', '-')}-{fault.status:04x}")
        case CardGarbled():
            return Unreadable(fault.detail)
        case _:
            return Unreadable("card-lost")


def select(card: CardTransport) -> None:
    """SelectApplication.

    Raises:
        CardRefused: the card has no XS-Key application.
        CardGarbled, CardLost.
    """
    if exchange(card, Command.SELECT_APPLICATION, AID):
        raise CardGarbled("length")


def read_piece(session: Session, file: File, offset: int, length: int) -> bytes:
    """ReadData of at most 224 bytes: what a short answer holds, encrypted and with its MAC.

    Raises:
        CardRefused, CardGarbled, CardLost.
    """
    header = bytes([file.number]) + offset.to_bytes(3, "little") + length.to_bytes(3, "little")
    data = session.full(Command.READ_DATA, header)
    if len(data) != length:
        raise CardGarbled("length")
    return data


def read_content(session: Session, file: File) -> bytes:
    """The content of a file with a length before it, in pieces; the first tells how many are needed.

    Raises:
        Forged: the length is larger than the file.
        CardRefused, CardGarbled, CardLost.
    """
    data = read_piece(session, file, 0, min(MAX_PIECE, file.size))
    end = 2 + int.from_bytes(data[:2])
    while len(data) < min(end, file.size):
        data += read_piece(session, file, len(data), min(MAX_PIECE, min(end, file.size) - len(data)))
    return framed(data, file.size - 2)


def _read(
    card: CardTransport, keys: CardKeys, issuers: Issuers, now_s: float, *, trainings: bool, random: Random
) -> tuple[Presented, Conversation | None]:
    uid = read_uid(card)
    select(card)  # first: phones and passports show random UIDs too, and are no XS-Keys
    if len(uid) == RANDOM_UID_BYTES:
        return RandomUid(), None
    if len(uid) != UID_BYTES:
        return Unreadable("uid-length"), None
    session, generation = _authenticate(card, keys, uid, random)
    credential = credential_file.verify(read_content(session, CREDENTIAL), uid, issuers, now_s)
    detail = "read-key-older" if generation else "read-key-newest"
    held: Qualifications | NoQualifications = NoQualifications.NOT_ASKED
    if trainings:
        try:
            content = read_content(session, QUALIFICATIONS)
            held = NoQualifications.NONE_ON_CARD
            if content:
                held = qualifications_file.verify(content, credential, issuers, now_s)
        except Forged as forged:
            return NotAuthentic(f"qualifications-{forged.detail}"), None
    return Authentic(credential, held, detail), Conversation(session, uid)


def _authenticate(card: CardTransport, keys: CardKeys, uid: bytes, random: Random) -> tuple[Session, int]:
    """Authenticate with the read key, newest generation first, the next one after 91AE; returns which it was too."""
    generations = keys.card_keys(KeyNumber.READ, uid)
    if not generations:
        raise ConfigurationError("no read key is held here, so no card can be read")
    for generation, key in enumerate(generations[:-1]):
        try:
            return authenticate_first(card, KeyNumber.READ, key, random), generation
        except CardRefused as refusal:
            if refusal.status != Status.AUTHENTICATION_ERROR:
                raise
    return authenticate_first(card, KeyNumber.READ, generations[-1], random), len(generations) - 1
