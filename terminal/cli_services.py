"""`xs-terminal sync`, `status` and `import`: line to headquarters, pages, and the stick that stands in for the line."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from firmware_config.configuration import read_gate
from firmware_config.mistakes import ConfigurationMistakes
from terminal.errors import XsError

BAD_CONFIGURATION = 78
"""sysexits.h: something in the configuration; the unit does not restart what ended with it."""
USUAL = Path("/etc/xs-terminal/gate.toml")


def sync(
    configuration: Annotated[Path, typer.Argument(metavar="GATE.TOML", help="The configuration of this gate.")],
) -> None:
    """Run the line to headquarters until SIGTERM: journal up, lists and acknowledgements down.

    The log goes to standard error, a JSON object a line.
    """
    # structlog loads rich where it finds it, for colours: megabytes that a log in JSON never uses.
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # as the import system marks what is not to be had
    from terminal.sync.process import run  # noqa: PLC0415 - the daemon's parts are not loaded for the other commands

    try:
        run(configuration, os.environ)
    except ConfigurationMistakes as error:
        raise _complained(*map(str, error.mistakes), code=BAD_CONFIGURATION) from None
    except XsError as error:
        raise _complained(str(error)) from None


def status(
    configuration: Annotated[
        Path, typer.Argument(metavar="GATE.TOML", readable=False, help="The configuration of this gate.")
    ],
) -> None:
    """Serve the driver's screens and the guard's page until SIGTERM.

    The log goes to standard error, a JSON object a line.
    """
    sys.modules.setdefault("rich", None)  # type: ignore[arg-type]  # as for `sync`
    from terminal.status.process import run  # noqa: PLC0415 - the daemon's parts are not loaded for the other commands

    try:
        run(configuration, os.environ)
    except ConfigurationMistakes as error:
        raise _complained(*map(str, error.mistakes), code=BAD_CONFIGURATION) from None
    except XsError as error:
        raise _complained(str(error)) from None


def import_(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A stick that `publish --mirror` filled.")],
    *,
    config: Annotated[
        Path, typer.Option("--config", metavar="GATE.TOML", help="Configuration that names mirror and site.")
    ] = USUAL,
) -> None:
    """Take headquarters' lists and rules from a folder into the mirror; the gate believes them by their signatures.

    Exit code: 0 taken, 1 something was refused or nothing was there, 78 the configuration has mistakes.
    """
    from terminal.trust.mirror_import import import_folder  # noqa: PLC0415 - not loaded for the other commands

    try:
        gate = read_gate(config)
        site = gate.terminal.site
        imported = import_folder(folder, gate.terminal.mirror, site)
    except ConfigurationMistakes as error:
        raise _complained(*map(str, error.mistakes), code=BAD_CONFIGURATION) from None
    except XsError as error:
        raise _complained(str(error)) from None
    taken = len(imported.written)
    if not taken and not imported.unchanged and not imported.refused:
        raise _complained(f"{folder} has no file for site {site}; fill it with xs-headquarters publish --mirror")
    for name in imported.written:
        typer.echo(name)
    typer.echo(
        f"{taken} {'file' if taken == 1 else 'files'} taken into {gate.terminal.mirror} for site {site},"
        f" {imported.unchanged} there already, {len(imported.refused)} refused; the gate now judges their signatures"
    )
    if imported.refused:
        raise _complained(*imported.refused)


def _complained(*lines: str, code: int = 1) -> typer.Exit:
    for line in lines:
        typer.echo(f"xs-terminal: {line}", err=True)
    return typer.Exit(code)
