"""No byte string from a card crashes a tap, and none is taken for an authentic card."""

from hypothesis import given, settings
from hypothesis import strategies as st

from simulation.card import FaultyCard, Garbled
from terminal.card import credential, qualifications, stay
from terminal.card.keys import SoftwareKey
from terminal.card.signed import Forged
from terminal.card.xs_key import read_card
from terminal.core.presented import Authentic
from tests.card.chips import (
    ANNA,
    ISSUER,
    KEY_ID,
    KEYS,
    NOW_S,
    TRAININGS,
    UID,
    Held,
    Says,
    counting,
    issued_chip,
    issuers,
)

plausible = st.sampled_from([16, 32, 8, 248, 24, 0]).flatmap(lambda length: st.binary(min_size=length, max_size=length))
status = st.sampled_from([0x9100, 0x91AF, 0x91AE, 0x9140, 0x91A0, 0x9000]) | st.integers(0, 0xFFFF)
whole = st.builds(lambda data, code: data + code.to_bytes(2), plausible | st.binary(max_size=260), status)
answers = st.lists(whole, max_size=12)


@given(answers, st.booleans())
@settings(max_examples=200)
def test_whatever_a_card_says(answers: list[bytes], trainings: bool) -> None:
    said = iter([UID + b"\x90\x00", b"\x91\x00", *answers])
    card = Says(lambda _: next(said, None))
    assert not isinstance(
        read_card(Held(card), KEYS, issuers(), NOW_S, trainings=trainings, random=counting()), Authentic
    )


def flipped(data: bytes, place: int) -> bytes:
    bit = place % (8 * len(data))
    return data[: bit // 8] + bytes([data[bit // 8] ^ 0x80 >> bit % 8]) + data[bit // 8 + 1 :]


@given(st.integers(2, 5), st.integers(0, 4000) | plausible | st.binary(max_size=260))
@settings(max_examples=200)
def test_genuine_card_with_one_answer_altered(at: int, altered: int | bytes) -> None:
    def garble(answer: bytes) -> bytes:
        return flipped(answer, altered) if isinstance(altered, int) else altered + answer[-2:]

    card = FaultyCard(issued_chip(None, qualifications.sign(TRAININGS, KEY_ID, ISSUER)), Garbled(at, None, garble))
    presented = read_card(Held(card), KEYS, issuers(), NOW_S, trainings=True, random=counting())
    # what the chip says of its capabilities is all that nothing depends on
    assert not isinstance(presented, Authentic) or (at == 3 and presented.credential == ANNA)


@given(st.binary(max_size=222))
@settings(max_examples=200)
def test_whatever_lies_in_the_files(content: bytes) -> None:
    for read in (
        lambda: credential.verify(content, UID, issuers(), NOW_S),
        lambda: qualifications.verify(content, ANNA, issuers(), NOW_S),
    ):
        try:
            read()
        except Forged:
            continue
        raise AssertionError("believed")


@given(st.binary(max_size=60) | st.binary(min_size=47, max_size=47).map(lambda tail: b"\x01" + tail))
@settings(max_examples=200)
def test_whatever_lies_in_the_stay_record(content: bytes) -> None:
    assert not isinstance(stay.decode(content, UID, 4711, SoftwareKey(bytes(16))), stay.StayRecord)
