"""`xs-headquarters charge`: what somebody disputes, and how a person puts it right."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from headquarters.cli.context import Why, headquarters, instant, shown
from headquarters.files import write_aside
from headquarters.journal.cosigner import acknowledgement_keys
from headquarters.journal.proving import prove
from headquarters.journal.reading import shown_key
from headquarters.payers.importing import cents
from headquarters.receipts.disputes import Repriced, item_of, open_questions, opened_charge, priced_anew
from headquarters.receipts.finding import Charged, Receipt
from headquarters.receipts.paper import paper
from headquarters.receipts.text import text
from headquarters.settlement.account import Item
from headquarters.settlement.correcting import credit, recharge
from headquarters.settlement.posting import left_of
from headquarters.tables.settlement import items
from terminal.core.charge import RECEIPT_BYTES
from terminal.core.journal import Kind
from terminal.core.tariff.document import Tariffs
from terminal.trust.documents import TARIFFS
from terminal.words.catalogues import SOURCE, words

charge_app = typer.Typer(no_args_is_help=True, help="Charges: shown, credited, charged anew.")

ChargeText = Annotated[str, typer.Argument(metavar="CHARGE", help="TERMINAL/EPOCH/SEQUENCE, or a receipt's code.")]
Instant = Annotated[str | None, typer.Option(help="Such as 2026-09-15T08:00+02:00.")]


@charge_app.command("list")
def charge_list(
    ctx: typer.Context,
    *,
    questions: Annotated[bool, typer.Option("--open-questions", help="Only those that a person must look at.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; of --open-questions all.")] = 50,
) -> None:
    """Show charges, the latest first; open questions the oldest first, with why they are open."""
    with headquarters(ctx).database() as database, database.transaction(read_only=True) as connection:
        if questions:
            for question in open_questions(connection):
                typer.echo(f"{_line(question.item)}  {', '.join(question.why)}")
            return
        query = sa.select(items).where(items.c.kind == Kind.CHARGE).order_by(items.c.item.desc()).limit(limit)
        for row in connection.execute(query):
            typer.echo(_line(Item.of(row)))


@charge_app.command("show")
def charge_show(
    ctx: typer.Context,
    charge: ChargeText,
    *,
    proof: Annotated[Path | None, typer.Option(help="Write the journal's proof of it to this file.")] = None,
    why: Why = "",
) -> None:
    """Show all of a charge, once it is written down who looks and --why."""
    office = headquarters(ctx)
    with office.database() as database:
        receipt = opened_charge(database, charge, office.change(why))
        for line in _told(receipt):
            typer.echo("".join(each if each.isprintable() else "?" for each in line))
        typer.echo("")
        typer.echo(text(paper(receipt, words(SOURCE))), nl=False)
        if proof is None:
            return
        first = receipt.charges[0].item  # a terminal's: headquarters charges only in the place of another charge
        with database.transaction(read_only=True) as connection:
            content = prove(connection, first.key, acknowledgement_keys(office.keys))
    write_aside(proof, content)
    typer.echo(f"proof of {shown_key(first.key)} written to {proof}; journal verify-proof verifies it")


@charge_app.command("credit")
def charge_credit(
    ctx: typer.Context,
    charge: ChargeText,
    amount: Annotated[str, typer.Option(help="In euro, such as 3 or 3.00.")],
    why: Annotated[str, typer.Option(help="Why; the driver reads it on his receipt.")],
) -> None:
    """Give back an amount of a charge, at most what is left of it."""
    with headquarters(ctx).database() as database, database.transaction() as connection:
        item = item_of(connection, charge)
        made = credit(connection, headquarters(ctx).change(why), item.key, cents(amount), why)
    typer.echo(f"credit {shown_key(made.key)} of {_euro(-made.amount_cents)} to charge {shown_key(item.key)}")


@charge_app.command("recharge")
def charge_recharge(
    ctx: typer.Context,
    charge: ChargeText,
    *,
    entered: Instant = None,
    left: Instant = None,
    tariff: Annotated[int | None, typer.Option(help="Number of its version; by default the one in force then.")] = None,
    amount: Annotated[str | None, typer.Option(help="In euro, in the place of a price by the tariff.")] = None,
    why: Annotated[str, typer.Option(help="Why; the driver reads it on his receipt.")],
) -> None:
    """Credit what is left of a charge and charge anew, both or neither: by the tariff, or by an amount."""
    now = Repriced(
        entered_s=None if entered is None else int(instant(entered).timestamp()),
        left_s=None if left is None else int(instant(left).timestamp()),
        tariff=tariff,
        amount_cents=None if amount is None else cents(amount),
    )
    change = headquarters(ctx).change(why)
    with headquarters(ctx).database() as database, database.transaction() as connection:
        item = item_of(connection, charge)
        anew = priced_anew(connection, item, now, secrets.token_bytes(RECEIPT_BYTES))
        rest = left_of(connection, item)
        if rest:
            credit(connection, change, item.key, rest, why)
        made = recharge(connection, change, item.key, anew, why)
    typer.echo(f"charge {shown_key(item.key)} credited, {_euro(rest)}; charged anew {_euro(made.amount_cents)}")
    typer.echo(f"new charge {shown_key(made.key)}; it stands on the same receipt")


def _line(item: Item) -> str:
    amount = f"{_euro(item.amount_cents):>12}"
    return f"{shown_key(item.key)}  {item.day}  site {item.site}  {item.payer}  {amount}  {item.what}"


def _told(receipt: Receipt) -> Iterator[str]:
    """What is not on the receipt itself, of each of its charges."""
    for charged in receipt.charges:
        yield from _particulars(charged)
        tariff = receipt.place.tariff(charged.charge.tariff)
        if tariff is not None:
            only = Tariffs(site=receipt.place.number, tz=receipt.place.tariffs.tz, tariffs=(tariff,))
            yield f"tariff version   {TARIFFS.dump(only).decode()}"
        elif charged.charge.tariff is not None:
            yield f"tariff version   {charged.charge.tariff}; the site does not keep it any more"


def _particulars(charged: Charged) -> Iterator[str]:
    item, charge = charged.item, charged.charge
    yield f"charge           {shown_key(item.key)}"
    yield f"payer            {item.payer}"
    yield f"card             {charge.card_number.hex()}"
    yield f"flags            {', '.join(charge.flags) or '-'}"
    for source, told in sorted(charge.sources.items()):
        yield f"source           {source}: {told}"
    yield f"lists            number {charge.list_number}, {charge.list_age_s} s old"
    yield f"settled          {shown(item.settled_at)}"
    for each in charged.credits:
        yield f"credit           {shown_key(each.key)}  {_euro(each.amount_cents)}  {each.credit().why}"


def _euro(amount_cents: int) -> str:
    sign = "-" if amount_cents < 0 else ""
    return f"{sign}{abs(amount_cents) // 100}.{abs(amount_cents) % 100:02} euro"
