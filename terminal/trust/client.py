"""The TUF client: python-tuf over the mirror, with the gate's clock, and with the knowledge of what was seen before.

python-tuf follows the TUF specification's client workflow; what it leaves open for a gate is closed here:

* it reads the wall clock itself: it is given the gate's;
* it writes its metadata folder without waiting for the disk: that is done after each refresh, before anything is
  believed;
* when its folder is damaged it starts again from what it is offered: versions below those in `SeenVersions` are
  refused whatever the folder says;
* it takes a missing `<n>.root.json` for the end of the chain: a chain that ends before the root seen last is refused;
* it takes a length from signed metadata: nothing is read past this module's bounds.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from tuf.api import exceptions as tuf
from tuf.api.metadata import Root, Signed, Targets
from tuf.ngclient import FetcherInterface, Updater, UpdaterConfig

from terminal.core.document import MAX_ROOT_BYTES
from terminal.errors import StorageError, XsError
from terminal.trust.disk import Disk, digest
from terminal.trust.mirror import Mirror, MirrorRefused, NotInMirror
from terminal.trust.refusals import RootRefused, UpdateRefused, Why
from terminal.trust.seen import SeenVersion, SeenVersions, rolled_back
from terminal.trust.store import Offered, RoleFiles, Target

BOUNDS = UpdaterConfig(
    max_root_rotations=256,
    max_delegations=8,
    root_max_length=MAX_ROOT_BYTES,
    timestamp_max_length=16_384,
    snapshot_max_length=2_000_000,
    targets_max_length=5_000_000,
)
_MAX_METADATA_BYTES = 5_000_000  # also where signed metadata says that other metadata is longer
_MAX_VERSION = 1 << 53
_BASE = "mirror:///"
_TOP_LEVEL = ("root", "timestamp", "snapshot", "targets")


class _Fetcher(FetcherInterface):
    """python-tuf's downloads, from the mirror. `last` is the name asked for last, for messages."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror
        self.last = ""

    def download_bytes(self, url: str, max_length: int) -> bytes:
        self.last = url.removeprefix(_BASE)
        try:
            return self._mirror.read(self.last, min(max_length, _MAX_METADATA_BYTES))
        except NotInMirror as missing:
            raise tuf.DownloadHTTPError(str(missing), 404) from missing
        except MirrorRefused as refused:
            raise tuf.DownloadError(str(refused)) from refused

    def _fetch(self, url: str) -> Iterator[bytes]:
        yield self.download_bytes(url, _MAX_METADATA_BYTES)


class TufClient:
    """One gate's client. `folder` is python-tuf's metadata folder, which moves only forward."""

    def __init__(self, folder: Path, mirror: Mirror, seen: SeenVersions, disk: Disk) -> None:
        self._folder = folder
        self._mirror = mirror
        self._seen = seen
        self._disk = disk

    def refresh(
        self, root: bytes, now_s: float, wanted: Mapping[str, tuple[str, ...]]
    ) -> Mapping[str, Offered | XsError]:
        """For each role of `wanted` the files it names at those paths and its expiry, or why it is not believed.

        `root` is the root the gate was born with. What was seen is durable when this returns, whatever came of it.
        Blocks on the disk.

        Raises:
            RootRefused: `root` is no root.
            UpdateRefused: nothing of it is believed.
            StorageError: the disk refuses.
        """
        fetcher = _Fetcher(self._mirror)
        updater = self._updater(root, now_s, fetcher)
        roles: dict[str, Offered | XsError] = {}
        refusal: XsError | None = None
        try:
            updater.refresh()
        except (tuf.RepositoryError, tuf.DownloadError, OSError) as error:
            refusal = _told(error, fetcher.last)
        else:
            for role, paths in wanted.items():
                roles[role] = _offered(updater, fetcher, role, paths)
        self._make_durable()
        back = self._remember(updater, digest(root), ("root", "timestamp", "snapshot", "targets", *wanted))
        for role in _TOP_LEVEL:
            refusal = back.get(role, refusal)
        if refusal is not None:
            raise refusal
        return {role: back.get(role, found) for role, found in roles.items()}

    def _updater(self, root: bytes, now_s: float, fetcher: FetcherInterface) -> Updater:
        try:
            updater = Updater(str(self._folder), _BASE, fetcher=fetcher, config=BOUNDS, bootstrap=root)
        except tuf.RepositoryError as error:
            raise RootRefused(f"the root.json of this gate is no TUF root: {error}; provision it anew") from error
        except OSError as error:
            raise StorageError(f"{self._folder}: cannot be written: {error.strerror}") from error
        updater._trusted_set.reference_time = datetime.fromtimestamp(now_s, UTC)  # there is no public way
        return updater

    def _make_durable(self) -> None:
        try:
            for path in (*self._folder.glob("*.json"), *self._folder.glob("root_history/*.json")):
                with suppress(FileNotFoundError):  # root.json, a link that a power cut may have left without its end
                    self._disk.sync_file(path)
            self._disk.sync_folder(self._folder / "root_history")
            self._disk.sync_folder(self._folder)
        except OSError as error:
            raise StorageError(f"{self._folder}: cannot be written: {error.strerror}") from error

    def _remember(self, updater: Updater, born: str, names: tuple[str, ...]) -> dict[str, XsError]:
        """Save the versions that were verified; returns the refusal of each role that is older than seen before."""
        trusted = updater._trusted_set
        seen = self._seen.load()
        online = _signers(trusted.root)
        news: dict[str, SeenVersion] = {}
        back: dict[str, XsError] = {}
        for name in names:
            signed = cast("Signed | None", trusted.get(name))
            if signed is None:
                continue
            found = SeenVersion(signed.version, born if name == "root" else online)
            if signed.version >= _MAX_VERSION:
                back[name] = UpdateRefused(Why.MALFORMED, f"{name} has a version past {_MAX_VERSION}")
            elif rolled_back(seen, name, found):
                back[name] = UpdateRefused(
                    Why.ROLLED_BACK,
                    f"{name} in the mirror has version {found.version}; this gate has seen {seen[name].version}",
                )
            elif seen.get(name) != found:
                news[name] = found
        if news:
            self._seen.save(news)
        return back


def _signers(root: Root) -> str:
    """Who vouches for versions: the keys of timestamp and snapshot, through which every other role comes."""
    keys = [(name, root.roles[name].threshold, *sorted(root.roles[name].keyids)) for name in ("timestamp", "snapshot")]
    return hashlib.sha256(repr(keys).encode()).hexdigest()


def _offered(updater: Updater, fetcher: _Fetcher, role: str, paths: tuple[str, ...]) -> Offered | XsError:
    targets: dict[str, Target] = {}
    try:
        for path in paths:
            info = updater.get_targetinfo(path)
            signed = cast("Targets | None", updater._trusted_set.get(role))
            if info is None or signed is None or signed.targets.get(path) is not info:
                return UpdateRefused(Why.UNSIGNED, f"{path} is not among the files of the role {role}")
            targets[path] = Target(info.hashes.get("sha256", ""), info.length)
    except (tuf.RepositoryError, tuf.DownloadError, OSError) as error:
        return _told(error, fetcher.last)
    except ValueError:
        return UpdateRefused(Why.MALFORMED, f"{role}: a file without a SHA-256")
    signed = cast("Targets", updater._trusted_set[role])
    return Offered(RoleFiles(signed.version, targets), signed.expires.timestamp())


def _told(error: Exception, name: str) -> XsError:
    """What python-tuf's refusal of `name` means."""
    match error:
        case tuf.DownloadHTTPError():
            return UpdateRefused(Why.INCOMPLETE, str(error))
        case tuf.DownloadError():
            return UpdateRefused(Why.MALFORMED, str(error))
        case tuf.LengthOrHashMismatchError():
            return UpdateRefused(Why.INCOMPLETE, f"{name} in the mirror is not the file that was signed")
        case tuf.ExpiredMetadataError():
            return UpdateRefused(Why.EXPIRED, f"{error}; headquarters must publish anew, or the clock here is wrong")
        case tuf.BadVersionNumberError():
            return UpdateRefused(Why.ROLLED_BACK, f"{name} in the mirror is older than what was seen before: {error}")
        case tuf.UnsignedMetadataError():
            return UpdateRefused(Why.UNSIGNED, f"{name} in the mirror: {error}; the root.json here may be another's")
        case OSError():
            return StorageError(f"the versions seen cannot be kept: {error.strerror}")
        case _:
            return UpdateRefused(Why.MALFORMED, f"{name} in the mirror: {error}")
