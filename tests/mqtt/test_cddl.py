"""docs/mqtt.cddl against the bodies that the code makes, and both against bodies that are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import cddl_verifier
import pytest

from terminal.core.command import MAX_COMMAND_BYTES, Command, CommandRefused, Erase, key_id, read_command
from terminal.core.cose import parse, sign
from terminal.core.instant import ClockQuality
from terminal.core.issuers import HeadquartersKey
from terminal.core.known_stays import MAX_PAGE_BYTES, MAX_STAYS_A_PAGE, Page, StaysRefused, read_page
from terminal.core.messages import (
    MAX_BATCH_ENTRIES,
    Batch,
    Head,
    MessageRefused,
    Presence,
    Replay,
    decode_batch,
    decode_head,
    decode_presence,
    decode_replay,
)
from tests.core.test_known_stays import FULL, pages
from tests.headquarters.box import EPOCH, KEY, Box

CDDL = Path(__file__).parents[2] / "docs" / "mqtt.cddl"
DECODE: dict[str, Callable[[bytes], object]] = {
    "batch": decode_batch,
    "head": decode_head,
    "presence": decode_presence,
    "replay": decode_replay,
}
LARGEST = (1 << 63) - 1
NOTE = Box().write(1).checkpoint()
HEAD: dict[str, Any] = {"checkpoint": NOTE, "time_ms": 1, "quality": ClockQuality.DOUBTFUL, "acknowledged": 0,
                        "list_number": None, "list_age_s": None, "free_bytes": 0, "software": "0.1.0"}  # fmt: skip
RIGHT: list[tuple[str, bytes]] = [
    ("batch", Box().write(3).batch()),
    ("batch", Batch(EPOCH, 0, ((b"", None),) * MAX_BATCH_ENTRIES, NOTE).encode()),
    ("batch", Batch(EPOCH, 7, ((bytes(16384), bytes(16384)),), NOTE).encode()),
    ("head", Box().write(3).head()),
    ("head", Head(**HEAD).encode()),
    ("head", Head(**{**HEAD, "list_number": LARGEST, "list_age_s": 0}).encode()),
    *(("presence", presence.encode()) for presence in Presence),
    ("replay", Replay(EPOCH, 0, 0).encode()),
    ("replay", Replay(EPOCH, 5, LARGEST).encode()),
]
ENTRY = [b"record", None]
HEAD_MAP = cbor2.loads(Head(**HEAD).encode())
WRONG: dict[str, tuple[str, Any]] = {
    "batch of nothing": ("batch", {1: EPOCH, 2: 0, 3: [], 4: NOTE}),
    "batch of too many": ("batch", {1: EPOCH, 2: 0, 3: [ENTRY] * (MAX_BATCH_ENTRIES + 1), 4: NOTE}),
    "batch with a long record": ("batch", {1: EPOCH, 2: 0, 3: [[bytes(16385), None]], 4: NOTE}),
    "batch with a long sealed part": ("batch", {1: EPOCH, 2: 0, 3: [[b"", bytes(16385)]], 4: NOTE}),
    "batch with an entry of three": ("batch", {1: EPOCH, 2: 0, 3: [[b"", None, None]], 4: NOTE}),
    "batch of a short epoch": ("batch", {1: EPOCH[1:], 2: 0, 3: [ENTRY], 4: NOTE}),
    "batch from below zero": ("batch", {1: EPOCH, 2: -1, 3: [ENTRY], 4: NOTE}),
    "batch without a checkpoint": ("batch", {1: EPOCH, 2: 0, 3: [ENTRY]}),
    "batch with a checkpoint in text": ("batch", {1: EPOCH, 2: 0, 3: [ENTRY], 4: NOTE.decode()}),
    "batch of a later version": ("batch", {1: EPOCH, 2: 0, 3: [ENTRY], 4: NOTE, 5: 2}),
    "head of a mood": ("head", {**HEAD_MAP, 3: "fair"}),
    "head with a truth for a number": ("head", {**HEAD_MAP, 5: False}),
    "head beyond all numbers": ("head", {**HEAD_MAP, 2: LARGEST + 1}),
    "head with more": ("head", {**HEAD_MAP, 9: 0}),
    "head without its version": ("head", {key: value for key, value in HEAD_MAP.items() if key != 8}),
    "presence of somebody asleep": ("presence", {1: "asleep"}),
    "presence of nobody": ("presence", {}),
    "presence with a time": ("presence", {1: "online", 2: 0}),
    "replay of a fraction": ("replay", {1: EPOCH, 2: 0, 3: 1.5}),
    "replay without an end": ("replay", {1: EPOCH, 2: 0}),
    "list for a replay": ("replay", [EPOCH, 0, 1]),
}


COMMAND = Command(terminal="gate-1", number=7, ends_s=LARGEST, order=Erase(EPOCH, (0, LARGEST)))
COMMAND_MAP = cbor2.loads(parse(COMMAND.signed(KEY), MAX_COMMAND_BYTES).payload)
WRONG_COMMANDS: dict[str, Any] = {
    "for another purpose": {**COMMAND_MAP, 0: "xs/v1/credential"},
    "of a later version": {**COMMAND_MAP, 4: "explode"},
    "with more": {**COMMAND_MAP, 6: 0},
    "for nothing": {**COMMAND_MAP, 5: {1: EPOCH, 2: []}},
    "for too much": {**COMMAND_MAP, 5: {1: EPOCH, 2: list(range(257))}},
    "without an end": {key: value for key, value in COMMAND_MAP.items() if key != 3},
}


PAGE = cbor2.loads(parse(pages(2, stay=FULL)[0].signed(KEY), MAX_PAGE_BYTES).payload)
ROW = PAGE[7][0]
WRONG_PAGES: dict[str, Any] = {
    "for another purpose": {**PAGE, 0: "xs/v1/command"},
    "with more": {**PAGE, 8: 0},
    "of no pages": {**PAGE, 5: 0},
    "of too many pages": {**PAGE, 5: 257},
    "with a short salt": {**PAGE, 6: bytes(15)},
    "with too many stays": {**PAGE, 7: [[each.to_bytes(16), *ROW[1:]] for each in range(141)]},
    "of a stay in a third state": {**PAGE, 7: [[*ROW[:3], 3, *ROW[4:]]]},
    "of a stay without its end": {**PAGE, 7: [ROW[:-1]]},
    "of a stay in no zone": {**PAGE, 7: [[*ROW[:5], None, *ROW[6:]]]},
}


@pytest.fixture(scope="module")
def cddl() -> Any:
    return cddl_verifier.Validator(CDDL)


@pytest.mark.parametrize(("rule", "body"), RIGHT)
def test_body_that_we_send_is_one_that_the_document_allows(cddl: Any, rule: str, body: bytes) -> None:
    result = cddl.validate(body, rule, require_deterministic=True)
    assert result.valid, result.diagnostics
    DECODE[rule](body)


@pytest.mark.parametrize(("rule", "value"), WRONG.values(), ids=WRONG)
def test_body_that_the_document_forbids_is_refused(cddl: Any, rule: str, value: Any) -> None:
    body = cbor2.dumps(value, canonical=True)
    assert not cddl.validate(body, rule).valid
    with pytest.raises(MessageRefused):
        DECODE[rule](body)


def test_command_that_we_sign_is_one_that_the_document_allows(cddl: Any) -> None:
    payload = parse(COMMAND.signed(KEY), MAX_COMMAND_BYTES).payload
    result = cddl.validate(payload, "command", require_deterministic=True)
    assert result.valid, result.diagnostics


@pytest.mark.parametrize("value", WRONG_COMMANDS.values(), ids=WRONG_COMMANDS)
def test_command_that_the_document_forbids_is_refused(cddl: Any, value: Any) -> None:
    payload = cbor2.dumps(value, canonical=True)
    assert not cddl.validate(payload, "command").valid
    public = KEY.public_key().public_bytes_raw()
    keys = [HeadquartersKey(name="x", key=public.hex())]
    with pytest.raises(CommandRefused):
        read_command(sign(payload, key_id(public), KEY), terminal="gate-1", keys=keys, now_s=0)


@pytest.mark.parametrize("page", [pages(0)[0], *pages(MAX_STAYS_A_PAGE + 1, stay=FULL)])
def test_page_of_stays_that_we_sign_is_one_that_the_document_allows(cddl: Any, page: Page) -> None:
    payload = parse(page.signed(KEY), MAX_PAGE_BYTES).payload
    result = cddl.validate(payload, "stays", require_deterministic=True)
    assert result.valid, result.diagnostics


@pytest.mark.parametrize("value", WRONG_PAGES.values(), ids=WRONG_PAGES)
def test_page_of_stays_that_the_document_forbids_is_refused(cddl: Any, value: Any) -> None:
    payload = cbor2.dumps(value, canonical=True)
    assert not cddl.validate(payload, "stays").valid
    public = KEY.public_key().public_bytes_raw()
    keys = [HeadquartersKey(name="x", key=public.hex())]
    with pytest.raises(StaysRefused):
        read_page(sign(payload, key_id(public), KEY), terminal="gate-1", keys=keys)
