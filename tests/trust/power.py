"""A disk whose power can be cut: it knows, at every moment, what would be left after a cut.

A file system promises little: what was not synced may be lost, and a name may survive although what it names does not.
Both extremes are kept as pictures: `names_lost`, where nothing unsynced is left, and `names_kept`, where every name is
left but a file that was not synced is empty.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from terminal.trust.disk import Disk

Picture = Mapping[str, bytes | Path | None]
"""By path below the watched folder: the content of a file, the target of a link, or None for a folder."""
BY_ITSELF_DURABLE = "seen.db"  # SQLite syncs it


@dataclass
class PowerLine(Disk):
    """Takes two pictures of `folder` before and after each sync."""

    folder: Path
    pictures: list[Picture] = field(default_factory=list)
    _content: dict[int, bytes] = field(default_factory=dict)
    _names: dict[Path, list[tuple[Path, int]]] = field(default_factory=dict)

    def sync_file(self, path: Path) -> None:
        self.take_pictures()
        super().sync_file(path)
        self._content[path.stat().st_ino] = path.read_bytes()
        self.take_pictures()

    def sync_folder(self, path: Path) -> None:
        self.take_pictures()
        super().sync_folder(path)
        self._names[path] = [(entry, entry.lstat().st_ino) for entry in path.iterdir()]
        self.take_pictures()

    def take_pictures(self) -> None:
        for picture in (dict(self._names_lost(self.folder)), dict(self._names_kept())):
            if picture not in self.pictures:
                self.pictures.append(picture)

    def _names_kept(self) -> Iterator[tuple[str, bytes | Path | None]]:
        for path in sorted(self.folder.rglob("*")):
            yield self._left_of(path, path.lstat().st_ino)

    def _names_lost(self, folder: Path) -> Iterator[tuple[str, bytes | Path | None]]:
        for path, inode in self._names.get(folder, []):
            yield self._left_of(path, inode)
            if not path.is_symlink() and path.is_dir():
                yield from self._names_lost(path)

    def _left_of(self, path: Path, inode: int) -> tuple[str, bytes | Path | None]:
        name = str(path.relative_to(self.folder))
        if path.is_symlink():
            return name, path.readlink()
        if path.is_dir():
            return name, None
        return name, path.read_bytes() if name == BY_ITSELF_DURABLE else self._content.get(inode, b"")


def put_back(picture: Picture, folder: Path) -> None:
    """What the power cut left, as a folder."""
    folder.mkdir(mode=0o700)
    for name, content in sorted(picture.items()):
        path = folder / name
        match content:
            case None:
                path.mkdir(mode=0o700)
            case Path():
                path.symlink_to(content)
            case _:
                path.write_bytes(content)
