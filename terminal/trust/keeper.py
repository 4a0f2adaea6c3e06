"""Keeps the rules in force: from the mirror, through the TUF client, to one value that taps are decided by.

    mirror → client (verified) → store (durable) → contents (typed) → Rules

Two states are kept apart (design 4). What was *seen* moves only forward. What is *in force* changes when every file
of a role is here, verified and readable: roles advance one by one, so a site file that is missing never holds up a
revocation. At start the set in force is loaded by hash, without TUF, so that it counts also when all of it has
expired; freshness is judged by age, at each tap.

A keeper belongs to one thread (see `changed`); `current` may be asked from any.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from terminal.core.document import MAX_ROOT_BYTES
from terminal.core.rules import Rules
from terminal.errors import StorageError, XsError
from terminal.ports import Clock
from terminal.trust.contents import Contents, Lists, RoleReader, assembled
from terminal.trust.disk import Disk, digest, own_folder
from terminal.trust.mirror import Mirror, NotInMirror, Stamp, stamp
from terminal.trust.refusals import RootRefused, UpdateRefused, Why
from terminal.trust.seen import SeenVersions
from terminal.trust.store import Manifest, Offered, Store

if TYPE_CHECKING:
    from terminal.trust.client import TufClient

MAX_AHEAD_S = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """What did not advance: a role, or `root`, `store` or `mirror` when nothing could; and why."""

    subject: str
    error: XsError


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a load or a refresh came to. `rules` is the set in force after it, None while a role lacks altogether.

    `applied` holds the versions of the roles that came into force by it. `ahead_s` is how far the newest issued-at
    accepted by it lies ahead of the clock; past `MAX_AHEAD_S` the clock is doubtful.
    """

    rules: Rules | None
    applied: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[Refusal, ...] = ()
    ahead_s: float = 0.0

    @property
    def clock_doubtful(self) -> bool:
        """Tell whether an accepted list was issued too far in the clock's future."""
        return self.ahead_s > MAX_AHEAD_S


class _State:
    """The gate's own folder and the root it was born with, both readable. The TUF client is made when first needed."""

    def __init__(self, born: bytes, folder: Path, disk: Disk) -> None:
        self.born = born
        self.manifest = Manifest(digest(born))
        self.store = Store(own_folder(folder, disk) / "in-force", disk)
        own_folder(folder / "bitmaps", disk)
        self.seen = own_folder(folder / "seen", disk)
        with suppress(OSError):  # it takes space, no more
            for left_over in self.seen.glob("tmp*"):  # by python-tuf, when the power went
                left_over.unlink()
        self._disk = disk
        self._client: TufClient | None = None

    def client(self, mirror: Mirror, seen: SeenVersions) -> "TufClient":
        if self._client is None:
            # python-tuf takes long to import, and a gate is ready without it.
            from terminal.trust.client import TufClient  # noqa: PLC0415

            self._client = TufClient(self.seen, mirror, seen, self._disk)
        return self._client


class RulesKeeper:
    """The rules of one site. Nothing here raises for what a document or the disk does: refusals are in the outcome."""

    def __init__(
        self,
        *,
        site: int,
        root: Path,
        mirror: Path,
        state: Path,
        seen: SeenVersions,
        clock: Clock,
        disk: Disk | None = None,
    ) -> None:
        """`root` is the root.json the gate was born with; `state` a folder that only the gate may write."""
        self._root = root
        self._mirror = Mirror(mirror)
        self._folder = state
        self._seen = seen
        self._clock = clock
        self._disk = disk or Disk()
        self._reader = RoleReader(site, state / "bitmaps")
        self._watched = (
            root,
            mirror,
            *(mirror / f"{role}.json" for role in ("timestamp", "snapshot", *self._reader.bounds)),
            *(mirror / path for bounds in self._reader.bounds.values() for path in bounds),
        )
        self._stamp: Stamp = ()
        self._state: _State | None = None
        self._held: dict[str, Contents] = {}
        self._rules: Rules | None = None

    def current(self) -> Rules | None:
        """The set in force now. Never blocks; any thread."""
        return self._rules

    def changed(self) -> bool:
        """Tell whether something in the mirror was written since the last refresh. Some 20 stats: ask often.

        A refresh is also due from time to time without that: a disk may have room again, a clock may be right again.
        """
        return stamp(self._watched) != self._stamp

    def load(self) -> Outcome:
        """Load the set in force by hash, without TUF. Blocks on the disk; the first refresh does it if nobody did."""
        try:
            self._state = state = _State(self._root_born_with(), self._folder, self._disk)
        except XsError as error:
            return self._outcome((), [_refusal(error)])
        refused: list[Refusal] = []
        try:
            self._take_up(state)
        except XsError as error:
            refused.append(_refusal(error))
        for role in self._reader.bounds.keys() & state.manifest.roles.keys():
            targets = state.manifest.roles[role].targets
            try:
                files = {path: state.store.read(target) for path, target in targets.items()}
                if lacking := self._reader.bounds[role].keys() - files:
                    raise StorageError(f"{self._folder}: no {', '.join(lacking)} was kept there")
                self._held[role] = self._reader.contents(role, files)
            except XsError as error:
                refused.append(Refusal(role, error))
        return self._outcome(self._held, refused)

    def refresh(self) -> Outcome:
        """Take over what the mirror offers and headquarters signed; durable before it counts. Blocks on the disk."""
        self._stamp = stamp(self._watched)  # first, so that what lands meanwhile is seen as a change
        loaded = self.load() if self._state is None or self._root_was_replaced(self._state) else None
        if self._state is None:
            return loaded or self._outcome((), ())
        state = self._state
        applied, refused = list(loaded.applied if loaded else ()), list(loaded.refused if loaded else ())
        wanted = {role: tuple(bounds) for role, bounds in self._reader.bounds.items()}
        try:
            found = state.client(self._mirror, self._seen).refresh(state.born, self._clock.now().s, wanted)
        except XsError as error:
            return self._outcome(applied, [*refused, _refusal(error)])
        for role, offered in found.items():
            if isinstance(offered, XsError):
                refused.append(Refusal(role, offered))
            elif role not in self._held or state.manifest.roles.get(role) != offered.files:
                try:
                    self._advance(state, role, offered)
                    applied.append(role)
                except XsError as error:
                    refused.append(Refusal(role, error))
        return self._outcome(applied, refused)

    def _root_born_with(self) -> bytes:
        what_to_do = "a gate believes nothing without the root.json that it is provisioned with"
        try:
            size = self._root.stat().st_size
            if not 0 < size <= MAX_ROOT_BYTES:
                raise RootRefused(f"{self._root}: has {size} bytes, which no root.json has; {what_to_do}")
            return self._root.read_bytes()
        except OSError as error:
            raise RootRefused(f"{self._root}: cannot be read: {error.strerror}; {what_to_do}") from error

    def _root_was_replaced(self, state: _State) -> bool:
        """Tell whether nothing is in force and root.json is another than the one tried so far, which may be wrong."""
        if self._held:
            return False
        with suppress(RootRefused):
            return self._root_born_with() != state.born
        return False

    def _take_up(self, state: _State) -> None:
        stored = state.store.manifest()
        if stored is not None and stored.root != state.manifest.root:
            raise RootRefused(
                f"{self._root}: is not the root.json under which the rules here were believed; they are left"
            )
        state.manifest = stored or state.manifest

    def _advance(self, state: _State, role: str, offered: Offered) -> None:
        """Bring one role into force: read, understood, durable, swapped, in this order."""
        files = offered.files
        data: dict[str, bytes] = {}
        news = []
        for path, target in files.targets.items():
            bound = self._reader.bounds[role][path]
            if target.length > bound:
                raise UpdateRefused(Why.MALFORMED, f"{path} has {target.length} bytes; at most {bound} are allowed")
            kept = state.store.find(target)
            if kept is None:
                news.append(path)
                kept = self._mirrored(path, bound)
                if not target.is_of(kept):
                    raise UpdateRefused(Why.INCOMPLETE, f"{path} in the mirror is not the file that was signed")
            data[path] = kept
        contents = self._reader.contents(role, data)
        if isinstance(contents, Lists) and contents.newer_issued_at_s > offered.expires_s:
            raise UpdateRefused(Why.MALFORMED, "revocation/: lists issued after the role that signs them has expired")
        for path in news:
            state.store.add(files.targets[path], data[path])
        manifest = replace(state.manifest, roles={**state.manifest.roles, role: files})
        state.store.put_in_force(manifest)
        state.manifest, self._held[role] = manifest, contents
        state.store.sweep(manifest)

    def _mirrored(self, path: str, bound: int) -> bytes:
        try:
            return self._mirror.read(path, bound)
        except NotInMirror as missing:
            raise UpdateRefused(Why.INCOMPLETE, str(missing)) from missing

    def _outcome(self, applied: Iterable[str], refused: Iterable[Refusal]) -> Outcome:
        roles = self._state.manifest.roles if self._state else {}
        self._rules = assembled(self._held, {role: roles[role].version for role in self._held})
        ahead_s = 0.0
        lists = self._held.get("revocation")
        if "revocation" in applied and isinstance(lists, Lists):
            ahead_s = lists.newer_issued_at_s - self._clock.now().s
            self._clock.raise_floor(lists.newer_issued_at_s)
        versions = {role: roles[role].version for role in applied}
        return Outcome(rules=self._rules, applied=versions, refused=tuple(refused), ahead_s=ahead_s)


def _refusal(error: XsError) -> Refusal:
    match error:
        case RootRefused():
            return Refusal("root", error)
        case StorageError():
            return Refusal("store", error)
        case _:
            return Refusal("mirror", error)
