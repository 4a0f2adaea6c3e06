"""The gate process, put together: the only module that names adapters and says which thread does what.

    reader threads    one a reader: a tap runs straight through on it                      (edges.pcsc → tap)
    lane threads      one a lane: contacts and timers → barrier cycle → relays             (lane)
    journal thread    the only one that writes to the database                             (storage.writer)
    view thread       copies what is committed for the processes that may not open it      (storage.view)
    socket threads    who asks how the lanes are, or gives them an order                   (edges.local_socket → orders)
    room thread       looks how full the disk is, drops what headquarters has              (room)
    renewal thread    watches the mirror, brings lists and rules into force                (renewal)
    log thread        writes what all of them say, so that none of them waits for a reader (edges.log)
    main thread       feeds the watchdog while all of these make progress; waits for SIGTERM

A start releases every relay first, since a gate that was killed in mid-pulse leaves it on, and settles what the last
run left open before a card is read; READY is said when a tap would be answered, be it with "lane closed". A stop ends
readers, socket and renewal, then lanes (relays released), then the journal. A gate that hears of another past of its
journal ends by itself when its lanes rest; the start after that settles the old epoch and begins the next.
"""

import os
import sys
import threading
import time
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_config.cardkeys import GateKeys
from firmware_config.configuration import read_gate
from firmware_config.gate import Gate
from terminal.acknowledging import Acknowledging
from terminal.alarms import STORAGE_ALARM, Alarms
from terminal.changes import Changes, ClockWatch
from terminal.commanding import Commanding
from terminal.core.barrier_words import Phase
from terminal.edges.clock import FlooredClock
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.log import ApduTrace, log_uncaught, set_up_log
from terminal.edges.stop_signal import StopSignal
from terminal.edges.systemd import ServiceManager, report
from terminal.gate.card_keys import master_keys, site_records
from terminal.gate.ending import Ending, Rest, Stage
from terminal.gate.from_rules import FromRules
from terminal.gate.lane import SharedParts, boards, start_lane
from terminal.gate.listening import start_socket
from terminal.gate.service import start_service
from terminal.gate.summary import facts, lane_words, service_words, summary
from terminal.gate.surroundings import THIS_MACHINE, Surroundings
from terminal.gate.told import Told, ToldJournal
from terminal.gate.waiting import wait_for_keys
from terminal.knowing_stays import KnowingStays
from terminal.lane.ends import PassageEnds
from terminal.lane.lines import TakeBoard, set_safe
from terminal.live import Live
from terminal.ports import CardTransport, ReaderState
from terminal.recovery import NeverTold, settle
from terminal.renewal import PART as RENEWAL_PART
from terminal.renewal import Renewal
from terminal.room import PART as ROOM_PART
from terminal.room import Room
from terminal.storage.reserve import Reserve
from terminal.storage.store import Store
from terminal.storage.view import PART as VIEW_PART
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase

TURN_S = 0.25
"""How often the main thread looks after everything."""
STATUS_EVERY_S = 1.0
SWITCH_S = 0.0005
"""How long a thread may go on computing while another one waits: no relay waits for lists that are being read."""
FIRST_WORDS_S = 1.0
FIRST_WORDS_TURN_S = 0.005
JOURNAL_WITHIN_S = 60.0
"""A storage card may take seconds for one write; a minute without a turn is a disk that is gone."""
RENEWAL_WITHIN_S = 60.0
ROOM_WITHIN_S = 60.0

log = structlog.get_logger()


def run(
    configuration: Path,
    environ: Mapping[str, str],
    *,
    trace_apdus: bool = False,
    surroundings: Surroundings = THIS_MACHINE,
) -> bool:
    """Be the gate until SIGTERM or SIGINT; True: it ended by itself, and is to be started again. On the main thread.

    Raises:
        ConfigurationMistakes: `gate.toml` cannot be used.
        StorageError: the journal cannot be opened; without it no barrier may open.
    """
    stopping = StopSignal()
    sys.setswitchinterval(SWITCH_S)
    set_up_log(sys.stderr, environ)
    log_uncaught()
    manager = ServiceManager(environ)
    manager.status("starting")
    anew = False
    try:
        gate = read_gate(configuration)
        digest = sha256(configuration.read_bytes()).digest()
        lines = boards(gate)
        unsafe = set_safe(lines)
        trace = ApduTrace() if trace_apdus else None
        keys = wait_for_keys(gate, environ, configuration, manager=manager, stopping=stopping, unsafe=unsafe)
        if keys is not None:
            with Ending() as ending:
                process = GateProcess(
                    gate, keys, manager, ending, surroundings, configuration=digest, boards=lines, trace=trace
                )
                anew = process.serve(stopping)
    except Exception as error:
        manager.status(f"stopped: {error}".splitlines()[0])
        raise
    finally:
        manager.close()
    return anew


class GateProcess:
    """All parts of one gate. Making it opens and starts them, `ending` stops them.

    `configuration` is the SHA-256 of the `gate.toml` that `gate` was read from.
    """

    def __init__(
        self,
        gate: Gate,
        keys: GateKeys,
        manager: ServiceManager,
        ending: Ending,
        surroundings: Surroundings,
        *,
        configuration: bytes,
        boards: Mapping[int, TakeBoard],
        trace: ApduTrace | None,
    ) -> None:
        self._gate = gate
        self._manager = manager
        self._trace = trace
        self._reader_states: dict[str, ReaderState] = {}
        self._heartbeats = Heartbeats()
        self._heartbeats.expect("journal", JOURNAL_WITHIN_S)
        data = gate.terminal.data
        reserve = Reserve(data)
        self._store = Store(
            data, terminal=gate.terminal.name, heartbeat=self._heartbeats, random_bytes=os.urandom, reserve=reserve
        )
        ending.add(Stage.JOURNAL, "journal", self._store.close)
        self._clock = FlooredClock(self._store.kept.number("clock-floor"), surroundings.wall_ms)
        self._keeper = RulesKeeper(
            site=gate.terminal.site,
            root=gate.terminal.root,
            mirror=gate.terminal.mirror,
            state=data / "rules",
            seen=SeenDatabase(data / "seen.db"),
            clock=self._clock,
        )
        given = FromRules(self._keeper)
        self._stays = self._store.stays(keys.terminal)
        journal = self._store.journal(
            clock=self._clock,
            sealing_key=given.sealing_key,
            time_zone=given.time_zone,
            stays=self._stays,
            signing_key=Ed25519PrivateKey.from_private_bytes(keys.journal),
        )
        self._journal = ToldJournal(journal)
        live = Live()
        told = Told(live)
        self._alarms = Alarms(self._journal, told.alarm, self._store.kept)
        changes = Changes(self._journal, self._store.kept)
        renewal = Renewal(
            self._keeper,
            journal=self._journal,
            changes=changes,
            stays=self._stays,
            alarms=self._alarms,
            clock=self._clock,
            heartbeat=self._heartbeats,
            told=told.rules,
        )
        renewal.load()
        never_told = NeverTold(rules=self._keeper, stays=self._stays, epoch=self._store.epoch)
        settled = settle(journal, software=version("xs-terminal"), stay_after=never_told)
        if (ended := self._store.begin_epoch(journal)) is not None:
            log.warning("epoch-ended", epoch=ended.epoch.hex(), size=ended.size, other_size=ended.other_size)
            settled = settle(journal, software=version("xs-terminal"), stay_after=never_told)
        self._acknowledging = Acknowledging(journal.checkpoints, given.cosigners, self._alarms)
        self._alarms.begin_anew()
        changes.configuration_is(configuration)
        log.info("started", terminal=gate.terminal.name, epoch=self._store.epoch.hex(), settled=len(settled) - 1)
        if gate.terminal.view is not None:
            beside = partial(facts, data, self._clock, self._keeper)
            view = self._store.view(gate.terminal.view, facts=beside, trouble=self._view_trouble, copied=told.view)
            view.start()
            ending.add(Stage.JOURNAL, VIEW_PART, view.stop)
        self._room = Room(
            reserve,
            self._store.retention(),
            told=self._store.kept.number(f"dropped-entries/{self._store.epoch.hex()}"),  # numbers begin anew with it
            kept_days=given.kept_days,
            journal=self._journal,
            alarms=self._alarms,
            clock=self._clock,
            heartbeat=self._heartbeats,
        )
        self._heartbeats.expect(ROOM_PART, ROOM_WITHIN_S)
        self._room.start()
        ending.add(Stage.TAPS, ROOM_PART, self._room.stop)
        self._heartbeats.expect(RENEWAL_PART, RENEWAL_WITHIN_S)
        renewal.start()
        ending.add(Stage.TAPS, RENEWAL_PART, renewal.stop)
        known = KnowingStays(gate.terminal.name, given.command_keys, self._clock)
        shared = SharedParts(
            gate=gate,
            keys=master_keys(keys.cards),
            records=site_records(gate.terminal.site, keys.cards),
            store=self._store,
            known=known,
            rules=self._keeper,
            stays=self._stays,
            journal=self._journal,
            alarms=self._alarms,
            ends=PassageEnds(self._journal, self._alarms),
            clock=self._clock,
            heartbeats=self._heartbeats,
            reader_states=self._reader_states,
            traced=self._traced,
            only_reserve=self._room.only_reserve,
            surroundings=surroundings,
            live=live,
            ending=ending,
        )
        self._lanes = {table.number: start_lane(table, boards[table.number], shared) for table in gate.lane}
        self._services = {each.number: start_service(each, boards[each.number], shared) for each in gate.service}
        start_socket(
            shared,
            self._lanes,
            self._services,
            copied=lambda: told.copied,
            acknowledging=self._acknowledging,
            commanding=Commanding(journal, given.command_keys, self._clock, self._alarms),
            known_stays=known,
        )

    def serve(self, stopping: threading.Event) -> bool:
        """Say READY, then look after everything until `stopping` is set; True: until it had to begin anew."""
        self._wait_for_first_words(stopping)
        self._manager.ready(self._summary())
        log.info("ready", status=self._summary())
        due_s = 0.0
        clock = ClockWatch(self._clock, self._journal, self._alarms)
        rest = Rest(self._lanes)
        anew = False
        while not anew and not stopping.wait(TURN_S):
            self._clock.keep()
            if self._store.trouble is not None:  # cleared by the next entry that is durable, and by nothing else
                self._alarms.raised(STORAGE_ALARM)
            clock.look()
            anew = self._acknowledging.other_past and rest.has_come()
            if (now_s := time.monotonic()) >= due_s:
                due_s = now_s + STATUS_EVERY_S
                report(self._manager, self._heartbeats.stale(), self._summary())
        self._manager.stopping("stopping: relays are released" + ("; a new epoch begins with the next start" * anew))
        log.info("stopping", anew=anew)
        return anew

    def _wait_for_first_words(self, stopping: threading.Event) -> None:
        """Every reader and board has said how it is, or did not in a second; what is not there is tried for ever."""
        deadline_s = time.monotonic() + FIRST_WORDS_S
        readers = set(self._gate.reader_names)
        while not stopping.is_set() and time.monotonic() < deadline_s:
            booted = all(lane.state.phase is not Phase.BOOT for lane in self._lanes.values())
            if booted and self._reader_states.keys() >= readers and self._keeper.current() is not None:
                return
            stopping.wait(FIRST_WORDS_TURN_S)

    # ---------------------------------------------------------------------------------- what others ask of the gate

    def _traced(self, reader: str, card: CardTransport) -> CardTransport:
        return self._trace.wrap(reader, card) if self._trace else card

    def _view_trouble(self, why: str | None) -> None:
        self._alarms.holds(VIEW_PART, while_=why is not None, detail=why)

    def _summary(self) -> str:
        rules, readers = self._keeper.current(), self._reader_states
        lanes = [lane_words(each, self._lanes[each.number].state, rules, readers) for each in self._gate.lane]
        points = [service_words(each, self._services[each.number], rules, readers) for each in self._gate.service]
        return summary([*lanes, *points], rules, self._clock.now().s, self._room.words(), self._store.trouble)
