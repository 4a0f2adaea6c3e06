"""What goes over the line: bytes an entry, bytes of a list update of ten changes, and how soon that is at a terminal.

A terminal's connection runs through a relay that counts. Ten cards of one employer are blocked with the real command
while `publish --mqtt --watch` runs; the update has arrived when its last file lies in the terminal's mirror, and a card
is refused from when the gate's own code has believed it and put it into force.
"""

import socket
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from bench.figures import Figures
from bench.in_force import RulesInForce
from bench.one_terminal import GIVEN_UP_S, SITE, OneTerminal
from headquarters.database import Database
from headquarters.installation import Headquarters
from headquarters.register import Register
from headquarters.sites import Sites, plain_policy
from load_test.books import Books
from load_test.ground import own_ground, python
from load_test.terminal import ENTRIES_A_TAP
from terminal.core.credential import Product
from terminal.core.revocation import CardStatus

EMPLOYER = "8712345678906"
CARDS = 10
TAPS = 10
POLL_S = 0.02
QUIET_S = 1.0
PIECE_BYTES = 65536
LAST = "timestamp.json"
COMMAND = ("-c", "from headquarters.cli.main import main; main()")


def measure(folder: Path, figures: Figures, progress: Callable[[str], None], *, sites: tuple[int, ...]) -> None:
    """Measure at each of these numbers of sites."""
    for count in sites:
        progress(f"wire: sites: {count}")
        _measure(folder / str(count), figures, count)


def _measure(folder: Path, figures: Figures, count: int) -> None:
    folder.mkdir()
    with ExitStack() as parts:
        ground = parts.enter_context(own_ground(None, SITE, 1, "bench"))
        here = ground.headquarters
        with here.database() as database:
            card_index = _register(database, here, count)
        terminal = OneTerminal(folder, ground)
        gate = terminal.gate
        parts.callback(gate.close)
        relay = parts.enter_context(CountingRelay(ground.port))
        words = ("--folder", str(here.folder), "--database", str(here.where))
        log = parts.enter_context((folder / "publish.log").open("w"))
        streams = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
        parts.enter_context(python(*COMMAND, *words, "publish", "--mqtt", "--watch", **streams))
        parts.enter_context(terminal.sync(relay.port))
        _until((gate.mirror / LAST).exists)
        root = here.keys.roots / "1.root.json"
        rules = parts.enter_context(RulesInForce(SITE, root, gate.mirror, folder / "rules"))
        rules.wait(card_index, CardStatus.VALID, GIVEN_UP_S)
        relay.quiet()

        before, began = _mirror(gate.mirror), relay.down
        began_s = time.monotonic()
        block = ("card", "block", "--ean", EMPLOYER, "--all", "--why", "bench")
        with python(*COMMAND, *words, *block, stdin=subprocess.DEVNULL, stdout=log) as blocking:
            assert blocking.wait(GIVEN_UP_S) == 0
        _until(lambda: _mirror(gate.mirror).get(LAST) != before[LAST])
        figures.add(f"wire.sites_{count}.block_to_mirror_s", time.monotonic() - began_s)
        refused_s = rules.wait(card_index, CardStatus.BLOCKED, GIVEN_UP_S) - began_s
        figures.add(f"wire.sites_{count}.block_to_refused_s", refused_s)
        relay.quiet()
        changed = [content for name, content in _mirror(gate.mirror).items() if before.get(name) != content]
        figures.add(f"wire.sites_{count}.update_payload_bytes", sum(map(len, changed)))
        figures.add(f"wire.sites_{count}.update_wire_bytes", relay.down - began)

        books, began = Books(), relay.up
        for number in range(TAPS):
            gate.tap(number, number.to_bytes(8), books.written)
            assert terminal.size.wait((number + 1) * ENTRIES_A_TAP), f"not acknowledged; see {folder / 'sync.log'}"
        relay.quiet()
        figures.add(f"wire.sites_{count}.entry_wire_bytes", (relay.up - began) / books.count())


def _register(database: Database, here: Headquarters, count: int) -> int:
    """Register sites, an employer and his cards; gives the index of the last card."""
    sites, register, change = Sites(database), Register(database), here.change("bench")
    for number in range(1, count):
        sites.add(plain_policy(10_000 + number, f"Site {number}", "Europe/Amsterdam"), change)
    register.add_company(EMPLOYER, "Bench", change)
    index = 0
    for number in range(CARDS):
        card = register.allocate(
            uid=number.to_bytes(7),
            ean=EMPLOYER,
            product=Product.DSP,
            personal_number=number + 1,
            not_before=1_700_000_000,
            expires=1_900_000_000,
            language="nl",
            change=replace(change, why="bench"),
        )
        register.issued(card.card_number, change)
        register.set_card_status(card.card_number, CardStatus.VALID, change)
        index = card.card_index
    return index


def _mirror(folder: Path) -> dict[str, bytes]:
    """What lies there, by name; what is being written has a dot before it."""
    found: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not name.startswith(".") and "/." not in name:
            with suppress(OSError):
                found[name] = path.read_bytes()
    return found


def _until(holds: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + GIVEN_UP_S
    while not holds():
        assert time.monotonic() < deadline_s, "it did not happen; the logs in build/bench say why"
        time.sleep(POLL_S)


class CountingRelay:
    """A relay of TCP to a port of this machine that counts what goes through; a context manager."""

    def __init__(self, to: int) -> None:
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.up = self.down = 0
        self._last_s = time.monotonic()
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def quiet(self) -> None:
        """Wait until nothing went through for a while."""
        _until(lambda: time.monotonic() - self._last_s >= QUIET_S)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("127.0.0.1", self._to))
                for source, sink, is_up in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pump, args=(source, sink, is_up), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, is_up: bool) -> None:
        with suppress(OSError), source, sink:
            while piece := source.recv(PIECE_BYTES):
                if is_up:
                    self.up += len(piece)
                else:
                    self.down += len(piece)
                self._last_s = time.monotonic()
                sink.sendall(piece)
