"""What holds for every sequence of events, whatever contacts and relays are fitted (`barrier_watch` names it).

`BARRIER_DRAWS` in the environment is how many numbers are drawn for each test. Most become a step of the lane; how many
did is told at the end. `make barrier-long` draws so many that each test takes well over 100,000 steps.
"""

import os
import sys
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, given, note, settings

from terminal.core.barrier import step
from terminal.core.barrier_answers import green, readiness, refusal
from terminal.core.barrier_books import LOOP_TIMERS
from terminal.core.barrier_rows import WITHOUT_BOARD
from terminal.core.barrier_signals import (
    Admitted,
    ContactsRead,
    Event,
    Expired,
    Off,
    On,
    Order,
    Ordered,
    Ready,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    KEPT,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOPS,
    OPEN_LIMIT,
    GuardOrder,
    Phase,
    Settings,
    Side,
    State,
    Timer,
)
from tests.core.barrier_chance import LANES, LENGTH, NUMBERS, Chaos, turns
from tests.core.barrier_road import Road
from tests.core.barrier_watch import Watch, accepts

DRAWS = int(os.environ.get("BARRIER_DRAWS", "8000"))
STEPS = Counter[str]()
often = settings(max_examples=DRAWS // LENGTH, deadline=None, suppress_health_check=list(HealthCheck))
WORLDS = pytest.mark.parametrize("world", [Chaos, Road])


@pytest.fixture(scope="module", autouse=True)
def told_at_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "BARRIER_DRAWS" in os.environ:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stdout.write(f"\nsteps taken: {dict(STEPS)}\n")


@WORLDS
@often
@given(lane=LANES, numbers=NUMBERS)
def test_the_invariants_hold_at_every_step(world: type[Chaos | Road], lane: Settings, numbers: list[int]) -> None:
    watch = Watch(lane)
    for turn in turns(State(settings=lane), world(lane), numbers):
        note(turn.event)
        STEPS[f"invariants, {world.__name__}"] += 1
        watch.sees(turn)
        assert accepts(turn)


@WORLDS
@often
@given(lane=LANES, numbers=NUMBERS)
def test_every_state_has_a_way_back_to_service(world: type[Chaos | Road], lane: Settings, numbers: list[int]) -> None:
    states = [turn.after for turn in turns(State(settings=lane), world(lane), numbers)]
    STEPS[f"way back, {world.__name__}"] += len(states)
    state = states[-1]
    for _ in range(8):
        for event in homewards(state):
            state = step(state, event)[0]
        if state.phase is Phase.CLOSED:
            break
    for contact in (LOOP_ARM, LOOP_BEHIND):
        state = step(state, On(contact))[0]
    assert (state.phase, state.owed, state.levels, green(state)) == (Phase.CLOSED, (), frozenset(), False)
    assert not state.marks & {*KEPT}
    assert all(readiness(state, side) == Ready() for side in Side if lane.serves(side))


def homewards(state: State) -> Iterator[Event]:
    """What people, drivers and the boom would do next, if nothing went wrong any more."""
    if state.phase in WITHOUT_BOARD:
        yield ContactsRead(frozenset({CLOSED_LIMIT}))
    yield from (Off(contact) for contact in sorted(state.active - {CLOSED_LIMIT, OPEN_LIMIT}))
    yield from (Expired(timer) for timer in sorted(LOOP_TIMERS))
    yield from (
        Ordered(order)
        for order in (GuardOrder.CONFIRM, GuardOrder.UNLOCK, GuardOrder.RELEASE, GuardOrder.RESUME)
        if refusal(state, order, Side.ENTRY) is None
    )
    if state.phase is Phase.OPENING:
        yield from (Expired(Timer.RETRY), Off(CLOSED_LIMIT), On(OPEN_LIMIT), Expired(Timer.OPENING))
    else:
        yield from (Expired(Timer.PASSAGE), Off(OPEN_LIMIT), On(CLOSED_LIMIT))
    yield from (Expired(Timer.SETTLE), Expired(Timer.STEADY))


SWAPPED = {
    LOOP_ARM: LOOP_BEHIND,
    Timer.ARM_GAP: Timer.BEHIND_GAP,
    Timer.ARM_STUCK: Timer.BEHIND_STUCK,
    "stuck-loop-arm": "stuck-loop-behind",
    Side.ENTRY: Side.EXIT,
}
SWAPPED |= {there: here for here, there in SWAPPED.items()}


Told = TypeVar("Told", Event, Order)


def mirrored(told: Told) -> Told:
    """The same, as the other side sees it."""
    named = {field.name: getattr(told, field.name) for field in fields(told)}
    return replace(told, **{name: SWAPPED.get(value, value) for name, value in named.items()})


def drained(numbers: deque[int]) -> Iterator[int]:
    """Each number once, over all who ask."""
    while numbers:
        yield numbers.popleft()


@often
@given(lane=LANES, numbers=NUMBERS)
def test_leaving_by_a_lane_for_both_directions_mirrors_entering_by_it(lane: Settings, numbers: list[int]) -> None:
    lane = replace(lane, direction="both", fitted=lane.fitted | {LOOP_ARM, LOOP_BEHIND})
    resting = replace(State(settings=lane), phase=Phase.CLOSED, active=lane.fitted & {CLOSED_LIMIT})
    resting = replace(resting, rested=frozenset(LOOPS))
    left = deque(numbers)
    while left:
        entering = step(step(resting, On(LOOP_ARM))[0], Admitted(0))[0]
        leaving = step(step(resting, On(LOOP_BEHIND))[0], Admitted(0, Side.EXIT))[0]
        for turn in turns(entering, Chaos(lane), drained(left)):
            STEPS["mirrored"] += 1
            leaving, orders = step(leaving, mirrored(turn.event))
            if turn.after.owner is not Side.ENTRY:
                break
            assert (leaving.phase, leaving.owed, leaving.marks) == (turn.after.phase, turn.after.owed, turn.after.marks)
            assert leaving.owner is Side.EXIT
            assert Counter(mirrored(order) for order in orders) == Counter(turn.orders)
