"""From the command line, or from another user's process, over the socket to a lane; and what stands in the way."""

import json
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from terminal.cli import app
from terminal.core.barrier_words import Phase
from terminal.edges.heartbeat import Heartbeats
from terminal.edges.local_client import ask
from terminal.edges.local_socket import LocalSocket
from tests.edges.as_user import ask_as, needs_root
from tests.orders.rig import GUARD_UID, STRANGER_UID, Lanes, request
from tests.storage.support import Held


@dataclass(frozen=True)
class Served:
    lanes: Lanes
    path: Path

    def command(self, *words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--socket", str(self.path)])

    def order(self, what: str, *more: str, lane: int = 1) -> Result:
        return self.command("order", what, "--lane", str(lane), "--reason", "as agreed", *more)


@contextmanager
def serving(lanes: Lanes) -> Iterator[Served]:
    with tempfile.TemporaryDirectory() as name, lanes:
        Path(name).chmod(0o755)
        gate = LocalSocket(
            Path(name) / "gate.sock",
            lanes.requests.serve,
            knows=lanes.requests.knows,
            heartbeat=Heartbeats(),
            trouble=lambda _: None,
        )
        gate.start()
        try:
            yield Served(lanes, Path(name) / "gate.sock")
        finally:
            assert gate.stop()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """An exit, and who runs the tests is root."""
    with serving(Lanes(tmp_path, "exit")) as served:
        yield served


@needs_root
def test_order_from_the_command_line_opens_and_says_which_entry_it_is(served: Served) -> None:
    done = served.order("open")
    assert (done.exit_code, done.stdout) == (0, "lane 1: open is carried out (journal entry 0)\n")
    assert served.lanes.pulses() == 1
    assert served.lanes.told()[0] == (1, {"order": "open", "by": "root"})


@needs_root
def test_last_way_out_is_asked_for_twice(served: Served) -> None:
    refused = served.order("lock")
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert refused.stderr.startswith("xs-terminal: lane 1: nothing moved: this is the last lane in service")
    assert served.lanes.phases() == [Phase.CLOSED]
    assert served.order("lock", "--sure").exit_code == 0
    assert served.lanes.phases() == [Phase.LOCKED]


@needs_root
def test_refusal_in_json_is_the_answer_as_it_came(served: Served) -> None:
    refused = served.order("unlock", "--json")
    assert refused.exit_code == 1
    answer = json.loads(refused.stdout)
    assert (answer["result"], answer["why"], answer["sequence"]) == ("refused", "not-locked", 0)


@needs_root
def test_side_goes_along(served: Served) -> None:
    assert served.order("open", "--side", "entry").exit_code == 1
    assert served.order("open", "--side", "exit").exit_code == 0
    assert served.lanes.told()[0] == (1, {"order": "open", "by": "root", "side": "exit"})


@needs_root
def test_state_is_told_in_lines_or_as_it_came(served: Served) -> None:
    served.lanes.alarms.raised("reader", 1, "front")
    served.order("pause")
    told = served.command("state")
    assert (told.exit_code, told.stdout.splitlines()) == (
        0,
        [
            "lane 1 (exit): closed, light red, 0 owed; contacts on: closed_limit; kept: paused",
            "alarm reader, lane 1 (front)",
        ],
    )
    as_json = served.command("state", "--json")
    assert json.loads(as_json.stdout) == ask(served.path, {"version": 1, "ask": "state"})


@needs_root
def test_lane_that_is_not_there(served: Served) -> None:
    refused = served.order("open", lane=9)
    assert refused.exit_code == 1
    assert "this gate has no such lane" in refused.stderr


def test_no_gate_is_running(tmp_path: Path) -> None:
    words = ["order", "open", "--lane", "1", "--reason", "as agreed", "--socket", str(tmp_path / "gate.sock")]
    failed = CliRunner().invoke(app, words)
    assert failed.exit_code == 69
    assert "nothing was done" in failed.stderr
    assert "is it running (systemctl status xs-terminal-gate)" in failed.stderr


def test_configuration_with_mistakes_names_them_and_a_way_without_it(tmp_path: Path) -> None:
    (tmp_path / "gate.toml").write_text("[terminal]\n")
    failed = CliRunner().invoke(app, ["state", "--config", str(tmp_path / "gate.toml")])
    assert failed.exit_code == 78
    assert "nothing was asked; --config names another file, --socket the socket itself" in failed.stderr


def test_order_that_is_none_is_a_mistake_in_the_command() -> None:
    assert CliRunner().invoke(app, ["order", "close", "--lane", "1", "--reason", "as agreed"]).exit_code == 2


def test_reason_that_is_none_is_refused_by_the_gate(served: Served) -> None:
    refused = served.command("order", "open", "--lane", "1", "--reason", "x")
    assert refused.exit_code == 1
    assert "`reason` is 3 to 200 printable characters" in refused.stderr
    assert served.lanes.told() == []


# --------------------------------------------------------------------------------------------------------- other users


@needs_root
def test_listed_user_opens_and_is_the_one_whom_the_journal_names(served: Served) -> None:
    (answer,) = ask_as(GUARD_UID, served.path, [json.dumps(request(account="root"))])
    assert json.loads(answer)["result"] == "obeyed"
    assert served.lanes.told()[0] == (1, {"order": "open", "by": "xs-status"})


@needs_root
def test_stranger_moves_nothing_whatever_he_says_he_is(served: Served) -> None:
    asked = [request(), request(account="root"), {**request(), "by": "root"}, {"version": 1, "ask": "state"}]
    answers = [json.loads(answer) for answer in ask_as(STRANGER_UID, served.path, map(json.dumps, asked))]
    assert [answer["why"] for answer in answers] == ["not-allowed", "not-allowed", "not-understood", "not-allowed"]
    assert served.lanes.pulses() == 0
    assert [facts["why"] for _, facts in served.lanes.told()] == ["not-allowed"]


@needs_root
def test_guard_is_answered_while_a_stranger_has_all_connections_that_he_can_get(served: Served) -> None:
    os.seteuid(STRANGER_UID)
    try:
        with ExitStack() as wires:
            for _ in range(100):
                wires.enter_context(_connected(served.path))
            os.seteuid(0)
            assert served.order("open").exit_code == 0
    finally:
        os.seteuid(0)


@contextmanager
def _connected(path: Path) -> Iterator[None]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.connect(str(path))
        yield


@needs_root
def test_client_that_goes_away_before_its_answer_takes_nobody_with_it(tmp_path: Path) -> None:
    disk = Held()
    with serving(Lanes(tmp_path, before_commit=disk)) as served:
        disk.hold()
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
            wire.connect(str(served.path))
            wire.send(json.dumps(request(name="gone")).encode())
            assert disk.reached.wait(60)
        disk.go_on.set()
        again = ask(served.path, request(name="gone"))
        assert (again["result"], again["sequence"]) == ("obeyed", 0)
        assert served.lanes.pulses() == 1
