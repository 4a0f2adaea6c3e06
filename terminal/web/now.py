"""What a gate's news come to: how everything is now, as a page shows it. Pure; belongs to one thread."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

News = Mapping[str, Any]
AlarmName = tuple[str, int | None, str | None]
"""Name of an alarm, its lane, and what it is about."""


@dataclass(slots=True)
class Now:
    """How everything is, by the news so far; lanes, service points and readers as `docs/socket.md` describes them.

    `at_ms` is the gate's own clock at its last sign of life. `whole` becomes true when all as it is has been told.
    """

    terminal: str | None = None
    site: dict[str, Any] | None = None
    lanes: dict[int, dict[str, Any]] = field(default_factory=dict)
    services: dict[int, dict[str, Any]] = field(default_factory=dict)
    readers: dict[str, dict[str, Any]] = field(default_factory=dict)
    alarms: set[AlarmName] = field(default_factory=set)
    acknowledged: set[AlarmName] = field(default_factory=set)
    """Of these, what somebody has seen to."""
    copied: int = 0
    at_ms: int | None = None
    clock: str | None = None
    whole: bool = False

    def take(self, news: News) -> None:
        """Take one piece of news in. What is not understood changes nothing: a newer gate may tell more."""
        told = dict(news)
        match told.pop("news", None):
            case "begin":
                self._begin(told["terminal"])
            case "site":
                self.site = told["site"]
            case "lane":
                self.lanes[told["lane"]] = told
            case "service":
                self.services[told["service"]] = told
            case "reader":
                self.readers[told["reader"]] = told
            case "alarm":
                name = (told["alarm"], told["lane"], told["about"])
                self._alarm(told["step"], name)
            case "view":
                self.copied = told["copied"]
            case "beat":
                self.at_ms, self.clock = told["at_ms"], told["clock"]
            case "all":
                self.whole = True
            case _:  # an answer or a card passes, and leaves nothing behind
                pass

    def _alarm(self, step: str, name: AlarmName) -> None:
        match step:
            case "alarm-raised":
                self.alarms.add(name)
            case "alarm-acknowledged":
                self.acknowledged.add(name)
            case _:
                self.alarms.discard(name)
                self.acknowledged.discard(name)

    def _begin(self, terminal: str) -> None:
        """Everything is told anew; what is not told again is not there any more."""
        for each in (self.lanes, self.services, self.readers, self.alarms, self.acknowledged):
            each.clear()
        self.terminal, self.site, self.copied, self.whole = terminal, None, 0, False
