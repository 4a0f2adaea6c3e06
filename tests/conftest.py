"""The PC/SC daemon with its two virtual readers, once for the whole run; two runs on one machine take turns.

Run by several processes side by side, all files with `pytest.mark.pcsc` are one group, which one process runs from
beginning to end; every other file is a group of its own, so that what a module sets up is set up once.
"""

import functools
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from smartcard import scard
from xdist.scheduler import LoadScopeScheduling

from headquarters.database import Database
from simulation.pcscd import PcscDaemon, reserved_readers, running_pcscd
from simulation.postgresql import Postgresql, PostgresqlMissing, running_postgresql
from simulation.vpcd import READERS, VirtualReaderSlot
from terminal.edges.pcsc_card import pcsc_context

settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

READERS_GROUP = "virtual readers"
SAYS_READERS = "pytest.mark.pcsc"
OUTCOME = "outcome of a storm"
"""The property under which a test says what a run's end is to tell; it also crosses from one process to another."""

_turn = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tests that move real pins run only where somebody says that they are wired for it."""
    parser.addoption(
        "--hardware", metavar="LABEL", help="GPIO chip wired as docs/gpio.md says: hold it to the contract"
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """The processes of a run side by side have its turn by inheritance; only they will know whether they need it."""
    if session.config.getoption("numprocesses", None):
        _take_turn()


class _Groups(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """Which tests stay together. Whoever hands them out knows only their names, so it reads the files."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return READERS_GROUP if _says_readers(self.config.rootpath / file) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    return _Groups(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest first, so that no process is left alone with it in the end.

    That is the group with the readers, then whatever has a time limit of its own.
    """
    for item in items:
        if _uses_readers(item) and not _says_readers(item.path):
            raise pytest.UsageError(f"{item.nodeid}: uses the virtual readers, and {SAYS_READERS} is not in its file")
    if "PYTEST_XDIST_WORKER" in os.environ:
        items.sort(key=lambda item: (not _says_readers(item.path), item.get_closest_marker("timeout") is None))


@functools.cache
def _says_readers(file: Path) -> bool:
    return SAYS_READERS in file.read_text(encoding="utf-8")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wait for the turn here: a wait inside a test would count as that test's time."""
    if not session.config.option.collectonly and any(map(_uses_readers, session.items)):
        _take_turn()


def _uses_readers(item: pytest.Item) -> bool:
    return item.get_closest_marker("pcsc") is not None or "pcscd" in getattr(item, "fixturenames", ())


def _take_turn() -> None:
    notice = "waiting for another run on this machine to give back the virtual readers\n"
    _turn.enter_context(reserved_readers(lambda: sys.__stderr__ and sys.__stderr__.write(notice)))


def pytest_sessionfinish() -> None:
    _turn.close()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What came of the storms is told after all else, good or not: without its seed no storm can be made again."""
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, told in report.user_properties:
                    if name == OUTCOME:
                        terminalreporter.write_line(str(told))


@pytest.fixture(scope="session")
def pcscd() -> Iterator[PcscDaemon]:
    """The daemon, running. A test that kills it starts it again before it ends."""
    with running_pcscd() as daemon:
        yield daemon


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL with nothing in it. A test makes its own databases; one that stops it starts it again."""
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running_postgresql(durable=False))
        except PostgresqlMissing as error:
            pytest.skip(str(error))
        yield server


@pytest.fixture(scope="session")
def up_to_date(postgresql: Postgresql) -> str:
    """The name of a database there that has its tables: it is quicker to make others like it than to make tables."""
    Database(postgresql.create_database("up_to_date")).close()
    return "up_to_date"


@pytest.fixture(scope="session")
def _slots(pcscd: PcscDaemon) -> Iterator[tuple[VirtualReaderSlot, VirtualReaderSlot]]:
    with VirtualReaderSlot(READERS[0].port) as first, VirtualReaderSlot(READERS[1].port) as second:
        yield first, second


@pytest.fixture
def slot(_slots: tuple[VirtualReaderSlot, VirtualReaderSlot]) -> Iterator[VirtualReaderSlot]:
    """The slot of the first reader, `READERS[0].name` in PC/SC; empty again after the test."""
    yield _slots[0]
    _empty(_slots[0], READERS[0].name)


@pytest.fixture
def other_slot(_slots: tuple[VirtualReaderSlot, VirtualReaderSlot]) -> Iterator[VirtualReaderSlot]:
    """The slot of the second reader, `READERS[1].name` in PC/SC; empty again after the test."""
    yield _slots[1]
    _empty(_slots[1], READERS[1].name)


def _empty(slot: VirtualReaderSlot, reader: str) -> None:
    """Take the card away and wait until PC/SC says so: the next test must not meet this one's card."""
    slot.remove()
    with pcsc_context() as context:  # fails when the daemon is gone; a test that kills it starts it again
        state = scard.SCARD_STATE_UNAWARE
        while not state & scard.SCARD_STATE_EMPTY:
            result, states = scard.SCardGetStatusChange(context, 60_000, [(reader, state)])
            assert result == scard.SCARD_S_SUCCESS, f"{reader}: {scard.SCardGetErrorMessage(result)}"
            state = states[0][1]
