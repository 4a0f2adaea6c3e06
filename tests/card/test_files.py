"""What may stand in files 1 and 2, and what may not: for each rule of the profile a forgery that breaks it alone."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import cwt
import pytest

from terminal.card import credential, qualifications
from terminal.card.signed import Forged, framed
from terminal.core import cose
from terminal.core.cbor import decode_strict, encode
from terminal.core.credential import Product, Training
from terminal.core.issuers import Issuers, SignedKind
from tests.card.chips import (
    ANNA,
    ISSUER,
    KEY_ID,
    MANY_TRAININGS,
    NOW_S,
    OTHER_UID,
    STRANGER,
    TRAININGS,
    UID,
    issuers,
)

INNER = -65537


def why(call: Callable[..., object], *arguments: Any, **named: Any) -> str:
    with pytest.raises(Forged) as caught:
        call(*arguments, **named)
    return caught.value.detail


def claims_of(signed: bytes) -> dict[Any, Any]:
    claims = decode_strict(cose.parse(signed, 638).payload)
    assert isinstance(claims, dict)
    return claims


def with_claims(changes: Mapping[Any, Any], inner: Mapping[Any, Any] | None = None) -> bytes:
    """Anna's credential with other claims, signed by the issuer; a change to ... takes a claim away."""
    claims = claims_of(credential.sign(ANNA, ISSUER))
    claims[INNER] = claims[INNER] | (inner or {})
    claims |= changes
    claims[INNER] = {key: value for key, value in claims[INNER].items() if value is not ...}
    return cose.sign(encode({key: value for key, value in claims.items() if value is not ...}), KEY_ID, ISSUER)


def read(data: bytes, trusted: Issuers | None = None, uid: bytes = UID, now_s: float = NOW_S) -> object:
    return credential.verify(data, uid, trusted or issuers(), now_s)


def test_credential_is_read_back_whole() -> None:
    assert read(credential.sign(ANNA, ISSUER)) == ANNA


def test_credential_is_a_cwt_to_another_implementation() -> None:
    public = cwt.COSEKey.new({1: 1, 3: -8, -1: 6, -2: ISSUER.public_key().public_bytes_raw(), 2: KEY_ID})
    claims = decode_strict(cwt.COSE.new().decode(credential.sign(ANNA, ISSUER), public))
    assert claims == {
        4: ANNA.expires,
        5: ANNA.not_before,
        7: ANNA.card_number,
        INNER: {1: 1, 2: ANNA.ean, 3: 4711, 4: 17, 5: 3, 6: UID, 7: "nl"},
    }


def test_largest_credential_fits_the_file() -> None:
    largest = replace(
        ANNA,
        expires=2**64 - 1,
        not_before=2**64 - 1,
        ean=9999999999994,
        personal_number=2**64 - 1,
        card_index=2**32 - 1,
        company_index=2**32 - 1,
        language="de-CH-1901",
    )
    assert len(credential.sign(largest, ISSUER)) <= credential.MAX_BYTES
    assert read(credential.sign(largest, ISSUER)) == largest


def test_credential_too_long_for_the_file_is_never_signed() -> None:
    with pytest.raises(ValueError, match="222"):
        credential.sign(replace(ANNA, language="x" * 100), ISSUER)


def test_ean_with_leading_zeros_is_restored() -> None:
    short = replace(ANNA, ean=12345670)  # 0000012345670
    assert read(credential.sign(short, ISSUER)) == short


def test_unknown_key_in_the_inner_map_is_ignored() -> None:
    assert read(with_claims({}, {8: "more", "new": [1]})) == ANNA


@pytest.mark.parametrize(
    ("changes", "inner", "detail"),
    [
        ({8: b"more"}, {}, "claims"),
        ({4: ...}, {}, "claims"),
        ({5: ...}, {}, "claims"),
        ({7: ...}, {}, "claims"),
        ({INNER: 1}, {}, "claims"),
        ({4: -1}, {}, "claims"),
        ({4: "2026"}, {}, "claims"),
        ({5: True}, {}, "claims"),
        ({7: bytes(7)}, {}, "claims"),
        ({7: "12345678"}, {}, "claims"),
        ({}, {1: 0}, "product"),
        ({}, {1: 4}, "product"),
        ({}, {1: True}, "claims"),
        ({}, {1: ...}, "claims"),
        ({}, {2: 8712345000003}, "ean"),
        ({}, {2: 0}, "ean"),
        ({}, {2: 10**13}, "ean"),
        ({}, {3: -1}, "claims"),
        ({}, {4: -1}, "claims"),
        ({}, {4: ...}, "claims"),
        ({}, {5: b""}, "claims"),
        ({}, {6: OTHER_UID}, "other-chip"),
        ({}, {6: UID[:4]}, "claims"),
        ({}, {6: ...}, "claims"),
        ({}, {7: ...}, "claims"),
        ({}, {7: ""}, "claims"),
        ({}, {7: "nl\n"}, "claims"),
        ({}, {7: "<b>"}, "claims"),
        ({}, {7: "nl" + "-aaaaaaaa" * 4}, "claims"),
    ],
)
def test_credential_with_a_wrong_claim_is_not_believed(
    changes: Mapping[Any, Any], inner: Mapping[Any, Any], detail: str
) -> None:
    changed = dict(changes)
    if INNER in changed:
        signed = cose.sign(encode(claims_of(credential.sign(ANNA, ISSUER)) | changed), KEY_ID, ISSUER)
    else:
        signed = with_claims(changed, inner)
    assert why(read, signed) == detail


def test_payload_in_another_encoding_is_not_believed_though_signed() -> None:
    payload = encode(claims_of(credential.sign(ANNA, ISSUER)))
    for other in (payload + b"\x00", b"\xb8\x04" + payload[1:], b"\xa5\x04\x00" + payload[1:]):
        assert why(read, cose.sign(other, KEY_ID, ISSUER)) == "claims"


def test_credential_copied_to_another_chip() -> None:
    assert why(read, credential.sign(ANNA, ISSUER), uid=OTHER_UID) == "other-chip"


def test_credential_signed_by_a_stranger() -> None:
    assert why(read, credential.sign(ANNA, STRANGER)) == "signature"


def test_credential_of_an_unknown_issuer_key() -> None:
    signed = credential.sign(replace(ANNA, key_id=b"\xff\xff\xff\xff"), ISSUER)
    assert why(read, signed) == "issuer-unknown"


@pytest.mark.parametrize("bit", range(0, 8 * 165, 37))
def test_credential_with_one_bit_the_other_way_round(bit: int) -> None:
    signed = bytearray(credential.sign(ANNA, ISSUER))
    signed[bit // 8 % len(signed)] ^= 0x80 >> bit % 8
    with pytest.raises(Forged):
        read(bytes(signed))


@pytest.mark.parametrize(
    ("product", "kinds"),
    [
        (Product.CARGOCARD, ("dsp", "portkey", "qualifications")),
        (Product.DSP, ("cargocard",)),
        (Product.PORTKEY, ("cargocard", "dsp")),
    ],
)
def test_issuer_key_signs_a_product_it_is_not_listed_for(product: Product, kinds: tuple[SignedKind, ...]) -> None:
    signed = credential.sign(replace(ANNA, product=product), ISSUER)
    assert read(signed)
    assert why(read, signed, issuers(*kinds)) == "issuer-not-entitled"


def test_issuer_key_counts_from_its_beginning_to_just_before_its_end() -> None:
    signed = credential.sign(ANNA, ISSUER)
    begins, ends = datetime(2026, 9, 1, tzinfo=UTC), datetime(2026, 10, 1, tzinfo=UTC)
    trusted = issuers(begins=begins, ends=ends)
    for now_s in (begins.timestamp(), ends.timestamp() - 0.001):
        assert read(signed, trusted, now_s=now_s) == ANNA
    for now_s in (begins.timestamp() - 0.001, ends.timestamp()):
        assert why(read, signed, trusted, now_s=now_s) == "issuer-not-entitled"


def test_key_id_used_twice_finds_the_key_that_signed() -> None:
    trusted = issuers(key=STRANGER)
    both = replace(trusted, issuers=trusted.issuers + issuers().issuers)
    assert read(credential.sign(ANNA, ISSUER), both) == ANNA


def test_length_before_the_content_is_bounded_on_both_sides() -> None:
    assert framed(b"\x00\x00" + bytes(5), 5) == b""
    assert framed(b"\x00\x05" + b"abcde", 5) == b"abcde"
    assert why(framed, b"\x00\x06" + b"abcde", 6) == "length"
    assert why(framed, b"\x00\x05" + b"abcde", 4) == "length"
    assert why(framed, b"\xff\xff" + bytes(222), 222) == "length"


def judge(data: bytes, trusted: Issuers | None = None, now_s: float = NOW_S) -> object:
    return qualifications.verify(data, ANNA, trusted or issuers(), now_s)


@pytest.mark.parametrize("held", [TRAININGS, MANY_TRAININGS, replace(TRAININGS, trainings=())])
def test_qualifications_are_read_back_whole(held: Any) -> None:
    assert judge(qualifications.sign(held, KEY_ID, ISSUER)) == held


def test_qualifications_too_long_for_the_file_are_never_signed() -> None:
    with pytest.raises(ValueError, match="638"):
        qualifications.sign(replace(TRAININGS, trainings=MANY_TRAININGS.trainings * 2), KEY_ID, ISSUER)


def test_qualifications_of_another_card_or_chip() -> None:
    for other in (replace(TRAININGS, card_number=bytes(8)), replace(TRAININGS, uid=OTHER_UID)):
        assert why(judge, qualifications.sign(other, KEY_ID, ISSUER)) == "other-card"


def test_issuer_of_credentials_alone_signs_qualifications() -> None:
    signed = qualifications.sign(TRAININGS, KEY_ID, ISSUER)
    assert why(judge, signed, issuers("cargocard", "dsp", "portkey")) == "issuer-not-entitled"


def test_credential_in_place_of_qualifications() -> None:
    assert why(judge, credential.sign(ANNA, ISSUER)) == "claims"


def test_qualifications_in_place_of_the_credential() -> None:
    assert why(read, qualifications.sign(TRAININGS, KEY_ID, ISSUER)) == "claims"


@pytest.mark.parametrize(
    "trainings",
    [
        {},
        [["VCA"]],
        [["VCA", 1, 2]],
        [[1, 1]],
        [["", 1]],
        [["x" * (qualifications.MAX_CODE + 1), 1]],
        [["VCA", -1]],
        [["VCA", "1"]],
        [["VCA", True]],
        [["VCA", 2**63]],
        ["VCA"],
        [None],
    ],
)
def test_training_in_another_form_is_not_believed_though_signed(trainings: Any) -> None:
    claims = claims_of(qualifications.sign(TRAININGS, KEY_ID, ISSUER))
    claims[INNER][1] = trainings
    assert why(judge, cose.sign(encode(claims), KEY_ID, ISSUER)) == "claims"


def test_longest_training_code_is_believed() -> None:
    held = replace(
        TRAININGS, trainings=(Training("x" * qualifications.MAX_CODE, TRAININGS.trainings[0].last_valid_day),)
    )
    assert judge(qualifications.sign(held, KEY_ID, ISSUER)) == held
