"""A load test from beginning to end (docs/load-test.md).

enrol → fleets connect → entries at the wanted rate → until all are acknowledged → compare → remove
"""

import resource
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from headquarters.database import Database
from load_test.arrivals import Arrivals, stored
from load_test.books import Books
from load_test.enrolment import certify, check, enrol, name_of, remove
from load_test.fleet import CONNECTED_S, Member, Plan
from load_test.fleets import Fleets, fleets
from load_test.ground import Ground
from load_test.machine import Taken, taken_by
from load_test.report import Report
from terminal.core import topics
from terminal.errors import ConfigurationError, HardwareError

FILES_A_TERMINAL = 8
"""Its database with log and index, its lock, its share of a socket, its connection, and what is open for a moment."""
OTHER_FILES = 200
TERMINALS_A_PROCESS = 100
"""The MQTT client waits with select(2), which knows no file beyond the 1,024th of a process."""
CONNECTS_A_SECOND = 50
"""Of all fleets together. Both sides of each TLS handshake are here: of a thousand at once on two cores hardly any is
done before somebody loses patience."""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of ours is made there
BYTES_A_TERMINAL = 4_000_000
SETTLED_S = 180.0
"""How long is waited, once nothing more is written, until everything is acknowledged."""
GROWING_S = 0.5
"""To make a journal may take as long."""
STOP_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run is to be. `entries_a_second`: of all terminals together."""

    terminals: int
    entries_a_second: float
    seconds: float
    site: int
    seed: int
    beside_real: bool = False
    keep: bool = False


def run(wanted: Wanted, ground: Ground, progress: Callable[[str], None]) -> Report:
    """Run it on this ground, and remove what it leaves there unless it is to be kept.

    Raises:
        ConfigurationError: the register is not for load tests, or the machine allows too few open files.
        HardwareError: a fleet has ended, or did not get its terminals connected.
    """
    many = -(-wanted.terminals // TERMINALS_A_PROCESS)
    _allow_files(wanted.terminals)
    members = [Member(name_of(number), wanted.site, secrets.token_hex(32)) for number in range(1, wanted.terminals + 1)]
    names = [each.name for each in members]
    headquarters = ground.headquarters
    with headquarters.database() as database, _scratch(wanted.terminals) as folder:
        check(database, wanted.site, beside_real=wanted.beside_real)
        progress(f"{wanted.terminals} terminals: registering, certificates")
        enrol(database, members, headquarters.change("load test"))
        try:
            ground.access_changed()
            plans = []
            for number in range(many):
                plans.append(_plan(wanted, ground, Path(folder) / str(number), number, members[number::many]))
                own = [each.name for each in plans[-1].members]
                certify(headquarters.folder, Path(plans[-1].folder) / "tls", own, datetime.now(UTC))
            return _measured(wanted, ground, database, plans, progress)
        finally:
            if not wanted.keep:
                progress("removing the simulated terminals")
                remove_all(ground, names)


def remove_all(ground: Ground, names: Sequence[str]) -> None:
    """Take simulated terminals out of register, journals, access list and the broker's retained acknowledgements."""
    headquarters = ground.headquarters
    with headquarters.database() as database:
        remove(database, names, headquarters.change("load test"))
    ground.clear([topics.own(name, "ack") for name in names])
    ground.access_changed()


def _measured(
    wanted: Wanted, ground: Ground, database: Database, plans: Sequence[Plan], progress: Callable[[str], None]
) -> Report:
    books = Books()
    arrivals = Arrivals(database, books)
    with fleets(plans, books) as running:
        progress("making their journals")
        begun_s = time.monotonic()
        running.ask("", "made", CONNECTED_S + GROWING_S * wanted.terminals)
        made_s = time.monotonic()
        progress(f"made in {made_s - begun_s:.1f} s; connecting")
        ready = running.ask("connect", "ready", CONNECTED_S + STOP_S)
        connect_s = time.monotonic() - made_s
        if (connected := sum(each["connected"] for each in ready)) < wanted.terminals:
            raise HardwareError(
                f"only {connected} of {wanted.terminals} terminals are connected; look at the broker's log"
            )
        progress(f"connected in {connect_s:.1f} s; writing")
        arrivals.start()
        try:
            before = _taken(ground, running)
            began_s = time.monotonic()
            finished = running.ask("write", "finished", wanted.seconds + STOP_S)
            entries = sum(each["entries"] for each in finished)
            progress(f"{entries} entries are to be written; waiting until all are acknowledged")
            running.wait(lambda: books.count() == entries == books.acknowledged_count(), SETTLED_S)
            lasted_s = time.monotonic() - began_s
            after = _taken(ground, running)
            state = running.ask("state", "state", STOP_S)
        finally:
            arrivals.stop()
        report = Report.of(
            wanted.terminals,
            len(plans),
            connect_s=connect_s,
            lasted_s=lasted_s,
            state=state,
            books=books,
            stored=stored(database, [each.name for plan in plans for each in plan.members]),
            taken={name: (before[name], after[name]) for name in after},
        )
        if not wanted.keep:
            running.ask("forget", "forgotten", STOP_S)
        running.ask("stop", "stopped", STOP_S)
    return report


def _plan(wanted: Wanted, ground: Ground, folder: Path, number: int, members: Sequence[Member]) -> Plan:
    folder.mkdir()
    share = len(members) / wanted.terminals
    return Plan(
        folder=str(folder),
        host=ground.host,
        port=ground.port,
        issuers=str(ground.headquarters.keys.issuers),
        members=tuple(members),
        entries_a_second=wanted.entries_a_second * share,
        seconds=wanted.seconds,
        connect_every_s=-(-wanted.terminals // TERMINALS_A_PROCESS) / CONNECTS_A_SECOND,
        seed=wanted.seed * 1000 + number,
        first_tap=number * 1_000_000_000,
    )


def _scratch(terminals: int) -> "tempfile.TemporaryDirectory[str]":
    """A folder for the journals, in memory where there is room: a thousand gates have a thousand disks, and not one."""
    try:
        room = shutil.disk_usage(MEMORY).free > BYTES_A_TERMINAL * terminals
    except OSError:
        room = False
    return tempfile.TemporaryDirectory(prefix="xs-fleets-", dir=MEMORY if room else None)


def _taken(ground: Ground, running: Fleets) -> dict[str, Taken]:
    return {name: taken_by(pids) for name, pids in {"terminals": running.pids, **ground.pids}.items()}


def _allow_files(terminals: int) -> None:
    """Raise the soft limit of open files, for children too: a fleet has so many, the broker one a terminal."""
    needed = max(FILES_A_TERMINAL * TERMINALS_A_PROCESS, terminals) + OTHER_FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise ConfigurationError(
            f"this needs {needed} open files a process and the system allows {hard}: raise the hard limit (ulimit -Hn),"
            " or ask for fewer terminals"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
