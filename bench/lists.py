"""The list in memory: how long a look-up takes, and how much the list takes."""

import timeit
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.figures import Figures
from terminal.core.revocation import StatusList

LOOK_UPS = 100_000
ROUNDS = 9
BITS = 2


def measure(status_list: StatusList, bitmaps: Path, mirror: Path, figures: Figures) -> None:
    """Look up cards at random; `bitmaps` is the folder where this process has the list mapped from."""
    draw = Random(1)  # noqa: S311 - which cards are looked up is no secret
    indices = [draw.randrange(len(status_list)) for _ in range(LOOK_UPS)]
    status = status_list.status
    assert all(status(index) is not None for index in range(len(status_list) - 1, 0, -1000))

    def look_up() -> None:
        for index in indices:
            status(index)

    rounds = timeit.repeat(look_up, number=1, repeat=ROUNDS)
    figures.add("lookup_ns", sorted(rounds)[ROUNDS // 2] / LOOK_UPS * 1e9)
    figures.add("list_entries", len(status_list))
    figures.add("list_memory_bytes", len(status_list) * BITS // 8)
    figures.add("list_resident_bytes", max(_resident(bitmaps), default=0))
    figures.add("list_file_bytes", (mirror / "revocation" / "cards").stat().st_size)


def _resident(folder: Path) -> Iterator[int]:
    """How many bytes of each file below `folder` that this process has mapped are in memory."""
    ours = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        words = line.split()
        if not words[0].endswith(":"):
            ours = len(words) > 5 and words[5].startswith(str(folder))
        elif ours and words[0] == "Rss:":
            yield int(words[1]) * 1024
