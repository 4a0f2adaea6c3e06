"""One lane of a gate, put together: its barrier cycle, its taps and its readers, and the board behind its relays."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from firmware_config.gate import Gate, Reader
from firmware_config.gate import Lane as LaneTable
from firmware_config.wiring import lane_lines
from terminal.alarms import Alarms
from terminal.card.keys import CardKeys
from terminal.card.stay_file import SiteRecords
from terminal.core.barrier_words import Logic, Mark, Settings, Side, State
from terminal.edges.clock import FlooredClock
from terminal.edges.gpio import take_gpio
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.simulated_board import SimulatedBoard
from terminal.gate.ending import Ending, Stage
from terminal.gate.readers import ReaderOfLane
from terminal.gate.shown import lane_state
from terminal.gate.surroundings import Surroundings
from terminal.gate.told import tell_tap_failure
from terminal.lane.ends import PassageEnds
from terminal.lane.kept import KeptNumber
from terminal.lane.lines import TakeBoard
from terminal.lane.ports import LanePorts
from terminal.lane.shell import Lane
from terminal.live import Live
from terminal.places import Places
from terminal.ports import CardTransport, JournalForTap, KnownStays, ReaderState, RulesInForce, Stays
from terminal.storage.store import Store
from terminal.tap.ports import TapPorts
from terminal.tap.story import Taps

LANE_WITHIN_S = 10.0
READER_WITHIN_S = 20.0


def boards(gate: Gate) -> dict[int, TakeBoard]:
    """How the lines of each lane and service point are taken; nothing is taken here. Reads the pin map."""
    if gate.board.socket is not None:
        return {table.number: partial(SimulatedBoard, gate.board.socket, table.number) for table in gate.places}
    return {
        table.number: partial(take_gpio, lane_lines(gate, table), table.number, gate.board.debounce_ms)
        for table in gate.places
    }


def settings(table: LaneTable) -> Settings:
    """What commissioning found out about a lane, as its barrier cycle needs it."""
    return Settings(
        direction=table.direction,
        logic=Logic(table.logic),
        fitted=frozenset(table.contacts),
        outputs=frozenset(table.outputs),
        pulse_ms=table.pulse_ms,
        travel_ms=table.travel_ms,
        passage_ms=table.passage_s * 1000,
        gap_ms=table.clear_ms(),
        closing_ms=table.closing_s * 1000,
        too_long_ms=table.too_long_s * 1000,
        under_boom_ms=table.under_boom_s * 1000,
        stuck_ms=table.stuck_s * 1000,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedParts:
    """What all lanes and service points of a gate share."""

    gate: Gate
    keys: CardKeys
    rules: RulesInForce
    stays: Stays
    store: Store
    known: KnownStays
    records: SiteRecords | None
    journal: JournalForTap
    alarms: Alarms
    ends: PassageEnds
    clock: FlooredClock
    heartbeats: Heartbeats
    reader_states: dict[str, ReaderState]
    traced: Callable[[str, CardTransport], CardTransport]
    only_reserve: Callable[[], bool]
    """Tells whether the disk has room for exits only."""
    surroundings: Surroundings
    live: Live
    ending: Ending


def standing(gate: Gate) -> dict[str, tuple[int, Side | None]]:
    """Where each reader stands: number of its lane or service point, and its side; None: a service point's."""
    lanes = {each.name: (table.number, side_of(table, each)) for table in gate.lane for each in table.reader}
    return {**lanes, **{each.name: (table.number, None) for table in gate.service for each in table.reader}}


def side_of(table: LaneTable, reader: Reader) -> Side:
    """The side of the boom at which a reader of that lane stands."""
    return Side(reader.side or ("exit" if table.direction == "exit" else "entry"))


def start_lane(table: LaneTable, take_board: TakeBoard, shared: SharedParts) -> Lane:
    """Start a lane and its readers; `shared.ending` stops them."""
    lane = _lane(table, take_board, shared)
    shared.heartbeats.expect(f"lane:{table.number}", LANE_WITHIN_S)
    lane.start()
    shared.ending.add(Stage.LANES, f"lane:{table.number}", lane.stop)
    taps = Taps(
        TapPorts(
            number=table.number,
            lane=lane,
            keys=shared.keys,
            rules=shared.rules,
            stays=shared.stays,
            journal=shared.journal,
            alarms=shared.alarms,
            clock=shared.clock,
            random=os.urandom,
            intent_budget_s=shared.gate.timing.intent_budget_ms / 1000,
            serving=partial(_serving, shared.gate),
            records=shared.records,
            accounts=shared.store.accounts,
            known=shared.known,
            epoch=shared.store.epoch,
            only_reserve=shared.only_reserve,
        )
    )
    for reader in table.reader:
        start_reader(
            reader.name,
            ReaderOfLane(
                table.number,
                side_of(table, reader),
                taps,
                alarms=shared.alarms,
                states=shared.reader_states,
                traced=shared.traced,
                live=shared.live,
            ),
            shared,
        )
    return lane


def start_reader(name: str, events: ReaderOfLane, shared: SharedParts) -> None:
    """Watch one reader; `shared.ending` stops it."""
    loop = shared.surroundings.reader_loop(
        name,
        events,
        heartbeat=shared.heartbeats,
        on_error=tell_tap_failure,
        monotonic_s=shared.clock.monotonic_s,
        tap_budget_s=shared.gate.timing.tap_budget_ms / 1000,
        linger_s=shared.gate.timing.linger_s,
    )
    shared.heartbeats.expect(f"reader:{name}", READER_WITHIN_S)
    loop.start()
    shared.ending.add(Stage.TAPS, f"reader:{name}", loop.stop)


def _lane(table: LaneTable, take_board: TakeBoard, shared: SharedParts) -> Lane:
    def kept(mark: Mark) -> KeptNumber:
        return shared.store.kept.number(f"lane-{table.number}/{mark.value}")

    places = Places(lane=table.number, rules=shared.rules, stays=shared.stays, now_ms=lambda: shared.clock.now().ms)
    return Lane(
        LanePorts(
            number=table.number,
            settings=settings(table),
            take_board=take_board,
            journal=shared.journal,
            alarms=shared.alarms,
            heartbeat=shared.heartbeats,
            kept=kept,
            stay_after=places.after,
            after_fire=places.after_fire,
            opened=places.opened,
            ends=shared.ends,
            changed=partial(_tell, shared.live, table.number),
        )
    )


def _tell(live: Live, number: int, state: State) -> None:
    if live.watched:
        live.tell({"news": "lane", **lane_state(number, state)})


def _serving(gate: Gate, side: Side) -> tuple[int, ...]:
    return tuple(table.number for table in gate.lane if table.direction in {"both", side.value})
