"""docs/accounts.md says what the code does."""

import re
from pathlib import Path

from terminal.accounts import passwords, sessions, throttle
from terminal.accounts.roles import MAY, Right

TEXT = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text()


def test_roles_are_those_of_the_table() -> None:
    rows = re.findall(r"^\| `([a-z]+)` \| ([a-z, ]+) \|$", TEXT, flags=re.MULTILINE)
    assert rows == [(role.value, ", ".join(each for each in Right if each in may)) for role, may in MAY.items()]


def test_bounds_are_those_of_the_document() -> None:
    assert f"{passwords.SHORTEST} to {passwords.LONGEST} letters" in TEXT
    assert f"({passwords.MEMORY_KIB // 1024} MiB, {passwords.TIME_COST} passes" in TEXT
    assert (throttle.FREE, throttle.ACCOUNT_MOST_S, throttle.ADDRESS_MOST_S) == (3, 20, 600)
    assert (sessions.IDLE_S, sessions.LONGEST_S, sessions.MOST_OF_ONE) == (1800, 45_000, 8)
