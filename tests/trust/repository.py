"""A small signed repository for one site, made with python-tuf's metadata API, that a test can bend at any place.

`write` puts the whole repository into the mirror; `files` gives it as bytes, for tests that let only a part arrive.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import IssuerKey, Issuers, SealingKey
from terminal.core.policy import Companies, LaneRules, SitePolicy, Visits, Zone
from terminal.core.tariff.document import Tariffs
from terminal.trust.documents import COMPANIES, ISSUERS, POLICY, TARIFFS, VISITS
from terminal.trust.keeper import Outcome, RulesKeeper
from terminal.trust.refusals import UpdateRefused
from terminal.trust.seen import SeenDatabase
from terminal.trust.status_list import Changes, encode_list, packed

SITE = 7
START = datetime(2026, 3, 1, tzinfo=UTC)
START_S = int(START.timestamp())
LIFE = {"timestamp": 14, "snapshot": 14, "revocation": 14, f"site-{SITE}": 90, "targets": 365, "root": 730}
SHARED_KEYS: dict[str, CryptoSigner] = {}


def key(name: str) -> CryptoSigner:
    """A key for each name, the same all through a run."""
    return SHARED_KEYS.setdefault(name, CryptoSigner.generate_ed25519())


def issuers() -> Issuers:
    begins, ends = START - timedelta(days=1), START + timedelta(days=3650)
    return Issuers(
        issuers=(IssuerKey(id="00000001", key="11" * 32, products=("cargocard",), begins=begins, ends=ends),),
        sealing=(SealingKey(id="00000002", key="22" * 32),),
    )


def policy(name: str = "Terminal", site: int = SITE) -> SitePolicy:
    return SitePolicy(
        site=site,
        name=name,
        time_zone="Europe/Amsterdam",
        zones=(Zone(number=1, name="yard"),),
        lanes=(LaneRules(number=1, zone=1),),
    )


def site_files(name: str = "Terminal", site: int = SITE) -> dict[str, bytes]:
    here = f"sites/{SITE}"
    return {
        f"{here}/policy.json": POLICY.dump(policy(name, site)),
        f"{here}/tariffs.json": TARIFFS.dump(Tariffs(site=site, tz="Europe/Amsterdam")),
        f"{here}/visits.json": VISITS.dump(Visits(site=site)),
        f"{here}/companies.json": COMPANIES.dump(Companies(site=site)),
    }


def list_files(
    name: str, statuses: list[int], changes: tuple[tuple[int, int], ...], issued_at_s: int, number: int
) -> dict[str, bytes]:
    data = encode_list(packed(statuses))
    changed = Changes(of=sha256(data).digest(), issued_at_s=issued_at_s, number=number, changes=changes)
    return {f"revocation/{name}": data, f"revocation/{name}-changes": changed.encode()}


def revocation_files(*blocked: int, issued_at_s: int = START_S, number: int = 1) -> dict[str, bytes]:
    """Cards 0 to 99, of which `blocked` are blocked by a change; companies 0 to 9."""
    changes = tuple((index, 1) for index in sorted(blocked))
    cards = list_files("cards", [0] * 100, changes, issued_at_s, number)
    return cards | list_files("companies", [0] * 10, (), issued_at_s, number)


@dataclass
class Repository:
    """What headquarters has published. Change a field, `sign` anew what should change, `write`."""

    now: datetime = START
    roots: list[Metadata[Root]] = field(default_factory=list)
    signed: dict[str, Metadata[Any]] = field(default_factory=dict)
    targets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    keys: dict[str, CryptoSigner] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys = {name: key(name) for name in ("root", *LIFE)}
        self.targets = {
            "targets": {"issuers.json": ISSUERS.dump(issuers())},
            "revocation": revocation_files(),
            f"site-{SITE}": site_files(),
        }
        self.sign_root()
        for role in self.targets:
            self.sign_targets(role)
        self.sign_top()

    def sign_root(self, *signers: str) -> None:
        """The next root: names the keys of `keys`, signed by the root key before and the one now."""
        root = Root(version=len(self.roots) + 1, expires=self._expiry("root"), consistent_snapshot=False)
        for role in ("root", "timestamp", "snapshot", "targets"):
            root.add_key(self.keys[role].public_key, role)
        metadata = Metadata(root)
        for signer in {
            self.keys["root"].public_key.keyid: self.keys["root"],
            **{key(n).public_key.keyid: key(n) for n in signers},
        }.values():
            metadata.sign(signer, append=True)
        self.roots.append(metadata)

    def sign_targets(self, role: str, version: int | None = None, signer: CryptoSigner | None = None) -> None:
        """Sign `role` over `targets[role]`, one version up if none is given."""
        content = Targets(
            version=version or self._next(role),
            expires=self._expiry(role),
            targets={path: TargetFile.from_data(path, data, ["sha256"]) for path, data in self.targets[role].items()},
        )
        if role == "targets":
            paths = {"revocation": "revocation/*", f"site-{SITE}": f"sites/{SITE}/*"}
            content.delegations = Delegations(
                keys={self.keys[name].public_key.keyid: self.keys[name].public_key for name in paths},
                roles={
                    name: DelegatedRole(name, [self.keys[name].public_key.keyid], 1, terminating=True, paths=[path])
                    for name, path in paths.items()
                },
            )
        self._sign(role, content, signer)

    def sign_top(
        self, snapshot: int | None = None, timestamp: int | None = None, meta: Mapping[str, bytes] | None = None
    ) -> None:
        """Sign snapshot and timestamp over the roles as they are, or over the bytes in `meta`."""
        contents = meta or {role: self.signed[role].to_bytes() for role in self.targets}
        files = {
            f"{role}.json": MetaFile.from_data(self.signed[role].signed.version, data, ["sha256"])
            for role, data in contents.items()
        }
        version = snapshot or self._next("snapshot")
        self._sign("snapshot", Snapshot(version=version, expires=self._expiry("snapshot"), meta=files))
        below = self.signed["snapshot"]
        of = MetaFile.from_data(below.signed.version, below.to_bytes(), ["sha256"])
        version = timestamp or self._next("timestamp")
        self._sign("timestamp", Timestamp(version=version, expires=self._expiry("timestamp"), snapshot_meta=of))

    def publish(self, **roles: Mapping[str, bytes]) -> None:
        """Give roles (`site` is the site's) new files, and sign all that follows."""
        for name, files in roles.items():
            role = f"site-{SITE}" if name == "site" else name
            self.targets[role] = dict(files)
            self.sign_targets(role)
        self.sign_top()

    def files(self) -> dict[str, bytes]:
        """The whole repository by path."""
        return (
            {f"{root.signed.version}.root.json": root.to_bytes() for root in self.roots}
            | {path: data for files in self.targets.values() for path, data in files.items()}
            | {f"{role}.json": metadata.to_bytes() for role, metadata in self.signed.items()}
        )

    def write(self, mirror: Path) -> None:
        """All of it into the mirror."""
        write(mirror, self.files())

    def _next(self, role: str) -> int:
        return int(self.signed[role].signed.version) + 1 if role in self.signed else 1

    def _expiry(self, role: str) -> datetime:
        return self.now + timedelta(days=LIFE[role])

    def _sign(self, role: str, content: Any, signer: CryptoSigner | None = None) -> None:
        metadata = Metadata(content)
        metadata.sign(signer or self.keys[role])
        self.signed[role] = metadata


def write(mirror: Path, files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        path = mirror / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


class HandClock:
    """A clock that tests move."""

    def __init__(self, s: float = START_S) -> None:
        self.s = float(s)

    def now(self) -> Now:
        return Now(int(self.s * 1000), ClockQuality.GOOD)

    def monotonic_s(self) -> float:
        return self.s

    def raise_floor(self, issued_at_s: int) -> None:
        self.s = max(self.s, issued_at_s)


def told(outcome: Outcome) -> list[tuple[str, str]]:
    """What was refused, and why in a word."""
    return [
        (refusal.subject, refusal.error.why if isinstance(refusal.error, UpdateRefused) else refusal.error.fault)
        for refusal in outcome.refused
    ]


def in_force(keeper: RulesKeeper) -> tuple[int, int | None, str] | None:
    """The running number of the lists, the status of card 5 and the name of the site; None without rules."""
    rules = keeper.current()
    return None if rules is None else (rules.list_number, rules.cards.status(5), rules.policy.name)


@dataclass
class Gate:
    """A gate's trust: where its folders are and how it is started, again and again."""

    folder: Path
    clock: HandClock = field(default_factory=HandClock)

    @property
    def mirror(self) -> Path:
        return self.folder / "mirror"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    @property
    def root(self) -> Path:
        return self.folder / "root.json"

    def born(self, repository: Repository) -> "Gate":
        """Provisioned with the newest root of `repository`, with an empty mirror."""
        self.mirror.mkdir(exist_ok=True)
        self.root.write_bytes(repository.roots[-1].to_bytes())
        return self

    def started(self, **changed: Any) -> RulesKeeper:
        """A keeper as after a start, not yet loaded."""
        self.state.mkdir(mode=0o700, exist_ok=True)
        arguments: dict[str, Any] = {
            "site": SITE,
            "root": self.root,
            "mirror": self.mirror,
            "state": self.state,
            "seen": SeenDatabase(self.state / "seen.db"),
            "clock": self.clock,
        }
        return RulesKeeper(**(arguments | changed))

    def refreshed(self, repository: Repository) -> RulesKeeper:
        """Started, with all of `repository` in the mirror and in force."""
        repository.write(self.mirror)
        keeper = self.started()
        assert keeper.refresh().refused == ()
        return keeper
