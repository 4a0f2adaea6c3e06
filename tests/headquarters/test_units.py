"""The services of headquarters: the units judged by systemd's own tools, and each process with its own folder alone."""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.edges.test_systemd_unit import needs_systemd, settings
from tests.headquarters.conftest import Office
from tests.mqtt.broker_rig import Rig

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
PAGE = ROOT / "docs/installation-headquarters.md"
PROCESSES = ("collect", "publish", "alarms", "stays", "settle", "receipts")
PROGRAM = "/opt/xs-terminal/.venv/bin/xs-headquarters"
MOST_EXPOSURE_TENTHS = 11
WITHIN_S = 60.0
each_process = pytest.mark.parametrize("process", PROCESSES)


def unit(process: str) -> Path:
    return UNITS / f"xs-headquarters-{process}{'@' if process == 'collect' else ''}.service"


def instance(process: str, folder: Path, *, without: tuple[str, ...] = ()) -> Path:
    """A copy as systemd would load it, with a program that is there."""
    program = folder / "xs-headquarters"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    text = unit(process).read_text().replace(PROGRAM, str(program))
    for line in without:
        text = text.replace(f"{line}\n", "")
    copy = folder / unit(process).name.replace("@", "@1")
    copy.write_text(text)
    return copy


def exposure(copy: Path) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST_EXPOSURE_TENTHS}"]
    return subprocess.run([*command, str(copy)], capture_output=True, text=True, check=False)


@needs_systemd
@each_process
def test_exposure_is_at_most_about_one(process: str, tmp_path: Path) -> None:
    judged = exposure(instance(process, tmp_path))
    assert judged.returncode == 0, judged.stdout[-2000:] + judged.stderr
    looser = exposure(instance(process, tmp_path, without=("PrivateDevices=yes",)))
    assert looser.returncode != 0


@needs_systemd
@each_process
def test_unit_is_understood_in_every_line(process: str, tmp_path: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(instance(process, tmp_path))]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


@each_process
def test_service_is_a_user_of_its_own_with_a_folder_of_its_own_and_writes_the_register_alone(process: str) -> None:
    found = settings(unit(process))
    assert (found["User"], found["Group"]) == ([f"xs-hq-{process}"], ["xs-hq"])
    assert f"XS_HEADQUARTERS=/etc/xs-headquarters/{process}" in found["Environment"]
    assert (found["ProtectSystem"], found["ReadWritePaths"]) == (["strict"], ["-/var/lib/xs-headquarters"])
    assert (found["PrivateDevices"], found["SocketBindDeny"]) == (["yes"], ["any"])


def test_units_differ_in_nothing_but_what_they_run() -> None:
    same = [
        {
            line.replace(process, "PROCESS")
            for line in unit(process).read_text().split("[Service]")[1].splitlines()
            if not line.startswith(("#", "ExecStart=", "WatchdogSec=", "SocketBindAllow="))
        }
        for process in PROCESSES
    ]
    assert all(each == same[0] for each in same)


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_users_of_the_services_are_made_and_own_their_folders(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    users = ["systemd-sysusers", f"--root={tmp_path}", str(UNITS / "xs-headquarters.sysusers.conf")]
    subprocess.run(users, check=True, capture_output=True)
    made = [line.split(":") for line in (tmp_path / "etc/passwd").read_text().splitlines()]
    groups = {line.split(":")[2]: line.split(":")[0] for line in (tmp_path / "etc/group").read_text().splitlines()}
    assert {name: groups[group] for name, _, _, group, *_ in made} == {f"xs-hq-{each}": "xs-hq" for each in PROCESSES}
    lines = (UNITS / "xs-headquarters.tmpfiles.conf").read_text().splitlines()
    folders = {fields[1]: fields[2:] for line in lines if (fields := line.split()) and fields[0] == "d"}
    for process in PROCESSES:
        assert folders[f"/etc/xs-headquarters/{process}"] == ["0700", f"xs-hq-{process}", "xs-hq"]


@contextmanager
def service(
    process: str, office: Office, rig: Rig, tmp_path: Path, *, instead: Mapping[str, str] | None = None
) -> Iterator[socket.socket]:
    """A service with the folder that the page's own commands fill, and its notify socket; ended after the block.

    `instead`: words of its command line that are others here.
    """
    etc = tmp_path / "etc"
    for folder in ("collect", "publish/announcing", "alarms", "stays", "settle", "receipts"):
        (etc / folder).mkdir(parents=True)
    (etc / "keys").symlink_to(office.keys.path)
    commands = PAGE.read_text().split("# 5. ")[1].split("```")[0].partition("\n")[2]
    commands = commands.replace(" -o xs-hq-$unit -g xs-hq", "").replace(" -o xs-hq-collect -g xs-hq", "")
    commands = commands.replace(" -o xs-hq-publish -g xs-hq", "").replace("/etc/xs-headquarters/keys", f"{etc}/keys")
    commands = commands.replace(" -o xs-hq-stays -g xs-hq", "").replace(" -o xs-hq-settle -g xs-hq", "")
    subprocess.run(["/bin/sh", "-eu", "-c", commands.replace("../", f"{etc}/")], check=True)
    words = settings(unit(process))["ExecStart"][0].removeprefix(PROGRAM).replace("%l-%i", "1").split()
    words = [(instead or {}).get(word, word) for word in words]
    environ = {**os.environ, "XS_HEADQUARTERS": str(etc / process), "NOTIFY_SOCKET": str(tmp_path / "notify")}
    environ |= {"XS_HEADQUARTERS_DATABASE": str(office.keys.path / "register.db"), "WATCHDOG_USEC": "30000000"}
    command = [sys.executable, "-c", "from headquarters.cli.main import main; main()", *words]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(environ["NOTIFY_SOCKET"])
        manager.settimeout(WITHIN_S)
        with subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL) as running:
            try:
                yield manager
                running.terminate()
                assert running.wait(WITHIN_S) == 0
            finally:
                running.kill()


def until(manager: socket.socket, said: bytes) -> None:
    while not manager.recv(1000).startswith(said):
        pass


def test_worker_needs_no_more_than_its_own_folder(office: Office, rig: Rig, tmp_path: Path) -> None:
    with service("collect", office, rig, tmp_path) as manager:
        until(manager, b"READY=1")
        until(manager, b"STATUS=connected")
        until(manager, b"WATCHDOG=1")


def test_publisher_needs_no_more_than_its_own_folder_once_a_person_has_published_the_site(
    office: Office, rig: Rig, tmp_path: Path
) -> None:
    office.site(4711)
    office.publish()
    with service("publish", office, rig, tmp_path) as manager:
        until(manager, b"READY=1")
        until(manager, b"WATCHDOG=1")
        until(manager, b"STATUS=the broker has everything")
        office.site(4712)
        until(manager, b"STATUS=the broker has everything; publish: ")
        office.publish()
        while manager.recv(1000) != b"STATUS=the broker has everything":
            pass


def test_watch_of_the_alarms_needs_no_folder_at_all(office: Office, rig: Rig, tmp_path: Path) -> None:
    with service("alarms", office, rig, tmp_path) as manager:
        until(manager, b"READY=1")


def test_telling_of_stays_needs_no_more_than_its_own_folder(office: Office, rig: Rig, tmp_path: Path) -> None:
    with service("stays", office, rig, tmp_path) as manager:
        until(manager, b"READY=1")
        until(manager, b"STATUS=the terminals are told")
        until(manager, b"WATCHDOG=1")


def test_settling_needs_no_more_than_its_own_folder(office: Office, rig: Rig, tmp_path: Path) -> None:
    with service("settle", office, rig, tmp_path) as manager:
        until(manager, b"READY=1")
        until(manager, b"STATUS=everything is looked at")
        until(manager, b"WATCHDOG=1")


def test_page_of_receipts_needs_no_folder_at_all(office: Office, rig: Rig, tmp_path: Path) -> None:
    with service("receipts", office, rig, tmp_path, instead={"8710": "0"}) as manager:
        until(manager, b"READY=1")
