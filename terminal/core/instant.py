"""An instant as the gate knows it: a wall clock that may be wrong, and says so."""

from dataclasses import dataclass
from enum import StrEnum


class ClockQuality(StrEnum):
    """How far the wall clock may be believed."""

    GOOD = "good"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Now:
    """An instant: milliseconds since the epoch, and how good they are."""

    ms: int
    quality: ClockQuality

    @property
    def s(self) -> float:
        """The same in seconds."""
        return self.ms / 1000
