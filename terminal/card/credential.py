"""The credential of an XS-Key, file 1: from bytes to a believed `Credential`, and from a `Credential` to bytes.

The outer claims are exactly those of the profile; in the inner map an unknown key is ignored, so that issuers can say
more one day without shutting out older gates.
"""

import re
from enum import IntEnum

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.card.apdu import UID_BYTES
from terminal.card.signed import XS_CLAIM, Forged, claim, octets, open_signed, require_counting, unsigned
from terminal.core import cose
from terminal.core.cbor import Key, Value, encode
from terminal.core.credential import Credential, Product, ean_check_digit_ok
from terminal.core.issuers import Issuers, SignedKind

MAX_BYTES = 222
CARD_NUMBER_BYTES = 8
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")  # RFC 5646, its shape alone
MAX_LANGUAGE = 35

KIND: dict[Product, SignedKind] = {
    Product.CARGOCARD: "cargocard",
    Product.DSP: "dsp",
    Product.PORTKEY: "portkey",
}


class Claim(IntEnum):
    """Outer claims (RFC 8392)."""

    EXPIRY = 4
    NOT_BEFORE = 5
    CARD_NUMBER = 7
    XS_KEY = XS_CLAIM


class Inner(IntEnum):
    """Keys of the XS-Key map."""

    PRODUCT = 1
    EAN = 2
    PERSONAL_NUMBER = 3
    CARD_INDEX = 4
    COMPANY_INDEX = 5
    UID = 6
    LANGUAGE = 7


def verify(data: bytes, uid: bytes, issuers: Issuers, now_s: float) -> Credential:
    """The credential in `data`, believed for the chip with this UID at `now_s`. Dates are not judged here.

    Raises:
        Forged: it is not believed.
    """
    if not data:
        raise Forged("no-credential")
    claims, keys = open_signed(data, MAX_BYTES, issuers)
    if claims.keys() != set(Claim):
        raise Forged("claims")
    inner = claim(claims[Claim.XS_KEY], dict)
    if not inner.keys() >= set(Inner):
        raise Forged("claims")
    product = _product(inner[Inner.PRODUCT])
    require_counting(keys, KIND[product], now_s)
    if octets(inner[Inner.UID], UID_BYTES) != uid:
        raise Forged("other-chip")
    return Credential(
        key_id=bytes.fromhex(keys[0].id),
        card_number=octets(claims[Claim.CARD_NUMBER], CARD_NUMBER_BYTES),
        not_before=unsigned(claims[Claim.NOT_BEFORE]),
        expires=unsigned(claims[Claim.EXPIRY]),
        product=product,
        ean=_ean(inner[Inner.EAN]),
        personal_number=unsigned(inner[Inner.PERSONAL_NUMBER]),
        card_index=unsigned(inner[Inner.CARD_INDEX]),
        company_index=unsigned(inner[Inner.COMPANY_INDEX]),
        uid=uid,
        language=_language(inner[Inner.LANGUAGE]),
    )


def sign(credential: Credential, private_key: Ed25519PrivateKey) -> bytes:
    """The bytes of file 1 without their length, signed by the issuer key `credential.key_id`.

    Raises:
        ValueError: it takes more than 222 bytes.
    """
    inner: dict[Key, Value] = {
        Inner.PRODUCT.value: credential.product.value,
        Inner.EAN.value: credential.ean,
        Inner.PERSONAL_NUMBER.value: credential.personal_number,
        Inner.CARD_INDEX.value: credential.card_index,
        Inner.COMPANY_INDEX.value: credential.company_index,
        Inner.UID.value: credential.uid,
        Inner.LANGUAGE.value: credential.language,
    }
    claims: dict[Key, Value] = {
        Claim.EXPIRY.value: credential.expires,
        Claim.NOT_BEFORE.value: credential.not_before,
        Claim.CARD_NUMBER.value: credential.card_number,
        Claim.XS_KEY.value: inner,
    }
    signed = cose.sign(encode(claims), credential.key_id, private_key)
    if len(signed) > MAX_BYTES:
        raise ValueError(f"the credential takes {len(signed)} bytes; the card's file holds {MAX_BYTES}")
    return signed


def is_language(text: str) -> bool:
    """Tell whether `text` has the shape of a language tag (RFC 5646) of at most 35 characters."""
    return len(text) <= MAX_LANGUAGE and _LANGUAGE.fullmatch(text) is not None


def _product(value: object) -> Product:
    try:
        return Product(claim(value, int))
    except ValueError:
        raise Forged("product") from None


def _ean(value: object) -> int:
    ean = unsigned(value)
    if not ean_check_digit_ok(ean):
        raise Forged("ean")
    return ean


def _language(value: object) -> str:
    language = claim(value, str)
    if not is_language(language):
        raise Forged("claims")
    return language
