"""What `xs-terminal check gate.toml` finds out: the file, and on request the machine and the readers it speaks of."""

from collections.abc import Collection, Mapping
from pathlib import Path

from firmware_config.configuration import read_gate
from firmware_config.gate import Gate
from firmware_config.machine import check_machine, check_readers
from firmware_config.mistakes import ConfigurationMistakes, Mistake


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
    """What a gate is, a line for the terminal and one for each lane: for an installer who wants to see it read back."""
    return (
        f"terminal {gate.terminal.name} at site {gate.terminal.site}, {gate.board.kind} board",
        *(
            f"lane {lane.number}: {lane.direction}, {lane.logic}, pulse {lane.pulse_ms} ms, "
            f"readers {', '.join(reader.name for reader in lane.reader)}"
            for lane in gate.lane
        ),
    )
