"""A stay that is charged, and what each source tells of it (design 6, 'Stays').

It is known in three places: the terminals that served it, the card's record, headquarters. `StayTold` is what one of
them says; the tap at the exit takes the newest.
"""

from dataclasses import dataclass

from terminal.core.charge import StayId


@dataclass(frozen=True, slots=True, kw_only=True)
class StayTold:
    """What one source says of the newest stay of a card at this site.

    `entered_ms` is the tap of its first entry, `last_exit_ms` the last exit tap that was charged, both in milliseconds
    since the epoch. `inside`: he is here, be it for having come back after that exit or for never having driven out.
    `certain_until_ms`: from then on nobody knows whether he was here (the zone was open to anybody).
    """

    stay: StayId
    inside: bool
    entered_ms: int
    zone: int
    lane: int
    tariff: int | None
    last_exit_ms: int | None = None
    charged_cents: int = 0
    passenger: bool = False
    certain_until_ms: int | None = None
