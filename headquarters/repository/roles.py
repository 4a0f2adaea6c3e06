"""The TUF roles of a site's repository, built and signed (design 4; the TUF specification, sections 4.3 to 4.6).

A version is the second in which it was signed, or one above the version before where that is more. So versions rise
even when the register is put back from an old copy, and gates that have seen more than it remembers follow on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

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
from tuf.api.serialization.json import JSONSerializer

from headquarters.keys import KeyFileError, KeyFolder
from headquarters.repository.ceremony import signer

ROLE_LIFE: Mapping[str, timedelta] = {
    "timestamp": timedelta(days=14),
    "snapshot": timedelta(days=14),
    "revocation": timedelta(days=14),
    "site": timedelta(days=90),
    "targets": timedelta(days=365),
}
Files = Mapping[str, bytes]
_Signed = TypeVar("_Signed", Targets, Snapshot, Timestamp)


@dataclass
class Signatory:
    """Who signs the roles of one publication: the keys, the root that names them, the time, and what he has to say."""

    keys: KeyFolder
    root: Root
    now: datetime
    warnings: list[str] = field(default_factory=list)
    _signers: dict[str, CryptoSigner] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.now = self.now.astimezone(UTC)

    def revocation(self, files: Files, before: bytes | None) -> bytes:
        """The role of the status lists, signed anew each time."""
        targets = Targets(targets=_targets(files))
        return self._sign("revocation", targets, _version(before))

    def site(self, site: int, files: Files, before: bytes | None) -> bytes:
        """The role of a site's own documents."""
        return self._renewed("site", f"site-{site}", Targets(targets=_targets(files)), before)

    def targets(self, site: int, files: Files, before: bytes | None) -> bytes:
        """The top-level targets of a site: issuers.json, and who may sign the rest."""
        delegated = (
            ("revocation", "revocation", "revocation/*"),
            (f"site-{site}", "site", f"sites/{site}/*"),
        )
        delegations = Delegations(
            keys={self._signer(key).public_key.keyid: self._signer(key).public_key for _, key, _ in delegated},
            roles={
                role: DelegatedRole(role, [self._signer(key).public_key.keyid], 1, terminating=True, paths=[pattern])
                for role, key, pattern in delegated
            },
        )
        wanted = Targets(targets=_targets(files), delegations=delegations)
        return self._renewed("targets", f"targets of site {site}", wanted, before)

    def snapshot(self, roles: Files, before: bytes | None) -> bytes:
        """Which version of each role belongs together, signed anew each time."""
        meta = {name: MetaFile.from_data(_version(content), content, ["sha256"]) for name, content in roles.items()}
        return self._sign("snapshot", Snapshot(meta=meta), _version(before))

    def timestamp(self, snapshot: bytes, before: bytes | None) -> bytes:
        """Which snapshot is the newest, signed anew each time."""
        meta = MetaFile.from_data(_version(snapshot), snapshot, ["sha256"])
        return self._sign("timestamp", Timestamp(snapshot_meta=meta), _version(before))

    def _renewed(self, key: str, label: str, wanted: Targets, before: bytes | None) -> bytes:
        """The bytes there were, as long as they say what is wanted and have more than a third of their life left."""
        if before is not None:
            stands = json.loads(before)
            signers = {each["keyid"] for each in stands["signatures"]}
            if _content(stands["signed"]) == _content(wanted.to_dict()) and signers & set(self._key_ids(key)):
                expires = datetime.fromisoformat(stands["signed"]["expires"])
                left = expires - self.now
                if left > ROLE_LIFE[key] / 3:
                    return before
                if left > timedelta(0) and not self.keys.has(key):
                    when = expires.isoformat()
                    self.warnings.append(f"{label} expires at {when}; bring the key {key}.json to renew it")
                    return before
        return self._sign(key, wanted, _version(before))

    def _sign(self, key: str, signed: _Signed, version_before: int) -> bytes:
        signed.version = max(version_before + 1, int(self.now.timestamp()))
        signed.expires = self.now + ROLE_LIFE[key]
        one = self._signer(key)
        if one.public_key.keyid not in self._key_ids(key):
            path = self.keys.path / f"{key}.json"
            raise KeyFileError(f"{path}: is not the key that the root names; name it with keys renew-root")
        metadata = Metadata(signed)
        metadata.sign(one)
        return metadata.to_bytes(JSONSerializer(compact=True))

    def _key_ids(self, key: str) -> Sequence[str]:
        """The ids that may sign: as the root says, or for a delegated role the one key there is."""
        return self.root.roles[key].keyids if key in self.root.roles else [self._signer(key).public_key.keyid]

    def _signer(self, key: str) -> CryptoSigner:
        if key not in self._signers:
            self._signers[key] = signer(self.keys, key)
        return self._signers[key]


def _targets(files: Files) -> dict[str, TargetFile]:
    return {path: TargetFile.from_data(path, content, ["sha256"]) for path, content in files.items()}


def _version(metadata: bytes | None) -> int:
    """The version of a role that was signed here, so read without being judged: a thousand sites have many."""
    version: int = 0 if metadata is None else json.loads(metadata)["signed"]["version"]
    return version


def _content(signed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in signed.items() if name not in {"version", "expires"}}
