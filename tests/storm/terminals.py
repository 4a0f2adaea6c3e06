"""A terminal of the storm: gate, sync and board as an installer leaves them, its database, its disk, its clock."""

import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory

from demonstration.office import SITE, Office
from terminal.core.policy import LaneRules, SitePolicy, Zone
from terminal.edges.mqtt import Broker
from tests.simulation_board.board_process import BoardProcess
from tests.storm.gate import AHEAD, READERS
from tests.storm.services import Service

LANES = (1, 2, 3, 4)
POLICY = SitePolicy(
    site=SITE,
    name="Kade 7",
    time_zone="Europe/Amsterdam",
    zones=(Zone(number=1, name="Yard"),),
    lanes=tuple(LaneRules(number=lane, zone=1) for lane in LANES),
)
BOARD = ("--travel-ms", "40", "--after-passage-ms", "60", "--no-show-ms", "60", "--debounce-ms", "0")
SMALL_DISK = "size=100m,mode=0700"
JOURNAL_FILES = ("journal.db", "journal.db-wal", "journal.db-shm")


@dataclass
class Terminal:
    """A gate, the sync beside it, and the board before it."""

    name: str
    folder: Path
    board: BoardProcess
    gate: Service
    sync: Service
    disk: "SmallDisk | None" = None
    past_epochs: set[bytes] = field(default_factory=set)
    """Those that an old image was brought back of."""
    images: dict[Path, int] = field(default_factory=dict)
    """And how many entries are in each."""

    @property
    def data(self) -> Path:
        """Where its database is, as seen from here."""
        return self.disk.seen / "gate" if self.disk else self.folder / "gate"

    def jump(self, ahead_ms: int) -> None:
        """Set its clock."""
        aside = self.folder / f"{AHEAD}.new"
        aside.write_text(str(ahead_ms))
        aside.replace(self.folder / AHEAD)

    def copy_database(self, to: Path) -> Path:
        """Copy it, while the gate is down. SQLite cannot open it on a disk that is seen through another process."""
        to.mkdir(parents=True)
        for name in JOURNAL_FILES:
            if (self.data / name).exists():
                shutil.copy(self.data / name, to / name)
        return to / "journal.db"

    def present(self) -> tuple[bytes, int]:
        """The epoch that it writes, and how many entries that has; while the gate is down."""
        with TemporaryDirectory() as copy, closing(sqlite3.connect(self.copy_database(Path(copy) / "db"))) as journal:
            ((epoch, size),) = journal.execute("SELECT epoch, (SELECT max(sequence) + 1 FROM entries) FROM identity")
            return epoch, size or 0

    def take_image(self, to: Path) -> None:
        """Copy its database; while the gate is down."""
        self.copy_database(to)
        _, self.images[to] = self.present()

    def bring_back(self, image: Path) -> None:
        """Put an old database in the place of the present one; while the gate is down."""
        epoch, _ = self.present()
        for name in JOURNAL_FILES:
            (self.data / name).unlink(missing_ok=True)
            if (image / name).exists():
                shutil.copy(image / name, self.data / name)
        self.past_epochs.add(epoch)


class SmallDisk:
    """A disk of 100 MB that outlives the gate on it, in a mount namespace of its own."""

    def __init__(self, at: Path) -> None:
        """Mount it at an empty folder.

        Raises:
            OSError: this machine lets nobody do so.
        """
        script = f"mount -t tmpfs -o {SMALL_DISK} none {at} && echo mounted && exec sleep infinity"
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script], stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout is not None
        with self._holder.stdout as said:
            mounted = said.readline() == "mounted\n"
        if not mounted:
            self._holder.wait()
            raise OSError("nobody may mount a small disk in a namespace of his own here")
        self.seen = Path(f"/proc/{self._holder.pid}/root{at}")
        self.within: Sequence[str] = (
            *("nsenter", "--target", str(self._holder.pid), "--user", "--mount", "--preserve-credentials"),
        )

    def fill(self) -> None:
        """To the last byte."""
        chunk = bytes(1 << 16)
        with (self.seen / "ballast").open("ab", buffering=0) as ballast:
            try:
                while True:
                    ballast.write(chunk)
            except OSError:
                pass

    def empty(self) -> None:
        (self.seen / "ballast").unlink(missing_ok=True)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()


def small_disk(at: Path) -> SmallDisk | None:
    """A small disk at a new folder; None where this machine lets nobody mount one."""
    at.mkdir()
    try:
        return SmallDisk(at)
    except OSError:
        return None


def install(home: Path, journal_key: bytes, office: Office, broker: Broker, disk: SmallDisk | None) -> Terminal:
    """Everything that a terminal needs, in the folder of its name; `board` is not started."""
    board = BoardProcess(home, *BOARD, "--lanes", str(len(LANES)))
    (home / READERS).mkdir()
    (home / AHEAD).write_text("0")
    (home / "mirror").mkdir()
    (home / "root.json").write_bytes(office.root())
    office.publish_to(home / "mirror")
    name, keys = home.name, home / "keys"
    keys.mkdir(mode=0o700)
    for file, content in {
        "card-keys.json": office.keys_for_terminal(),
        "terminal-key": token_hex(32).encode(),
        "journal-key": journal_key.hex().encode(),
    }.items():
        (keys / file).touch(mode=0o600)
        (keys / file).write_bytes(content)
    toml = home / "gate.toml"
    data = home / ("disk/gate" if disk else "gate")
    toml.write_text(_toml(home, data, board.socket, broker))
    gate = Service(f"{name} gate", ("-m", "tests.storm.gate", str(toml)), home / "gate.log")
    gate.within = disk.within if disk else ()
    sync = Service(f"{name} sync", ("-m", "terminal", "sync", str(toml)), home / "sync.log")
    return Terminal(name, home, board, gate, sync, disk=disk)


def _toml(home: Path, data: Path, board: Path, broker: Broker) -> str:
    head = f"""
[terminal]
name = "{home.name}"
site = {SITE}
data = "{data}"
mirror = "{home}/mirror"
view = "{home}/view.db"
root = "{home}/root.json"

[keys]
folder = "{home}/keys"

[socket]
path = "{home}/gate.sock"

[timing]
tap_budget_ms = 10000
intent_budget_ms = 10000

[broker]
host = "{broker.host}"
port = {broker.port}
ca = "{broker.ca}"
certificate = "{broker.certificate}"
key = "{broker.key}"

[board]
kind = "simulated"
socket = "{board}"
"""
    return head + "".join(
        f"""
[[lane]]
number = {lane}
direction = "entry"
pulse_ms = 200
travel_ms = 20000
passage_s = 5
contacts = ["loop_arm", "loop_safety", "loop_behind", "open_limit", "closed_limit"]

[[lane.reader]]
name = "{lane}"
"""
        for lane in LANES
    )
