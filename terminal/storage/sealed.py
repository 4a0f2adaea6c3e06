"""The part of an entry that is for headquarters' eyes, or the entry is not written at all."""

from collections.abc import Mapping
from typing import Any

from terminal.core.issuers import SealingKey
from terminal.core.journal import EntryKey
from terminal.core.sealing import seal
from terminal.errors import DocumentError, StorageError


class NoSealingKey(StorageError):
    """An entry has a part for headquarters' eyes and no key that can seal it; it is not written at all."""

    fault = "document"


def sealed_for(sealing_key: SealingKey | None, plain: Mapping[str, Any], key: EntryKey) -> bytes:
    """The sealed bytes of the entry `key`.

    Raises:
        NoSealingKey: there is none, or it is none.
    """
    if sealing_key is None:
        raise NoSealingKey(
            "headquarters' sealing key is not known, so this entry is not written; bring issuers.json to the mirror"
        )
    try:
        return seal(plain, key, sealing_key)
    except DocumentError as error:
        raise NoSealingKey(str(error)) from None
