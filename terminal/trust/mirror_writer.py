"""Writes the mirror: what came over the network or lies on a stick, within bounds, whole, the timestamp last.

Signatures are the gate's business, so only what a gate would look at is written: the names that it knows, from where
they may come, none longer than it would read. Files are held until nothing more comes, made durable aside, and then
renamed all at once in the order in which headquarters signs from the bottom up: a gate that looks in between finds what
it knows, and waits for the rest.

**Nothing is ever removed.** Names stay the same for ever, so a file is only ever replaced. A broker that forgets its
retained messages, or somebody who clears them, takes nothing away from a terminal.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import file_digest, sha256
from pathlib import Path

from terminal.core.document import MAX_ROOT_BYTES
from terminal.core.topics import MAX_WHOLE_BYTES, Piece, RepositoryTopic
from terminal.errors import StorageError
from terminal.trust.disk import Disk
from terminal.trust.mirror_files import MAX_ROOTS, NotTaken, bounds_of, comes_from, is_root, place, roots
from terminal.trust.pieces import Assembly, created, write_all

ASIDE = ".arriving"
"""Folder in the mirror for what is not whole yet; no gate looks there, and what a run leaves the next removes."""
MAX_HELD_BYTES = 2 * 1024 * 1024
"""Of small files in memory; past it they are written before the rest is here."""
MAX_ASSEMBLIES = 4
"""Large files that arrive at the same time: there are no more that a gate reads."""
LEFT_FREE_BYTES = 64 * 1024 * 1024
"""What others need of the disk: nothing is written that would not leave so much."""


class MirrorWriter:
    """The mirror of one site. One thread; everything may block on the disk. Raises StorageError where that refuses."""

    def __init__(
        self,
        folder: Path,
        site: int,
        *,
        disk: Disk | None = None,
        aside: str = ASIDE,
        max_held_bytes: int = MAX_HELD_BYTES,
    ) -> None:
        """Nothing is written yet; `folder` must be there when something is. `aside` is this writer's alone."""
        self._aside_folder = folder / aside
        self._max_held_bytes = max_held_bytes
        self._folder = folder
        self._site = site
        self._disk = disk or Disk()
        self._bounds = bounds_of(site)
        self._roots = frozenset(roots())
        self._held: dict[str, bytes | Path] = {}
        self._held_bytes = 0
        self._whole: dict[str, str] = {}
        self._assemblies: dict[tuple[str, str], Assembly] = {}
        self._number = 0
        self._known: dict[str, tuple[tuple[int, int, int], str]] = {}
        self._begun = False

    def take(self, topic: RepositoryTopic, body: bytes) -> bool:
        """Hold what arrived until `write`; False: it says nothing new.

        Raises:
            NotTaken: no file of this site's mirror, or too large.
        """
        comes_from(topic.name, topic.site, self._site)
        bound = self._bound_of(topic.name)
        if topic.piece is not None:
            return self._piece(topic.name, topic.piece, body, bound)
        if not body:  # cleared at headquarters; see above
            return False
        return self.hold(topic.name, body)

    def hold(self, name: str, content: bytes) -> bool:
        """Hold a whole file until `write`; False: the mirror has exactly that.

        Raises:
            NotTaken: no gate reads a file of that name, or it is too large.
        """
        if len(content) > self._bound_of(name):
            raise NotTaken("too-large", f"{name} has {len(content)} bytes, more than a gate reads of it")
        if self._is_there(name, sha256(content).hexdigest()):
            self._let_go(name)
            return False
        self._replace(name, content)
        if self._held_bytes > self._max_held_bytes:
            self.write()
        return True

    @property
    def holds(self) -> bool:
        """Whether there is something for `write` to do."""
        return bool(self._held)

    def write(self) -> tuple[str, ...]:
        """Put what is held into the mirror; gives the names, in order. Durable when it returns.

        What is held is let go also when it fails: whoever sent it is to be asked for it again.

        Raises:
            StorageError: the disk refuses, or is nearly full; the mirror has the old files, or some of the new.
        """
        held = {name: self._held[name] for name in sorted(self._held, key=place)}
        asides: dict[str, Path] = {}
        try:
            with self._alone():
                for name, content in held.items():
                    asides[name] = content if isinstance(content, Path) else self._new_path()
                    self._fill(asides[name], content)
                folders = {self._folder}
                for name, aside in asides.items():
                    target = self._folder / name
                    self._make_folder(target.parent)
                    aside.replace(target)
                    folders.add(target.parent)
                for folder in folders:
                    self._disk.sync_folder(folder)
        except OSError as error:
            raise self._refused(error) from None
        finally:
            for name in held:
                self._let_go(name)
            for aside in asides.values():
                with suppress(OSError):  # renamed; or the disk refuses that as well
                    aside.unlink()
        return tuple(held)

    def forget(self) -> None:
        """Let go of everything that is held or half there: it comes again."""
        for assembly in self._assemblies.values():
            assembly.drop()
        self._assemblies.clear()
        for name in list(self._held):
            self._let_go(name)

    # --------------------------------------------------------------------------------------------------- what may come

    def _bound_of(self, name: str) -> int:
        if (bound := self._bounds.get(name)) is not None:
            return bound
        if not is_root(name):
            raise NotTaken("no-such-file", f"no gate reads a file called {name!r}")
        if name not in self._roots:
            raise NotTaken("too-many-roots", f"{name} is not taken: there are {MAX_ROOTS} versions at the most")
        return MAX_ROOT_BYTES

    def _piece(self, name: str, piece: Piece, body: bytes, bound: int) -> bool:
        key = (name, piece.sha256)
        if not body:  # superseded at headquarters: it will not become whole any more
            if (stale := self._assemblies.pop(key, None)) is not None:
                stale.drop()
            return False
        if piece.count > -(-bound // MAX_WHOLE_BYTES):
            raise NotTaken("too-large", f"{name} in {piece.count} pieces is more than a gate reads of it")
        whole = len(body) == MAX_WHOLE_BYTES
        if not whole and (piece.n < piece.count - 1 or len(body) > MAX_WHOLE_BYTES):
            raise NotTaken("other-piece", f"a piece of {name} with {len(body)} bytes; all but the last are of one size")
        if self._whole.get(name) == piece.sha256:  # and held
            return False
        if self._is_there(name, piece.sha256):
            self._let_go(name)
            return False
        try:
            assembly = self._assembly(key, piece.count)
            if assembly.add(piece.n, body):
                return True
            del self._assemblies[key]
            content = assembly.path
            with content.open("rb") as file:
                found = file_digest(file, "sha256").hexdigest()
        except OSError as error:
            self.forget()
            raise self._refused(error) from None
        if found != piece.sha256 or content.stat().st_size > bound:
            assembly.drop()
            raise NotTaken("other-hash", f"the pieces of {name} are not the file that they were cut from")
        self._replace(name, content)
        self._whole[name] = piece.sha256
        return True

    def _assembly(self, key: tuple[str, str], count: int) -> Assembly:
        found = self._assemblies.get(key)
        if found is None or found.count != count:
            if found is not None:
                self._assemblies.pop(key).drop()
            while len(self._assemblies) >= MAX_ASSEMBLIES:  # the oldest: headquarters has gone on
                self._assemblies.pop(next(iter(self._assemblies))).drop()
            self._check_room(count * MAX_WHOLE_BYTES)
            found = self._assemblies[key] = Assembly(self._new_path(), count)
        return found

    # -------------------------------------------------------------------------------------------------- on the disk

    def _is_there(self, name: str, wanted: str) -> bool:
        """Whether the mirror's file is of this SHA-256; it is read once, then known by its stamp."""
        path = self._folder / name
        try:
            about = path.lstat()
            stamp = about.st_ino, about.st_ctime_ns, about.st_size
            known = self._known.get(name)
            if known is None or known[0] != stamp:
                with path.open("rb") as file:
                    known = self._known[name] = stamp, file_digest(file, "sha256").hexdigest()
        except OSError:
            return False
        return known[1] == wanted

    def _replace(self, name: str, content: bytes | Path) -> None:
        self._let_go(name)
        self._held[name] = content
        self._held_bytes += len(content) if isinstance(content, bytes) else 0

    def _let_go(self, name: str) -> None:
        self._whole.pop(name, None)
        match self._held.pop(name, None):
            case bytes(content):
                self._held_bytes -= len(content)
            case Path() as path:
                with suppress(OSError):
                    path.unlink()
            case _:
                pass

    def _fill(self, path: Path, content: bytes | Path) -> None:
        if isinstance(content, bytes):
            self._check_room(len(content))
            with created(path) as file:
                write_all(file, content)
        self._disk.sync_file(path)

    def _new_path(self) -> Path:
        folder = self._aside_folder
        if not self._begun:
            self._make_folder(folder)
            for left_over in folder.iterdir():
                left_over.unlink()
            self._begun = True
        self._number += 1
        return folder / str(self._number)

    def _make_folder(self, folder: Path) -> None:
        for each in (*reversed(folder.parents), folder):
            if self._folder in each.parents and not each.is_dir():
                each.mkdir()
                self._disk.sync_folder(each.parent)

    def _check_room(self, more: int) -> None:
        about = os.statvfs(self._folder)
        if about.f_bavail * about.f_frsize < more + LEFT_FREE_BYTES:
            raise StorageError(
                f"{self._folder}: the disk is nearly full, and the journal needs what is left; make room there"
            )

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(f"{error.filename or self._folder}: the mirror cannot be written: {error.strerror}")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else of ours writes here meanwhile (a stick is imported, headquarters fills it)."""
        descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)
