"""`xs-headquarters company` and `xs-headquarters card`."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated

import typer

from headquarters.cli.context import Why, headquarters, shown
from headquarters.database import Change
from headquarters.register import CardRecord, Register
from terminal.card.credential import CARD_NUMBER_BYTES
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.errors import ConfigurationError

company_app = typer.Typer(no_args_is_help=True, help="Companies and their status.")
card_app = typer.Typer(no_args_is_help=True, help="Cards and their status; xs-provision issues them.")

Numbers = Annotated[list[str] | None, typer.Argument(metavar="[CARD_NUMBER]...", help="16 hexadecimal digits each.")]
Ean = Annotated[str | None, typer.Option(help="EAN of the employer.")]
Personal = Annotated[int | None, typer.Option("--personal-number", help="With --ean: the person's cards.")]


@company_app.command("add")
def company_add(ctx: typer.Context, ean: str, name: str, why: Why = "") -> None:
    """Register a company."""
    with headquarters(ctx).register() as register:
        company = register.add_company(ean, name, headquarters(ctx).change(why))
    typer.echo(f"company {company.ean} added with index {company.company_index}")


@company_app.command("list")
def company_list(ctx: typer.Context) -> None:
    """Show all companies: EAN, index, status, name."""
    with headquarters(ctx).register() as register:
        for company in register.all_companies():
            typer.echo(f"{company.ean}  {company.company_index:>8}  {_word(company.status):<10}  {company.name}")


@company_app.command("block")
def company_block(ctx: typer.Context, ean: str, why: Why = "") -> None:
    """The licence expired or the contract ended: its cards are refused everywhere."""
    _set_company(ctx, ean, CompanyStatus.ENDED, why)


@company_app.command("arrears")
def company_arrears(ctx: typer.Context, ean: str, why: Why = "") -> None:
    """The company is in arrears: its cards are refused until it has paid."""
    _set_company(ctx, ean, CompanyStatus.ARREARS, why)


@company_app.command("activate")
def company_activate(ctx: typer.Context, ean: str, why: Why = "") -> None:
    """Nothing stands against the company (any more)."""
    _set_company(ctx, ean, CompanyStatus.VALID, why)


@card_app.command("list")
def card_list(
    ctx: typer.Context,
    ean: Ean = None,
    status: Annotated[str | None, typer.Option(help="Only these: valid, blocked, suspended or not-activated.")] = None,
) -> None:
    """Show cards: number, index, status, product, EAN, expiry."""
    wanted = None if status is None else _status(status)
    with headquarters(ctx).register() as register, register.all_cards(ean, wanted) as cards:
        for card in cards:
            typer.echo(
                f"{card.card_number.hex()}  {card.card_index:>8}  {_state(card):<13}  {card.product.label:<9}  "
                f"{card.ean}  {shown(card.expires)}"
            )


@card_app.command("show")
def card_show(ctx: typer.Context, number: Numbers = None, ean: Ean = None, personal_number: Personal = None) -> None:
    """Show all that is registered of cards."""
    with headquarters(ctx).register() as register:
        for card in _chosen(register, number, ean, personal_number):
            for name, value in _particulars(card).items():
                typer.echo(f"{name:<16} {value}")


@card_app.command("activate")
def card_activate(
    ctx: typer.Context, number: Numbers = None, ean: Ean = None, personal_number: Personal = None, why: Why = ""
) -> None:
    """From the next publish on the card is valid: new, or no longer blocked or suspended."""
    with headquarters(ctx).register() as register:
        cards = _chosen(register, number, ean, personal_number)
        if not number and len(cards) > 1:
            numbers = ", ".join(card.card_number.hex() for card in cards)
            raise ConfigurationError(f"this person has {len(cards)} cards; activate one by its number: {numbers}")
        _set_cards(register, cards, CardStatus.VALID, headquarters(ctx).change(why))


@card_app.command("block")
def card_block(
    ctx: typer.Context,
    number: Numbers = None,
    *,
    ean: Ean = None,
    personal_number: Personal = None,
    all_cards: Annotated[bool, typer.Option("--all", help="With --ean: every card of that employer.")] = False,
    why: Why = "",
) -> None:
    """From the next publish on the card is refused; with a person, all his cards."""
    with headquarters(ctx).register() as register:
        if all_cards:
            if number or ean is None or personal_number is not None:
                raise ConfigurationError("--all is for one employer: say --ean, and neither cards nor a person")
            count = register.block_cards_of_company(ean, headquarters(ctx).change(why))
            typer.echo(f"cards of {ean} blocked: {count}; publish brings it to the gates")
            return
        cards = _chosen(register, number, ean, personal_number)
        _set_cards(register, cards, CardStatus.BLOCKED, headquarters(ctx).change(why))


@card_app.command("suspend")
def card_suspend(
    ctx: typer.Context, number: Numbers = None, ean: Ean = None, personal_number: Personal = None, why: Why = ""
) -> None:
    """From the next publish on the card is refused for a time; with a person, all his cards."""
    with headquarters(ctx).register() as register:
        cards = _chosen(register, number, ean, personal_number)
        _set_cards(register, cards, CardStatus.SUSPENDED, headquarters(ctx).change(why))


@card_app.command("retire")
def card_retire(ctx: typer.Context, number: str, why: Why = "") -> None:
    """Block a card for good, such as one that is lost; its chip, when it turns up, can be issued anew."""
    with headquarters(ctx).register() as register:
        register.retire(_number(number), headquarters(ctx).change(why))
    typer.echo(f"card {number} retired; publish brings it to the gates")


def _set_company(ctx: typer.Context, ean: str, status: CompanyStatus, why: str) -> None:
    with headquarters(ctx).register() as register:
        register.set_company_status(ean, status, headquarters(ctx).change(why))
    typer.echo(f"company {ean}: {_word(status)}; publish brings it to the gates")


def _set_cards(register: Register, cards: Sequence[CardRecord], status: CardStatus, change: Change) -> None:
    for card in cards:
        register.set_card_status(card.card_number, status, change)
        typer.echo(f"card {card.card_number.hex()}: {_word(status)}; publish brings it to the gates")


def _chosen(
    register: Register, numbers: Sequence[str] | None, ean: str | None, personal_number: int | None
) -> Sequence[CardRecord]:
    if numbers and ean is None and personal_number is None:
        found = [(number, register.card(_number(number))) for number in numbers]
        unknown = [number for number, card in found if card is None]
        if unknown:
            raise ConfigurationError(f"not registered: {', '.join(unknown)}; nothing was changed")
        return [card for _, card in found if card is not None]
    if numbers or ean is None or personal_number is None:
        raise ConfigurationError("say which cards: by their numbers, or by --ean and --personal-number")
    cards = register.cards_of_person(ean, personal_number)
    if not cards:
        raise ConfigurationError("this person has no card in the register")
    return cards


def _number(text: str) -> bytes:
    try:
        number = bytes.fromhex(text)
    except ValueError:
        number = b""
    if len(number) != CARD_NUMBER_BYTES:
        raise ConfigurationError(f"{text}: a card number wants {2 * CARD_NUMBER_BYTES} hexadecimal digits")
    return number


def _status(text: str) -> CardStatus:
    by_word = {_word(status): status for status in CardStatus}
    if text not in by_word:
        raise ConfigurationError(f"--status {text}: allowed are {', '.join(by_word)}")
    return by_word[text]


def _word(status: CardStatus | CompanyStatus) -> str:
    return status.name.lower().replace("_", "-")


def _state(card: CardRecord) -> str:
    return "retired" if card.retired_at is not None else _word(card.status)


def _particulars(card: CardRecord) -> dict[str, object]:
    values = {field.name: getattr(card, field.name) for field in fields(card)}
    for name in ("card_number", "uid"):
        values[name] = values[name].hex()
    for name in ("not_before", "expires", "issued_at", "retired_at"):
        values[name] = shown(values[name])
    return {**values, "product": card.product.label, "status": _state(card)}
