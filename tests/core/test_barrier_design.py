"""The rows of the design's table, each by its name: where the lane is then, and all that it ordered.

What a row leaves to the logics of a controller, to people or to a queue is told in the files of that name.
"""

import pytest

from terminal.core.barrier import step
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    ContactsRead,
    Event,
    Expired,
    Incident,
    Level,
    Off,
    On,
    Order,
    Ordered,
    Passage,
    Standing,
)
from terminal.core.barrier_words import (
    CALL,
    CLOSED_LIMIT,
    CONTROLLER_FAULT,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    SWING_OFF,
    TAMPER,
    GuardOrder,
    Mark,
    Phase,
    Result,
    Settings,
    Side,
    State,
    Timer,
)
from tests.core.barrier_stories import (
    ADMITTED,
    ALL_CONTACTS,
    ALL_OUTPUTS,
    BEHIND_GAP_OVER,
    BOOM_FALLS,
    BOOM_RISES,
    CLOSE,
    DRIVES_AWAY,
    GOES_BACK,
    GREEN,
    HOLD_UP,
    LET_DOWN,
    OPENED_ELSEWHERE,
    PULSE,
    RED,
    SAFETY_GAP_OVER,
    STAYS_DOWN,
    UNDER,
    UP,
    WAITING,
    ended,
    lane,
    moved,
    outcome,
    tell,
    up,
)

P = Phase
PASSED, ASSUMED, NO_SHOW, BACKED_OUT, LOST = (
    Passage(result, 1) for result in (Result.PASSED, Result.ASSUMED, Result.NO_SHOW, Result.BACKED_OUT, Result.UNKNOWN)
)
CAN_HOLD = lane(CLOSED_LIMIT, outputs=ALL_OUTPUTS)
HELD = tell(CAN_HOLD, Ordered(GuardOrder.HOLD), *BOOM_RISES)[0]
LOCKED = tell(WAITING, Ordered(GuardOrder.LOCK))[0]
FALLING = tell(UNDER, *DRIVES_AWAY, Off(OPEN_LIMIT))[0]
STUCK_UP = tell(FALLING, Expired(Timer.CLOSING))[0]
DID_NOT_OPEN = tell(ADMITTED, Off(CLOSED_LIMIT), Expired(Timer.OPENING))[0]
FORCED = tell(WAITING, Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED))[0]
ARM_OFF = tell(WAITING, On(SWING_OFF))[0]
BURNS = tell(WAITING, On(FIRE))[0]
BLIND = frozenset({CLOSED_LIMIT, OPEN_LIMIT})
UNSURE = {"unknown": lane(), "fault-open": DID_NOT_OPEN, "fault-close": STUCK_UP, "forced": FORCED, "arm-off": ARM_OFF}


@pytest.mark.parametrize(
    ("contacts", "kept", "phase", "orders"),
    [
        ({FIRE}, (), P.EMERGENCY_OPEN, []),
        ({CLOSED_LIMIT}, (Mark.EMERGENCY, Mark.LOCKED), P.EMERGENCY_OPEN, []),
        ({SWING_OFF}, (Mark.HELD,), P.ARM_OFF, []),
        ({CLOSED_LIMIT}, (Mark.SWUNG_OFF, Mark.LOCKED), P.ARM_OFF, []),
        ({CLOSED_LIMIT}, (Mark.LOCKED, Mark.HELD), P.LOCKED, []),
        ({CLOSED_LIMIT}, (Mark.HELD,), P.HELD_OPEN, [HOLD_UP]),
        ({CLOSED_LIMIT}, (), P.CLOSED, []),
        ({OPEN_LIMIT}, (), P.OPEN, []),
        (set(), (), P.UNKNOWN, []),
    ],
)
def test_boot__contacts_and_kept_orders_read(
    contacts: set[str], kept: tuple[Mark, ...], phase: Phase, orders: list[Order]
) -> None:
    new = State(settings=Settings(fitted=ALL_CONTACTS, outputs=ALL_OUTPUTS), marks=frozenset(kept))
    end, told = step(new, ContactsRead(frozenset(contacts)))
    assert (end.phase, moved(told)) == (phase, orders)


def story(name: str, state: State, events: tuple[Event, ...], phase: Phase, *orders: Order) -> object:
    return pytest.param(state, events, phase, list(orders), id=name)


@pytest.mark.parametrize(
    ("state", "events", "phase", "orders"),
    [
        story("unknown: closed_limit", lane(), (On(CLOSED_LIMIT),), P.CLOSED),
        story("unknown: no limit contacts, clear for long", lane(without=BLIND), (Expired(Timer.SETTLE),), P.CLOSED),
        story("unknown: open_limit", lane(), (On(OPEN_LIMIT), Expired(Timer.TOO_LONG)), P.OPEN, Alarm("open-too-long")),
        story("closed: admitted", WAITING, (Admitted(1),), P.OPENING, PULSE),
        story("opening: admitted, new vehicle", ADMITTED, (Off(LOOP_ARM), On(LOOP_ARM), Admitted(2)), P.OPENING),
        story("open: admitted, new vehicle", UP, (Off(LOOP_ARM), On(LOOP_ARM), Admitted(2)), P.OPEN),
        story("passing: admitted, new vehicle", UNDER, (On(LOOP_ARM), Admitted(2)), P.PASSING),
        story("opening: open_limit", ADMITTED, BOOM_RISES, P.OPEN, GREEN),
        story("opening: loop_safety on", ADMITTED, (Off(CLOSED_LIMIT), On(LOOP_SAFETY)), P.PASSING),
        story("open: loop_safety on", UP, (On(LOOP_SAFETY),), P.PASSING, RED),
        story("open: loop_safety, none owed", OPENED_ELSEWHERE, (On(LOOP_SAFETY),), P.PASSING, Alarm("tailgate")),
        story(
            "open: loop_safety, none owed, after boot",
            lane(OPEN_LIMIT),
            (On(LOOP_SAFETY),),
            P.PASSING,
            Passage(Result.UNKNOWN, None),
        ),
        story(
            "opening: timer, after its retry",
            ADMITTED,
            (Expired(Timer.OPENING), Expired(Timer.OPENING)),
            P.FAULT_OPEN,
            PULSE,
            Alarm("did-not-open"),
            LOST,
        ),
        story("open: timer", UP, (Expired(Timer.PASSAGE),), P.CLOSING, NO_SHOW, RED),
        story(
            "open: timer, had been passing",
            UNDER,
            (*GOES_BACK, Expired(Timer.PASSAGE)),
            P.CLOSING,
            GREEN,
            BACKED_OUT,
            RED,
        ),
        story(
            "open: timer, no loop_safety fitted",
            up(without={LOOP_SAFETY}),
            (Expired(Timer.PASSAGE),),
            P.CLOSING,
            ASSUMED,
            RED,
        ),
        story("open: closed_limit", UP, BOOM_FALLS, P.CLOSED, RED, NO_SHOW),
        story("passing: closed_limit", UNDER, (On(LOOP_BEHIND), Off(LOOP_SAFETY), *STAYS_DOWN), P.CLOSED, PASSED),
        story("passing: closed_limit, never on loop_behind", UNDER, (Off(LOOP_SAFETY), *STAYS_DOWN), P.CLOSED, ASSUMED),
        story("passing: both clear, loop_behind was on", UNDER, DRIVES_AWAY, P.CLOSING, PASSED),
        story(
            "passing: both clear, loop_behind not fitted",
            tell(up(without={LOOP_BEHIND}), On(LOOP_SAFETY))[0],
            GOES_BACK,
            P.CLOSING,
            ASSUMED,
        ),
        story("passing: both clear, loop_behind never on", UNDER, GOES_BACK, P.OPEN, GREEN),
        story(
            "passing: loop_safety on after gap_ms off, none owed",
            UNDER,
            (On(LOOP_BEHIND), Off(LOOP_SAFETY), SAFETY_GAP_OVER, On(LOOP_SAFETY)),
            P.PASSING,
            Alarm("possible-tailgate"),
        ),
        story("passing: 120 s", UNDER, (Expired(Timer.UNDER_BOOM),), P.PASSING, Alarm("vehicle-under-boom")),
        story("closing: admitted", FALLING, (Admitted(2),), P.OPENING, PULSE),
        story("closing: loop_safety on", FALLING, (On(LOOP_SAFETY),), P.PASSING, Alarm("tailgate")),
        story("closing: closed_limit", FALLING, (On(CLOSED_LIMIT),), P.CLOSED),
        story("closing: timer", FALLING, (Expired(Timer.CLOSING),), P.FAULT_CLOSE, Alarm("open-too-long")),
        story(
            "closed: closed_limit lost 500 ms, no order given",
            WAITING,
            (Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED)),
            P.FORCED,
            Alarm("forced"),
        ),
        story(
            "forced: open_limit within the travel time", FORCED, (On(OPEN_LIMIT),), P.OPEN, Alarm("opened-elsewhere")
        ),
        story("forced: open_limit later", FORCED, (Expired(Timer.ELSEWHERE), On(OPEN_LIMIT)), P.FORCED),
        story("closed: loop_safety on, the boom down", WAITING, (On(LOOP_SAFETY),), P.CLOSED, Alarm("drive-through")),
        story("closed: loop_behind alone is yard traffic", WAITING, (On(LOOP_BEHIND),), P.CLOSED),
        story("forced: closed_limit steady 2 s", FORCED, (On(CLOSED_LIMIT), Expired(Timer.STEADY)), P.CLOSED),
        story("fault-close: closed_limit steady 2 s", STUCK_UP, (On(CLOSED_LIMIT), Expired(Timer.STEADY)), P.CLOSED),
        story("fault-open: closed_limit steady 2 s", DID_NOT_OPEN, (On(CLOSED_LIMIT), Expired(Timer.STEADY)), P.CLOSED),
        story("fault-open: open_limit", DID_NOT_OPEN, (On(OPEN_LIMIT),), P.OPEN),
        story("any: both limits on", UP, (On(CLOSED_LIMIT),), P.FAULT_CLOSE, Alarm("contacts-contradict"), LOST, RED),
        story(
            "any: controller_fault",
            WAITING,
            (On(CONTROLLER_FAULT), Off(CLOSED_LIMIT), Expired(Timer.LEFT_CLOSED)),
            P.CLOSED,
            Standing("controller-fault", holds=True),
        ),
        story(
            "any: swing_off",
            UP,
            (On(SWING_OFF),),
            P.ARM_OFF,
            Alarm("arm-off"),
            LOST,
            Standing("arm-swung-off", holds=True),
            RED,
        ),
        story("arm-off: confirmed, but not clear", ARM_OFF, (Ordered(GuardOrder.CONFIRM),), P.ARM_OFF),
        story("arm-off: clear, but not confirmed", ARM_OFF, (Off(SWING_OFF),), P.ARM_OFF),
        story(
            "arm-off: clear and confirmed",
            ARM_OFF,
            (Off(SWING_OFF), Ordered(GuardOrder.CONFIRM)),
            P.CLOSED,
            Standing("arm-swung-off", holds=False),
        ),
        story("any: fire", WAITING, (On(FIRE),), P.EMERGENCY_OPEN, Standing("fire", holds=True)),
        story("emergency-open: tap", BURNS, (Admitted(1),), P.EMERGENCY_OPEN),
        story("emergency-open: hold", BURNS, (Ordered(GuardOrder.HOLD),), P.EMERGENCY_OPEN),
        story("emergency-open: lock", BURNS, (Ordered(GuardOrder.LOCK),), P.EMERGENCY_OPEN),
        story(
            "emergency-open: fire clear and a guard confirms",
            tell(BURNS, Off(CLOSED_LIMIT), Off(FIRE))[0],
            (Ordered(GuardOrder.CONFIRM),),
            P.UNKNOWN,
            Standing("fire", holds=False),
        ),
        story("any: hold open", CAN_HOLD, (Ordered(GuardOrder.HOLD),), P.HELD_OPEN, HOLD_UP, GREEN),
        story("arm-off: hold open", ARM_OFF, (Ordered(GuardOrder.HOLD),), P.ARM_OFF),
        story("held-open: release", HELD, (Ordered(GuardOrder.RELEASE),), P.CLOSING, LET_DOWN, RED),
        story(
            "held-open: release, when the loops are clear",
            tell(HELD, On(LOOP_BEHIND))[0],
            (Ordered(GuardOrder.RELEASE), Off(LOOP_BEHIND), BEHIND_GAP_OVER),
            P.CLOSING,
            RED,
            LET_DOWN,
        ),
        story("any: lock", UP, (Ordered(GuardOrder.LOCK),), P.LOCKED, LOST, RED),
        story("arm-off: lock", ARM_OFF, (Ordered(GuardOrder.LOCK),), P.ARM_OFF),
        story("locked: no opening", LOCKED, (Admitted(1),), P.LOCKED),
        story("locked: unlock", tell(LOCKED, Off(CLOSED_LIMIT))[0], (Ordered(GuardOrder.UNLOCK),), P.UNKNOWN),
        story("any: call", UP, (On(CALL), Off(CALL), On(CALL)), P.OPEN, Alarm("call"), Alarm("call")),
        story(
            "any: a loop on for too long",
            WAITING,
            (Expired(Timer.ARM_STUCK),),
            P.CLOSED,
            Standing("stuck-loop-arm", holds=True),
        ),
        story("any: tamper", UP, (On(TAMPER),), P.OPEN, Incident("tamper"), Standing("tamper", holds=True)),
    ],
)
def test_row(state: State, events: tuple[Event, ...], phase: Phase, orders: list[Order]) -> None:
    assert outcome(state, *events) == (phase, orders)


@pytest.mark.parametrize("state", UNSURE.values(), ids=UNSURE.keys())
def test_unknown_fault_forced_arm_off__exit_tap_is_written_and_assumed_by_the_loops_else_unknown(state: State) -> None:
    admitted, told = tell(state, Admitted(7, Side.EXIT))
    assert (admitted.phase, told) == (state.phase, [])
    assert ended(tell(admitted, On(LOOP_SAFETY), *DRIVES_AWAY)[1]) == [(7, Result.ASSUMED)]
    assert ended(tell(admitted, Expired(Timer.PASSAGE))[1]) == [(7, Result.UNKNOWN)]


@pytest.mark.parametrize("state", [WAITING, ADMITTED, UP, UNDER, FALLING, HELD, LOCKED, *UNSURE.values()])
def test_fire_opens_whatever_the_lane_does_and_closes_nothing(state: State) -> None:
    end, told = tell(state, On(FIRE))
    assert (end.phase, moved(told)) == (P.EMERGENCY_OPEN, [])
    assert Standing("fire", holds=True) in told


def test_fire_breaks_off_an_order_to_close() -> None:
    falling, told = tell(up(outputs=ALL_OUTPUTS), Expired(Timer.PASSAGE))
    assert moved(told) == [CLOSE]
    assert moved(tell(falling, On(FIRE))[1]) == [Level("close", on=False)]
