"""What may stand in `gate.toml`, as types: the one definition of its keys, bounds and defaults.

Plain dataclasses; `firmware_config.configuration` reads a file into them and `firmware_config.reference` makes the
page in `docs/` from them. A field is called as its key in the file, and a docstring under it says what it does.
What the site decides (zones, products, hours) is not here but in the site's signed policy.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Ge, Le, MaxLen, MinLen, Predicate

from firmware_config.service import Service
from firmware_config.values import (
    AbsolutePath,
    FileName,
    HostName,
    InputName,
    MapName,
    OutputName,
    Question,
    ReaderName,
    ScrewName,
    Section,
    Side,
    SocketPath,
    TerminalName,
    UserName,
    all_different,
)

GAP_MS = {"truck": 1500, "car": 300}
"""How long a loop is off before it counts as clear (design 5)."""


def reader_kind(name: str) -> str:
    """A reader's name without the two numbers that PC/SC puts at its end, in the order in which readers came."""
    return re.sub(r" [0-9A-F]{2} [0-9A-F]{2}$", "", name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal(Section):
    """Which terminal this is, and its folders."""

    name: TerminalName
    """Stands in every entry of the journal; no two terminals may share it."""
    site: Annotated[int, Ge(1), Le(2**32 - 1)]
    """Number of the site whose signed rules hold here."""
    data: AbsolutePath
    """The gate's own folder, mode 0700: journal, lists in force, floor of the clock."""
    mirror: AbsolutePath
    """Folder into which the signed files from headquarters are brought; the gate only reads it."""
    root: AbsolutePath
    """The `root.json` that this terminal was born with: the anchor of everything it believes."""
    view: AbsolutePath | None = None
    """File in which the gate shows others what is committed ([view](view.md)); left out, nobody is shown anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys(Section):
    """Where the card keys are."""

    folder: AbsolutePath | None = None
    """Folder with the key files; left out, it is `$CREDENTIALS_DIRECTORY`, the credentials that systemd hands over."""
    cards: FileName = "card-keys.json"
    """File with this terminal's master keys: `read` (newest first) and, where used, `stay`, `site`, `template`."""
    terminal: FileName = "terminal-key"
    """File with this terminal's own key, under which it keeps who is inside: 64 hexadecimal digits, made on it."""
    journal: FileName = "journal-key"
    """File with the Ed25519 key that signs this terminal's journal: 64 hexadecimal digits, made on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing(Section):
    """Time-outs of a tap; the defaults are those of the design."""

    tap_budget_ms: Annotated[int, Ge(500), Le(10_000)] = 2000
    """Most time that one card gets, from its arrival to its last answer; after that it is unreadable."""
    intent_budget_ms: Annotated[int, Ge(500), Le(10_000)] = 2000
    """Most time until an admission is durable in the journal; after that an entry is refused and an exit opens."""
    linger_s: Annotated[int, Ge(15), Le(3600)] = 60
    """A card that lies on a reader this long raises an alarm."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader(Section):
    """One card reader of a lane."""

    name: ReaderName
    """Name that the PC/SC daemon gives it, e.g. `ACS ACR1252 Dual Reader [ACR1252 Dual Reader PICC] 00 00`. The two
    numbers at its end may change when it is plugged in anew; a name without them means the only reader of that kind.
    """
    side: Side | None = None
    """Whose side of the boom it stands at: that of vehicles on their way in, or out. Left out, it is the lane's
    direction; a lane for both says it of each reader. A card tapped at the wrong side of a lane is told where to go."""
    height: Literal["car", "truck"] = "truck"
    """Whom it can be reached by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring(Section):
    """Where each relay and contact of the lane above is connected, by the names of the board's pin map. Only with a
    `gpio` board, and then for every name in `outputs` and `contacts`. No terminal is used twice: two lanes that need
    one and the same contact (fire) get a relay with two contacts.
    """

    open: ScrewName | None = None
    """Relay on the controller's input for opening."""
    close: ScrewName | None = None
    """Relay on the controller's input for closing."""
    hold_open: ScrewName | None = None
    """Relay on the controller's input that keeps the boom up as long as it is on; never the one of `open`."""
    light_red: ScrewName | None = None
    """Red light."""
    light_green: ScrewName | None = None
    """Green light."""
    buzzer: ScrewName | None = None
    """Buzzer."""
    loop_arm: ScrewName | None = None
    """Loop before the boom; in a lane for both directions the outer one."""
    loop_safety: ScrewName | None = None
    """Loop under the boom. The controller has its own; this one is told to the terminal as well."""
    loop_behind: ScrewName | None = None
    """Loop behind the boom; in a lane for both directions the inner one."""
    open_limit: ScrewName | None = None
    """The boom is up."""
    closed_limit: ScrewName | None = None
    """The boom is down."""
    fire: ScrewName | None = None
    """Fire alarm. It is wired to the controller, which opens by itself; the terminal only reads it."""
    tamper: ScrewName | None = None
    """The housing is open."""
    swing_off: ScrewName | None = None
    """The arm swung out of its hinge."""
    controller_fault: ScrewName | None = None
    """The controller reports a fault."""
    call: ScrewName | None = None
    """Somebody pressed the call button."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane(Section):
    """One boom with its readers and contacts. Its zone, hours and products are the site's policy."""

    number: Annotated[int, Ge(1), Le(255)]
    """The lane's number in the site's policy."""
    direction: Literal["entry", "exit", "both"]
    """Way of the vehicles that pass here."""
    logic: Literal["impulse", "impulse-count", "step", "hold"] = "impulse"
    """How the barrier's controller takes orders; the bench test finds it out. `impulse`: a pulse opens.
    `impulse-count`: each pulse lets one vehicle more through. `step`: each pulse moves the boom the other way. `hold`:
    open as long as the contact is closed."""
    outputs: Annotated[tuple[OutputName, ...], MinLen(1), Predicate(all_different)] = ("open",)
    """Relays that are wired to the barrier and its lights."""
    contacts: Annotated[tuple[InputName, ...], Predicate(all_different)] = ()
    """Contacts of the barrier that are wired to the board; where one is missing, timers stand in for it."""
    normally_closed: Annotated[tuple[InputName, ...], Predicate(all_different)] = ()
    """Which of these are closed at rest and open to say yes. `fire` and `tamper` should be: a broken wire then reads as
    fire, or as tampering, and not as peace. The simulated board needs none."""
    pulse_ms: Annotated[int, Ge(200), Le(1000)] = 500
    """Length of a pulse on the `open` and `close` contacts."""
    travel_ms: Annotated[int, Ge(500), Le(60_000)] = 6000
    """Time the boom takes from closed to open, measured, with a margin."""
    passage_s: Annotated[int, Ge(5), Le(600)] = 30
    """How long an open boom waits for a vehicle to come."""
    closing_s: Annotated[int, Ge(5), Le(600)] = 60
    """Time within which the boom is down once it may close: the controller's own waiting and the way down, with a
    margin."""
    gap_ms: Annotated[int, Ge(100), Le(10_000)] | None = None
    """How long a loop is off before it counts as clear. Left out: 1500 where a reader stands at a truck's height, since
    a drawbar or the space under a trailer is no gap between vehicles, else 300."""
    too_long_s: Annotated[int, Ge(10), Le(3600)] = 120
    """A boom that is open for so long and for nobody raises an alarm."""
    under_boom_s: Annotated[int, Ge(30), Le(300)] = 120
    """A vehicle that stands under the boom for so long raises an alarm."""
    stuck_s: Annotated[int, Ge(30), Le(86_400)] = 1800
    """A loop that is on for so long is called stuck, and `loop_arm` and `loop_behind` are left out until they clear.
    So long, since trucks wait on `loop_arm` for their slot: with a `gpio` board at least 600."""
    wiring: Wiring | None = None
    """`[lane.wiring]` under the `[[lane]]` it belongs to."""
    reader: Annotated[tuple[Reader, ...], MinLen(1), MaxLen(4)]
    """One `[[lane.reader]]` a reader, under the `[[lane]]` it belongs to."""

    def clear_ms(self) -> int:
        """`gap_ms`, or what stands for it by the tallest vehicle that the readers are made for."""
        return self.gap_ms or GAP_MS["truck" if any(each.height == "truck" for each in self.reader) else "car"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Section):
    """The relays and contacts. `simulated` has a `socket`; `gpio` has a `map`, and each lane a `[lane.wiring]`."""

    kind: Literal["simulated", "gpio"]
    """What stands behind the relays: a process that plays barrier and vehicles, or lines of this computer."""
    socket: SocketPath | None = None
    """Unix socket of a simulated board; no other kind has one."""
    map: MapName | None = None
    """Which terminal of a `gpio` board is which line (see *Pin maps*); no other kind has one."""
    debounce_ms: Annotated[int, Ge(1), Le(500)] = 20
    """How long a contact keeps still before its change is believed; the kernel does it. Only with `gpio`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket(Section):
    """The gate's own Unix socket, over which it is asked how its lanes are and is given a guard's orders."""

    path: SocketPath = Path("/run/xs-gate/gate.sock")
    """Where it is; the folder must be there, and those who may ask must be able to reach it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker(Section):
    """Headquarters' broker, for `xs-terminal sync` ([sync](sync.md)); the gate itself has no network and does not look
    at it. Left out, the mirror is filled by hand and nothing is sent. It needs `terminal.view`.
    """

    host: HostName
    """Name or address; it must stand in the broker's certificate."""
    port: Annotated[int, Ge(1), Le(65_535)] = 8883
    """Port for MQTT over TLS."""
    ca: AbsolutePath
    """Certificate of the authority that signed the broker's, PEM."""
    certificate: AbsolutePath
    """This terminal's own certificate, PEM; the name in it is `terminal.name`."""
    key: AbsolutePath
    """Its private key, PEM, readable by the user of `sync` alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Section):
    """The pages of `xs-terminal status`; the gate itself does not look at it."""

    port: Annotated[int, Ge(0), Le(65_535)] = 8080
    """Port at 127.0.0.1 for the driver's screens, and for whoever sits at the terminal; 0 is any that is free."""
    screen_mm: Annotated[int, Ge(80), Le(2000)] = 345
    """How wide the picture of the driver's screen is: by that its letters are as high as they must be."""
    accounts: AbsolutePath = Path("/var/lib/xs-terminal-status/accounts.db")
    """File of the guards' accounts ([accounts](accounts.md))."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller(Section):
    """Who may ask the gate for what, over its socket. Root and the gate's own user may ask everything; who is
    neither and has no `[[caller]]` may ask nothing.
    """

    user: UserName
    """Unix user of the process that asks, as the kernel tells it."""
    may: Annotated[tuple[Question, ...], MinLen(1), Predicate(all_different)]
    """What it may ask: `state` is how the lanes are, all others are orders to one of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Section):
    """A whole `gate.toml`."""

    terminal: Terminal
    keys: Keys = field(default_factory=Keys)
    timing: Timing = field(default_factory=Timing)
    socket: Socket = field(default_factory=Socket)
    broker: Broker | None = None
    status: Status = field(default_factory=Status)
    caller: Annotated[tuple[Caller, ...], MinLen(0), MaxLen(8)] = ()
    board: Board
    lane: Annotated[tuple[Lane, ...], MinLen(0), MaxLen(4)] = ()
    service: Annotated[tuple[Service, ...], MinLen(0), MaxLen(4)] = ()

    @property
    def places(self) -> "tuple[Lane | Service, ...]":
        """Lanes, then service points."""
        return (*self.lane, *self.service)

    @property
    def reader_names(self) -> list[str]:
        """The name of every reader."""
        return [reader.name for place in self.places for reader in place.reader]
