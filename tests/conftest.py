"""The PC/SC daemon with its two virtual readers, once for the whole run; two runs on one machine take turns."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from hypothesis import HealthCheck, settings
from smartcard import scard

from simulation.pcscd import PcscDaemon, reserved_readers, running_pcscd
from simulation.postgresql import Postgresql, PostgresqlMissing, running_postgresql
from simulation.vpcd import READERS, VirtualReaderSlot
from terminal.edges.pcsc_card import pcsc_context

settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

_turn = ExitStack()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Tests that move real pins run only where somebody says that they are wired for it."""
    parser.addoption(
        "--hardware", metavar="LABEL", help="GPIO chip wired as docs/gpio.md says: hold it to the contract"
    )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Wait for the turn here: a wait inside a test would count as that test's time."""
    option = session.config.option
    if option.collectonly or not any("pcscd" in getattr(item, "fixturenames", ()) for item in session.items):
        return
    notice = "waiting for another run on this machine to give back the virtual readers\n"
    _turn.enter_context(reserved_readers(lambda: sys.__stderr__ and sys.__stderr__.write(notice)))


def pytest_sessionfinish() -> None:
    _turn.close()


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
