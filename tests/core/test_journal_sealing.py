"""Opened by pyhpke, an implementation of RFC 9180 that shares no code with the one that sealed."""

from dataclasses import replace

import cbor2
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pyhpke import AEADId, CipherSuite, KDFId, KEMId, OpenError
from pyhpke.kem_key import KEMKey

from terminal.core.issuers import SealingKey
from terminal.core.journal import EntryKey
from terminal.core.policy import is_training_code
from terminal.core.pseudonym import pseudonym
from terminal.core.sealing import MAX_SEALED_BYTES, open_sealed, seal
from terminal.errors import DocumentError

PRIVATE = X25519PrivateKey.from_private_bytes(bytes(range(32)))
TO = SealingKey(id="00c0ffee", key=PRIVATE.public_key().public_bytes_raw().hex())
KEYS = {bytes.fromhex("00c0ffee"): PRIVATE}
KEY = EntryKey("gate-1", bytes(range(16)), 258)
PLAIN = {"card": bytes(8), "ean": 8712345000004, "person": 7}


def opened_by_pyhpke(sealed: bytes, info: bytes) -> bytes:
    suite = CipherSuite.new(KEMId.DHKEM_X25519_HKDF_SHA256, KDFId.HKDF_SHA256, AEADId.AES128_GCM)
    context = suite.create_recipient_context(sealed[4:36], KEMKey.from_pyca_cryptography_key(PRIVATE), info=info)
    return context.open(sealed[36:])


def test_sealed_part_opens_with_an_independent_implementation_under_the_info_of_the_design() -> None:
    sealed = seal(PLAIN, KEY, TO)
    info = b"xs/v1/entry" + b"\x00" + b"gate-1" + b"\x00" + bytes(range(16)) + bytes.fromhex("0000000000000102")
    assert sealed[:4] == bytes.fromhex("00c0ffee")
    assert cbor2.loads(opened_by_pyhpke(sealed, info)) == PLAIN
    with pytest.raises(OpenError):
        opened_by_pyhpke(sealed, info[:-1] + b"\x03")


def test_card_that_lacks_every_training_a_policy_can_ask_for_is_written_down() -> None:
    longest = 64
    assert is_training_code("~" * longest)
    assert not is_training_code("~" * (longest + 1))
    plain = PLAIN | {"trainings": [f"{number:064}" for number in range(32)]}
    assert open_sealed(seal(plain, KEY, TO), KEY, KEYS) == plain


def test_same_plaintext_is_never_sealed_to_the_same_bytes() -> None:
    assert seal(PLAIN, KEY, TO) != seal(PLAIN, KEY, TO)


def test_headquarters_opens_what_the_gate_sealed() -> None:
    assert open_sealed(seal(PLAIN, KEY, TO), KEY, KEYS) == PLAIN


@pytest.mark.parametrize(
    "elsewhere",
    [replace(KEY, sequence=259), replace(KEY, terminal="gate-2"), replace(KEY, epoch=bytes(16))],
    ids=["other entry", "other terminal", "other epoch"],
)
def test_sealed_part_moved_to_another_entry_does_not_open(elsewhere: EntryKey) -> None:
    sealed = seal(PLAIN, KEY, TO)
    with pytest.raises(DocumentError, match="not sealed for this entry"):
        open_sealed(sealed, elsewhere, KEYS)


def test_sealed_part_with_any_bit_turned_does_not_open() -> None:
    sealed = seal(PLAIN, KEY, TO)
    for place in range(4, len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 0x01
        with pytest.raises(DocumentError):
            open_sealed(bytes(changed), KEY, KEYS)


def test_key_that_headquarters_does_not_hold_is_named() -> None:
    with pytest.raises(DocumentError, match="sealed to key 00c0ffee, which is not here"):
        open_sealed(seal(PLAIN, KEY, TO), KEY, {bytes(4): PRIVATE})
    other = X25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
    with pytest.raises(DocumentError, match="not sealed for this entry"):
        open_sealed(seal(PLAIN, KEY, TO), KEY, {bytes.fromhex("00c0ffee"): other})


@pytest.mark.parametrize("key", ["00" * 32, "01" + "00" * 31], ids=["zero", "low order"])
def test_sealing_key_of_low_order_seals_nothing(key: str) -> None:
    with pytest.raises(DocumentError, match="cannot be used"):
        seal(PLAIN, KEY, replace(TO, key=key))


def test_largest_sealed_part_is_sealed_and_one_byte_more_is_not() -> None:
    room = MAX_SEALED_BYTES - len(seal({"x": "a" * 300}, KEY, TO)) + 300
    largest = seal({"x": "a" * room}, KEY, TO)
    assert len(largest) == MAX_SEALED_BYTES
    assert open_sealed(largest, KEY, KEYS) == {"x": "a" * room}
    with pytest.raises(ValueError, match="longer than"):
        seal({"x": "a" * (room + 1)}, KEY, TO)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_after_a_known_key_id_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentError):
        open_sealed(bytes.fromhex("00c0ffee") + data, KEY, KEYS)


def test_pseudonym_is_the_first_eight_bytes_of_hmac_sha_256() -> None:
    # RFC 4231, test case 1: key 20 times 0b, data "Hi There".
    assert pseudonym(b"\x0b" * 20, b"Hi There").hex() == "b0344c61d8db3853"
