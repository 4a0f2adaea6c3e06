"""The gate as a process of its own: how soon it is ready, how soon a new list counts, how much memory it takes."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from bench.children import board
from bench.figures import Figures
from bench.setting import Setting
from demonstration.processes import Event, GateProcess
from simulation.card import DesfireChip
from simulation.vpcd import READERS, VirtualReader, VirtualReaderSlot

IN_FORCE_S = 30.0
ANSWER_S = 20.0
FIRST_READY_S = 60.0


def measure(
    setting: Setting,
    folder: Path,
    cards: tuple[DesfireChip, ...],
    figures: Figures,
    *,
    starts: int,
    renewals: int,
    taps: int,
    progress: Callable[[str], None],
) -> None:
    """Measure a gate with both readers; one card of `cards` for each. Needs the virtual readers free."""
    folder.mkdir()
    with ExitStack() as parts:
        short = Path(parts.enter_context(TemporaryDirectory(prefix="xs-bench-")))
        parts.enter_context(board(short / "board", folder / "board.jsonl", lanes=len(READERS)))
        slots = {reader: parts.enter_context(VirtualReaderSlot(reader.port)) for reader in READERS}
        configuration = setting.gate_configuration(folder, short / "board")

        def gate() -> GateProcess:
            return GateProcess(("terminal", "gate", str(configuration)), folder / "gate.log", short / "notify")

        progress("the gate's first start, which takes the list from the mirror")
        with gate() as first:
            first.wait_ready(FIRST_READY_S)
            first.wait_for(lambda event: event["event"] == "in-force", IN_FORCE_S)
        progress(f"starting the gate {starts} times")
        samples = []
        for _ in range(starts):
            begin_s = time.monotonic()
            with gate() as started:
                samples.append(started.wait_ready() - begin_s)
        figures.add_samples("start_to_ready_s", samples, 50, 100)

        with gate() as running:
            running.wait_ready()
            _note_memory(running, "gate_at_ready", figures)
            for name, lists in (
                ("change", [(1, number) for number in range(1, renewals + 1)]),
                ("new_list", [(seed, 0) for seed in range(2, renewals + 2)]),
            ):
                progress(f"bringing a {name.replace('_', ' ')} into force {renewals} times")
                samples = [_renew(running, setting, *each) for each in lists]
                figures.add_samples(f"in_force.{name}_s", samples, 50, 100)
            _note_memory(running, "gate_after_renewals", figures)
            progress(f"{taps} taps on two readers")
            answers = _tap(running, dict(zip(slots.items(), cards, strict=True)), taps)
            figures.add("gate_taps", len(answers))
            for part in ("card_ms", "durable_ms", "tap_ms"):
                figures.add_samples(f"gate.{part}", [float(answer[part]) for answer in answers], 50, 99)
            _note_memory(running, "gate", figures)


def _renew(gate: GateProcess, setting: Setting, seed: int, changed: int) -> float:
    """Publish a list, carry it to the mirror; returns seconds from its last file there until it is in force."""
    setting.publish_list(setting.statuses(seed, changed))
    mark = gate.mark()
    landed_s = setting.land()
    event = gate.wait_for(
        lambda each: each["event"] == "in-force" and "revocation" in each["versions"], IN_FORCE_S, mark
    )
    return datetime.fromisoformat(event["timestamp"]).timestamp() - landed_s


def _tap(
    gate: GateProcess, places: dict[tuple[VirtualReader, VirtualReaderSlot], DesfireChip], taps: int
) -> list[Event]:
    """So many taps, on all readers at once; the gate's answers."""
    answers: list[Event] = []

    def in_turn(reader: VirtualReader, slot: VirtualReaderSlot, card: DesfireChip) -> None:
        for _ in range(taps // len(places)):
            mark = gate.mark()
            slot.insert(card)
            here = {"event": "decision", "reader": reader.name}.items()
            answers.append(gate.wait_for(lambda event: here <= event.items(), ANSWER_S, mark))  # noqa: B023 - used at once
            slot.remove()

    threads = [Thread(target=in_turn, args=(*place, card)) for place, card in places.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == taps // len(places) * len(places), "a tap was not answered; the gate's log says why"
    wrong = [answer for answer in answers if answer["reason"] != "ok"]
    assert not wrong, f"a tap that should have been admitted: {wrong[0]}"
    return answers


def _note_memory(gate: GateProcess, name: str, figures: Figures) -> None:
    """Proportional, own and whole resident memory, in MB of 1,000,000 bytes."""
    memory: dict[str, Any] = {}
    for line in Path(f"/proc/{gate.pid}/smaps_rollup").read_text().splitlines()[1:]:
        words = line.split()
        memory[words[0]] = int(words[1]) * 1024 / 1e6
    figures.add(f"{name}_pss_mb", memory["Pss:"])
    figures.add(f"{name}_own_mb", memory["Private_Clean:"] + memory["Private_Dirty:"])
    figures.add(f"{name}_rss_mb", memory["Rss:"])
