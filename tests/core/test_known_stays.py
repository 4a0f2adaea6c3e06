"""What headquarters tells of stays, by what may become of it on its way."""

from dataclasses import replace
from typing import Any

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.charge import MAX_CENTS, StayId
from terminal.core.command import key_id
from terminal.core.cose import parse, sign
from terminal.core.issuers import HeadquartersKey
from terminal.core.known_stays import (
    MAX_PAGE_BYTES,
    MAX_PAGES,
    MAX_STAYS_A_PAGE,
    NOTHING_KNOWN,
    Gathering,
    Page,
    StaysRefused,
    pages_of,
    read_page,
    who,
)
from terminal.core.paid_stay import StayTold

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
KEYS = [HeadquartersKey(name="x", key=KEY.public_key().public_bytes_raw().hex())]
SALT = bytes(range(16))
STAY = StayTold(stay=StayId(b"abcd", 7), inside=True, entered_ms=1_790_000_000_000, zone=1, lane=2, tariff=3)
FULL = replace(
    STAY,
    stay=StayId(b"abcd", (1 << 63) - 1),
    entered_ms=(1 << 63) - 1,
    zone=255,
    lane=255,
    tariff=65535,
    last_exit_ms=(1 << 63) - 1,
    charged_cents=MAX_CENTS,
    passenger=True,
    certain_until_ms=(1 << 63) - 1,
)


def card(number: int) -> bytes:
    return number.to_bytes(8)


def pages(count: int, *, number: int = 5, stay: StayTold = STAY, salt: bytes = SALT) -> list[Page]:
    stays = [(card(each), stay) for each in range(count)]
    return pages_of(stays, terminal="gate-1", number=number, issued_ms=9, salt=salt)


def read(data: bytes) -> Page:
    return read_page(data, terminal="gate-1", keys=KEYS)


def forged(changes: dict[int, Any], row: dict[int, Any] | None = None) -> bytes:
    """Signed by headquarters, with a value that no writer of ours puts there."""
    payload = cbor2.loads(parse(pages(1)[0].signed(KEY), MAX_PAGE_BYTES).payload) | changes
    for place, value in (row or {}).items():
        payload[7][0][place] = value
    return sign(cbor2.dumps(payload, canonical=True), key_id(KEY.public_key().public_bytes_raw()), KEY)


@pytest.mark.parametrize(
    "stay", [STAY, FULL, replace(STAY, inside=False, tariff=None, last_exit_ms=5, charged_cents=1)]
)
def test_stay_is_found_by_its_card_and_by_no_other(stay: StayTold) -> None:
    gathering = Gathering()
    page = read(pages(2, stay=stay)[0].signed(KEY))
    assert gathering.take(page)
    assert (gathering.known.of(card(0)), gathering.known.of(card(1)), gathering.known.of(card(2))) == (stay, stay, None)


def test_page_names_no_card_and_another_number_shows_nothing_of_who_stayed() -> None:
    one, other = pages(1)[0], pages(1, salt=bytes(16))[0]
    assert card(0) not in one.signed(KEY)
    assert not set(one.stays) & set(other.stays)
    assert set(one.stays) == {who(SALT, card(0))}


def test_largest_page_that_can_be_written_can_be_read() -> None:
    data = pages(MAX_STAYS_A_PAGE, stay=FULL)[0].signed(KEY)
    assert len(data) <= MAX_PAGE_BYTES
    assert len(read(data).stays) == MAX_STAYS_A_PAGE


def test_one_stay_more_begins_another_page_and_too_many_are_refused() -> None:
    assert [len(each.stays) for each in pages(MAX_STAYS_A_PAGE + 1)] == [MAX_STAYS_A_PAGE, 1]
    assert len(pages(MAX_PAGES * MAX_STAYS_A_PAGE)) == MAX_PAGES
    with pytest.raises(ValueError, match="more than"):
        pages(MAX_PAGES * MAX_STAYS_A_PAGE + 1)


def test_no_stays_are_told_by_one_page() -> None:
    gathering = Gathering()
    assert gathering.take(read(pages(1, number=4)[0].signed(KEY)))
    assert gathering.take(read(pages(0, number=5)[0].signed(KEY)))
    assert gathering.known.of(card(0)) is None


def test_page_that_somebody_else_signed() -> None:
    with pytest.raises(StaysRefused) as refused:
        read(pages(1)[0].signed(OTHER_KEY))
    assert refused.value.word == "not-signed"


def test_page_that_somebody_else_signed_in_headquarters_name() -> None:
    payload = parse(pages(1)[0].signed(KEY), MAX_PAGE_BYTES).payload
    with pytest.raises(StaysRefused) as refused:
        read(sign(payload, key_id(KEY.public_key().public_bytes_raw()), OTHER_KEY))
    assert refused.value.word == "not-signed"


def test_page_that_was_changed_on_its_way() -> None:
    signed = pages(1)[0].signed(KEY)
    changed = signed.replace(SALT, bytes(len(SALT)))
    assert changed != signed
    with pytest.raises(StaysRefused) as refused:
        read(changed)
    assert refused.value.word == "not-signed"


def test_page_for_another_terminal() -> None:
    with pytest.raises(StaysRefused) as refused:
        read_page(pages(1)[0].signed(KEY), terminal="gate-2", keys=KEYS)
    assert refused.value.word == "other-terminal"


@pytest.mark.parametrize(
    ("changes", "row"),
    [
        ({0: "xs/v1/command"}, {}),
        ({2: -1}, {}),
        ({2: True}, {}),
        ({3: 1 << 63}, {}),
        ({4: 1}, {}),
        ({4: 0, 5: 0}, {}),
        ({5: MAX_PAGES + 1}, {}),
        ({6: bytes(15)}, {}),
        ({8: 0}, {}),
        ({7: [[]]}, {}),
        ({}, {0: bytes(15)}),
        ({}, {1: bytes(5)}),
        ({}, {2: -1}),
        ({}, {3: 0}),
        ({}, {3: 3}),
        ({}, {5: 256}),
        ({}, {6: 256}),
        ({}, {7: 65536}),
        ({}, {8: -1}),
        ({}, {9: MAX_CENTS + 1}),
        ({}, {10: 1}),
        ({}, {11: "soon"}),
    ],
)
def test_page_out_of_its_form_is_not_understood_whoever_signed_it(changes: dict[int, Any], row: dict[int, Any]) -> None:
    with pytest.raises(StaysRefused) as refused:
        read(forged(changes, row))
    assert refused.value.word == "not-understood"


def test_page_with_one_stay_too_many_or_one_twice_is_not_understood() -> None:
    small = [bytes(4), 1, 1, 1, 1, 1, None, None, 0, False, None]
    rows = [[each.to_bytes(16), *small] for each in range(MAX_STAYS_A_PAGE + 1)]
    for wrong in (rows, [rows[0], rows[0]]):
        with pytest.raises(StaysRefused):
            read(forged({7: wrong}))
    assert len(read(forged({7: rows[:-1]})).stays) == MAX_STAYS_A_PAGE


def test_too_large_page_is_refused_before_anything_is_looked_at() -> None:
    with pytest.raises(StaysRefused) as refused:
        read(forged({7: [bytes(16)] * 1000}))
    assert "longer" in str(refused.value)


def test_values_out_of_bounds_are_not_signed() -> None:
    with pytest.raises(ValueError, match="bounds"):
        pages(1, stay=replace(STAY, zone=256))[0].signed(KEY)


def test_pages_count_when_all_of_them_have_come_in_any_order_and_twice() -> None:
    gathering = Gathering()
    assert gathering.take(pages(1, number=4)[0])
    first, second = pages(MAX_STAYS_A_PAGE + 1)
    assert [gathering.take(each) for each in (second, second)] == [False, False]
    assert gathering.known.number == 4
    assert gathering.take(first)
    assert (gathering.known.number, len(gathering.known.stays)) == (5, MAX_STAYS_A_PAGE + 1)
    assert gathering.take(second)
    assert gathering.known.number == 5


def test_older_number_after_a_newer_one_changes_nothing() -> None:
    gathering = Gathering()
    gathering.take(pages(1, number=6)[0])
    known = gathering.known
    with pytest.raises(StaysRefused) as refused:
        gathering.take(pages(2, number=5)[0])
    assert (refused.value.word, gathering.known) == ("old", known)


def test_newer_number_ends_the_wait_for_the_pages_of_an_older_one() -> None:
    gathering = Gathering()
    old = pages(MAX_STAYS_A_PAGE + 1, number=5)
    new = pages(MAX_STAYS_A_PAGE + 1, number=6)
    assert not gathering.take(old[0])
    assert not gathering.take(new[0])
    with pytest.raises(StaysRefused):
        gathering.take(old[1])
    assert gathering.known is NOTHING_KNOWN
    assert gathering.take(new[1])


def test_pages_of_two_numbers_do_not_make_a_whole() -> None:
    gathering = Gathering()
    assert not gathering.take(pages(MAX_STAYS_A_PAGE + 1, number=5)[0])
    assert not gathering.take(pages(MAX_STAYS_A_PAGE + 1, number=6)[1])
    assert gathering.known is NOTHING_KNOWN


def test_pages_of_one_number_that_do_not_belong_together() -> None:
    gathering = Gathering()
    assert not gathering.take(pages(MAX_STAYS_A_PAGE + 1)[0])
    with pytest.raises(StaysRefused):
        gathering.take(pages(MAX_STAYS_A_PAGE + 1, salt=bytes(16))[1])
