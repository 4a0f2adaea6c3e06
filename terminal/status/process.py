"""The process that serves a terminal's pages, put together: one asyncio loop, and nothing in it that blocks.

    line to the gate     its news, folded into how everything is                         (status.gate → web.now)
    screens              what each driver's screen shows, sent to the browsers           (web.driver)
    server               uvicorn at 127.0.0.1                                            (web.pages)
    watchdog             fed from the loop: one that hangs is started again by systemd

The gate does not need this process: what it shows may be old, and it says so, but no barrier waits for it.
"""

import asyncio
import secrets
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import partial
from pathlib import Path

import structlog
import uvicorn

from firmware_config.configuration import read_gate
from firmware_config.gate import Gate
from terminal.accounts.store import Store
from terminal.core.barrier_words import Side
from terminal.edges.local_client import ask
from terminal.edges.log import log_uncaught, set_up_log
from terminal.edges.systemd import ServiceManager, report
from terminal.errors import ConfigurationError
from terminal.status.gate import GateLine
from terminal.storage.view_reader import NoView, ViewReader
from terminal.web.application import application
from terminal.web.driver.pages import path, places
from terminal.web.driver.rendering import DriverPages
from terminal.web.driver.screens import Place
from terminal.web.driver.showing import Showing
from terminal.web.guard.board import Board
from terminal.web.guard.pages import GuardRoutes
from terminal.web.guard.rendering import GuardPages
from terminal.web.metrics import Metrics
from terminal.web.now import News, Now
from terminal.web.serving import BoundedProtocol

LOOPBACK = "127.0.0.1"
HOSTS = frozenset({LOOPBACK, "localhost", "[::1]"})
BACKLOG = 200
IDLE_S = 15
STOPPING_S = 3
WATCHDOG_S = 5.0

log = structlog.get_logger()


def run(configuration: Path, environ: Mapping[str, str]) -> None:
    """Serve the pages until SIGTERM or SIGINT. Call it on the main thread.

    Raises:
        ConfigurationMistakes: `gate.toml` cannot be used.
        ConfigurationError: nobody can listen at the port.
    """
    set_up_log(sys.stderr, environ)
    log_uncaught()
    manager = ServiceManager(environ)
    manager.status("starting")
    try:
        asyncio.run(StatusProcess(read_gate(configuration), manager).serve())
    except Exception as error:
        manager.status(f"stopped: {error}".splitlines()[0])
        raise
    finally:
        manager.close()


class StatusProcess:
    """All parts of it. `serve` once."""

    def __init__(self, gate: Gate, manager: ServiceManager, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._gate = gate
        self._manager = manager
        self._monotonic_s = monotonic_s
        self._now = Now()
        self._looks = DriverPages(gate.status.screen_mm)
        self._showing = Showing(driver_places(gate), self._now, self._looks.message, monotonic_s)
        view = gate.terminal.view
        guard = GuardPages()
        self._view = ViewReader(view, gate.terminal.name) if view else None
        self._metrics = Metrics(self._now)
        self._board = Board(self._now, self._view, guard)
        self._guard = GuardRoutes(
            self._board,
            guard,
            Store(gate.status.accounts),
            ask=partial(ask, gate.socket.path),
            random=secrets.token_bytes,
            monotonic_s=monotonic_s,
        )
        self._line = GateLine(gate.socket.path, heard=self._heard, lost=self._lost)
        self._why_lost: str | None = "not asked yet"
        self._turning = asyncio.Event()

    async def serve(self) -> None:
        """Serve until a signal. Raises ConfigurationError where nobody can listen."""
        with listening(self._gate.status.port) as listener:
            address = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
            server = _Server(
                _configuration(application(self._showing, self._looks, self._guard, self._measured, HOSTS))
            )
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self._stop, server)
            others = [
                asyncio.create_task(part)
                for part in (self._line.run(), self._board.run(), self._turn(), self._feed_watchdog())
            ]
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            screens = [f"{address}{path(place, self._showing.places)}" for place in self._showing.places]
            log.info("serving", address=address, screens=screens)
            self._manager.ready(self._summary())
            done, _ = await asyncio.wait([serving, *others], return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                task.cancel()
            if serving not in done:
                server.should_exit = True
                await serving
            for task in done:
                task.result()  # a part that ended by itself ends the process with what it raised

    def _stop(self, server: uvicorn.Server) -> None:
        self._manager.stopping("stopping")
        log.info("stopping")
        for place in self._showing.places:
            self._showing.stream(place).close()
        self._board.close()
        server.should_exit = True

    def _heard(self, news: News) -> None:
        self._why_lost = None
        self._now.take(news)
        self._showing.take(news)
        self._board.take(news)
        self._metrics.take(news)
        self._turning.set()

    def _lost(self, why: str) -> None:
        self._why_lost = why
        self._now.whole = False
        self._showing.turn()
        self._board.turn()

    async def _turn(self) -> None:
        """Change the screens that change by time alone."""
        while True:
            self._turning.clear()
            with suppress(TimeoutError):
                wait_s = max(0.0, self._showing.due_s() - self._monotonic_s())
                await asyncio.wait_for(self._turning.wait(), wait_s)
            self._showing.turn()

    async def _measured(self) -> bytes:
        """The text of `/metrics`; looks at the view."""
        look = None
        if self._view is not None:
            with suppress(NoView):
                look = await asyncio.to_thread(self._view.look)
        return self._metrics.text(look)

    async def _feed_watchdog(self) -> None:
        while True:
            report(self._manager, (), self._summary())
            await asyncio.sleep(WATCHDOG_S)

    def _summary(self) -> str:
        return f"serving {len(self._showing.places)} screens" + (f"; {self._why_lost}" if self._why_lost else "")


def driver_places(gate: Gate) -> tuple[Place, ...]:
    """Where the driver's screens of a terminal stand."""
    lanes = [
        (lane.number, {Side(each.side or ("exit" if lane.direction == "exit" else "entry")) for each in lane.reader})
        for lane in gate.lane
    ]
    return places(lanes, [point.number for point in gate.service])


def listening(port: int) -> socket.socket:
    """A socket that listens at 127.0.0.1; port 0 is any that is free.

    Raises:
        ConfigurationError: it cannot.
    """
    try:
        return socket.create_server((LOOPBACK, port), backlog=BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"the pages cannot be served at {LOOPBACK}, port {port}: {error.strerror}; see `status.port` in gate.toml"
        ) from error


class _Server(uvicorn.Server):
    """Leaves signals to whoever runs it."""

    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]  # uvicorn makes a generator
        """Capture none."""
        return nullcontext()


def _configuration(pages: object) -> uvicorn.Config:
    return uvicorn.Config(
        pages,  # type: ignore[arg-type]  # an ASGI application; uvicorn's own type leaves ours out
        access_log=False,
        log_level="warning",
        lifespan="off",
        ws="none",
        server_header=False,
        proxy_headers=False,
        http=BoundedProtocol,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=STOPPING_S,
    )
