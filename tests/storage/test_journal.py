import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from terminal.core.instant import ClockQuality, Now
from terminal.core.issuers import SealingKey
from terminal.core.journal import Entry, EntryKey, Kind, OpenIntent
from terminal.core.sealing import open_sealed
from terminal.errors import ConfigurationError, StorageError
from terminal.storage.database import Database
from terminal.storage.journal import PAGE
from terminal.storage.sealed import NoSealingKey
from terminal.storage.writer import COMMITS_A_CHECKPOINT, MAX_WAITING, Writer
from tests.storage.support import (
    DECISION,
    EAN,
    HEADQUARTERS,
    KEY_ID,
    Beats,
    Gate,
    Held,
    intent,
    outcome,
    start,
)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    with Gate(tmp_path / "journal") as gate:
        yield gate


def test_numbers_start_at_zero_and_go_on_after_a_restart_in_the_same_epoch(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal") as gate:
        keys = [gate.journal.append(start(number)).result() for number in range(3)]
        epoch = gate.journal.epoch
    with Gate(tmp_path / "journal") as gate:
        keys.append(gate.journal.append(start(3)).result())
        stored = gate.entries()
    assert keys == [EntryKey("gate-1", epoch, sequence) for sequence in range(4)]
    assert [entry.record.public["number"] for entry in stored] == [0, 1, 2, 3]
    assert len(epoch) == 16


def test_two_journals_have_two_epochs(tmp_path: Path) -> None:
    with Gate(tmp_path / "a") as first, Gate(tmp_path / "b") as second:
        assert first.journal.epoch != second.journal.epoch


def test_record_says_what_was_asked_for_and_the_time_of_asking(tmp_path: Path) -> None:
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        asked = Now(gate.clock.ms, ClockQuality.DOUBTFUL)
        gate.clock.quality = ClockQuality.DOUBTFUL
        future = gate.journal.append(intent())
        gate.clock.ms += 5_000
        held.go_on.set()
        future.result()
        (entry,) = gate.entries()
    who = entry.record.public["who"]
    assert isinstance(who, bytes)
    assert len(who) == 8
    record = entry.record
    assert (record.sequence, record.time, record.kind, record.lane) == (0, asked, Kind.TAP_INTENT, 1)
    assert record.public == {**DECISION, "who": who}


def test_sealed_part_opens_at_headquarters_only_and_the_card_stands_nowhere_in_the_clear(tmp_path: Path) -> None:
    card_number = bytes.fromhex("c0ffee00c0ffee11")
    with Gate(tmp_path / "journal") as gate:
        key = gate.journal.append(intent(card_number)).result()
        (entry,) = gate.entries()
    assert entry.sealed is not None
    assert open_sealed(entry.sealed, key, {KEY_ID: HEADQUARTERS}) == {"card": card_number, "ean": EAN, "person": 7}
    assert entry.record.belongs_to(entry.sealed)
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "journal").iterdir())
    assert entry.record_bytes in on_disk
    assert card_number not in on_disk
    assert EAN.to_bytes(8) not in on_disk


def test_what_waits_together_is_stored_in_one_transaction_in_the_order_of_asking(tmp_path: Path) -> None:
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        first = gate.journal.append(start(0))
        assert held.reached.wait(60)
        before = held.commits
        others = [gate.journal.append(start(number)) for number in range(1, 101)]
        held.go_on.set()
        assert first.result().sequence == 0
        assert [future.result().sequence for future in others] == list(range(1, 101))
        assert held.commits == before + 1


def test_threads_that_append_at_once_each_get_a_number_of_their_own(gate: Gate) -> None:
    keys: list[EntryKey] = []

    def tap() -> None:
        keys.extend([gate.journal.append(start()).result() for _ in range(25)])

    threads = [threading.Thread(target=tap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(key.sequence for key in keys) == list(range(100))


def test_hanging_disk_holds_up_nobody_who_does_not_wait_and_stops_the_heartbeat(tmp_path: Path) -> None:
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        future = gate.journal.append(start())
        assert held.reached.wait(60)
        beats = len(gate.beats.parts)
        with pytest.raises(TimeoutError):
            future.result(0.1)
        assert not future.cancel()  # what was asked for will be written
        assert len(gate.beats.parts) == beats
        held.go_on.set()
        assert future.result().sequence == 0
        gate.beats.wait_for()


def test_writes_that_wait_for_a_hanging_disk_are_bounded(tmp_path: Path) -> None:
    held = Held()
    with Gate(tmp_path / "journal", before_commit=held) as gate:
        held.hold()
        gate.journal.append(start())
        assert held.reached.wait(60)
        waiting = [gate.journal.append(start()) for _ in range(MAX_WAITING)]
        with pytest.raises(StorageError, match="10000 writes wait for the disk"):
            gate.journal.append(start()).result(0)
        held.go_on.set()
        assert [future.result().sequence for future in waiting] == list(range(1, MAX_WAITING + 1))


def test_closing_stores_what_waits_and_then_nothing_more(tmp_path: Path) -> None:
    gate = Gate(tmp_path / "journal")
    futures = [gate.journal.append(start(number)) for number in range(200)]
    gate.store.close()
    assert [future.result(0).sequence for future in futures] == list(range(200))
    with pytest.raises(StorageError, match="closed"):
        gate.journal.append(start()).result(0)
    with Gate(tmp_path / "journal") as again:
        assert len(again.entries()) == 200


def test_heartbeat_goes_on_while_nothing_is_written(gate: Gate) -> None:
    gate.beats.wait_for(3)
    assert set(gate.beats.parts) == {"journal"}


def test_entry_without_a_key_to_seal_with_is_not_written_and_others_are(gate: Gate) -> None:
    gate.sealing_key = None
    futures = [gate.journal.append(entry) for entry in (start(0), intent(), start(1))]
    assert futures[0].result().sequence == 0
    with pytest.raises(NoSealingKey, match="sealing key is not known") as refused:
        futures[1].result()
    assert refused.value.fault == "document"
    assert futures[2].result().sequence == 1
    assert gate.store.trouble is None
    assert gate.journal.open_intents() == ()


def test_entry_is_not_written_when_the_key_to_seal_with_is_no_key(gate: Gate) -> None:
    gate.sealing_key = SealingKey(id="00000001", key="00" * 32)
    with pytest.raises(NoSealingKey, match="sealing key 00000001 cannot be used"):
        gate.journal.append(intent()).result()
    assert gate.entries() == []


@pytest.mark.parametrize(
    "wrong",
    [
        Entry(kind=Kind.START, public={"age": 1.5}),
        Entry(kind=Kind.START, lane=256),
        Entry(kind=Kind.START, public={"who": bytes(8)}),
        Entry(kind=Kind.START, public={"text": "a" * 20_000}),
        Entry(kind=Kind.TAP_INTENT, lane=1, sealed={"trainings": ["a" * 20_000]}),
    ],
    ids=["float", "lane", "pseudonym", "long record", "long sealed part"],
)
def test_entry_that_has_no_encoding_fails_alone(gate: Gate, wrong: Entry) -> None:
    futures = [gate.journal.append(entry) for entry in (start(0), wrong, start(1))]
    assert futures[0].result().sequence == 0
    with pytest.raises((TypeError, ValueError)):
        futures[1].result()
    assert futures[2].result().sequence == 1
    assert gate.store.trouble is None


def test_write_that_fails_half_way_leaves_nothing_and_harms_no_other(tmp_path: Path) -> None:
    held = Held()
    database = Database(tmp_path / "journal")
    thread = Writer(database, Beats(), before_commit=held)

    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO kept VALUES ('half', x'00')")
        raise ZeroDivisionError

    def whole(connection: sqlite3.Connection) -> list[tuple[str]]:
        connection.execute("INSERT OR REPLACE INTO kept VALUES ('whole', x'00')")
        return connection.execute("SELECT name FROM kept").fetchall()

    held.hold()
    futures = [thread.submit(write) for write in (whole, half, whole)]
    held.go_on.set()
    assert futures[0].result() == futures[2].result() == [("whole",)]
    assert isinstance(futures[1].exception(), ZeroDivisionError)
    assert thread.trouble is None
    thread.close()
    database.close()


def test_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    log = tmp_path / "journal" / "journal.db-wal"
    with Gate(tmp_path / "journal") as gate:
        sizes = []
        for _ in range(4 * COMMITS_A_CHECKPOINT):
            gate.journal.append(start()).result()
            sizes.append(log.stat().st_size)
    assert max(sizes) < 1.5 * max(sizes[: COMMITS_A_CHECKPOINT + 1])


def test_intents_are_open_until_their_outcome(gate: Gate) -> None:
    for entry in (start(), intent(), intent(), outcome(of=1)):
        gate.journal.append(entry).result()
    assert gate.journal.open_intents() == (OpenIntent(sequence=2, lane=1),)


def test_time_that_goes_back_is_written_down_as_it_is(gate: Gate) -> None:
    gate.journal.append(start()).result()
    gate.clock.ms -= 60_000
    gate.journal.append(start()).result()
    times = [entry.record.time.ms for entry in gate.entries()]
    assert times[1] == times[0] - 60_000


@pytest.mark.parametrize(("first", "last", "wanted"), [(0, None, range(2 * PAGE + 3)), (5, 5, [5]), (PAGE - 1, PAGE + 1,
                         [PAGE - 1, PAGE, PAGE + 1]), (2 * PAGE + 3, None, []), (9, 3, [])])  # fmt: skip
def test_entries_are_read_in_pages(gate: Gate, first: int, last: int | None, wanted: list[int]) -> None:
    for future in [gate.journal.append(start()) for _ in range(2 * PAGE + 3)]:
        future.result()
    assert [entry.record.sequence for entry in gate.journal.entries(first, last)] == list(wanted)


def test_journal_of_another_terminal_is_refused(tmp_path: Path) -> None:
    with Gate(tmp_path / "journal"):
        pass
    with pytest.raises(StorageError, match="journal of terminal 'gate-1', and this gate is called 'gate-2'"):
        Gate(tmp_path / "journal", terminal="gate-2")


def test_terminal_with_an_impossible_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be called 'Gate 1'"):
        Gate(tmp_path / "journal", terminal="Gate 1")
    assert not (tmp_path / "journal").exists()
