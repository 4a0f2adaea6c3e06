"""What an import made of the tables, in words: a remark for each thing that was mapped, interpreted or left out."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class How(StrEnum):
    """What became of a row or a field; the values stand in the JSON of a report."""

    MAPPED = "mapped"
    """Means the same here."""
    INTERPRETED = "interpreted"
    """Could have been read otherwise, or means the same only at a gate; somebody should look at it."""
    LEFT_OUT = "left-out"
    """Is in no tariff."""


@dataclass(frozen=True, slots=True)
class Remark:
    """What became of `field` (None: of the whole row) in these rows, numbered from 1 (none: in all) of `table`."""

    how: How
    table: str
    field: str | None
    rows: tuple[int, ...]
    words: str


class Report:
    """Collects remarks; the same words about the same field are one remark, however often they are said."""

    def __init__(self) -> None:
        self._said: dict[tuple[How, str, str | None, str], set[int]] = {}

    def mapped(self, table: str, field: str | None, words: str, rows: Iterable[int] = ()) -> None:
        """Something means the same here."""
        self._said.setdefault((How.MAPPED, table, field, words), set()).update(rows)

    def interpreted(self, table: str, field: str | None, words: str, rows: Iterable[int] = ()) -> None:
        """Something was read in one of several ways."""
        self._said.setdefault((How.INTERPRETED, table, field, words), set()).update(rows)

    def left_out(self, table: str, field: str | None, words: str, rows: Iterable[int] = ()) -> None:
        """Something is in no tariff."""
        self._said.setdefault((How.LEFT_OUT, table, field, words), set()).update(rows)

    def remarks(self) -> tuple[Remark, ...]:
        """All of them: mapped, interpreted, left out; within that as they were said, table by table."""
        order = list(How)
        said = sorted(self._said.items(), key=lambda each: (order.index(each[0][0]), each[0][1]))
        return tuple(Remark(*key[:3], tuple(sorted(rows)), key[3]) for key, rows in said)


def ranges(rows: tuple[int, ...]) -> str:
    """As `3-7, 9`."""
    spans: list[list[int]] = []
    for row in rows:
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return ", ".join(f"{first}-{last}" if last > first else f"{first}" for first, last in spans)
