"""What credential and qualifications share: a signature by an issuer whose key counts, and strict maps in it."""

from datetime import date, timedelta
from typing import TypeVar

from terminal.core.cbor import CborRefused, Decoded, decode_strict
from terminal.core.cose import CoseRefused, parse
from terminal.core.issuers import IssuerKey, Issuers, SignedKind
from terminal.errors import CardError

XS_CLAIM = -65537
EPOCH_DAY = date(1970, 1, 1)
LAST_DAY = (date.max - EPOCH_DAY).days

_T = TypeVar("_T")
Map = dict[int | str | bytes, Decoded]


class Forged(CardError):
    """What lies on the card was not signed by an issuer whose key counts, for this chip, in our form.

    `detail` is the machine word for the journal.
    """

    def __init__(self, detail: str) -> None:
        super().__init__(f"what lies on the card is not authentic: {detail}")
        self.detail = detail


def framed(data: bytes, max_bytes: int) -> bytes:
    """The content of a file's image: two bytes of length and that many bytes, at most `max_bytes`.

    Raises:
        Forged: the length says more.
    """
    length = int.from_bytes(data[:2])
    if length > min(max_bytes, len(data) - 2):
        raise Forged("length")
    return data[2 : 2 + length]


def open_signed(data: bytes, max_bytes: int, issuers: Issuers) -> tuple[Map, tuple[IssuerKey, ...]]:
    """The claims of a COSE_Sign1 and the issuer keys that verify it; which of them counts, the claims decide.

    Nothing in the payload is read before its signature was found right.

    Raises:
        Forged
    """
    try:
        signed = parse(data, max_bytes)
    except CoseRefused:
        raise Forged("cose") from None
    named = [key for key in issuers.issuers if key.id == signed.key_id.hex()]
    if not named:
        raise Forged("issuer-unknown")
    holding = tuple(key for key in named if signed.verified_by(bytes.fromhex(key.key)))
    if not holding:
        raise Forged("signature")
    try:
        claims = decode_strict(signed.payload)
    except CborRefused:
        raise Forged("claims") from None
    return claim(claims, dict), holding


def require_counting(keys: tuple[IssuerKey, ...], kind: SignedKind, now_s: float) -> None:
    """Pass when one of `keys` may sign `kind` now.

    Raises:
        Forged
    """
    if not any(key.counts(kind, now_s) for key in keys):
        raise Forged("issuer-not-entitled")


def claim(value: object, kind: type[_T]) -> _T:
    """`value`, when it is of exactly this type; a boolean is no integer here.

    Raises:
        Forged
    """
    if type(value) is not kind:
        raise Forged("claims")
    return value


def unsigned(value: object) -> int:
    """`value`, when it is an integer of 0 or more.

    Raises:
        Forged
    """
    number = claim(value, int)
    if number < 0:
        raise Forged("claims")
    return number


def octets(value: object, length: int) -> bytes:
    """`value`, when it is a byte string of this length.

    Raises:
        Forged
    """
    string = claim(value, bytes)
    if len(string) != length:
        raise Forged("claims")
    return string


def day(value: object) -> date:
    """The day that lies `value` days after 1970-01-01.

    Raises:
        Forged
    """
    days = unsigned(value)
    if days > LAST_DAY:
        raise Forged("claims")
    return EPOCH_DAY + timedelta(days)
