"""`xs-headquarters alarms watch`: again and again, hear the terminals, look at the clock, tell who is to know."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from functools import partial

import structlog

from headquarters.alarms.entries import take_in
from headquarters.alarms.notices import DAY_S, forget, give_up_old, make_notices
from headquarters.alarms.settings import AlarmSettings, load_alarm_settings
from headquarters.alarms.telling import Teller
from headquarters.alarms.watching import Watch
from headquarters.database import Database
from headquarters.installation import Headquarters
from terminal.edges.log import log_uncaught, set_up_log
from terminal.edges.systemd import ServiceManager, report
from terminal.errors import StorageError

EVERY_S = 10

log = structlog.get_logger()


@dataclass(slots=True)
class Rounds:
    """All that is done again and again. A round that the database breaks off is taken up by the next one."""

    database: Database
    settings: AlarmSettings
    watch: Watch
    teller: Teller
    now_s: Callable[[], int]
    random_bytes: Callable[[int], bytes]
    _forgot_at: int = field(default=0)

    def round(self) -> bool:
        """One round; False: the database is at fault, and the log says how. Blocks."""
        try:
            self._round()
        except StorageError as error:
            log.warning("database", why=str(error))
            return False
        return True

    def _round(self) -> None:
        take_in(self.database)
        for each in self.watch.look(self.now_s()):
            step = "alarm-cleared" if each.facts is None else "alarm-raised"
            log.warning(step, alarm=str(each.finding), terminal=each.terminal, facts=each.facts)
        make_notices(self.database, self.settings, self.now_s(), self.random_bytes)
        if given_up := give_up_old(self.database, self.settings, self.now_s()):
            log.warning("notices-given-up", notices=given_up)
        if told := self.teller.tell():
            log.info("told", notices=told)
        if self.now_s() - self._forgot_at >= DAY_S:
            forget(self.database, self.now_s())
            self._forgot_at = self.now_s()


def run(headquarters: Headquarters, environ: Mapping[str, str], *, once: bool) -> bool:
    """Watch until SIGTERM or SIGINT, or one round; False: that round failed. On the main thread, before any other.

    Raises:
        ConfigurationError: `alarms.toml` has mistakes.
        StorageError: the database cannot be opened.
    """
    stops = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)  # for all threads; asked for between the steps
    settings = load_alarm_settings(headquarters.folder)
    set_up_log(sys.stderr, environ)
    log_uncaught()
    manager = ServiceManager(environ)
    with headquarters.database() as database:
        teller = Teller(database, settings, _now_s, random.random, partial(_asked_to_stop, manager, stops))
        rounds = Rounds(database, settings, Watch(database, settings.limits), teller, _now_s, os.urandom)
        manager.ready("watching")
        channels = [each.channel for each in settings.channels]
        log.info("started", channels=channels or "none: alarms.toml names nobody to tell")
        good = rounds.round()
        while not once and signal.sigtimedwait(stops, EVERY_S) is None:
            good = rounds.round()
            report(manager, (), "watching" if good else "the database is at fault")
        manager.stopping("stopping")
        log.info("stopped")
    manager.close()
    return good or not once


def _asked_to_stop(manager: ServiceManager, stops: Set[signal.Signals]) -> bool:
    """Asked before each notice: whoever tells many is making progress."""
    manager.watchdog()
    return bool(signal.sigpending() & stops)


def _now_s() -> int:
    return int(time.time())
