"""Did everything go as the journal says? Three witnesses: what was seen, the journal, and the board's own trace."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from demonstration.configuration import TERMINAL, Place
from demonstration.processes import Event
from simulation.logics import Logic
from terminal.core.journal import INTENT, SETTLES, Kind, Record
from terminal.edges.clock import FlooredClock
from terminal.edges.heartbeat import Heartbeats
from terminal.storage.store import Store

MAY_OPEN = frozenset({"opened", "owed", "unknown"})
"""Results of a tap after which a relay may have been told to open, at once or when its turn came."""
MAY_HAVE = frozenset({"obeyed", "unknown"})
"""Results of an order after which one may."""


def disagreements(answers: Iterable[Event], records: Mapping[int, Record], trace: Path) -> Iterator[str]:
    """A line for each thing that two witnesses tell differently. Read after the gate has stopped."""
    if sorted(records) != list(range(len(records))):
        yield "the journal's sequence numbers have gaps"
    for answer in answers:
        if answer.get("sequence") is None:  # no entry of its own: a card that was answered already, or not even read
            continue
        record = records.get(answer["sequence"])
        if record is None:
            yield f"the journal has no entry {answer['sequence']} for a decision that was seen"
            continue
        said = (answer["outcome"], answer["reason"])
        if said != (record.public.get("outcome"), record.public.get("reason")):
            yield f"entry {record.sequence} says something else than {' '.join(said)}"
    yield from _loose_ends(records)
    yield from _pulses(records, trace)


def not_as_at_headquarters(
    records: Mapping[int, Record], stored: Mapping[int, Record], acknowledged: int
) -> Iterator[str]:
    """A line for each entry that headquarters has otherwise than the journal, or acknowledged and does not have."""
    for number, record in stored.items():
        if records.get(number) != record:
            yield f"entry {number} at headquarters is not the one of the journal"
    for number in range(acknowledged):
        if number not in stored:
            yield f"headquarters acknowledged entry {number} and does not have it"


def without_end(records: Mapping[int, Record]) -> tuple[int, ...]:
    """The admissions whose passage has no end: what the next start settles as unknown."""
    results = _results(records)
    ended = {each.public[INTENT] for each in records.values() if each.kind is Kind.PASSAGE and _has(each)}
    begun = (number for number, record in records.items() if record.kind is Kind.TAP_INTENT)
    return tuple(number for number in begun if number not in ended and results.get(number, "opened") in MAY_OPEN)


def _loose_ends(records: Mapping[int, Record]) -> Iterator[str]:
    """What was begun in the journal and has no end there, or more than one."""
    results = _results(records)
    passages = Counter(each.public[INTENT] for each in records.values() if each.kind is Kind.PASSAGE and _has(each))
    settled = {each.public[SETTLES] for each in records.values() if SETTLES in each.public}
    for number, record in records.items():
        if record.kind is Kind.TAP_INTENT and number not in results:
            yield f"the journal does not say what came of the admission of entry {number}"
        elif record.kind is Kind.TAP_INTENT and passages[number] != (results[number] in MAY_OPEN):
            yield f"the admission of entry {number} ({results[number]}) has {passages[number]} passages"
        elif record.kind is Kind.ORDER and _is_begun(record) and number not in settled:
            yield f"the journal does not say what came of the order of entry {number}"


def _pulses(records: Mapping[int, Record], trace: Path) -> Iterator[str]:
    """The boom was opened as often as the journal has reasons for it: no pulse that nobody decided."""
    results = _results(records)
    passengers = sum(each.kind is Kind.PASSAGE and "passenger_of" in each.public for each in records.values())
    lines = [json.loads(line) for line in trace.read_text().splitlines()]
    held_by_open = not any(line.get("name") == "hold_open" for line in lines)  # a lane without that relay
    by_open = {"open", "hold"} if held_by_open else {"open"}
    ordered = sum(
        each.public.get("order") in by_open and each.public.get("result") in MAY_HAVE for each in records.values()
    )
    least = sum(result == "opened" for result in results.values())
    most = sum(result in MAY_OPEN for result in results.values()) - passengers + ordered
    pulses, again = _openings(lines)
    most = max(least, most + again)
    if not least <= pulses <= most:
        so_often = f"{least}" if least == most else f"{least} to {most}"
        yield f"the barrier was told to open {pulses} times, and the journal has reasons for {so_often}"


def _openings(lines: Iterable[Mapping[str, Any]]) -> tuple[int, int]:
    """How often `open` was switched on; and how often again, at a boom that had not left its closed position.

    In the logic `hold` once more at a boom that did not say that it was up, whichever way it has gone since.
    """
    openings, again, closed, tried, hold = 0, 0, True, False, False
    for line in lines:
        match line:
            case {"what": "board", "logic": str(logic)}:
                hold = logic == Logic.HOLD
            case {"what": "contact", "name": "closed_limit", "on": bool(on)}:
                closed, tried = on, tried and hold
            case {"what": "contact", "name": "open_limit" | "loop_safety", "on": True}:
                tried = tried and not hold
            case {"what": "output", "name": "open", "on": True}:
                repeated = tried and (closed or hold)
                openings, again, tried = openings + 1, again + repeated, not (hold and repeated)
            case _:
                pass
    return openings, again


def _results(records: Mapping[int, Record]) -> dict[int, str]:
    """What became of each tap that was to open."""
    return {
        int(str(each.public[INTENT])): str(each.public.get("result"))
        for each in records.values()
        if each.kind is Kind.TAP_OUTCOME and _has(each)
    }


def _has(record: Record) -> bool:
    return INTENT in record.public


def _is_begun(record: Record) -> bool:
    return SETTLES not in record.public and "result" not in record.public


def journal_of(place: Place) -> dict[int, Record]:
    """All records of a gate that does not run, by sequence number. Read from a copy: its own files are left alone."""
    key, journal_key = (
        bytes.fromhex((place.folder / "keys" / name).read_text()) for name in ("terminal-key", "journal-key")
    )
    with TemporaryDirectory(prefix="xs-demo-journal-") as copies:
        copy = Path(copies) / "gate"
        shutil.copytree(place.data, copy)
        store = Store(copy, terminal=TERMINAL, heartbeat=Heartbeats(), random_bytes=os.urandom)
        try:
            journal = store.journal(
                clock=FlooredClock(store.kept.number("clock-floor")),
                sealing_key=lambda: None,
                time_zone=lambda: UTC,
                stays=store.stays(key),
                signing_key=Ed25519PrivateKey.from_private_bytes(journal_key),
            )
            return {entry.record.sequence: entry.record for entry in journal.entries()}
        finally:
            store.close()
