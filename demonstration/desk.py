"""The desk: what there is before any lane. A folder, the readers, headquarters with its line, and everybody's card."""

import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex
from types import TracebackType
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from demonstration.cardbench import BENCH_READER, CardBench, Holder
from demonstration.cast import Person
from demonstration.configuration import TERMINAL, Place
from demonstration.line import HeadquartersLine
from demonstration.office import POLICY, Office
from demonstration.park import PARK_POLICY, PARK_TARIFFS, MovedClock
from demonstration.processes import Event
from demonstration.services import Watched
from simulation.pcscd import reserved_readers, running_pcscd
from simulation.vpcd import READERS, VirtualReaderSlot
from terminal.errors import ConfigurationError


class Desk:
    """Set up when it is made, which blocks for some seconds; cleared when its block ends."""

    def __init__(
        self,
        folder: Path,
        cast: Iterable[Person],
        progress: Callable[[str], None],
        tell_line: Callable[[Event], None] | None,
        watched: Watched,
        *,
        park: bool = False,
    ) -> None:
        """`tell_line` and `watched` as in `HeadquartersLine`; without the first there is no line.

        `park`: the site is a truck park, and its gate goes by a clock that can be moved.

        Raises:
            PcscdUnavailable, HardwareError: no PC/SC daemon with virtual readers, no broker, no process.
            ConfigurationError: the folder is somebody else's.
        """
        self.folder = folder.resolve()
        self.holders: dict[str, Holder] = {}
        self.line: HeadquartersLine | None = None
        self._park = park
        self._parts = ExitStack()
        try:
            self._set_up(cast, progress, tell_line, watched)
        except BaseException:
            self._parts.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._parts.close()

    def hand_out(self, person: Person) -> None:
        """Make somebody's card."""
        anna = self.holders.get("anna")
        self.holders[person.name] = self._cards.card_for(person, anna.card if anna else None)

    def _set_up(
        self,
        cast: Iterable[Person],
        progress: Callable[[str], None],
        tell_line: Callable[[Event], None] | None,
        watched: Watched,
    ) -> None:
        with self._usable_folder():
            if self.folder.exists() and not (self.folder / ".demonstration").exists():
                raise ConfigurationError(f"{self.folder} is no folder of a demonstration; name a new one")
        progress("PC/SC daemon and virtual readers")
        self._parts.enter_context(
            reserved_readers(lambda: progress("another program has the virtual readers; waiting"))
        )
        # Not before: the program that had them may be a demonstration in this very folder.
        with self._usable_folder():
            if self.folder.exists():
                shutil.rmtree(self.folder)
            self.folder.mkdir(parents=True)
        (self.folder / ".demonstration").touch()
        self._parts.enter_context(running_pcscd())
        self.slots: Mapping[str, VirtualReaderSlot] = {
            reader.name: self._parts.enter_context(VirtualReaderSlot(reader.port)) for reader in READERS
        }
        progress("headquarters: keys, register, first lists")
        policy = PARK_POLICY if self._park else POLICY
        self.office = Office(self.folder / "headquarters", lambda: datetime.now(UTC), policy)
        if self._park:
            self.office.set_tariffs(PARK_TARIFFS)
            for payer in PARK_POLICY.payers:
                self.office.add_payer(payer.ean)
        self._parts.callback(self.office.close)
        self._cards = CardBench(self.office, self.slots[BENCH_READER.name])
        # A socket's address holds 107 bytes, a folder's name may be longer.
        short = Path(self._parts.enter_context(tempfile.TemporaryDirectory(prefix="xs-demo-")))
        self.place = Place(self.folder, short, clock=self.folder / "clock" if self._park else None)
        self.clock = MovedClock(self.place.clock) if self.place.clock else None
        self.place.mirror.mkdir()
        self._hand_over_keys()
        if tell_line is not None:
            progress("broker, collector, publisher and sync, while cards are issued")
            self.line = self._parts.enter_context(HeadquartersLine(self.place, self.office, tell_line, watched))
        for person in cast:
            progress(f"issuing {person.name}'s card")
            self.hand_out(person)
        if self.line:
            self.place = self.line.started()
        else:
            self.office.publish_to(self.place.mirror)

    @contextmanager
    def _usable_folder(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = f"{error.strerror} ({error.filename}); remove it as the user whose it is, or name another folder"
            raise ConfigurationError(f"--folder {self.folder}: cannot be made anew: {why}") from None

    def _hand_over_keys(self) -> None:
        """What a terminal is born with, and its public key at headquarters."""
        journal_key = Ed25519PrivateKey.generate()
        self.office.add_terminal(TERMINAL, journal_key.public_key().public_bytes_raw())
        keys = self.folder / "keys"
        keys.mkdir(mode=0o700)
        for name, content in (
            ("card-keys.json", self.office.keys_for_terminal()),
            ("terminal-key", token_hex(32).encode()),
            ("journal-key", journal_key.private_bytes_raw().hex().encode()),
        ):
            (keys / name).touch(mode=0o600)
            (keys / name).write_bytes(content)
        (self.folder / "root.json").write_bytes(self.office.root())
