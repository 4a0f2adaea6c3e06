"""Publishing: what the register says becomes one TUF repository a site (design 4).

    register → lists and documents → signed roles → database → files

The whole published tree is stored in the database in the transaction that makes it, and only then written to its
folder, timestamps last. A publisher that is killed has therefore never shown a version that it would sign again with
other content; the next run writes what is missing. The tree is also all the state there is: versions, running
numbers and the list that changes are counted from are read back from it.

A tree has `shared/`, the same for all sites, and `sites/<number>/`. A gate's mirror is the union of `shared/` and its
own site's folder.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from tuf.api.metadata import Metadata, Root

from headquarters.database import Database, published
from headquarters.files import only_writer, unchanged, write_aside
from headquarters.keys import KeyFileError, KeyFolder
from headquarters.register import Statuses, card_statuses, company_statuses
from headquarters.repository.ceremony import ROOT_LIFE, root_versions
from headquarters.repository.lists import ListFiles, next_list_files
from headquarters.repository.roles import Signatory
from headquarters.repository.site_documents import SiteDocuments
from terminal.errors import ConfigurationError, StorageError
from terminal.trust.documents import ISSUERS

_TARGET_PATH = re.compile(r"[a-z0-9_-][a-z0-9._-]*(/[a-z0-9_-][a-z0-9._-]*)*")
_LAST = ("snapshot.json", "timestamp.json")


@dataclass(frozen=True, slots=True)
class Publication:
    """What a publish did. `warnings`: a line for each thing that needs somebody soon; `files`: the tree, by path."""

    sites: tuple[int, ...]
    files_written: int
    warnings: tuple[str, ...]
    files: Mapping[str, bytes] = field(repr=False)


def publish(
    database: Database,
    keys: KeyFolder,
    folder: Path | None,
    now: datetime,
    cards: Statuses | None = None,
    *,
    documents: SiteDocuments | None = None,
) -> Publication:
    """Publish everything anew below `folder`. Durable when it returns; blocks on the disk, and for another publisher.

    Without a folder the tree is made and stored, for whoever shows it in another way. `cards` stands in for the
    register's cards (for measurements). Whoever publishes again and again gives the same `documents` each time. Costs
    of a run when nothing changed: the two changes files, the revocation role, and a snapshot and timestamp a site.

    Raises:
        DocumentRefused: a document has mistakes; nothing was published.
        KeyFileError: a key that is needed is missing or wrong; nothing was published.
        StorageError: database or folder fail; what was begun is finished by the next run.
    """
    with only_writer(folder) if folder else nullcontext():
        tree = prepare(database, keys, now, cards, documents=documents)
        written = sum(1 for _ in release(tree.files, folder)) if folder else 0
    return Publication(tree.sites, written, tuple(tree.warnings), tree.files)


def prepare(
    database: Database,
    keys: KeyFolder,
    now: datetime,
    cards: Statuses | None = None,
    *,
    documents: SiteDocuments | None = None,
) -> "Tree":
    """Make and store the next tree, not yet seen by anybody; `publish` says what it raises."""
    with database.transaction() as connection:
        before = _stored(connection)
        cards = cards or card_statuses(connection)
        tree = Tree(connection, keys, now, before, cards, documents=documents or SiteDocuments())
        _store(connection, tree.files, before)
    return tree


def published_files(database: Database) -> Mapping[str, bytes]:
    """What was published last, by path.

    Raises:
        StorageError: the database fails.
    """
    with database.transaction(read_only=True) as connection:
        return _stored(connection)


def release(files: Mapping[str, bytes], folder: Path) -> Iterator[str]:
    """Write the files that differ, in the order given; yields each path once it is durable."""
    for path, content in files.items():
        target = folder / path
        if not unchanged(target, content):
            write_aside(target, content)
            yield path


def fill_mirror(folder: Path, site: int, mirror: Path) -> int:
    """Carry what was published below `folder` for one site to a gate's mirror; returns the number of files written.

    Raises:
        ConfigurationError: that site is not published there.
        StorageError: a file cannot be read or written.
    """
    with only_writer(folder), only_writer(mirror):
        return sum(1 for _ in release(mirror_files(folder, site), mirror))


def mirror_files(folder: Path, site: int) -> dict[str, bytes]:
    """What belongs in the mirror of a site, by name: targets first, the timestamp last.

    A gate that looks in between then finds what it knows already, and waits for the rest.

    Raises:
        ConfigurationError: that site is not published below `folder`.
        StorageError: a file cannot be read.
    """
    own = folder / "sites" / str(site)
    if not own.is_dir():
        raise ConfigurationError(f"{folder}: site {site} is not published there")
    try:
        files = {
            path.relative_to(base).as_posix(): path.read_bytes()
            for base in (folder / "shared", own)
            for path in sorted(base.rglob("*"))
            if path.is_file() and _TARGET_PATH.fullmatch(path.relative_to(base).as_posix())
        }
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error}") from error
    names = sorted(files, key=lambda name: (name in _LAST, name.endswith(".json") and "/" not in name, name))
    return {name: files[name] for name in names}


class Tree:
    """Everything that is published at one moment: `files` by path, in the order in which they are to be written."""

    def __init__(
        self,
        connection: sa.Connection,
        keys: KeyFolder,
        now: datetime,
        before: Mapping[str, bytes],
        cards: Statuses,
        *,
        documents: SiteDocuments,
    ) -> None:
        self._connection = connection
        self._before = before
        self._before_of_sites = _by_site(before)
        self._now = now.astimezone(UTC)
        self._roots = root_versions(keys)
        root = Metadata[Root].from_bytes(self._roots[-1]).signed
        self._signatory = Signatory(keys, root, self._now)
        self.warnings = self._signatory.warnings
        self.files: dict[str, bytes] = {}
        self._judge_root(root)
        self._add_shared(cards)
        self._issuers = _issuers(keys)
        of_sites = dict(documents.all(connection, self._now))
        self.warnings.extend(documents.warnings)
        self.sites = tuple(of_sites)
        for site, content in of_sites.items():
            self._add_site(site, content)

    def _judge_root(self, root: Root) -> None:
        if root.expires <= self._now:
            when = root.expires.isoformat()
            raise KeyFileError(f"the root expired at {when}: no gate believes anything new; do keys renew-root")
        if root.expires - self._now <= ROOT_LIFE / 3:
            self.warnings.append(f"the root expires at {root.expires.isoformat()}; renew it with keys renew-root")

    def _add_shared(self, cards: Statuses) -> None:
        for number, root in enumerate(self._roots, start=1):
            self.files[f"shared/{number}.root.json"] = root
        self.files["shared/root.json"] = self._roots[-1]
        lists: dict[str, bytes] = {}
        issued_at_s = int(self._now.timestamp())
        for name, statuses in (("cards", cards), ("companies", company_statuses(self._connection))):
            path = f"revocation/{name}"
            before = ListFiles.of(self._before.get(f"shared/{path}"), self._before.get(f"shared/{path}-changes"))
            if before is not None and before.issued_at_s > issued_at_s:
                self.warnings.append(
                    f"this machine's clock is behind the last publish; {name} will look older than before"
                )
            after = next_list_files(statuses, before, issued_at_s)
            lists |= {path: after.base, f"{path}-changes": after.changes}
        self.files |= {f"shared/{path}": content for path, content in lists.items()}
        role = "shared/revocation.json"
        self.files[role] = self._signatory.revocation(lists, self._before.get(role))

    def _add_site(self, site: int, documents: Mapping[str, bytes]) -> None:
        prefix = f"sites/{site}/"
        before = self._before_of_sites.get(str(site), {})
        signatory = self._signatory
        own = f"site-{site}.json"
        issuers = {"issuers.json": self._issuers}
        roles = {
            own: signatory.site(site, documents, before.get(own)),
            "targets.json": signatory.targets(site, issuers, before.get("targets.json")),
        }
        meta = {"revocation.json": self.files["shared/revocation.json"], **roles}
        snapshot = signatory.snapshot(meta, before.get("snapshot.json"))
        timestamp = signatory.timestamp(snapshot, before.get("timestamp.json"))
        files = {**documents, **issuers, **roles, "snapshot.json": snapshot, "timestamp.json": timestamp}
        self.files |= {prefix + path: content for path, content in files.items()}


def _by_site(files: Mapping[str, bytes]) -> Mapping[str, Mapping[str, bytes]]:
    """The files below `sites/<number>/` by number, then by what follows."""
    found: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        where, _, rest = path.partition("/")
        number, _, name = rest.partition("/")
        if where == "sites":
            found.setdefault(number, {})[name] = content
    return found


def _issuers(keys: KeyFolder) -> bytes:
    try:
        content = keys.issuers.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{keys.issuers}: cannot be read: {error.strerror}") from error
    return ISSUERS.dump(ISSUERS.parse(content))


def _stored(connection: sa.Connection) -> dict[str, bytes]:
    return {row.path: row.content for row in connection.execute(sa.select(published))}


def _store(connection: sa.Connection, files: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
    new = [{"of": path, "now": content} for path, content in files.items() if path not in before]
    changed = [{"of": path, "now": content} for path, content in files.items() if before.get(path, content) != content]
    of: sa.BindParameter[str] = sa.bindparam("of")
    now: sa.BindParameter[bytes] = sa.bindparam("now")
    if new:
        connection.execute(published.insert().values(path=of, content=now), new)
    if changed:
        connection.execute(published.update().where(published.c.path == of).values(content=now), changed)
