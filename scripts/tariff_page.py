"""The examples of the pages on tariffs: below each command there stands what it says, made by the command itself."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from typer.testing import CliRunner

from headquarters.cli.main import app

DOCS = Path(__file__).parent.parent / "docs"
NAMES = ("tariffs.md", "tariff-import.md")
CHART = "tariffs/capped.svg"
DRAW = "tariff chart tariffs/capped.json --number 1 --in 2026-09-14T18:00 --out capped.svg"
COMMAND = "    $ xs-headquarters "


def tariff_page() -> Mapping[str, str]:
    """The pages, with what their commands say now, and the chart; what a command writes is there for the next."""
    made = {}
    for name in NAMES:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            made[name] = "".join(f"{line}\n" for line in _lines((DOCS / name).read_text().splitlines()))
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        _said(DRAW)
        made[CHART] = Path("capped.svg").read_text()
    return made


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
