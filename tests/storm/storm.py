"""The whole course: everything is started, people come, deeds are done, all settles, and the checker looks."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import sqlalchemy as sa

from headquarters.database import Database
from headquarters.tables.journal import entries
from simulation.postgresql import Postgresql
from terminal.errors import StorageError
from tests.storm.acts import Drivers, Truth
from tests.storm.checking import Verdict, check
from tests.storm.deeds import Deeds
from tests.storm.findings import Findings, find
from tests.storm.ground import Ground, running_ground
from tests.storm.settling import settle
from tests.storm.terminals import LANES

BEGUN_S = 120.0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """How much of a storm. `seed` gives every choice anew, though not the times of the machine."""

    seed: int
    entries: int
    minutes: float = 0.0
    terminals: int = 3
    collectors: int = 3
    rounds: int = 1
    """Each deed is done at least so often."""


@dataclass
class Outcome:
    """What came of it; the ground still stands, with everything stopped."""

    wanted: Wanted
    ground: Ground
    truth: Truth
    found: Findings
    verdict: Verdict
    deeds: Counter[str]
    skipped: Counter[str]
    seconds: float
    settled_s: float

    def judged(self, found: Findings) -> Verdict:
        """The checker's word on what is found."""
        terminals = self.ground.terminals
        return check(
            self.truth.acts,
            {each.name: each.board.lines() for each in terminals},
            {each.name: len(each.gate.runs) for each in terminals},
            {each.name for each in terminals if each.past_epochs},
            found,
        )

    def look(self, database: Database | None = None) -> Findings:
        """What is there, or in another database in the place of headquarters'."""
        with TemporaryDirectory() as folder:
            copies = {each.name: each.copy_database(Path(folder) / each.name) for each in self.ground.terminals}
            return find(database or self.ground.database, self.ground.office.keys, copies)

    def __str__(self) -> str:
        counts = self.verdict.counts
        what = ", ".join(f"{counts[name]} {name}" for name in ("entries", "acts", "openings"))
        times = f"{self.seconds:.0f} s and {self.settled_s:.0f} s to settle"
        lines = [
            f"{self.verdict}: {what}, {self.deeds.total()} deeds, {times}, seed {self.wanted.seed}",
            "deeds: "
            + _listed(self.deeds)
            + (f"; not to be done then: {_listed(self.skipped)}" if self.skipped else ""),
            "messages: " + (_listed(Counter(self.ground.weather.met)) or "none met"),
            "found: " + _listed(counts),
        ]
        for name in ("lost", "doubled", "invented", "wrong"):
            lines += [f"{name}: {each}" for each in getattr(self.verdict, name)[:20]]
        return "\n".join(lines)


@contextmanager
def storm(wanted: Wanted, server: Postgresql | None = None) -> Iterator[Outcome]:
    """Blocks until it is over and checked; `server` for PostgreSQL, otherwise SQLite.

    Raises:
        RuntimeError: a process ended as none may, or it does not settle; the message names the seed and the folder.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="xs-storm-", ignore_cleanup_errors=True)))
        address = None
        if server is not None:
            name = folder.name.lower()
            address = server.create_database(name)
            stack.callback(server.drop_database, name)
        wide = wanted.terminals * len(LANES)
        ground = stack.enter_context(
            running_ground(
                folder,
                address,
                terminals=wanted.terminals,
                collectors=wanted.collectors,
                cards_wanted=wanted.entries * 6 // (10 * wide) + 120,
                seed=wanted.seed,
                small=wanted.terminals > 1,
            )
        )
        truth = Truth(folder / "truth.jsonl")
        stack.callback(truth.close)
        began_s = time.monotonic()
        drivers = {each.name: Drivers(each, truth, ground.cards, LANES, wanted.seed) for each in ground.terminals}
        deeds = Deeds(ground, drivers, server, wanted.seed)
        try:
            for service in [
                *ground.collectors,
                *(part for each in ground.terminals for part in (each.gate, each.sync)),
            ]:
                service.start()
            for each in drivers.values():
                each.start()
            _rage(wanted, ground, drivers, deeds, began_s)
        finally:
            for each in drivers.values():
                each.stop()
        for each in drivers.values():
            for failure in each.failures:
                raise failure
        over_s = time.monotonic()
        settle(ground, deeds, wanted.seed)
        outcome = Outcome(
            *(wanted, ground, truth, Findings((), (), (), ()), Verdict(), deeds.done, deeds.skipped),
            seconds=over_s - began_s,
            settled_s=time.monotonic() - over_s,
        )
        outcome.found = outcome.look()
        outcome.verdict = outcome.judged(outcome.found)
        outcome.verdict.wrong += ground.wrong_ends()
        yield outcome


def _rage(wanted: Wanted, ground: Ground, drivers: dict[str, Drivers], deeds: Deeds, began_s: float) -> None:
    rounds = 0
    deeds.until(lambda: _stored(ground) > 0, BEGUN_S)
    while True:
        enough = _stored(ground) >= wanted.entries and time.monotonic() - began_s >= wanted.minutes * 60
        if rounds >= wanted.rounds and (enough or all(each.done for each in drivers.values())):
            return
        for _ in range(13):
            deeds.next()
            deeds.look_after()
            if ground.wrong_ends():  # enough is known
                return
        rounds += 1


def _stored(ground: Ground) -> int:
    try:
        with ground.database.transaction(read_only=True) as connection:
            return connection.scalar(sa.select(sa.func.count()).select_from(entries)) or 0
    except StorageError:
        return 0


def _listed(counted: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counted.items()))
