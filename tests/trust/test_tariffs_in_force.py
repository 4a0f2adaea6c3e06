"""Tariffs at the gate: what is signed but wrong does not come into force, and the last that was right stays."""

import json
from typing import Any

from terminal.trust.keeper import RulesKeeper
from tests.trust.repository import SITE, Gate, Repository, site_files, told

HOURLY = {"kind": "incrementing", "amount": "1.50", "each": "PT1H"}
EVENING = HOURLY | {"window": {"days": ["mon"], "start": "18:00", "end": "19:00"}}


def files_with(name: str, *lines: dict[str, Any]) -> dict[str, bytes]:
    """The site's files with one tariff of these lines, as a headquarters would sign them that checks nothing."""
    tariff = {"number": 1, "from": "2026-01-01T00:00:00Z", "vat": "21", "lines": lines}
    document = {"site": SITE, "tz": "Europe/Amsterdam", "tariffs": [tariff]}
    return site_files(name) | {f"sites/{SITE}/tariffs.json": json.dumps(document).encode()}


def priced_by(keeper: RulesKeeper) -> tuple[str, list[str]]:
    """The name of the site and the amounts of its tariff."""
    rules = keeper.current()
    assert rules is not None
    assert rules.tariffs is not None
    (tariff,) = rules.tariffs.tariffs
    return rules.policy.name, [line.amount for line in tariff.lines]


def test_tariff_whose_week_does_not_add_up_leaves_the_last_good_one_in_force(
    gate: Gate, repository: Repository
) -> None:
    repository.publish(site=files_with("Terminal", HOURLY))
    keeper = gate.refreshed(repository)
    repository.publish(site=files_with("Renamed", HOURLY | {"amount": "2.00"}, EVENING))
    repository.write(gate.mirror)
    outcome = keeper.refresh()
    assert told(outcome) == [(f"site-{SITE}", "document")]
    assert "tariff 1: lines 1 and 2 both apply on mon from 18:00 to 19:00" in str(outcome.refused[0].error)
    assert priced_by(keeper) == ("Terminal", ["1.50"])

    again = gate.started()
    assert again.load().refused == ()
    assert priced_by(again) == ("Terminal", ["1.50"])

    repository.publish(site=files_with("Renamed", HOURLY | {"amount": "2.00"}))
    repository.write(gate.mirror)
    assert again.refresh().refused == ()
    assert priced_by(again) == ("Renamed", ["2.00"])
