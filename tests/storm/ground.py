"""What a storm stands on: headquarters, broker, proxies, collectors, and terminals as an installer leaves them."""

import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from demonstration.cast import NOORDZEE, YEAR
from demonstration.office import SITE, Office
from headquarters.database import Database
from headquarters.keys import load_issuer_key
from provisioning import cards
from simulation.card import blank_chip
from simulation.mqtt_proxy import MqttProxy
from simulation.world import World
from terminal.card.keys import SoftwareKey
from terminal.core.credential import Product
from terminal.core.revocation import CardStatus
from terminal.trust.documents import ISSUERS
from tests.card.chips import Held
from tests.mqtt.broker_rig import HOST, Rig, running_rig
from tests.storm.services import Service
from tests.storm.terminals import LANES, POLICY, Terminal, install, small_disk
from tests.storm.weather import Weather

WANTED_ENDS = {0, -15, -9}
"""Exit statuses: told to stop, told to before it could hear it, killed."""
BEGIN_ANEW = 75
BLOCKED_EVERY = 6
"""One card in so many is blocked: nobody may come in with it."""


@dataclass(frozen=True)
class Card:
    """A card that headquarters issued, and the file of its chip."""

    number: bytes
    saved: Path
    valid: bool


@dataclass
class Ground:
    """All of it, running but for gates, syncs and collectors."""

    folder: Path
    office: Office
    address: str | Path
    database: Database
    rig: Rig
    weather: Weather
    cards: list[Card]
    terminals: list[Terminal]
    collectors: list[Service]
    proxies: list[MqttProxy]
    strikes: list["Strike"]

    def broker_runs(self) -> bool:
        """Whether somebody listens where the terminals look for it."""
        with closing(socket.socket()) as wire:
            return wire.connect_ex(("127.0.0.1", self.rig.mosquitto.ports[0])) == 0

    def wrong_ends(self) -> list[str]:
        """Gates and syncs that ended by themselves; a gate may, to begin anew. A collector may find no database."""
        found = []
        for each in self.terminals:
            for service, allowed in ((each.gate, {*WANTED_ENDS, BEGIN_ANEW}), (each.sync, WANTED_ENDS)):
                ends = [(status, said) for status, said in service.ends.items() if status not in allowed]
                found += [f"{service.name} ended with {status}: {said}" for status, said in ends]
        return found

    def start_gates_anew(self) -> None:
        for each in self.terminals:
            each.gate.hold()
            each.gate.release()

    def stop_gates(self) -> None:
        for each in self.terminals:
            each.gate.stop()

    def stop(self) -> None:
        """Gates, syncs and collectors, in this order."""
        self.stop_gates()
        for service in [*(each.sync for each in self.terminals), *self.collectors]:
            service.stop()


class Strike:
    """Kills a collector at the moment in which it answers: it has committed, and nobody hears of it."""

    def __init__(self, collector: Service) -> None:
        self._collector = collector
        self.armed = False
        self.struck = 0

    def __call__(self, from_client: bool, topic: str) -> bool:
        if not (self.armed and from_client and topic.endswith("/ack")):
            return False
        self.armed = False
        self.struck += 1
        self._collector.kill()
        return True


@contextmanager
def running_ground(
    folder: Path, address: str | None, *, terminals: int, collectors: int, cards_wanted: int, seed: int, small: bool
) -> Iterator[Ground]:
    """Made anew in `folder`, whose path is short; `address` of a PostgreSQL database, None for SQLite."""
    with ExitStack() as stack:
        office = Office(folder / "hq", lambda: datetime.now(UTC), POLICY)
        stack.callback(office.close)
        issued = _issue(office, folder / "cards", cards_wanted)
        where: str | Path = address or folder / "journals.db"
        database = Database(where)
        stack.callback(database.close)
        rig = stack.enter_context(running_rig(folder / "broker", database, office.folder))
        weather = Weather(seed)
        ground = Ground(folder, office, where, database, rig, weather, issued, [], [], [], [])
        for number in range(1, collectors + 1):
            _collector(ground, f"collector-{number}", stack)
        names = [f"gate-{number}" for number in range(1, terminals + 1)]
        keys = {name: token_bytes(32) for name in names}
        theirs = {name: rig.terminal(name, SITE, _public(keys[name])) for name in names}
        proxy = stack.enter_context(
            MqttProxy(
                _server(rig, "ca.pem"),
                (HOST, rig.mosquitto.ports[0]),
                {name: broker.context() for name, broker in theirs.items()},
                weather.place("terminals"),
            )
        )
        ground.proxies.append(proxy)
        brokers = {name: replace(broker, port=proxy.port) for name, broker in theirs.items()}
        for name in names:
            home = folder / name
            home.mkdir()
            disk = small_disk(home / "disk") if small and name == names[-1] else None
            if disk is not None:
                stack.callback(disk.close)
            terminal = install(home, keys[name], office, brokers[name], disk)
            stack.enter_context(terminal.board)
            for lane in LANES:  # somebody stands before each boom
                stack.enter_context(World(terminal.board.socket, lane)).contact("loop_arm", True)
            ground.terminals.append(terminal)
        try:
            yield ground
        finally:
            ground.stop()


def _collector(ground: Ground, name: str, stack: ExitStack) -> None:
    """On a machine of its own, with its own line."""
    folder = ground.folder / name
    shutil.copytree(ground.office.folder, folder)
    command = ("-c", "from headquarters.cli.main import main; main()")
    options = ("--folder", str(folder), "--database", str(ground.address), "collect", "--name", name)
    service = Service(name, (*command, *options), ground.folder / f"{name}.log")
    strike = Strike(service)
    theirs = ground.rig.headquarters
    proxy = stack.enter_context(
        MqttProxy(
            _server(ground.rig, "headquarters-ca.pem"),
            (HOST, theirs.port),
            {"xs_headquarters": theirs.context()},
            ground.weather.place(name, strike),
        )
    )
    toml = folder / "broker.toml"
    toml.write_text(toml.read_text().replace(f"port = {theirs.port}", f"port = {proxy.port}"))
    ground.collectors.append(service)
    ground.proxies.append(proxy)
    ground.strikes.append(strike)


def _issue(office: Office, folder: Path, wanted: int) -> list[Card]:
    folder.mkdir()
    masters = office.card_masters()
    bench = cards.Bench(
        keys=cards.masters(masters),
        site_key=SoftwareKey(masters.site),
        issuer=load_issuer_key(office.keys.issuer),
        issuers=ISSUERS.parse(office.keys.issuers.read_bytes()),
        register=office.register,
        change=office.change(),
        random=token_bytes,
    )
    now = datetime.now(UTC)
    issued = []
    for number in range(wanted):
        order = cards.Order(
            product=Product.CARGOCARD,
            ean=NOORDZEE,
            personal_number=1000 + number,
            language="nl",
            not_before=int((now - YEAR).timestamp()),
            expires=int((now + 3 * YEAR).timestamp()),
            trainings=(),
        )
        chip = blank_chip(b"\x04" + token_bytes(6))
        card_number = cards.issue(Held(chip), bench, order).card_number
        valid = number % BLOCKED_EVERY != BLOCKED_EVERY - 1
        office.set_status(card_number, CardStatus.VALID if valid else CardStatus.BLOCKED)
        chip.eeprom.save(folder / str(number))
        issued.append(Card(card_number, folder / str(number), valid))
    return issued


def _server(rig: Rig, authority: str) -> ssl.SSLContext:
    """What clients see of a proxy: the broker's own certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(rig.folder / "certificate.pem", rig.folder / "key.pem")
    context.load_verify_locations(rig.folder / authority)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _public(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
