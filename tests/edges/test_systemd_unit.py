"""The units and their surroundings, judged by systemd's own tools; left out where these are not installed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from firmware_config.gate import Keys, Socket, Status

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "xs-terminal-gate.service"
SYNC = FOLDER / "xs-terminal-sync.service"
STATUS = FOLDER / "xs-terminal-status.service"
MOST_EXPOSURE = {UNIT.name: "10", SYNC.name: "11", STATUS.name: "11"}
"""In tenths. Of what the others have, most is that they have the network at all."""
each_unit = pytest.mark.parametrize("unit", [UNIT, SYNC, STATUS], ids=["gate", "sync", "status"])
needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")


def exposure(unit: Path) -> subprocess.CompletedProcess[str]:
    command = [
        "systemd-analyze",
        "security",
        "--offline=true",
        "--no-pager",
        f"--threshold={MOST_EXPOSURE[unit.name]}",
        str(unit),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def settings(unit: Path = UNIT) -> dict[str, list[str]]:
    """Key → values of the unit's [Service], in order."""
    found: dict[str, list[str]] = {}
    section = unit.read_text().split("[Service]")[1].split("[Install]")[0]
    for line in section.splitlines():
        if "=" in line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


@needs_systemd
@each_unit
def test_exposure_is_at_most_about_one(unit: Path) -> None:
    judged = exposure(unit)
    assert judged.returncode == 0, judged.stdout[-2000:] + judged.stderr


@needs_systemd
def test_exposure_check_can_fail(tmp_path: Path) -> None:
    looser = tmp_path / UNIT.name
    looser.write_text(UNIT.read_text().replace("CapabilityBoundingSet=\n", "").replace("User=xs-gate\n", ""))
    assert exposure(looser).returncode != 0


@needs_systemd
@each_unit
def test_unit_is_understood_in_every_line(unit: Path, tmp_path: Path) -> None:
    program = tmp_path / "xs-terminal"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / unit.name
    copy.write_text(unit.read_text().replace("/opt/xs-terminal/.venv/bin/xs-terminal", str(program)))
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(copy)]
    verified = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")


def test_gate_has_no_network_and_no_device_but_gpio() -> None:
    unit = settings()
    assert unit["PrivateNetwork"] == ["yes"]
    assert unit["RestrictAddressFamilies"] == ["AF_UNIX"]
    assert (unit["DevicePolicy"], unit["DeviceAllow"]) == (["closed"], ["char-gpiochip rw"])
    assert not {"PrivateUsers", "PrivateDevices", "AmbientCapabilities"} & {key for key in unit if unit[key] != [""]}


def test_sync_has_no_device_and_no_key_and_writes_the_mirror_alone() -> None:
    unit = settings(SYNC)
    assert (unit["User"], unit["Group"]) == (["xs-sync"], ["xs-sync"])
    assert (unit["PrivateDevices"], unit["DevicePolicy"], "DeviceAllow" in unit) == (["yes"], ["closed"], False)
    assert not {key for key in unit if key.startswith(("LoadCredential", "SetCredential", "ImportCredential"))}
    assert (unit["ProtectSystem"], unit["ReadWritePaths"]) == (["strict"], ["-/var/lib/xs-mirror"])
    assert not {"StateDirectory", "RuntimeDirectory", "BindPaths"} & unit.keys()
    assert unit["SocketBindDeny"] == ["any"]
    assert [line for line in (FOLDER / "xs-terminal.sysusers.conf").read_text().splitlines() if line[:2] == "m "] == [
        "m xs-sync xs-view",
        "m xs-status xs-view",
    ]


def test_status_has_no_device_and_no_key_and_speaks_to_this_machine_alone() -> None:
    unit = settings(STATUS)
    assert (unit["User"], unit["Group"]) == (["xs-status"], ["xs-status"])
    assert (unit["PrivateDevices"], unit["DevicePolicy"], "DeviceAllow" in unit) == (["yes"], ["closed"], False)
    assert not {key for key in unit if key.startswith(("LoadCredential", "SetCredential", "ImportCredential"))}
    assert (unit["ProtectSystem"], unit["StateDirectory"]) == (["strict"], ["xs-terminal-status"])
    assert not {"ReadWritePaths", "RuntimeDirectory", "BindPaths"} & unit.keys()
    assert (unit["IPAddressDeny"], unit["IPAddressAllow"]) == (["any"], ["localhost"])
    assert unit["SocketBindAllow"] == [f"tcp:{Status().port}"]
    assert str(Status().accounts.parent) == "/var/lib/xs-terminal-status"


def test_every_user_can_reach_the_folder_in_which_the_gate_makes_its_socket() -> None:
    unit = settings()
    assert [str(Socket().path.parent)] == [f"/run/{folder}" for folder in unit["RuntimeDirectory"]]
    assert unit["RuntimeDirectoryMode"] == ["0755"]


def test_missing_keys_do_not_keep_the_gate_from_starting_and_saying_so() -> None:
    credentials = dict(credential.split(":") for credential in settings()["LoadCredentialEncrypted"])
    assert list(credentials) == [Keys().cards, Keys().terminal, Keys().journal]
    for source in credentials.values():
        assert "/" not in source, "systemd refuses to start a unit whose credential at an absolute path is missing"


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers is not installed")
def test_users_and_folders_are_made(tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    users = ["systemd-sysusers", f"--root={tmp_path}", str(FOLDER / "xs-terminal.sysusers.conf")]
    subprocess.run(users, check=True, capture_output=True)
    made = (tmp_path / "etc/passwd").read_text()
    assert [line.split(":")[0] for line in made.splitlines()] == ["xs-gate", "xs-sync", "xs-status", "xs-kiosk"]
    for key in ("User", "Group"):
        assert settings()[key] == ["xs-gate"]
    lines = (FOLDER / "xs-terminal.tmpfiles.conf").read_text().splitlines()
    folders = {fields[1]: fields[2:] for line in lines if (fields := line.split()) and fields[0] == "d"}
    assert folders["/var/lib/xs-mirror"] == ["2750", "xs-sync", "xs-gate"]
    assert folders["/var/lib/xs-gate"] == ["0700", "xs-gate", "xs-gate"]


def test_udev_rule_gives_the_gpio_chips_to_the_gate_alone() -> None:
    lines = (FOLDER / "99-xs-terminal-gpio.rules").read_text().splitlines()
    (rule,) = [line for line in lines if not line.startswith("#")]
    assert rule.split(", ") == ['SUBSYSTEM=="gpio"', 'KERNEL=="gpiochip*"', 'GROUP="xs-gate"', 'MODE="0660"']


def test_polkit_rule_lets_the_gate_use_readers_and_nobody_else() -> None:
    rule = (FOLDER / "50-xs-terminal.rules").read_text()
    assert rule.count("polkit.Result.YES") == 1
    assert 'subject.user === "xs-gate" &&' in rule
    assert {f"org.debian.pcsc-lite.{action}" for action in ("access_pcsc", "access_card")} == {
        word.strip('"') for word in rule.replace(")", " ").split() if word.startswith('"org.')
    }
