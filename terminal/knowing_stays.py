"""What headquarters tells of the site's stays, as `sync` hands it over: believed for its signature, kept in memory.

The gate alone verifies (docs/socket.md). What is refused changes nothing and leaves no trace but a line in the log, at
most once a minute with how often it came: whoever can write to the broker can make any number of them.
"""

import threading
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from typing import Any

import structlog

from terminal.core.issuers import HeadquartersKey
from terminal.core.known_stays import MAX_PAGE_BYTES, Gathering, StaysRefused, read_page
from terminal.core.paid_stay import StayTold
from terminal.edges.seldom import Seldom
from terminal.ports import Clock

MAX_PAGE_LETTERS = 4 * ((MAX_PAGE_BYTES + 2) // 3)
"""A page in base64."""

log = structlog.get_logger()


class KnowingStays:
    """Takes pages from any thread, and answers any. `terminal.ports.KnownStays` is what a tap needs of it."""

    def __init__(self, terminal: str, keys: Callable[[], Sequence[HeadquartersKey]], clock: Clock) -> None:
        """`keys` gives headquarters' keys for commands as the rules in force name them: none while there are none."""
        self._terminal = terminal
        self._keys = keys
        self._seldom = Seldom(clock.monotonic_s)
        self._gathering = Gathering()
        self._turn = threading.Lock()
        self._known = self._gathering.known

    def of(self, card_number: bytes) -> StayTold | None:
        """What headquarters says of the newest stay of this card; None: it knows none. Never blocks."""
        return self._known.of(card_number)

    def take(self, text: str) -> dict[str, Any]:
        """The answer to whoever brings this page, in base64. What it tells counts once all pages are here."""
        keys = self._keys()
        try:
            page = read_page(b64decode(text, validate=True), terminal=self._terminal, keys=keys)
            with self._turn:
                whole = self._gathering.take(page)
                news = whole and self._known is not self._gathering.known
                self._known = self._gathering.known
        except (Base64Error, ValueError):
            return self._refused("not-understood", "no page of stays: not base64")
        except StaysRefused as error:
            if error.word == "not-signed" and not keys:
                return {"result": "ignored", "why": "no-keys", "say": _NO_KEYS}
            return self._refused(error.word, str(error))
        if news:
            log.debug("stays", number=page.number, stays=len(self._known.stays))
        return {"result": "known" if whole else "gathered", "number": page.number}

    def _refused(self, why: str, say: str) -> dict[str, Any]:
        self._seldom.say(f"stays-{why}", why=say)
        return {"result": "ignored", "why": why, "say": say}


_NO_KEYS = "no rules are in force that name headquarters' keys for commands; hand it over again later"
