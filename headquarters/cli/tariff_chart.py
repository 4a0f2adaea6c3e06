"""`xs-headquarters tariff chart`: what a tariff costs, as a picture."""

from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.tariff_file import chosen, second, tariffs_in
from headquarters.files import write_aside
from headquarters.installation import utc_now
from headquarters.tariffs.chart import MOST_HOURS, chart
from terminal.core.tariff.calendar import zone


def tariff_chart(
    file: Path,
    *,
    number: Annotated[int | None, typer.Option(help="The tariff's; by default the one in force at entry.")] = None,
    entry: Annotated[
        str | None, typer.Option("--in", metavar="ISO", help="Site time without offset; by default next Monday 18:00.")
    ] = None,
    hours: Annotated[int, typer.Option(min=1, max=MOST_HOURS, help="The longest stay that is drawn.")] = MOST_HOURS,
    out: Annotated[Path, typer.Option(help="Replaced if it is there.")] = Path("chart.svg"),
) -> None:
    """Draw what a stay costs: by its length from one entry on, and by the hour of the week."""
    tariffs = tariffs_in(file)
    begins = entry if entry is not None else next_monday(utc_now(), tariffs.tz)
    entry_s = second(begins, tariffs.tz)
    tariff = chosen(file, tariffs, number, begins, entry_s)
    write_aside(out, chart(tariffs, tariff, entry_s, hours).encode())
    typer.echo(f"{out}: tariff {tariff.number} of site {tariffs.site}, entry {begins}, {hours} h")


def next_monday(now: datetime, time_zone: str) -> str:
    """18:00 of the first Monday that is not over or today."""
    today = now.astimezone(zone(time_zone)).date()
    return datetime.combine(today + timedelta(days=7 - today.weekday()), time(18)).isoformat(timespec="minutes")
