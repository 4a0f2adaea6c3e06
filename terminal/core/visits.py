"""Pre-notified visits, arranged for looking up at a tap."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import Enum

from terminal.core.policy import Visit, Visits, Zone

MINUTE_S = 60


class VisitWindow(Enum):
    """How a tap stands to the visits that were announced."""

    NOW = "now"
    EARLY_WAIT = "early-wait"
    """Too early, within the zone's reach for waiting."""
    EARLY = "early"
    LATE = "late"
    OTHER_COMPANY = "other-company"
    """Somebody is expected now, but not this company."""
    NONE = "none"


class VisitBook:
    """The visits of one site by employer. Built once for each document, since a tap has no time to search."""

    def __init__(self, visits: Visits) -> None:
        by_ean: defaultdict[int, list[Visit]] = defaultdict(list)
        for visit in visits.visits:
            by_ean[int(visit.ean)].append(visit)
        self._by_ean: Mapping[int, list[Visit]] = dict(by_ean)

    def window(self, ean: int, zone: Zone, now_s: float) -> VisitWindow:
        """How a tap of employer `ean` for `zone` at `now_s` stands; the best of all its visits counts."""
        own = [_stands(visit, zone, now_s) for visit in self._by_ean.get(ean, ()) if _leads_to(visit, zone)]
        if own:
            return min(own, key=list(VisitWindow).index)
        others = (visit for visits in self._by_ean.values() for visit in visits if _leads_to(visit, zone))
        return VisitWindow.OTHER_COMPANY if _any_now(others, zone, now_s) else VisitWindow.NONE


def _leads_to(visit: Visit, zone: Zone) -> bool:
    return visit.zone is None or visit.zone == zone.number


def _any_now(visits: Iterable[Visit], zone: Zone, now_s: float) -> bool:
    return any(_stands(visit, zone, now_s) is VisitWindow.NOW for visit in visits)


def _stands(visit: Visit, zone: Zone, now_s: float) -> VisitWindow:
    begins_s, ends_s = visit.begins.timestamp(), visit.ends.timestamp()
    if begins_s <= now_s < ends_s + zone.late_grace_min * MINUTE_S:
        return VisitWindow.NOW
    if now_s >= ends_s:
        return VisitWindow.LATE
    wait_from_s = begins_s - zone.early_wait_min * MINUTE_S
    return VisitWindow.EARLY_WAIT if now_s >= wait_from_s else VisitWindow.EARLY
