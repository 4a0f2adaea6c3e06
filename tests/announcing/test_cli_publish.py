"""`xs-headquarters publish --mqtt` as processes of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from headquarters.cli.main import app
from headquarters.cli.publish import LOCK
from headquarters.files import only_writer
from terminal.core.topics import RepositoryTopic
from terminal.trust.status_list import Changes
from tests.announcing.support import Receiver, stored
from tests.headquarters.conftest import JANSEN, Office
from tests.mqtt.broker_rig import Rig

Receive = Callable[..., Receiver]
CHANGES = RepositoryTopic(None, "revocation/cards-changes")
COMMAND = (sys.executable, "-W", "error", "-c", "from headquarters.cli.main import main; main()")


@contextmanager
def started(office: Office, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """A publisher; killed when the block ends, whatever happened."""
    arguments = (*COMMAND, "--folder", str(office.keys.path), "--by", "tester", "publish", *words)
    with subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    """What it says next; waits for it."""
    assert process.stdout is not None
    return process.stdout.readline().rstrip()


def changes(receiver: Receiver) -> tuple[tuple[int, int], ...]:
    return Changes.decode(receiver.held[CHANGES]).changes if CHANGES in receiver.held else ()


def test_card_blocked_in_another_shell_reaches_a_connected_terminal(office: Office, rig: Rig, receive: Receive) -> None:
    office.site(4711)
    card = office.issued(1)
    receiver = receive("gate-1")
    with started(office, "--mqtt", "--watch") as process:
        assert line(process) == "the broker has everything"
        block = f"--folder {office.keys.path} card block --ean {JANSEN} --personal-number 7 --why lost"
        assert CliRunner().invoke(app, block.split()).exit_code == 0
        receiver.until(lambda receiver: changes(receiver) == ((card.card_index, 1),))
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_watch_that_is_ended_in_trouble_says_so_by_its_exit_code(office: Office, rig: Rig) -> None:
    office.site(4711)
    (office.keys.path / "timestamp.json").unlink()
    with started(office, "--mqtt", "--watch") as process:
        assert "the key file is missing" in line(process)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 1


def test_single_publish_brings_everything_to_folder_and_broker(office: Office, rig: Rig, receive: Receive) -> None:
    receiver = receive("gate-1")
    with started(office, "--mqtt", "--to", str(office.published)) as process:
        assert line(process) == f"published to {office.published}; sites: 4711; files written: 16"
        assert line(process) == "announced at the broker; sites: 4711; messages: 16"
        assert process.wait(60) == 0
    wanted = stored(office)
    receiver.until_has(wanted)
    timestamp = (office.published / "sites/4711/timestamp.json").read_bytes()
    assert timestamp == wanted[RepositoryTopic(4711, "timestamp.json")]


def test_second_publisher_waits_and_goes_on_when_the_first_was_killed(office: Office, rig: Rig) -> None:
    with started(office, "--mqtt", "--watch") as first:
        assert line(first) == "the broker has everything"
        with started(office, "--mqtt", "--watch") as second:
            assert line(second) == f"another publisher announces from {office.keys.path}; waiting until it ends"
            first.kill()
            assert line(second) == "the broker has everything"


def test_folder_is_published_while_another_announces(office: Office) -> None:
    office.site(4711)
    with only_writer(office.keys.path / LOCK), started(office, "--to", str(office.published)) as process:
        assert line(process) == f"published to {office.published}; sites: 4711; files written: 16"
        assert process.wait(60) == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "say where to publish: --to FOLDER, --mqtt, or both"),
        ("--mqtt --mirror 4711=m", "--mirror is filled from the published folder: say --to too"),
        ("--watch --to t", "--watch goes with --mqtt alone; folders are filled by publish --to"),
        ("--mqtt --watch --to t", "--watch goes with --mqtt alone; folders are filled by publish --to"),
        ("--mqtt", "broker.toml is missing; it says where the broker is (broker set-up makes one)"),
    ],
)
def test_publish_that_was_asked_wrongly_is_one_line(office: Office, words: str, says: str) -> None:
    result = CliRunner().invoke(app, ["--folder", str(office.keys.path), "publish", *words.split()])
    assert result.exit_code == 2
    (only,) = result.stderr.splitlines()
    assert only.endswith(says)
    assert not Path("t").exists()
