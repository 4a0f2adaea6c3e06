"""Which files a gate reads of its mirror, from where they may come, and how long each may be (docs/repository.md)."""

import re

from terminal.core.document import MAX_ROOT_BYTES
from terminal.errors import DocumentError

MAX_ROOTS = 256
"""Versions of root.json. They are numbered from 1 without a gap, so no higher number is one: whoever brought rubbish
under many numbers would leave no room for the next true one."""

_MIB = 1024 * 1024
_LIST_BYTES = 16 * _MIB + 64 * 1024
_METADATA_BYTES = 5_000_000
_ROOT = re.compile(r"[1-9][0-9]{0,8}\.root\.json")
_SHARED = {
    "root.json": MAX_ROOT_BYTES,
    "revocation.json": _METADATA_BYTES,
    "revocation/cards": _LIST_BYTES,
    "revocation/cards-changes": 64 * 1024,
    "revocation/companies": _LIST_BYTES,
    "revocation/companies-changes": 64 * 1024,
}
_LAST = ("snapshot.json", "timestamp.json")


class NotTaken(DocumentError):
    """It is not written; `word` stays the same for ever, the message is for a person."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


def is_root(name: str) -> bool:
    """Tell whether a file is one of the roots that there ever were."""
    return _ROOT.fullmatch(name) is not None


def roots() -> tuple[str, ...]:
    """The names of all roots that there can be."""
    return tuple(f"{version}.root.json" for version in range(1, MAX_ROOTS + 1))


def bounds_of(site: int) -> dict[str, int]:
    """The files of this site and of the shared repository by name, and the most bytes of each; roots are left out."""
    own = {"timestamp.json": 16_384, "snapshot.json": 2_000_000, "targets.json": _METADATA_BYTES}
    own |= {f"site-{site}.json": _METADATA_BYTES, "issuers.json": 64 * 1024}
    documents = {"policy": 2 * _MIB, "tariffs": 4 * _MIB, "visits": 16 * _MIB, "companies": 16 * _MIB}
    own |= {f"sites/{site}/{name}.json": bound for name, bound in documents.items()}
    return _SHARED | own


def comes_from(name: str, site: int | None, own_site: int) -> None:
    """See that a file may come from there: the shared repository (None), or the site's own.

    Raises:
        NotTaken: it may not.
    """
    if site not in {None, own_site}:
        raise NotTaken("other-site", f"{name} of site {site} is no business of a gate at site {own_site}")
    if (name in _SHARED or is_root(name)) != (site is None):
        raise NotTaken("no-such-file", f"no gate reads {name!r} from that repository")


def place(name: str) -> tuple[bool, bool, str]:
    """By what files are put in the order of writing: targets, then what signs them, snapshot and timestamp last."""
    return name in _LAST, name.endswith(".json") and "/" not in name, name
