"""`xs-headquarters simulate` with few terminals: everything it starts is real."""

import json
import shlex
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import sqlalchemy as sa
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.installation import Headquarters
from headquarters.journal.terminals import Terminals
from headquarters.tables.journal import journal_tables
from load_test.ground import collector
from tests.headquarters.conftest import Office, office, rig
from tests.mqtt.broker_rig import SITE, Rig

__all__ = ["office", "rig"]
FEW = ("--terminals", "3", "--rate", "30", "--for", "1", "--seed", "7")


def simulate(office: Office, *words: str) -> tuple[int, str, str]:
    said = CliRunner().invoke(app, ["--folder", str(office.keys.path), "simulate", *words])
    return said.exit_code, said.stdout, said.stderr


@contextmanager
def restarts(rig: Rig) -> Iterator[str]:
    """A command that restarts the broker, as long as the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    asked, _ = listening.accept()
                    with asked:
                        rig.mosquitto.restart()
                        asked.sendall(b"done")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            port = listening.getsockname()[1]
            ask = f"import socket; assert socket.create_connection(('127.0.0.1', {port})).recv(9) == b'done'"
            yield shlex.join((sys.executable, "-c", ask))
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def rows(office: Office) -> dict[str, int]:
    with office.database.transaction(read_only=True) as connection:
        counts = {
            table.name: connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0
            for table in journal_tables.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def test_alone_it_needs_nothing_and_every_entry_arrives_once(tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["--folder", str(tmp_path / "none"), "simulate", "--alone", "--json", *FEW])
    report = json.loads(said.stdout)
    assert (said.exit_code, report["sound"], report["connected"]) == (0, True, 3)
    assert 0 < report["written"] == report["in_database"] == report["acknowledged"]
    assert set(report["pss_mb"]) == {"terminals", "broker", "collectors"}
    assert list(tmp_path.iterdir()) == []


def test_beside_a_real_terminal_it_wants_to_be_told(office: Office, rig: Rig) -> None:
    office.site(SITE)
    Terminals(office.database).add("gate-1", SITE, bytes(32), office.change)
    code, _, why = simulate(office, *FEW)
    assert code == 2
    assert "1 real terminals (gate-1 …)" in why


def test_a_site_that_is_not_registered_is_refused(office: Office, rig: Rig) -> None:
    code, _, why = simulate(office, *FEW)
    assert (code, "site 4711 is not registered" in why) == (2, True)


def test_on_an_installation_nothing_of_it_remains(office: Office, rig: Rig) -> None:
    real = rig.terminal("gate-1")
    before = rows(office)
    installed = ["--port", str(real.port), "--broker", str(rig.folder)]
    with restarts(rig) as restart, collector(Headquarters.of(office.keys.path, None, "tester")):
        installed += ["--broker-restart", restart]
        code, said, why = simulate(office, *installed, "--beside-real", *FEW)
    assert code == 0, said + why
    assert "lost 0, doubled 0, invented 0" in said
    assert rows(office) == before == {"terminals": 1}
    assert "sim-" not in (rig.folder / "acl").read_text()


def test_what_was_kept_is_refused_the_next_time_and_can_be_removed(office: Office, rig: Rig) -> None:
    port = str(rig.terminal("gate-1").port)
    installed = ["--port", port, "--broker", str(rig.folder)]
    with restarts(rig) as restart, collector(Headquarters.of(office.keys.path, None, "tester")):
        installed += ["--broker-restart", restart]
        assert simulate(office, *installed, "--beside-real", "--keep", *FEW)[0] == 0
        code, _, why = simulate(office, *installed, "--beside-real", *FEW)
        assert (code, "3 simulated terminals of another run" in why) == (2, True)
        assert simulate(office, *installed, "--remove")[1] == "3 simulated terminals removed\n"
    assert rows(office) == {"terminals": 1}


def test_broker_that_is_not_restarted_is_told_before_anything_is_simulated(office: Office, rig: Rig) -> None:
    port = str(rig.terminal("gate-1").port)
    installed = ("--port", port, "--broker", str(rig.folder), "--broker-restart", "false")
    code, _, why = simulate(office, *installed, "--beside-real", *FEW)
    assert (code, "false: failed, so the broker does not know" in why) == (2, True)
