"""The pictures of the barrier's table: made from it, current, and complete."""

import re
from pathlib import Path

import pytest

from scripts.barrier_page import page
from scripts.barrier_picture import GROUPS, SILENT, NoGraphviz, drawn, graphs, stamp
from terminal.core.barrier_table import TABLE
from terminal.core.barrier_words import Phase

DOCS = Path(__file__).parents[2] / "docs"


def test_every_row_that_leads_on_or_orders_something_is_in_one_picture() -> None:
    texts = "\n".join(graphs().values())
    shown = {int(number) for number in re.findall(r"\b(\d+): ", texts)}
    leads = {number for number, row in enumerate(TABLE, 1) if row.to is not None}
    orders = {n for n, row in enumerate(TABLE, 1) if any(not isinstance(effect, SILENT) for effect in row.does)}
    assert shown == leads | orders


def test_every_row_is_on_the_page_in_its_order() -> None:
    rows = re.findall(r"^\| (\d+) \|", page()["barrier.md"], re.MULTILINE)
    assert [int(number) for number in rows] == list(range(1, len(TABLE) + 1))


def test_every_phase_belongs_to_one_picture() -> None:
    assert sorted(phase for group in GROUPS.values() for phase in group) == sorted(Phase)


@pytest.mark.parametrize("name", graphs())
def test_picture_was_drawn_from_the_table_as_it_is(name: str) -> None:
    dot = (DOCS / name).read_text()
    assert dot == graphs()[name], "run `make docs`"
    assert stamp(dot) in (DOCS / name).with_suffix(".svg").read_text(), "run `make docs`"


def test_picture_that_is_not_current_and_no_graphviz_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NoGraphviz, match="apt install graphviz"):
        drawn(tmp_path)
    assert drawn(DOCS).keys() == {Path(name).with_suffix(".svg").name for name in graphs()}
