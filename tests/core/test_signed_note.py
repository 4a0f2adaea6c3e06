"""Signed notes: the published one verifies, and each way of bending one is refused."""

import json
from base64 import b64decode, b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.signed_note import (
    KeyType,
    NoteKey,
    NoteRefused,
    NoteSignature,
    SignedNote,
    cosign,
    parse_key,
    parse_note,
    sign,
)

PUBLISHED = json.loads((Path(__file__).parents[1] / "vectors" / "lists.json").read_text())["signed_note"]
NOTE = f"{PUBLISHED['text']}\n{PUBLISHED['signature_line']}\n".encode()
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = PRIVATE.public_key().public_bytes_raw()
KEY = NoteKey("gate", KeyType.ED25519, PUBLIC)
COSIGNER = NoteKey("office", KeyType.COSIGNATURE, PUBLIC)
TEXT = "one line\n"


def test_published_note_is_signed_by_the_published_key() -> None:
    note = parse_note(NOTE)
    assert note.text == PUBLISHED["text"]
    assert note.signed_by(parse_key(PUBLISHED["verifier_key"]))
    assert note.encode() == NOTE


def test_published_key_is_written_as_it_was_read() -> None:
    assert str(parse_key(PUBLISHED["verifier_key"])) == PUBLISHED["verifier_key"]


def test_one_changed_letter_of_the_text_is_found() -> None:
    assert not parse_note(NOTE.replace(b"cryptography", b"Cryptography")).signed_by(
        parse_key(PUBLISHED["verifier_key"])
    )


def test_what_is_signed_here_verifies_with_the_key_and_with_no_other() -> None:
    note = parse_note(SignedNote(TEXT, (sign(TEXT, "gate", PRIVATE),)).encode())
    assert note.signed_by(KEY)
    assert not note.signed_by(NoteKey("gate", KeyType.ED25519, OTHER.public_key().public_bytes_raw()))
    assert not note.signed_by(NoteKey("another", KeyType.ED25519, PUBLIC))


def test_signatures_of_strangers_are_passed_over() -> None:
    note = SignedNote(TEXT, (sign(TEXT, "stranger", OTHER), sign(TEXT, "gate", PRIVATE)))
    assert parse_note(note.encode()).signed_by(KEY)


def test_false_signature_beside_a_true_one_spoils_it() -> None:
    true = sign(TEXT, "gate", PRIVATE)
    assert not SignedNote(TEXT, (true, NoteSignature("gate", KEY.id, bytes(64)))).signed_by(KEY)


def test_cosignature_says_when_and_another_time_does_not_verify() -> None:
    made = cosign(TEXT, "office", PRIVATE, 1_700_000_000)
    assert SignedNote(TEXT, (made,)).cosigned_at(COSIGNER) == 1_700_000_000
    later = NoteSignature(made.name, made.key_id, (1_700_000_001).to_bytes(8) + made.signature[8:])
    assert SignedNote(TEXT, (later,)).cosigned_at(COSIGNER) is None


def test_cosigned_bytes_are_those_of_the_specification() -> None:
    made = cosign(TEXT, "office", PRIVATE, 1_700_000_000)
    PRIVATE.public_key().verify(made.signature[8:], b"cosignature/v1\ntime 1700000000\none line\n")


def test_plain_signature_is_no_cosignature_under_the_same_name() -> None:
    plain = sign(TEXT, "office", PRIVATE)
    assert SignedNote(TEXT, (plain,)).cosigned_at(COSIGNER) is None
    relabelled = NoteSignature("office", COSIGNER.id, (7).to_bytes(8) + plain.signature)
    assert SignedNote(TEXT, (relabelled,)).cosigned_at(COSIGNER) is None


def test_key_is_asked_for_what_it_signs_only() -> None:
    note = SignedNote(TEXT, (sign(TEXT, "gate", PRIVATE),))
    with pytest.raises(ValueError, match="cosigns"):
        note.signed_by(COSIGNER)
    with pytest.raises(ValueError, match="without a time"):
        note.cosigned_at(KEY)


LINE = PUBLISHED["signature_line"]


@pytest.mark.parametrize(
    ("note", "why"),
    [
        (b"", "without signatures"),
        (b"text\n", "without signatures"),
        (b"text\n\n", "without signatures"),
        (f"text\n\n{LINE}".encode(), "without signatures"),
        (f"text\n\n{LINE}\nand more\n".encode(), "none"),
        (f"text\n\n- {LINE[2:]}\n".encode(), "none"),
        (f"te\txt\n\n{LINE}\n".encode(), "control"),
        (b"\xff\xfe\n\n", "UTF-8"),
        (f"text\n\n{LINE}\n".encode() + b"x" * 17_000, "longer"),
        (b"text\n\n" + f"{LINE}\n".encode() * 17, "more than 16"),
        (f"text\n\n{LINE.replace('M=', 'N=')}\n".encode(), "one way"),
        ("text\n\n— a AAAA\n".encode(), "none"),
        ("text\n\n— a AAA\n".encode(), "base64"),
        ("text\n\n— a+b AAAAAAAAAAAA\n".encode(), "none"),
    ],
)
def test_bytes_that_are_no_note_are_refused(note: bytes, why: str) -> None:
    with pytest.raises(NoteRefused, match=why):
        parse_note(note)


def test_note_of_two_paragraphs_is_read_by_its_last_empty_line() -> None:
    assert parse_note(f"one\n\ntwo\n\n{LINE}\n".encode()).text == "one\n\ntwo\n"


@pytest.mark.parametrize("text", ["no line break", "two\n\nparagraphs\n"])
def test_text_that_could_be_read_in_two_ways_is_not_signed(text: str) -> None:
    with pytest.raises(ValueError, match="note"):
        sign(text, "gate", PRIVATE)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("name", "name, id and key"),
        (PUBLISHED["verifier_key"].replace("c74f20a3", "c74f20a4"), "does not belong"),
        (PUBLISHED["verifier_key"][:-4], "type"),
        ("a b+00000000+" + b64encode(b"\1" + bytes(32)).decode(), "type"),
        ("ab+00000000+" + b64encode(b"\2" + bytes(32)).decode(), "type"),
        ("ab+00000000+!", "base64"),
    ],
)
def test_text_that_is_no_key_is_refused(text: str, why: str) -> None:
    with pytest.raises(NoteRefused, match=why):
        parse_key(text)


def test_id_of_a_cosigner_differs_from_that_of_a_signer_with_the_same_key() -> None:
    assert b64decode(str(COSIGNER).split("+", 2)[2])[0] == 4
    assert NoteKey("office", KeyType.ED25519, PUBLIC).id != COSIGNER.id
