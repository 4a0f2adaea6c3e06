"""`xs-terminal` with files that exist and that its user may not open: the line says which, and what to do."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

AS_ANY_USER = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search", "--inh-caps", "-all"]
"""Root opens whatever it likes, unless these are taken away."""
USE = "allowed: a file that this user can read"


def told(*words: str | Path) -> tuple[int, str]:
    """The exit code, and the first line on standard error."""
    before = [] if os.getuid() else AS_ANY_USER
    command = [*before, sys.executable, "-m", "terminal", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return done.returncode, done.stderr.splitlines()[0]


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A file that nobody may open."""
    path = tmp_path / "closed"
    path.touch(mode=0)
    return path


@pytest.mark.parametrize("words", [("check",), ("gate",), ("state", "--config")], ids=lambda words: str(words[0]))
def test_configuration_that_this_user_may_not_read_is_a_mistake_of_the_configuration(
    closed: Path, words: tuple[str, ...]
) -> None:
    assert told(*words, closed) == (78, f"xs-terminal: {closed}: cannot be read: Permission denied; {USE}")


@pytest.mark.parametrize(("option", "what", "code"), [("--script", "script", 2), ("--scene", "scene", 1)])
def test_steps_that_this_user_may_not_read(closed: Path, option: str, what: str, code: int) -> None:
    line = f"{closed}: cannot be read as a {what}: Permission denied; name a file that this user can read"
    assert told("demo", option, closed) == (code, f"xs-terminal: {line}")


def test_folder_of_the_demonstration_below_one_that_this_user_may_not_enter(tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0)
    folder = theirs / "demo"
    why = f"Permission denied ({folder}); remove it as the user whose it is, or name another folder"
    assert told("demo", "--folder", folder, "--scene", "car") == (
        1,
        f"xs-terminal: --folder {folder}: cannot be made anew: {why}",
    )
