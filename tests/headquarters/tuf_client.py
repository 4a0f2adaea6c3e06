"""A gate's view of a mirror by python-tuf alone, sharing no code with publisher or gate."""

from collections.abc import Iterator
from pathlib import Path

from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

BASE = "folder:///"


class _FolderFetcher(FetcherInterface):
    def __init__(self, mirror: Path) -> None:
        self._mirror = mirror

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = self._mirror / url.removeprefix(BASE)
        if not path.is_file():
            raise DownloadHTTPError(str(path), 404)
        return iter((path.read_bytes(),))


class TufClient:
    """Keeps what it has seen, as a gate does: nothing older is believed afterwards."""

    def __init__(self, mirror: Path, state: Path, root: bytes) -> None:
        self._mirror, self._state, self._root = mirror, state, root
        for name in ("metadata", "targets"):
            (state / name).mkdir(parents=True, exist_ok=True)

    def fetch(self, *targets: str) -> list[bytes | None]:
        updater = Updater(
            str(self._state / "metadata"),
            BASE,
            str(self._state / "targets"),
            BASE,
            _FolderFetcher(self._mirror),
            bootstrap=self._root,
        )
        updater.refresh()
        found = []
        for target in targets:
            info = updater.get_targetinfo(target)
            found.append(None if info is None else Path(updater.download_target(info)).read_bytes())
        return found
