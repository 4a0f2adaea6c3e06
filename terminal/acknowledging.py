"""Headquarters' acknowledgements, as `sync` hands them over: judged, kept, answered (docs/socket.md).

What arrives is believed for its signatures alone, whoever brought it. Word of another past ends the epoch: the gate
goes on serving, and begins anew when its lanes rest.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from typing import Any, Literal, Protocol

import structlog

from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.core.acknowledgement import OTHER_PAST_ALARM, Acknowledged, Ignored, Judgement, OtherPast, Why
from terminal.core.issuers import HeadquartersKey
from terminal.errors import StorageError

DURABLE_WITHIN_S = 15.0
NO_KEYS: Literal["no-keys"] = "no-keys"
_SAYS: dict[Why | Literal["no-keys"], str] = {
    "no-note": "this is no signed checkpoint",
    "other-journal": "it is of another terminal, or of an epoch that this one does not have",
    "not-cosigned": "no key of headquarters that counts now has cosigned it",
    "not-ours": "this terminal has not signed it",
    "old": "as much or more is acknowledged already",
    "ended": "that epoch has ended, because this was told before",
    "no-keys": "no rules are in force that name headquarters' keys; hand it over again later",
}

log = structlog.get_logger()


class JudgesAcknowledgements(Protocol):
    """The journal's checkpoints."""

    def acknowledge(self, data: bytes, cosigners: Sequence[HeadquartersKey]) -> "Future[Judgement]":
        """Judge, and keep what follows from it; the future gives the judgement once that is durable."""


class Acknowledging:
    """Takes acknowledgements from any thread."""

    def __init__(
        self,
        checkpoints: JudgesAcknowledgements,
        cosigners: Callable[[], Sequence[HeadquartersKey]],
        alarms: Alarms,
        *,
        durable_within_s: float = DURABLE_WITHIN_S,
    ) -> None:
        """`cosigners` gives headquarters' keys as the rules in force name them: none while there are no rules."""
        self._checkpoints = checkpoints
        self._cosigners = cosigners
        self._alarms = alarms
        self._durable_within_s = durable_within_s
        self._other_past = threading.Event()

    @property
    def other_past(self) -> bool:
        """Tell whether word came, in this run, that the journal's past is another. Never blocks."""
        return self._other_past.is_set()

    def take(self, note: str) -> dict[str, Any]:
        """The answer to whoever brings `note`. Blocks until what follows from it is durable, or the disk too slow."""
        cosigners = self._cosigners()
        data = note.encode(errors="surrogatepass")  # half a pair is no text, and no note either
        try:
            judgement = self._checkpoints.acknowledge(data, cosigners).result(self._durable_within_s)
        except (FutureTimeoutError, StorageError) as error:
            detail = str(error) or "the disk is too slow"
            self._alarms.raised(STORAGE_ALARM, detail=detail)
            return {"result": "refused", "why": "storage", "say": f"nothing is acknowledged for now: {detail}"}
        match judgement:
            case Acknowledged(checkpoint):
                return {"result": "acknowledged", "size": checkpoint.size}
            case OtherPast(checkpoint):
                self._alarms.raised(OTHER_PAST_ALARM, size=checkpoint.size, epoch=checkpoint.epoch)
                if not self._other_past.is_set():
                    log.warning("other-past", size=checkpoint.size, epoch=checkpoint.epoch.hex())
                self._other_past.set()
                return {"result": "other-past", "size": checkpoint.size, "say": _OTHER_PAST}
            case Ignored(why):
                said = NO_KEYS if why == "not-cosigned" and not cosigners else why
                return {"result": "ignored", "why": said, "say": f"nothing follows from it: {_SAYS[said]}"}


_OTHER_PAST = (
    "this terminal signed that, and its journal does not have it: an old image was brought back, or the disk lost"
    " entries; nothing is dropped, and a new epoch begins when the lanes rest"
)
