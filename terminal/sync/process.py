"""The process that talks with headquarters, put together: no devices, no card keys, and it decides nothing.

    line thread      the connection to the broker, made anew whenever it ends             (edges.mqtt)
    uplink thread    view → batches, head, presence                                       (sync_up)
    downlink thread  files → mirror, acknowledgements → handover, wishes → uplink         (sync_down)
    handover thread  acknowledgements, commands, stays → the gate, which judges them      (sync_gate)
    main thread      feeds the watchdog while all of these make progress; waits for SIGTERM

Nothing of value is kept here: what is not acknowledged is sent again, what is not in the mirror is asked for again. So
a kill at any moment costs some repetition, and a broker that is away costs nothing.
"""

import random
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog

from firmware_config.configuration import read_gate
from firmware_config.gate import Gate
from firmware_config.mistakes import ConfigurationMistakes, Mistake
from terminal.core import topics
from terminal.core.messages import Presence
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.log import log_uncaught, set_up_log
from terminal.edges.mqtt import Arrived, Broker, Connected, Event, Line, Lost, Will
from terminal.edges.seldom import Seldom
from terminal.edges.stop_signal import StopSignal
from terminal.edges.systemd import ServiceManager, report
from terminal.storage.view_reader import ViewReader
from terminal.sync.down import PART as DOWNLINK
from terminal.sync.down import Receiver
from terminal.sync.gate import PART as HANDOVER
from terminal.sync.gate import Handover
from terminal.sync.up import PART as UPLINK
from terminal.sync.up import Sender
from terminal.trust.mirror_writer import MirrorWriter

TURN_S = 0.5
PART_WITHIN_S = 60.0
"""A storage card may take seconds for one write, the gate many for one answer."""
SESSION_EXPIRY_S = 3 * 24 * 3600
"""So long the broker keeps what comes for a terminal that is away; after that it asks for everything anew."""
RECEIVE_MAXIMUM = 32

log = structlog.get_logger()


def run(configuration: Path, environ: Mapping[str, str]) -> None:
    """Be `sync` until SIGTERM or SIGINT. Call it on the main thread.

    Raises:
        ConfigurationMistakes: `gate.toml` cannot be used, or has no `[broker]`.
    """
    stopping = StopSignal()
    set_up_log(sys.stderr, environ)
    log_uncaught()
    manager = ServiceManager(environ)
    manager.status("starting")
    try:
        sync = sync_of(read_gate(configuration), str(configuration))
        sync.start()
        log.info("started", terminal=sync.terminal, broker=sync.broker)
        manager.ready(sync.summary())
        while not stopping.wait(TURN_S):
            report(manager, sync.heartbeats.stale(), sync.summary())
        manager.stopping("stopping")
        log.info("stopping")
        sync.stop()
    except Exception as error:
        manager.status(f"stopped: {error}".splitlines()[0])
        raise
    finally:
        manager.close()


def sync_of(gate: Gate, file: str) -> "Sync":
    """What a `gate.toml`, called `file`, says about it; not started.

    Raises:
        ConfigurationMistakes: it has no `[broker]`.
    """
    broker, view = gate.broker, gate.terminal.view
    if broker is None or view is None:
        mistake = Mistake(file, "broker", "is missing", "a table that says where headquarters' broker is")
        raise ConfigurationMistakes((mistake,))
    return Sync(
        Broker(host=broker.host, port=broker.port, ca=broker.ca, certificate=broker.certificate, key=broker.key),
        terminal=gate.terminal.name,
        site=gate.terminal.site,
        view=view,
        mirror=gate.terminal.mirror,
        gate=gate.socket.path,
    )


class Sync:
    """All parts of it for one terminal. `start` it once, `stop` it once."""

    def __init__(
        self,
        broker: Broker,
        *,
        terminal: str,
        site: int,
        view: Path,
        mirror: Path,
        gate: Path,
        wall_s: Callable[[], float] = time.time,
        monotonic_s: Callable[[], float] = time.monotonic,
        random: Callable[[], float] = random.random,
    ) -> None:
        """`gate` is the gate's socket; `monotonic_s` moves what is sent again, not the connection's own times."""
        self.terminal = terminal
        self.broker = f"{broker.host}:{broker.port}"
        self.connected = False
        """The broker takes us, as far as we know."""
        self.heartbeats = Heartbeats()
        self._seldom = Seldom(monotonic_s)
        for part in (UPLINK, DOWNLINK, HANDOVER):
            self.heartbeats.expect(part, PART_WITHIN_S)
        self._line = Line(
            broker,
            terminal,
            self._told,
            random=random,
            session_expiry_s=SESSION_EXPIRY_S,
            receive_maximum=RECEIVE_MAXIMUM,
            max_body_bytes=topics.MAX_WHOLE_BYTES,
            will=Will(topics.own(terminal, "presence"), Presence.OFFLINE.encode()),
        )
        self._sender = Sender(
            self._line,
            ViewReader(view, terminal),
            terminal,
            heartbeat=self.heartbeats,
            seldom=self._seldom,
            wall_s=wall_s,
            monotonic_s=monotonic_s,
        )
        self._handover = Handover(gate, self._sender.acknowledged, heartbeat=self.heartbeats, seldom=self._seldom)
        self._receiver = Receiver(
            self._line,
            MirrorWriter(mirror, site),
            terminal=terminal,
            site=site,
            note=self._handover.offer,
            own_head=lambda note: self._handover.offer(note, own_head=True),
            asked_again=self._sender.asked_again,
            command=self._handover.command,
            stays=self._handover.stays,
            heartbeat=self.heartbeats,
            seldom=self._seldom,
            monotonic_s=monotonic_s,
        )

    def start(self) -> None:
        """Begin; returns at once."""
        self._handover.start()
        self._receiver.start()
        self._sender.start()
        self._line.start()

    def stop(self) -> None:
        """Say goodbye and end. Blocks for some seconds at most; what hangs goes with the process."""
        self._sender.stop()
        self._line.stop(5.0)
        self._receiver.stop()
        self._handover.stop()

    def summary(self) -> str:
        """How it is, for a person."""
        return f"{self.broker}: {self._sender.summary()}"

    def _told(self, event: Event) -> None:
        """On the line's thread."""
        match event:
            case Connected():
                log.info("connected", session_kept=event.session_kept)
                self.connected = True
                self._receiver.connected(event)
                self._sender.connected()
            case Lost(why):
                self._seldom.say("not-connected", why=why)
                self.connected = False
                self._receiver.lost()
                self._sender.lost()
            case Arrived():
                self._receiver.arrived(event)
