"""A receipt as text: lines that fit a narrow screen or a mail."""

from collections.abc import Iterator

from headquarters.receipts.paper import Paper, Part, Row

WIDTH = 72


def text(paper: Paper) -> str:
    """The paper, with a line end after each line. Control characters of a name are not in it."""
    return "".join(f"{_plain(line)}\n" for line in _lines(paper))


def _lines(paper: Paper) -> Iterator[str]:
    yield paper.title
    yield paper.no_invoice
    for part in paper.parts:
        yield ""
        yield from _part(part, paper)
    if paper.remains is not None:
        yield ""
        yield _apart(*paper.remains)


def _part(part: Part, paper: Paper) -> Iterator[str]:
    yield part.heading
    width = max(len(name) for name, _ in part.facts)
    for name, value in part.facts:
        yield f"  {name:<{width}}  {value}"
    if part.rows:
        yield f"  {paper.why}"
        yield from _rows(part.rows)
    for name, value in part.sums:
        yield _apart(f"  {name}", value)
    if part.credits:
        yield f"  {paper.credited}"
        yield from _rows(part.credits)
    for remark in part.remarks:
        yield f"  {remark}"


def _rows(rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        yield f"    {row.when}"
        yield _apart(f"    {row.what}", row.amount)


def _apart(name: str, value: str) -> str:
    return f"{name}  {value:>{max(WIDTH - len(name) - 2, 0)}}"


def _plain(line: str) -> str:
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in line)
