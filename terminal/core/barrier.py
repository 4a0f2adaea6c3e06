"""The barrier cycle of one lane: a pure step from (state, event) to (state, orders). Design 5.

The machine itself is data, in `terminal.core.barrier_table`; its words stand in `barrier_words` and `barrier_signals`,
the books of contacts and timers in `barrier_books`, what can be read off a state in `barrier_answers`. Here is what
holds for every row:

* *Cards*: nobody is admitted in `boot`, `board-lost`, `locked` and `emergency-open`, nor while no cards are taken. In
  `unknown`, `arm-off`, `forced` and the faults only who leaves is: no order is given for him, and a person helps. In
  `held-open` everybody may be. Else a vehicle must stand on `loop_arm`, where that is fitted, and the lane must not
  belong to the other side. In these phases, `closed` to `closing`, a person may order to open once, whoever is there.
* *Contacts*: one that repeats its level, or is not fitted, is no event. Without a board no contact is believed.
* *Clear*: a loop is clear once it was off for `gap_ms`, since a drawbar is no gap between vehicles. *Loops clear*: the
  two under and behind the boom have become clear, both of them.
* *Stuck*: a loop that is on for too long raises an alarm. The one under the boom goes on to count as occupied; the
  others are left out as if they were not fitted, until they go off.
* *Timers* belong to the phase that started them: going to another phase cancels them (not those of the loops). A timer
  that does not run is no event.
* *Passengers*: a card admitted while the vehicle admitted last still stands on `loop_arm`, and has not been under the
  boom, is a passenger of that vehicle. The table does not see him; he ends as his driver does.
* *Followers*: vehicles so close that the loops never clear between them pass together. Who is owed behind the first
  has passed with it when he has left `loop_arm` and something came under the boom that can have been him: each time
  that `loop_safety` comes on counts for one of those owed, in their order; but not what has gone off it again before
  the boom left its place.
* *Too close to tell*: who left `loop_arm` while another was under the boom, and for whom `loop_safety` did not come on,
  may have passed with the other; so may anybody else who was owed, where no `loop_arm` tells. He is owed still, since
  he may stand before the boom; when his time is over he ends as *unknown*, and not as a no-show.
* *Both directions*: the side admitted first owns the lane until `closed`; where the boom cannot be relied upon, people
  have it in hand, or it is open over clear loops, until nobody is owed. In `held-open` both sides are served. For who
  leaves, `loop_arm` and `loop_behind` change places; that alone may make the loops clear.
* *Entering a phase* is an event. After it every contact that is on counts as if it came on just now: first fire, then
  the arm, the controller's fault, the limits, and the loops under, behind and before the boom.
* *Who is owed* ends as *unknown* when the lane enters `boot`, `board-lost`, `locked`, `arm-off`, `emergency-open`,
  `forced` or a fault, and when it leaves `unknown`, `arm-off`, `forced` or a fault.
* *Levels*: that of `hold_open` is wanted in `held-open` and `emergency-open`; that of `open`, for the logic `hold`, in
  `opening`, `passing` and `emergency-open`, in `open` while somebody is owed, and instead of a `hold_open` that is not
  wired. A level that is on and not wanted goes off as soon as the loops are clear, never before.
* *An order to close* is broken off when `closing` ends, and when something comes under the boom.
* *Standing alarms* hold as long as their cause: the board, fire and the arm until confirmed, the controller's fault,
  tamper, a stuck loop. A stop ends none of them; the next start does.
* *The light* is green when the boom is open for somebody owed (and on `open_limit`, where that is fitted), held open,
  or an emergency lets people out; while a vehicle passes, only where the controller keeps the boom up for the next one
  owed. Else it is red.
"""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from terminal.core.barrier_answers import STANDING, green, is_passenger, is_taken, standing
from terminal.core.barrier_books import (
    LOOP_TIMERS,
    Done,
    cancel,
    is_clear,
    is_fitted,
    is_on,
    note,
    nothing_under,
    start,
)
from terminal.core.barrier_effects import carry_out, ends, holds
from terminal.core.barrier_rows import ASSUMED_DOWN, ENDS_OWED, HELD_BY_PEOPLE, SETTLING, UNRELIABLE, WITHOUT_BOARD, Row
from terminal.core.barrier_signals import (
    Admitted,
    ContactsRead,
    Entered,
    Event,
    Level,
    Light,
    LoopsClear,
    On,
    Order,
    Pulse,
    Seen,
    Standing,
    Stopped,
)
from terminal.core.barrier_table import PULSED, TABLE
from terminal.core.barrier_words import (
    CLOSE_OUTPUT,
    CONTACTS,
    HOLD_OUTPUT,
    LOOP_ARM,
    LOOP_SAFETY,
    MOMENTS,
    OPEN_OUTPUT,
    Logic,
    Mark,
    Phase,
    Result,
    State,
    Timer,
)

Key = tuple[Phase, Seen | type[Seen]]


def _index(table: Iterable[Row]) -> dict[Key, tuple[Row, ...]]:
    rows: dict[Key, tuple[Row, ...]] = {}
    for row in table:
        for phase in row.phases:
            for event in row.events:
                rows[phase, event] = (*rows.get((phase, event), ()), row)
    return rows


_ROWS = _index(TABLE)


def step(state: State, event: Event) -> tuple[State, tuple[Order, ...]]:
    """What the lane is after `event`, and what is to be done, in this order. Total: no event is an error."""
    noted, seen, orders = note(state, event)
    if seen is None:
        return noted, orders
    if isinstance(seen, Admitted) and is_taken(noted, seen.side):
        return noted, orders
    if isinstance(seen, Admitted) and is_passenger(noted, seen.side):
        *others, last = noted.owed
        joined = replace(last, cards=(*last.cards, seen.vehicle))
        return replace(noted, owed=(*others, joined)), orders
    after, more = _apply(noted, seen)
    if isinstance(seen, LoopsClear):
        after = nothing_under(after)
    if isinstance(seen, ContactsRead):
        for contact in (contact for contact in MOMENTS if contact in after.active):
            after, some = _apply(after, On(contact))
            more += some
    if isinstance(seen, Admitted):
        after = _may_board(after, seen)
    for rule in (partial(_owner, noted), _settle, _levels):
        after, some = rule(after)
        more += some
    if after.phase is not Phase.CLOSING:  # an order to close that is past as soon as it is given
        more = tuple(order for order in more if not (isinstance(order, Pulse) and order.output == CLOSE_OUTPUT))
    return after, (*orders, *_broken_off(state, after), *more, *_shown(state, after, event))


def _apply(state: State, seen: Seen) -> Done:
    """The first row that fits `seen`, carried out."""
    key = type(seen) if isinstance(seen, Admitted | ContactsRead) else seen
    fitting = (row for row in _ROWS.get((state.phase, key), ()) if all(holds(state, when) for when in row.when))
    row = next(fitting, None)
    if row is None:
        return state, ()
    leaves = row.to is not None and row.to is not state.phase
    after, orders = _leave(state) if leaves else (state, ())
    after = replace(after, phase=row.to or state.phase)
    for effect in row.does:
        after, more = carry_out(after, effect, seen)
        orders += more
    if leaves:
        after, more = _enter(after)
        orders += more
    return after, orders


def _leave(state: State) -> Done:
    left, orders = cancel(state, *sorted(state.timers - LOOP_TIMERS))
    if state.phase in UNRELIABLE:
        left, more = ends(left, Result.UNKNOWN)
        return nothing_under(left), (*orders, *more)
    return left, orders


def _enter(state: State) -> Done:
    """A phase was entered: faults end who is owed, and the levels that are present count as events."""
    entered, orders = ends(nothing_under(state), Result.UNKNOWN) if state.phase in ENDS_OWED else (state, ())
    present: list[Seen] = [Entered(), *(On(role) for role in CONTACTS if is_on(entered, role))]
    for seen in present:
        entered, more = _apply(entered, seen)
        orders += more
        if entered.phase is not state.phase:
            break
    return entered, orders


# ------------------------------------------------------------------------------------------------ what holds for all


def _may_board(state: State, admitted: Admitted) -> State:
    """From now on another card is, or is not, a passenger of the vehicle that was admitted just now."""
    boards = is_on(state, LOOP_ARM) if is_fitted(state, LOOP_ARM) else admitted.shares
    accepted = admitted.vehicle in state.vehicles()
    return replace(state, marks=state.marks | {Mark.BOARDING}) if boards and accepted else state


def _owner(noted: State, after: State) -> Done:
    """The lane goes back to nobody; that, or an admission, changes the roles of the loops: they may be clear now."""
    after = _owned(after)
    if not is_clear(after) or is_clear(noted):
        return after, ()
    cleared, orders = _apply(after, LoopsClear())
    return _owned(nothing_under(cleared)), orders


def _owned(after: State) -> State:
    settled = after.phase in {Phase.CLOSED, Phase.BOOT, Phase.BOARD_LOST}
    watched = after.phase in UNRELIABLE | HELD_BY_PEOPLE
    empty = after.phase is Phase.OPEN and is_clear(after)
    ends_here = settled or ((watched or empty) and not after.owed)
    return replace(after, owner=None) if ends_here else after


def _settle(after: State) -> Done:
    """Without `closed_limit`: the boom counts as down when it could have been down all the time that it needs."""
    assumed = after.phase in SETTLING and all(holds(after, when) for when in ASSUMED_DOWN)
    if assumed and Timer.SETTLE not in after.timers:
        return start(after, Timer.SETTLE)
    return (after, ()) if assumed else cancel(after, Timer.SETTLE)


def _levels(after: State) -> Done:
    orders: tuple[Order, ...] = ()
    for output in sorted(after.levels):
        if not _is_wanted(after, output) and is_clear(after):
            after = replace(after, levels=after.levels - {output})
            orders += (Level(output, on=False),)
    return after, orders


def _is_wanted(state: State, output: str) -> bool:
    held = {Phase.HELD_OPEN, Phase.EMERGENCY_OPEN}
    if output == OPEN_OUTPUT and state.settings.logic is Logic.HOLD:
        if state.phase is Phase.OPEN:
            return bool(state.owed)  # for nobody it would stay up for ever
        by_itself = {Phase.OPENING, Phase.PASSING, Phase.EMERGENCY_OPEN}
        return state.phase in by_itself | (held if HOLD_OUTPUT not in state.settings.outputs else set())
    return state.phase in held


def _broken_off(before: State, after: State) -> tuple[Order, ...]:
    ordered = CLOSE_OUTPUT in after.settings.outputs and after.settings.logic in PULSED
    leaves = before.phase is Phase.CLOSING and after.phase not in {Phase.CLOSING, *WITHOUT_BOARD}
    came_under = before.phase is Phase.CLOSED and LOOP_SAFETY in after.active - before.active
    return (Level(CLOSE_OUTPUT, on=False),) if ordered and (leaves or came_under) else ()


def _shown(before: State, after: State, event: Event) -> tuple[Order, ...]:
    anew = isinstance(event, ContactsRead)
    was = standing(before)
    now = was if isinstance(event, Stopped) else standing(after)  # a cause is not gone since nobody looks any more
    alarms = tuple(Standing(name, holds=name in now) for name in STANDING if anew or (name in now) != (name in was))
    return (*alarms, Light(green(after))) if anew or green(after) != green(before) else alarms
