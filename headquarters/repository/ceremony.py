"""Making all keys of headquarters, and signing the TUF root (design 4 and 10)."""

import json
import secrets
import shutil
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from headquarters.files import write_aside
from headquarters.keys import (
    CARD_KEY_BYTES,
    CARD_KEY_NAMES,
    ROOT_KEYS,
    SEED_BYTES,
    SIGNING_KEYS,
    KeyFileError,
    KeyFolder,
    load_issuer_key,
    load_sealing_key,
)
from terminal.core.issuers import KEY_ID_BYTES
from terminal.errors import ConfigurationError, StorageError
from terminal.trust.disk import Disk

ROOT_THRESHOLD = 2
ROOT_LIFE = timedelta(days=2 * 365)
ISSUER_LIFE = timedelta(days=10 * 365)
"""Cards stay readable only while the key that signed them counts, so it outlives the last card it signs."""
TOP_LEVEL_ROLES = ("targets", "snapshot", "timestamp")


def init_keys(folder: Path, now: datetime, random_bytes: Callable[[int], bytes] = secrets.token_bytes) -> KeyFolder:
    """Make every key, the first root and `issuers.json` in `folder`, all of it or nothing. Files 0600, folders 0700.

    Raises:
        ConfigurationError: there is something in `folder` already; keys are never overwritten.
        StorageError: the disk refuses.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(f"{folder} is not empty; keys are made in a new folder and never overwritten")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        aside = folder.with_name(f".{folder.name}.{random_bytes(4).hex()}")
        aside.mkdir(mode=0o700)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
    try:
        _fill(KeyFolder(aside), now, random_bytes)
        aside.rename(folder)  # onto nothing or an empty folder; anything else the system refuses
        Disk().sync_folder(folder.parent)
    except OSError as error:
        raise StorageError(f"{folder} cannot be made: {error.strerror}") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    return KeyFolder(folder)


def _fill(keys: KeyFolder, now: datetime, random_bytes: Callable[[int], bytes]) -> None:
    for name in SIGNING_KEYS:
        _write(keys.path / f"{name}.json", {"seed": random_bytes(SEED_BYTES).hex()})
    for path in (keys.issuer, keys.sealing):
        _write(path, {"id": random_bytes(KEY_ID_BYTES).hex(), "seed": random_bytes(SEED_BYTES).hex()})
    card_keys = {name: random_bytes(CARD_KEY_BYTES).hex() for name in CARD_KEY_NAMES}
    _write(keys.card_keys, {"read": [random_bytes(CARD_KEY_BYTES).hex()], **card_keys})
    _write(keys.issuers, _issuers(keys, now))
    keys.roots.mkdir(mode=0o700)
    root = Root(consistent_snapshot=False, expires=now.astimezone(UTC) + ROOT_LIFE)
    for name in ROOT_KEYS:
        root.add_key(signer(keys, name).public_key, Root.type)
    root.roles[Root.type].threshold = ROOT_THRESHOLD
    _sign_root(keys, root)


def _issuers(keys: KeyFolder, now: datetime) -> Mapping[str, Any]:
    issuer, sealing = load_issuer_key(keys.issuer), load_sealing_key(keys.sealing)
    begins = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)  # a gate's clock may be a bit slow
    return {
        "issuers": [
            {
                "id": issuer.id.hex(),
                "key": issuer.public.hex(),
                "products": ["cargocard", "dsp", "portkey", "qualifications"],
                "begins": begins.isoformat(),
                "ends": (begins + ISSUER_LIFE).isoformat(),
            }
        ],
        "sealing": [{"id": sealing.id.hex(), "key": sealing.public.hex()}],
        "acknowledgements": [
            {"name": "xs-headquarters/acknowledgement", "key": keys.signing("acknowledgement").public.hex()}
        ],
        "commands": [{"name": "xs-headquarters/command", "key": keys.signing("command").public.hex()}],
    }


def signer(keys: KeyFolder, name: str) -> CryptoSigner:
    """The key `name` as python-tuf signs with it.

    Raises:
        KeyFileError: the file is missing, open to others, or something else.
    """
    return CryptoSigner(keys.signing(name).private)


def root_versions(keys: KeyFolder) -> tuple[bytes, ...]:
    """The bytes of every root ever signed, version 1 first.

    Raises:
        KeyFileError: there is none, one between is missing, or one does not follow from the one before.
    """
    files: list[bytes] = []
    while (path := keys.roots / f"{len(files) + 1}.root.json").exists():
        files.append(path.read_bytes())
    if not files or len(files) != len(list(keys.roots.glob("*.root.json"))):
        raise KeyFileError(f"{keys.roots}: {len(files) + 1}.root.json is missing; roots are kept from the first on")
    try:
        roots = [Metadata[Root].from_bytes(content) for content in files]
        for place, root in enumerate(roots):
            for verifier in (roots[max(place - 1, 0)], root):
                verifier.signed.verify_delegate(Root.type, root.signed_bytes, root.signatures)
            if root.signed.version != place + 1:
                raise KeyFileError(f"{keys.roots}: {place + 1}.root.json says version {root.signed.version}")
    except RepositoryError as error:
        raise KeyFileError(f"{keys.roots}: a root does not follow from the one before: {error}") from error
    return tuple(files)


def renew_root(keys: KeyFolder, now: datetime) -> int:
    """Sign the next root, naming the role keys that are here now, by the root keys here; returns its version.

    So it serves for a longer life and, after a role's key file was replaced, for naming the new key.

    Raises:
        KeyFileError: fewer than two root keys are here, or the roots so far are damaged.
    """
    root = Metadata[Root].from_bytes(root_versions(keys)[-1]).signed
    root.version += 1
    root.expires = now.astimezone(UTC) + ROOT_LIFE
    _sign_root(keys, root)
    return root.version


def _sign_root(keys: KeyFolder, root: Root) -> None:
    for name in TOP_LEVEL_ROLES:
        if not keys.has(name):
            continue  # kept elsewhere, so not replaced
        for old in list(root.roles[name].keyids):
            root.revoke_key(old, name)
        root.add_key(signer(keys, name).public_key, name)
    metadata = Metadata(root)
    signers = [signer(keys, name) for name in ROOT_KEYS if keys.has(name)]
    for one in signers:
        metadata.sign(one, append=True)
    if len(signers) < ROOT_THRESHOLD:
        raise KeyFileError(
            f"{keys.path}: the root needs {ROOT_THRESHOLD} of {', '.join(ROOT_KEYS)}; here: {len(signers)}"
        )
    write_aside(keys.roots / f"{root.version}.root.json", metadata.to_bytes(JSONSerializer(compact=True)), mode=0o600)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    write_aside(path, json.dumps(content, indent=1).encode() + b"\n", mode=0o600)
