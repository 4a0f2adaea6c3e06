"""Headquarters' commands, as `sync` hands them over: believed for their signature alone, carried out once, answered.

The gate alone verifies (docs/socket.md). What is refused leaves no trace but a line in the log, at most once a minute
with how often it came: whoever can write to the broker can make any number of them.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Protocol

import structlog

from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.core.command import MAX_COMMAND_BYTES, Command, CommandRefused, read_command
from terminal.core.issuers import HeadquartersKey
from terminal.core.journal import EntryKey
from terminal.edges.seldom import Seldom
from terminal.errors import StorageError
from terminal.ports import Clock

DURABLE_WITHIN_S = 15.0
MAX_COMMAND_LETTERS = 4 * ((MAX_COMMAND_BYTES + 2) // 3)
"""A command in base64."""

log = structlog.get_logger()


class CarriesOut(Protocol):
    """The journal."""

    @property
    def terminal(self) -> str:
        """Whose it is."""

    def carry_out(self, command: Command) -> "Future[EntryKey | None]":
        """Do it, with the entry that tells of it; the future gives its key once durable, None: it was done before."""


class Commanding:
    """Takes commands from any thread."""

    def __init__(
        self,
        journal: CarriesOut,
        keys: Callable[[], Sequence[HeadquartersKey]],
        clock: Clock,
        alarms: Alarms,
        *,
        durable_within_s: float = DURABLE_WITHIN_S,
    ) -> None:
        """`keys` gives headquarters' keys for commands as the rules in force name them: none while there are none."""
        self._journal = journal
        self._keys = keys
        self._clock = clock
        self._alarms = alarms
        self._durable_within_s = durable_within_s
        self._seldom = Seldom(clock.monotonic_s)

    def take(self, text: str) -> dict[str, Any]:
        """The answer to whoever brings this command, in base64. Blocks until it is durable, or the disk too slow."""
        keys = self._keys()
        try:
            data = b64decode(text, validate=True)
            command = read_command(data, terminal=self._journal.terminal, keys=keys, now_s=self._clock.now().s)
        except (Base64Error, ValueError):
            return self._refused("not-understood", "no command: not base64")
        except CommandRefused as error:
            if error.word == "not-signed" and not keys:
                return {"result": "ignored", "why": "no-keys", "say": _NO_KEYS}
            return self._refused(error.word, str(error))
        try:
            key = self._journal.carry_out(command).result(self._durable_within_s)
        except (FutureTimeoutError, StorageError) as error:
            detail = str(error) or "the disk is too slow"
            self._alarms.raised(STORAGE_ALARM, detail=detail)
            return {"result": "refused", "why": "storage", "say": f"not known to be done: {detail}"}
        if key is None:
            return {"result": "done-before", "number": command.number}
        log.info("command", number=command.number, order=type(command.order).__name__.lower(), sequence=key.sequence)
        return {"result": "done", "number": command.number, "sequence": key.sequence}

    def _refused(self, why: str, say: str) -> dict[str, Any]:
        self._seldom.say(f"command-{why}", why=say)
        return {"result": "ignored", "why": why, "say": say}


_NO_KEYS = "no rules are in force that name headquarters' keys for commands; hand it over again later"
