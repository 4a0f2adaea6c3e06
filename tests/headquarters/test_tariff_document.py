import json
from typing import Any

import pytest

from terminal.core.tariff.document import MAX_DURATION_S, duration_s
from terminal.trust.documents import TARIFFS, DocumentRefused

# The example of the design, section Tariffs.
EXAMPLE = """
{"site": 4711, "currency": "EUR", "tz": "Europe/Amsterdam", "tariffs": [{"number": 1,
  "from": "2026-09-01T00:00:00+02:00", "vat": "21", "otherwise": "free", "per": "vehicle",
  "free": {"minutes": 10, "mode": "left-out"},
  "lines": [{"kind": "incrementing", "amount": "1.50", "each": "PT1H",
    "window": {"days": ["mon", "tue"], "start": "18:00", "end": "06:00", "end_day": 1},
    "part": {"from": "PT0S", "to": null}, "free": {"minutes": 120, "mode": "when-gone"}, "cap": "9.00"}],
  "caps": {"day": {"amount": "12.00", "reset": "00:00"}, "h24": "20.00"},
  "max_stay": "PT72H", "exit_grace": "PT10M", "reentry_gap": "PT30M",
  "special_days": {"2026-12-25": "holiday"}}]}
"""


def _mistakes(*changes: tuple[str, Any]) -> tuple[str, ...]:
    """What is said of the example with values put in: a path of keys and indices, and a value."""
    document = json.loads(EXAMPLE)
    for path, value in changes:
        place: Any = document
        *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
        for step in steps:
            place = place[step]
        if value is ...:
            del place[last]
        else:
            place[last] = value
    try:
        TARIFFS.parse(json.dumps(document).encode())
    except DocumentRefused as refused:
        return refused.mistakes
    return ()


def test_example_of_the_design_is_read_and_written_back_the_same() -> None:
    document = TARIFFS.parse(EXAMPLE.encode())
    assert json.loads(TARIFFS.dump(document)) == json.loads(EXAMPLE)
    assert document.tariffs[0].from_.isoformat() == "2026-09-01T00:00:00+02:00"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("PT0S", 0), ("PT1H", 3600), ("PT72H", 259_200), ("P1DT1M1S", 86_461), ("PT90M", 5400), ("P366D", MAX_DURATION_S)],
)
def test_durations(text: str, seconds: int) -> None:
    assert duration_s(text) == seconds


@pytest.mark.parametrize("text", ["", "P", "PT", "P1DT", "1H", "PT1.5H", "PT-1H", "P1M", "P1Y", "P366DT1S", "PT٣H"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration_s(text)


LINE = "tariffs.0.lines.0"


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (f"{LINE}.amount", "-1.50", "tariffs[0].lines[0].amount"),
        (f"{LINE}.amount", "1,50", "tariffs[0].lines[0].amount"),
        (f"{LINE}.amount", 1.5, "tariffs[0].lines[0].amount"),
        (f"{LINE}.each", "1 hour", "tariffs[0].lines[0].each"),
        (f"{LINE}.kind", "monthly", "tariffs[0].lines[0].kind"),
        ("tariffs.0.vat", "101", "tariffs[0].vat"),
        ("tariffs.0.number", 0, "tariffs[0].number"),
        ("tariffs.0.number", 65536, "tariffs[0].number"),
        ("tariffs.0.from", "2026-09-01T00:00:00", "tariffs[0].from"),
        ("tariffs.0.from_", "2026-09-01T00:00:00Z", "tariffs[0].from_"),
        ("tariffs.0.special_days", {"25-12-2026": "x"}, "tariffs[0].special_days"),
        ("currency", "USD", "currency"),
        ("tz", "Europe/Atlantis", "tz"),
        (f"{LINE}.each", ..., "tariff 1, line 1: an incrementing line needs each, longer than zero"),
        (f"{LINE}.each", "PT0S", "tariff 1, line 1: an incrementing line needs each, longer than zero"),
        (f"{LINE}.kind", "flat", "tariff 1, line 1: each is for incrementing lines; this one is flat"),
        (f"{LINE}.window.days", ["mon", "xmas"], "tariff 1, line 1: unknown days: xmas; allowed: fri, holiday, mon"),
        (f"{LINE}.window.end_day", 0, "tariff 1, line 1: the window ends at 06:00, not after its start 18:00"),
        (f"{LINE}.window.end", "18:01", "tariff 1, line 1: the window is longer than 24 hours"),
        (f"{LINE}.part", {"from": "PT1H", "to": "PT60M"}, "tariff 1, line 1: the part ends at PT60M, not after"),
        ("tariffs.0.max_stay", "PT0S", "tariff 1: max_stay is zero; leave it out where there is none"),
    ],
)
def test_mistake_is_named_by_its_place(path: str, value: object, said: str) -> None:
    (mistake,) = _mistakes((path, value))
    assert mistake.startswith(said)


def test_edges_that_are_allowed() -> None:
    assert _mistakes(("tariffs.0.number", 65535), ("tariffs.0.vat", "100"), (f"{LINE}.window.end", "18:00")) == ()
    assert _mistakes((f"{LINE}.window.days", ["holiday"]), (f"{LINE}.amount", "0.089")) == ()
    assert _mistakes((f"{LINE}.part", {"from": "PT1H", "to": "PT61M"}), ("tariffs.0.lines", [])) == ()


def test_flat_window_without_a_window_and_hours_nobody_thought_of() -> None:
    flat = {"kind": "flat-window", "amount": "11"}
    assert _mistakes(("tariffs.0.lines", [flat])) == ("tariff 1, line 1: a flat-window line needs a window",)
    (mistake,) = _mistakes(("tariffs.0.lines", []), ("tariffs.0.otherwise", ...))
    assert mistake.startswith("tariff 1: has no lines")


def test_all_mistakes_are_named_at_once() -> None:
    twin = json.loads(EXAMPLE)["tariffs"][0]
    twin["lines"][0]["each"] = None
    assert _mistakes(("tariffs", [twin, twin])) == (
        "tariffs: number 1 is used twice",
        "tariffs: two begin at 2026-09-01T00:00:00+02:00; only one can be in force",
        *["tariff 1, line 1: an incrementing line needs each, longer than zero"] * 2,
    )


def test_wrong_values_hide_no_other_mistake() -> None:
    found = _mistakes(
        ("tz", "Europe/Atlantis"),
        (f"{LINE}.amount", "-1.50"),
        (f"{LINE}.each", "1 hour"),
        (f"{LINE}.free", {"minutes": -1, "mode": "never"}),
        (f"{LINE}.window.days", ["mon", "xmas"]),
        ("tariffs.0.colour", "red"),
        ("tariffs.0.otherwise", "fre"),
        ("tariffs.0.caps.h24", "0"),
    )
    assert [mistake.split(": ")[0] for mistake in found] == [
        "tz",
        "tariffs[0].otherwise",
        "tariffs[0].lines[0].amount",
        "tariffs[0].lines[0].each",
        "tariffs[0].lines[0].free.minutes",
        "tariffs[0].lines[0].free.mode",
        "tariffs[0].colour",
        "tariff 1, line 1",
        "tariff 1, caps, h24",
    ]
    assert found[-2].startswith("tariff 1, line 1: unknown days: xmas")


@pytest.mark.parametrize(
    ("key", "value"), [("from", "soon"), ("number", 0), ("lines", [{"kind": "monthly"}]), ("lines", 3)]
)
def test_tariff_that_cannot_be_mended_hides_no_mistake_of_another(key: str, value: object) -> None:
    twin = json.loads(EXAMPLE)["tariffs"][0] | {"max_stay": "PT0S"}
    found = _mistakes(("tariffs", [twin | {key: value}, twin]))
    assert found[0].startswith(f"tariffs[0].{key}")
    assert found[-1] == "tariff 1: max_stay is zero; leave it out where there is none"
    assert len([mistake for mistake in found if "max_stay" in mistake]) == 1


@pytest.mark.parametrize("tariffs", [3, {"a": 1}, [3], [[]], None, [{"free": 3}], "x"])
def test_what_is_no_tariff_at_all_is_refused(tariffs: object) -> None:
    assert _mistakes(("tariffs", tariffs))[0].startswith("tariffs")
