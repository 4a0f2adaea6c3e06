"""What headquarters tells of stays, over the gate's socket: believed of headquarters alone, kept until told anew."""

from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from terminal.core.charge import StayId
from terminal.core.issuers import HeadquartersKey
from terminal.core.known_stays import MAX_PAGE_BYTES, MAX_STAYS_A_PAGE, Page, pages_of
from terminal.core.paid_stay import StayTold
from terminal.edges.local_packets import MAX_PACKET_BYTES
from terminal.gate.requests import ACKNOWLEDGEMENTS_A_MINUTE
from terminal.knowing_stays import MAX_PAGE_LETTERS
from terminal.ports import KnownStays
from tests.orders.rig import GUARD_UID, OWN_UID, Lanes
from tests.storage.past import OFFICE, STRANGER
from tests.storage.support import TERMINAL

KEY = HeadquartersKey(name="xs-headquarters/command", key=OFFICE.public_key().public_bytes_raw().hex())
STAY = StayTold(stay=StayId(b"abcd", 7), inside=True, entered_ms=1_790_000_000_000, zone=1, lane=2, tariff=3)
CARD = bytes(8)


@pytest.fixture
def lanes(tmp_path: Path) -> Iterator[Lanes]:
    with Lanes(tmp_path) as lanes:
        lanes.command_keys = (KEY,)
        yield lanes


def pages(count: int = 1, *, number: int = 5, terminal: str = TERMINAL) -> list[Page]:
    stays = [(each.to_bytes(8), STAY) for each in range(count)]
    return pages_of(stays, terminal=terminal, number=number, issued_ms=9, salt=bytes(16))


def give(lanes: Lanes, page: Page | bytes, uid: int = OWN_UID) -> dict[str, Any]:
    data = page.signed(OFFICE) if isinstance(page, Page) else page
    return lanes.requests.answer(uid, {"version": 1, "ask": "stays", "page": b64encode(data).decode()})


def known(lanes: Lanes) -> StayTold | None:
    offered: KnownStays = lanes.known_stays
    return offered.of(CARD)


def test_stay_is_known_once_all_pages_have_come(lanes: Lanes) -> None:
    first, second = pages(MAX_STAYS_A_PAGE + 1)
    assert give(lanes, second) == {"version": 1, "result": "gathered", "number": 5}
    assert known(lanes) is None
    assert give(lanes, first) == {"version": 1, "result": "known", "number": 5}
    assert (known(lanes), lanes.known_stays.of(MAX_STAYS_A_PAGE.to_bytes(8))) == (STAY, STAY)


def test_same_page_handed_over_again_changes_nothing(lanes: Lanes) -> None:
    give(lanes, pages()[0])
    assert give(lanes, pages()[0])["result"] == "known"
    assert known(lanes) == STAY


def test_stay_that_is_not_told_any_more_is_not_known_any_more(lanes: Lanes) -> None:
    give(lanes, pages()[0])
    give(lanes, pages(0, number=6)[0])
    assert known(lanes) is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (pages(0, number=6)[0].signed(STRANGER), "not-signed"),
        (pages(0, number=4)[0], "old"),
        (pages(0, number=6, terminal="gate-9")[0], "other-terminal"),
        (b"nothing", "not-understood"),
    ],
)
def test_what_is_not_headquarters_newest_word_to_this_gate_leaves_the_last_good_one(
    lanes: Lanes, body: Page | bytes, why: str
) -> None:
    give(lanes, pages()[0])
    with capture_logs() as logs:
        assert [give(lanes, body)["why"] for _ in range(3)] == [why] * 3
    assert known(lanes) == STAY
    assert [each["event"] for each in logs] == [f"stays-{why}"]


def test_no_rules_in_force_is_no_refusal_for_ever(lanes: Lanes) -> None:
    lanes.command_keys = ()
    assert give(lanes, pages()[0])["why"] == "no-keys"
    lanes.command_keys = (KEY,)
    assert give(lanes, pages()[0])["result"] == "known"


def test_largest_page_fits_a_packet_and_a_longer_one_is_no_request(lanes: Lanes) -> None:
    request = {"version": 1, "ask": "stays", "id": 64 * "x", "page": MAX_PAGE_LETTERS * "A"}
    assert len(str(request)) <= MAX_PACKET_BYTES
    assert lanes.requests.answer(OWN_UID, request)["result"] == "ignored"
    assert give(lanes, bytes(MAX_PAGE_BYTES + 1))["why"] == "not-understood"
    longer = {**request, "page": (MAX_PAGE_LETTERS + 1) * "A"}
    assert lanes.requests.answer(OWN_UID, longer)["result"] == "refused"


def test_page_with_something_between_its_letters_is_not_understood(lanes: Lanes) -> None:
    text = b64encode(pages()[0].signed(OFFICE)).decode()
    request = {"version": 1, "ask": "stays", "page": f"{text[:8]}*{text[8:]}"}
    assert lanes.requests.answer(OWN_UID, request)["why"] == "not-understood"
    assert known(lanes) is None


def test_guard_may_not_tell_of_stays(lanes: Lanes) -> None:
    assert give(lanes, pages()[0], uid=GUARD_UID)["why"] == "not-allowed"
    assert known(lanes) is None


def test_too_many_in_a_minute_are_refused_and_not_forgotten(lanes: Lanes) -> None:
    for _ in range(ACKNOWLEDGEMENTS_A_MINUTE):
        give(lanes, b"nothing")
    assert give(lanes, pages()[0])["why"] == "too-many"
