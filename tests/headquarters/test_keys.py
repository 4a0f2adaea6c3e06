import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from tuf.api.exceptions import UnsignedMetadataError
from tuf.api.metadata import Metadata, Root

from firmware_config.cardkeys import read_card_keys
from headquarters.keys import (
    SIGNING_KEYS,
    KeyFileError,
    KeyFolder,
    load_card_keys,
    load_issuer_key,
    load_sealing_key,
    load_signing_key,
    terminal_card_keys,
)
from headquarters.repository.ceremony import init_keys, renew_root, root_versions
from terminal.core.issuers import Issuers
from terminal.errors import ConfigurationError
from terminal.trust.documents import ISSUERS
from tests.headquarters.conftest import Office


def test_every_key_is_made_and_only_its_owner_may_read_it(office: Office) -> None:
    folder = office.keys.path
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*.json")}
    assert names == {f"{name}.json" for name in (*SIGNING_KEYS, "issuer", "sealing", "issuers", "card-keys")} | {
        "root/1.root.json"
    }
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()} >= {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*.json")} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    seeds = {office.keys.signing(name).seed for name in SIGNING_KEYS}
    assert len(seeds) == len(SIGNING_KEYS)


def test_issuers_document_names_the_keys_that_were_made(office: Office) -> None:
    issuers: Issuers = ISSUERS.parse(office.keys.issuers.read_bytes())
    issuer, sealing = load_issuer_key(office.keys.issuer), load_sealing_key(office.keys.sealing)
    (known,) = issuers.issuers
    assert (known.id, known.key) == (issuer.id.hex(), issuer.public.hex())
    assert known.counts("dsp", office.now.timestamp())
    assert known.counts("qualifications", office.now.timestamp())
    assert [(key.id, key.key) for key in issuers.sealing] == [(sealing.id.hex(), sealing.public.hex())]
    assert [key.key for key in issuers.acknowledgements] == [office.keys.signing("acknowledgement").public.hex()]
    assert [key.key for key in issuers.commands] == [office.keys.signing("command").public.hex()]


def test_root_asks_for_two_of_three_keys_and_lives_two_years(office: Office) -> None:
    root = Metadata[Root].from_bytes(root_versions(office.keys)[0])
    assert (root.signed.roles["root"].threshold, len(root.signed.roles["root"].keyids)) == (2, 3)
    assert root.signed.consistent_snapshot is False
    assert root.signed.expires == office.now + timedelta(days=730)
    root.signatures = dict(list(root.signatures.items())[:2])
    root.signed.verify_delegate("root", root.signed_bytes, root.signatures)
    root.signatures = dict(list(root.signatures.items())[:1])
    with pytest.raises(UnsignedMetadataError):
        root.signed.verify_delegate("root", root.signed_bytes, root.signatures)


def test_keys_are_never_overwritten(office: Office) -> None:
    before = {path: path.read_bytes() for path in office.keys.path.rglob("*.json")}
    with pytest.raises(ConfigurationError, match="not empty; keys are made in a new folder and never overwritten"):
        init_keys(office.keys.path, office.now)
    assert {path: path.read_bytes() for path in office.keys.path.rglob("*.json")} == before


def test_key_making_that_broke_off_leaves_nothing(office: Office, tmp_path: Path) -> None:
    given = iter(range(8))

    def runs_dry(length: int) -> bytes:
        return bytes([next(given)]) * length

    with pytest.raises(StopIteration):
        init_keys(tmp_path / "other", office.now, runs_dry)
    assert [path.name for path in tmp_path.iterdir()] == ["hq"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "the key file is missing"),
        ("{", "is no JSON"),
        ("[]", "is no key file"),
        ('{"seed": "5ec2e7"}', "exactly the fields id and seed"),
        ('{"id": "00000001", "seed": "5ec2e7"}', "seed wants 64 hexadecimal digits"),
        ('{"id": "00000001", "seed": 5}', "seed wants 64 hexadecimal digits"),
        ('{"id": "xy000001", "seed": "' + "5e" * 32 + '"}', "id wants 8 hexadecimal digits"),
        ('{"id": "00000001", "seed": "' + "5ec2 " * 12 + '5ec2"}', "seed wants 64 hexadecimal digits"),
    ],
)
def test_wrong_key_file_gets_one_line_without_what_is_in_it(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "issuer.json"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    with pytest.raises(KeyFileError, match=said) as caught:
        load_issuer_key(path)
    message = str(caught.value)
    assert str(path) in message
    assert "\n" not in message
    assert "5e" not in message.replace(str(path), "")


def test_key_file_that_others_may_read_is_refused(office: Office) -> None:
    office.keys.issuer.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"others may read or change it \(mode 0640\); do: chmod 600"):
        load_issuer_key(office.keys.issuer)


def test_card_keys_want_every_key_and_the_newest_first(office: Office) -> None:
    path = office.keys.card_keys
    content = json.loads(path.read_text())
    content["read"] = ["aa" * 16, *content["read"]]
    path.write_text(json.dumps(content))
    keys = load_card_keys(path)
    assert keys.read == (b"\xaa" * 16, bytes.fromhex(content["read"][1]))
    assert keys.site.hex() == content["site"]
    for broken in ({**content, "read": []}, {**content, "read": "aa" * 16}, {"read": content["read"]}):
        path.write_text(json.dumps(broken))
        with pytest.raises(KeyFileError, match="wants exactly read"):
            load_card_keys(path)


def test_terminal_gets_no_key_of_the_issuer(office: Office, tmp_path: Path) -> None:
    masters = load_card_keys(office.keys.card_keys)
    path = tmp_path / "card-keys.json"
    path.write_bytes(terminal_card_keys(masters, with_stay=True, with_template=False))
    keys = read_card_keys(path)
    assert (keys.read, keys.stay, keys.site, keys.template) == (masters.read, masters.stay, masters.site, None)
    assert {masters.application.hex(), masters.update.hex()}.isdisjoint(path.read_text().split('"'))


def test_no_repr_shows_a_key(office: Office) -> None:
    keys = office.keys
    loaded = (load_issuer_key(keys.issuer), load_sealing_key(keys.sealing), load_card_keys(keys.card_keys))
    shown = "".join(map(repr, (*loaded, keys.signing("targets"))))
    for secret in (loaded[0].seed, loaded[1].seed, loaded[2].application, keys.signing("targets").seed):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


def test_root_is_renewed_with_two_keys_and_not_with_one(office: Office) -> None:
    keys = office.keys
    (keys.path / "root-2.json").unlink()
    assert renew_root(keys, office.now + timedelta(days=365)) == 2
    assert len(root_versions(keys)) == 2
    (keys.path / "root-3.json").unlink()
    with pytest.raises(KeyFileError, match="the root needs 2 of root-1, root-2, root-3; here: 1"):
        renew_root(keys, office.now)
    assert len(root_versions(keys)) == 2


def test_renewed_root_names_the_key_that_replaced_another_and_keeps_the_one_kept_elsewhere(office: Office) -> None:
    keys = office.keys
    first = Metadata[Root].from_bytes(root_versions(keys)[0]).signed
    (keys.path / "timestamp.json").write_text(json.dumps({"seed": "07" * 32}))
    (keys.path / "targets.json").unlink()
    renew_root(keys, office.now)
    second = Metadata[Root].from_bytes(root_versions(keys)[1]).signed
    (new,) = second.roles["timestamp"].keyids
    assert second.keys[new].keyval["public"] == load_signing_key(keys.path / "timestamp.json").public.hex()
    assert new not in first.keys
    assert second.roles["targets"].keyids == first.roles["targets"].keyids


def test_missing_or_foreign_root_is_noticed(office: Office, tmp_path: Path) -> None:
    keys = office.keys
    renew_root(keys, office.now)
    renew_root(keys, office.now)
    kept = (keys.roots / "2.root.json").read_bytes()
    (keys.roots / "2.root.json").unlink()
    with pytest.raises(KeyFileError, match=r"2\.root\.json is missing"):
        root_versions(keys)
    other = init_keys(tmp_path / "other", office.now)
    renew_root(other, office.now)
    (keys.roots / "2.root.json").write_bytes((other.roots / "2.root.json").read_bytes())
    with pytest.raises(KeyFileError, match="does not follow from the one before"):
        root_versions(keys)
    (keys.roots / "2.root.json").write_bytes(kept)
    assert len(root_versions(keys)) == 3


def test_folder_without_any_root_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match=r"1\.root\.json is missing"):
        root_versions(KeyFolder(tmp_path))
