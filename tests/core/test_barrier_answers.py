"""What the lane answers a card and a person, and what its light and its standing alarms say."""

from collections.abc import Mapping

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_answers import STANDING, green, readiness, refusal, standing
from terminal.core.barrier_signals import (
    Admitted,
    BoardLost,
    Closed,
    ContactsRead,
    DriveForward,
    Emergency,
    Event,
    Expired,
    Off,
    On,
    Ordered,
    Ready,
    Standing,
    Stopped,
    Unserved,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    CONTROLLER_FAULT,
    FIRE,
    LOOP_ARM,
    LOOP_SAFETY,
    OPEN_LIMIT,
    SWING_OFF,
    TAMPER,
    GuardOrder,
    Logic,
    Settings,
    Side,
    State,
    Timer,
)
from tests.core.barrier_stories import (
    ADMITTED,
    ALL_CONTACTS,
    ALL_OUTPUTS,
    BOOM_RISES,
    DRIVES_AWAY,
    OPENED_ELSEWHERE,
    UNDER,
    UP,
    WAITING,
    lane,
    tell,
    under,
    waiting,
)

PAUSED = tell(WAITING, Ordered(GuardOrder.PAUSE))[0]
LOCKED = tell(WAITING, Ordered(GuardOrder.LOCK))[0]
HELD = tell(lane(CLOSED_LIMIT, outputs=ALL_OUTPUTS), Ordered(GuardOrder.HOLD))[0]
BURNS, ARM_OFF = tell(WAITING, On(FIRE))[0], tell(WAITING, On(SWING_OFF))[0]
LOST, STOPPED = tell(WAITING, BoardLost())[0], tell(WAITING, Stopped())[0]


@pytest.mark.parametrize(
    ("state", "answer"),
    [
        (WAITING, Ready()),
        (lane(CLOSED_LIMIT), DriveForward()),
        (lane(CLOSED_LIMIT, without={LOOP_ARM}), Ready()),
        (tell(WAITING, Expired(Timer.ARM_STUCK))[0], Ready()),
        (ADMITTED, Ready(rides=True)),
        (UP, Ready(rides=True)),
        (UNDER, DriveForward()),
        (step(UNDER, On(LOOP_ARM))[0], Ready()),
        (tell(UNDER, *DRIVES_AWAY, On(LOOP_ARM))[0], Ready()),
        (HELD, Ready()),
        (PAUSED, Closed("paused")),
        (LOCKED, Closed("locked")),
        (lane(), Closed("unknown")),
        (ARM_OFF, Closed("arm-off")),
        (BURNS, Emergency()),
        (LOST, Closed("board-lost")),
        (STOPPED, Closed("boot")),
    ],
)
def test_card_at_an_entry_is_told_what_the_lane_can_do(state: State, answer: object) -> None:
    assert readiness(state, Side.ENTRY) == answer


@pytest.mark.parametrize(
    ("events", "answer"),
    [
        ((), Ready()),
        ((On(SWING_OFF),), Unserved("arm-off")),
        ((On(OPEN_LIMIT),), Unserved("fault-close")),
        ((Ordered(GuardOrder.LOCK),), Closed("locked")),
        ((Ordered(GuardOrder.PAUSE),), Closed("paused")),
        ((On(FIRE),), Emergency()),
    ],
)
def test_card_at_an_exit_is_helped_where_the_boom_cannot_be_relied_upon(
    events: tuple[Event, ...], answer: object
) -> None:
    assert readiness(tell(waiting(direction="exit"), *events)[0], Side.EXIT) == answer


@pytest.mark.parametrize("answer", [Ready(), Unserved("arm-off")])
def test_who_was_told_that_he_is_served_is_owed(answer: object) -> None:
    state = waiting(direction="exit") if answer == Ready() else tell(waiting(direction="exit"), On(SWING_OFF))[0]
    assert readiness(state, Side.EXIT) == answer
    assert step(state, Admitted(5, Side.EXIT))[0].vehicles() == frozenset({5})


NOT_SET: dict[GuardOrder, str | None] = {GuardOrder.RELEASE: "not-held", GuardOrder.UNLOCK: "not-locked"}
REFUSED: list[tuple[State, dict[GuardOrder, str | None]]] = [
    (WAITING, {GuardOrder.HOLD: "cannot-hold"}),
    (UNDER, {GuardOrder.HOLD: "cannot-hold"}),
    (waiting(Logic.HOLD), {}),
    (waiting(outputs=ALL_OUTPUTS), {}),
    (HELD, {GuardOrder.OPEN: "held-open", GuardOrder.HOLD: "held-already", GuardOrder.RELEASE: None}),
    (
        LOCKED,
        {
            GuardOrder.OPEN: "locked",
            GuardOrder.HOLD: "locked",
            GuardOrder.LOCK: "locked-already",
            GuardOrder.UNLOCK: None,
        },
    ),
    (
        PAUSED,
        {GuardOrder.HOLD: "cannot-hold", GuardOrder.PAUSE: "paused-already", GuardOrder.RESUME: None},
    ),
    (lane(outputs=ALL_OUTPUTS), {GuardOrder.OPEN: "unknown"}),
]
STOPPED_BY: list[tuple[State, str | None]] = [
    (BURNS, "fire-still-on"),
    (tell(BURNS, Off(FIRE))[0], None),
    (ARM_OFF, "arm-still-off"),
    (tell(ARM_OFF, Off(SWING_OFF))[0], None),
    (LOST, "nothing-to-confirm"),
    (STOPPED, "nothing-to-confirm"),
]
for stopped, why in STOPPED_BY:
    phase = stopped.phase.value
    answers = {GuardOrder.OPEN: phase, GuardOrder.HOLD: phase, GuardOrder.LOCK: phase, GuardOrder.CONFIRM: why}
    REFUSED.append((stopped, answers))


@pytest.mark.parametrize(("state", "refused"), REFUSED)
def test_person_is_told_why_the_lane_would_not_obey(state: State, refused: Mapping[GuardOrder, str | None]) -> None:
    else_refused = {GuardOrder.RESUME: "not-paused", GuardOrder.CONFIRM: "nothing-to-confirm", **NOT_SET}
    expected = {order: refused.get(order, else_refused.get(order)) for order in GuardOrder}
    assert {order: refusal(state, order, Side.ENTRY) for order in GuardOrder} == expected


@pytest.mark.parametrize(
    ("state", "shows"),
    [
        (WAITING, False),
        (ADMITTED, False),
        (UP, True),
        (UNDER, False),
        (tell(UP, Off(OPEN_LIMIT))[0], False),
        (tell(UP, Off(OPEN_LIMIT), On(OPEN_LIMIT))[0], True),
        (OPENED_ELSEWHERE, False),
        (HELD, True),
        (LOCKED, False),
        (ARM_OFF, False),
        (BURNS, False),
        (tell(waiting(direction="exit"), On(FIRE))[0], True),
        (tell(waiting(direction="both"), On(FIRE))[0], True),
        *(
            (tell(under(logic), On(LOOP_ARM), Admitted(2))[0], logic in {Logic.IMPULSE_COUNT, Logic.HOLD})
            for logic in Logic
        ),
    ],
)
def test_light_is_green_for_whom_the_boom_waits(state: State, shows: bool) -> None:
    assert green(state) is shows


@pytest.mark.parametrize("logic", [Logic.IMPULSE_COUNT, Logic.HOLD])
def test_light_is_green_behind_a_stranger_when_the_boom_waits(logic: Logic) -> None:
    opened = tell(waiting(logic), Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED), On(OPEN_LIMIT))[0]
    stranger = tell(opened, On(LOOP_SAFETY), Off(LOOP_ARM), On(LOOP_ARM))[0]
    assert not green(stranger)
    assert green(step(stranger, Admitted(1))[0])


CAUSES: list[tuple[str, Event, tuple[Event, ...]]] = [
    ("board", BoardLost(), (ContactsRead(frozenset({CLOSED_LIMIT, LOOP_ARM})),)),
    ("fire", On(FIRE), (Off(FIRE), Ordered(GuardOrder.CONFIRM))),
    ("arm-swung-off", On(SWING_OFF), (Off(SWING_OFF), Ordered(GuardOrder.CONFIRM))),
    ("controller-fault", On(CONTROLLER_FAULT), (Off(CONTROLLER_FAULT),)),
    ("tamper", On(TAMPER), (Off(TAMPER),)),
    ("stuck-loop-arm", Expired(Timer.ARM_STUCK), (Off(LOOP_ARM),)),
    ("stuck-loop-safety", Expired(Timer.SAFETY_STUCK), (Off(LOOP_SAFETY),)),
    ("stuck-loop-behind", Expired(Timer.BEHIND_STUCK), (Off("loop_behind"),)),
]


@pytest.mark.parametrize(("name", "cause", "end"), CAUSES, ids=[name for name, _, _ in CAUSES])
def test_alarm_stands_as_long_as_its_cause(name: str, cause: Event, end: tuple[Event, ...]) -> None:
    quiet = tell(waiting(), On(LOOP_SAFETY), On("loop_behind"))[0]
    stands, orders = step(quiet, cause)
    assert ({*standing(stands)}, Standing(name, holds=True) in orders) == ({name}, True)
    over, orders = quiet, ()
    for event in (cause, *end):
        over, orders = step(over, event)
    assert ({*standing(over)}, Standing(name, holds=False) in orders) == (set(), True)


def test_every_standing_alarm_and_the_light_are_told_anew_when_the_board_was_taken() -> None:
    orders = step(State(settings=Settings(fitted=ALL_CONTACTS)), ContactsRead(frozenset({TAMPER})))[1]
    told = {order.name: order.holds for order in orders if isinstance(order, Standing)}
    assert told == {name: name == "tamper" for name in STANDING}


def test_every_standing_alarm_has_its_story() -> None:
    assert sorted(STANDING) == sorted(name for name, _, _ in CAUSES)


def test_green_before_an_open_boom_only_since_it_is_open() -> None:
    assert [green(state) for state in (ADMITTED, tell(ADMITTED, *BOOM_RISES)[0])] == [False, True]
