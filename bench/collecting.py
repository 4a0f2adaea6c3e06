"""Entries a second into the collector's database, beside the bare insert rate of the same database.

The same batches twice: through `Collector.collect` (decoding, signatures, tree, comparison, cosignature), and their
rows alone with the driver's own `executemany` into the same table; each batch is a transaction in both. Workers are
processes; each has a terminal of its own. `python -m bench.collecting` is one of them.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from bench.batches import Terminal, batches, new_terminal
from bench.figures import Figures
from headquarters.database import Change, Database
from headquarters.journal.arriving import read_batch
from headquarters.journal.collecting import Collected, Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.journal.terminals import Terminals
from headquarters.keys import KeyFolder
from headquarters.repository.ceremony import init_keys
from headquarters.sites import Sites, plain_policy
from headquarters.tables.journal import entries as entries_table
from headquarters.tables.journal import epochs
from simulation.postgresql import PostgresqlMissing, running_postgresql
from terminal.trust.documents import ISSUERS

SITE = 4711
NOW_S = 1_790_000_500
WORKERS = (1, 2)
BATCHES = {"backlog": 500, "live": 1}
"""Entries in a batch: of a backlog, and of a tap that was sent at once."""


def measure(folder: Path, figures: Figures, progress: Callable[[str], None], *, entries: int) -> None:
    """Measure both databases; PostgreSQL only where it is installed. `entries` of backlog, a tenth of them live."""
    for kind in ("sqlite", "postgresql"):
        try:
            with ExitStack() as parts:
                server = parts.enter_context(running_postgresql()) if kind == "postgresql" else None
                for stream, a_batch in BATCHES.items():
                    count = entries if stream == "backlog" else entries // 10
                    for workers in WORKERS:
                        progress(f"collecting: {kind}, {stream}, workers: {workers}")
                        name = f"{kind}_{stream}_{workers}"
                        where = str(folder / f"{name}.db") if server is None else server.create_database(name)
                        bare_at = (
                            str(folder / f"{name}-bare.db") if server is None else server.create_database(f"{name}_b")
                        )
                        ground = _Ground(folder / name, where, bare_at, count=count, a_batch=a_batch, workers=workers)
                        collected, bare = ground.rate("collect"), ground.rate("bare")
                        base = f"collect.{kind}.{stream}.workers_{workers}"
                        figures.add(f"{base}.entries_a_second", collected)
                        figures.add(f"{base}.bare_entries_a_second", bare)
                        figures.add(f"{base}.ratio", collected / bare)
        except PostgresqlMissing as error:
            progress(f"without PostgreSQL: {error}")


class _Ground:
    """A headquarters, and batches in files: a folder of them for each worker."""

    def __init__(self, folder: Path, where: str, bare_at: str, *, count: int, a_batch: int, workers: int) -> None:
        keys = init_keys(folder / "hq", datetime.now(UTC))
        self._where = {"collect": where, "bare": bare_at}
        self._keys, self._folders, self._count = keys, [folder / f"worker-{n}" for n in range(workers)], count
        sealing = ISSUERS.parse(keys.issuers.read_bytes()).sealing[0]
        change = Change("bench", "bench", datetime.now(UTC))
        with opened(where) as database, opened(bare_at) as bare:
            for each in (database, bare):
                Sites(each).add(plain_policy(SITE, "Bench", "Europe/Amsterdam"), change)
            for number, worker in enumerate(self._folders):
                worker.mkdir()
                terminal = new_terminal(f"bench-{number}")
                for each in (database, bare):
                    Terminals(each).add(terminal.name, SITE, terminal.key.public_key().public_bytes_raw(), change)
                _begin_epoch(bare, number + 1, terminal)
                for place, batch in enumerate(batches(terminal, sealing, count // workers, a_batch)):
                    (worker / f"{place:07}").write_bytes(batch.encode())

    def rate(self, how: str) -> float:
        """Entries a second, all workers together, from the first word to the last."""
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with ExitStack() as parts:
            running = []
            for number, each in enumerate(self._folders):
                words = [how, self._where[how], str(self._keys.path), str(each), f"bench-{number}", str(number)]
                command = [sys.executable, "-m", "bench.collecting", *words]
                process = subprocess.Popen(
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
                )
                running.append(parts.enter_context(process))
            for process in running:
                assert process.stdout is not None
                assert process.stdout.readline() == "ready\n"
            began_s = time.monotonic()
            told: list[int] = [json.loads(process.communicate("go\n")[0]) for process in running]
            lasted_s = time.monotonic() - began_s
        assert sum(told) == self._count // len(running) * len(running)
        return sum(told) / lasted_s


@contextmanager
def opened(where: str) -> Iterator[Database]:
    """A database of headquarters, for as long as the block lasts."""
    database = Database(where if "://" in where else Path(where))
    try:
        yield database
    finally:
        database.close()


def _begin_epoch(database: Database, epoch_id: int, terminal: Terminal) -> None:
    """What the bare rows refer to."""
    row = {"epoch_id": epoch_id, "terminal": terminal.name, "epoch": terminal.epoch, "size": 0, "hashes": b""}
    row |= {"largest_size": 0, "largest_note": b"", "first_seen": NOW_S, "last_seen": NOW_S}
    with database.transaction() as connection:
        connection.execute(epochs.insert().values(row))


def _collected(database: Database, keys: KeyFolder, name: str, bodies: Sequence[bytes]) -> Iterator[int]:
    collector = Collector(database, load_cosigner(keys))
    for body in bodies:
        outcome = collector.collect(name, body, NOW_S)
        assert isinstance(outcome, Collected), outcome
        yield outcome.new


def _inserted(where: str, number: int, name: str, bodies: Sequence[bytes]) -> Callable[[], Iterator[int]]:
    """The bare insert, with its rows worked out beforehand."""
    portions = [
        [
            (number + 1, each.record.sequence, each.data, each.sealed, each.leaf, NOW_S, each.record.time.ms,
             str(each.record.kind), each.record.lane)
            for each in read_batch(name, body).entries
        ]
        for body in bodies
    ]  # fmt: skip
    columns = [column.name for column in entries_table.columns]
    connection: Any
    if "://" in where:
        connection, place, begin = psycopg.connect(where, autocommit=True), "%s", "BEGIN"
    else:
        connection, place, begin = sqlite3.connect(where, isolation_level=None, timeout=60), "?", "BEGIN IMMEDIATE"
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
    words = f"INSERT INTO entries ({', '.join(columns)}) VALUES ({', '.join([place] * len(columns))})"  # noqa: S608

    def insert() -> Iterator[int]:
        cursor = connection.cursor()
        for rows in portions:
            cursor.execute(begin)
            cursor.executemany(words, rows)
            cursor.execute("COMMIT")
            yield len(rows)
        connection.close()

    return insert


def main() -> None:
    """Be a worker: say `ready`, wait for a line, work, say how many entries it was."""
    how, where, keys, folder, name, number = sys.argv[1:]
    bodies = [each.read_bytes() for each in sorted(Path(folder).iterdir())]
    with opened(where) as database:
        bare = how == "bare"
        collect = partial(_collected, database, KeyFolder(Path(keys)), name, bodies)
        work = _inserted(where, int(number), name, bodies) if bare else collect
        print("ready", flush=True)
        sys.stdin.readline()
        print(sum(work()), flush=True)


if __name__ == "__main__":
    main()
