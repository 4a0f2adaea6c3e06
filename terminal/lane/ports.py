"""What a lane needs from outside, and how long it may be waited for."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from terminal.alarms import Alarms
from terminal.core.barrier_words import Mark, Settings, State
from terminal.core.stay import StayChange
from terminal.lane.ends import PassageEnds
from terminal.lane.inbox import Inbox
from terminal.lane.journal import StayAfter
from terminal.lane.kept import KeptNumber
from terminal.lane.lines import TakeBoard
from terminal.ports import Heartbeat, Journal

ANSWER_S = 3.0
"""Most time that an admission or an order waits for the lane; more than a board may take."""
CLEAR_S = 10.0
"""How long a clean stop waits for the loop under the boom to clear, before it releases a level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePorts:
    """What a lane needs from outside."""

    number: int
    settings: Settings
    take_board: TakeBoard
    journal: Journal
    alarms: Alarms
    heartbeat: Heartbeat
    kept: Callable[[Mark], KeptNumber]
    """Where it is kept over restarts that there was a fire, an arm off, a lock, a hold or a pause."""
    monotonic_s: Callable[[], float] = time.monotonic
    inbox: Callable[[int], Inbox] = Inbox
    """Makes the inbox of the lane of this number. Waiting in it must go by the same clock as `monotonic_s`."""
    changed: Callable[[State], None] = lambda _: None
    """Hears of every new state, on the lane's thread; must not block."""
    stay_after: StayAfter = lambda *_: None
    after_fire: Callable[[], StayChange | None] = lambda: None
    opened: Callable[[bool], StayChange | None] = lambda _: None
    """What it means for the stays that anybody may drive through (held open, forced, a fire), or no longer."""
    ends: PassageEnds | None = None
    """Shared with the other lanes of the gate. None: there are none."""
    answer_s: float = ANSWER_S
    clear_s: float = CLEAR_S

    def passage_ends(self) -> PassageEnds:
        """Those of the gate, or of this lane alone."""
        return self.ends or PassageEnds(self.journal, self.alarms)
