"""A gate that has no keys yet: alive, every lane shut, every relay released."""

import threading
from collections.abc import Mapping
from pathlib import Path

import structlog

from firmware_config.cardkeys import GateKeys, read_keys
from firmware_config.gate import Gate
from firmware_config.mistakes import ConfigurationMistakes
from terminal.edges.systemd import ServiceManager
from terminal.lane.lines import TakeBoard, set_safe

AGAIN_S = 5.0

log = structlog.get_logger()


def wait_for_keys(
    gate: Gate,
    environ: Mapping[str, str],
    configuration: Path,
    *,
    manager: ServiceManager,
    stopping: threading.Event,
    unsafe: Mapping[int, TakeBoard],
) -> GateKeys | None:
    """The keys of this terminal, tried for until they are there; None when the gate is to stop.

    `unsafe` are boards whose relays could not be released yet; that is tried for as well.
    """
    ready, told = manager.ready, ""
    while not stopping.is_set():
        try:
            return read_keys(gate, environ, str(configuration))
        except ConfigurationMistakes as error:
            if (told_now := str(error)) != told:
                log.warning("no-keys", mistakes=[str(mistake) for mistake in error.mistakes])
                told = told_now
            ready(f"every lane is shut: {error.mistakes[0]}")
            ready = manager.status
            manager.watchdog()
        stopping.wait(AGAIN_S)
        unsafe = set_safe(unsafe)
    return None
