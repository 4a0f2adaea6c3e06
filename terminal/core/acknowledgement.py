"""What an acknowledgement of headquarters means to the terminal that gets it (design 7, 'MQTT 5', 3 and 4).

An acknowledgement is the terminal's own signed checkpoint with headquarters' cosignature. It comes over a network that
nobody trusts, so it counts only when both signatures hold and the checkpoint is one that this journal has.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from terminal.core.checkpoint import Checkpoint, checkpoint_of, headquarters_key
from terminal.core.issuers import HeadquartersKey
from terminal.core.signed_note import NoteKey, NoteRefused, parse_note

Why = Literal["no-note", "other-journal", "not-cosigned", "not-ours", "old"]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Headquarters' database has every entry below the checkpoint's size."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing follows from it. `old`: as much or more is acknowledged already."""

    why: Why


@dataclass(frozen=True, slots=True)
class OtherPast:
    """Both signatures hold, and this journal never had that checkpoint: its past is another than headquarters knows.

    So it is with an old image that was brought back, or a disk that lost what it had confirmed.
    """

    checkpoint: Checkpoint


Judgement: TypeAlias = Acknowledged | Ignored | OtherPast


def judge(
    data: bytes,
    *,
    own: NoteKey,
    cosigners: Sequence[HeadquartersKey],
    acknowledged: int,
    root_at: Callable[[int], bytes | None],
) -> Judgement:
    """Judge the bytes of an acknowledgement.

    `own` is the key of this terminal's journal in this epoch; `acknowledged` the size that is acknowledged already;
    `root_at` gives the root of the checkpoint that this journal has at a size beyond it, None when it has none there.
    """
    try:
        note = parse_note(data)
        checkpoint = checkpoint_of(note)
    except NoteRefused:
        return Ignored("no-note")
    if own.name != note.text.partition("\n")[0]:
        return Ignored("other-journal")
    if not any(note.cosigned_at(headquarters_key(each.name, bytes.fromhex(each.key))) for each in cosigners):
        return Ignored("not-cosigned")
    if not note.signed_by(own):
        return Ignored("not-ours")
    if checkpoint.size <= acknowledged:
        return Ignored("old")
    if root_at(checkpoint.size) != checkpoint.root:
        return OtherPast(checkpoint)
    return Acknowledged(checkpoint)
