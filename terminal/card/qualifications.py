"""The qualifications of an XS-Key, file 2: read only where the site asks for trainings."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.card.apdu import UID_BYTES
from terminal.card.credential import CARD_NUMBER_BYTES
from terminal.card.signed import (
    EPOCH_DAY,
    XS_CLAIM,
    Forged,
    claim,
    day,
    octets,
    open_signed,
    require_counting,
    unsigned,
)
from terminal.core import cose
from terminal.core.cbor import Key, Value, encode
from terminal.core.credential import Credential, Qualifications, Training
from terminal.core.issuers import Issuers

MAX_BYTES = 638
MAX_CODE = 200
ISSUED_AT, CARD_NUMBER = 6, 7
TRAININGS, UID = 1, 6


def verify(data: bytes, credential: Credential, issuers: Issuers, now_s: float) -> Qualifications:
    """The qualifications in `data`, believed for the card with this credential at `now_s`.

    Raises:
        Forged: they are not believed.
    """
    claims, keys = open_signed(data, MAX_BYTES, issuers)
    require_counting(keys, "qualifications", now_s)
    if claims.keys() != {ISSUED_AT, CARD_NUMBER, XS_CLAIM}:
        raise Forged("claims")
    inner = claim(claims[XS_CLAIM], dict)
    if not inner.keys() >= {TRAININGS, UID}:
        raise Forged("claims")
    card_number = octets(claims[CARD_NUMBER], CARD_NUMBER_BYTES)
    if card_number != credential.card_number or octets(inner[UID], UID_BYTES) != credential.uid:
        raise Forged("other-card")
    return Qualifications(
        card_number=card_number,
        issued_at=unsigned(claims[ISSUED_AT]),
        uid=credential.uid,
        trainings=tuple(_training(item) for item in claim(inner[TRAININGS], list)),
    )


def sign(qualifications: Qualifications, key_id: bytes, private_key: Ed25519PrivateKey) -> bytes:
    """The bytes of file 2 without their length.

    Raises:
        ValueError: they take more than 638 bytes.
    """
    trainings: list[Value] = [[item.code, (item.last_valid_day - EPOCH_DAY).days] for item in qualifications.trainings]
    claims: dict[Key, Value] = {
        ISSUED_AT: qualifications.issued_at,
        CARD_NUMBER: qualifications.card_number,
        XS_CLAIM: {TRAININGS: trainings, UID: qualifications.uid},
    }
    signed = cose.sign(encode(claims), key_id, private_key)
    if len(signed) > MAX_BYTES:
        raise ValueError(f"the trainings take {len(signed)} bytes; the card's file holds {MAX_BYTES}")
    return signed


def _training(value: object) -> Training:
    match value:
        case [str(code), days] if 1 <= len(code) <= MAX_CODE:
            return Training(code, day(days))
        case _:
            raise Forged("claims")
