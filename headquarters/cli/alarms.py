"""`xs-headquarters alarms`: what is wrong, who has seen to it, and who is told."""

import json
import os
from dataclasses import asdict
from typing import Annotated

import typer

from headquarters.alarms.listing import Alarms, RaisedAlarm
from headquarters.cli.context import Why, headquarters, shown

alarms_app = typer.Typer(no_args_is_help=True, help="What is wrong with terminals and their journals.")


@alarms_app.command("list")
def alarms_list(
    ctx: typer.Context,
    *,
    cleared: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
    terminal: Annotated[str | None, typer.Option(help="Of this terminal only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many at most.")] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, one alarm a line.")] = False,
) -> None:
    """Show alarms that are not over, the latest first: number, since when, state, terminal, what."""
    with headquarters(ctx).database() as database:
        for alarm in Alarms(database).all(cleared=cleared, terminal=terminal, limit=limit):
            typer.echo(json.dumps({**asdict(alarm), "state": alarm.state}) if as_json else _line(alarm))


@alarms_app.command("acknowledge")
def alarms_acknowledge(ctx: typer.Context, alarm: Annotated[int, typer.Argument(metavar="ID")], why: Why = "") -> None:
    """Write down that you have seen to an alarm; it stays until its cause is gone."""
    with headquarters(ctx).database() as database:
        found = Alarms(database).acknowledge(alarm, headquarters(ctx).change(why))
    over = "over" if found.cleared_at is not None else "it stands until its cause is gone"
    typer.echo(f"alarm {found.id} ({found.alarm} at {found.terminal}) acknowledged; {over}")


@alarms_app.command("watch")
def alarms_watch(
    ctx: typer.Context, *, once: Annotated[bool, typer.Option("--once", help="One round, and end.")] = False
) -> None:
    """Look at the terminals every ten seconds, and tell whom alarms.toml names what is wrong; until SIGTERM."""
    from headquarters.alarms.rounds import run  # noqa: PLC0415 - the other commands need no mail and no web

    if not run(headquarters(ctx), os.environ, once=once):
        raise typer.Exit(1)


def _line(alarm: RaisedAlarm) -> str:
    words = [
        f"{alarm.id:>6}",
        shown(alarm.raised_at),
        f"{alarm.state:<12}",
        f"{alarm.terminal:<12}",
        f"site {alarm.site}",
        alarm.alarm,
        "" if alarm.lane is None else f"lane {alarm.lane}",
        alarm.about or "",
        f"{alarm.times} times" if alarm.times > 1 else "",
        alarm.facts,
        "" if alarm.acknowledged_by is None else f"seen to by {alarm.acknowledged_by}: {alarm.acknowledged_why or '-'}",
        "" if alarm.cleared_at is None else f"over {shown(alarm.cleared_at)}",
    ]
    return "  ".join(word for word in words if word)
