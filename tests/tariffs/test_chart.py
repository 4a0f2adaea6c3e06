"""The chart of a tariff: what is drawn is what the engine asks, to the cent and the minute."""

from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lxml import etree
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.cli.tariff_chart import next_monday
from headquarters.tariffs.chart import chart
from headquarters.tariffs.wording import line_words
from terminal.core.tariff.document import Tariff, Tariffs
from terminal.core.tariff.pricing import price
from tests.core.tariff.tariffs import TZ, between, free, hourly, night, tariff

ENTRY = "2026-09-14T18:00"
TARIFFS = {
    "night": tariff(night()),
    "hourly": tariff(hourly("1.50"), free=free(10, "left-out"), max_stay="PT48H"),
    "when gone": tariff(hourly("1.50"), free=free(120, "when-gone")),
    "by the minute": tariff({"kind": "incrementing", "amount": "0.089", "each": "PT1M"}),
    "capped": tariff(
        hourly("2.00"),
        night(window=between("22:00", "06:00", 1), amount="8.00"),
        caps={"day": {"amount": "15.00", "reset": "04:00"}, "h24": "20.00"},
    ),
    "parts": tariff(
        hourly("0", part={"from": "PT0S", "to": "PT1H"}),
        hourly("2.00", part={"from": "PT1H", "to": None}, cap="31.00"),
    ),
    "nothing": tariff(),
}


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(TZ)).timestamp())


class Picture:
    """A chart, read back."""

    def __init__(self, which: Tariff, entry: str = ENTRY, hours: int = 72) -> None:
        self.entry_s = at(entry)
        self.text = chart(Tariffs(site=4711, tz=TZ, tariffs=(which,)), which, self.entry_s, hours)
        self.root: Any = etree.fromstring(self.text.encode())

    def of(self, kind: str) -> list[Any]:
        """The shapes of a kind."""
        return [each for each in self.root.iter() if each.get("class") == kind]

    def said(self, kind: str) -> list[str]:
        """The texts of a kind."""
        return [each.text or "" for each in self.of(kind)]

    def texts(self) -> list[Any]:
        """All lines of text."""
        return [each for each in self.root.iter("{*}text") if each.text]

    def scale(self, kind: str, way: str) -> tuple[float, float]:
        """Where zero is, and how much a pixel is: minutes (x) or cents (y), by the first and last tick."""
        ticks = [(float(each.get(way)), float((each.text or "").removesuffix(" h"))) for each in self.of(kind)]
        (first, low), (last, high) = ticks[0], ticks[-1]
        return first, (high - low) * (60 if way == "x" else 100) / (last - first)

    def fee(self) -> list[tuple[float, float]]:
        """The corners of the line, as minutes and cents."""
        (left, minutes), (bottom, cents) = self.scale("tick-x", "x"), self.scale("tick-y", "y")
        points = [point.split(",") for point in self.of("fee")[0].get("points").split()]
        return [((float(x) - left) * minutes, (float(y) + 4 - bottom) * cents) for x, y in points]


@pytest.mark.parametrize("name", TARIFFS)
def test_line_is_the_price_of_each_length(name: str) -> None:
    which, picture = TARIFFS[name], Picture(TARIFFS[name])
    corners = picture.fee()
    assert corners[:1] == [(0, 0)]
    assert round(corners[-1][0]) == 72 * 60
    highest = max(cents for _, cents in corners)
    within = max(1.0, highest * 0.01 / 260 + 0.6)  # what two decimals of a pixel are in cents
    for minute in range(1, 72 * 60 + 1, 37):
        drawn = [cents for x, cents in corners if x < minute - 0.5][-1]
        expected = price(which, TZ, picture.entry_s, picture.entry_s + minute * 60).amount_cents
        assert drawn == pytest.approx(expected, abs=within), minute


@pytest.mark.parametrize("name", TARIFFS)
def test_cell_is_the_price_of_its_hour(name: str) -> None:
    which, picture = TARIFFS[name], Picture(TARIFFS[name])
    worth = []
    for day in range(14, 21):
        for hour in range(24):
            begins_s = at(f"2026-09-{day}T{hour:02}:00")
            cents = price(which, TZ, begins_s, begins_s + 3600).amount_cents
            worth.append(f"{cents / 100:.2f}" if cents else "free")
    assert picture.said("worth") == worth


def test_marks_stand_where_a_cap_takes_off() -> None:
    picture = Picture(TARIFFS["capped"])
    explained = price(TARIFFS["capped"], TZ, picture.entry_s, picture.entry_s + 72 * 3600).lines
    left, minutes = picture.scale("tick-x", "x")
    tips = [float(each.get("points").split(",")[0]) for each in picture.of("cap")]
    drawn = [round((x - left) * minutes) for x in tips]
    assert drawn == [(each.at_s - picture.entry_s) // 60 for each in explained if each.what.startswith("cap")]


def test_free_time_and_windows_are_drawn_where_they_are() -> None:
    picture = Picture(TARIFFS["night"], "2026-09-14T12:00", 24)
    left, minutes = picture.scale("tick-x", "x")

    def spans(kind: str) -> list[tuple[int, int]]:
        found = [(float(each.get("x")), float(each.get("width"))) for each in picture.of(kind)]
        return [(round((x - left) * minutes), round((x + width - left) * minutes)) for x, width in found]

    assert spans("free") == [(0, 6 * 60), (18 * 60, 24 * 60)]
    assert spans("lane")[:1] == [(6 * 60, 18 * 60)]


def test_longest_stay_is_marked_where_it_is_in_sight() -> None:
    assert len(Picture(TARIFFS["hourly"]).of("longest-stay")) == 1
    assert Picture(TARIFFS["hourly"], hours=47).of("longest-stay") == []


def test_hour_over_which_the_clock_jumps_has_no_price() -> None:
    picture = Picture(TARIFFS["night"], "2026-03-28T12:00")
    assert [place for place, said in enumerate(picture.said("worth")) if not said] == [6 * 24 + 2]


def test_names_cannot_break_out_of_the_picture() -> None:
    name = "<script>&\"'\x00\x1b"
    window = {"days": ["mon", name], "start": "08:00", "end": "18:00"}
    days = {"2026-09-16": window["days"][1]}
    picture = Picture(tariff(hourly("1.00", window=window), special_days=days))
    assert "<script" not in picture.text
    assert "\x00" not in picture.text
    assert any("<script>&\"'??" in said for said in picture.said("rule"))


def test_same_tariff_and_entry_are_the_same_bytes() -> None:
    assert Picture(TARIFFS["capped"]).text == Picture(TARIFFS["capped"]).text


def test_picture_says_in_words_what_it_shows() -> None:
    picture = Picture(TARIFFS["night"])
    title, description = (picture.root.find(f"{{*}}{name}") for name in ("title", "desc"))
    assert (picture.root.get("role"), picture.root.get("aria-labelledby")) == ("img", "title description")
    assert (title.text, title.get("id")) == ("Tariff 1 of site 4711: what a stay costs", "title")
    assert "from Mon 14-09-2026 18:00 on cost, in EUR: 1 h 11.00, 2 h 11.00" in description.text
    assert "11.00 for each window, every day 18:00\u201306:00 next day" in description.text


def test_more_lines_than_there_are_colours_are_counted() -> None:
    lines = [
        hourly("1.00", window={"days": ["mon"], "start": f"{hour:02}:00", "end": f"{hour:02}:30"}) for hour in range(12)
    ]
    assert Picture(tariff(*lines)).said("rule")[-1] == "and 4 more"


@pytest.mark.parametrize("name", TARIFFS)
@pytest.mark.parametrize("hours", [1, 13, 72])
def test_no_text_lies_on_another_or_leaves_the_paper(name: str, hours: int) -> None:
    picture = Picture(TARIFFS[name], hours=hours)
    width, height = (float(picture.root.get(way)) for way in ("width", "height"))
    boxes = []
    for each in picture.texts():
        size, said = float(each.get("font-size")), each.text or ""
        long, x, y = 0.62 * size * len(said), float(each.get("x")), float(each.get("y"))
        begins = x - {"start": 0, "middle": long / 2, "end": long}[each.get("text-anchor")]
        boxes.append((begins, begins + long, y - 0.75 * size, y + 0.2 * size, said))
    assert all(box[0] >= 0 and box[1] <= width and box[2] >= 0 and box[3] <= height for box in boxes)
    for place, (left, right, top, bottom, said) in enumerate(boxes):
        for other in boxes[place + 1 :]:
            apart = right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top
            assert apart, (said, other[4])


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (hourly("1.50"), "1.50 for each hour begun, always"),
        (
            hourly("0.50", each="PT90S", part={"from": "PT1H", "to": "PT90M"}, cap="3.00"),
            "0.50 for each 1 min 30 s begun, always, from 1 h to 1 h 30 min of the stay, at most 3.00 a stay",
        ),
        (
            night(free=free(120, "when-gone"), window={"days": ["mon", "wed"], "start": "08:00", "end": "09:00"}),
            "11.00 for each window, mon, wed 08:00\u201309:00, first 2 h of each window free, gone when over",
        ),
        ({"kind": "flat", "amount": "2.50"}, "2.50 once, always"),
    ],
)
def test_lines_in_words(line: dict[str, Any], words: str) -> None:
    assert line_words(tariff(line).lines[0]) == words


def test_chart_of_a_file(tmp_path: Path) -> None:
    file = Path(__file__).parents[2] / "docs" / "tariffs" / "hourly.json"
    out = tmp_path / "chart.svg"
    options = ("--number", "2", "--in", ENTRY, "--hours", "24", "--out", str(out))
    result = CliRunner().invoke(app, ["tariff", "chart", str(file), *options], catch_exceptions=False)
    assert (result.exit_code, result.stdout) == (0, f"{out}: tariff 2 of site 4711, entry {ENTRY}, 24 h\n")
    drawn: Any = etree.fromstring(out.read_bytes())
    assert drawn.find("{*}title").text == "Tariff 2 of site 4711: what a stay costs"
    refused = CliRunner().invoke(app, ["tariff", "chart", str(file), "--number", "9", "--in", ENTRY])
    assert (refused.exit_code, "has no tariff 9" in refused.stderr) == (2, True)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-09-13T21:59:59+00:00", "2026-09-14T18:00"),
        ("2026-09-13T22:00:00+00:00", "2026-09-21T18:00"),
        ("2026-09-16T12:00:00+00:00", "2026-09-21T18:00"),
    ],
)
def testnext_monday_is_never_today(now: str, monday: str) -> None:
    assert next_monday(datetime.fromisoformat(now), TZ) == monday
