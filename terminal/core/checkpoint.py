"""Checkpoints: how long a terminal's journal is, and its root, signed by the terminal (C2SP tlog-checkpoint).

Headquarters' cosignature on one says that it has recomputed the root and that every entry below the size is committed
there: the only acknowledgement that counts.
"""

import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.core.journal import EPOCH_BYTES, is_terminal_name
from terminal.core.merkle import HASH_BYTES, MAX_SIZE
from terminal.core.signed_note import KeyType, NoteKey, NoteRefused, SignedNote, cosign, sign

_TEXT = re.compile(r"xs-terminal/([a-z0-9-]{1,32})/([0-9a-f]{32})\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The journal of one terminal and epoch at a size: entries 0 to `size` - 1 have this `root`."""

    terminal: str
    epoch: bytes
    size: int
    root: bytes

    def __post_init__(self) -> None:
        if not is_terminal_name(self.terminal) or len(self.epoch) != EPOCH_BYTES:
            raise ValueError("a checkpoint is of one terminal and one epoch of 16 bytes")
        if not 0 <= self.size < MAX_SIZE or len(self.root) != HASH_BYTES:
            raise ValueError("a checkpoint has a size and a root of 32 bytes")

    def __str__(self) -> str:
        """The text that is signed: origin, size, root in base64, a line each."""
        return f"{origin(self.terminal, self.epoch)}\n{self.size}\n{b64encode(self.root).decode()}\n"


def origin(terminal: str, epoch: bytes) -> str:
    """The first line of a terminal's checkpoints, and the name of the key that signs them."""
    return f"xs-terminal/{terminal}/{epoch.hex()}"


def terminal_key(terminal: str, epoch: bytes, public_key: bytes) -> NoteKey:
    """The key that must have signed a terminal's checkpoints in this epoch; `public_key` is 32 bytes of Ed25519."""
    return NoteKey(origin(terminal, epoch), KeyType.ED25519, public_key)


def headquarters_key(name: str, public_key: bytes) -> NoteKey:
    """The key that cosigns at headquarters, by the name that `issuers.json` gives it: `xs-headquarters/…`."""
    return NoteKey(name, KeyType.COSIGNATURE, public_key)


def signed(checkpoint: Checkpoint, private_key: Ed25519PrivateKey) -> SignedNote:
    """The checkpoint with the terminal's signature."""
    text = str(checkpoint)
    return SignedNote(text, (sign(text, origin(checkpoint.terminal, checkpoint.epoch), private_key),))


def cosigned(note: SignedNote, name: str, private_key: Ed25519PrivateKey, time_s: int) -> SignedNote:
    """`note` with headquarters' cosignature at `time_s` beside the signatures that it has: an acknowledgement."""
    return SignedNote(note.text, (*note.signatures, cosign(note.text, name, private_key, time_s)))


def checkpoint_of(note: SignedNote) -> Checkpoint:
    """What the text of a note says. Believed by nobody before its signatures are verified.

    Raises:
        NoteRefused: the text is no checkpoint of a terminal.
    """
    match = _TEXT.fullmatch(note.text)
    if match is None:
        raise NoteRefused("a note that is no checkpoint of a terminal's journal")
    terminal, epoch, size, root = match.groups()
    decoded = b64decode(root)
    if int(size) >= MAX_SIZE or b64encode(decoded).decode() != root:
        raise NoteRefused("a checkpoint with a size or a root that no journal has")
    return Checkpoint(terminal, bytes.fromhex(epoch), int(size), decoded)
