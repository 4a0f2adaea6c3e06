"""`xs-headquarters terminal` and `xs-headquarters terminals`."""

import typer

from headquarters.alarms.entries import plain
from headquarters.cli.context import Why, headquarters, public_key, shown
from headquarters.installation import utc_now
from headquarters.journal.commands import all_commands
from headquarters.journal.reading import shown_key
from headquarters.journal.terminals import Terminals, TerminalState

terminal_app = typer.Typer(no_args_is_help=True, help="The terminals whose journals are taken.")


@terminal_app.command("add")
def terminal_add(ctx: typer.Context, name: str, site: int, journal_key: str, why: Why = "") -> None:
    """Register a terminal of SITE by its public JOURNAL_KEY (64 hexadecimal digits)."""
    with headquarters(ctx).database() as database:
        Terminals(database).add(name, site, public_key(journal_key), headquarters(ctx).change(why))
    typer.echo(f"terminal {name} of site {site} added; its journal is taken from now on")


@terminal_app.command("retire")
def terminal_retire(ctx: typer.Context, name: str, why: Why = "") -> None:
    """Take nothing of a terminal any more, such as one that was stolen."""
    with headquarters(ctx).database() as database:
        Terminals(database).retire(name, headquarters(ctx).change(why))
    typer.echo(f"terminal {name} retired; what came before stays")


@terminal_app.command("commands")
def terminal_commands(ctx: typer.Context, name: str) -> None:
    """Show what a terminal was ordered, and what came of it: open, answered (by which entry), or expired."""
    now_s = int(utc_now().timestamp())
    with headquarters(ctx).database() as database, database.transaction(read_only=True) as connection:
        for each in all_commands(connection, name):
            by = "" if each.answered_by is None else f"  {shown_key(each.answered_by)}: {each.answer}"
            until = f"until {shown(each.ends_at)}" if each.answered_at is None else f"at {shown(each.answered_at)}"
            words = (f"{each.number}", f"{each.state(now_s):<8}", until, f"ordered {shown(each.ordered_at)}", each.what)
            typer.echo("  ".join(words) + by)


def terminals(ctx: typer.Context) -> None:
    """Show all terminals: how far their journals are here, and how they are."""
    now_s = int(utc_now().timestamp())
    with headquarters(ctx).database() as database:
        for state in Terminals(database).all():
            typer.echo(_line(state, now_s))


def _line(state: TerminalState, now_s: int) -> str:
    words = [
        f"{state.terminal:<12}",
        f"site {state.site}",
        "retired" if state.retired_at is not None else state.presence or "never connected",
        f"seen {shown(state.last_seen)}",
        f"entries {state.size}",
        f"backlog {state.backlog}",
    ]
    if (age_s := state.list_age_s(now_s)) is not None:
        words.append(f"lists {age_s} s old")
    if state.head is not None and (ahead_s := state.clock_ahead_s()) is not None:
        words += [f"clock {ahead_s:+.1f} s {state.head.quality}", f"version {plain(state.head.software)}"]
    return "  ".join([*words, *(f"ALARM {alarm}" for alarm in dict.fromkeys(state.alarms))])
