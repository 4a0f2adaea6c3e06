"""Several who do the same at one database, at the same time."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.headquarters.box import Box
from tests.headquarters.conftest import Office

PATIENCE_S = 200
COLLECT = """
import sys
from pathlib import Path
from headquarters.journal.collecting import Collected, Collector
from headquarters.journal.cosigner import load_cosigner
from headquarters.database import Database
from headquarters.keys import KeyFolder
where, folder, *bodies = sys.argv[1:]
collector = Collector(Database(where if "://" in where else Path(where)), load_cosigner(KeyFolder(Path(folder))))
print("ready", flush=True)
sys.stdin.readline()
outcomes = [collector.collect("gate-1", Path(body).read_bytes(), 1_790_000_500) for body in bodies]
assert all(isinstance(each, Collected) for each in outcomes), outcomes
print(sum(each.new for each in outcomes))
"""


def overlapping_batches(box: Box, folder: Path) -> list[Path]:
    """Files with batches over the 400 entries of a box, each of which reaches into the next."""
    bodies = [folder / f"{first}.batch" for first in range(0, 400, 10)]
    for body, first in zip(bodies, range(0, 400, 10), strict=True):
        body.write_bytes(box.batch(first, min(first + 15, 400)))
    return bodies


def collected(where: Path | str, office: Office, orders: Iterable[Sequence[Path]]) -> int:
    """How many entries were new, all processes together: each collects these files in its own order."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", COLLECT, str(where), str(office.keys.path), *map(str, order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for order in orders
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    return sum(int(worker.communicate(timeout=PATIENCE_S)[0]) for worker in workers)


def indices_given_out(*offices: Office) -> list[int]:
    """The indices of the cards that these offices register, 20 each, in order."""
    found: list[int] = []

    def allocate(where: Office, chips: range) -> None:
        found.extend(where.allocated(chip).card_index for chip in chips)

    threads = [
        threading.Thread(target=allocate, args=(office, range(20 * number, 20 * number + 20)))
        for number, office in enumerate(offices)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(found)
