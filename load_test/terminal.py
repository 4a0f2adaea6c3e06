"""A simulated terminal: a gate without lanes, and the real sync process's parts, in this process."""

import json
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from terminal.acknowledging import Acknowledging
from terminal.alarms import Alarms
from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import Issuers
from terminal.core.journal import INTENT, WHO, Entry, EntryKey, Kind
from terminal.storage.store import Store
from terminal.sync.process import Sync

TURN_S = 30.0
"""How often a gate does what is not about an entry: each second in earnest, but a thousand would do little else."""
LANE = 1
ENTRIES_A_TAP = 3
SOFTWARE = "simulated"

WrittenTold = Callable[["Written"], None]


@dataclass(frozen=True, slots=True)
class Written:
    """An entry that is durable since `at_s` (wall clock). `what`: see `what_of`."""

    terminal: str
    sequence: int
    at_s: float
    what: str


def what_of(kind: str, lane: int | None, public: Mapping[str, Any]) -> str:
    """What an entry tells, as a text by which what was made is compared with what arrived: no time, no pseudonym."""
    return json.dumps([kind, lane, {key: value for key, value in sorted(public.items()) if key != WHO}])


class WallClock:
    """The machine's clock, taken as good."""

    def now(self) -> Now:
        """The instant."""
        return Now(time.time_ns() // 1_000_000, ClockQuality.GOOD)

    def monotonic_s(self) -> float:
        """Seconds that only go forward."""
        return time.monotonic()

    def raise_floor(self, issued_at_s: int) -> None:
        """Nothing: no list is believed here."""


class NoWatch:
    """Nobody watches over the threads of a simulated gate."""

    def beat(self, part: str) -> None:
        """Nothing."""


class SimulatedGate:
    """Store, journal and view of one terminal, and its answers to acknowledgements. Files lie in `folder`."""

    def __init__(
        self,
        folder: Path,
        name: str,
        journal_key: Ed25519PrivateKey,
        issuers: Issuers,
        *,
        turn_s: float = TURN_S,
    ) -> None:
        """Make the journal and start the view.

        Raises:
            StorageError: the disk refuses.
        """
        self.name = name
        self.view_path = folder / "view.db"
        self.mirror = folder / "mirror"
        self.mirror.mkdir(parents=True)
        self._store = Store(
            folder / "journal",
            terminal=name,
            heartbeat=NoWatch(),
            random_bytes=os.urandom,
            tick_s=turn_s,
        )
        self.journal = self._store.journal(
            clock=WallClock(),
            sealing_key=lambda: issuers.sealing[0],
            time_zone=lambda: ZoneInfo("Europe/Amsterdam"),
            stays=self._store.stays(os.urandom(32)),
            signing_key=journal_key,
        )
        self._view = self._store.view(self.view_path, facts=_facts, trouble=lambda _: None, turn_s=turn_s)
        self._view.start()
        alarms = Alarms(self.journal, lambda _step, _alarm: None)
        self._acknowledging = Acknowledging(self.journal.checkpoints, lambda: issuers.acknowledgements, alarms)

    def acknowledge(self, note: str) -> Mapping[str, Any]:
        """What a gate answers to whoever brings it this note; blocks until what follows is durable."""
        return self._acknowledging.take(note)

    def tap(self, number: int, card_number: bytes, told: WrittenTold) -> None:
        """What the journal tells of a card that is admitted and passes: three entries, one after the other.

        Does not block; `told` hears of each once it is durable, on the journal's thread.
        """

        def then_outcome(intent: EntryKey) -> None:
            outcome = Entry(kind=Kind.TAP_OUTCOME, lane=LANE, public={INTENT: intent.sequence, "result": "opened"})
            self._append(outcome, told, lambda _: then_passage(intent))

        def then_passage(intent: EntryKey) -> None:
            public = {INTENT: intent.sequence, "result": "passed"}
            self._append(Entry(kind=Kind.PASSAGE, lane=LANE, public=public, card_number=card_number), told)

        self._append(_intent(number, card_number), told, then_outcome)

    def _append(self, entry: Entry, told: WrittenTold, then: Callable[[EntryKey], None] = lambda _: None) -> None:
        def durable(future: "Future[EntryKey]") -> None:
            key = future.result()
            what = what_of(entry.kind.value, entry.lane, entry.public)
            told(Written(self.name, key.sequence, time.time(), what))
            then(key)

        self.journal.append(entry).add_done_callback(durable)

    def close(self) -> None:
        """End; everything is on disk and shown."""
        self._view.stop()
        self._store.close()


def started_sync(gate: SimulatedGate, broker: Any, site: int, gate_socket: Path) -> Sync:
    """The sync process's parts for this gate, as `xs-terminal sync` puts them together, at work."""
    sync = Sync(broker, terminal=gate.name, site=site, view=gate.view_path, mirror=gate.mirror, gate=gate_socket)
    sync.start()
    return sync


def _intent(number: int, card_number: bytes) -> Entry:
    public = {
        "reader": f"reader-{number}",  # no two taps of a run have the same
        "side": "entry",
        "outcome": "admit",
        "reason": "ok",
        "flags": [],
        "help": "driver",
        "level": "1",
        "list_number": 7,
        "list_age_s": 60,
        "product": "cargocard",
    }
    sealed = {"card": card_number, "ean": 8712345000004, "person": 7}
    return Entry(kind=Kind.TAP_INTENT, lane=LANE, public=public, card_number=card_number, sealed=sealed)


def _facts() -> Mapping[str, int | str | None]:
    return {"software": SOFTWARE, "clock": "good", "free_bytes": 1 << 30, "list_number": None}
