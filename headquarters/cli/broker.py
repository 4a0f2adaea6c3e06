"""`xs-headquarters broker`: what makes mosquitto the broker of these terminals."""

from pathlib import Path
from typing import Annotated

import typer

from headquarters.broker.setup import (
    ACCESS_LIST,
    CONFIGURATION,
    LEAF_DAYS,
    Listening,
    terminal_certificate,
    write_access_list,
    write_broker,
)
from headquarters.cli.context import Why, document, headquarters
from headquarters.installation import utc_now
from terminal.errors import ConfigurationError

broker_app = typer.Typer(no_args_is_help=True, help="The broker: its set-up, certificates and access list.")

Days = Annotated[int, typer.Option(min=1, max=10 * 365, help="How long the certificates are valid.")]
Port = Annotated[int, typer.Option(min=1, max=65535)]


@broker_app.command("init")
def broker_init(
    ctx: typer.Context,
    folder: Path,
    host: Annotated[list[str], typer.Option(help="Name or address of the broker's machine; repeatable, ours first.")],
    *,
    port: Port = 8883,
    headquarters_port: Port = 8884,
    days: Days = LEAF_DAYS,
) -> None:
    """Write into FOLDER all that mosquitto needs, and here how to reach it. Again: renews the certificates."""
    if port == headquarters_port:
        raise ConfigurationError(f"terminals and headquarters cannot both have port {port}")
    listening = Listening(terminals_port=port, headquarters_port=headquarters_port)
    with headquarters(ctx).database() as database:
        here = headquarters(ctx).folder
        write_broker(here, folder, host, listening=listening, now=utc_now(), days=days)
        count = write_access_list(database, folder)
    typer.echo(f"broker set up in {folder} for {count} terminals; start it with: mosquitto -c {folder / CONFIGURATION}")


@broker_app.command("certificate")
def broker_certificate(
    ctx: typer.Context,
    terminal: str,
    to: Annotated[Path, typer.Option(help="Folder for ca.pem, certificate.pem and key.pem.")],
    *,
    request: Annotated[
        Path | None, typer.Option(help="Certificate request of the terminal, so that its key stays there.")
    ] = None,
    days: Days = LEAF_DAYS,
    why: Why = "",
) -> None:
    """Issue a certificate to a registered TERMINAL; again: renews it."""
    asked = None if request is None else document(request)
    with headquarters(ctx).database() as database:
        change = headquarters(ctx).change(why)
        issued, ca = terminal_certificate(headquarters(ctx).folder, database, terminal, asked, change, days=days)
    issued.write(to, ca)
    secret = "" if issued.key is None else "; key.pem is secret: destroy it here once it is in the terminal"
    typer.echo(f"certificate of terminal {terminal} written to {to}{secret}")


@broker_app.command("acl")
def broker_acl(ctx: typer.Context, folder: Path) -> None:
    """Write the access list of the broker in FOLDER anew, from the register."""
    with headquarters(ctx).database() as database:
        count = write_access_list(database, folder)
    typer.echo(
        f"{folder / ACCESS_LIST} written for {count} terminals; restart the broker, do not reload it (docs/broker.md)"
    )
