"""Alarms on the command line, and the process that watches."""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from headquarters.alarms.settings import FILE, MAX_SECRET_BYTES, MIN_SECRET_BYTES, Limits, load_alarm_settings
from headquarters.journal.collecting import Collector
from headquarters.tables.journal import epochs
from terminal.core.journal import Kind
from terminal.errors import ConfigurationError
from tests.headquarters.box import EPOCH, NAME, T0_MS, Box, register
from tests.headquarters.conftest import Office
from tests.headquarters.receivers import SECRET_TEXT, self_signed, web_receiver
from tests.headquarters.test_cli_journal import ok, run

DOCUMENT = Path(__file__).parents[2] / "docs" / "alarms.md"
NOW = T0_MS // 1000 + 500


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def collector(office: Office, box: Box) -> Collector:
    return register(office, box)


def test_alarms_are_listed_acknowledged_and_listed_no_more(office: Office, box: Box, collector: Collector) -> None:
    assert ok(office, "alarms list") == []
    box.tell(Kind.ALARM_RAISED, {"alarm": "reader", "about": "front", "state": "off"})
    box.tell(Kind.ALARM_RAISED, {"alarm": "forced"})
    collector.collect(NAME, box.batch(), NOW)
    assert ok(office, "alarms list") == [
        "     2  2026-09-21T14:13:21Z  raised        gate-1        site 4711  forced  lane 1",
        '     1  2026-09-21T14:13:20Z  raised        gate-1        site 4711  reader  lane 1  front  {"state": "off"}',
    ]
    assert ok(office, "alarms acknowledge 2 --why looked") == ["alarm 2 (forced at gate-1) acknowledged; over"]
    assert ok(office, "alarms acknowledge 1 --why looked") == [
        "alarm 1 (reader at gate-1) acknowledged; it stands until its cause is gone"
    ]
    (line,) = ok(office, "alarms list")
    assert "acknowledged" in line
    assert line.endswith("seen to by tester: looked")
    assert len(ok(office, "alarms list --all")) == 2
    assert ok(office, "alarms list --all --terminal gate-2") == []
    assert [line.split("  ")[2:] for line in ok(office, "changes --limit 2")] == [
        ["alarm acknowledged", f"{number} gate-1 {name}", "looked"] for number, name in ((1, "reader"), (2, "forced"))
    ]


def test_alarms_are_listed_for_programs(office: Office, box: Box, collector: Collector) -> None:
    box.tell(Kind.ALARM_RAISED, {"alarm": "tamper"})
    collector.collect(NAME, box.batch(), NOW)
    (line,) = ok(office, "alarms list --json")
    found = json.loads(line)
    assert (found["id"], found["alarm"], found["state"]) == (1, "tamper", "raised")
    assert found["entry"] == f"{NAME}/{EPOCH.hex()}/0"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("alarms acknowledge 7 --why seen", "there is no alarm 7; alarms list shows them"),
        ("alarms acknowledge 7", "an alarm is acknowledged with 3 to 200 characters of why (--why)"),
    ],
)
def test_mistake_is_one_line(office: Office, line: str, said: str) -> None:
    assert run(office, line) == (2, [], [f"xs-headquarters: {said}"])


SETTINGS = '[[webhook]]\nname = "room"\nurl = "{url}"\nsecret = "secret"\n'


def settle(office: Office, text: str, secret: str = SECRET_TEXT, mode: int = 0o600) -> None:
    (office.keys.path / FILE).write_text(text)
    (office.keys.path / "secret").write_text(secret)
    (office.keys.path / "secret").chmod(mode)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[watch]\nsilent = 3", "watch.silent: Extra inputs are not permitted"),
        ("[watch]\nsilent_min = 1", "watch.silent_min: Input should be greater than or equal to 2"),
        ("x", "cannot be read"),
        (SETTINGS.format(url="http://example.com/"), "url wants https://HOST[:PORT]/PATH"),
        (SETTINGS.format(url="https://user@example.com/"), "url wants https://HOST[:PORT]/PATH"),
        (SETTINGS.format(url="https://example.com:x/"), "url wants https://HOST[:PORT]/PATH"),
        (SETTINGS.format(url="https://example.com/a b"), "url wants https://HOST[:PORT]/PATH"),
        (SETTINGS.format(url="https://example.com/") * 2, "two [[webhook]] have one name"),
        (SETTINGS.format(url="https://example.com/") + 'ca = "none.pem"', "ca none.pem cannot be used"),
        ('[[mail]]\nname = "a"\nfrom = "me"\nto = ["a@b"]', "mail.0.from: String should match pattern"),
        ('[[mail]]\nname = "a"\nfrom = "a@b"\nto = ["a@b\\nBcc: c@d"]', "mail.0.to.0: String should match pattern"),
    ],
)
def test_settings_with_a_mistake_name_it(office: Office, text: str, said: str) -> None:
    settle(office, text)
    with pytest.raises(ConfigurationError) as raised:
        load_alarm_settings(office.keys.path)
    assert said in str(raised.value)


def secret_of(count: int) -> str:
    return "whsec_" + base64.b64encode(bytes(count)).decode()


@pytest.mark.parametrize(
    ("secret", "mode", "said"),
    [
        (secret_of(MIN_SECRET_BYTES), 0o600, None),
        (secret_of(MAX_SECRET_BYTES), 0o600, None),
        (secret_of(MIN_SECRET_BYTES - 1), 0o600, "a secret wants whsec_ and 24 to 64 bytes in base64"),
        (secret_of(MAX_SECRET_BYTES + 1), 0o600, "a secret wants whsec_ and 24 to 64 bytes in base64"),
        (SECRET_TEXT.removeprefix("whsec_"), 0o600, "a secret wants"),
        (SECRET_TEXT, 0o640, "others may read or change it (mode 0640); do: chmod 600"),
    ],
)
def test_secret_is_long_enough_and_nobody_elses(office: Office, secret: str, mode: int, said: str | None) -> None:
    settle(office, SETTINGS.format(url="https://example.com"), secret, mode)
    if said is None:
        assert load_alarm_settings(office.keys.path).webhooks[0].path == "/"
        return
    with pytest.raises(ConfigurationError) as raised:
        load_alarm_settings(office.keys.path)
    assert said in str(raised.value)
    assert secret not in str(raised.value)


def test_no_settings_means_defaults_and_nobody_to_tell(office: Office) -> None:
    settings = load_alarm_settings(office.keys.path)
    assert (settings.limits.silent_min, settings.channels) == (10, ())


def test_settings_of_the_document_are_settings(office: Office) -> None:
    text = DOCUMENT.read_text().split("```toml\n")[1].split("```")[0]
    settle(office, text.replace('"webhook-secret"', '"secret"').replace('"ca.pem"', f'"{self_signed(office.folder)}"'))
    settings = load_alarm_settings(office.keys.path)
    assert [each.channel for each in settings.channels] == ["webhook control-room", "mail security"]
    assert settings.limits == Limits(software="0.1.0")


def watching(office: Office, *arguments: str) -> "subprocess.Popen[str]":
    command = "from headquarters.cli.main import main; main()"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    folder = ["--folder", str(office.keys.path)]
    return subprocess.Popen(
        [sys.executable, "-c", command, *folder, "alarms", "watch", *arguments],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def test_process_that_watches_finds_tells_and_ends_when_it_is_told(
    office: Office, box: Box, collector: Collector, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    with web_receiver(certificate) as web:
        settle(office, SETTINGS.format(url=f"https://127.0.0.1:{web.port}/") + f'ca = "{certificate}"\n')
        box.tell(Kind.ALARM_RAISED, {"alarm": "tamper"})
        now_s = int(office.now.timestamp())
        collector.collect(NAME, box.batch(), now_s)
        collector.note_head(NAME, box.head(time_ms=1000 * now_s), now_s - 3600)
        with office.database.transaction() as connection:
            connection.execute(epochs.update().values(last_seen=now_s - 3600))
        process = watching(office)
        assert process.stderr is not None
        lines = [json.loads(process.stderr.readline())]
        while lines[-1]["event"] != "told":
            lines.append(json.loads(process.stderr.readline()))
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=60)[1].splitlines()
    assert process.returncode == 0
    assert json.loads(rest[-1])["event"] == "stopped"
    assert [(each["alarm"], each["terminal"]) for each in lines if each["event"] == "alarm-raised"] == [
        ("silent", NAME)
    ]
    assert [json.loads(post.body)["alarm"]["name"] for post in web.posts] == ["tamper", "silent"]


@pytest.mark.usefixtures("collector")
def test_one_round_ends_by_itself(office: Office) -> None:
    process = watching(office, "--once")
    _, said = process.communicate(timeout=60)
    assert (process.returncode, [json.loads(line)["event"] for line in said.splitlines()]) == (
        0,
        ["started", "stopped"],
    )


def test_mistake_in_the_settings_is_one_line_at_the_start(office: Office) -> None:
    settle(office, "[watch]\nclock_s = 1")
    process = watching(office)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "watch.clock_s: Input should be greater than or equal to 5" in said
    assert len(said.splitlines()) == 1
