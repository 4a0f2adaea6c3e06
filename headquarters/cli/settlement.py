"""`xs-headquarters settle`, `statement`, `ledger`: from what terminals charged to papers for who pays."""

import os
from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.context import headquarters
from headquarters.files import write_aside
from headquarters.installation import Headquarters, utc_now
from headquarters.keys import load_sealing_key
from headquarters.muster.disclosure import disclosure, write_down
from headquarters.settlement.exporting import exported
from headquarters.settlement.issuing import MAKERS, SUFFIXES, issue, paper, preview
from headquarters.settlement.periods import month, week
from headquarters.settlement.seller import load_seller
from headquarters.settlement.settling import Settled, Settling
from headquarters.settlement.statement import euros
from headquarters.settlement.verifying import verify_ledger
from terminal.core.document import is_ean
from terminal.edges.stop_signal import StopSignal
from terminal.edges.systemd import ServiceManager, report
from terminal.errors import ConfigurationError, StorageError

LOOK_EVERY_S = 5.0

ledger_app = typer.Typer(no_args_is_help=True, help="What payers owe, by double entry.")


def settle(
    ctx: typer.Context,
    *,
    watch: Annotated[bool, typer.Option("--watch", help="Go on as charges arrive, until SIGTERM.")] = False,
) -> None:
    """Post the charges and credits that terminals wrote, each once; tells what cannot be."""
    sealing = load_sealing_key(headquarters(ctx).keys.sealing)
    stop = StopSignal() if watch else None
    manager = ServiceManager(os.environ)
    with headquarters(ctx).database() as database:
        settling = Settling(database, sealing, manager.watchdog)
        if stop is not None:
            manager.ready("settles what arrived meanwhile")
        now_s = int(utc_now().timestamp())
        again, result = settling.again(now_s), settling.round(now_s)
        result.posted += again.posted
        result.not_settled += again.not_settled
        _tell(result, always=True)
        if stop is not None:
            _watch(settling, stop, manager)
    if not watch and (result.not_settled or result.waiting):
        raise typer.Exit(1)


def statement(
    ctx: typer.Context,
    *,
    payer: Annotated[str, typer.Option(help="EAN of the employer.")],
    out: Annotated[Path, typer.Option(help="The file to write, or the folder.")],
    of_month: Annotated[str | None, typer.Option("--month", help="Such as 2026-09.")] = None,
    of_week: Annotated[str | None, typer.Option("--week", help="Such as 2026-W38, by ISO 8601.")] = None,
    form: Annotated[str, typer.Option("--format", help="csv, pdf or ubl.")] = "pdf",
    only_preview: Annotated[bool, typer.Option("--preview", help="What it would be; issues nothing.")] = False,
) -> None:
    """Issue a payer's statement and write it; one that is issued already is written as it was."""
    if form not in MAKERS:
        raise ConfigurationError(f"--format {form}: allowed are {', '.join(MAKERS)}")
    if (of_month is None) == (of_week is None):
        raise ConfigurationError("a statement is of a --month or of a --week")
    if not is_ean(payer):
        raise ConfigurationError(f"--payer {payer}: an EAN has 13 digits, the last of them the check digit")
    period = month(of_month) if of_month is not None else week(of_week or "")
    seller = load_seller(headquarters(ctx).folder)
    with headquarters(ctx).database() as database:
        if only_preview:
            if form == "ubl":
                raise ConfigurationError("an electronic invoice has no preview: who gets one books it")
            content, lines = preview(database, payer, period, seller, utc_now())
            data = MAKERS[form](content, lines)
            told = "preview, nothing is issued"
        else:
            issued = issue(database, payer, period, seller, headquarters(ctx).change(""))
            content, data = issued.content, paper(database, issued, form)
            told = "issued now" if issued.new else f"issued on {content.issued_day}"
    path = out / f"{content.number}.{SUFFIXES[form]}" if out.is_dir() else out
    write_aside(path, data, mode=0o640)
    typer.echo(f"{content.number}  {payer}  {period.name}  {euros(content.gross_cents)} EUR  {told}  {path}")


@ledger_app.command("verify")
def ledger_verify(ctx: typer.Context) -> None:
    """Recompute postings, credits, numbers and statements; exit code 1 when something does not fit."""
    with headquarters(ctx).database() as database:
        report = verify_ledger(database)
    for account, cents in sorted(report.balances.items()):
        typer.echo(f"{euros(cents):>14}  {account}")
    typer.echo(
        f"{report.items} charges and credits: {report.stated} on {report.statements} statements, {report.open} open; "
        f"{report.unsettled} could not be settled"
    )
    for mistake in report.mistakes:
        typer.echo(f"WRONG  {mistake}")
    if report.mistakes:
        raise typer.Exit(1)


@ledger_app.command("export")
def ledger_export(
    ctx: typer.Context,
    *,
    of_month: Annotated[str, typer.Option("--month", help="Such as 2026-09.")],
    ground: Annotated[str, typer.Option(help="assignment, consent or legal-order.")],
    requester: Annotated[str, typer.Option(help="Who asks.")],
    approver: Annotated[str, typer.Option(help="The second person, who approved it.")],
    out: Annotated[Path, typer.Option(help="The file to write; only you can read it.")],
    reference: Annotated[str | None, typer.Option(help="Of the order, or of the written consent.")] = None,
) -> None:
    """Write a month's charges, credits and statements for an auditor; ground and approver are written down first."""
    asked: Headquarters = headquarters(ctx)
    told = disclosure(ground, reference, requester, approver, by=asked.by)
    period = month(of_month)
    with asked.database() as database:
        write_down(database, asked.change(told.shown()), "payments exported", period.name)
        lines = list(exported(database, period))
    write_aside(out, "".join(f"{line}\n" for line in lines).encode(), mode=0o600)
    typer.echo(f"{len(lines)} lines written to {out}")


def _watch(settling: Settling, stop: StopSignal, manager: ServiceManager) -> None:
    away = False
    report(manager, (), "everything is looked at")
    while not stop.wait(LOOK_EVERY_S):
        try:
            _tell(settling.round(int(utc_now().timestamp())))
        except StorageError as error:
            if not away:
                typer.echo(f"xs-headquarters: {error}; trying again", err=True)
            away = True
        else:
            away = False
        report(manager, (), "the database is away; trying again" if away else "everything is looked at")
    manager.stopping("stopping")


def _tell(result: Settled, *, always: bool = False) -> None:
    if result.posted or always:
        typer.echo(f"{result.posted} charges and credits settled")
    for each in result.not_settled:
        typer.echo(f"not settled: {each}", err=True)
    for each in result.waiting if always else ():
        typer.echo(f"waits: the journal {each} has forked, and nobody has acknowledged that alarm", err=True)
