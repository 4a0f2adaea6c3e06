"""The truck park of the demonstration: its stays are charged to the employer, and its clock can be moved."""

import json
import re
from dataclasses import replace
from datetime import datetime
from mmap import mmap
from pathlib import Path
from zoneinfo import ZoneInfo

from demonstration.cast import NOORDZEE, TANKBOUW
from demonstration.office import LANE, POLICY, SITE, ZONE
from terminal.core.policy import DAY_S, LaneRules, Payer, Zone
from terminal.edges.clock import MAX_LEAD_MS
from terminal.errors import ConfigurationError
from terminal.gate.surroundings import wall_ms

OFFSET_BYTES = 8
MOST_AHEAD_MS = 6 * DAY_S * 1000
"""The lists are signed by headquarters' clock, which is this machine's: past a week they would be too old."""

PARK_POLICY = replace(
    POLICY,
    name="Truck park Kade 7",
    zones=(Zone(number=ZONE, name="Truck park", anti_passback="soft", paid=True),),
    lanes=(LaneRules(number=LANE, zone=ZONE),),
    payers=tuple(
        Payer(ean=ean, offline_cents=50_000, offline_charges=100, card_cents=20_000, list_age_s=7 * DAY_S)
        for ean in (NOORDZEE, TANKBOUW)
    ),
)
TARIFF_NUMBER = 1
PARK_TARIFFS = json.dumps(
    {
        "site": SITE,
        "currency": "EUR",
        "tz": POLICY.time_zone,
        "tariffs": [
            {
                "number": TARIFF_NUMBER,
                "from": "2026-01-01T00:00:00+01:00",
                "vat": "21",
                "free": {"minutes": 10, "mode": "left-out"},
                "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H"}],
                "caps": {"h24": "12.00"},
                "max_stay": "PT72H",
                "exit_grace": "PT10M",
                "reentry_gap": "PT30M",
            }
        ],
    }
).encode()
"""€ 1.50 an hour begun, the first ten minutes free, at most € 12 in 24 hours."""


_SPOKEN = re.compile(r"(?:(\d{1,2})d)?(?:(\d{1,3})h)?(?:(\d{1,4})m)?")


def spoken_ms(text: str) -> int:
    """How long `15h`, `90m`, `1d6h` is, in milliseconds.

    Raises:
        ConfigurationError: it is no such time.
    """
    match = _SPOKEN.fullmatch(text)
    days, hours, minutes = (int(part or 0) for part in match.groups()) if match and text else (0, 0, 0)
    if not days + hours + minutes:
        raise ConfigurationError(f"{text}: how long? Say it as 90m, 15h, 1d6h")
    return ((days * 24 + hours) * 60 + minutes) * 60_000


class MovedClock:
    """A wall clock that runs as the machine's, ahead of it by what stands in a file."""

    def __init__(self, path: Path) -> None:
        """The file is made where there is none; whoever maps it sees at once when the clock is moved."""
        if not path.exists():
            path.write_bytes(bytes(OFFSET_BYTES))
        with path.open("r+b") as file:
            self._ahead = mmap(file.fileno(), OFFSET_BYTES)

    def wall_ms(self) -> int:
        """Milliseconds since the epoch."""
        return wall_ms() + self.ahead_ms

    def now(self) -> datetime:
        """By the site's own time."""
        return datetime.fromtimestamp(self.wall_ms() / 1000, ZoneInfo(POLICY.time_zone))

    def shown(self) -> str:
        """As a person reads it."""
        return self.now().strftime("%a %d %b %H:%M")

    def until_ms(self, text: str) -> int:
        """How long it is until then, by this clock; a time without an offset is the site's.

        Raises:
            ConfigurationError: it is no time.
        """
        try:
            wanted = datetime.fromisoformat(text)
        except ValueError:
            raise ConfigurationError(f"{text}: when? Say it as 2026-11-25T07:30") from None
        if wanted.tzinfo is None:
            wanted = wanted.replace(tzinfo=ZoneInfo(POLICY.time_zone))
        return round(wanted.timestamp() * 1000) - self.wall_ms()

    @property
    def ahead_ms(self) -> int:
        """How far it is ahead of the machine's."""
        return int.from_bytes(self._ahead[:OFFSET_BYTES])

    def forward(self, ms: int) -> None:
        """Move it on.

        Raises:
            ConfigurationError: back, or so far that no list would count any more.
        """
        ahead_ms = self.ahead_ms + ms
        if ms < 0:
            raise ConfigurationError("the clock of the demonstration goes forward only")
        if ahead_ms > min(MOST_AHEAD_MS, MAX_LEAD_MS):
            days = MOST_AHEAD_MS // (DAY_S * 1000)
            raise ConfigurationError(f"the lists were signed today; the clock can be at most {days} days ahead")
        self._ahead[:OFFSET_BYTES] = ahead_ms.to_bytes(OFFSET_BYTES)
