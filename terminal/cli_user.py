"""`xs-terminal user`: who may log in to the guard's page. Run as root, or as the user of the pages."""

import getpass
import json
import secrets
import sys
from base64 import b32encode
from pathlib import Path
from typing import Annotated

import typer

from firmware_config.configuration import read_gate
from firmware_config.mistakes import ConfigurationMistakes
from terminal.accounts.roles import Role
from terminal.accounts.store import LANGUAGES, Account, Store
from terminal.errors import ConfigurationError, XsError

BAD_CONFIGURATION = 78
USUAL = Path("/etc/xs-terminal/gate.toml")
MADE_BYTES = 15
"""Of a password that is made: 120 bits, 24 letters."""

app = typer.Typer(no_args_is_help=True, help="Accounts of the guard's page: add, change, switch off, list.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The account's name.")]
Config = Annotated[Path, typer.Option("--config", metavar="GATE.TOML", help="Configuration that says where they are.")]
File = Annotated[Path | None, typer.Option("--accounts", metavar="FILE", help="Their file, whatever it says.")]
Generate = Annotated[bool, typer.Option("--generate", help="Make a password, and print it.")]
RoleOption = Annotated[Role, typer.Option("--role", help="What he may (docs/accounts.md).")]


@app.command()
def add(
    name: Name,
    role: RoleOption,
    full_name: Annotated[str, typer.Option("--name", help="As it is shown.")] = "",
    language: Annotated[str, typer.Option("--language", help="nl or en.")] = "nl",
    *,
    generate: Generate = False,
    config: Config = USUAL,
    accounts: File = None,
) -> None:
    """Add an account. The password is asked for twice, or is the first line of standard input."""
    with _Told():
        if language not in LANGUAGES:
            raise ConfigurationError(f"--language {language}: the page speaks {' and '.join(LANGUAGES)}")
        store = _store(config, accounts)
        if any(each.name == name for each in store.all()):
            raise ConfigurationError(f"there is an account {name} already; names are not used again")
        password = _password(generate=generate)
        store.add(
            Account(
                name=name,
                full_name=full_name or name,
                role=role,
                language=language,
                hash_=_hashed(name, password),
            )
        )
        _say(f"{name} may log in as {role}", password if generate else None)


@app.command("password")
def password_(name: Name, *, generate: Generate = False, config: Config = USUAL, accounts: File = None) -> None:
    """Give an account another password; who is logged in with it is logged out."""
    with _Told():
        store = _store(config, accounts)
        password = _password(generate=generate)
        store.change(name, hash_=_hashed(name, password))
        _say(f"{name} has another password", password if generate else None)


@app.command("role")
def role_(name: Name, role: RoleOption, *, config: Config = USUAL, accounts: File = None) -> None:
    """Give an account another role; who is logged in with it is logged out."""
    with _Told():
        _store(config, accounts).change(name, role=role)
        _say(f"{name} is {role} now")


@app.command()
def disable(name: Name, *, config: Config = USUAL, accounts: File = None) -> None:
    """Switch an account off; who is logged in with it is logged out. Its name is not used again."""
    with _Told():
        _store(config, accounts).change(name, disabled=True)
        _say(f"{name} may not log in any more")


@app.command()
def enable(name: Name, *, config: Config = USUAL, accounts: File = None) -> None:
    """Switch an account on again."""
    with _Told():
        _store(config, accounts).change(name, disabled=False)
        _say(f"{name} may log in")


@app.command("list")
def list_(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON object a line.")] = False,
    config: Config = USUAL,
    accounts: File = None,
) -> None:
    """All accounts."""
    with _Told():
        for each in _store(config, accounts).all():
            if as_json:
                told = {"name": each.name, "full_name": each.full_name, "role": each.role, "language": each.language}
                typer.echo(json.dumps({**told, "disabled": each.disabled}))
            else:
                off = "  switched off" if each.disabled else ""
                typer.echo(f"{each.name:<32} {each.role:<10} {each.language}  {each.full_name}{off}")


class _Told:
    """Says what went wrong, and ends with its exit code."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case ConfigurationMistakes():
                for mistake in error.mistakes:
                    typer.echo(f"xs-terminal: {mistake}", err=True)
                raise typer.Exit(BAD_CONFIGURATION)
            case XsError():
                typer.echo(f"xs-terminal: {error}", err=True)
                raise typer.Exit(1)
            case _:
                pass


def _store(config: Path, accounts: Path | None) -> Store:
    return Store(accounts if accounts is not None else read_gate(config).status.accounts)


def _password(*, generate: bool) -> str:
    if generate:
        return b32encode(secrets.token_bytes(MADE_BYTES)).decode().lower()
    if not sys.stdin.isatty():
        return sys.stdin.readline().removesuffix("\n")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != password:
        raise ConfigurationError("the two were not the same; nothing was changed")
    return password


def _hashed(name: str, password: str) -> str:
    from terminal.accounts.passwords import hashed  # noqa: PLC0415 - the gate's command does not load Argon2

    return hashed(name, password)


def _say(done: str, made: str | None = None) -> None:
    typer.echo(done + (f"; the password is {made}" if made else ""))
