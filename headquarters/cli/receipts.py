"""`xs-headquarters receipts`: the page of receipts, and one as text."""

import os
import time
from typing import Annotated

import typer

from headquarters.cli.context import headquarters
from headquarters.receipts.finding import find_receipt
from headquarters.receipts.paper import paper
from headquarters.receipts.text import text
from terminal.core.receipt_code import read_code
from terminal.edges.stop_signal import StopSignal
from terminal.edges.systemd import ServiceManager
from terminal.errors import ConfigurationError
from terminal.words.catalogues import SOURCE, languages, words

receipts_app = typer.Typer(no_args_is_help=True, help="Receipts by their codes: a page, and text.")


@receipts_app.command("serve")
def receipts_serve(
    ctx: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: any that is free; it is said which.")] = 8710,
    proxy: Annotated[
        str | None, typer.Option(help="Address of the proxy in front, which says whom it asks for (X-Forwarded-For).")
    ] = None,
) -> None:
    """Show receipts at http://HOST:PORT/ until SIGTERM; a proxy in front of it speaks TLS."""
    from headquarters.receipts.server import serve  # noqa: PLC0415 - the other commands need no web server

    with headquarters(ctx).database() as database:
        manager = ServiceManager(os.environ)
        StopSignal()  # the server raises once more the signal that ended it, and that is no failure

        def listens(where: str) -> None:
            typer.echo(where)
            manager.ready(where)

        serve(database, host, port, proxy, say=listens, monotonic_s=time.monotonic)


@receipts_app.command("text")
def receipts_text(
    ctx: typer.Context,
    code: Annotated[str, typer.Argument(help="As the screen at the gate showed it.")],
    language: Annotated[str, typer.Option(help="Such as nl, en or de.")] = SOURCE,
) -> None:
    """Show one receipt as text."""
    if language not in languages():
        raise ConfigurationError(f"--language {language}: allowed are {', '.join(languages())}")
    wanted = read_code(code)
    if wanted is None:
        raise ConfigurationError("that is no code of a receipt: it has 16 letters and digits")
    with headquarters(ctx).database() as database, database.transaction(read_only=True) as connection:
        found = find_receipt(connection, wanted)
    if found is None:
        raise ConfigurationError("there is no receipt with this code: not settled here yet, or the code is not right")
    typer.echo(text(paper(found, words(language))), nl=False)
