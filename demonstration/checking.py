"""Did everything go as the journal says? Three witnesses: what was seen, the journal, and the board's own trace."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from pathlib import Path
from typing import Any

from demonstration.processes import Event
from terminal.core.journal import INTENT, Kind, Record
from terminal.edges.clock import FlooredClock
from terminal.edges.heartbeat import Heartbeats
from terminal.storage.store import Store


def disagreements(answers: Iterable[Event], records: Mapping[int, Record], trace: Path) -> Iterator[str]:
    """A line for each thing that two witnesses tell differently. Read after the gate has stopped."""
    if sorted(records) != list(range(len(records))):
        yield "the journal's sequence numbers have gaps"
    admitted = 0
    settled = {
        record.public[INTENT]: record.public.get("result")
        for record in records.values()
        if record.kind is Kind.TAP_OUTCOME and INTENT in record.public
    }
    passed = {record.public.get(INTENT) for record in records.values() if record.kind is Kind.PASSAGE}
    for answer in answers:
        if answer["event"] == "drive-forward":
            continue
        record = records.get(answer["sequence"])
        if record is None:
            yield f"the journal has no entry {answer['sequence']} for a decision that was seen"
            continue
        said = (answer["outcome"], answer["reason"])
        if said != (record.public.get("outcome"), record.public.get("reason")):
            yield f"entry {record.sequence} says something else than {' '.join(said)}"
        if record.kind is Kind.TAP_INTENT:
            admitted += 1
            if settled.get(record.sequence) != "opened" or record.sequence not in passed:
                yield f"the admission of entry {record.sequence} has no opening and passage in the journal"
    pulses = sum(_is_open_pulse(json.loads(line)) for line in trace.read_text().splitlines())
    if pulses != admitted:
        yield f"the barrier was told to open {pulses} times, and {admitted} taps were admitted"


def journal_of(folder: Path, terminal: str, terminal_key: bytes) -> dict[int, Record]:
    """All records in the folder of a gate that has stopped, by sequence number."""
    store = Store(folder, terminal=terminal, heartbeat=Heartbeats(), random_bytes=os.urandom)
    try:
        journal = store.journal(
            clock=FlooredClock(store.kept.number("clock-floor")),
            sealing_key=lambda: None,
            time_zone=lambda: UTC,
            stays=store.stays(terminal_key),
        )
        return {entry.record.sequence: entry.record for entry in journal.entries()}
    finally:
        store.close()


def _is_open_pulse(line: Mapping[str, Any]) -> bool:
    return line.get("what") == "output" and line.get("name") == "open" and line.get("on") is True
