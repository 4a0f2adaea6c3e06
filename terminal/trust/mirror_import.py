"""The mirror from a folder or a stick: the same files, names and bounds as over the network."""

import os
from dataclasses import dataclass
from pathlib import Path

from terminal.errors import DocumentError, StorageError
from terminal.owner import as_owner
from terminal.trust.mirror import Mirror, NotInMirror
from terminal.trust.mirror_files import bounds_of, roots
from terminal.trust.mirror_writer import MirrorWriter

ASIDE = ".importing"
MAX_HELD_BYTES = 256 * 1024 * 1024
"""More than all files of a site: they are written in one go."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a folder: names that were `written`, how many are as they were, and a line for each refused."""

    written: tuple[str, ...]
    unchanged: int
    refused: tuple[str, ...]


def import_folder(folder: Path, mirror: Path, site: int) -> Imported:
    """Carry the files of `site` from `folder` to the mirror. Durable when it returns; blocks on both disks.

    Links, pipes and whatever else is no plain file are refused, and so is what is longer than a gate would read; the
    other files are taken. Names that no gate reads are passed over.

    Raises:
        StorageError: a folder cannot be read or written.
    """
    writer = MirrorWriter(mirror, site, aside=ASIDE, max_held_bytes=MAX_HELD_BYTES)
    try:
        os.scandir(folder).close()
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}") from None
    source = Mirror(folder)
    bounds = bounds_of(site)
    unchanged, refused = 0, []
    for name in (*roots(), *bounds):
        try:
            content = source.read(name, bounds.get(name, bounds["root.json"]))
            with as_owner(mirror):
                unchanged += not writer.hold(name, content)
        except NotInMirror:
            continue
        except DocumentError as error:
            refused.append(str(error))
    with as_owner(mirror):
        return Imported(writer.write(), unchanged, tuple(refused))
