"""One stay as it is stored: named by HMACs, sealed with AES-GCM under a key of this terminal.

Whoever carries the box away without the key learns how many stays there were, not whose.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from terminal.core.cbor import Decoded, Value, decode_strict, encode
from terminal.core.charge import StayId
from terminal.core.paid_stay import Account
from terminal.core.stay import Stay
from terminal.errors import DocumentError, StorageError

KEY_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12


@dataclass(frozen=True, slots=True)
class Row:
    """One stay as it is stored; `closed_ms` is None while it is open. `holder` and `company` are HMACs."""

    holder: bytes
    company: bytes
    stay: Stay
    closed_ms: int | None = None

    def neutral(self) -> "Row":
        """The same, and it is not certain that he is inside."""
        return replace(self, stay=replace(self.stay, neutral=True))


class StayRows:
    """Names and seals rows, and opens them."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes], path: Path) -> None:
        """`key`: 32 bytes of this terminal's own that stand nowhere on this disk. `path`: of the database."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"the key of the stays is {KEY_BYTES} bytes")
        self._random_bytes = random_bytes
        self._path = path
        self._holder_key, self._company_key, sealing_key = (
            hmac.digest(key, b"xs/v1/stays/" + use, "sha256") for use in (b"holder", b"company", b"row")
        )
        self._aead = AESGCM(sealing_key)

    def holder(self, card_number: bytes) -> bytes:
        """By what a card is known."""
        return hmac.digest(self._holder_key, card_number, "sha256")[:TAG_BYTES]

    def company(self, ean: int) -> bytes:
        """By what an employer is known."""
        return hmac.digest(self._company_key, ean.to_bytes(8), "sha256")[:TAG_BYTES]

    def sealed(self, row: Row) -> bytes:
        """What is stored of a row beside its holder."""
        stay = row.stay
        plain = encode([2, row.company, stay.zone, stay.lane, stay.entered_ms, stay.intent, stay.passenger,
                        stay.neutral, row.closed_ms, _account(stay.account)])  # fmt: skip
        return self.seal(plain, row.holder)

    def opened(self, holder: bytes, sealed: bytes) -> Row:
        """The row behind it.

        Raises:
            StorageError: it does not open with this key, or is none.
        """
        match self.open(sealed, holder):
            case [1 | 2, bytes(company), int(zone), int(lane), int(entered_ms), int() | None as intent,
                  bool(passenger), bool(neutral), int() | None as closed_ms, *account] if len(account) < 2:  # fmt: skip
                stay = Stay(
                    zone=zone,
                    lane=lane,
                    entered_ms=entered_ms,
                    intent=intent,
                    passenger=passenger,
                    neutral=neutral,
                    account=_account_of(account[0]) if account else None,
                )
                return Row(holder, company, stay, closed_ms)
            case _:
                raise StorageError(
                    f"who is inside cannot be read from {self._path}: a row does not open with this terminal's key; put"
                    " the key back that it was written with"
                )

    def seal(self, plain: bytes, about: bytes) -> bytes:
        """Sealed for this terminal; `about` is what it stands beside."""
        nonce = self._random_bytes(NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, plain, about)

    def open(self, sealed: bytes, about: bytes) -> Decoded:
        """What `seal` sealed; None: it does not open."""
        try:
            return decode_strict(self._aead.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about))
        except (InvalidTag, ValueError, DocumentError):
            return None


def _account(account: Account | None) -> Value:
    if account is None:
        return None
    stay = account.stay
    return [
        [stay.epoch, stay.sequence] if stay else None,
        account.entered_ms,
        account.tariff,
        account.last_exit_ms,
        account.charged_cents,
    ]


def _account_of(value: Decoded) -> Account | None:
    match value:
        case [stay, int(entered_ms), int() | None as tariff, int() | None as last_exit_ms, int(charged_cents)]:
            return Account(
                stay=_stay_of(stay),
                entered_ms=entered_ms,
                tariff=tariff,
                last_exit_ms=last_exit_ms,
                charged_cents=charged_cents,
            )
        case _:
            return None


def _stay_of(value: Decoded) -> StayId | None:
    match value:
        case [bytes(epoch), int(sequence)]:
            return StayId(epoch, sequence)
        case _:
            return None
