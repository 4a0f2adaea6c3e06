"""The stage: headquarters, cards, board and gate of one demonstration, and the things that can be done on it.

Everything is the real thing but the outermost: cards are issued by the real personalisation through the real PC/SC
daemon, lists are signed and published, the gate is a process of its own that knows nothing of a demonstration. A chip
of software stands in for a chip, a simulated board for barrier and vehicles.
"""

import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self

from demonstration.cardbench import BENCH_READER, CARD_S, CardBench, Holder, wait_until_empty
from demonstration.cast import CAST, Person
from demonstration.checking import journal_of
from demonstration.issuing import typed_person
from demonstration.office import LANE, SITE, Office
from demonstration.processes import BoardProcess, Event, GateProcess
from simulation.pcscd import PcscdUnavailable, reserved_readers, running_pcscd
from simulation.vpcd import READERS, VirtualReaderSlot
from simulation.world import World
from terminal.core.journal import Record
from terminal.core.revocation import CardStatus
from terminal.errors import ConfigurationError, HardwareError

READER = READERS[0]
"""The gate's reader beside the lane."""
TRAVEL_MS = 800
ANSWER_S = 8.0
PASSAGE_S = 20.0
IN_FORCE_S = 10.0

TERMINAL = "kade-7-in"


class Stage:
    """One demonstration, from an empty folder to its end. Use it as a context manager."""

    def __init__(self, folder: Path, *, progress: Callable[[str], None] = lambda _: None) -> None:
        """Set everything up; blocks until the gate is ready.

        Raises:
            HardwareError: no PC/SC daemon with virtual readers, or a process that does not start.
        """
        self.folder = folder.resolve()
        self._parts = ExitStack()
        self._holders: dict[str, Holder] = {}
        self._tapping: str | None = None
        try:
            self._set_up(progress)
        except PcscdUnavailable as error:
            self._parts.close()
            raise HardwareError(str(error)) from None
        except BaseException:
            self._parts.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    @property
    def cast(self) -> tuple[Person, ...]:
        """Everybody who has a card, in the order of issue."""
        return tuple(holder.person for holder in self._holders.values())

    @property
    def trace(self) -> Path:
        """The simulated board's own trace."""
        return self.folder / "board.jsonl"

    @property
    def data(self) -> Path:
        """The gate's folder, with its journal."""
        return self.folder / "gate"

    @property
    def holder(self) -> str | None:
        """Whose card lies on the reader now, or lay there last."""
        return self._tapping

    def listen(self, said: Callable[[Event], None]) -> None:
        """Let `said` hear what the gate's log says from now on, on the thread that reads it."""
        self.gate.told = said

    def stop_gate(self) -> dict[int, Record]:
        """End the gate as its service manager would; returns the records of its journal."""
        self.gate.stop()
        key = bytes.fromhex((self.folder / "keys" / "terminal-key").read_text())
        return journal_of(self.data, TERMINAL, key)

    # ------------------------------------------------------------------------------------------------- what can be done

    def tap(self, name: str) -> Event:
        """Drive up, hold the card to the reader, and do what the answer says; returns the gate's answer.

        Raises:
            ConfigurationError: nobody of that name is here.
            DidNotHappen: no answer, or a barrier that did not move.
        """
        holder = self._holder(name)
        self._tapping = name
        seen, mark = self._world.mark(), self.gate.mark()
        self._world.vehicle("arrive", name)
        self._world.wait_for(PASSAGE_S, since=seen, what="contact", name="loop_arm", on=True)
        self._slot.insert(holder.card)
        try:
            answer = self.gate.wait_for(lambda event: event["event"] in {"decision", "drive-forward"}, ANSWER_S, mark)
            if answer.get("outcome") in {"admit", "admit-wait"}:
                self._phase("open", mark)
                self._world.vehicle("pass", name)
                self._phase("closed", mark)
            else:
                self._world.vehicle("back-out", name)
                self._world.wait_for(PASSAGE_S, since=seen, what="contact", name="loop_arm", on=False)
        finally:
            self._slot.remove()
            wait_until_empty(READER.name)
        return answer

    def set_status(self, name: str, status: CardStatus) -> None:
        """Change a card at headquarters, publish, and wait until the gate has it in force."""
        holder = self._holder(name)
        if holder.card_number is None:
            raise ConfigurationError(f"headquarters never issued the card that {name} holds")
        self._office.set_status(holder.card_number, status)
        self._publish()

    def issue(self, name: str, details: Mapping[str, str]) -> Person:
        """Issue a card with typed data (`product=dsp ean=… personal-number=…`), activate it and publish.

        Raises:
            ConfigurationError: something is unknown or wrong among them, or the name is taken.
        """
        if name in self._holders:
            raise ConfigurationError(f"{name} has a card already; take another name")
        person = typed_person(name, details)
        self._hand_out(person)
        self._publish()
        return person

    # ----------------------------------------------------------------------------------------------------------- set-up

    def _set_up(self, progress: Callable[[str], None]) -> None:
        if self.folder.exists() and not (self.folder / ".demonstration").exists():
            raise ConfigurationError(f"{self.folder} is no folder of a demonstration; name a new one")
        progress("PC/SC daemon and virtual reader")
        self._parts.enter_context(
            reserved_readers(lambda: progress("another program has the virtual readers; waiting"))
        )
        # Not before: the program that had them may be a demonstration in this very folder.
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.mkdir(parents=True)
        (self.folder / ".demonstration").touch()
        self._parts.enter_context(running_pcscd())
        self._slot = self._parts.enter_context(VirtualReaderSlot(READER.port))
        bench_slot = self._parts.enter_context(VirtualReaderSlot(BENCH_READER.port))
        progress("headquarters: keys, register, first lists")
        self._office = Office(self.folder / "headquarters", lambda: datetime.now(UTC))
        self._parts.callback(self._office.close)
        self._cards = CardBench(self._office, bench_slot)
        self._mirror = self.folder / "mirror"
        self._mirror.mkdir()
        for person in CAST:
            progress(f"issuing {person.name}'s card")
            self._hand_out(person)
        self._office.publish_to(self._mirror)
        progress("simulated board and gate")
        # A socket's address holds 107 bytes, a folder's name may be longer.
        short = Path(self._parts.enter_context(tempfile.TemporaryDirectory(prefix="xs-demo-")))
        self._parts.enter_context(BoardProcess(short / "board", self.trace, travel_ms=TRAVEL_MS))
        self._world = self._parts.enter_context(World(short / "board", LANE))
        self.gate = self._parts.enter_context(
            GateProcess(self._write_configuration(short / "board"), self.folder / "gate.log", short / "notify")
        )
        self.gate.wait_ready()
        self._phase("closed", 0)
        self.gate.wait_for(lambda event: event["event"] == "reader" and event["state"] == "ready", CARD_S)

    def _write_configuration(self, board: Path) -> Path:
        keys = self.folder / "keys"
        for folder in (keys, self.data):
            folder.mkdir(mode=0o700)
        for name, content in (
            ("card-keys.json", self._office.keys_for_terminal()),
            ("terminal-key", token_hex(32).encode()),
        ):
            (keys / name).touch(mode=0o600)
            (keys / name).write_bytes(content)
        (self.folder / "root.json").write_bytes(self._office.root())
        path = self.folder / "gate.toml"
        path.write_text(
            CONFIGURATION.format(
                terminal=TERMINAL, folder=self.folder, site=SITE, lane=LANE, board=board, reader=READER.name
            )
        )
        return path

    def _hand_out(self, person: Person) -> None:
        anna = self._holders.get("anna")
        self._holders[person.name] = self._cards.card_for(person, anna.card if anna else None)

    def _publish(self) -> None:
        mark = self.gate.mark()
        self._office.publish_to(self._mirror)
        self.gate.wait_for(lambda event: event["event"] == "in-force", IN_FORCE_S, mark)

    def _holder(self, name: str) -> Holder:
        if name not in self._holders:
            raise ConfigurationError(f"there is nobody called {name}; there are {', '.join(self._holders)}")
        return self._holders[name]

    def _phase(self, phase: str, since: int) -> Event:
        return self.gate.wait_for(
            lambda event: event["event"] == "barrier" and event["phase"] == phase, PASSAGE_S, since
        )


CONFIGURATION = """\
[terminal]
name = "{terminal}"
site = {site}
data = "{folder}/gate"
mirror = "{folder}/mirror"
root = "{folder}/root.json"

[keys]
folder = "{folder}/keys"

[board]
kind = "simulated"
socket = "{board}"

[[lane]]
number = {lane}
direction = "entry"
travel_ms = 1500
passage_s = 20
contacts = ["loop_arm", "loop_safety", "loop_behind", "open_limit", "closed_limit", "fire"]

[[lane.reader]]
name = "{reader}"
"""
