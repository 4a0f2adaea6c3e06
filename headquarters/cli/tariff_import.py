"""`xs-headquarters tariff import`: a regulation of the Dutch open parking data as `tariffs.json`, with a report."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from headquarters.files import write_aside
from headquarters.installation import utc_now
from headquarters.tariffs.importing import TIME_ZONE, import_tariffs
from headquarters.tariffs.regulation import read_regulation
from headquarters.tariffs.report import Remark, Report, ranges
from headquarters.tariffs.tables import read_tables
from terminal.core.tariff.document import Tariffs
from terminal.errors import ConfigurationError
from terminal.trust.documents import TARIFFS, DocumentRefused

MOST_ROWS = 60  # characters of row numbers that a line of the report repeats


def tariff_import(
    folder: Path,
    *,
    regulation: Annotated[str | None, typer.Option(help="Which; by default the only one there is.")] = None,
    manager: Annotated[str | None, typer.Option(help="Area manager, where two have a regulation so named.")] = None,
    site: Annotated[int, typer.Option(min=1, max=2**32 - 1, help="The site that the tariffs are for.")] = 1,
    since: Annotated[
        str | None, typer.Option("--from", metavar="DAY", help="What holds from this day on; by default today.")
    ] = None,
    number: Annotated[int, typer.Option(min=1, max=2**16 - 1, help="Of the first version; never one used before.")] = 1,
    out: Annotated[Path, typer.Option(help="A new file.")] = Path("tariffs.json"),
    as_json: Annotated[bool, typer.Option("--json", help="The report as JSON.")] = False,
) -> None:
    """Make tariffs.json of a FOLDER of Dutch open parking data, and say what was mapped, interpreted, left out."""
    if out.exists():
        raise ConfigurationError(f"{out} exists already; tariffs that a stay or a charge needs are never overwritten")
    report = Report()
    read = read_regulation(read_tables(folder, report), report, _day(since), regulation, manager)
    tariffs = import_tariffs(read, report, site=site, first_number=number)
    write_aside(out, _document(tariffs))
    remarks = report.remarks()
    if as_json:
        said = [asdict(remark) for remark in remarks]
        numbers = [each.number for each in tariffs.tariffs]
        typer.echo(json.dumps({"file": str(out), "regulation": read.name, "tariffs": numbers, "remarks": said}))
    else:
        typer.echo("\n".join(_lines(remarks)))
        typer.echo(f"{out}: written, for site {site}; read what is interpreted, then: tariff check, tariff chart")


def _day(text: str | None) -> date:
    if text is None:
        return utc_now().astimezone(ZoneInfo(TIME_ZONE)).date()
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{text}: wants a day, such as 2026-09-15") from None


def _document(tariffs: Tariffs) -> bytes:
    """The file, as a person reads it, and as gates believe it."""
    try:
        whole: dict[str, Any] = json.loads(TARIFFS.dump(tariffs))
    except DocumentRefused as refusal:
        raise ConfigurationError(
            f"nothing was imported; what the tables say is no tariff that gates believe: {refusal.mistakes[0]}",
            refusal.mistakes,
        ) from None
    return (json.dumps(_said(whole), indent=1, ensure_ascii=False) + "\n").encode()


def _said(value: Any) -> Any:
    """Without what is absent."""
    if isinstance(value, dict):
        said = {key: _said(each) for key, each in value.items()}
        return {key: each for key, each in said.items() if each not in (None, {})}
    return [_said(each) for each in value] if isinstance(value, list) else value


def _lines(remarks: tuple[Remark, ...]) -> Iterator[str]:
    """The report for a person: a heading for each outcome, a line for each remark."""
    last = None
    for remark in remarks:
        if remark.how is not last:
            last = remark.how
            yield f"{last.replace('-', ' ')}:"
        field = f" {remark.field}" if remark.field is not None else ""
        yield f"  {remark.table}{field}{_numbered(remark.rows)}: {remark.words}"


def _numbered(rows: tuple[int, ...]) -> str:
    if not rows:
        return ""
    text = ranges(rows)
    shown = text if len(text) <= MOST_ROWS else f"{text[:MOST_ROWS].rpartition(',')[0]} and more, {len(rows)} in all"
    return f", row {shown}" if len(rows) == 1 else f", rows {shown}"
