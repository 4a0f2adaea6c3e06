"""What headquarters tells a terminal of the stays of its site (design 6, 'Stays'; docs/mqtt.cddl).

A COSE_Sign1 (Ed25519) over deterministic CBOR, in pages that share one number. It lies at a broker that nobody trusts:
so it names its terminal, has a number that only grows, and names no card. Who a stay is of is said by a keyed hash,
under a salt that is another with each number: only who holds the card's number finds it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hmac import digest
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.cbor import CborRefused, Decoded, Value, decode_strict, encode
from terminal.core.charge import EPOCH_PREFIX_BYTES, MAX_CENTS, StayId
from terminal.core.command import key_id
from terminal.core.cose import CoseRefused, parse, sign
from terminal.core.issuers import HeadquartersKey
from terminal.core.merkle import MAX_SIZE
from terminal.core.paid_stay import StayTold
from terminal.errors import DocumentError

PURPOSE = "xs/v1/stays"
MAX_PAGE_BYTES = 11 * 1024
"""In base64 within a packet of the gate's socket."""
MAX_STAYS_A_PAGE = 140
MAX_PAGES = 256
SALT_BYTES = 16
WHO_BYTES = 16
INSIDE, LEFT = 1, 2
"""As in the card's record."""
MAX_ZONE, MAX_LANE, MAX_TARIFF = 0xFF, 0xFF, 0xFFFF

Word: TypeAlias = Literal["not-understood", "not-signed", "other-terminal", "old"]


class StaysRefused(DocumentError):
    """What was known before stays. `word` stays the same for ever; the text is for a person."""

    def __init__(self, word: Word, message: str) -> None:
        super().__init__(message)
        self.word: Word = word


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Page `page`, from 0, of `pages`. Each stay under whose it is: `who` of a card's number, with this `salt`."""

    terminal: str
    number: int
    issued_ms: int
    page: int
    pages: int
    salt: bytes
    stays: Mapping[bytes, StayTold] = field(repr=False)

    def signed(self, key: Ed25519PrivateKey) -> bytes:
        """The bytes that are sent.

        Raises:
            ValueError: too many stays, or a value out of its bounds.
        """
        payload: Value = {
            0: PURPOSE,
            1: self.terminal,
            2: self.number,
            3: self.issued_ms,
            4: self.page,
            5: self.pages,
            6: self.salt,
            7: [_row(whose, stay) for whose, stay in sorted(self.stays.items())],
        }
        encoded = encode(payload)
        if _page(decode_strict(encoded, MAX_PAGE_BYTES)) is None:
            raise ValueError("no page of stays: a value is out of its bounds")
        return sign(encoded, key_id(key.public_key().public_bytes_raw()), key)


def who(salt: bytes, card_number: bytes) -> bytes:
    """Whose a stay is, for whoever has the number of his card."""
    return digest(salt, card_number, "sha256")[:WHO_BYTES]


def pages_of(
    stays: Iterable[tuple[bytes, StayTold]], *, terminal: str, number: int, issued_ms: int, salt: bytes
) -> list[Page]:
    """The pages that tell these stays, each with its card's number; one page at least. Of a card the last one counts.

    Raises:
        ValueError: more than `MAX_PAGES` hold.
    """
    told = sorted({who(salt, card_number): stay for card_number, stay in stays}.items())
    chunks = [told[at : at + MAX_STAYS_A_PAGE] for at in range(0, len(told), MAX_STAYS_A_PAGE)] or [[]]
    if len(chunks) > MAX_PAGES:
        raise ValueError(f"{len(told)} stays are more than {MAX_PAGES * MAX_STAYS_A_PAGE}")
    return [
        Page(
            terminal=terminal,
            number=number,
            issued_ms=issued_ms,
            page=at,
            pages=len(chunks),
            salt=salt,
            stays=dict(chunk),
        )
        for at, chunk in enumerate(chunks)
    ]


def read_page(data: bytes, *, terminal: str, keys: Sequence[HeadquartersKey]) -> Page:
    """Read a page, and believe it.

    Raises:
        StaysRefused: not a page for this terminal that one of `keys` signed.
    """
    try:
        signed = parse(data, MAX_PAGE_BYTES)
    except CoseRefused as error:
        raise StaysRefused("not-understood", f"no page of stays: {error}") from None
    public_keys = (bytes.fromhex(each.key) for each in keys)
    if not any(key_id(each) == signed.key_id and signed.verified_by(each) for each in public_keys):
        raise StaysRefused("not-signed", "no key for commands that issuers.json names has signed these stays")
    try:
        page = _page(decode_strict(signed.payload, MAX_PAGE_BYTES))
    except CborRefused as error:
        raise StaysRefused("not-understood", f"no page of stays: {error}") from None
    if page is None:
        raise StaysRefused("not-understood", "no page of stays: its fields are not those of one")
    if page.terminal != terminal:
        raise StaysRefused("other-terminal", f"these stays are for {page.terminal}, this is {terminal}")
    return page


@dataclass(frozen=True, slots=True)
class Known:
    """All stays of one number."""

    number: int
    issued_ms: int
    salt: bytes = b""
    stays: Mapping[bytes, StayTold] = field(default_factory=dict, repr=False)

    def of(self, card_number: bytes) -> StayTold | None:
        """What headquarters says of the newest stay of this card; None: it knows none."""
        return self.stays.get(who(self.salt, card_number)) if self.stays else None


NOTHING_KNOWN = Known(-1, 0)


class Gathering:
    """Brings the pages of a number together; belongs to one thread at a time. `known` is the last whole one."""

    def __init__(self) -> None:
        self.known = NOTHING_KNOWN
        self._pages: dict[int, Page] = {}

    def take(self, page: Page) -> bool:
        """Tell whether `known` is of this page's number now: all its pages have come.

        Raises:
            StaysRefused: a newer number is known, or has begun to come; or it is no page beside the others.
        """
        first = next(iter(self._pages.values()), None)
        newest = self.known.number if first is None else first.number
        if page.number < newest:
            raise StaysRefused("old", f"stays number {page.number}; number {newest} has come before")
        if page.number == self.known.number:
            return True
        if first is not None and page.number == first.number and _shared(page) != _shared(first):
            raise StaysRefused("not-understood", f"stays number {page.number} have come with other pages")
        if first is None or page.number > first.number:
            self._pages = {}
        self._pages[page.page] = page
        if len(self._pages) < page.pages:
            return False
        stays = {whose: stay for each in self._pages.values() for whose, stay in each.stays.items()}
        self.known = Known(page.number, page.issued_ms, page.salt, stays)
        self._pages = {}
        return True


def _shared(page: Page) -> tuple[int, int, bytes]:
    return page.issued_ms, page.pages, page.salt


def _row(whose: bytes, stay: StayTold) -> list[Value]:
    return [
        whose,
        stay.stay.epoch,
        stay.stay.sequence,
        INSIDE if stay.inside else LEFT,
        stay.entered_ms,
        stay.zone,
        stay.lane,
        stay.tariff,
        stay.last_exit_ms,
        stay.charged_cents,
        stay.passenger,
        stay.certain_until_ms,
    ]


def _page(value: Decoded) -> Page | None:
    match value:
        case {
            0: str(purpose),
            1: str(terminal),
            2: int(number),
            3: int(issued_ms),
            4: int(page),
            5: int(pages),
            6: bytes(salt),
            7: list(rows),
            **more,
        } if (
            purpose == PURPOSE
            and not more
            and _is_number(number, MAX_SIZE - 1)
            and _is_number(issued_ms, MAX_SIZE - 1)
            and _is_number(pages, MAX_PAGES)
            and _is_number(page, pages - 1)
            and len(salt) == SALT_BYTES
            and len(rows) <= MAX_STAYS_A_PAGE
        ):
            stays = dict(read for row in rows if (read := _read_row(row)) is not None)
            if len(stays) == len(rows):
                return Page(
                    terminal=terminal,
                    number=number,
                    issued_ms=issued_ms,
                    page=page,
                    pages=pages,
                    salt=salt,
                    stays=stays,
                )
    return None


def _read_row(row: Decoded) -> tuple[bytes, StayTold] | None:
    match row:
        case [
            bytes(whose), bytes(epoch), int(sequence), int(state), int(entered_ms), int(zone), int(lane),
            (None | int()) as tariff, (None | int()) as last_exit_ms, int(charged_cents), bool(passenger),
            (None | int()) as certain_until_ms,
        ] if (
            len(whose) == WHO_BYTES
            and len(epoch) == EPOCH_PREFIX_BYTES
            and state in (INSIDE, LEFT)
            and all(
                each is None or _is_number(each, most)
                for each, most in (
                    (sequence, MAX_SIZE - 1), (state, LEFT), (entered_ms, MAX_SIZE - 1), (zone, MAX_ZONE),
                    (lane, MAX_LANE), (tariff, MAX_TARIFF), (last_exit_ms, MAX_SIZE - 1), (charged_cents, MAX_CENTS),
                    (certain_until_ms, MAX_SIZE - 1),
                )
            )
        ):  # fmt: skip
            return whose, StayTold(
                stay=StayId(epoch, sequence),
                inside=state == INSIDE,
                entered_ms=entered_ms,
                zone=zone,
                lane=lane,
                tariff=tariff,
                last_exit_ms=last_exit_ms,
                charged_cents=charged_cents,
                passenger=passenger,
                certain_until_ms=certain_until_ms,
            )
    return None


def _is_number(value: int, most: int) -> bool:
    return not isinstance(value, bool) and 0 <= value <= most
