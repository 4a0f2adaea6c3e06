"""The examples in `docs/tariffs.md`: below each command there stands what it says, made by the command itself."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from typer.testing import CliRunner

from headquarters.cli.main import app

DOCS = Path(__file__).parent.parent / "docs"
NAME = "tariffs.md"
COMMAND = "    $ xs-headquarters "


def tariff_page() -> Mapping[str, str]:
    """The page, with what its commands say now."""
    return {NAME: "".join(f"{line}\n" for line in _lines((DOCS / NAME).read_text().splitlines()))}


def _lines(before: list[str]) -> Iterator[str]:
    example = False
    for line in before:
        if line.startswith(COMMAND):
            yield line
            yield from (f"    {said}" for said in _said(line.removeprefix(COMMAND)))
            example = True
        elif not (example and line.startswith("    ")):
            example = False
            yield line


def _said(command: str) -> list[str]:
    """What the command says to a person whose folder is `docs/`; nothing of it depends on this machine."""
    words = [re.sub("^tariffs/", f"{DOCS}{os.sep}tariffs/", word) for word in command.split()]
    result = CliRunner().invoke(app, words, catch_exceptions=False)
    return [line.replace(f"{DOCS}{os.sep}", "") for line in (result.stdout + result.stderr).splitlines()]
