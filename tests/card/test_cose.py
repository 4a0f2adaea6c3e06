"""COSE_Sign1: against the COSE working group's examples, and against `cwt` on both sides."""

import json
from pathlib import Path
from typing import Any

import cbor2
import cwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core import cose
from terminal.core.cbor import encode
from tests.card.chips import ISSUER, KEY_ID, STRANGER

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "lists.json").read_text())["cose_sign1"]
PUBLIC = ISSUER.public_key().public_bytes_raw()
WORKING_GROUP_KEY = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
MAX = 222


def cwt_key(*, private: bool) -> Any:
    parameters = {1: 1, 3: -8, -1: 6, -2: PUBLIC, 2: KEY_ID}
    return cwt.COSEKey.new(parameters | ({-4: ISSUER.private_bytes_raw()} if private else {}))


def test_signature_of_the_working_groups_example_holds() -> None:
    protected, _, payload, signature = cbor2.loads(bytes.fromhex(VECTORS["eddsa_must_verify"])).value
    assert cose.signature_holds(WORKING_GROUP_KEY, protected, payload, signature)
    assert not cose.signature_holds(WORKING_GROUP_KEY, protected, payload + b".", signature)
    assert not cose.signature_holds(PUBLIC, protected, payload, signature)


@pytest.mark.parametrize("name", ["eddsa_must_verify", "es256_must_fail_wrong_tag"])
def test_examples_with_other_headers_or_tags_are_not_our_form(name: str) -> None:
    with pytest.raises(cose.CoseRefused):
        cose.parse(bytes.fromhex(VECTORS[name]), MAX)


def test_what_we_sign_cwt_verifies() -> None:
    signed = cose.sign(b"payload", KEY_ID, ISSUER)
    assert cwt.COSE.new().decode(signed, cwt_key(private=False)) == b"payload"


def test_what_cwt_signs_we_verify() -> None:
    signed = cwt.COSE.new().encode_and_sign(
        b"payload", cwt_key(private=True), protected={1: -8}, unprotected={4: KEY_ID}
    )
    parsed = cose.parse(signed, MAX)
    assert (parsed.key_id, parsed.payload, parsed.verified_by(PUBLIC)) == (KEY_ID, b"payload", True)


def test_signature_of_a_stranger_does_not_hold() -> None:
    assert not cose.parse(cose.sign(b"payload", KEY_ID, STRANGER), MAX).verified_by(PUBLIC)


SIGNATURE = bytes(64)
P = cose.PROTECTED


@pytest.mark.parametrize(
    ("attack", "message"),
    {
        "no tag": encode([P, {4: KEY_ID}, b"", SIGNATURE]),
        "tag of COSE_Mac0": b"\xd1" + encode([P, {4: KEY_ID}, b"", SIGNATURE]),
        "tag in a long form": b"\xd8\x12" + encode([P, {4: KEY_ID}, b"", SIGNATURE]),
        "ES256": b"\xd2" + encode([b"\xa1\x01\x26", {4: KEY_ID}, b"", SIGNATURE]),
        "empty protected header": b"\xd2" + encode([b"", {4: KEY_ID}, b"", SIGNATURE]),
        "critical header": b"\xd2" + encode([encode({1: -8, 2: [99]}), {4: KEY_ID}, b"", SIGNATURE]),
        "another unprotected header": b"\xd2" + encode([P, {4: KEY_ID, 5: b""}, b"", SIGNATURE]),
        "critical unprotected header": b"\xd2" + encode([P, {2: [99], 4: KEY_ID}, b"", SIGNATURE]),
        "algorithm in the unprotected header": b"\xd2" + encode([P, {1: -8, 4: KEY_ID}, b"", SIGNATURE]),
        "no key id": b"\xd2" + encode([P, {}, b"", SIGNATURE]),
        "key id of 3 bytes": b"\xd2" + encode([P, {4: KEY_ID[:3]}, b"", SIGNATURE]),
        "key id as text": b"\xd2" + encode([P, {4: "abcd"}, b"", SIGNATURE]),
        "detached payload": b"\xd2" + encode([P, {4: KEY_ID}, None, SIGNATURE]),
        "short signature": b"\xd2" + encode([P, {4: KEY_ID}, b"", SIGNATURE[1:]]),
        "five elements": b"\xd2" + encode([P, {4: KEY_ID}, b"", SIGNATURE, b""]),
        "headers as an array": b"\xd2" + encode([P, [4, KEY_ID], b"", SIGNATURE]),
        "duplicate key id": b"\xd2\x84\x43\xa1\x01\x27\xa2\x04\x44" + KEY_ID + b"\x04\x44" + KEY_ID + b"\x40\x58\x40"
        + SIGNATURE,
        "trailing byte": b"\xd2" + encode([P, {4: KEY_ID}, b"", SIGNATURE]) + b"\x00",
        "length in a long form": b"\xd2\x84\x58\x03" + P + encode([{4: KEY_ID}, b"", SIGNATURE])[1:],
        "a map": b"\xd2\xa0",
        "nothing": b"",
    }.items(),
)  # fmt: skip
def test_other_form_is_refused(attack: str, message: bytes) -> None:
    with pytest.raises(cose.CoseRefused):
        cose.parse(message, MAX)


def test_our_form_is_bounded_on_both_sides() -> None:
    signed = cose.sign(bytes(100), KEY_ID, ISSUER)
    assert cose.parse(signed, len(signed)).payload == bytes(100)
    with pytest.raises(cose.CoseRefused, match="longer"):
        cose.parse(signed, len(signed) - 1)


@given(st.binary(max_size=120) | st.binary(max_size=120).map(lambda tail: b"\xd2\x84\x43\xa1\x01\x27" + tail))
@settings(max_examples=200)
def test_any_bytes_are_refused_or_their_own_encoding(data: bytes) -> None:
    try:
        parsed = cose.parse(data, MAX)
    except cose.CoseRefused:
        return
    assert data == b"\xd2" + encode([cose.PROTECTED, {4: parsed.key_id}, parsed.payload, parsed.signature])


def test_key_that_is_no_point_signs_nothing() -> None:
    assert not cose.signature_holds(b"\xff" * 32, cose.PROTECTED, b"", SIGNATURE)
    assert not cose.signature_holds(b"", cose.PROTECTED, b"", SIGNATURE)
