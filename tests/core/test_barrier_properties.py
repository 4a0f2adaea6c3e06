"""What holds for every sequence of events, whatever contacts are fitted."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from terminal.core.barrier import readiness, step
from terminal.core.barrier_words import (
    CLOSED_LIMIT,
    CONTACTS,
    FIRE,
    LOOP_ARM,
    LOOP_BEHIND,
    LOOP_SAFETY,
    OPEN_LIMIT,
    Admitted,
    BoardLost,
    CancelTimer,
    Confirmed,
    ContactsRead,
    Event,
    Expired,
    Off,
    On,
    Order,
    Passage,
    Phase,
    Pulse,
    Ready,
    Settings,
    StartTimer,
    State,
    Stopped,
    Timer,
)
from tests.core.barrier_stories import ALL_CONTACTS

CONTACT = st.sampled_from(CONTACTS)
LEVELS = st.frozensets(CONTACT)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    CONTACT.map(On),
    CONTACT.map(Off),
    st.sampled_from(Timer).map(Expired),
    st.just(Admitted(0)),
    st.just(Admitted(0)),
    LEVELS.map(ContactsRead),
    st.sampled_from([BoardLost(), Confirmed(), Stopped()]),
)
STORIES = st.lists(EVENTS, max_size=50)
LANES = st.builds(
    Settings,
    direction=st.sampled_from(["entry", "exit"]),
    fitted=st.one_of(st.just(ALL_CONTACTS), st.frozensets(CONTACT)),
)
WITHOUT_BOARD = {Phase.BOOT, Phase.BOARD_LOST}
few = settings(max_examples=200, deadline=None)


def turns(lane: Settings, story: Sequence[Event]) -> Iterator[tuple[State, Event, State, tuple[Order, ...]]]:
    """Every step of a story that begins with the board being taken; each admission is a vehicle of its own."""
    state, vehicle = State(settings=lane), 0
    for told in (ContactsRead(frozenset({CLOSED_LIMIT})), *story):
        vehicle += isinstance(told, Admitted)
        event = Admitted(vehicle) if isinstance(told, Admitted) else told
        after, orders = step(state, event)
        yield state, event, after, orders
        state = after


@few
@given(LANES, STORIES)
def test_every_pulse_was_decided_and_at_most_one_is_a_retry(lane: Settings, story: list[Event]) -> None:
    decided, retried = 0, True
    for before, event, after, orders in turns(lane, story):
        pulses = [order for order in orders if isinstance(order, Pulse)]
        if not pulses:
            continue
        assert pulses == [Pulse("open", lane.pulse_ms)]
        if isinstance(event, Admitted):
            decided, retried = event.vehicle, False
            assert after.owed == (event.vehicle,)
        else:
            assert event == Expired(Timer.OPENING)
            assert CLOSED_LIMIT in before.active
            assert before.owed == (decided,)
            assert not retried
            retried = True


@few
@given(LANES, STORIES)
def test_fire_always_leads_to_the_emergency_and_only_a_confirmation_ends_it(lane: Settings, story: list[Event]) -> None:
    for before, event, after, _ in turns(lane, story):
        if FIRE in after.active:
            assert after.phase is Phase.EMERGENCY_OPEN
        if before.phase is Phase.EMERGENCY_OPEN and after.phase is not Phase.EMERGENCY_OPEN:
            assert after.phase in WITHOUT_BOARD or (event == Confirmed() and FIRE not in before.active)


@few
@given(LANES, STORIES)
def test_every_owed_vehicle_ends_exactly_once(lane: Settings, story: list[Event]) -> None:
    owed: Counter[int] = Counter()
    ended: Counter[int] = Counter()
    state = State(settings=lane)
    for before, event, after, orders in turns(lane, [*story, Stopped()]):
        owed.update(set(after.owed) - set(before.owed))
        passages = [order for order in orders if isinstance(order, Passage) and order.vehicle is not None]
        ended.update(order.vehicle for order in passages if order.vehicle is not None)
        assert all(order.vehicle in before.owed for order in passages), event
        state = after
    assert state.owed == ()
    assert ended == owed
    assert set(owed.values()) <= {1}


@few
@given(LANES, STORIES)
def test_timers_of_the_state_are_those_that_were_started(lane: Settings, story: list[Event]) -> None:
    running: set[Timer] = set()
    for before, event, after, orders in turns(lane, story):
        if isinstance(event, Expired) and event.timer in before.timers:
            running.discard(event.timer)
        for order in orders:
            if isinstance(order, StartTimer):
                running.add(order.timer)
            elif isinstance(order, CancelTimer):
                running.remove(order.timer)
        assert running == after.timers


@few
@given(LANES, STORIES)
def test_every_state_has_a_way_back_to_service(lane: Settings, story: list[Event]) -> None:
    state = [after for _, _, after, _ in turns(lane, story)][-1]
    at_rest = frozenset({CLOSED_LIMIT, LOOP_ARM})
    home: list[Event] = [ContactsRead(at_rest), Off(FIRE), Confirmed()]
    home += [Off(LOOP_SAFETY), Off(LOOP_BEHIND), Off(OPEN_LIMIT), Expired(Timer.SAFETY_GAP), Expired(Timer.BEHIND_GAP)]
    home += [On(LOOP_ARM), Off(CLOSED_LIMIT), On(CLOSED_LIMIT)]
    for event in (*home, *(Expired(timer) for _ in range(4) for timer in Timer)):
        if (state.phase, state.owed) == (Phase.CLOSED, ()) and LOOP_ARM in state.active | (ALL_CONTACTS - lane.fitted):
            break
        state, _ = step(state, event)
    assert readiness(state) == Ready(), state


def test_every_phase_with_every_contact_takes_every_event() -> None:
    events: list[Event] = [Admitted(9), ContactsRead(frozenset({FIRE})), BoardLost(), Confirmed(), Stopped()]
    events += [edge(contact) for contact in CONTACTS for edge in (On, Off)] + [Expired(timer) for timer in Timer]
    for phase, bits in product(Phase, range(2 ** len(CONTACTS))):
        active = frozenset(contact for place, contact in enumerate(CONTACTS) if bits >> place & 1)
        state = State(settings=Settings(fitted=ALL_CONTACTS), phase=phase, active=active, timers=frozenset(Timer))
        for event in events:
            after, _ = step(state, event)
            assert after.phase in Phase
            assert len(after.owed) <= 1
