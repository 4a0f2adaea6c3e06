"""`xs-provision`: cards on a command line, on any PC/SC reader. A mistake is one clear line and exit code 2."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from headquarters.cli.context import DEFAULT_FOLDER, FOLDER_VARIABLE, OneLineErrors, Why, headquarters
from headquarters.installation import Headquarters, utc_now
from headquarters.keys import load_card_keys, load_issuer_key
from provisioning import cards
from provisioning.cards import Bench, Order
from provisioning.shown import as_json, as_table
from terminal.card.credential import is_language
from terminal.card.keys import SoftwareKey
from terminal.core.credential import Product, Training
from terminal.core.document import is_ean
from terminal.edges.pcsc_card import PcscCard, list_readers, pcsc_context, readers_with_card
from terminal.errors import ConfigurationError, HardwareError
from terminal.trust.documents import ISSUERS

PROGRAM = "xs-provision"
EPOCH_YEAR = 1970
WAIT_S = 30.0


class _OneLineErrors(OneLineErrors):
    program = PROGRAM


class ProductName(StrEnum):
    """The products as they stand on the command line."""

    CARGOCARD = "cargocard"
    DSP = "dsp"
    PORTKEY = "portkey"


app = typer.Typer(cls=_OneLineErrors, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
card_app = typer.Typer(no_args_is_help=True, help="Issue, show, update and retire the card on a reader.")
app.add_typer(card_app, name="card")

Reader = Annotated[
    str | None, typer.Option(help="Name of the PC/SC reader, or a part of it; by default the one with a card on it.")
]
Wait = Annotated[float, typer.Option(min=0, max=3600, help="Seconds to wait for a card on the reader.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]
Trainings = Annotated[
    list[str] | None,
    typer.Option("--training", metavar="CODE:YYYY-MM-DD", help="A training and its last valid day; repeatable."),
]


@app.callback()
def options(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Option("--folder", envvar=FOLDER_VARIABLE, help="Headquarters' folder: keys and the register.")
    ] = DEFAULT_FOLDER,
    database: Annotated[Path | None, typer.Option(help="The register; by default register.db in the folder.")] = None,
    by: Annotated[str | None, typer.Option(help="Who works here; by default the user at this machine.")] = None,
) -> None:
    """The bench: XS-Keys on any PC/SC reader."""
    ctx.obj = Headquarters.of(folder, database, by)


@card_app.command("issue")
def card_issue(
    ctx: typer.Context,
    *,
    product: Annotated[ProductName, typer.Option(help="What the card is.")],
    ean: Annotated[str, typer.Option(help="EAN of the employer, 13 digits; the company is in the register.")],
    personal_number: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Number of the person at the employer.")],
    valid_until: Annotated[
        str, typer.Option(metavar="DATE", help="Last valid day in UTC, or an instant with its offset.")
    ],
    valid_from: Annotated[
        str | None, typer.Option(metavar="DATE", help="First valid day in UTC, or an instant; by default now.")
    ] = None,
    language: Annotated[str, typer.Option(help="The person's language (BCP 47).")] = "nl",
    training: Trainings = None,
    reader: Reader = None,
    wait: Wait = WAIT_S,
    why: Why = "",
    json_: AsJson = False,
) -> None:
    """Make the blank chip on the reader somebody's card; run again after an interruption, it goes on."""
    order = Order(
        product=Product[product.name],
        ean=_ean(ean),
        personal_number=personal_number,
        language=_language(language),
        not_before=int((utc_now() if valid_from is None else _moment(valid_from, "--valid-from")).timestamp()),
        expires=int(_moment(valid_until, "--valid-until", last_day=True).timestamp()),
        trainings=_trainings(training),
    )
    with _at_work(ctx, reader, wait, why) as (card, bench):
        credential = cards.issue(card, bench, order)
    number = credential.card_number.hex()
    _say(
        {"card_number": number, "card_index": credential.card_index, "uid": credential.uid.hex()},
        f"card {number} issued and read back; it becomes valid with xs-headquarters card activate, and publish",
        json_=json_,
    )


@card_app.command("show")
def card_show(ctx: typer.Context, reader: Reader = None, wait: Wait = WAIT_S, json_: AsJson = False) -> None:
    """Tell what is on the card; changes nothing."""
    with _at_work(ctx, reader, wait, "") as (card, bench):
        shown = cards.show(card, bench)
    if json_:
        typer.echo(json.dumps(as_json(shown)))
    else:
        Console(highlight=False).print(as_table(shown))


@card_app.command("update")
def card_update(
    ctx: typer.Context,
    *,
    training: Trainings = None,
    none: Annotated[bool, typer.Option("--none", help="Leave the card without trainings.")] = False,
    reader: Reader = None,
    wait: Wait = WAIT_S,
    json_: AsJson = False,
) -> None:
    """Replace the trainings on the card by those named here: all of them, so that it can be run again."""
    trainings = _trainings(training)
    if none == bool(trainings):
        raise ConfigurationError("say which trainings the card is to hold (--training), or --none")
    with _at_work(ctx, reader, wait, "") as (card, bench):
        credential = cards.update(card, bench, trainings)
    number = credential.card_number.hex()
    codes = [item.code for item in trainings]
    _say(
        {"card_number": number, "trainings": codes},
        f"card {number} now holds {', '.join(codes) or 'no trainings'}",
        json_=json_,
    )


@card_app.command("retire")
def card_retire(
    ctx: typer.Context, reader: Reader = None, wait: Wait = WAIT_S, why: Why = "", json_: AsJson = False
) -> None:
    """Block the card for good, then erase it; the chip can be issued again."""
    with _at_work(ctx, reader, wait, why) as (card, bench):
        numbers = [number.hex() for number in cards.retire(card, bench)]
    blocked = f"card {', '.join(numbers)} blocked and erased" if numbers else "erased; no card lived on this chip"
    _say({"card_numbers": numbers}, f"{blocked}; publish brings it to the gates", json_=json_)


@contextmanager
def _at_work(ctx: typer.Context, reader: str | None, wait_s: float, why: str) -> Iterator[tuple[PcscCard, Bench]]:
    """Keys and register opened first, then the card on the reader."""
    there = headquarters(ctx)
    card_keys = load_card_keys(there.keys.card_keys)
    issuer = load_issuer_key(there.keys.issuer)
    issuers = ISSUERS.parse(_public(there.keys.issuers))
    with there.register() as register, pcsc_context() as context, _card(context, reader, wait_s) as card:
        yield (
            card,
            Bench(
                keys=cards.masters(card_keys),
                site_key=SoftwareKey(card_keys.site),
                issuer=issuer,
                issuers=issuers,
                register=register,
                change=there.change(why),
                random=secrets.token_bytes,
            ),
        )


@contextmanager
def _card(context: Any, name: str | None, wait_s: float) -> Iterator[PcscCard]:
    """The card on the reader that was named, or on the only reader that has one."""
    readers = _readers(list_readers(context), name)
    if not readers_with_card(context, readers, 0):
        typer.echo(f"lay the card on {' or '.join(readers)}, and leave it there", err=True)
    found = readers_with_card(context, readers, wait_s)
    if not found:
        raise HardwareError(f"no card came within {wait_s:g} s on {' or '.join(readers)}")
    if len(found) > 1:
        raise ConfigurationError(f"cards lie on {' and '.join(found)}; say which with --reader")
    with PcscCard.connect(context, found[0]) as card:
        yield card


def _readers(there: tuple[str, ...], name: str | None) -> tuple[str, ...]:
    """The readers to look at: all, or the one that `name` is or is a part of."""
    if not there:
        raise HardwareError("no card reader is plugged in")
    if name is None:
        return there
    meant = tuple(reader for reader in there if name == reader) or tuple(reader for reader in there if name in reader)
    if len(meant) != 1:
        raise HardwareError(f"--reader {name}: {'several' if meant else 'none'} of these: {', '.join(there)}")
    return meant


def _public(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read: {error.strerror}") from None


def _ean(text: str) -> str:
    if not is_ean(text):
        raise ConfigurationError(f"--ean {text}: wants 13 digits, the last of them the check digit")
    return text


def _language(text: str) -> str:
    if not is_language(text):
        raise ConfigurationError(f"--language {text}: wants a language tag, such as nl or pt-BR")
    return text


def _moment(text: str, option: str, *, last_day: bool = False) -> datetime:
    """An instant, or a day in UTC: its beginning, or its end with `last_day`."""
    value: datetime | None
    try:
        if len(text) == len("YYYY-MM-DD"):
            value = datetime.fromisoformat(text).replace(tzinfo=UTC) + timedelta(days=last_day)
        else:
            value = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        value = None
    if value is None or value.tzinfo is None or value.year < EPOCH_YEAR:
        raise ConfigurationError(f"{option} {text}: wants a day such as 2027-01-31, or 2027-01-31T12:00+01:00")
    return value


def _trainings(texts: list[str] | None) -> tuple[Training, ...]:
    trainings = tuple(_training(text) for text in texts or ())
    codes = [training.code for training in trainings]
    if twice := sorted({code for code in codes if codes.count(code) > 1}):
        raise ConfigurationError(f"--training {twice[0]}: named twice")
    return trainings


def _training(text: str) -> Training:
    code, _, day = text.rpartition(":")
    try:
        last_valid_day = date.fromisoformat(day)
    except ValueError:
        last_valid_day = None
    if not code or last_valid_day is None or last_valid_day.year < EPOCH_YEAR:
        raise ConfigurationError(f"--training {text}: wants CODE:YYYY-MM-DD, such as VCA-B:2027-01-31")
    return Training(code, last_valid_day)


def _say(values: dict[str, object], words: str, *, json_: bool) -> None:
    typer.echo(json.dumps(values) if json_ else words)


def main() -> None:
    """Run the command line."""
    app()
