"""Virtual chips as an issuer left them, and a transport that speaks to one without any reader between.

The chips are made straight in their EEPROM, by the virtual card's own cryptography: the terminal's personalisation has
tests of its own.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import count

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from simulation.card import ATR, Application, DataFile, DesfireChip, Eeprom, FileType, Key
from simulation.card.session import CommMode
from simulation.vpcd import InsertedCard, PulledAway
from terminal.card import credential, qualifications
from terminal.card.diversification import card_key_input, diversify
from terminal.card.keys import KeyNumber, MasterKeys
from terminal.core.credential import Credential, Product, Qualifications, Training
from terminal.core.issuers import IssuerKey, Issuers, SealingKey, SignedKind
from terminal.ports import CardLost

AID = bytes.fromhex("58534B")
UID = bytes.fromhex("04A1B2C3D4E5F6")
OTHER_UID = bytes.fromhex("04010203040506")
NOW_S = datetime(2026, 9, 15, 12, 0, tzinfo=UTC).timestamp()
KEY_ID = bytes.fromhex("0a0b0c0d")
ISSUER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
READ_NEW, READ_OLD = b"read key, newest", b"read key, older."
MASTERS = {
    KeyNumber.APPLICATION: (b"application key.",),
    KeyNumber.READ: (READ_NEW, READ_OLD),
    KeyNumber.STAY: (b"stay key, 16 by.",),
    KeyNumber.UPDATE: (b"update key, 16 b",),
    KeyNumber.TEMPLATE: (b"template key, 16",),
}
KEYS = MasterKeys({KeyNumber.READ: MASTERS[KeyNumber.READ]})
ALL_KINDS: tuple[SignedKind, ...] = ("cargocard", "dsp", "portkey", "qualifications")

ANNA = Credential(
    key_id=KEY_ID,
    card_number=bytes.fromhex("1122334455667788"),
    not_before=int(NOW_S) - 86400,
    expires=int(NOW_S) + 86400,
    product=Product.CARGOCARD,
    ean=8712345000004,
    personal_number=4711,
    card_index=17,
    company_index=3,
    uid=UID,
    language="nl",
)
TRAININGS = Qualifications(
    card_number=ANNA.card_number,
    issued_at=int(NOW_S) - 3600,
    uid=UID,
    trainings=(Training("VCA-B", date(2027, 1, 31)), Training("GATE-4711", date(2026, 12, 24))),
)
MANY_TRAININGS = replace(
    TRAININGS, trainings=tuple(Training(f"SITE-{number:04}", date(2026, 12, 24)) for number in range(30))
)


def issuers(
    *kinds: SignedKind,
    key: Ed25519PrivateKey = ISSUER,
    key_id: bytes = KEY_ID,
    begins: datetime = datetime(2026, 1, 1, tzinfo=UTC),
    ends: datetime = datetime(2027, 1, 1, tzinfo=UTC),
) -> Issuers:
    """An `issuers.json` with one issuer key, for all kinds unless some are named."""
    public = key.public_key().public_bytes_raw().hex()
    issuer = IssuerKey(id=key_id.hex(), key=public, products=kinds or ALL_KINDS, begins=begins, ends=ends)
    return Issuers(issuers=(issuer,), sealing=(SealingKey(id="00000000", key="00" * 32),))


def counting() -> Callable[[int], bytes]:
    """Random numbers that are the same in every run."""
    counter = count(1)
    return lambda length: (next(counter) * 0x9E3779B97F4A7C15).to_bytes(length + 9)[-length:]


def image(content: bytes, size: int) -> bytes:
    """A file with its length before `content` and zeros behind."""
    return (len(content).to_bytes(2) + content).ljust(size, b"\x00")


def issued_chip(
    file_1: bytes | None = None, file_2: bytes = b"", *, uid: bytes = UID, read_master: bytes = READ_NEW
) -> DesfireChip:
    """A personalised chip; `file_1` and `file_2` are whole images or contents, anna's credential by default."""
    masters = [MASTERS[number][0] for number in KeyNumber]
    masters[KeyNumber.READ] = read_master
    keys = [Key(diversify(master, card_key_input(uid, number)), 1) for number, master in enumerate(masters)]
    content = credential.sign(ANNA, ISSUER) if file_1 is None else file_1
    files = {
        1: DataFile(FileType.STANDARD, CommMode.FULL, 0x1000, _image(content, 224)),
        2: DataFile(FileType.STANDARD, CommMode.FULL, 0x1330, _image(file_2, 640)),
        3: DataFile(FileType.BACKUP, CommMode.FULL, 0x2220, bytes(48)),
        4: DataFile(FileType.STANDARD, CommMode.FULL, 0x4330, _image(b"", 2048)),
    }
    eeprom = Eeprom(uid=uid, applications={AID: Application(0x09, keys, files)})
    return DesfireChip(eeprom, random=counting())


def with_trainings(trainings: Qualifications = TRAININGS, key: Ed25519PrivateKey = ISSUER) -> DesfireChip:
    """Anna's card with qualifications."""
    return issued_chip(None, qualifications.sign(trainings, KEY_ID, key))


def _image(content: bytes, size: int) -> bytes:
    return content if len(content) == size else image(content, size)


class Held:
    """A card held to an ideal reader, which powers it up: a `CardTransport`. `sent` keeps all APDUs but the UID's."""

    def __init__(self, card: InsertedCard) -> None:
        self.card: InsertedCard | None = card
        self.sent: list[bytes] = []
        card.power_on()

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        if self.card is None:
            raise CardLost("pulled away")
        if apdu[0] != 0xFF:
            self.sent.append(apdu)
        try:
            answer = self.card.apdu(apdu)
        except PulledAway as pulled:
            answer, self.card = pulled.answer, None
        if answer is None:
            raise CardLost("no answer")
        return answer[:-2], int.from_bytes(answer[-2:])


class Says:
    """Some card that answers every APDU as `answer` does; a chip to the reader like any other."""

    atr = ATR

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        self.apdu = answer

    def power_on(self) -> None:
        """Nothing to do."""

    power_off = reset = power_on
