"""A tariff file as the commands of `xs-headquarters tariff` take it, and instants on its site's clock."""

import math
from datetime import datetime
from pathlib import Path

from headquarters.cli.context import document
from terminal.core.document import END_S, FIRST_S
from terminal.core.tariff.calendar import zone
from terminal.core.tariff.document import Tariff, Tariffs
from terminal.core.tariff.pricing import in_force, numbered
from terminal.errors import ConfigurationError
from terminal.trust.documents import TARIFFS


def tariffs_in(file: Path) -> Tariffs:
    """All versions in a file.

    Raises:
        ConfigurationError: it cannot be read.
        DocumentRefused: with all that is wrong with it.
    """
    return TARIFFS.parse(document(file))


def chosen(file: Path, tariffs: Tariffs, number: int | None, entry: str, entry_s: int) -> Tariff:
    """The version with that number; without one, that in force at entry.

    Raises:
        ConfigurationError: there is none.
    """
    tariff = in_force(tariffs, entry_s) if number is None else numbered(tariffs, number)
    if tariff is None:
        which = f"no tariff is in force at {entry}" if number is None else f"has no tariff {number}"
        raise ConfigurationError(f"{file}: {which}; it has {listed(tariffs)}")
    return tariff


def listed(tariffs: Tariffs) -> str:
    """Numbers, and since when each is in force."""
    return ", ".join(f"{each.number} from {each.from_.isoformat()}" for each in tariffs.tariffs) or "none"


def second(text: str, time_zone: str) -> int:
    """Whole seconds since the epoch; what has no offset is on the site's clock, a time that occurs twice the first.

    Raises:
        ConfigurationError: it is no instant of these years.
    """
    try:
        value = datetime.fromisoformat(text)
        at_s = math.floor((value if value.tzinfo else value.replace(tzinfo=zone(time_zone))).timestamp())
    except (ValueError, OverflowError):
        raise ConfigurationError(f"{text}: wants date and time, such as 2026-09-15T08:00+02:00") from None
    if not FIRST_S <= at_s < END_S:
        raise ConfigurationError(f"{text}: wants a year from 2000 to 2199")
    there = datetime.fromtimestamp(at_s, zone(time_zone)).replace(tzinfo=None)
    if value.tzinfo is None and there != value.replace(microsecond=0):
        raise ConfigurationError(f"{text}: does not occur in {time_zone}, whose clock jumps over it; say the offset")
    return at_s
