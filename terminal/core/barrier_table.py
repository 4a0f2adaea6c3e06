"""The barrier cycle of one lane as literal data (design 5): all four logics of a controller, one way or both.

A row says: in one of these phases, when one of these events comes and everything asked for holds, go to that phase
(None: stay) and do this. The first row that fits decides; a pair that stands in no row changes nothing and orders
nothing. What holds for every row (clear loops, timers, passengers, entering and leaving a phase, levels, standing
alarms, the light) stands in `terminal.core.barrier`, which carries the table out.

Where a contact that would prove something is not fitted, time stands in for it. Without `open_limit` the boom counts as
open after its travel time, unless `closed_limit` says that it never left. Without `closed_limit` it counts as down once
`open_limit`, `loop_safety` and `loop_behind` have been off for its travel time (timer `settle`, which runs by itself in
`unknown`, `closing`, `forced` and the faults).

How the logics differ:

* `impulse`: a vehicle's pulse is given when it is its turn, and once more while `closed_limit` shows that the boom did
  not move. When nobody came `close` is ordered where it is wired, else the controller closes by itself.
* `impulse-count`: a vehicle's pulse is given at its tap, never again, since the controller counts them. When nobody
  came `close` is ordered, since the controller would go on waiting.
* `step`: a pulse on an open boom would close it. So it is given on a boom that is down, and closing is never ordered.
* `hold`: the level stays on while anybody is owed, and goes off when the loops are clear. When the boom does not open,
  off for two seconds and on again, once.

Fire goes before everything, then an arm that came off, then a lock, then a hold. Each is remembered over a restart, and
when one of them ends the lane goes to `unknown`, where those that are left take hold again.
"""

from terminal.core.barrier_rows import (
    ALL,
    ASSUMED_OPEN,
    BOTH_LIMITS,
    FAULTS,
    HELD_BY_PEOPLE,
    SETTLING,
    SURELY_DOWN,
    UNRELIABLE,
    WATCHED,
    WITHOUT_BOARD,
    WORKING,
    Absent,
    AllEnd,
    By,
    Cancel,
    Clear,
    Close,
    Effect,
    FirstEnds,
    FirstUnserved,
    Forget,
    Hold,
    LetGo,
    More,
    NobodyCame,
    NoneOwedBut,
    NothingUnder,
    Open,
    Owe,
    Owed,
    PassageDone,
    Released,
    Remember,
    Rested,
    Row,
    Serve,
    Start,
    WentBack,
    Without,
    down_already,
    in_,
    nobody_passed,
    passed,
    watched,
)
from terminal.core.barrier_signals import (
    Admitted,
    Alarm,
    BoardLost,
    ContactsRead,
    Entered,
    Expired,
    Incident,
    LoopsClear,
    Off,
    On,
    Ordered,
    Passage,
    Stopped,
)
from terminal.core.barrier_words import (
    CALL,
    CLOSED_LIMIT,
    CONTROLLER_FAULT,
    FIRE,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    SWING_OFF,
    TAMPER,
    GuardOrder,
    Logic,
    Mark,
    Phase,
    Result,
    Timer,
)

IMPULSE = By(Logic.IMPULSE)
HOLD = By(Logic.HOLD)
STEP = By(Logic.STEP)
PULSED = By(Logic.IMPULSE, Logic.IMPULSE_COUNT)
"""`close` is ordered after a no-show."""
AT_ITS_TAP = By(Logic.IMPULSE_COUNT, Logic.HOLD)
"""The order of a second vehicle is given, or holds already, when it is admitted."""
ON_AN_OPEN_BOOM = By(Logic.IMPULSE, Logic.IMPULSE_COUNT, Logic.HOLD)
"""An order to open may be given whatever the boom does."""

GO_UP: tuple[Effect, ...] = (Serve(), Start(Timer.OPENING))
"""The boom is told to open for the vehicle whose turn it is."""


# fmt: off
TABLE: tuple[Row, ...] = (
    # The board comes and goes; what stood before it came is not known
    Row(WITHOUT_BOARD, (ContactsRead,), (Mark.EMERGENCY,), Phase.EMERGENCY_OPEN),
    Row(WITHOUT_BOARD, (ContactsRead,), (), Phase.UNKNOWN, (Remember(Mark.RESTARTED),)),
    Row(ALL - {Phase.BOARD_LOST}, (BoardLost(),), (), Phase.BOARD_LOST),
    Row(ALL, (Stopped(),), (), Phase.BOOT),

    # Fire goes before everything. Its contact is wired to the controller, which opens by itself: a boom that stays
    # down means a broken wire, or people shut in
    Row(WORKING, (On(FIRE),), (), Phase.EMERGENCY_OPEN),
    Row(in_(Phase.EMERGENCY_OPEN), (Entered(),), (), None, (Remember(Mark.EMERGENCY), Start(Timer.OPENING))),
    Row(in_(Phase.EMERGENCY_OPEN), (Expired(Timer.OPENING),), (On(CLOSED_LIMIT),), None, (Alarm("fire-boom-down"),)),
    Row(in_(Phase.EMERGENCY_OPEN), (On(SWING_OFF),), (), None, (Remember(Mark.SWUNG_OFF),)),
    Row(in_(Phase.EMERGENCY_OPEN), (Ordered(GuardOrder.CONFIRM),), (Off(FIRE),), Phase.UNKNOWN,
        (Forget(Mark.EMERGENCY),)),

    # The arm came off: no order until it is back and a person has looked
    Row(WORKING - {Phase.ARM_OFF}, (On(SWING_OFF),), (), Phase.ARM_OFF, (Alarm("arm-off"),)),
    Row(in_(Phase.ARM_OFF), (Entered(),), (), None, (Remember(Mark.SWUNG_OFF),)),
    Row(in_(Phase.ARM_OFF), (Ordered(GuardOrder.CONFIRM),), (Off(SWING_OFF),), Phase.UNKNOWN,
        (Forget(Mark.SWUNG_OFF),)),

    # Lock and hold
    Row(WORKING - {Phase.EMERGENCY_OPEN, Phase.ARM_OFF}, (Ordered(GuardOrder.LOCK),), (), Phase.LOCKED,
        (Remember(Mark.LOCKED), Forget(Mark.HELD))),
    Row(in_(Phase.LOCKED), (Ordered(GuardOrder.UNLOCK),), (), Phase.UNKNOWN, (Forget(Mark.LOCKED),)),
    Row(ALL, (Ordered(GuardOrder.UNLOCK),), (), None, (Forget(Mark.LOCKED),)),
    Row(in_(Phase.PASSING), (Ordered(GuardOrder.HOLD),), (), Phase.HELD_OPEN, (Remember(Mark.UNDER),)),
    Row(in_(Phase.HELD_OPEN), (Ordered(GuardOrder.HOLD),), (), None, (Remember(Mark.HELD),)),
    Row(WORKING - {Phase.EMERGENCY_OPEN, Phase.ARM_OFF, Phase.LOCKED}, (Ordered(GuardOrder.HOLD),), (),
        Phase.HELD_OPEN),
    Row(in_(Phase.HELD_OPEN), (Entered(),), (), None,
        (Remember(Mark.HELD), Hold(), Start(Timer.OPENING), Start(Timer.PASSAGE))),
    Row(in_(Phase.HELD_OPEN), (Expired(Timer.OPENING),), (On(CLOSED_LIMIT),), None, (Alarm("did-not-open"),)),
    Row(in_(Phase.HELD_OPEN), (Ordered(GuardOrder.RELEASE),), (Clear(),), Phase.CLOSING,
        (Forget(Mark.HELD), Start(Timer.CLOSING))),
    Row(ALL, (Ordered(GuardOrder.RELEASE),), (), None, (Forget(Mark.HELD),)),
    Row(ALL, (Ordered(GuardOrder.PAUSE),), (), None, (Remember(Mark.PAUSED),)),
    Row(ALL, (Ordered(GuardOrder.RESUME),), (), None, (Forget(Mark.PAUSED),)),

    # held-open: who taps is owed and passes by the loops, without an order of his own
    Row(in_(Phase.HELD_OPEN), (Admitted,), (), None, (Owe(), Start(Timer.PASSAGE))),
    *watched(Phase.HELD_OPEN, (Mark.HELD,), None),
    *watched(Phase.HELD_OPEN, (), Phase.CLOSING, Start(Timer.CLOSING)),
    Row(in_(Phase.HELD_OPEN), (LoopsClear(),), (Without(Mark.HELD),), Phase.CLOSING, (Start(Timer.CLOSING),)),
    Row(in_(Phase.HELD_OPEN), (Expired(Timer.PASSAGE),), (Absent(LOOP_SAFETY),), None, (AllEnd(Result.ASSUMED),)),
    Row(in_(Phase.HELD_OPEN), (Expired(Timer.PASSAGE),), (Mark.UNDER,), None, (Start(Timer.PASSAGE),)),
    Row(in_(Phase.HELD_OPEN), (Expired(Timer.SAFETY_STUCK),), (), None,
        (AllEnd(Result.UNKNOWN), Forget(Mark.UNDER), Forget(Mark.BEHIND), Forget(Mark.STRANGER))),
    Row(in_(Phase.HELD_OPEN), (Expired(Timer.PASSAGE),), (On(LOOP_SAFETY),), None, (AllEnd(Result.UNKNOWN),)),
    Row(in_(Phase.HELD_OPEN), (Expired(Timer.PASSAGE),), (), None, (NobodyCame(),)),

    # Whatever else the contacts say
    Row(ALL, (On(TAMPER),), (), None, (Incident("tamper"),)),
    Row(ALL, (On(CALL),), (), None, (Alarm("call"),)),
    Row(WORKING - HELD_BY_PEOPLE - {Phase.FAULT_CLOSE}, (On(CLOSED_LIMIT), On(OPEN_LIMIT)), BOTH_LIMITS,
        Phase.FAULT_CLOSE, (Alarm("contacts-contradict"),)),
    Row(HELD_BY_PEOPLE, (On(CLOSED_LIMIT), On(OPEN_LIMIT)), BOTH_LIMITS, None, (Alarm("contacts-contradict"),)),

    # unknown: what people ordered takes hold again; nothing is ordered until the boom is known to be down
    Row(in_(Phase.UNKNOWN), (Entered(),), (Mark.SWUNG_OFF,), Phase.ARM_OFF),
    Row(in_(Phase.UNKNOWN), (Entered(),), (Mark.LOCKED,), Phase.LOCKED),
    Row(in_(Phase.UNKNOWN), (Entered(),), (Mark.HELD, Off(FIRE), Off(SWING_OFF)), Phase.HELD_OPEN),
    Row(in_(Phase.UNKNOWN), (On(CLOSED_LIMIT),), (), Phase.CLOSED),
    Row(in_(Phase.UNKNOWN), (On(OPEN_LIMIT),), (), Phase.OPEN, (Start(Timer.TOO_LONG),)),

    # Where no order can be relied upon: an exit is written down, and passes by the loops or is not certain
    Row(UNRELIABLE, (Admitted,), (), None, (Owe(), Start(Timer.PASSAGE))),
    Row(WATCHED, (On(LOOP_SAFETY),), (NoneOwedBut(0),), None, (Remember(Mark.UNDER), Remember(Mark.STRANGER))),
    Row(WATCHED, (On(LOOP_SAFETY),), (), None, (Remember(Mark.UNDER),)),
    Row(WATCHED, (On(LOOP_BEHIND),), (), None, (Remember(Mark.BEHIND),)),
    Row(UNRELIABLE, (LoopsClear(),), (Mark.UNDER, Mark.BEHIND), None, (PassageDone(Result.ASSUMED),)),
    Row(UNRELIABLE, (LoopsClear(),), (Mark.UNDER, Absent(LOOP_BEHIND)), None, (PassageDone(Result.ASSUMED),)),
    Row(UNRELIABLE, (Expired(Timer.PASSAGE),), (), None, (AllEnd(Result.UNKNOWN),)),

    # closed
    Row(in_(Phase.CLOSED), (Entered(),), (), None, (Forget(Mark.RESTARTED),)),
    Row(in_(Phase.CLOSED), (Admitted,), (STEP, Released(CLOSED_LIMIT)), Phase.CLOSING, (Owe(), Start(Timer.CLOSING))),
    Row(in_(Phase.CLOSED), (Admitted,), (), Phase.OPENING, (Owe(), *GO_UP)),
    Row(in_(Phase.CLOSED), (On(LOOP_SAFETY),), (Rested(LOOP_SAFETY),), None, (Alarm("drive-through"),)),
    Row(in_(Phase.CLOSED), (On(CONTROLLER_FAULT),), (), None, (Cancel(Timer.LEFT_CLOSED),)),
    Row(in_(Phase.CLOSED), (Off(CLOSED_LIMIT), Off(CONTROLLER_FAULT)), (Released(CLOSED_LIMIT), Off(CONTROLLER_FAULT)),
        None, (Start(Timer.LEFT_CLOSED),)),
    Row(in_(Phase.CLOSED), (On(CLOSED_LIMIT),), (), None, (Cancel(Timer.LEFT_CLOSED),)),
    Row(in_(Phase.CLOSED), (Expired(Timer.LEFT_CLOSED),), (), Phase.FORCED, (Alarm("forced"), Start(Timer.ELSEWHERE))),
    Row(in_(Phase.CLOSED), (On(OPEN_LIMIT),), (Absent(CLOSED_LIMIT),), Phase.OPEN,
        (Alarm("opened-elsewhere"), Start(Timer.TOO_LONG))),

    # opening: a vehicle may creep under the rising boom, but not under one that is down
    Row(in_(Phase.OPENING), (Admitted,), (Timer.RETRY,), None, (Owe(),)),
    Row(in_(Phase.OPENING), (Admitted,), (AT_ITS_TAP,), None, (Owe(), Serve())),
    Row(in_(Phase.OPENING), (Admitted,), (), None, (Owe(),)),
    Row(in_(Phase.OPENING), (On(OPEN_LIMIT),), (Timer.RETRY,), Phase.OPEN, (Open(), Start(Timer.PASSAGE))),
    Row(in_(Phase.OPENING), (On(OPEN_LIMIT),), (), Phase.OPEN, (Start(Timer.PASSAGE),)),
    Row(in_(Phase.OPENING), (On(LOOP_SAFETY),), (Off(CLOSED_LIMIT), Timer.RETRY), Phase.PASSING, (Open(),)),
    Row(in_(Phase.OPENING), (On(LOOP_SAFETY),), (Off(CLOSED_LIMIT),), Phase.PASSING),
    Row(in_(Phase.OPENING), (Off(CLOSED_LIMIT),), (On(LOOP_SAFETY), Timer.RETRY), Phase.PASSING, (Open(),)),
    Row(in_(Phase.OPENING), (Off(CLOSED_LIMIT),), (On(LOOP_SAFETY),), Phase.PASSING),
    Row(in_(Phase.OPENING), (Off(LOOP_SAFETY),), (On(CLOSED_LIMIT),), None, (NothingUnder(),)),
    Row(in_(Phase.OPENING), (Expired(Timer.OPENING),), ASSUMED_OPEN, Phase.OPEN, (Start(Timer.PASSAGE),)),
    Row(in_(Phase.OPENING), (Expired(Timer.OPENING),), (IMPULSE, *SURELY_DOWN, Without(Mark.RETRIED)), None,
        (Open(), Remember(Mark.RETRIED), Start(Timer.OPENING))),
    Row(in_(Phase.OPENING), (Expired(Timer.OPENING),), (HOLD, Clear(), Without(Mark.RETRIED)), None,
        (LetGo(), Remember(Mark.RETRIED), Start(Timer.RETRY))),
    Row(in_(Phase.OPENING), (Expired(Timer.RETRY),), (), None, (Open(), Start(Timer.OPENING))),
    Row(in_(Phase.OPENING), (Expired(Timer.OPENING),), (), Phase.FAULT_OPEN, (Alarm("did-not-open"),)),

    # open
    Row(in_(Phase.OPEN), (Admitted,), (AT_ITS_TAP,), None, (Owe(), Serve(), Start(Timer.PASSAGE))),
    Row(in_(Phase.OPEN), (Admitted,), (IMPULSE, NoneOwedBut(0)), None, (Owe(), Serve(), Start(Timer.PASSAGE))),
    Row(in_(Phase.OPEN), (Admitted,), (), None, (Owe(), Start(Timer.PASSAGE))),
    Row(in_(Phase.OPEN), (On(LOOP_SAFETY),), (Owed(1),), Phase.PASSING),
    Row(in_(Phase.OPEN), (On(LOOP_SAFETY),), (Mark.RESTARTED,), Phase.PASSING,
        (Passage(Result.UNKNOWN, None), Forget(Mark.RESTARTED))),
    Row(in_(Phase.OPEN), (On(LOOP_SAFETY),), (), Phase.PASSING, (Alarm("tailgate"),)),
    Row(in_(Phase.OPEN), (Expired(Timer.TOO_LONG),), (), None, (Alarm("open-too-long"),)),
    Row(in_(Phase.OPEN), (On(CLOSED_LIMIT),), (FirstUnserved(),), Phase.OPENING, GO_UP),
    Row(in_(Phase.OPEN), (Expired(Timer.PASSAGE),), (PULSED, Released(LOOP_SAFETY)), Phase.CLOSING,
        (NobodyCame(), Close(), Start(Timer.CLOSING))),
    *nobody_passed(Expired(Timer.PASSAGE), (), Phase.CLOSING, Start(Timer.CLOSING)),
    *nobody_passed(On(CLOSED_LIMIT), (), Phase.CLOSED),
    *nobody_passed(Off(OPEN_LIMIT), (Absent(CLOSED_LIMIT),), Phase.CLOSING, Start(Timer.CLOSING)),

    # passing
    Row(in_(Phase.PASSING), (Entered(),), (NoneOwedBut(0),), None, (Remember(Mark.STRANGER), Start(Timer.UNDER_BOOM))),
    Row(in_(Phase.PASSING), (Entered(),), (), None, (Start(Timer.UNDER_BOOM),)),
    Row(in_(Phase.PASSING), (Admitted,), (AT_ITS_TAP,), None, (Owe(), Serve())),
    Row(in_(Phase.PASSING), (Admitted,), (), None, (Owe(),)),
    Row(in_(Phase.PASSING), (On(LOOP_BEHIND),), (), None, (Remember(Mark.BEHIND),)),
    Row(in_(Phase.PASSING), (Off(LOOP_SAFETY),), (On(LOOP_BEHIND),), None, (Remember(Mark.BEHIND),)),
    Row(in_(Phase.PASSING), (Expired(Timer.SAFETY_GAP),), (), None, (Remember(Mark.GAP),)),
    Row(in_(Phase.PASSING), (On(LOOP_SAFETY),), (Mark.GAP, Mark.STRANGER, Owed(1)), None,
        (Forget(Mark.STRANGER), Forget(Mark.GAP), Forget(Mark.BEHIND), Start(Timer.UNDER_BOOM))),
    Row(in_(Phase.PASSING), (On(LOOP_SAFETY),), (Mark.GAP, Mark.BEHIND, Owed(2)), None,
        (FirstEnds(Result.PASSED), Forget(Mark.GAP), Forget(Mark.BEHIND), Start(Timer.UNDER_BOOM))),
    Row(in_(Phase.PASSING), (On(LOOP_SAFETY),), (Mark.GAP, NoneOwedBut(1)), None,
        (Alarm("possible-tailgate"), Forget(Mark.GAP))),
    *passed(LoopsClear(), (More(), IMPULSE), Phase.OPENING, *GO_UP),
    *passed(LoopsClear(), (More(), AT_ITS_TAP), Phase.OPEN, Serve(), Start(Timer.PASSAGE)),
    *passed(LoopsClear(), (), Phase.CLOSING, Start(Timer.CLOSING)),
    Row(in_(Phase.PASSING), (LoopsClear(),), (Owed(1),), Phase.OPEN, (WentBack(), Start(Timer.PASSAGE))),
    Row(in_(Phase.PASSING), (LoopsClear(),), (), Phase.OPEN, (Start(Timer.TOO_LONG),)),
    Row(in_(Phase.PASSING), (On(CLOSED_LIMIT),), (), None, (Start(Timer.DOWN),)),
    Row(in_(Phase.PASSING), (Off(CLOSED_LIMIT),), (), None, (Cancel(Timer.DOWN),)),
    *down_already((More(), By(Logic.IMPULSE, Logic.STEP, Logic.HOLD)), Phase.OPENING, *GO_UP),
    *down_already((), Phase.CLOSED, NobodyCame()),
    Row(in_(Phase.PASSING), (Expired(Timer.UNDER_BOOM),), (), None, (Alarm("vehicle-under-boom"),)),

    # closing
    Row(in_(Phase.CLOSING), (Entered(),), (ON_AN_OPEN_BOOM, Owed(1)), Phase.OPENING, GO_UP),
    Row(in_(Phase.CLOSING), (Admitted,), (ON_AN_OPEN_BOOM,), Phase.OPENING, (Owe(), *GO_UP)),
    Row(in_(Phase.CLOSING), (Admitted,), (), None, (Owe(),)),
    Row(in_(Phase.CLOSING), (On(LOOP_SAFETY),), (Owed(1),), Phase.PASSING),
    Row(in_(Phase.CLOSING), (On(LOOP_SAFETY),), (), Phase.PASSING, (Alarm("tailgate"),)),
    Row(in_(Phase.CLOSING), (On(CLOSED_LIMIT), Expired(Timer.SETTLE)), (Owed(1),), Phase.OPENING, GO_UP),
    Row(in_(Phase.CLOSING), (On(CLOSED_LIMIT),), (), Phase.CLOSED),
    Row(in_(Phase.CLOSING), (Expired(Timer.CLOSING),), (), Phase.FAULT_CLOSE, (Alarm("open-too-long"),)),

    # faults: back to service when the boom is down and stays there
    Row(FAULTS, (On(CLOSED_LIMIT), Off(OPEN_LIMIT)), SURELY_DOWN, None, (Start(Timer.STEADY),)),
    Row(FAULTS, (Off(CLOSED_LIMIT),), (), None, (Cancel(Timer.STEADY),)),
    Row(FAULTS, (Expired(Timer.STEADY),), (), Phase.CLOSED),
    Row(in_(Phase.FAULT_OPEN), (On(OPEN_LIMIT),), (), Phase.OPEN, (Start(Timer.TOO_LONG),)),
    Row(in_(Phase.FORCED), (On(OPEN_LIMIT),), (Timer.ELSEWHERE,), Phase.OPEN,
        (Alarm("opened-elsewhere"), Start(Timer.TOO_LONG))),
    Row(in_(Phase.FAULT_CLOSE), (On(OPEN_LIMIT),), (), None, (Cancel(Timer.STEADY),)),

    # without closed_limit
    Row(SETTLING, (Expired(Timer.SETTLE),), (), Phase.CLOSED),
)
# fmt: on
