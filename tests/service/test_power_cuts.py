"""The power goes at every commit of a sale: nobody pays for what was not given, or twice, and what goes on goes on."""

import shutil
from pathlib import Path

import pytest

from terminal.core.journal import Kind
from tests.service.conftest import OpenPoint
from tests.service.point import OnePoint
from tests.simulation_board.board_process import BoardProcess
from tests.tap.one_lane import Disk
from tests.tap.site import POWER, SHOWER, WEIGHBRIDGE, Site

COMMITS = range(3)
"""Before the commit of the intent, of the outcome with the charge or what goes on, and after that."""


class Cut:
    """Takes an image of the disk before the commit number `at` of what is done while it is armed."""

    def __init__(self, image: Path, at: int) -> None:
        self.image, self.at = image, at
        self.disk: Path | None = None
        self.armed = False
        self.seen = 0

    def before_commit(self) -> None:
        """On the journal's thread."""
        if self.armed and self.disk is not None:
            if self.seen == self.at:
                shutil.copytree(self.disk, self.image)
            self.seen += 1


def cut_while_confirming(point: OpenPoint, site: Site, folder: Path, number: int, at: int) -> OnePoint:
    """The gate after a power cut while anna confirmed: on the disk is what was there before commit `at`."""
    cut = Cut(folder / "image", at)
    with point(number, before_commit=cut.before_commit) as before:
        before.tap(site.card("anna"))
        before.told()  # what was offered is durable
        cut.disk, cut.armed = before.folder / "gate", True
        before.tap(site.card("anna"))
        cut.armed = False
        if not cut.image.exists():
            shutil.copytree(cut.disk, cut.image)
    return point(number, "after", disk=cut.image, after=before)


@pytest.mark.parametrize("at", COMMITS)
def test_use_is_charged_once_or_not_at_all(
    site: Site, point: OpenPoint, board: BoardProcess, tmp_path: Path, at: int
) -> None:
    with cut_while_confirming(point, site, tmp_path, WEIGHBRIDGE, at) as again:
        assert again.cents() == ([1250] if at == 2 else [])
        results = [told["result"] for told in again.told(Kind.SALE_OUTCOME) if "result" in told]
        assert results == [[], ["unknown"], ["given"]][at]
    assert board.changes("service") == [True, False], "a relay is never fired again for what may have been given"


@pytest.mark.parametrize("at", COMMITS)
def test_time_that_was_charged_goes_on(site: Site, point: OpenPoint, tmp_path: Path, at: int) -> None:
    with cut_while_confirming(point, site, tmp_path, SHOWER, at) as again:
        assert again.cents() == ([200] if at == 2 else [])
        assert (again.point.goes_on is not None) is (at == 2)
        again.until(lambda: again.is_on is (at == 2))
        again.moves(500)
        again.until(lambda: not again.is_on)
        assert again.cents() == ([200] if at == 2 else [])


@pytest.mark.parametrize("at", COMMITS)
def test_units_go_on_and_are_charged_when_they_end(site: Site, point: OpenPoint, tmp_path: Path, at: int) -> None:
    with cut_while_confirming(point, site, tmp_path, POWER, at) as again:
        if at < 2:
            assert again.point.goes_on is None
            return
        again.until(lambda: again.is_on)
        again.takes(20)
        taken = again.point.meter
        again.tap(site.card("anna"))
        assert again.cents() == [(taken * 45 + 5) // 10]


def test_meter_goes_on_from_where_it_was_kept(site: Site, point: OpenPoint, tmp_path: Path) -> None:
    with point(POWER) as before:
        before.buys(site.card("anna"))
        before.takes(30)
        counted = before.point.meter
    with point(POWER, "after", disk=before.folder / "gate", after=before) as again:
        assert again.point.meter == counted
        again.until(lambda: again.is_on)
        again.tap(site.card("anna"))
        assert again.cents() == [(counted * 45 + 5) // 10]


@pytest.mark.parametrize("written", [False, True])
def test_end_of_units_is_charged_once(site: Site, point: OpenPoint, tmp_path: Path, written: bool) -> None:
    with point(POWER) as before:
        before.buys(site.card("anna"))
        before.takes(30)
    with point(POWER, "between", disk=before.folder / "gate", after=before) as ending:
        taken = ending.point.meter
        ending.until(lambda: ending.is_on)
        if written:
            ending.tap(site.card("anna"))
            ending.told()
        shutil.copytree(ending.folder / "gate", tmp_path / "image")
    with point(POWER, "after", disk=tmp_path / "image", after=ending) as again:
        assert (again.point.goes_on is None) is written
        if not written:
            again.until(lambda: again.is_on)
            again.tap(site.card("anna"))
        assert again.cents() == [(taken * 45 + 5) // 10]
        again.until(lambda: not again.is_on)


def test_gate_that_was_off_until_the_time_was_over_leaves_it_off(
    site: Site, point: OpenPoint, tmp_path: Path, board: BoardProcess
) -> None:
    with point(SHOWER) as before:
        before.buys(site.card("anna"))
    before.moves(481)
    with point(SHOWER, "after", disk=before.folder / "gate", after=before) as again:
        again.until(lambda: bool(again.told(Kind.SALE_ENDED)))
        assert again.point.goes_on is None
        again.until(lambda: not again.is_on)
        assert again.cents() == [200]


def test_disk_that_refuses_the_end_of_a_sale_is_asked_again(site: Site, point: OpenPoint) -> None:
    disk = Disk(None)
    with point(POWER, database=disk.database) as power:
        power.buys(site.card("anna"))
        power.takes(10)
        taken = power.point.meter
        disk.full = True
        power.tap(site.card("anna"))
        assert not power.is_on
        assert power.told(Kind.SALE_ENDED) == []
        disk.full = False
        power.until(lambda: bool(power.told(Kind.SALE_ENDED)))
        assert power.cents() == [(taken * 45 + 5) // 10]
