"""`xs-headquarters simulate`: a load test with many terminals in this machine (docs/load-test.md)."""

import secrets
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from headquarters.cli.context import headquarters
from terminal.errors import ConfigurationError


def simulate(
    ctx: typer.Context,
    *,
    terminals: Annotated[int, typer.Option(min=1, max=9999, help="How many.")] = 10,
    rate: Annotated[float, typer.Option(min=0.01, help="Entries a second, of all of them together.")] = 10.0,
    seconds: Annotated[float, typer.Option("--for", min=0.1, help="How long they write, in seconds.")] = 30.0,
    alone: Annotated[
        bool, typer.Option("--alone", help="With keys, database, broker and collectors of its own, gone afterwards.")
    ] = False,
    collectors: Annotated[int, typer.Option(min=1, max=64, help="With --alone: how many.")] = 1,
    site: Annotated[int, typer.Option(help="Whose terminals they are; has to be registered.")] = 4711,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Where the broker listens to terminals.")] = 8883,
    broker: Annotated[
        Path | None, typer.Option(help="Folder of our mosquitto, where the access list is to be written.")
    ] = None,
    broker_restart: Annotated[
        str | None, typer.Option(help="Command that restarts it, so that the list comes into force.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Of who writes when; to have the same again.")] = None,
    beside_real: Annotated[
        bool, typer.Option("--beside-real", help="Also when real terminals are registered.")
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave terminals and journals in the database.")] = False,
    remove: Annotated[bool, typer.Option("--remove", help="Only remove what an earlier run left or kept.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The report as one JSON object.")] = False,
) -> None:
    """Let many simulated terminals write, send and be acknowledged, and say how long that takes."""
    from load_test.command import Wanted, remove_all, run  # noqa: PLC0415 - the other commands do without all that
    from load_test.enrolment import registered  # noqa: PLC0415
    from load_test.ground import installed_ground, own_ground  # noqa: PLC0415

    def progress(text: str) -> None:
        typer.echo(text, err=True)

    here = headquarters(ctx)
    if alone and (keep or remove or broker is not None):
        raise ConfigurationError("--alone leaves nothing, so it goes with none of --keep, --remove and --broker")
    where = str(here.where) if "://" in str(here.where) else None
    with (
        own_ground(where, site, collectors, here.by)
        if alone
        else nullcontext(installed_ground(here, port, broker, broker_restart))
    ) as ground:
        if remove:
            with here.database() as database:
                names = registered(database).simulated
            remove_all(ground, names)
            typer.echo(f"{len(names)} simulated terminals removed")
            return
        wanted = Wanted(
            terminals=terminals,
            entries_a_second=rate,
            seconds=seconds,
            site=site,
            seed=secrets.randbelow(1 << 32) if seed is None else seed,
            beside_real=beside_real,
            keep=keep,
        )
        progress(f"seed {wanted.seed}")
        report = run(wanted, ground, progress)
    for line in [report.as_json()] if as_json else report.lines():
        typer.echo(line)
    if not report.sound:
        raise typer.Exit(1)
