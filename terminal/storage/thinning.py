"""Which checkpoints stay below the acknowledged one: as few as batches need, so that any entry can be sent again.

A batch ends at a checkpoint. So what headquarters lost after it had acknowledged it (its database was brought back from
a copy) can be sent again only where no more than a batch lies between two checkpoints that are left.
"""

import sqlite3
from itertools import pairwise

from terminal.core.messages import MAX_BATCH_BYTES, MAX_BATCH_ENTRIES, MAX_BATCH_OVERHEAD, MAX_ENTRY_OVERHEAD


def thin(connection: sqlite3.Connection, before: int, size: int) -> None:
    """Leave out the checkpoints that batches do not need, when `size` is acknowledged after `before`."""
    base = connection.execute("SELECT coalesce(max(size), 0) FROM checkpoints WHERE size < ?", (before,)).fetchone()[0]
    ends = [end for (end,) in connection.execute(_ENDS, (base, size)).fetchall()]
    weights = dict(connection.execute(_WEIGHTS, (base, size)).fetchall())
    unneeded: list[tuple[int]] = []
    count = weight = 0
    begin = base
    for end, next_end in pairwise(ends):
        count, weight = count + end - begin, weight + _weight(weights, begin, end)
        more = next_end - end, _weight(weights, end, next_end)
        if count + more[0] > MAX_BATCH_ENTRIES or weight + more[1] > MAX_BATCH_BYTES - MAX_BATCH_OVERHEAD:
            count = weight = 0
        else:
            unneeded.append((end,))
        begin = end
    connection.executemany("DELETE FROM checkpoints WHERE size = ?", unneeded)


def _weight(weights: dict[int, int], begin: int, end: int) -> int:
    return sum(weights.get(sequence, 0) + MAX_ENTRY_OVERHEAD for sequence in range(begin, end))


_ENDS = "SELECT size FROM checkpoints WHERE size > ? AND size <= ? ORDER BY size"
_WEIGHTS = """SELECT sequence, length(record) + coalesce(length(sealed), 0) FROM entries
  WHERE sequence >= ? AND sequence < ?"""
