"""`xs-headquarters journal`: read, verify and prove what the terminals wrote."""

import json
from collections.abc import Mapping
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import typer

from headquarters.cli.context import Why, document, headquarters, instant, public_key, shown
from headquarters.files import write_aside
from headquarters.journal.commands import command_key, order_erasure
from headquarters.journal.cosigner import acknowledgement_keys
from headquarters.journal.proving import ProofRefused, prove, verify_proof
from headquarters.journal.reading import (
    StoredEntry,
    Wanted,
    entry_key,
    latest,
    legible,
    open_entry,
    shown_key,
    stored_entry,
)
from headquarters.journal.verifying import JournalReport, verify
from headquarters.keys import load_sealing_key
from terminal.core.journal import Kind, Record
from terminal.errors import ConfigurationError

MAX_LOST_SHOWN = 10_000
"""So many lost numbers of a journal are told one by one."""
NOT_VERIFIED = 1
NOT_TRUSTED = 3

journal_app = typer.Typer(no_args_is_help=True, help="What the terminals wrote: read, verify, prove.")

EntryKeyText = Annotated[
    str, typer.Argument(metavar="ENTRY", help="TERMINAL/EPOCH/SEQUENCE, as journal list shows it.")
]
KeyText = Annotated[str | None, typer.Option(help="The public key that you trust, 64 hexadecimal digits.")]


@journal_app.command("list")
def journal_list(
    ctx: typer.Context,
    *,
    terminal: Annotated[str | None, typer.Option(help="Of this terminal only.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only these, such as tap-outcome or alarm-raised.")] = None,
    lane: Annotated[int | None, typer.Option(help="Of this lane only.")] = None,
    begins: Annotated[str | None, typer.Option("--from", help="Such as 2026-09-15T08:00+02:00.")] = None,
    ends: Annotated[str | None, typer.Option("--to", help="Likewise; not included.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """Show entries, the latest first: key, time, kind, lane, what anybody may read; ? when not proven yet."""
    wanted = Wanted(terminal=terminal, kind=_kind(kind), lane=lane, begins_ms=_ms(begins), ends_ms=_ms(ends))
    with headquarters(ctx).database() as database, database.transaction(read_only=True) as connection:
        for entry in latest(connection, wanted, limit):
            typer.echo(_line(entry))


@journal_app.command("show")
def journal_show(ctx: typer.Context, entry: EntryKeyText, why: Why = "") -> None:
    """Show all of an entry; with --why its sealed part too, once that is written down."""
    key = entry_key(entry)
    with headquarters(ctx).database() as database:
        with database.transaction(read_only=True) as connection:
            found = stored_entry(connection, key)
        opened: Mapping[Any, Any] = {}
        if why:
            opened = open_entry(
                database, key, load_sealing_key(headquarters(ctx).keys.sealing), headquarters(ctx).change(why)
            )
    for name, value in _particulars(found):
        _echo(name, value)
    for name, value in opened.items():
        _echo(str(name), _json(value))


@journal_app.command("erase")
def journal_erase(
    ctx: typer.Context,
    which: Annotated[list[str], typer.Argument(metavar="ENTRY…", help="As journal list shows them.")],
    reason: Annotated[str, typer.Option(help="Why; stands in the list of changes.")] = "",
) -> None:
    """Erase sealed parts for good: here at once, at the terminals by a signed command each."""
    keys = [entry_key(each) for each in which]
    with headquarters(ctx).database() as database:
        key = command_key(headquarters(ctx).keys)
        for ordered in order_erasure(database, key, keys, headquarters(ctx).change(reason)):
            typer.echo(f"erased here; terminal {ordered.terminal} has command {ordered.number}: {ordered.what}")


@journal_app.command("verify")
def journal_verify(ctx: typer.Context) -> None:
    """Recompute every root and signature in the database; exit code 1 when something does not fit."""
    fits = True
    with headquarters(ctx).database() as database:
        for report in verify(database, acknowledgement_keys(headquarters(ctx).keys)):
            _say(report)
            fits = fits and not report.mistakes
    if not fits:
        raise typer.Exit(NOT_VERIFIED)


@journal_app.command("prove")
def journal_prove(
    ctx: typer.Context,
    entry: EntryKeyText,
    to: Annotated[Path | None, typer.Option(help="The file to write; otherwise it is shown.")] = None,
) -> None:
    """Make a proof of an entry that anybody can verify off line."""
    with headquarters(ctx).database() as database, database.transaction(read_only=True) as connection:
        proof = prove(connection, entry_key(entry), acknowledgement_keys(headquarters(ctx).keys))
    if to is None:
        typer.echo(proof.decode(), nl=False)
    else:
        write_aside(to, proof)
        typer.echo(f"proof of {entry} written to {to}")


@journal_app.command("verify-proof")
def journal_verify_proof(file: Path, terminal_key: KeyText = None, headquarters_key: KeyText = None) -> None:
    """Verify a proof without any database; exit code 1: it does not hold, 3: it holds by keys you did not give."""
    try:
        proven = verify_proof(document(file), _key(terminal_key), _key(headquarters_key))
    except ProofRefused as error:
        typer.echo(f"proves nothing: {error}")
        raise typer.Exit(NOT_VERIFIED) from error
    checkpoint = proven.checkpoint
    typer.echo(f"entry            {checkpoint.terminal}/{checkpoint.epoch.hex()}/{proven.record.sequence}")
    for name, value in _public(proven.record):
        _echo(name, value)
    typer.echo(f"in               the first {checkpoint.size} entries of that journal, root {checkpoint.root.hex()}")
    typer.echo(f"signed by        the terminal, key {_trust(proven.terminal_key, given=proven.terminal_trusted)}")
    typer.echo(
        f"cosigned         {shown(proven.cosigned_at_s)} by headquarters, key "
        f"{_trust(proven.headquarters_key, given=proven.headquarters_trusted)}"
    )
    if not (proven.terminal_trusted and proven.headquarters_trusted):
        raise typer.Exit(NOT_TRUSTED)


def _echo(name: str, value: object) -> None:
    typer.echo(f"{name:<16} {value if isinstance(value, str) else _json(value)}")


def _trust(key: bytes, *, given: bool) -> str:
    if given:
        return f"{key.hex()}, which you gave"
    return f"{key.hex()}, from the file: NOT CHECKED AGAINST ANYTHING YOU TRUST"


def _say(report: JournalReport) -> None:
    lost = sum(len(each) for each in report.lost)
    typer.echo(
        f"{report.terminal}/{report.epoch.hex()}: proven {report.proven}, beyond {report.beyond}, "
        f"sealed parts erased {report.erased}, lost {lost}, in quarantine {report.put_aside}, "
        f"mistakes {len(report.mistakes) + report.more_mistakes}"
    )
    for mistake in report.mistakes:
        typer.echo(f"  {mistake}")
    if report.more_mistakes:
        typer.echo(f"  and {report.more_mistakes} more mistakes")
    for number in islice(chain.from_iterable(report.lost), MAX_LOST_SHOWN):
        typer.echo(f"  entry {number}: lost; the epoch has ended, and it never came")
    if lost > MAX_LOST_SHOWN:
        typer.echo(f"  and {lost - MAX_LOST_SHOWN} more lost")


def _line(entry: StoredEntry) -> str:
    record = entry.record
    mark = " " if entry.proven else "?"
    lane = "-" if record.lane is None else str(record.lane)
    return f"{shown_key(entry.key)}  {_time(record)}{mark} {record.kind:<20}  {lane:>3}  {_json(record.public)}"


def _particulars(entry: StoredEntry) -> list[tuple[str, object]]:
    sealed = "none"
    if entry.record.sealed_sha256 is not None:
        sealed = "erased" if entry.sealed is None else f"{len(entry.sealed)} bytes; --why opens it"
    return [
        ("entry", shown_key(entry.key)),
        *_public(entry.record),
        ("sealed part", sealed),
        ("received", shown(entry.received_at)),
        ("proven", "yes" if entry.proven else "not yet"),
    ]


def _public(record: Record) -> list[tuple[str, object]]:
    sha256 = record.sealed_sha256
    return [
        ("time", f"{_time(record)} (clock {record.time.quality})"),
        ("kind", str(record.kind)),
        ("lane", record.lane),
        ("public", dict(record.public)),
        ("sealed SHA-256", None if sha256 is None else sha256.hex()),
    ]


def _time(record: Record) -> str:
    seconds, ms = divmod(record.time.ms, 1000)
    return shown(seconds).replace("Z", f".{ms:03}Z")


def _json(value: Any) -> str:
    """As JSON, with nothing in it that a screen would obey."""
    text = json.dumps(legible(value), ensure_ascii=False)
    return "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in text)


def _kind(text: str | None) -> Kind | None:
    if text is not None and text not in set(Kind):
        raise ConfigurationError(f"--kind {text}: allowed are {', '.join(Kind)}")
    return None if text is None else Kind(text)


def _key(text: str | None) -> bytes | None:
    return None if text is None else public_key(text)


def _ms(text: str | None) -> int | None:
    return None if text is None else int(instant(text).timestamp() * 1000)
