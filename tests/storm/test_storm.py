"""The short form, on both databases; and the checker seen to find what somebody did to the result."""

from pathlib import Path

import pytest

from simulation.postgresql import Postgresql
from tests.conftest import OUTCOME
from tests.storm.hands import Hands
from tests.storm.storm import Outcome, Wanted, storm

ENTRIES = 300
SEEDS = {"sqlite": 4711, "postgresql": 4712}

pytestmark = pytest.mark.timeout(3600)


@pytest.mark.parametrize("where", sorted(SEEDS))
def test_nothing_is_lost_or_doubled_or_invented_in_a_storm(
    where: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Postgresql | None = None if where == "sqlite" else request.getfixturevalue("postgresql")
    with storm(Wanted(seed=SEEDS[where], entries=ENTRIES, terminals=2, collectors=2), server) as outcome:
        request.node.user_properties.append((OUTCOME, str(outcome)))
        assert outcome.verdict.good, str(outcome)
        assert outcome.verdict.counts["entries"] >= ENTRIES
        if server is None:
            _find_what_was_tampered_with(outcome, tmp_path)


def _find_what_was_tampered_with(outcome: Outcome, folder: Path) -> None:
    hands = Hands(outcome)
    for tamper, word in (
        (hands.delete_an_intent, "lost"),
        (hands.delete_an_outcome, "lost"),
        (hands.delete_the_end_of_a_passage, "lost"),
        (hands.double_an_intent, "doubled"),
        (hands.double_a_passage, "doubled"),
        (hands.move_an_intent_to_another_lane, "lost"),
        (hands.add_a_tap_of_nobody, "invented"),
        (hands.add_a_passage_of_nothing, "invented"),
        (hands.alter_a_time, "wrong"),
    ):
        with hands.on_a_copy(tamper, folder / f"{tamper.__name__}.db") as database:
            verdict = outcome.judged(outcome.look(database))
        assert getattr(verdict, word), f"{tamper.__name__}: {verdict}"
