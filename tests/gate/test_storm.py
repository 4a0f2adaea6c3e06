"""The gate killed at random moments, over so many taps; `make gate-storm` makes it a long storm.

Truth is the board's own trace and the taps that were made; the journal is held against both. `XS_STORM_TAPS` and
`XS_STORM_SEED` in the environment give a storm its length and its choices.
"""

import os
import random
import re
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulation.pcscd import PcscDaemon
from simulation.vpcd import READERS, VirtualReader
from terminal.core.journal import Kind, Record, decode_record
from tests.conftest import OUTCOME
from tests.gate.processes import GateFolder
from tests.gate.storm import GOOD, Storm, Tap
from tests.simulation_board.board_process import BoardProcess

TAPS = 150
# Below the ports that connections are given on Linux: one of those would keep the driver from listening.
MORE_READERS = (VirtualReader("More PCD 00 00", 0x7C7D), VirtualReader("More PCD 00 01", 0x7C7E))
DRIVER = Path("/etc/reader.conf.d/vpcd")
ALL_LANES = (1, 2, 3, 4)

pytestmark = [pytest.mark.pcsc, pytest.mark.timeout(3600)]


@pytest.fixture
def readers(pcscd: PcscDaemon, tmp_path: Path) -> Iterator[Mapping[int, VirtualReader]]:
    """A reader for each lane: four with a daemon of our own, else the two that every daemon has.

    The driver keeps its cards in variables of its own, two of them: two more readers need the driver a second time.
    """
    if not pcscd.owned or not DRIVER.exists():
        yield dict(zip(ALL_LANES, READERS, strict=False))
        return
    configured = DRIVER.read_text()
    (library,) = re.findall(r"^LIBPATH\s+(\S+)", configured, re.MULTILINE)
    once_more = shutil.copy(library, tmp_path / "driver.so")
    more = configured.replace(library, str(once_more)).replace('"Virtual PCD"', '"More PCD"')
    doubled = tmp_path / "reader.conf"
    doubled.write_text(f"{configured}\n{more.replace(f'0x{READERS[0].port:X}', f'0x{MORE_READERS[0].port:X}')}")
    pcscd.stop()
    try:
        pcscd.start((*READERS, *MORE_READERS), configuration=doubled)
        yield dict(zip(ALL_LANES, (*READERS, *MORE_READERS), strict=True))
    finally:
        pcscd.stop()
        pcscd.start()


def test_gate_killed_at_random_moments_opens_nothing_undecided_and_forgets_nothing(
    place: GateFolder, readers: Mapping[int, VirtualReader], board: BoardProcess, request: pytest.FixtureRequest
) -> None:
    seed = int(os.environ.get("XS_STORM_SEED") or random.SystemRandom().randrange(10**6))
    taps = int(os.environ.get("XS_STORM_TAPS") or TAPS)
    place.lanes = {lane: reader.name for lane, reader in readers.items()}
    storm = Storm(place, readers, taps, seed)
    storm.rage()
    made = [tap for tap in storm.taps if tap.heard]
    found = {"seed": seed, "taps": len(made), "kills": storm.kills, "answered": _answers(made)}
    tell = request.node.user_properties.append
    tell((OUTCOME, f"storm of the gate: {found}"))

    journal = _journal(place.data / "journal.db")
    assert [record.sequence for record in journal] == list(range(len(journal)))
    _said_once_and_kept(storm, journal)
    _settled(journal)
    opened = {lane: _held_against_truth(lane, storm.taps, board.lines(), journal) for lane in readers}
    relays_on = sum(_set_safe_by_the_next_gate(lane, board.lines()) for lane in readers)
    unknown = sum(record.public.get("result") == "unknown" for record in journal if record.kind is Kind.TAP_OUTCOME)
    come_of_it = {"opened": opened, "killed with a relay on": relays_on, "settled as unknown": unknown}
    tell((OUTCOME, f"storm of the gate: {come_of_it}"))
    assert len(made) >= taps
    assert relays_on > 0, "no kill met a pulse: this storm proved nothing of it"


def _journal(path: Path) -> list[Record]:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT sequence, record FROM entries ORDER BY sequence").fetchall()
    records = [decode_record(record) for _, record in rows]
    assert [record.sequence for record in records] == [sequence for sequence, _ in rows]
    return records


def _said_once_and_kept(storm: Storm, journal: list[Record]) -> None:
    """No number that any run of the gate called durable was given twice, or is gone, or stands for something else."""
    said: dict[int, tuple[object, ...]] = {}
    for run in storm.runs:
        for event in run.gate.told("journal"):
            assert event["sequence"] not in said
            said[event["sequence"]] = (event["kind"], event["lane"], event["public"])
    for sequence, what in said.items():
        record = journal[sequence]
        public = {key: value for key, value in record.public.items() if key != "who"}
        assert what == (record.kind.value, record.lane, _as_json(public))


def _as_json(public: Mapping[str, Any]) -> dict[str, Any]:
    """As the log has it, which tells of a byte string nothing but its length."""

    def said(value: Any) -> Any:
        if isinstance(value, bytes):
            return f"{len(value)} bytes"
        return list(value) if isinstance(value, tuple) else value

    return {key: said(value) for key, value in public.items()}


def _settled(journal: list[Record]) -> None:
    """Every intent has one outcome; what a killed gate left open is `unknown`, before anything else of the next run."""
    outcomes: dict[int, Record] = {}
    for record in journal:
        intent = record.public.get("intent")
        if record.kind is Kind.TAP_OUTCOME and isinstance(intent, int):
            assert intent not in outcomes
            assert journal[intent].kind is Kind.TAP_INTENT
            outcomes[intent] = record
    assert [record.sequence for record in journal if record.kind is Kind.TAP_INTENT] == sorted(outcomes)
    starts = [record.sequence for record in journal if record.kind is Kind.START]
    for intent, outcome in outcomes.items():
        next_start = next((start for start in starts if start > intent), len(journal))
        if outcome.sequence < next_start:
            assert outcome.public["result"] == "opened"
        else:
            assert outcome.public["result"] == "unknown"
            between = journal[next_start + 1 : outcome.sequence]
            assert all(record.public.get("result") == "unknown" for record in between)


def _held_against_truth(lane: int, taps: list[Tap], trace: list[dict[str, Any]], journal: list[Record]) -> int:
    """What the relay did is what the taps of this lane explain, and the journal has it; returns how often it opened."""
    here = sorted((tap for tap in taps if tap.lane == lane), key=lambda tap: tap.began_ns)
    pulses = [line for line in trace if line["lane"] == lane and line.get("name") == "open" and line["on"]]
    intents = [record for record in journal if record.lane == lane and record.kind is Kind.TAP_INTENT]
    outcomes = [record for record in journal if record.kind is Kind.TAP_OUTCOME]
    results = {record.public.get("intent"): record.public.get("result") for record in outcomes}
    assert all(here[0].began_ns < pulse["monotonic_ns"] for pulse in pulses)
    for tap, after in pairwise([*here, None]):
        assert tap is not None
        until_ns = after.began_ns if after else float("inf")
        until_ms = after.began_ms if after else float("inf")
        moved = [pulse for pulse in pulses if tap.began_ns <= pulse["monotonic_ns"] < until_ns]
        written = [intent for intent in intents if tap.began_ms <= intent.time.ms < until_ms]
        told = tap.answer["outcome"] if tap.answer and "outcome" in tap.answer else None
        assert len(written) <= (tap.name in GOOD), (tap, written)
        assert len(moved) <= len(written), (tap, moved, written)
        if moved:
            assert written[0].time.ms <= moved[0]["wall_ms"]
            assert results[written[0].sequence] in {"opened", "unknown"}
        elif written:
            assert results[written[0].sequence] == "unknown"
        assert told != "admit" or moved, tap
    return len(pulses)


def _set_safe_by_the_next_gate(lane: int, trace: list[dict[str, Any]]) -> int:
    """A relay that was on when its gate died is off before the next gate does anything; returns how many there were."""
    lines = [
        line
        for line in trace
        if line["lane"] == lane and (line["what"] == "gate" or (line["what"] == "output" and line["name"] == "open"))
    ]
    left_on = 0
    for before, line, after in zip(lines, lines[1:], lines[2:], strict=False):
        if line["what"] == "gate" and line["does"] == "leave" and before.get("on"):
            left_on += 1
            assert after["does"] == "take"
            taken = lines.index(after)
            assert lines[taken + 1].get("on") is False
    return left_on


def _answers(taps: list[Tap]) -> dict[str, int]:
    given = Counter(tap.answer["reason"] if tap.answer and "reason" in tap.answer else "none" for tap in taps)
    return dict(given.most_common())
