"""How a gate is: in one line for whoever looks at its service, and beside the journal for other processes."""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from firmware_config.gate import Lane as LaneTable
from firmware_config.service import Service as ServiceTable
from terminal.core.barrier_answers import readiness
from terminal.core.barrier_signals import Closed, Emergency, Unserved
from terminal.core.barrier_words import Side, State
from terminal.core.rules import Rules
from terminal.ports import Clock, ReaderState, RulesInForce, ServiceForTap


def summary(places: Sequence[str], rules: Rules | None, now_s: float, room: str | None, trouble: str | None) -> str:
    """What is wrong with each place, the age of the lists, what is wrong with the disk, why nothing can be written."""
    each = "; ".join(places)
    lists = f"lists {int(rules.list_age_s(now_s))} s old" if rules else "no rules in force"
    return f"{each}; {lists}" + (f"; {room}" if room else "") + (f"; storage: {trouble}" if trouble else "")


def lane_words(table: LaneTable, lane: State, rules: Rules | None, readers: Mapping[str, ReaderState]) -> str:
    """What keeps the lane from letting anybody through, or that nothing does."""
    wrong = [f"barrier {why}"] if (why := _barrier(lane)) else []
    return f"lane {table.number} " + _words(
        [*wrong, *_readers_and_rules([each.name for each in table.reader], rules, readers)]
    )


def service_words(
    table: ServiceTable, point: ServiceForTap, rules: Rules | None, readers: Mapping[str, ReaderState]
) -> str:
    """What keeps the service point from selling anything, that something goes on there, or that it waits."""
    wrong = [] if point.has_board else ["no board"]
    wrong += _readers_and_rules([each.name for each in table.reader], rules, readers)
    if not wrong and rules is not None and rules.policy.service(table.number) is None:
        wrong = ["the policy does not name it"]
    words = "on" if point.goes_on is not None and not wrong else _words(wrong)
    return f"service {table.number} {words}"


def _readers_and_rules(names: Sequence[str], rules: Rules | None, readers: Mapping[str, ReaderState]) -> list[str]:
    states = {name: readers.get(name, ReaderState.ABSENT) for name in names}
    absent = [f"reader {name} {state}" for name, state in states.items() if state is not ReaderState.READY]
    return [*([] if rules else ["no rules in force"]), *absent]


def _words(wrong: Sequence[str]) -> str:
    return f"shut ({', '.join(wrong)})" if wrong else "ready"


def _barrier(state: State) -> str | None:
    side = next(side for side in Side if state.settings.serves(side))
    match readiness(state, side):
        case Closed(reason) | Unserved(reason):
            return reason
        case Emergency():
            return state.phase.value
        case _:
            return None


def facts(data: Path, clock: Clock, keeper: RulesInForce) -> dict[str, int | str | None]:
    """What is shown beside the journal (docs/view.md). Asks the disk of `data` how full it is."""
    rules = keeper.current()
    disk = os.statvfs(data)
    return {
        "software": version("xs-terminal"),
        "clock": str(clock.now().quality),
        "list_number": rules.list_number if rules else None,
        "list_issued_at_s": rules.lists_issued_at_s if rules else None,
        "free_bytes": disk.f_bavail * disk.f_frsize,
    }
