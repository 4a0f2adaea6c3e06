"""The `gate.toml` of the demonstration's gate: one lane, wired as its scene or its person wants it."""

from dataclasses import dataclass
from math import ceil
from pathlib import Path

from demonstration.office import LANE, SITE
from simulation.controller import ControllerTimes
from simulation.lane import CONTACTS, OUTPUTS
from simulation.stage import GATE_MS, Setup
from simulation.vpcd import READERS

TERMINAL = "kade-7"
BROKER_HOST = "127.0.0.1"
OTHER_SIDE = {"entry": "exit", "exit": "entry"}

BRISK = Setup(
    times=ControllerTimes(travel_ms=800, after_passage_ms=500, no_show_ms=6000),
    gate_ms={**GATE_MS, "travel_ms": 1500, "gap_ms": 300},
)
"""A lane for whoever wants to see decisions rather than vehicles."""
ROOMY = Setup(
    times=ControllerTimes(travel_ms=1800, after_passage_ms=5000, no_show_ms=20_000, time_out_ms=8000),
    gate_ms={**GATE_MS, "travel_ms": 4000, "passage_ms": 15_000, "closing_ms": 15_000, "too_long_ms": 20_000},
)
"""A lane for whoever plays with it: slow enough to follow, and quick to notice that nobody comes."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a gate of the demonstration has its things. `sockets` is a folder with a short name.

    `broker_port` is where its line to headquarters begins on this machine; None: it has none.
    """

    folder: Path
    sockets: Path
    broker_port: int | None = None
    clock: Path | None = None
    """The file of a clock that can be moved; None: it goes by the machine's."""
    pages_port: int | None = None
    """Where its pages are served; None: they are not."""

    @property
    def gate_program(self) -> tuple[str, ...]:
        """What runs as the gate: a module and its arguments."""
        if self.clock is not None:
            return "demonstration.gate", str(self.configuration), str(self.clock)
        return "terminal", "gate", str(self.configuration)

    @property
    def data(self) -> Path:
        """The gate's own folder, with its journal."""
        return self.folder / "gate"

    @property
    def configuration(self) -> Path:
        """Its `gate.toml`."""
        return self.folder / "gate.toml"

    @property
    def mirror(self) -> Path:
        """Where the lists arrive."""
        return self.folder / "mirror"

    @property
    def view(self) -> Path:
        """What the gate shows of its journal."""
        return self.folder / "view.db"

    @property
    def gate_log(self) -> Path:
        """What the gate says."""
        return self.folder / "gate.log"

    @property
    def line(self) -> Path:
        """The certificate with which it comes to the broker."""
        return self.folder / "line"

    @property
    def accounts(self) -> Path:
        """Who may log in to its pages."""
        return self.folder / "accounts.db"

    @property
    def trace(self) -> Path:
        """The board's trace."""
        return self.folder / "board.jsonl"

    @property
    def socket(self) -> Path:
        """Where the gate takes orders."""
        return self.sockets / "gate"

    @property
    def board(self) -> Path:
        """Where the board serves."""
        return self.sockets / "board"


def readers_of(setup: Setup, *, both_sides: bool) -> dict[str, str]:
    """The lane's readers by their side, the one for its own direction first."""
    side = "exit" if setup.direction == "exit" else "entry"
    sides = (side, OTHER_SIDE[side]) if both_sides or setup.direction == "both" else (side,)
    return {side: reader.name for side, reader in zip(sides, READERS, strict=False)}


def gate_toml(place: Place, setup: Setup, readers: dict[str, str]) -> str:
    """The whole file. Times are rounded up to what it can say; `xs-terminal check` tells what it may not."""
    head = f"""\
[terminal]
name = "{TERMINAL}"
site = {SITE}
data = "{place.data}"
mirror = "{place.mirror}"
view = "{place.view}"
root = "{place.folder}/root.json"

[keys]
folder = "{place.folder}/keys"

[socket]
path = "{place.socket}"

[board]
kind = "simulated"
socket = "{place.board}"

{_broker(place)}{_status(place)}[[lane]]
number = {LANE}
direction = "{setup.direction}"
logic = "{setup.logic}"
outputs = {_fitted(OUTPUTS, setup.without | _unsafe(setup))}
contacts = {_fitted(CONTACTS, setup.without)}
"""
    for name, ms in setup.gate_ms.items():
        setting, value = _setting(name, ms)
        head += f"{setting} = {value}\n"
    return head + "".join(f'\n[[lane.reader]]\nname = "{name}"\nside = "{side}"\n' for side, name in readers.items())


def _broker(place: Place) -> str:
    if place.broker_port is None:
        return ""
    files = ((name, place.line / f"{name}.pem") for name in ("ca", "certificate", "key"))
    lines = "".join(f'{name} = "{file}"\n' for name, file in files)
    return f'[broker]\nhost = "{BROKER_HOST}"\nport = {place.broker_port}\n{lines}\n'


def _status(place: Place) -> str:
    return "" if place.pages_port is None else f'[status]\nport = {place.pages_port}\naccounts = "{place.accounts}"\n\n'


def _fitted(names: tuple[str, ...], without: frozenset[str]) -> str:
    return "[" + ", ".join(f'"{name}"' for name in names if name not in without) + "]"


def _unsafe(setup: Setup) -> frozenset[str]:
    """What nobody wires, and no gate takes, where it cannot be seen who stands under the boom."""
    return frozenset({"close", "hold_open"}) if "loop_safety" in setup.without else frozenset()


IN_MS = frozenset({"pulse_ms", "travel_ms", "gap_ms"})


def _setting(name: str, ms: int) -> tuple[str, int]:
    return (name, ms) if name in IN_MS else (name.replace("_ms", "_s"), ceil(ms / 1000))
