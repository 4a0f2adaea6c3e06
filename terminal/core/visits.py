"""Pre-notified visits, arranged for looking up at a tap."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum
from itertools import accumulate

from terminal.core.policy import Visits, Zone

MINUTE_S = 60


class VisitWindow(Enum):
    """How a tap stands to the visits that were announced. The best comes first."""

    NOW = "now"
    EARLY_WAIT = "early-wait"
    """Too early, within the zone's reach for waiting."""
    EARLY = "early"
    LATE = "late"
    OTHER_COMPANY = "other-company"
    """Somebody is expected now, but not this company."""
    NONE = "none"


_BEST_FIRST = list(VisitWindow)


class VisitBook:
    """The visits of one site. Built once for each document; a look-up searches by halves, however many there are."""

    def __init__(self, visits: Visits) -> None:
        own: defaultdict[tuple[int, int | None], list[tuple[float, float]]] = defaultdict(list)
        all_of: defaultdict[int | None, list[tuple[float, float]]] = defaultdict(list)
        for visit in visits.visits:
            times = (visit.begins.timestamp(), visit.ends.timestamp())
            own[int(visit.ean), visit.zone].append(times)
            all_of[visit.zone].append(times)
        self._own: Mapping[tuple[int, int | None], _Timetable] = {key: _Timetable(own[key]) for key in own}
        self._all_of: Mapping[int | None, _Timetable] = {key: _Timetable(all_of[key]) for key in all_of}

    def window(self, ean: int, zone: Zone, now_s: float) -> VisitWindow:
        """How a tap of employer `ean` for `zone` at `now_s` stands; the best of all its visits counts."""
        where = (zone.number, None)
        own = [self._own[ean, place].window(zone, now_s) for place in where if (ean, place) in self._own]
        if own:
            return min(own, key=_BEST_FIRST.index)
        others = (self._all_of[place].window(zone, now_s) for place in where if place in self._all_of)
        return VisitWindow.OTHER_COMPANY if VisitWindow.NOW in others else VisitWindow.NONE


class _Timetable:
    """Some visits, at least one, by their begin in seconds; beside each the latest end of all that begin before it."""

    __slots__ = ("_begins", "_latest_ends")

    def __init__(self, times: Iterable[tuple[float, float]]) -> None:
        in_order = sorted(times)
        self._begins = array("d", (begins_s for begins_s, _ in in_order))
        self._latest_ends = array("d", accumulate((ends_s for _, ends_s in in_order), max))

    def window(self, zone: Zone, now_s: float) -> VisitWindow:
        """The best of these visits; NOW from a begin until its end and the zone's grace are over."""
        begun = bisect_right(self._begins, now_s)
        if begun and now_s < self._latest_ends[begun - 1] + zone.late_grace_min * MINUTE_S:
            return VisitWindow.NOW
        if begun == len(self._begins):
            return VisitWindow.LATE
        wait_from_s = self._begins[begun] - zone.early_wait_min * MINUTE_S
        return VisitWindow.EARLY_WAIT if now_s >= wait_from_s else VisitWindow.EARLY
