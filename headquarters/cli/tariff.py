"""`xs-headquarters tariff`: whether a tariff file is right, and what a stay costs by it and why. Needs no register."""

import json
import math
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.context import document
from terminal.core.document import END_S, FIRST_S
from terminal.core.tariff.calendar import zone
from terminal.core.tariff.document import Tariff, Tariffs
from terminal.core.tariff.explanation import MICRO, Line
from terminal.core.tariff.pricing import Price, in_force, numbered, price
from terminal.errors import ConfigurationError
from terminal.trust.documents import TARIFFS

tariff_app = typer.Typer(no_args_is_help=True, help="Tariff files: check, price.")


@tariff_app.command("check")
def tariff_check(file: Path) -> None:
    """Say that a tariff file is right, or all that is wrong with it."""
    tariffs = TARIFFS.parse(document(file))
    typer.echo(f"{file}: is right; site {tariffs.site}, {tariffs.tz}, tariffs: {_listed(tariffs)}")


@tariff_app.command("price")
def tariff_price(
    file: Path,
    *,
    entry: Annotated[str, typer.Option("--in", metavar="ISO", help="The tap that let in; site time without offset.")],
    leaves: Annotated[str, typer.Option("--out", metavar="ISO", help="The tap that let out; likewise.")],
    number: Annotated[int | None, typer.Option(help="The tariff's; by default the one in force at entry.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show what a stay costs, and why."""
    tariffs = TARIFFS.parse(document(file))
    entry_s, exit_s = _second(entry, tariffs.tz), _second(leaves, tariffs.tz)
    if exit_s < entry_s:
        raise ConfigurationError(f"--out {leaves} is before --in {entry}")
    tariff = in_force(tariffs, entry_s) if number is None else numbered(tariffs, number)
    if tariff is None:
        which = f"no tariff is in force at {entry}" if number is None else f"has no tariff {number}"
        raise ConfigurationError(f"{file}: {which}; it has {_listed(tariffs)}")
    worth = price(tariff, tariffs.tz, entry_s, exit_s)
    lines = [(_local(line.at_s, tariffs.tz), _words(line), _euros(line.amount_micro)) for line in worth.lines]
    if as_json:
        said = [dict(zip(("at", "what", "amount"), line, strict=True)) for line in lines]
        typer.echo(json.dumps({"amount_cents": worth.amount_cents, "lines": said}))
    else:
        typer.echo("\n".join(_table(tariff, worth, lines)))


def _table(tariff: Tariff, worth: Price, lines: list[tuple[str, str, str]]) -> Iterator[str]:
    widest = max(len(what) for _, what, _ in lines)
    for at, what, amount in lines:
        yield f"{at}  {what:<{widest}}  {amount:>12}"
    to_pay = f"{worth.amount_cents // 100}.{worth.amount_cents % 100:02}"
    yield f"{f'to pay, tariff {tariff.number}, VAT {tariff.vat}% included':<{27 + widest}}  {to_pay:>12}"
    if worth.overstay:
        yield f"longer than the longest stay, {tariff.max_stay}; that does not change the price"


def _listed(tariffs: Tariffs) -> str:
    return ", ".join(f"{each.number} from {each.from_.isoformat()}" for each in tariffs.tariffs) or "none"


def _second(text: str, time_zone: str) -> int:
    """Whole seconds since the epoch; what has no offset is on the site's clock, a time that occurs twice the first."""
    try:
        value = datetime.fromisoformat(text)
        second = math.floor((value if value.tzinfo else value.replace(tzinfo=zone(time_zone))).timestamp())
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{text}: wants date and time, such as 2026-09-15T08:00+02:00") from None
    if not FIRST_S <= second < END_S:
        raise ConfigurationError(f"{text}: wants a year from 2000 to 2199")
    there = datetime.fromtimestamp(second, zone(time_zone)).replace(tzinfo=None)
    if value.tzinfo is None and there != value.replace(microsecond=0):
        raise ConfigurationError(f"{text}: does not occur in {time_zone}, whose clock jumps over it; say the offset")
    return second


def _local(at_s: int, time_zone: str) -> str:
    return datetime.fromtimestamp(at_s, zone(time_zone)).isoformat()


def _words(line: Line) -> str:
    """As `increment, line 1 (2 times)`."""
    return (
        line.what
        + (f", line {line.line}" if line.line is not None else "")
        + (f" ({line.times} times)" if line.times > 1 else "")
    )


def _euros(micro: int) -> str:
    """Exactly, with at least the cents."""
    whole, _, rest = str(Decimal(micro) / MICRO).partition(".")
    return f"{whole}.{rest.ljust(2, '0')}"
