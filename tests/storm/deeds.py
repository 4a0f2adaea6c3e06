"""What the storm does, one deed after the other, each chosen and measured out by the seed."""

import random
import shutil
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing, suppress

from headquarters.tables.journal import epochs
from simulation.postgresql import Postgresql
from terminal.errors import StorageError
from terminal.storage.view_reader import NoView, ViewReader
from tests.storm.acts import Drivers
from tests.storm.ground import Ground
from tests.storm.terminals import Terminal
from tests.storm.weather import WEATHERS

UP_TO_DATE_S = 90.0
STRIKE_S = 15.0
LOOK_S = 0.1
QUIET_S = 0.5
TRIES = 5
JUMPS_MS = (-7_200_000, -61_000, -1_500, 0, 4_000, 90_000, 3_600_000)
"""A clock further ahead than a list may be old lets nobody in; the list of a storm is made at its start."""


class Deeds:
    """On one thread. `done` counts what was done, `skipped` what could not be done then."""

    def __init__(self, ground: Ground, drivers: dict[str, Drivers], server: Postgresql | None, seed: int) -> None:
        self._ground = ground
        self._drivers = drivers
        self._server = server
        self._random = random.Random(f"{seed} deeds")  # noqa: S311 - no secret depends on it
        self._pause = threading.Event()
        self.done: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self._all: dict[str, Callable[[random.Random], bool]] = {
            "gate killed": self._kill_gate,
            "sync killed": self._kill_sync,
            "collector killed": self._kill_collector,
            "collector killed before it answers": self._strike,
            "broker killed": self._kill_broker,
            "broker forgets": self._forget,
            "connections cut": self._cut,
            "weather changed": self._change_weather,
            "database restarted" if server else "database locked": self._trouble_database,
            "clock jumped": self._jump,
            "disk filled": self._fill,
            "image taken": self._take_image,
            "image brought back": self._bring_back,
        }
        self._due: list[str] = []

    def next(self) -> None:
        """Do one, after a pause. Each is done once before any is done again."""
        if not self._due:
            self._due = self._random.sample(sorted(self._all), len(self._all))
            image, back = self._due.index("image taken"), self._due.index("image brought back")
            if back < image:
                self._due[image], self._due[back] = self._due[back], self._due[image]
        self.wait(self._random.uniform(0.0, 1.5))
        name = self._due.pop(0)
        chosen = random.Random(self._random.random())  # noqa: S311 - whatever one deed draws, the next draws the same
        (self.done if self._all[name](chosen) else self.skipped)[name] += 1

    def wait(self, seconds: float) -> None:
        """Let the others go on."""
        self._pause.wait(seconds)

    def look_after(self) -> None:
        """Start the broker again when it ended by itself."""
        if not self._ground.broker_runs():
            self._ground.rig.mosquitto.kill()
            self._ground.rig.mosquitto.start()
            self.done["broker ended by itself"] += 1

    def calm(self) -> None:
        """No more of it: everything runs, and is let run."""
        self._ground.weather.name = "calm"
        for strike in self._ground.strikes:
            strike.armed = False
        for terminal in self._ground.terminals:
            terminal.jump(0)
            if terminal.disk is not None:
                terminal.disk.empty()
        for proxy in self._ground.proxies:  # acknowledgements that were dropped are told again
            proxy.cut()

    def size_at_headquarters(self, terminal: str, epoch: bytes) -> int:
        """How many entries of this epoch are proven; -1 while the database is away."""
        which = (epochs.c.terminal == terminal) & (epochs.c.epoch == epoch)
        with suppress(StorageError), self._ground.database.transaction(read_only=True) as connection:
            return connection.scalar(epochs.select().with_only_columns(epochs.c.size).where(which)) or 0
        return -1

    def shown(self, terminal: Terminal) -> tuple[bytes, int]:
        """Epoch and size as sync sees them; (b"", -2) when it sees nothing."""
        try:
            look = ViewReader(terminal.folder / "view.db", terminal.name).look()
        except NoView:
            return b"", -2
        return look.epoch, look.size

    def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Wait for it."""
        deadline_s = time.monotonic() + within_s
        while not condition():
            if time.monotonic() > deadline_s:
                return False
            self.look_after()
            self.wait(LOOK_S)
        return True

    # --------------------------------------------------------------------------------------------------------- deeds

    def _kill_gate(self, chosen: random.Random) -> bool:
        chosen.choice(self._ground.terminals).gate.kill()
        return True

    def _kill_sync(self, chosen: random.Random) -> bool:
        chosen.choice(self._ground.terminals).sync.kill()
        return True

    def _kill_collector(self, chosen: random.Random) -> bool:
        chosen.choice(self._ground.collectors).kill()
        return True

    def _strike(self, _chosen: random.Random) -> bool:
        """Whoever answers next, since the broker chooses who gets a batch."""
        strikes = self._ground.strikes
        before = sum(strike.struck for strike in strikes)
        for strike in strikes:
            strike.armed = True
        struck = self.until(lambda: sum(strike.struck for strike in strikes) > before, STRIKE_S)
        for strike in strikes:
            strike.armed = False
        return struck

    def _kill_broker(self, chosen: random.Random) -> bool:
        self._ground.rig.mosquitto.kill()
        self.wait(chosen.uniform(0.0, 2.0))
        self._ground.rig.mosquitto.start()
        return True

    def _forget(self, chosen: random.Random) -> bool:
        """Sessions, what waits for them, and what is retained."""
        mosquitto = self._ground.rig.mosquitto
        mosquitto.end()
        for file in (mosquitto.folder / "data").iterdir():
            file.unlink()
        self.wait(chosen.uniform(0.0, 1.0))
        mosquitto.start()
        return True

    def _cut(self, chosen: random.Random) -> bool:
        for proxy in chosen.sample(self._ground.proxies, chosen.randint(1, len(self._ground.proxies))):
            proxy.cut()
        return True

    def _change_weather(self, chosen: random.Random) -> bool:
        self._ground.weather.name = chosen.choice([name for name in WEATHERS if name != self._ground.weather.name])
        return True

    def _trouble_database(self, chosen: random.Random) -> bool:
        if self._server is not None:
            self._server.stop(chosen.choice(("INT", "QUIT")))
            self.wait(chosen.uniform(0.0, 2.0))
            self._server.start()
            return True
        with closing(sqlite3.connect(self._ground.address, timeout=30, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.wait(chosen.uniform(0.5, 3.0))
            other.execute("ROLLBACK")
        return True

    def _jump(self, chosen: random.Random) -> bool:
        chosen.choice(self._ground.terminals).jump(chosen.choice(JUMPS_MS))
        return True

    def _fill(self, chosen: random.Random) -> bool:
        with_disk = [terminal for terminal in self._ground.terminals if terminal.disk is not None]
        if not with_disk:
            return False
        terminal = chosen.choice(with_disk)
        disk = terminal.disk
        if disk is None or not self._is_ready(terminal):  # its database is to be born before
            return False
        disk.fill()
        self.wait(chosen.uniform(0.5, 2.5))
        disk.empty()
        return True

    def _without_disk(self) -> Sequence[Terminal]:
        return [terminal for terminal in self._ground.terminals if terminal.disk is None]

    def _take_image(self, chosen: random.Random) -> bool:
        terminal = chosen.choice(self._without_disk())
        if not self._is_ready(terminal):
            return False
        terminal.gate.hold()
        terminal.take_image(self._ground.folder / "images" / f"{terminal.name}-{len(terminal.images)}")
        terminal.gate.release()
        return True

    def _bring_back(self, chosen: random.Random) -> bool:
        """When headquarters has all of what then goes: else it is not an old image, but a disk that is lost."""
        with_image = [terminal for terminal in self._without_disk() if terminal.images]
        if not with_image:
            return False
        terminal = chosen.choice(with_image)
        image = chosen.choice(sorted(terminal.images))
        whole_machine = chosen.random() < 0.5
        drivers = self._drivers[terminal.name]
        drivers.pause()
        weather, self._ground.weather.name = self._ground.weather.name, "calm"
        try:
            for _ in range(TRIES):
                if not self.until(lambda: self._all_there(terminal), UP_TO_DATE_S):
                    return False
                self.wait(QUIET_S)
                terminal.gate.hold()
                if whole_machine:
                    terminal.sync.kill()
                epoch, size = terminal.present()
                if self.size_at_headquarters(terminal.name, epoch) == size > terminal.images[image]:
                    terminal.bring_back(image)
                    # What was taken of a past that is over now would be a second fork of it.
                    terminal.images.clear()
                    shutil.rmtree(image)
                    terminal.gate.release()
                    return True
                terminal.gate.release()
            return False
        finally:
            self._ground.weather.name = weather
            drivers.go_on()

    def _is_ready(self, terminal: Terminal) -> bool:
        return self.until(lambda: terminal.gate.has_said("ready"), UP_TO_DATE_S)

    def _all_there(self, terminal: Terminal) -> bool:
        epoch, size = self.shown(terminal)
        return terminal.gate.has_said("ready") and size == self.size_at_headquarters(terminal.name, epoch)
