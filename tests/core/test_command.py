"""Commands: believed from headquarters alone, by their terminal alone, and not for ever."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from terminal.core.cbor import encode
from terminal.core.command import MAX_COMMAND_BYTES, MAX_ERASED, Command, CommandRefused, Erase, key_id, read_command
from terminal.core.cose import sign
from terminal.core.issuers import HeadquartersKey

KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
STRANGER = Ed25519PrivateKey.from_private_bytes(b"\1" * 32)
EPOCH = bytes(range(16))
COMMAND = Command(terminal="gate-1", number=7, ends_s=1000, order=Erase(EPOCH, (3, 5)))


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


KEYS = (
    HeadquartersKey(name="xs-headquarters/old", key=raw(STRANGER)[::-1].hex()),
    HeadquartersKey(name="xs-headquarters/command", key=raw(KEY).hex()),
)


def read(data: bytes, *, terminal: str = "gate-1", now_s: float = 999.9) -> Command:
    return read_command(data, terminal=terminal, keys=KEYS, now_s=now_s)


def refusal(data: bytes, *, terminal: str = "gate-1", now_s: float = 999.9) -> str:
    with pytest.raises(CommandRefused) as refused:
        read(data, terminal=terminal, now_s=now_s)
    return refused.value.word


orders = st.builds(
    Erase,
    st.binary(min_size=16, max_size=16),
    st.lists(st.integers(0, 2**62), min_size=1, max_size=MAX_ERASED, unique=True).map(sorted).map(tuple),
)


@given(st.builds(Command, terminal=st.just("gate-1"), number=st.integers(0, 2**62), ends_s=st.just(1000), order=orders))
def test_command_is_read_as_it_was_signed(command: Command) -> None:
    assert read(command.signed(KEY)) == command


def test_largest_command_fits_its_bound() -> None:
    order = Erase(EPOCH, tuple(range(2**62 - MAX_ERASED, 2**62)))
    largest = Command(terminal="g" * 32, number=2**62, ends_s=2**40, order=order)
    assert len(largest.signed(KEY)) <= MAX_COMMAND_BYTES


def test_command_of_a_stranger() -> None:
    assert refusal(COMMAND.signed(STRANGER)) == "not-signed"


def test_stranger_who_names_the_key_of_headquarters() -> None:
    honest = COMMAND.signed(KEY)
    assert refusal(honest.replace(honest[-64:], COMMAND.signed(STRANGER)[-64:])) == "not-signed"


def test_command_for_another_terminal() -> None:
    assert refusal(COMMAND.signed(KEY), terminal="gate-2") == "other-terminal"


def test_command_that_has_ended() -> None:
    assert refusal(COMMAND.signed(KEY), now_s=1000) == "expired"


@given(st.integers(0, len(COMMAND.signed(KEY)) - 1), st.integers(1, 255))
def test_no_byte_of_a_command_can_be_changed(place: int, by: int) -> None:
    data = bytearray(COMMAND.signed(KEY))
    data[place] ^= by
    assert refusal(bytes(data)) in {"not-understood", "not-signed"}


@given(st.binary(max_size=64))
def test_bytes_that_are_no_command(data: bytes) -> None:
    assert refusal(data) == "not-understood"


Change = Callable[[dict[int, object]], object]
CHANGES: dict[str, Change] = {
    "what is signed for another purpose": lambda it: it.update({0: "xs/v1/credential"}),
    "what is signed for no purpose": lambda it: it.pop(0),
    "an order of a later version": lambda it: it.update({4: "explode"}),
    "one field more": lambda it: it.update({6: 1}),
    "a number below zero": lambda it: it.update({2: -1}),
    "true for a number": lambda it: it.update({2: True}),
    "no entries": lambda it: it.update({5: {1: EPOCH, 2: []}}),
    "entries twice": lambda it: it.update({5: {1: EPOCH, 2: [3, 3]}}),
    "entries out of order": lambda it: it.update({5: {1: EPOCH, 2: [5, 3]}}),
    "true for an entry": lambda it: it.update({5: {1: EPOCH, 2: [True]}}),
    "a word for an entry": lambda it: it.update({5: {1: EPOCH, 2: ["3"]}}),
    "too many entries": lambda it: it.update({5: {1: EPOCH, 2: list(range(MAX_ERASED + 1))}}),
    "an epoch that is too short": lambda it: it.update({5: {1: EPOCH[1:], 2: [3]}}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_headquarters_signed_but_is_no_command(change: Change) -> None:
    payload: dict[int, object] = {0: "xs/v1/command", 1: "gate-1", 2: 7, 3: 1000, 4: "erase", 5: {1: EPOCH, 2: [3, 5]}}
    assert read(sign(encode(payload), key_id(raw(KEY)), KEY)) == COMMAND  # type: ignore[arg-type]
    change(payload)
    assert refusal(sign(encode(payload), key_id(raw(KEY)), KEY)) == "not-understood"  # type: ignore[arg-type]


def test_order_that_is_none_is_not_signed() -> None:
    with pytest.raises(ValueError, match="no order"):
        Command(terminal="gate-1", number=7, ends_s=1000, order=Erase(EPOCH, (5, 3))).signed(KEY)
