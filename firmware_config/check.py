"""What `xs-terminal check gate.toml` finds out: the file, and on request the machine and the readers it speaks of."""

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from firmware_config.board_map import RESTING
from firmware_config.configuration import read_gate
from firmware_config.gate import Gate, Lane
from firmware_config.machine import check_machine, check_readers
from firmware_config.mistakes import ConfigurationMistakes, Mistake
from firmware_config.service import Service
from firmware_config.wiring import lane_lines, terminals


def check_gate(
    path: Path, environ: Mapping[str, str] | None = None, present: Collection[str] | None = None
) -> tuple[Gate | None, tuple[Mistake, ...]]:
    """The gate, where the file can be used, and every mistake.

    With `environ` (the process's environment) this machine is checked too, with `present` (the names of the readers
    that the PC/SC daemon knows) the readers; only when the file itself can be used.
    """
    try:
        gate = read_gate(path)
    except ConfigurationMistakes as error:
        return None, error.mistakes
    machine = check_machine(gate, environ, str(path)) if environ is not None else ()
    readers = check_readers(gate, present, str(path)) if present is not None else ()
    return gate, (*machine, *readers)


def summary(gate: Gate) -> tuple[str, ...]:
    """What a gate is, a line for the terminal and a few for each lane: for an installer who wants to see it read back.

    With them what is allowed and yet worth a second look.
    """
    map_name = f", pin map {gate.board.map}" if gate.board.map else ""
    broker = gate.broker
    return (
        f"terminal {gate.terminal.name} at site {gate.terminal.site}, {gate.board.kind} board{map_name}",
        *([f"broker {broker.host}:{broker.port}"] if broker else []),
        *(line for lane in gate.lane for line in _lane(gate, lane)),
        *(line for service in gate.service for line in _service(gate, service)),
    )


def _service(gate: Gate, service: Service) -> Iterator[str]:
    meter = f"meter of {service.pulses_a_unit} pulses a unit" if service.pulses_a_unit else "no meter"
    readers = ", ".join(reader.name for reader in service.reader)
    yield f"service {service.number}: pulse {service.pulse_ms} ms, {meter}, readers {readers}"
    if gate.board.map is not None:
        yield f"service {service.number}: {_wired(gate, service)}"


def _wired(gate: Gate, place: Lane | Service) -> str:
    lines = lane_lines(gate, place)
    offsets = {name: line.offset for name, line in (*lines.outputs.items(), *lines.inputs.items())}
    return ", ".join(f"{name} {terminal} (GPIO {offsets[name]})" for name, terminal in terminals(place).items())


def _lane(gate: Gate, lane: Lane) -> Iterator[str]:
    pulse = "" if lane.logic == "hold" else f"pulse {lane.pulse_ms} ms, "
    readers = ", ".join(
        reader.name + (f" ({reader.side})" if reader.side and lane.direction == "both" else "")
        for reader in lane.reader
    )
    yield f"lane {lane.number}: {lane.direction}, {lane.logic}, {pulse}readers {readers}"
    if gate.board.map is None:
        return
    yield f"lane {lane.number}: {_wired(gate, lane)}"
    for name in ("fire", "tamper"):
        if name in lane.contacts and name not in lane.normally_closed:
            yield f"lane {lane.number}: look again: {name} is not in normally_closed, so a broken wire goes unnoticed"
    for name, line in lane_lines(gate, lane).inputs.items():
        if line.bias not in RESTING:
            yield (
                f"lane {lane.number}: look again: {name} is read without a resistor of the computer (bias"
                f' "{line.bias}"): unless the board has one, the line floats and says anything'
            )
