"""The command line of the simulated board: where it serves, and how each of its lanes was built."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from simulation.controller import ControllerTimes
from simulation.driver import Movement
from simulation.lane import CONTACTS, OUTPUTS, LaneSetup
from simulation.logics import Logic
from simulation.vehicle import BODIES

DEBOUNCE_MS = 20.0
MOST_SPEED = 100.0
TIMES = ControllerTimes()

EPILOG = f"""\
logics    {", ".join(Logic)}
contacts  {", ".join(CONTACTS)}
relays    {", ".join(OUTPUTS)}
vehicles  {", ".join(BODIES)}; each may be told to {", ".join(Movement)}

What a client may ask, and what stands in the trace: docs/simulated-board.md.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardOptions:
    """What was asked for. `speed`: how many times faster than real time the model goes."""

    socket: Path
    trace: Path
    lanes: dict[int, LaneSetup]
    services: tuple[int, ...]
    speed: float


def read_options(arguments: list[str] | None = None) -> BoardOptions:
    """Read the command line; ends the process with a line that says why when it cannot be."""
    parser = _parser()
    given = parser.parse_args(arguments)
    times = ControllerTimes(
        travel_ms=given.travel_ms,
        after_passage_ms=given.after_passage_ms,
        no_show_ms=given.no_show_ms,
        time_out_ms=given.time_out_ms,
    )
    # A boom that is quicker than its contacts are debounced would never be seen to move.
    debounce_ms = min(DEBOUNCE_MS, given.travel_ms / 10) if given.debounce_ms is None else given.debounce_ms
    if times.travel_ms < 1:
        parser.error("--travel-ms: a boom takes at least 1 ms")
    lanes = range(1, given.lanes + 1)
    for lane, _ in (*given.lane, *given.without):
        if lane is not None and lane not in lanes:
            parser.error(f"there is no lane {lane}; --lanes {given.lanes} makes lanes 1 to {given.lanes}")
    for service in given.service:
        if service in lanes:
            parser.error(f"{service} is a lane; a service point has a number of its own")
    logics = dict(given.lane)
    return BoardOptions(
        socket=given.socket,
        trace=given.trace,
        speed=given.speed,
        services=tuple(dict.fromkeys(given.service)),
        lanes={
            lane: LaneSetup(
                logic=logics.get(lane, given.logic),
                times=times,
                without=frozenset(name for only, name in given.without if only in {None, lane}),
                debounce_ms=debounce_ms,
            )
            for lane in lanes
        },
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulation.board",
        description="A simulated relay board: barriers, their controllers, loops and vehicles.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--socket", type=Path, required=True, help="Unix socket to serve on")
    add("--trace", type=Path, required=True, help="file that every change is appended to")
    add("--lanes", type=int, default=1, choices=range(5), help="how many lanes, numbered from 1 (1)")
    add("--service", type=_service, action="append", default=[], metavar="N", help="number of a service point as well")
    add("--logic", type=Logic, default=Logic.IMPULSE, metavar="LOGIC", help="of every controller (impulse)")
    add("--lane", type=_lane_logic, action="append", default=[], metavar="N:LOGIC", help="the logic of one lane")
    add("--without", type=_without, action="append", default=[], metavar="[N:]NAME", help="contact or relay not fitted")
    times = parser.add_argument_group("times, in the model's milliseconds")
    for name, value, means in (
        ("travel", TIMES.travel_ms, "the boom takes up or down"),
        (
            "after-passage",
            TIMES.after_passage_ms,
            "impulse, impulse-count: closes so long after the safety loop cleared",
        ),
        ("no-show", TIMES.no_show_ms, "impulse, impulse-count: closes so long after nobody came"),
        ("time-out", TIMES.time_out_ms, "step: closes so long after it came up or the safety loop cleared"),
    ):
        times.add_argument(f"--{name}-ms", type=_duration, default=value, metavar="MS", help=f"{means} ({value:g})")
    times.add_argument(
        "--debounce-ms",
        type=_duration,
        metavar="MS",
        help=f"a contact is told when it stood still so long ({DEBOUNCE_MS:g}, at most a tenth of the travel time)",
    )
    times.add_argument("--speed", type=_speed, default=1.0, metavar="N", help="the model goes N times real time (1)")
    return parser


def _lane_logic(text: str) -> tuple[int, Logic]:
    lane, _, logic = text.partition(":")
    if not lane.isdecimal() or logic not in set(Logic):
        raise argparse.ArgumentTypeError(f"{text}: should be the number of a lane and a logic, such as 2:hold")
    return int(lane), Logic(logic)


def _service(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 255:
        raise argparse.ArgumentTypeError(f"{text}: should be a number from 1 to 255")
    return int(text)


def _without(text: str) -> tuple[int | None, str]:
    lane, colon, name = text.rpartition(":")
    if name not in {*CONTACTS, *OUTPUTS} or (colon and not lane.isdecimal()):
        raise argparse.ArgumentTypeError(f"no contact or relay {name!r}")
    return (int(lane) if colon else None), name


def _duration(text: str) -> float:
    ms = float(text)
    if not 0 <= ms <= 3_600_000:
        raise argparse.ArgumentTypeError(f"{text} ms is no duration of 0 to 3600000 ms")
    return ms


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.01 <= speed <= MOST_SPEED:
        raise argparse.ArgumentTypeError(f"a speed lies between 0.01 and {MOST_SPEED:g}")
    return speed
