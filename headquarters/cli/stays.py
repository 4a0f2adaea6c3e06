"""`xs-headquarters stays`: the paid stays of a site, to whom they may be told; and telling the terminals of them."""

import json
import os
import random
import secrets
import time
from functools import partial
from typing import Annotated, Any

import typer

from headquarters.broker.settings import load_broker
from headquarters.cli.context import headquarters, shown
from headquarters.installation import Headquarters, utc_now
from headquarters.journal.commands import command_key
from headquarters.keys import load_sealing_key
from headquarters.muster.disclosure import disclosure, write_down
from headquarters.muster.evidence import known_site
from headquarters.repository.announcer import Troubles
from headquarters.stays.account import PaidStay
from headquarters.stays.book import Book, stays_at
from headquarters.stays.watching import Telling
from terminal.edges.mqtt import Line
from terminal.edges.stop_signal import StopSignal
from terminal.edges.systemd import ServiceManager, report
from terminal.errors import ConfigurationError

TURN_S = 1.0


def stays_command(
    ctx: typer.Context,
    *,
    site: Annotated[int | None, typer.Option(help="Number of the site.")] = None,
    ground: Annotated[str, typer.Option(help="assignment, consent or legal-order.")] = "",
    requester: Annotated[str, typer.Option(help="Who asks.")] = "",
    approver: Annotated[str, typer.Option(help="The second person, who approved that he is told.")] = "",
    reference: Annotated[str | None, typer.Option(help="Of the order, or of the written consent.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Stay: keep the stays up to date, and tell the terminals of them.")
    ] = False,
) -> None:
    """Show the paid stays of a site (ground, requester and approver are written down first), or tell the terminals."""
    if watch:
        if site is not None or as_json:
            raise ConfigurationError("--watch is for all sites, and shows nothing: leave out what is for a list")
        _watch(headquarters(ctx))
        return
    if site is None:
        raise ConfigurationError("say of which site (--site), or --watch")
    told = disclosure(ground, reference, requester, approver, by=headquarters(ctx).by)
    sealing = load_sealing_key(headquarters(ctx).keys.sealing)
    with headquarters(ctx).database() as database:
        known_site(database, site)
        write_down(database, headquarters(ctx).change(told.shown()), "asked for the stays", str(site))
        Book(database, sealing).round(_now_ms())
        with database.transaction(read_only=True) as connection:
            found = stays_at(connection, site)
        subject = f"{site}: {len(found)} stays"
        write_down(database, headquarters(ctx).change(told.shown()), "told of the stays", subject)
    if as_json:
        typer.echo(json.dumps({"format": "xs-stays-1", "site": site, "stays": [_as_json(each) for each in found]}))
        return
    for each in found:
        typer.echo(_line(each))
    typer.echo(f"site {site}: {len(found)} stays")


def _watch(office: Headquarters) -> None:
    """Until SIGINT or SIGTERM. Exit code 1 when something stands in the way then."""
    broker = load_broker(office.folder)
    broker.context()  # a mistake in it is said now
    key, sealing = command_key(office.keys), load_sealing_key(office.keys.sealing)
    stopping = StopSignal()
    manager = ServiceManager(os.environ)
    troubles = Troubles(partial(typer.echo, err=True))
    with office.database() as database:
        telling = Telling(
            database,
            Book(database, sealing, manager.watchdog),
            key,
            troubles,
            now_ms=_now_ms,
            monotonic_s=time.monotonic,
            random_bytes=secrets.token_bytes,
        )
        name = f"stays-{secrets.token_hex(4)}"
        line = Line(broker, name, telling.events.put, random=random.random, session_expiry_s=0)
        line.start()
        manager.ready("started")
        while not stopping.is_set():
            telling.turn(line, TURN_S)
            report(manager, (), "; ".join(troubles.lines()) or "the terminals are told")
        manager.stopping("stopping")
        line.stop()
    if troubles.standing:
        raise typer.Exit(1)


def _now_ms() -> int:
    return int(utc_now().timestamp() * 1000)


def _line(stay: PaidStay) -> str:
    words = [
        f"{stay.state:<11}",
        f"card {stay.card_number.hex()}",
        f"payer {stay.payer:013}",
        f"in {_time(stay.entered_ms)} zone {stay.zone} lane {stay.lane}",
        "" if stay.ended_ms is None else f"out {_time(stay.ended_ms)}",
        f"charged {stay.charged_cents // 100}.{stay.charged_cents % 100:02}" if stay.charged_cents else "",
        "" if stay.certain_until_ms is None else f"certain until {_time(stay.certain_until_ms)}",
    ]
    return "  ".join(word for word in words if word)


def _as_json(stay: PaidStay) -> dict[str, Any]:
    return {
        "stay": f"{stay.stay.epoch.hex()}/{stay.stay.sequence}",
        "card": stay.card_number.hex(),
        "payer": f"{stay.payer:013}",
        "state": str(stay.state),
        "entered_ms": stay.entered_ms,
        "zone": stay.zone,
        "lane": stay.lane,
        "tariff": stay.tariff,
        "last_exit_ms": stay.last_exit_ms,
        "ended_ms": stay.ended_ms,
        "charged_cents": stay.charged_cents,
        "passenger": stay.passenger,
        "certain_until_ms": stay.certain_until_ms,
    }


def _time(ms: int) -> str:
    return shown(ms // 1000)
