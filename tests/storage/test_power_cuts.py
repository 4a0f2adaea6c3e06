"""The process dies at any moment, the log is cut at any place: what was promised is there, once."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core.journal import Kind
from terminal.storage.stored import Stored
from tests.storage.support import Gate, killed_while_writing

ROUNDS = 8


def check_is_whole(gate: Gate) -> list[Stored]:
    """Gapless, and the table of open intents says what the entries say."""
    entries = gate.entries()
    assert [entry.record.sequence for entry in entries] == list(range(len(entries)))
    intents = {entry.record.sequence for entry in entries if entry.record.kind is Kind.TAP_INTENT}
    settled = {entry.record.public.get("intent") for entry in entries if entry.record.kind is Kind.TAP_OUTCOME}
    assert {intent.sequence for intent in gate.journal.open_intents()} == intents - settled
    assert gate.stays.count(1) == len(settled)
    assert gate.checked_sizes()[-1:] == ([len(entries)] if entries else [])
    return entries


def test_gate_killed_while_it_writes_loses_nothing_doubles_nothing_and_invents_nothing(tmp_path: Path) -> None:
    chance = random.Random(20260915)  # noqa: S311  a seed, so that a failure comes again
    durable: dict[int, int] = {}
    for cut in range(ROUNDS):
        durable |= killed_while_writing(tmp_path / "journal", chance.randrange(1, 400), first=cut * 1_000_000)
        with Gate(tmp_path / "journal") as gate:
            entries = check_is_whole(gate)
        stored = [(entry.record.public["number"], entry.record.sequence) for entry in entries
                  if entry.record.kind is Kind.TAP_INTENT]  # fmt: skip
        numbers = [number for number, _ in stored]
        assert dict(stored).items() >= durable.items()
        assert len(numbers) == len(set(numbers))
        assert all(isinstance(number, int) and number // 1_000_000 <= cut for number in numbers)
    assert len(durable) > 100


@pytest.fixture(scope="module")
def cut_off(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[Stored]]]:
    """A journal whose log was never brought into the file, and what stood in it."""
    folder = tmp_path_factory.mktemp("power") / "journal"
    killed_while_writing(folder, 60, count=60)
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    with Gate(copy) as gate:
        yield folder, check_is_whole(gate)


def opened_with_log(folder: Path, log: bytes, into: Path) -> list[Stored]:
    shutil.copytree(folder, into)
    (into / "journal.db-wal").write_bytes(log)
    with Gate(into) as gate:
        return check_is_whole(gate)


def test_log_cut_anywhere_leaves_a_beginning_of_the_journal(cut_off: tuple[Path, list[Stored]], tmp_path: Path) -> None:
    folder, whole = cut_off
    log = (folder / "journal.db-wal").read_bytes()
    chance = random.Random(1)  # noqa: S311  a seed, so that a failure comes again
    lengths: list[int] = []
    for place in [len(log), 32, *(chance.randrange(32, len(log)) for _ in range(25))]:
        entries = opened_with_log(folder, log[:place], tmp_path / str(len(lengths)))
        assert entries == whole[: len(entries)]
        lengths.append(len(entries))
    assert lengths[0] == len(whole) > 60
    assert len(set(lengths)) > 5


def test_log_damaged_anywhere_leaves_a_beginning_of_the_journal(
    cut_off: tuple[Path, list[Stored]], tmp_path: Path
) -> None:
    folder, whole = cut_off
    log = (folder / "journal.db-wal").read_bytes()
    chance = random.Random(2)  # noqa: S311  a seed, so that a failure comes again
    lengths: list[int] = []
    for number in range(25):
        place = chance.randrange(32, len(log))
        damaged = log[:place] + bytes([log[place] ^ 0xFF]) + log[place + 1 :]
        entries = opened_with_log(folder, damaged, tmp_path / str(number))
        assert entries == whole[: len(entries)]
        lengths.append(len(entries))
    assert max(lengths) < len(whole)
    assert len(set(lengths)) > 5
