"""`xs-headquarters publish`: to a folder, to a broker, once or for as long as it runs."""

import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from headquarters.broker.settings import load_broker
from headquarters.cli.context import headquarters
from headquarters.files import only_writer
from headquarters.installation import Headquarters, utc_now
from headquarters.repository.announcer import Announcer, Troubles
from headquarters.repository.announcing import what_to_announce
from headquarters.repository.publisher import Publication, fill_mirror, publish
from headquarters.repository.watch import LOOK_EVERY_S, Watch
from terminal.edges.mqtt import Event, Line
from terminal.edges.stop_signal import StopSignal
from terminal.edges.systemd import ServiceManager, report
from terminal.errors import ConfigurationError

ANNOUNCED_WITHIN_S = 120.0
"""A broker that has not everything by then is said to be at fault, where nobody watches."""
LOCK = "announcing"
"""Folder of headquarters that whoever announces holds a lock on."""


def publish_command(
    ctx: typer.Context,
    *,
    to: Annotated[Path | None, typer.Option(help="Folder for the published tree.")] = None,
    mirror: Annotated[
        list[str] | None,
        typer.Option(help="NUMBER=FOLDER: fill the mirror of a gate of that site too; repeatable, wants --to."),
    ] = None,
    mqtt: Annotated[bool, typer.Option("--mqtt", help="Announce it at the broker that broker.toml names.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="With --mqtt: stay, renew every few minutes and after each change.")
    ] = False,
) -> None:
    """Sign lists and rules anew and bring them out; to be run at least every five minutes, or with --watch."""
    mirrors = [_site_and_folder(text) for text in mirror or ()]
    _check(to, mirrors, mqtt=mqtt, watch=watch)
    if watch:
        _watch(headquarters(ctx))
    elif mqtt:
        with _announcing(headquarters(ctx)) as announcer:
            _announce(announcer, headquarters(ctx), _publish(headquarters(ctx), to))
    else:
        _publish(headquarters(ctx), to)
    if to is not None:
        for site, folder in mirrors:
            typer.echo(f"mirror of site {site} in {folder}; files written: {fill_mirror(to, site, folder)}")


def _check(to: Path | None, mirrors: Sequence[object], *, mqtt: bool, watch: bool) -> None:
    if to is None and not mqtt:
        raise ConfigurationError("say where to publish: --to FOLDER, --mqtt, or both")
    if mirrors and to is None:
        raise ConfigurationError("--mirror is filled from the published folder: say --to too")
    if watch and (to is not None or not mqtt):
        raise ConfigurationError("--watch goes with --mqtt alone; folders are filled by publish --to")


def _publish(office: Headquarters, to: Path | None) -> Publication:
    with office.database() as database:
        done = publish(database, office.keys, to, utc_now())
    for warning in done.warnings:
        typer.echo(f"warning: {warning}", err=True)
    if to is not None:
        sites = ", ".join(map(str, done.sites)) or "none registered"
        typer.echo(f"published to {to}; sites: {sites}; files written: {done.files_written}")
    return done


def _announce(announcer: Announcer, office: Headquarters, done: Publication) -> None:
    with office.database() as database:
        wanted = what_to_announce(database, done.files, int(utc_now().timestamp()))
    announcer.send_all(wanted, ANNOUNCED_WITHIN_S)
    sites = ", ".join(map(str, done.sites)) or "none registered"
    typer.echo(f"announced at the broker; sites: {sites}; messages: {len(wanted)}")


def _watch(office: Headquarters) -> None:
    """Until SIGINT or SIGTERM. Exit code 1 when something stands in the way then."""
    stopping = StopSignal()
    manager = ServiceManager(os.environ)
    with _announcing(office, manager.watchdog) as announcer, office.database() as database:
        troubles = announcer.troubles
        watch = Watch(database, office.keys, announcer, troubles, now=utc_now, monotonic_s=time.monotonic)
        manager.ready("started")
        complete = False
        while not stopping.is_set():
            if watch.turn() is not complete:
                complete = not complete
                typer.echo(_how(complete=complete))
            report(manager, (), "; ".join([_how(complete=complete), *troubles.lines()]))
            announcer.wait(LOOK_EVERY_S)
        manager.stopping("stopping")
    if troubles.standing:
        raise typer.Exit(1)


def _how(*, complete: bool) -> str:
    return "the broker has everything" if complete else "the broker has not everything"


@contextmanager
def _announcing(office: Headquarters, progress: Callable[[], object] = lambda: None) -> Iterator[Announcer]:
    """A line to the broker, of the only process that announces from this folder; `progress` as `Announcer` has it."""
    broker = load_broker(office.folder)

    def line(told: Callable[[Event], None]) -> Line:
        name = f"publisher-{secrets.token_hex(4)}"
        return Line(broker, name, told, random=random.random, session_expiry_s=0)

    say = partial(typer.echo, err=True)
    waiting = partial(say, f"another publisher announces from {office.folder}; waiting until it ends")
    with only_writer(office.folder / LOCK, waiting):
        announcer = Announcer(line, time.monotonic, Troubles(say), progress)
        announcer.start()
        try:
            yield announcer
        finally:
            announcer.stop()


def _site_and_folder(text: str) -> tuple[int, Path]:
    number, equals, folder = text.partition("=")
    if not (equals and folder and number.isascii() and number.isdigit()):
        raise ConfigurationError(f"--mirror {text}: wants NUMBER=FOLDER, such as 4711=/media/stick")
    return int(number), Path(folder)
