"""What processes take of the machine, as the kernel says it."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Taken:
    """CPU time since they began, and memory in MB of 10⁶ bytes: proportional (shared pages divided), and resident."""

    cpu_s: float
    pss_mb: float
    rss_mb: float


def taken_by(pids: Iterable[int]) -> Taken:
    """What these processes take together; one that has ended takes nothing."""
    cpu_s = pss_mb = rss_mb = 0.0
    for pid in pids:
        try:
            # The name, in brackets, may hold anything; utime and stime are the 14th and 15th field.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        except OSError:
            continue
        cpu_s += (int(fields[11]) + int(fields[12])) * _TICKS_S
        memory = {words[0]: int(words[1]) * 1024 / 1e6 for words in map(str.split, rollup)}
        pss_mb += memory["Pss:"]
        rss_mb += memory["Rss:"]
    return Taken(cpu_s, pss_mb, rss_mb)


def children_named(name: str, of: int) -> list[int]:
    """The processes of this name among all that came of the process `of`."""
    parents: dict[int, int] = {}
    names: dict[int, str] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, rest = stat.read_text().rpartition(")")
        except OSError:
            continue
        pid = int(stat.parent.name)
        parents[pid] = int(rest.split()[1])
        names[pid] = head.partition("(")[2]
    return [pid for pid, found in names.items() if found == name and _descends(pid, of, parents)]


def _descends(pid: int, of: int, parents: dict[int, int]) -> bool:
    while pid in parents:
        pid = parents[pid]
        if pid == of:
            return True
    return False
