"""`xs-terminal user`, as somebody types it."""

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from terminal.accounts import passwords
from terminal.accounts.store import Store
from terminal.cli import app
from tests.edges.as_user import needs_root

GOOD = "paard batterij nietje"


def user(folder: Path, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["user", *words, "--accounts", str(folder / "accounts.db")], input=typed)


def test_account_from_made_to_switched_off(tmp_path: Path) -> None:
    store = Store(tmp_path / "accounts.db")
    made = user(tmp_path, "add", "k.bakker", "--role", "guard", "--name", "Karel Bakker", typed=f"{GOOD}\n")
    assert (made.exit_code, made.stdout) == (0, "k.bakker may log in as guard\n")
    first = store.find("k.bakker")
    assert first is not None
    assert passwords.is_right(first.hash_, GOOD)
    assert user(tmp_path, "password", "k.bakker", typed=f"{GOOD} twee\n").exit_code == 0
    second = store.find("k.bakker")
    assert second is not None
    assert passwords.is_right(second.hash_, f"{GOOD} twee")
    assert second.changed > first.changed
    assert user(tmp_path, "role", "k.bakker", "--role", "chief").stdout == "k.bakker is chief now\n"
    assert user(tmp_path, "disable", "k.bakker").exit_code == 0
    assert store.find("k.bakker") is None
    assert json.loads(user(tmp_path, "list", "--json").stdout) == {
        "name": "k.bakker",
        "full_name": "Karel Bakker",
        "role": "chief",
        "language": "nl",
        "disabled": True,
    }
    assert "switched off" in user(tmp_path, "list").stdout
    assert user(tmp_path, "enable", "k.bakker").exit_code == 0
    assert store.find("k.bakker") is not None


def test_made_password_is_printed_once_and_is_right(tmp_path: Path) -> None:
    told = user(tmp_path, "add", "anja", "--role", "viewer", "--generate").stdout
    (password,) = re.findall(r"; the password is ([a-z2-7]{24})\n", told)
    account = Store(tmp_path / "accounts.db").find("anja")
    assert account is not None
    assert passwords.is_right(account.hash_, password)


@pytest.mark.parametrize(
    ("words", "typed", "code", "say"),
    [
        (("add", "anja", "--role", "guard"), "short\n", 1, "12 to 128 letters"),
        (("add", "anja", "--role", "guard"), "", 1, "12 to 128 letters"),
        (("add", "Anja", "--role", "guard"), f"{GOOD}\n", 1, "no name of an account"),
        (("add", "anja", "--role", "guard", "--language", "fr"), f"{GOOD}\n", 1, "the page speaks nl and en"),
        (("add", "anja", "--role", "boss"), f"{GOOD}\n", 2, "'boss' is not one of"),
        (("disable", "anja"), "", 1, "there is no account anja"),
    ],
)
def test_mistake_changes_nothing_and_says_what_to_do(
    tmp_path: Path, words: tuple[str, ...], typed: str, code: int, say: str
) -> None:
    failed = user(tmp_path, *words, typed=typed)
    assert failed.exit_code == code
    assert say in failed.stderr
    assert Store(tmp_path / "accounts.db").all() == ()


def test_name_that_is_there_already_is_said_before_a_password_is_asked_for(tmp_path: Path) -> None:
    user(tmp_path, "add", "anja", "--role", "guard", typed=f"{GOOD}\n")
    again = user(tmp_path, "add", "anja", "--role", "chief", typed="short\n")
    assert "names are not used again" in again.stderr


@needs_root
def test_root_makes_the_file_as_the_folder_s_own_user(tmp_path: Path) -> None:
    for each in (tmp_path, *tmp_path.parents):  # that user must be able to reach it
        if each.stat().st_uid == 0 and "pytest" in str(each):
            each.chmod(0o755)
    folder = tmp_path / "state"
    folder.mkdir()
    os.chown(folder, 4711, 4712)
    assert user(folder, "add", "anja", "--role", "guard", typed=f"{GOOD}\n").exit_code == 0
    made = (folder / "accounts.db").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (4711, 4712, 0o640)


@needs_root
def test_link_in_that_folder_leads_root_nowhere(tmp_path: Path) -> None:
    for each in (tmp_path, *tmp_path.parents):
        if each.stat().st_uid == 0 and "pytest" in str(each):
            each.chmod(0o755)
    secret, folder = tmp_path / "secret", tmp_path / "state"
    secret.write_text("")
    secret.chmod(0o600)
    folder.mkdir()
    os.chown(folder, 4711, 4712)
    (folder / "accounts.db").symlink_to(secret)
    failed = user(folder, "add", "anja", "--role", "guard", typed=f"{GOOD}\n")
    assert failed.exit_code == 1
    assert (secret.read_text(), secret.stat().st_uid, secret.stat().st_mode & 0o777) == ("", 0, 0o600)
