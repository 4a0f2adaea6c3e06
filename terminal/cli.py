"""`xs-terminal`: run the gate and give it orders, check a configuration, start the demonstration."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal, NoReturn

import typer

from firmware_config.check import check_gate, summary
from firmware_config.machine import disk_space, registration_line, room_line
from firmware_config.mistakes import ConfigurationMistakes
from terminal.cli_orders import order, state
from terminal.cli_services import import_, status, sync
from terminal.cli_user import app as user
from terminal.errors import XsError

HELP = (
    "Run the gate and its line to headquarters, give it orders, check its configuration, or try all of it on this desk."
)
EX_CONFIG = 78
"""sysexits.h: something in the configuration; the unit does not restart a gate that ended with it."""

# Files are given with readable=False: one that cannot be read is told, and ends the process, as any mistake in it.
EX_TEMPFAIL = 75
"""sysexits.h: the gate ended by itself, to be started again."""

LogicWord = Literal["impulse", "impulse-count", "step", "hold", "all"]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=HELP)
app.command()(order)
app.command()(state)
app.command()(sync)
app.command()(status)
app.command("import")(import_)
app.add_typer(user, name="user")


@app.command()
def gate(
    configuration: Annotated[
        Path, typer.Argument(metavar="GATE.TOML", readable=False, help="The configuration of this gate.")
    ],
    trace_apdus: Annotated[
        bool, typer.Option("--trace-apdus", help="Write every APDU to the log. For a bench, not for a lane.")
    ] = False,
) -> None:
    """Run the gate until SIGTERM. The log goes to standard error, a JSON object a line.

    Ends with 75 when it is to be started again: its journal begins a new epoch then.
    """
    # structlog loads rich where it finds it, for colours: megabytes that a log in JSON never uses.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # as the import system marks what is not to be had
    from terminal.gate.process import run  # noqa: PLC0415 - the daemon's parts are not loaded for the other commands

    try:
        if run(configuration, os.environ, trace_apdus=trace_apdus):
            raise typer.Exit(EX_TEMPFAIL)
    except ConfigurationMistakes as error:
        _complain(tuple(map(str, error.mistakes)))
        raise typer.Exit(EX_CONFIG) from None
    except XsError as error:
        _complain((str(error),))
        raise typer.Exit(1) from None


@app.command()
def check(
    configuration: Annotated[
        Path, typer.Argument(metavar="GATE.TOML", readable=False, help="The configuration to check.")
    ],
    *,
    machine: Annotated[bool, typer.Option(help="Look at this machine too: folders, keys, readers.")] = False,
) -> None:
    """Say everything that is wrong with a configuration, and with this machine; ends with 78 when something is."""
    readers: tuple[str, ...] | None = None
    if machine:
        from terminal.edges.pcsc import readers_present  # noqa: PLC0415 - needs the PC/SC library

        try:
            readers = readers_present()
        except XsError as error:
            _complain((str(error),))
    read, mistakes = check_gate(configuration, os.environ if machine else None, readers)
    for line in summary(read) if read else ():
        typer.echo(line)
    if machine and read and (space := disk_space(read)):
        typer.echo(room_line(space, read))
    if machine and read and (registration := registration_line(read, os.environ)):
        typer.echo(registration)
    _complain(tuple(map(str, mistakes)))
    if mistakes or (machine and readers is None):
        raise typer.Exit(EX_CONFIG)
    typer.echo(f"{configuration}: nothing wrong")


@app.command()
def demo(
    *,
    tap: Annotated[list[str] | None, typer.Option(help="Tap this person's card; repeatable, in order.")] = None,
    park: Annotated[
        list[str] | None, typer.Option(help="In a truck park: this person parks --for so long; repeatable.")
    ] = None,
    for_: Annotated[str, typer.Option("--for", help="How long who parks stays: 90m, 15h, 1d6h.")] = "15h",
    at: Annotated[
        str | None, typer.Option(help="When they come, as 2026-11-25T07:30; the clock is moved there.")
    ] = None,
    script: Annotated[
        Path | None,
        typer.Option(
            readable=False, help="Lines such as `tap anna`, `block anna`, `issue zoe product=dsp`; - is stdin."
        ),
    ] = None,
    scene: Annotated[
        list[str] | None,
        typer.Option(metavar="FILE", help="Play a scene: a file, a folder of them, a name, or `all`; repeatable."),
    ] = None,
    logic: Annotated[LogicWord | None, typer.Option(help="The controller's; `all` with --scene.")] = None,
    direction: Annotated[
        Literal["entry", "exit", "both"] | None, typer.Option(help="Way of the lane's vehicles.")
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A contact or relay that is not fitted; repeatable.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the demonstration keeps its things; made anew.")] = Path(
        "build/demo"
    ),
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line instead of a picture.")] = False,
) -> None:
    """Run the whole system on this desk: virtual cards, real PC/SC daemon, real gate, simulated barrier.

    Without --tap, --script and --scene it draws the lane and takes keys; where there is no terminal it takes lines, and
    plays a tour when none come.
    """
    from demonstration.play import Wanted, play  # noqa: PLC0415 - the only place where the terminal knows of it

    others = {"--park": park, "--tap": tap, "--script": script, "--direction": direction, "--without": without}
    if scene and (beside := ", ".join(name for name, given in others.items() if given)):
        _wrong_use(
            f"{beside} beside --scene: a scene says itself who taps, and at which lane; leave out one or the other"
        )
    if park and direction not in {None, "both"}:
        _wrong_use("--park has a lane for both ways; leave out --direction")
    steps = [f"at {at}"] if at else []
    steps += [f"tap {name}" for name in (*(park or ()), *(tap or ()))]
    steps += [f"later {for_}", *(f"leave {name}" for name in park)] if park else []
    if script is not None:
        text = sys.stdin.read() if str(script) == "-" else _text(script)
        steps += [line for raw in text.splitlines() if (line := raw.partition("#")[0].strip())]
        if not steps:
            _wrong_use(f"{script}: there is no step in this script; docs/demonstration.md lists them")
    wanted = Wanted(
        folder=folder,
        steps=tuple(steps) or None,
        scenes=tuple(scene or ()),
        logic=logic,
        direction=direction,
        without=frozenset(without or ()),
        as_json=json,
        park=bool(park or at),
    )
    try:
        everything_right = play(wanted)
    except XsError as error:
        _complain((str(error),))
        raise typer.Exit(1) from None
    if not everything_right:
        raise typer.Exit(1)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError as error:
        _wrong_use(f"{path}: cannot be read as a script: {error.strerror}; name a file that this user can read")
    except UnicodeDecodeError:
        _wrong_use(f"{path}: is no text; a script is written in UTF-8")


def _wrong_use(line: str) -> NoReturn:
    _complain((line,))
    raise typer.Exit(2)


def _complain(lines: tuple[str, ...]) -> None:
    for line in lines:
        typer.echo(f"xs-terminal: {line}", err=True)


def main() -> None:
    """Run the command line."""
    app()
