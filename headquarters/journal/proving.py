"""Proving one entry to somebody who has nothing of ours: a file that holds all that is needed to verify it off line.

The record is a leaf of a tree (RFC 6962), whose size and root the terminal signed and headquarters cosigned. What the
file cannot bring is a reason to believe its keys: whoever verifies it must have got them by another way.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from headquarters.journal.epochs import journals_of, stored_leaves
from headquarters.journal.terminals import journal_keys
from headquarters.tables.journal import entries
from terminal.core.checkpoint import Checkpoint, checkpoint_of, headquarters_key, origin, terminal_key
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import MAX_RECORD_BYTES, EntryKey, Record, decode_record
from terminal.core.merkle import HASH_BYTES, MAX_PROOF, includes, inclusion_proof, leaf_hash
from terminal.core.signed_note import parse_note
from terminal.errors import ConfigurationError, DocumentError, StorageError

FORMAT = "xs-journal-proof-1"
MAX_FILE_BYTES = 128 * 1024
_FIELDS = {"format", "record", "inclusion", "checkpoint", "keys"}


class ProofRefused(DocumentError):
    """The file proves nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class ProvenEntry:
    """What a proof shows: this record stood there, in a journal that was signed with these keys.

    `terminal_trusted` and `headquarters_trusted` tell whether the key was the verifier's own, or only the file's, which
    anybody can make.
    """

    record: Record
    checkpoint: Checkpoint
    cosigned_at_s: int
    terminal_key: bytes
    terminal_trusted: bool
    headquarters_key: bytes
    headquarters_trusted: bool


def prove(connection: sa.Connection, key: EntryKey, cosigners: Sequence[HeadquartersKey]) -> bytes:
    """The proof of an entry, as the bytes of a file. Reads every leaf of its journal.

    Raises:
        ConfigurationError: there is no such entry, or it is not acknowledged yet.
        StorageError: what is stored does not lead to the root that was signed.
    """
    journal = journals_of(connection, key.terminal).get(key.epoch)
    if journal is None or journal.acknowledgement is None or key.sequence >= journal.size:
        raise ConfigurationError("there is no such entry, or nothing is proven of it yet (journal list shows what is)")
    which = (entries.c.epoch_id == journal.epoch_id) & (entries.c.sequence == key.sequence)
    record: bytes = connection.scalar(sa.select(entries.c.record).where(which)) or b""
    leaves = list(stored_leaves(connection, journal.epoch_id, 0, journal.size).values())
    inclusion = inclusion_proof(leaves, key.sequence) if key.sequence < len(leaves) else ()
    if not includes(journal.tree.root(), journal.size, leaf_hash(record), key.sequence, inclusion):
        raise StorageError("what is stored does not lead to the root that was signed; journal verify says where")
    signer = origin(key.terminal, key.epoch)
    content = {
        "format": FORMAT,
        "record": record.hex(),
        "inclusion": [each.hex() for each in inclusion],
        "checkpoint": journal.acknowledgement.decode(),
        "keys": {signer: journal_keys(connection)[key.terminal].hex(), **{each.name: each.key for each in cosigners}},
    }
    return json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n"


def verify_proof(data: bytes, terminal: bytes | None, headquarters: bytes | None) -> ProvenEntry:
    """Verify a proof with the public keys that the verifier trusts; with None, by the file's own.

    Raises:
        ProofRefused: it does not hold.
    """
    record, inclusion, text, keys = _read(data)
    try:
        note = parse_note(text)
        decoded, checkpoint = decode_record(record), checkpoint_of(note)
    except DocumentError as error:
        raise ProofRefused(str(error)) from None
    if not includes(checkpoint.root, checkpoint.size, leaf_hash(record), decoded.sequence, inclusion):
        raise ProofRefused("the record is no entry of the journal whose checkpoint stands beside it")
    by_terminal = terminal or keys.get(origin(checkpoint.terminal, checkpoint.epoch))
    if by_terminal is None or not note.signed_by(terminal_key(checkpoint.terminal, checkpoint.epoch, by_terminal)):
        raise ProofRefused("the checkpoint is not signed by the terminal's key")
    for signature in note.signatures:
        by_headquarters = headquarters or keys.get(signature.name)
        if by_headquarters is None:
            continue
        cosigned_at_s = note.cosigned_at(headquarters_key(signature.name, by_headquarters))
        if cosigned_at_s is not None:
            return ProvenEntry(
                decoded,
                checkpoint,
                cosigned_at_s,
                by_terminal,
                terminal is not None,
                by_headquarters,
                headquarters is not None,
            )
    raise ProofRefused("the checkpoint is not cosigned by headquarters' key")


def _read(data: bytes) -> tuple[bytes, list[bytes], bytes, dict[str, bytes]]:
    if len(data) > MAX_FILE_BYTES:
        raise ProofRefused(f"a proof has at most {MAX_FILE_BYTES} bytes")
    try:
        content = json.loads(data)
        if content.keys() != _FIELDS or content["format"] != FORMAT:
            raise ProofRefused(f"no proof of format {FORMAT}")
        record, inclusion = bytes.fromhex(content["record"]), [bytes.fromhex(each) for each in content["inclusion"]]
        keys = {name: bytes.fromhex(key) for name, key in content["keys"].items()}
        text: bytes = content["checkpoint"].encode()
    except (ValueError, TypeError, AttributeError, RecursionError):
        raise ProofRefused(f"no proof of format {FORMAT}") from None
    if (
        len(record) > MAX_RECORD_BYTES
        or len(inclusion) > MAX_PROOF
        or any(len(each) != HASH_BYTES for each in inclusion)
    ):
        raise ProofRefused("a proof with a record or hashes of a length that there is not")
    return record, inclusion, text, keys
