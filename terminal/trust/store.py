"""The set in force on disk: files under their SHA-256, and a manifest that says which of them count.

A file is durable before the manifest that names it, and a manifest replaces the one before as a whole; so after a
power cut at any moment the old set is in force or the new one, never a mixture and never nothing.
"""

import json
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from terminal.errors import StorageError
from terminal.trust.disk import Disk, digest, own_folder

_DIGEST = re.compile(r"[0-9a-f]{64}")
MAX_MANIFEST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Target:
    """A file as a signed role names it: SHA-256 in hexadecimal and length in bytes."""

    sha256: str
    length: int

    def __post_init__(self) -> None:
        if not _DIGEST.fullmatch(self.sha256) or self.length < 0:
            raise ValueError("no SHA-256 and length")

    def is_of(self, data: bytes) -> bool:
        """Tell whether `data` is this file."""
        return len(data) == self.length and digest(data) == self.sha256


@dataclass(frozen=True, slots=True)
class RoleFiles:
    """The version of a role, and its files by path."""

    version: int
    targets: Mapping[str, Target]


@dataclass(frozen=True, slots=True)
class Offered:
    """A role as it was verified in the mirror: its files, and until when it may be offered, in seconds since 1970."""

    files: RoleFiles
    expires_s: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in force: the roles by name, and the root (SHA-256 of the file) under which they were accepted."""

    root: str
    roles: Mapping[str, RoleFiles] = field(default_factory=dict)

    def encoded(self) -> bytes:
        """The manifest as a file."""
        return json.dumps(asdict(self), sort_keys=True).encode()

    @classmethod
    def decoded(cls, data: bytes) -> "Manifest":
        """Read it back.

        Raises:
            ValueError, KeyError, TypeError, AttributeError: it is damaged.
        """
        content: Any = json.loads(data)
        return cls(
            str(content["root"]),
            {
                role: RoleFiles(
                    int(files["version"]), {path: Target(**file) for path, file in files["targets"].items()}
                )
                for role, files in content["roles"].items()
            },
        )


class Store:
    """The folder of the set in force."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        """Open it, made if need be.

        Raises:
            StorageError: the disk refuses.
        """
        self._folder = own_folder(folder, disk)
        self._files = own_folder(folder / "files", disk)
        self._manifest = folder / "manifest.json"
        self._disk = disk

    def manifest(self) -> Manifest | None:
        """What is in force, or None when nothing ever was.

        Raises:
            StorageError: it cannot be read, or it is damaged.
        """
        try:
            if self._manifest.stat().st_size > MAX_MANIFEST_BYTES:
                raise StorageError(f"{self._manifest}: is damaged: far too large")
            return Manifest.decoded(self._manifest.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StorageError(f"{self._manifest}: cannot be read: {error.strerror}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StorageError(f"{self._manifest}: is damaged: {error}") from error

    def read(self, target: Target) -> bytes:
        """The file, verified.

        Raises:
            StorageError: it is missing or damaged.
        """
        path = self._files / target.sha256
        try:
            data = path.read_bytes() if path.stat().st_size == target.length else b""
        except OSError as error:
            raise StorageError(f"{path}: cannot be read: {error.strerror}") from error
        if not target.is_of(data):
            raise StorageError(f"{path}: is damaged")
        return data

    def find(self, target: Target) -> bytes | None:
        """The file, verified, or None when it is not here in full."""
        try:
            return self.read(target)
        except StorageError:
            return None

    def add(self, target: Target, data: bytes) -> None:
        """Keep `data`, which is `target`; durable after the next `put_in_force`.

        Raises:
            StorageError: the disk refuses.
        """
        try:
            self._disk.write(self._files / target.sha256, data)
        except OSError as error:
            raise StorageError(f"{self._files}: cannot be written: {error.strerror}") from error

    def put_in_force(self, manifest: Manifest) -> None:
        """Swap the manifest: durable when it returns. Its files must have been added.

        Raises:
            StorageError: the disk refuses; the set before is still in force.
        """
        try:
            self._disk.sync_folder(self._files)
            self._disk.write(self._manifest, manifest.encoded())
            self._disk.sync_folder(self._folder)
        except OSError as error:
            raise StorageError(f"{self._folder}: cannot be written: {error.strerror}") from error

    def sweep(self, manifest: Manifest | None) -> None:
        """Remove what the manifest in force does not name, and what a crash left half-written."""
        wanted = {
            target.sha256 for role in (manifest.roles if manifest else {}).values() for target in role.targets.values()
        }
        with suppress(OSError):  # what stays takes space, no more; the next sweep tries again
            for path in self._files.iterdir():
                if path.name not in wanted:
                    path.unlink()
