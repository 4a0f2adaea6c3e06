"""What an acknowledgement of headquarters means to the terminal that gets it (design 7, 'MQTT 5', 3 and 4).

An acknowledgement is the terminal's own signed checkpoint with headquarters' cosignature. It comes over a network that
nobody trusts, so it counts only when both signatures hold and the checkpoint is one that this journal has.

A checkpoint without the cosignature acknowledges nothing. But it was signed here, and leaves this machine only after
its commit; so one that this journal does not have tells as much of the past as an acknowledgement does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from terminal.core.checkpoint import Checkpoint, checkpoint_of, headquarters_key
from terminal.core.issuers import HeadquartersKey
from terminal.core.signed_note import NoteKey, NoteRefused, parse_note

OTHER_PAST_ALARM = "other-past"
"""The alarm that tells of `OtherPast`."""

Why = Literal["no-note", "other-journal", "not-cosigned", "not-ours", "old", "ended"]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Headquarters' database has every entry below the checkpoint's size."""

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Ignored:
    """Nothing follows from it. `old`: as much or more is acknowledged already; `ended`: what it tells is known."""

    why: Why


@dataclass(frozen=True, slots=True)
class OtherPast:
    """A checkpoint that this terminal signed and this journal never had: its past is another than others know.

    So it is with an old image that was brought back, or a disk that lost what it had confirmed.
    """

    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Authentic:
    """A checkpoint that this terminal signed in one of its epochs; `is_cosigned`: headquarters as well."""

    checkpoint: Checkpoint
    is_cosigned: bool


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

    `own` is the key of this terminal's journal in this epoch; the others as for `weigh`.
    """
    said = authentic(data, own={own.name: own}, cosigners=cosigners)
    return said if isinstance(said, Ignored) else weigh(said, acknowledged=acknowledged, root_at=root_at)


def authentic(data: bytes, *, own: Mapping[str, NoteKey], cosigners: Sequence[HeadquartersKey]) -> Authentic | Ignored:
    """Whose word it is, without asking the journal. `own`: the keys of this terminal's epochs, by their names."""
    try:
        note = parse_note(data)
        checkpoint = checkpoint_of(note)
    except NoteRefused:
        return Ignored("no-note")
    key = own.get(note.text.partition("\n")[0])
    if key is None:
        return Ignored("other-journal")
    cosigned = any(note.cosigned_at(headquarters_key(each.name, bytes.fromhex(each.key))) for each in cosigners)
    if not note.signed_by(key):
        return Ignored("not-ours" if cosigned else "not-cosigned")
    return Authentic(checkpoint, cosigned)


def weigh(said: Authentic, *, acknowledged: int, root_at: Callable[[int], bytes | None]) -> Judgement:
    """What an authentic checkpoint means to the journal that it is of.

    `acknowledged` is the size that is acknowledged already; `root_at` gives the root of the checkpoint that this
    journal has at a size beyond it, None when it has none there.
    """
    checkpoint = said.checkpoint
    if checkpoint.size <= acknowledged:
        return Ignored("old")
    if root_at(checkpoint.size) != checkpoint.root:
        return OtherPast(checkpoint)
    return Acknowledged(checkpoint) if said.is_cosigned else Ignored("not-cosigned")
