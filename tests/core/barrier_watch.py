"""What holds for every sequence of events, checked at every step of a story."""

from dataclasses import dataclass, field

from terminal.core.barrier_answers import green, readiness, standing
from terminal.core.barrier_books import is_clear, is_on
from terminal.core.barrier_rows import ENDS_OWED, WATCHED, WITHOUT_BOARD
from terminal.core.barrier_signals import (
    Admitted,
    CancelTimer,
    ContactsRead,
    Expired,
    Level,
    Light,
    Off,
    Ordered,
    Passage,
    Pulse,
    Ready,
    Standing,
    StartTimer,
    Stopped,
    Unserved,
)
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    FIRE,
    LOOP_SAFETY,
    OF_A_PASSAGE,
    OPEN_LIMIT,
    GuardOrder,
    Logic,
    Mark,
    Phase,
    Result,
    Settings,
    Side,
    Timer,
)
from tests.core.barrier_chance import Turn
from tests.core.barrier_stories import something_will_end_it

MOVED_BY_CYCLE = {Phase.OPENING, Phase.OPEN, Phase.PASSING, Phase.CLOSING}


@dataclass(slots=True)
class Watch:
    """Books of its own about one lane, kept from events and orders alone wherever that is possible."""

    settings: Settings
    admitted: set[int] = field(default_factory=set)
    drivers: set[int] = field(default_factory=set)
    ended: dict[int, Result] = field(default_factory=dict)
    timers: set[Timer] = field(default_factory=set)
    levels: set[str] = field(default_factory=set)
    alarms: set[str] = field(default_factory=set)
    light: bool | None = None
    pulses: int = 0
    retried: bool = True
    closing: bool = False

    def sees(self, turn: Turn) -> None:
        """Check one step.

        Raises:
            AssertionError: something that must always hold does not.
        """
        self._vehicles(turn)
        self._open_orders(turn)
        self._close_orders(turn)
        self._fire(turn)
        self._timers(turn)
        self._levels(turn)
        self._shown(turn)
        self._marks(turn)

    def _vehicles(self, turn: Turn) -> None:
        """Every admitted card ends exactly once; what cannot be relied upon owes nobody anything."""
        if isinstance(turn.event, Admitted):
            self.admitted.add(turn.event.vehicle)
            if not any(turn.event.vehicle in vehicle.cards[1:] for vehicle in turn.after.owed):
                self.drivers.add(turn.event.vehicle)
        for order in turn.orders:
            if isinstance(order, Passage) and order.vehicle is not None:
                assert order.vehicle not in self.ended, "ended twice"
                assert order.vehicle in turn.before.vehicles() | self.admitted
                self.ended[order.vehicle] = order.result
                if order.passenger_of is not None:
                    assert order.result is self.ended[order.passenger_of], "a passenger ends as his driver does"
        assert self.admitted == turn.after.vehicles() | self.ended.keys(), "somebody was forgotten"
        assert not turn.after.vehicles() & self.ended.keys()
        served_by_contacts = {Phase.UNKNOWN, Phase.ARM_OFF, Phase.FAULT_OPEN, Phase.FAULT_CLOSE, Phase.FORCED}
        if turn.after.phase in ENDS_OWED and turn.after.phase is not turn.before.phase:
            assert not turn.after.owed
        if turn.after.phase not in MOVED_BY_CYCLE | served_by_contacts | {Phase.HELD_OPEN}:
            assert not turn.after.owed

    def _open_orders(self, turn: Turn) -> None:
        """None without an admission, a person's order or the one retry; at most one pulse a vehicle."""
        pulses = [order for order in turn.orders if isinstance(order, Pulse) and order.output == "open"]
        assert len(pulses) <= 1
        logic = self.settings.logic
        owes = bool(turn.before.owed or isinstance(turn.event, Admitted))
        if pulses:
            assert logic is not Logic.HOLD
            assert owes
            if turn.event == Expired(Timer.OPENING):
                assert logic is Logic.IMPULSE
                assert {CLOSED_LIMIT} <= turn.before.active
                assert OPEN_LIMIT not in turn.before.active
                assert not self.retried
                self.retried = True
            else:
                self.pulses, self.retried = self.pulses + 1, False
            if logic is Logic.STEP:
                assert CLOSED_LIMIT in turn.after.active or CLOSED_LIMIT not in self.settings.fitted
        assert self.pulses <= len(self.drivers), "more pulses than vehicles"
        for order in turn.orders:
            if isinstance(order, Level) and order.on:
                by_person = Mark.HELD in turn.after.marks and turn.after.phase is Phase.HELD_OPEN
                assert by_person or (logic is Logic.HOLD and order.output == "open" and owes)

    def _close_orders(self, turn: Turn) -> None:
        """Never while something is under the boom, nor for somebody who is owed."""
        breaks_off = Level("close", on=False) in turn.orders
        for order in turn.orders:
            match order:
                case Pulse("close", _):
                    assert self.settings.logic in {Logic.IMPULSE, Logic.IMPULSE_COUNT}
                    assert not turn.after.owed
                    assert LOOP_SAFETY not in turn.before.active | turn.after.active
                    assert LOOP_SAFETY in self.settings.fitted
                    self.closing = True
                case Level(output, False) if output != "close":
                    assert LOOP_SAFETY not in turn.after.active
                    assert is_clear(turn.after)
                case Level("close", on):
                    assert not on
                    self.closing = False
                case Pulse("open", _):
                    assert not self.closing
                case _:
                    pass
        if turn.after.phase in {Phase.CLOSED, *WITHOUT_BOARD}:
            self.closing = False
        assert not self.closing or (turn.after.phase is Phase.CLOSING and LOOP_SAFETY not in turn.after.active)
        assert not breaks_off or "close" in self.settings.outputs

    def _fire(self, turn: Turn) -> None:
        """It always leads to the emergency; only a person ends that, and nothing is moved in it."""
        after, was = turn.after, turn.before.phase is Phase.EMERGENCY_OPEN
        if FIRE in after.active:
            assert after.phase is Phase.EMERGENCY_OPEN
        if was and after.phase is not Phase.EMERGENCY_OPEN:
            confirmed = turn.event == Ordered(GuardOrder.CONFIRM) and FIRE not in turn.before.active
            assert confirmed or after.phase in WITHOUT_BOARD
        if after.phase is Phase.EMERGENCY_OPEN:
            moves = [order for order in turn.orders if isinstance(order, Pulse | Level)]
            assert all(order == Level("close", on=False) for order in moves)

    def _timers(self, turn: Turn) -> None:
        """Those that were ordered are those of the state."""
        if isinstance(turn.event, Expired) and turn.event.timer in turn.before.timers:
            self.timers.discard(turn.event.timer)
        for order in turn.orders:
            if isinstance(order, StartTimer):
                assert order.ms == self.settings.duration_ms(order.timer)
                self.timers.add(order.timer)
            elif isinstance(order, CancelTimer):
                self.timers.remove(order.timer)
        assert self.timers == turn.after.timers
        something_will_end_it(turn.before, turn.after)

    def _levels(self, turn: Turn) -> None:
        """None stays on where the boom is to come down and the loops are clear; `hold` keeps it up for who is owed."""
        after = turn.after
        if after.phase in WITHOUT_BOARD:
            self.levels.clear()
        for order in turn.orders:
            if isinstance(order, Level) and order.output != "close":
                assert (order.output in self.levels) is not order.on
                (self.levels.add if order.on else self.levels.discard)(order.output)
        assert self.levels == after.levels
        if after.phase not in {Phase.OPENING, Phase.OPEN, Phase.PASSING, Phase.HELD_OPEN, Phase.EMERGENCY_OPEN}:
            assert not (after.levels and is_clear(after))
        if self.settings.logic is Logic.HOLD and after.owed and after.phase in MOVED_BY_CYCLE - {Phase.PASSING}:
            assert "open" in after.levels or Timer.RETRY in after.timers
        if after.phase is Phase.HELD_OPEN:
            assert after.levels

    def _shown(self, turn: Turn) -> None:
        """The light and the alarms that stand were told, and green is shown only to whom it may be."""
        for order in turn.orders:
            match order:
                case Light(shows):
                    self.light = shows
                case Standing(name, holds):
                    (self.alarms.add if holds else self.alarms.discard)(name)
                case _:
                    pass
        assert self.light == green(turn.after)
        assert isinstance(turn.event, Stopped) or self.alarms == standing(turn.after)
        if self.light:
            may_leave = turn.after.phase is Phase.EMERGENCY_OPEN and self.settings.serves(Side.EXIT)
            assert turn.after.owed or turn.after.phase is Phase.HELD_OPEN or may_leave

    def _marks(self, turn: Turn) -> None:
        """What was noted of one passage is not there when the next one begins."""
        after = turn.after
        if after.phase not in {Phase.PASSING, *WATCHED}:
            assert not after.marks & OF_A_PASSAGE
        if after.phase not in {Phase.PASSING, *WATCHED}:
            assert not any(vehicle.over for vehicle in after.owed) or is_on(after, LOOP_SAFETY)
        if isinstance(turn.event, Admitted | ContactsRead | Off):
            return
        before = {vehicle.cards: vehicle.served for vehicle in turn.before.owed}
        assert all(vehicle.served or not before.get(vehicle.cards) for vehicle in after.owed)


def accepts(turn: Turn) -> bool:
    """Tell whether an admission that the lane said it was ready for was taken."""
    if not isinstance(turn.event, Admitted):
        return True
    answer = readiness(turn.before, turn.event.side)
    told = {order.vehicle for order in turn.orders if isinstance(order, Passage)}
    return not isinstance(answer, Ready | Unserved) or turn.event.vehicle in turn.after.vehicles() | told
