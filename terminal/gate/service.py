"""One service point of a gate, put together: its relay and meter, its taps and its readers."""

import os
from functools import partial

from firmware_config.service import Service as ServiceTable
from terminal.core.charge import Charge, Flag
from terminal.gate.ending import Stage
from terminal.gate.lane import SharedParts, start_reader
from terminal.gate.readers import ReaderOfLane
from terminal.gate.shown import service_state
from terminal.lane.lines import TakeBoard
from terminal.live import Live
from terminal.service.point import ServicePoint
from terminal.service.ports import ServicePorts
from terminal.tap.ports import ServiceTapPorts
from terminal.tap.risk import risk
from terminal.tap.service import ServiceTaps

SERVICE_WITHIN_S = 10.0


def start_service(table: ServiceTable, take_board: TakeBoard, shared: SharedParts) -> ServicePoint:
    """Start a service point and its readers; `shared.ending` stops them. What the last run left goes on."""
    point: ServicePoint = ServicePoint(
        ServicePorts(
            number=table.number,
            pulse_ms=table.pulse_ms,
            pulses_a_unit=table.pulses_a_unit,
            take_board=take_board,
            journal=shared.journal,
            epoch=shared.store.epoch,
            alarms=shared.alarms,
            heartbeat=shared.heartbeats,
            clock=shared.clock,
            random=os.urandom,
            meter=shared.store.kept.number(f"service-{table.number}/meter"),
            goes_on=shared.store.purchases.at(table.number),
            risk=partial(_risk, shared),
            changed=lambda: _tell(shared.live, table.number, point),
        )
    )
    shared.heartbeats.expect(f"service:{table.number}", SERVICE_WITHIN_S)
    point.start()
    shared.ending.add(Stage.LANES, f"service:{table.number}", point.stop)
    taps = ServiceTaps(
        ServiceTapPorts(
            number=table.number,
            point=point,
            pulses_a_unit=table.pulses_a_unit,
            keys=shared.keys,
            rules=shared.rules,
            journal=shared.journal,
            alarms=shared.alarms,
            clock=shared.clock,
            random=os.urandom,
            intent_budget_s=shared.gate.timing.intent_budget_ms / 1000,
            accounts=shared.store.accounts,
            only_reserve=shared.only_reserve,
        )
    )
    for reader in table.reader:
        events = ReaderOfLane(
            table.number,
            None,
            taps,
            alarms=shared.alarms,
            states=shared.reader_states,
            traced=shared.traced,
            live=shared.live,
        )
        start_reader(reader.name, events, shared)
    return point


def _tell(live: Live, number: int, point: ServicePoint) -> None:
    if live.watched:
        live.tell({"news": "service", **service_state(number, point)})


def _risk(shared: SharedParts, charge: Charge) -> tuple[Flag, ...]:
    rules = shared.rules.current()
    return () if rules is None else risk(shared.store.accounts, rules, charge)
