"""Checkpoints: what a terminal signs, what headquarters cosigns, and what passes for neither."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.checkpoint import (
    Checkpoint,
    checkpoint_of,
    cosigned,
    headquarters_key,
    signed,
    terminal_key,
)
from terminal.core.merkle import EMPTY_ROOT
from terminal.core.signed_note import NoteRefused, SignedNote, parse_note

JOURNAL = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OFFICE = Ed25519PrivateKey.from_private_bytes(bytes(32))
EPOCH = bytes(range(16))
CHECKPOINT = Checkpoint("gate-1", EPOCH, 12, bytes(range(32)))
KEY = terminal_key("gate-1", EPOCH, JOURNAL.public_key().public_bytes_raw())
COLLECTOR = headquarters_key("office", OFFICE.public_key().public_bytes_raw())


def test_checkpoint_is_three_lines_that_a_person_can_read() -> None:
    assert str(CHECKPOINT) == (
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0f\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )


def test_signed_checkpoint_is_read_back_and_is_the_terminals() -> None:
    note = parse_note(signed(CHECKPOINT, JOURNAL).encode())
    assert note.signed_by(KEY)
    assert checkpoint_of(note) == CHECKPOINT


def test_checkpoint_of_another_epoch_is_not_signed_by_this_epochs_key() -> None:
    other = signed(Checkpoint("gate-1", bytes(16), 12, bytes(32)), JOURNAL)
    assert not other.signed_by(KEY)


def test_acknowledgement_bears_both_signatures() -> None:
    note = parse_note(cosigned(signed(CHECKPOINT, JOURNAL), "office", OFFICE, 1_700_000_000).encode())
    assert note.signed_by(KEY)
    assert note.cosigned_at(COLLECTOR) == 1_700_000_000


def test_cosignature_moved_to_another_size_acknowledges_nothing() -> None:
    acknowledged = cosigned(signed(CHECKPOINT, JOURNAL), "office", OFFICE, 1_700_000_000)
    more = SignedNote(acknowledged.text.replace("\n12\n", "\n13\n"), acknowledged.signatures)
    assert more.cosigned_at(COLLECTOR) is None
    assert not more.signed_by(KEY)


@pytest.mark.parametrize(
    "text",
    [
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0f\n012\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0f\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "xs-terminal/GATE/000102030405060708090a0b0c0d0e0f\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0F\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0f\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0f\n12\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nmore\n",
        "xs-terminal/gate-1/000102030405060708090a0b0c0d0e0f\n9223372036854775808\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "something else\n",
    ],
)
def test_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteRefused, match="checkpoint"):
        checkpoint_of(SignedNote(text, ()))


@pytest.mark.parametrize(
    ("terminal", "epoch", "size", "root"),
    [
        ("Gate", EPOCH, 0, EMPTY_ROOT),
        ("gate", b"short", 0, EMPTY_ROOT),
        ("gate", EPOCH, -1, EMPTY_ROOT),
        ("gate", EPOCH, 1 << 63, EMPTY_ROOT),
        ("gate", EPOCH, 0, b""),
    ],
)
def test_checkpoint_that_no_journal_has_cannot_be_made(terminal: str, epoch: bytes, size: int, root: bytes) -> None:
    with pytest.raises(ValueError, match="a checkpoint"):
        Checkpoint(terminal, epoch, size, root)
