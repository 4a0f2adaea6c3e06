"""`xs-headquarters`: keys, register and publishing on a command line. A mistake is one clear line and exit code 2."""

import os
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from headquarters.cli.alarms import alarms_app
from headquarters.cli.broker import broker_app
from headquarters.cli.charges import charge_app
from headquarters.cli.context import (
    DATABASE_VARIABLE,
    DEFAULT_FOLDER,
    FOLDER_VARIABLE,
    OneLineErrors,
    headquarters,
    shown,
)
from headquarters.cli.inside import inside
from headquarters.cli.journal import journal_app
from headquarters.cli.payers import payer_app
from headquarters.cli.publish import publish_command
from headquarters.cli.receipts import receipts_app
from headquarters.cli.register import card_app, company_app
from headquarters.cli.settlement import ledger_app, settle, statement
from headquarters.cli.simulate import simulate
from headquarters.cli.sites import site_app, visit_app
from headquarters.cli.stays import stays_command
from headquarters.cli.tariff import tariff_app
from headquarters.cli.terminals import terminal_app, terminals
from headquarters.database import audit
from headquarters.files import write_aside
from headquarters.installation import Headquarters, utc_now
from headquarters.keys import load_card_keys, terminal_card_keys
from headquarters.repository.ceremony import init_keys, renew_root
from terminal.errors import ConfigurationError

app = typer.Typer(cls=OneLineErrors, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
keys_app = typer.Typer(no_args_is_help=True, help="Make and renew keys.")
app.add_typer(keys_app, name="keys")
app.add_typer(site_app, name="site")
app.add_typer(company_app, name="company")
app.add_typer(card_app, name="card")
app.add_typer(visit_app, name="visit")
app.add_typer(payer_app, name="payer")
app.add_typer(receipts_app, name="receipts")
app.add_typer(charge_app, name="charge")
app.add_typer(tariff_app, name="tariff")
app.add_typer(terminal_app, name="terminal")
app.add_typer(journal_app, name="journal")
app.add_typer(broker_app, name="broker")
app.add_typer(alarms_app, name="alarms")
app.add_typer(ledger_app, name="ledger")
app.command("terminals")(terminals)
app.command("inside")(inside)
app.command("settle")(settle)
app.command("statement")(statement)
app.command("stays")(stays_command)
app.command("publish")(publish_command)
app.command("simulate")(simulate)


@app.callback()
def options(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option(envvar=FOLDER_VARIABLE, help="Folder with the keys and the register.")
    ] = DEFAULT_FOLDER,
    database: Annotated[
        str | None, typer.Option(envvar=DATABASE_VARIABLE, help="The register: a file, or postgresql://USER@HOST/NAME.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who makes the change; by default the user at this machine.")] = None,
) -> None:
    """Headquarters of the gates: keys, the register of sites, companies and cards, the signed lists and rules."""
    ctx.obj = Headquarters.of(folder, database, by)


@keys_app.command("init")
def keys_init(folder: Path) -> None:
    """Make all keys in a new FOLDER."""
    keys = init_keys(folder, utc_now())
    typer.echo(f"keys made in {keys.path}; root-1, root-2, root-3 and targets belong off line, each in another place")


@keys_app.command("renew-root")
def keys_renew_root(ctx: typer.Context) -> None:
    """Sign the next root with two of the three root keys."""
    version = renew_root(headquarters(ctx).keys, utc_now())
    typer.echo(f"root version {version} signed; publish brings it to the gates")


@keys_app.command("terminal")
def keys_terminal(
    ctx: typer.Context,
    file: Path,
    *,
    stay: Annotated[bool, typer.Option(help="With the keys for cards that remember a stay.")] = False,
    template: Annotated[bool, typer.Option(help="With the key for a second factor.")] = False,
) -> None:
    """Write the card keys that one terminal needs to FILE, for sealing to that terminal."""
    if file.exists():
        raise ConfigurationError(f"{file} exists already; keys are never overwritten")
    masters = load_card_keys(headquarters(ctx).keys.card_keys)
    write_aside(file, terminal_card_keys(masters, with_stay=stay, with_template=template), mode=0o600)
    typer.echo(f"card keys for a terminal written to {file}; destroy it once they are sealed there")


@app.command("collect")
def collect_command(
    ctx: typer.Context,
    name: Annotated[
        str | None, typer.Option(help="At the broker; for one worker alone, which is started again under it.")
    ] = None,
) -> None:
    """Take what the terminals send, until SIGTERM; any number of these side by side on one database."""
    from headquarters.collector.process import run  # noqa: PLC0415 - the other commands need no broker

    if not run(headquarters(ctx), name, os.environ):
        raise typer.Exit(1)


@app.command("changes")
def changes(ctx: typer.Context, limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50) -> None:
    """Show who changed what when and why, the latest first."""
    with headquarters(ctx).database() as database, database.transaction(read_only=True) as connection:
        for row in connection.execute(sa.select(audit).order_by(audit.c.id.desc()).limit(limit)):
            typer.echo(f"{shown(row.at)}  {row.who}  {row.what}  {row.subject}  {row.why or '-'}")


def main() -> None:
    """Run the command line."""
    app()
