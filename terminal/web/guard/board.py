"""Everything that a guard's page shows, kept up to date, in each language, and sent to the pages that are open.

Parts (the glance, each lane, alarms) are made anew when news come, and sent when they are other ones. Events come out
of the view, each once, and a page that comes back goes on where it was: the id of an event names epoch and entry.
Belongs to one event loop; the view is read on another thread.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import structlog

from terminal.core.journal import Record
from terminal.errors import XsError
from terminal.web.guard.events import Event, event
from terminal.web.guard.glance import Item, glance
from terminal.web.guard.rendering import GuardPages
from terminal.web.now import News, Now
from terminal.web.streams import Message, Stream, message
from terminal.words.catalogues import GUARD, words

LANGUAGES = ("nl", "en")
MOST_EVENTS = 200
"""On a page; one that missed more begins anew."""
EPOCH_LETTERS = 8

log = structlog.get_logger()


class Entries(Protocol):
    """The journal's entries, as the view has them. Each blocks on the disk."""

    def newest(self, most: int) -> tuple[bytes, tuple[Record, ...]]:
        """Epoch, and the last so many, oldest first."""

    def after(self, sequence: int, most: int) -> tuple[bytes, tuple[Record, ...]]:
        """Epoch, and so many after that one."""

    def acknowledged(self) -> int:
        """How many entries headquarters has."""


class Board:
    """All of it. Tell it the news with `take`, and have `run` run."""

    def __init__(self, now: Now, entries: Entries | None, looks: GuardPages) -> None:
        """`now` is folded by somebody else, before `take`. `entries` None: the gate shows no journal."""
        self._now = now
        self._entries = entries
        self._looks = looks
        self._streams = {language: Stream() for language in LANGUAGES}
        self._sent: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._epoch = b""
        self._records: list[Record] = []
        self._acknowledged: int | None = None
        self._wanted = asyncio.Event()

    # ------------------------------------------------------------------------------------------------ what comes in

    def take(self, news: News) -> None:
        """Take in a piece of news, and send what changes on its account."""
        match news["news"]:
            case "view":
                self._wanted.set()
            case "card" | "answer":
                pass
            case "lane" | "service" | "alarm" | "reader" | "site" | "beat" | "all":
                if self._now.whole:
                    self.turn()
            case _:
                pass

    def turn(self) -> None:
        """Send every part that is another one now."""
        if not any(stream.viewers for stream in self._streams.values()):
            self._sent.clear()
            return
        for language in LANGUAGES:
            if self._streams[language].viewers:
                for part in self._parts(language):
                    if self._sent.get((language, part["id"])) != part:
                        self._sent[language, part["id"]] = part
                        self._streams[language].send(message("part", part))

    async def run(self, every_s: float = 2.0) -> None:
        """Read the view whenever there is something new in it; until it is cancelled."""
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), every_s)
            self._wanted.clear()
            await self._read()

    async def _read(self) -> None:
        if self._entries is None:
            return
        try:
            self._acknowledged = await asyncio.to_thread(self._entries.acknowledged)
            last = self._records[-1].sequence if self._records else -1
            epoch, records = await asyncio.to_thread(self._entries.after, last, MOST_EVENTS)
            if epoch != self._epoch or len(records) == MOST_EVENTS:
                self._epoch, found = await asyncio.to_thread(self._entries.newest, MOST_EVENTS)
                self._records = list(found)
                self._send_all(("again", "{}", None))  # what is open shows another journal, or has a hole
                return
        except XsError as error:  # held for a moment, or no gate has run yet: it is looked at again soon
            log.info("view", why=str(error))
            return
        self._records = [*self._records, *records][-MOST_EVENTS:]
        for language, stream in self._streams.items():
            if stream.viewers:
                stream.send(*self._events_after(records, language))

    def _send_all(self, said: Message) -> None:
        for stream in self._streams.values():
            stream.send(said)

    def close(self) -> None:
        """End all streams."""
        for stream in self._streams.values():
            stream.close()

    # ----------------------------------------------------------------------------------------------- what is shown

    @property
    def now(self) -> Now:
        """How everything is."""
        return self._now

    @property
    def last(self) -> str:
        """The name of the newest event, from which a page goes on."""
        return self._name(self._records[-1].sequence if self._records else -1)

    def items(self, language: str) -> Sequence[Item]:
        """The first glance."""
        return glance(self._now, self._acknowledged, words(language, GUARD))

    def events(self, language: str) -> list[Event]:
        """The newest, oldest first."""
        spoken = words(language, GUARD)
        return [made for record in self._records if (made := event(record, spoken)) is not None]

    def stream(self, language: str) -> Stream:
        """Who watches in that language."""
        return self._streams[language]

    def first(self, language: str, last: str) -> "Callable[[], Any]":
        """What a page gets that has seen the event `last`: every part, and the events since."""

        async def first() -> Iterable[Message]:
            parts = [message("part", part) for part in self._parts(language)]
            epoch, _, number = last.rpartition("-")
            known = number.isdigit() or number == ""
            if not known or epoch != self._epoch.hex()[:EPOCH_LETTERS]:
                return [*parts, ("again", "{}", None)] if self._records else parts
            seen = int(number or -1)
            if self._records and self._records[0].sequence > seen + 1 and seen >= 0:
                return [*parts, ("again", "{}", None)]
            since = [record for record in self._records if record.sequence > seen]
            return [*parts, *self._events_after(since, language)]

        return first

    def _parts(self, language: str) -> Iterable[dict[str, Any]]:
        now, looks = self._now, self._looks
        yield {"id": "glance", "html": looks.glance(self.items(language), language)}
        for number in sorted(now.lanes):
            kept = " ".join(now.lanes[number]["kept"])
            yield {"id": f"lane-{number}", "html": looks.lane(now, number, language), "kept": kept}
        yield {"id": "services", "html": looks.services(now, language)}
        yield {"id": "alarms", "html": looks.alarms(now, language)}

    def _events_after(self, records: Iterable[Record], language: str) -> list[Message]:
        spoken = words(language, GUARD)
        made = [event(record, spoken) for record in records]
        return [
            message(
                "event",
                {"number": each.number, "html": self._looks.event(each, self._now, language)},
                self._name(each.number),
            )
            for each in made
            if each is not None
        ]

    def _name(self, number: int) -> str:
        return f"{self._epoch.hex()[:EPOCH_LETTERS]}-{number if number >= 0 else ''}"
