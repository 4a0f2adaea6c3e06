"""`xs-headquarters collect` put together: a line to the broker, a worker on a thread of its own, who watches over it.

line's thread      the connection; hands everything that arrives to the worker       (terminal.edges.mqtt)
worker's thread    one message after the other into the database, and the answers    (worker)
log thread         writes what all of them say                                       (terminal.edges.log)
main thread        feeds the watchdog while the worker makes progress; waits for SIGTERM
"""

import random
import signal
import sys
import threading
import time
from collections.abc import Mapping
from secrets import token_hex

import structlog

from headquarters.broker.settings import load_broker
from headquarters.collector.inbox import Inbox
from headquarters.collector.worker import Worker
from headquarters.database import WAIT_FOR_OTHERS_S
from headquarters.installation import Headquarters
from headquarters.journal.collecting import Collector
from headquarters.journal.cosigner import load_cosigner
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.log import log_uncaught, set_up_log
from terminal.edges.mqtt import Line
from terminal.edges.systemd import ServiceManager, report

SESSION_S = 120
"""How long the broker keeps what comes for a worker that has a name, and will be back under it."""
TURN_S = 1.0
PART = "worker"
WITHIN_S = WAIT_FOR_OTHERS_S + 60.0
"""One use of the database may wait for others, and then for the disk."""
STOP_S = 20.0

log = structlog.get_logger()


def run(headquarters: Headquarters, name: str | None, environ: Mapping[str, str]) -> bool:
    """Be a worker until SIGTERM or SIGINT; False: it failed. Call it on the main thread, before any other is there.

    `name` is the line's at the broker, another one for each worker; without one it is random, and the broker keeps
    nothing for it.

    Raises:
        ConfigurationError: the broker's address or a key cannot be used.
        StorageError: the database cannot be opened.
    """
    broker = load_broker(headquarters.folder)
    broker.context()  # a mistake in it is said now
    cosigner = load_cosigner(headquarters.keys)
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # for all threads that come; the loop below waits for them
    set_up_log(sys.stderr, environ)
    log_uncaught()
    manager = ServiceManager(environ)
    with headquarters.database() as database:
        heartbeats = Heartbeats()
        inbox = Inbox()
        line = Line(
            broker,
            name or f"collector-{token_hex(8)}",
            inbox.put,
            random=random.random,
            session_expiry_s=SESSION_S if name else 0,
        )
        worker = Worker(
            Collector(database, cosigner),
            line,
            inbox,
            now_s=lambda: int(time.time()),
            beat=lambda: heartbeats.beat(PART),
        )
        heartbeats.expect(PART, WITHIN_S)
        thread = threading.Thread(target=worker.run, name=PART, daemon=True)
        thread.start()
        line.start()
        manager.ready("started")
        log.info("started", broker=f"{broker.host}:{broker.port}", name=name)
        while signal.sigtimedwait(stops, TURN_S) is None and thread.is_alive():
            report(manager, heartbeats.stale(), summary(worker))
        failed = not thread.is_alive()
        manager.stopping("stopping")
        worker.stop()
        thread.join(STOP_S)
        line.stop()
        log.info("stopped", status=summary(worker), in_time=not thread.is_alive())
    manager.close()
    return not failed


def summary(worker: Worker) -> str:
    """One line for `systemctl status`."""
    line = "connected" if worker.subscribed else "not connected"
    refused = ", ".join(f"{word} {count}" for word, count in sorted(worker.tally.counts.items()))
    return f"{line}; {worker.taken.total()} messages, {worker.entries} new entries{'; ' if refused else ''}{refused}"
