"""`xs-headquarters payer`: who pays on account, how his credit stands, what he is behind with."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.context import Why, document, headquarters
from headquarters.installation import utc_now
from headquarters.payers.changes import PayerRecord, Payers, Profile
from headquarters.payers.importing import cents, day, import_standings
from headquarters.payers.standing import Arrears, Credit, CreditCheck
from terminal.errors import ConfigurationError

payer_app = typer.Typer(no_args_is_help=True, help="Employers that pay on account.")

Amount = Annotated[str | None, typer.Option(help="In euro, such as 2500 or 2500.00.")]
Day = Annotated[str | None, typer.Option(help="Such as 2026-12-31.")]
BROUGHT = "publish brings it to the gates"


@payer_app.command("add")
def payer_add(
    ctx: typer.Context,
    ean: str,
    *,
    name: Annotated[str, typer.Option(help="As it stands on statements.")],
    street: Annotated[str, typer.Option(help="With the number.")],
    postal_code: Annotated[str, typer.Option()],
    city: Annotated[str, typer.Option()],
    country: Annotated[str, typer.Option(help="Two letters.")] = "NL",
    period: Annotated[str, typer.Option(help="monthly or weekly.")] = "monthly",
    vat_id: Annotated[str | None, typer.Option(help="Such as NL123456789B01.")] = None,
    email: Annotated[str | None, typer.Option(help="Where statements go.")] = None,
    electronic_address: Annotated[str | None, typer.Option(help="SCHEME:IDENTIFIER, for electronic invoices.")] = None,
    change: Annotated[bool, typer.Option("--change", help="Of a payer that is registered: replace all this.")] = False,
    why: Why = "",
) -> None:
    """Register an employer that accepted the terms; he can pay once his credit check has passed."""
    profile = Profile(
        ean=ean,
        name=name,
        period=period,
        vat_id=vat_id,
        street=street,
        postal_code=postal_code,
        city=city,
        country=country,
        email=email,
        electronic_address=electronic_address,
    )
    with headquarters(ctx).database() as database:
        store = Payers(database).replace if change else Payers(database).add
        store(profile, headquarters(ctx).change(why))
    typer.echo(f"payer {ean} changed" if change else f"payer {ean} added; payer credit lets him pay at the gates")


@payer_app.command("list")
def payer_list(ctx: typer.Context) -> None:
    """Show all payers: EAN, period, whether the gates are told of him and else why not, name."""
    with headquarters(ctx).database() as database:
        for payer in Payers(database).all():
            typer.echo(f"{payer.profile.ean}  {payer.profile.period:<7}  {_state(payer)}  {payer.profile.name}")


@payer_app.command("show")
def payer_show(ctx: typer.Context, ean: str) -> None:
    """Show all that is known of a payer."""
    with headquarters(ctx).database() as database:
        for name, value in _particulars(Payers(database).one(ean)):
            typer.echo(f"{name:<18} {'-' if value is None else value}")


@payer_app.command("credit")
def payer_credit(
    ctx: typer.Context,
    ean: str,
    result: Annotated[str, typer.Argument(help="passed or refused.")],
    *,
    limit: Amount = None,
    until: Day = None,
    reference: Annotated[str | None, typer.Option(help="Of whoever checked.")] = None,
    why: Why = "",
) -> None:
    """Write down what a credit check came to; the gates let him pay up to the lower of its limit and the site's."""
    if result not in set(Credit):
        raise ConfigurationError(f"{result}: allowed are {', '.join(Credit)}")
    check = CreditCheck(
        Credit(result),
        None if limit is None else cents(limit),
        None if until is None else day(until),
        reference,
    )
    with headquarters(ctx).database() as database:
        Payers(database).set_credit(ean, check, headquarters(ctx).change(why))
    typer.echo(f"payer {ean}: credit {result}; {BROUGHT}")


@payer_app.command("arrears")
def payer_arrears(
    ctx: typer.Context,
    ean: str,
    *,
    amount: Amount = None,
    since: Day = None,
    none: Annotated[bool, typer.Option("--none", help="He has paid.")] = False,
    why: Why = "",
) -> None:
    """Write down that a payer is in arrears, by --amount and --since, or by --none that he is no more."""
    arrears = None
    if not none and amount is not None and since is not None:
        arrears = Arrears(cents(amount), day(since))
    if (arrears is None) != none or (none and (amount or since)):
        raise ConfigurationError("say --amount and --since, or --none alone")
    with headquarters(ctx).database() as database:
        Payers(database).set_arrears(ean, arrears, headquarters(ctx).change(why))
    typer.echo(f"payer {ean}: {'in arrears' if arrears else 'not in arrears'}; {BROUGHT}")


@payer_app.command("terms")
def payer_terms(
    ctx: typer.Context,
    ean: str,
    *,
    ended: Annotated[str | None, typer.Option(help="The first day on which they hold no more.")] = None,
    accepted: Annotated[bool, typer.Option("--accepted", help="They hold again.")] = False,
    why: Why = "",
) -> None:
    """Write down that a payer ended the terms (--ended), or accepted them again (--accepted)."""
    if (ended is None) != accepted:
        raise ConfigurationError("say --ended with a day, or --accepted")
    with headquarters(ctx).database() as database:
        Payers(database).end_terms(ean, None if ended is None else day(ended), headquarters(ctx).change(why))
    typer.echo(f"payer {ean}: terms {'accepted' if accepted else f'end on {ended}'}; {BROUGHT}")


@payer_app.command("import")
def payer_import(ctx: typer.Context, file: Path, why: Why = "") -> None:
    """Take credit checks and arrears out of a CSV FILE; all of it, or with a mistake nothing."""
    with headquarters(ctx).database() as database:
        count = import_standings(database, document(file), headquarters(ctx).change(why))
    typer.echo(f"payers changed: {count}; {BROUGHT}")


def _state(payer: PayerRecord) -> str:
    return "; ".join(payer.standing.against(_today())) or "may pay"


def _particulars(payer: PayerRecord) -> list[tuple[str, object]]:
    profile, check, arrears = payer.profile, payer.standing.check, payer.standing.arrears
    told: list[tuple[str, object]] = [
        ("ean", profile.ean),
        ("name", profile.name),
        ("period", profile.period),
        ("vat id", profile.vat_id),
        ("address", f"{profile.street}, {profile.postal_code} {profile.city}"),
        ("country", profile.country),
        ("email", profile.email),
        ("electronic address", profile.electronic_address),
        ("at the gates", _state(payer)),
        ("terms ended", payer.standing.terms_ended),
        ("credit", None if check is None else check.result),
        ("limit", None if check is None or check.limit_cents is None else _euro(check.limit_cents)),
        ("holds until", None if check is None else check.until),
        ("reference", None if check is None else check.reference),
        ("arrears", None if arrears is None else f"{_euro(arrears.amount_cents)} since {arrears.since}"),
    ]
    return told


def _euro(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02} euro"


def _today() -> date:
    return utc_now().date()
