"""A truck park's lane: who drives in and out, and what that costs him by the journal."""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from simulation.card import DesfireChip
from simulation.stage import Happening, Setup
from simulation.vpcd import InsertedCard
from terminal.card.stay import NoStay, StayRecord, decode
from terminal.core.charge import Charge, read_charge
from terminal.core.journal import EntryKey, Kind
from terminal.tap.ports import Answer
from tests.scenes.gate import World, open_store
from tests.scenes.stage import VirtualStage

HOUR_MS = 3_600_000.0
MINUTE_MS = 60_000.0
PATIENCE_MS = 120_000.0
STAY_FILE = 3
AID = bytes.fromhex("58534B")


@dataclass(frozen=True, slots=True)
class Charged:
    """A charge as the journal has it."""

    key: EntryKey
    charge: Charge


class Park:
    """Use it as a context manager. `disk`: the journal goes on from these files, at `at_ms` of the model's time."""

    def __init__(
        self,
        folder: Path,
        world: World,
        *,
        disk: Path | None = None,
        later_ms: float = 0.0,
        cards: Mapping[str, InsertedCard] | None = None,
        known: Any = None,
        before_commit: Callable[[], None] | None = None,
    ) -> None:
        self.world = replace(world, known=known) if known is not None else world
        folder.mkdir()
        if disk is None:
            disk = folder / "new-disk"
            open_store(disk).close()  # with an epoch of its own, as another terminal has
        self.world = replace(self.world, new_disk=disk, before_commit=before_commit)
        self.folder = folder
        self._here: dict[str, str] = {}
        self._phase = ""
        self.passages: list[tuple[str | None, str]] = []
        self.stage = VirtualStage(folder, self.world, Setup(direction="both"), self._hear)
        self.stage.cards.update(cards or {})
        self._later_ms = later_ms
        self._parts = ExitStack()
        self._vehicles = 0

    def __enter__(self) -> Self:
        self._parts.callback(self.stage.end)
        if self._later_ms:
            self.stage.sleep(self._later_ms)
        self.stage.power_back()
        assert self.stage.wait(self.stage.closed, PATIENCE_MS)
        return self

    def __exit__(self, *_: object) -> None:
        self._parts.close()

    # ------------------------------------------------------------------------------------------------- what people do

    def comes(self, side: str = "entry") -> str:
        """A car comes up to the boom, on this side."""
        self._vehicles += 1
        name = f"V{self._vehicles}"
        leaving = {"from": "exit"} if side == "exit" else {}
        self.stage.happen({"vehicle": name, "does": "arrive", "kind": "car", **leaving})
        assert self.stage.wait(lambda: self._here.get(name) == "standing", PATIENCE_MS)
        return name

    def taps(self, person: str, side: str = "entry") -> Answer:
        """He holds up his card."""
        self.stage.tap(person, side, None)
        return self.stage.answers[-1]

    def passes(self, vehicle: str) -> None:
        """The car drives through, and the boom comes down."""
        self.stage.happen({"vehicle": vehicle, "does": "pass"})
        assert self.stage.wait(lambda: vehicle not in self._here and self.stage.closed(), PATIENCE_MS), self._here

    def backs_out(self, vehicle: str) -> None:
        """The car drives on under the boom, and back again; nobody is there any more."""
        self.stage.happen({"vehicle": vehicle, "does": "drive-on"})
        assert self.until("passing")
        self.stage.happen({"vehicle": vehicle, "does": "back-out"})
        assert self.stage.wait(lambda: vehicle not in self._here and self.stage.closed(), PATIENCE_MS), self._here

    def burns(self) -> None:
        """The fire contact opens the boom."""
        self.stage.happen({"contact": "fire", "on": True})
        assert self.until("emergency-open")

    def until(self, phase: str) -> bool:
        """Until the lane has come there."""
        return self.stage.wait(lambda: self._phase == phase, PATIENCE_MS)

    def goes_back(self, vehicle: str) -> None:
        """The car drives off backwards, and the boom comes down."""
        self.stage.happen({"vehicle": vehicle, "does": "back-out"})
        assert self.stage.wait(lambda: vehicle not in self._here and self.stage.closed(), PATIENCE_MS), self._here

    def drives_in(self, person: str) -> Answer:
        """He comes, taps and drives in."""
        vehicle = self.comes()
        answer = self.taps(person)
        self.passes(vehicle)
        return answer

    def drives_through(self, person: str) -> Answer:
        """He comes, taps and drives in through a boom that is held open."""
        vehicle = self.comes()
        answer = self.taps(person)
        self.stage.happen({"vehicle": vehicle, "does": "pass"})
        assert self.stage.wait(lambda: vehicle not in self._here, PATIENCE_MS)
        return answer

    def drives_out(self, person: str) -> Answer:
        """He comes, taps and drives out."""
        vehicle = self.comes("exit")
        answer = self.taps(person, "exit")
        self.passes(vehicle)
        return answer

    def sleeps(self, hours: float) -> None:
        """So much time goes by."""
        self.stage.sleep(hours * HOUR_MS)

    # --------------------------------------------------------------------------------------------- what became of it

    @property
    def epoch(self) -> bytes:
        """The journal's."""
        return self.stage.gate.epoch

    def card(self, person: str) -> InsertedCard:
        """His card, as it is now."""
        return self.stage.cards.setdefault(person, self.world.site.card(person))

    def record(self, person: str) -> StayRecord | NoStay:
        """What his card remembers."""
        chip = self.card(person)
        assert isinstance(chip, DesfireChip)
        uid = chip.eeprom.uid
        data = chip.eeprom.applications[AID].files[STAY_FILE].data
        assert self.world.records is not None
        return decode(data, uid, self.world.records.site, self.world.records.key)

    def charges(self) -> list[Charged]:
        """Every charge in the journal."""
        charged = []
        for entry in self.stage.gate.entries():
            if entry.record.kind is Kind.CHARGE:
                key = EntryKey("gate-1", self.epoch, entry.record.sequence)
                assert entry.sealed is not None
                opened = self.world.site.opened(entry.sealed, key)
                charged.append(Charged(key, read_charge(entry.record.public, opened)))
        return charged

    def cents(self) -> list[int]:
        """What each charge came to."""
        return [each.charge.amount_cents for each in self.charges()]

    def told(self, kind: Kind) -> list[Mapping[str, Any]]:
        """The public part of every entry of this kind."""
        return [entry.record.public for entry in self.stage.gate.entries() if entry.record.kind is kind]

    def image(self, to: Path) -> Path:
        """What a power cut would leave of the disk now."""
        shutil.copytree(self.stage.disk(), to)
        return to

    def _hear(self, happening: Happening) -> None:
        match happening:
            case {"what": "vehicle", "name": str(name), "is": "gone"}:
                self._here.pop(name, None)
            case {"what": "vehicle", "name": str(name), "is": str(state)}:
                self._here[name] = state
            case {"what": "phase", "phase": str(phase)}:
                self._phase = phase
            case {"what": "passage", "person": person, "result": str(result)}:
                self.passages.append((person, result))
            case _:
                pass
