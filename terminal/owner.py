"""Root writes in a folder as the folder's own user: by a link, that one could lead him to any file of this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from terminal.errors import StorageError


@contextmanager
def as_owner(folder: Path, umask: int = 0o022) -> Iterator[None]:
    """Be the owner of `folder` for as long as the block lasts; for anybody but root this does nothing.

    What is made there can be replaced by that user, whatever root's own umask is. It changes the whole process.

    Raises:
        StorageError: there is no such folder, or root may not become its owner.
    """
    if os.geteuid() != 0:
        yield
        return
    group, groups, mask = os.getegid(), os.getgroups(), os.umask(umask)
    try:
        try:
            owner = folder.stat()
            os.setgroups([])
            os.setegid(owner.st_gid)
            os.seteuid(owner.st_uid)
        except OSError as error:
            raise StorageError(f"{folder}: cannot be written as its own user: {error.strerror}") from None
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)
        os.umask(mask)
