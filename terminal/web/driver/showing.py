"""The screens of a terminal, kept up to date and sent to the browsers that show them. Belongs to one event loop."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from terminal.web.driver.faces import Screen
from terminal.web.driver.screens import Place, Screens
from terminal.web.now import Now
from terminal.web.streams import Message, Stream, message


class Showing:
    """Every place with its screen. Tell it the news with `take`, and call `turn` when `due_s` has come."""

    def __init__(
        self,
        places: Iterable[Place],
        now: Now,
        words: Callable[[Screen], Mapping[str, Any]],
        monotonic_s: Callable[[], float],
    ) -> None:
        """`words` makes of a screen what a browser is sent; `now` is folded by somebody else, before `take`."""
        self._now = now
        self._words = words
        self._monotonic_s = monotonic_s
        self._screens = {place: Screens(place) for place in places}
        self._streams = {place: Stream() for place in self._screens}
        self._sent: dict[Place, Screen] = {}

    @property
    def places(self) -> tuple[Place, ...]:
        """Every place that has a screen."""
        return tuple(self._screens)

    @property
    def whole(self) -> bool:
        """Whether the gate tells how everything is."""
        return self._now.whole

    def stream(self, place: Place) -> Stream:
        """Who watches that place's screen."""
        return self._streams[place]

    def take(self, news: Mapping[str, Any]) -> None:
        """Take in a piece of news, and send what changes on its account."""
        at_s = self._monotonic_s()
        for screens in self._screens.values():
            screens.take(news, self._now, at_s)
        self.turn()

    def turn(self) -> None:
        """Send each screen that is another one now."""
        at_s = self._monotonic_s()
        for place, screens in self._screens.items():
            screen = screens.screen(self._now, at_s)
            if screen != self._sent.get(place):
                self._sent[place] = screen
                self._streams[place].send(self._message(screen))

    def due_s(self) -> float:
        """When the next screen may change by itself."""
        at_s = self._monotonic_s()
        return min((screens.due_s(self._now, at_s) for screens in self._screens.values()), default=at_s + 3600)

    def screen(self, place: Place) -> Screen:
        """What that place shows now."""
        return self._screens[place].screen(self._now, self._monotonic_s())

    async def first(self, place: Place) -> tuple[Message, ...]:
        """What a browser is sent that has just come."""
        return (self._message(self.screen(place)),)

    def _message(self, screen: Screen) -> Message:
        return message("screen", self._words(screen))
