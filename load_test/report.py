"""What a load test found: for a program as JSON, for a person in lines."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

from load_test.books import Books, Counted, percentile
from load_test.machine import Taken

SHARES = (50, 95, 99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures. Latencies are from durable at the terminal, by percentile (`p50` …), null without any.

    `lost`, `doubled` and `invented` compare what was written with the database, as multisets. CPU seconds while entries
    came, and memory in MB of 10⁶ bytes, are of each part: `terminals`, and `broker` and `collectors` where they were
    ours.
    """

    terminals: int
    processes: int
    connected: int
    connect_s: float
    lasted_s: float
    written: int
    in_database: int
    acknowledged: int
    lost: int
    doubled: int
    invented: int
    to_database_ms: Mapping[str, float | None]
    to_acknowledged_ms: Mapping[str, float | None]
    memory_per_terminal_mb: float
    threads: int
    open_files_per_process: int
    cpu_s: Mapping[str, float]
    pss_mb: Mapping[str, float]

    @classmethod
    def of(
        cls,
        terminals: int,
        processes: int,
        *,
        connect_s: float,
        lasted_s: float,
        state: Sequence[Mapping[str, Any]],
        books: Books,
        stored: Counted,
        taken: Mapping[str, tuple[Taken, Taken]],
    ) -> Self:
        """Of a run; `taken` is what each part had taken before entries came, and after."""
        written = books.multiset()
        surplus = stored - written
        return cls(
            terminals=terminals,
            processes=processes,
            connected=sum(each["connected"] for each in state),
            connect_s=round(connect_s, 2),
            lasted_s=round(lasted_s, 2),
            written=written.total(),
            in_database=stored.total(),
            acknowledged=books.acknowledged_count(),
            lost=(written - stored).total(),
            doubled=sum(count for what, count in surplus.items() if what in written),
            invented=sum(count for what, count in surplus.items() if what not in written),
            to_database_ms=_percentiles(books.to_database_s()),
            to_acknowledged_ms=_percentiles(books.to_acknowledged_s()),
            memory_per_terminal_mb=round(taken["terminals"][1].pss_mb / terminals, 3),
            threads=sum(each["threads"] for each in state),
            open_files_per_process=max(each["files"] for each in state),
            cpu_s={name: round(after.cpu_s - before.cpu_s, 2) for name, (before, after) in taken.items()},
            pss_mb={name: round(after.pss_mb, 1) for name, (_, after) in taken.items()},
        )

    @property
    def sound(self) -> bool:
        """Whether every entry is there once, and acknowledged, and all terminals stayed connected."""
        return (
            not (self.lost or self.doubled or self.invented)
            and self.acknowledged == self.written
            and self.connected == self.terminals
        )

    def as_json(self) -> str:
        """One JSON object."""
        return json.dumps({"sound": self.sound, **asdict(self)})

    def lines(self) -> list[str]:
        """For a person."""
        rate = self.written / self.lasted_s if self.lasted_s else 0.0
        connected = f"{self.connected} of {self.terminals} connected, in {self.connect_s:.1f} s"
        stored = f"{self.in_database} in the database, {self.acknowledged} acknowledged"
        lines = [
            f"terminals    {connected}; {self.processes} processes, {self.threads} threads",
            f"entries      {self.written} written, {stored}; {rate:.1f} a second",
            f"compared     lost {self.lost}, doubled {self.doubled}, invented {self.invented}",
            f"to database  {_said(self.to_database_ms)}",
            f"acknowledged {_said(self.to_acknowledged_ms)}",
            f"memory       {self.memory_per_terminal_mb:.2f} MB a terminal, its gate's journal and view included",
        ]
        for name, cpu_s in self.cpu_s.items():
            share = 100 * cpu_s / self.lasted_s if self.lasted_s else 0.0
            lines.append(f"{name:<12} {cpu_s:.1f} s of CPU ({share:.0f} % of a core), {self.pss_mb[name]:.0f} MB")
        return lines


def _percentiles(samples_s: Sequence[float]) -> dict[str, float | None]:
    found = {f"p{share}": percentile(samples_s, share) for share in SHARES}
    return {name: None if value is None else round(value * 1000, 1) for name, value in found.items()}


def _said(percentiles_ms: Mapping[str, float | None]) -> str:
    return ", ".join(f"{name} {'-' if ms is None else f'{ms:.0f} ms'}" for name, ms in percentiles_ms.items())
