"""`issuers.json`: whose signatures count, for what and how long, and the keys of headquarters itself."""

from dataclasses import dataclass
from typing import Annotated, Literal

from annotated_types import MaxLen, MinLen

from terminal.core.document import Document, Form, Instant, Text

SignedKind = Literal["cargocard", "dsp", "portkey", "qualifications"]


def _is_hex(length: int) -> Form:
    def is_hex(text: str) -> bool:
        return len(text) == 2 * length and all(digit in "0123456789abcdef" for digit in text)

    return Form(
        is_hex, f"should be {length} bytes in hexadecimal, {2 * length} digits 0-9 a-f", f"[0-9a-f]{{{2 * length}}}"
    )


KEY_ID_BYTES = 4
KeyId = Annotated[str, _is_hex(KEY_ID_BYTES)]
PublicKey = Annotated[str, _is_hex(32)]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuerKey(Document):
    """An Ed25519 key that signs credentials or qualifications; counts while `begins` <= now < `ends`."""

    id: KeyId
    key: PublicKey
    products: Annotated[tuple[SignedKind, ...], MinLen(1), MaxLen(4)]
    begins: Instant
    ends: Instant

    def counts(self, kind: SignedKind, now_s: float) -> bool:
        """Tell whether this key may sign `kind` at `now_s` (seconds since the epoch)."""
        return kind in self.products and self.begins.timestamp() <= now_s < self.ends.timestamp()


@dataclass(frozen=True, slots=True, kw_only=True)
class SealingKey(Document):
    """Headquarters' X25519 key to which the sealed part of a journal entry is encrypted (HPKE)."""

    id: KeyId
    key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadquartersKey(Document):
    """A named Ed25519 key of headquarters that signs acknowledgements or commands."""

    name: Text
    key: PublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuers(Document):
    """`issuers.json`. The first sealing key is the one in use; the others still open older entries."""

    issuers: Annotated[tuple[IssuerKey, ...], MinLen(1), MaxLen(64)]
    sealing: Annotated[tuple[SealingKey, ...], MinLen(1), MaxLen(8)]
    acknowledgements: Annotated[tuple[HeadquartersKey, ...], MaxLen(8)] = ()
    commands: Annotated[tuple[HeadquartersKey, ...], MaxLen(8)] = ()


def issuers_mistakes(document: Issuers) -> tuple[str, ...]:
    """What is wrong between the fields, a line each."""
    mistakes: list[str] = []
    for what, ids in (
        ("issuers: id", [key.id for key in document.issuers]),
        ("sealing: id", [key.id for key in document.sealing]),
        ("acknowledgements: name", [key.name for key in document.acknowledgements]),
        ("commands: name", [key.name for key in document.commands]),
    ):
        mistakes += [f"{what} {twice} is used twice" for twice in sorted({one for one in ids if ids.count(one) > 1})]
    mistakes += [
        f"issuers: key {key.id} ends at {key.ends.isoformat()}, not after its beginning {key.begins.isoformat()}"
        for key in document.issuers
        if key.ends <= key.begins
    ]
    return tuple(mistakes)
