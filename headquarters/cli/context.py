"""What the commands of `xs-headquarters` share: where things are, who asks, and how a mistake is said."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperGroup

from headquarters.installation import Headquarters
from terminal.errors import ConfigurationError, XsError

FOLDER_VARIABLE = "XS_HEADQUARTERS"
DATABASE_VARIABLE = "XS_HEADQUARTERS_DATABASE"
DEFAULT_FOLDER = Path("xs-headquarters")
PUBLIC_KEY_BYTES = 32

Why = Annotated[str, typer.Option(help="Why; stands in the list of changes.")]


class OneLineErrors(TyperGroup):
    """Says what went wrong on purpose in a line, all mistakes of a document below it, instead of a traceback."""

    program: ClassVar[str] = "xs-headquarters"

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of ours ends it with code 2."""
        try:
            return super().invoke(ctx)
        except XsError as error:
            typer.echo(f"{self.program}: {error}", err=True)
            mistakes: tuple[str, ...] = getattr(error, "mistakes", ())
            for mistake in mistakes if len(mistakes) > 1 else ():
                typer.echo(f"  {mistake}", err=True)
            raise typer.Exit(2) from error


def headquarters(ctx: typer.Context) -> Headquarters:
    """What the options before the command said."""
    found: Headquarters = ctx.obj
    return found


def shown(seconds: int | None) -> str:
    """An instant as a person reads it; one that no calendar has, as a number."""
    if seconds is None:
        return "-"
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{seconds} s"


def instant(text: str) -> datetime:
    """An instant as a person writes it.

    Raises:
        ConfigurationError: it is none, or says no offset.
    """
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise ConfigurationError(f"{text}: wants date, time and offset, such as 2026-09-15T08:00+02:00")
    return value


def public_key(text: str) -> bytes:
    """A public key as a person writes it.

    Raises:
        ConfigurationError: it is none.
    """
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != PUBLIC_KEY_BYTES or len(text) != 2 * PUBLIC_KEY_BYTES:
        raise ConfigurationError(f"{text}: a public key wants {2 * PUBLIC_KEY_BYTES} hexadecimal digits")
    return key


def document(path: Path) -> bytes:
    """The bytes of a document that a person wrote.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from error
