"""A truck park on the whole system: people park, the clock is moved, their employers are charged."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from demonstration.cast import CAST
from demonstration.configuration import BRISK
from demonstration.events import told
from demonstration.park import MOST_AHEAD_MS, MovedClock, spoken_ms
from demonstration.processes import Event
from demonstration.stage import Stage
from simulation.pcscd import PcscDaemon
from terminal.errors import ConfigurationError
from terminal.gate.surroundings import wall_ms

MINUTE_MS = 60_000


@pytest.mark.parametrize(("text", "minutes"), [("90m", 90), ("15h", 900), ("1d6h", 1800), ("2d1h5m", 2945)])
def test_time_as_it_is_said(text: str, minutes: int) -> None:
    assert spoken_ms(text) == minutes * MINUTE_MS


@pytest.mark.parametrize("text", ["", "soon", "15", "-3h", "0h", "15h later"])
def test_time_that_nobody_says_so(text: str) -> None:
    with pytest.raises(ConfigurationError, match="how long"):
        spoken_ms(text)


def test_clock_is_moved_for_everybody_who_looks_at_it(tmp_path: Path) -> None:
    one, other = MovedClock(tmp_path / "clock"), MovedClock(tmp_path / "clock")
    before_ms = wall_ms()
    one.forward(15 * 60 * MINUTE_MS)
    assert before_ms + 15 * 60 * MINUTE_MS <= other.wall_ms() <= wall_ms() + 15 * 60 * MINUTE_MS


def test_clock_goes_forward_only_and_no_further_than_the_lists_hold(tmp_path: Path) -> None:
    clock = MovedClock(tmp_path / "clock")
    with pytest.raises(ConfigurationError, match="forward only"):
        clock.forward(-1)
    with pytest.raises(ConfigurationError, match="at most 6 days ahead"):
        clock.forward(MOST_AHEAD_MS + 1)
    clock.forward(MOST_AHEAD_MS)
    assert clock.ahead_ms == MOST_AHEAD_MS


def test_moment_without_an_offset_is_the_sites_own(tmp_path: Path) -> None:
    clock = MovedClock(tmp_path / "clock")
    then = datetime.now(ZoneInfo("Europe/Amsterdam")) + timedelta(days=1)
    ms = clock.until_ms(then.replace(tzinfo=None).isoformat())
    assert abs(ms - 24 * 60 * MINUTE_MS) < MINUTE_MS
    with pytest.raises(ConfigurationError, match="when"):
        clock.until_ms("tomorrow")


@pytest.fixture(scope="module")
def stage(pcscd: PcscDaemon, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("park") / "stage"
    cast = [each for each in CAST if each.name in {"anna", "chiara"}]
    with Stage(folder, setup=replace(BRISK, direction="both"), cast=cast, park=True) as stage:
        yield stage


@pytest.mark.pcsc
def test_who_parks_for_a_night_is_charged_by_the_tariff_and_everybody_agrees(stage: Stage) -> None:
    heard: list[Event] = []
    answers: list[Event] = []

    def hear(event: Event, person: str | None) -> None:
        if (public := told(event, person)) is not None:
            heard.append(public)
            answers.extend([public] if public["event"] == "decision" else [])

    stage.listen(hear)
    assert stage.tap("anna", "entry")["outcome"] == "admit"
    assert stage.tap("chiara", "entry")["reason"] == "company-blocked"
    stage.clock.forward(spoken_ms("15h"))
    assert stage.tap("anna", "exit")["outcome"] == "admit"
    (charge,) = [event for event in heard if event["event"] == "charge"]
    facts = {name: charge[name] for name in ("card", "lane", "what", "amount_cents", "vat", "tariff", "flags")}
    assert facts == {
        "card": "anna", "lane": 1, "what": "parking", "amount_cents": 1200, "vat": "21", "tariff": 1, "flags": []
    }  # fmt: skip
    assert stage.compare(answers) == []
    assert stage.statements() == []  # nothing goes to headquarters here
