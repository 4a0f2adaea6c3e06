"""`xs-headquarters tariff`: whether a tariff file is right, and what a stay costs by it and why. Needs no register."""

import json
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.tariff_chart import tariff_chart
from headquarters.cli.tariff_file import chosen, listed, second, tariffs_in
from headquarters.cli.tariff_import import tariff_import
from terminal.core.tariff.calendar import zone
from terminal.core.tariff.document import Tariff
from terminal.core.tariff.explanation import MICRO, Line
from terminal.core.tariff.pricing import Price, price
from terminal.errors import ConfigurationError

tariff_app = typer.Typer(no_args_is_help=True, help="Tariff files: check, price, chart, import.")
tariff_app.command("chart")(tariff_chart)
tariff_app.command("import")(tariff_import)


@tariff_app.command("check")
def tariff_check(file: Path) -> None:
    """Say that a tariff file is right, or all that is wrong with it."""
    tariffs = tariffs_in(file)
    typer.echo(f"{file}: is right; site {tariffs.site}, {tariffs.tz}, tariffs: {listed(tariffs)}")


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
    tariffs = tariffs_in(file)
    entry_s, exit_s = second(entry, tariffs.tz), second(leaves, tariffs.tz)
    if exit_s < entry_s:
        raise ConfigurationError(f"--out {leaves} is before --in {entry}")
    tariff = chosen(file, tariffs, number, entry, entry_s)
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
