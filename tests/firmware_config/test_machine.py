import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_config.board_map import map_path
from firmware_config.check import check_gate, summary
from firmware_config.configuration import read_gate
from firmware_config.machine import MODEL, check_machine, registration_line
from terminal.core.document import MAX_ROOT_BYTES
from terminal.edges.pcsc import find_reader
from tests.firmware_config.gate_file import GATE, GPIO_GATE, spoiled, written


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Path]:
    """A folder with everything that the gate of `gate_file` speaks of, in place of the root folder."""
    for name, mode in (("data", 0o700), ("mirror", 0o755), ("keys", 0o700)):
        (tmp_path / name).mkdir(mode=mode)
    (tmp_path / "root.json").write_text(json.dumps({"signed": {"_type": "root"}, "signatures": []}))
    (tmp_path / "keys/card-keys.json").write_text(json.dumps({"read": ["00" * 16]}))
    for name in ("terminal-key", "journal-key"):
        (tmp_path / "keys" / name).write_text("5a" * 32 + "\n")
    for name in ("card-keys.json", "terminal-key", "journal-key"):
        (tmp_path / "keys" / name).chmod(0o600)
    (tmp_path / "root.json").chmod(0o644)
    text = GATE + f'[keys]\nfolder = "{tmp_path}/keys"\n'
    for old, new in (
        ("/var/lib/xs-gate", "data"),
        ("/var/lib/xs-mirror", "mirror"),
        ("/etc/xs-terminal/root.json", "root.json"),
        ("/run/board.sock", "board.sock"),
    ):
        text = text.replace(old, f"{tmp_path}/{new}")
    written(tmp_path, text)
    with socket.socket(socket.AF_UNIX) as board:
        board.bind(str(tmp_path / "board.sock"))
        yield tmp_path


def told(machine: Path, present: tuple[str, ...] = ("Reader 00 00", "Reader 01 00")) -> list[str]:
    gate, mistakes = check_gate(machine / "gate.toml", {}, present)
    assert gate is not None
    return [str(each).replace(f"{machine}/", "") for each in mistakes]


def test_machine_that_has_everything(machine: Path) -> None:
    assert told(machine) == []


def test_machine_says_by_which_key_headquarters_knows_it(machine: Path) -> None:
    gate = read_gate(machine / "gate.toml")
    public = Ed25519PrivateKey.from_private_bytes(b"\x5a" * 32).public_key().public_bytes_raw().hex()
    added = f"at headquarters: xs-headquarters terminal add {gate.terminal.name} {gate.terminal.site} {public}"
    assert registration_line(gate, {}) == added
    (machine / "keys/journal-key").unlink()
    assert registration_line(gate, {}) is None


def test_empty_machine_is_told_in_full(tmp_path: Path) -> None:
    gate, mistakes = check_gate(written(tmp_path, GATE.replace("/var", "/nowhere").replace("/run", "/nowhere")), {}, ())
    assert gate is not None
    assert [each.key for each in mistakes] == [
        "terminal.data",
        "terminal.mirror",
        "terminal.root",
        "keys.folder",
        "board.socket",
        "lane[1].reader[1].name",
        "lane[2].reader[1].name",
    ]


def test_data_folder_open_to_others(machine: Path) -> None:
    (machine / "data").chmod(0o750)
    assert told(machine) == [
        "gate.toml: terminal.data: data is open to other users (mode bits 050); allowed: chmod 700 data"
    ]


def test_mirror_that_everybody_may_write(machine: Path) -> None:
    (machine / "mirror").chmod(0o777)
    assert told(machine) == [
        "gate.toml: terminal.mirror: mirror can be written by everybody; allowed: chmod o-w mirror"
    ]


def test_view_in_a_folder_that_is_not_there(machine: Path) -> None:
    path = machine / "gate.toml"
    path.write_text(path.read_text().replace("[terminal]", f'[terminal]\nview = "{machine}/view/view.db"', 1))
    assert told(machine) == [
        (
            "gate.toml: terminal.view: view is no folder that this user can write; allowed: a folder in which the gate "
            "may make files, and which a group may enter"
        )
    ]


@pytest.mark.parametrize("content", ["", "[]", '{"signed": 1}', "[" * 100_000, "\xff"])
def test_root_that_is_none(machine: Path, content: str) -> None:
    (machine / "root.json").write_bytes(content.encode("latin-1"))
    assert told(machine) == [
        (
            "gate.toml: terminal.root: root.json is no root.json; "
            "allowed: the root.json that headquarters gave to this terminal"
        )
    ]


def test_root_that_the_gate_would_find_too_large(machine: Path) -> None:
    root = (machine / "root.json").read_bytes()
    (machine / "root.json").write_bytes(root.ljust(MAX_ROOT_BYTES))
    assert told(machine) == []
    (machine / "root.json").write_bytes(root.ljust(MAX_ROOT_BYTES + 1))
    assert "terminal.root: root.json has more than 512000 bytes" in told(machine)[0]


def test_root_that_is_another_document(machine: Path) -> None:
    (machine / "root.json").write_text(json.dumps({"signed": {"_type": "targets"}}))
    assert "root.json is another document" in told(machine)[0]


def test_root_that_others_can_change(machine: Path) -> None:
    (machine / "root.json").chmod(0o664)
    assert told(machine) == [
        "gate.toml: terminal.root: root.json can be changed by others; allowed: chmod 644 root.json"
    ]


def test_key_file_open_to_others(machine: Path) -> None:
    (machine / "keys/card-keys.json").chmod(0o640)
    assert told(machine) == [
        "keys/card-keys.json: is open to other users (mode bits 040); allowed: chmod 600 keys/card-keys.json"
    ]


@pytest.mark.parametrize("name", ["terminal-key", "journal-key"])
def test_own_key_that_is_none(machine: Path, name: str) -> None:
    path = machine / "keys" / name
    allowed = f"allowed: 64 hexadecimal digits that only this terminal has: openssl rand -hex 32 > {name}"
    for content in (b"", b"5a" * 31, b"5a" * 33, b"zz" * 32, b"\xff" * 64, b"5a" * 40_000):
        path.write_bytes(content)
        assert told(machine) == [f"keys/{name}: is no key file; {allowed}"]
    path.unlink()
    (line,) = told(machine)
    assert line.startswith(f"keys/{name}: a key of this terminal cannot be read: No such file or directory;")


def test_credential_of_systemd_may_show_group_bits(machine: Path) -> None:
    path = machine / "gate.toml"
    path.write_text(path.read_text().split("[keys]")[0])
    (machine / "keys/card-keys.json").chmod(0o440)
    _, mistakes = check_gate(path, {"CREDENTIALS_DIRECTORY": f"{machine}/keys"})
    assert mistakes == ()


def test_board_socket_that_is_a_file(machine: Path) -> None:
    (machine / "board.sock").unlink()
    (machine / "board.sock").write_text("")
    assert told(machine) == [
        "gate.toml: board.socket: board.sock is no socket; allowed: the socket of a simulated board that runs"
    ]


def test_callers_that_would_not_be_heard(machine: Path) -> None:
    path = machine / "gate.toml"
    users = ("daemon", "root", "nobody", "xs-nobody-knows")
    path.write_text("".join(f'[[caller]]\nuser = "{user}"\nmay = ["state"]\n' for user in users) + path.read_text())
    allowed = "allowed: the name of another Unix user of this machine"
    assert told(machine) == [
        f'gate.toml: caller[2].user: "root" may ask everything, whatever stands here; {allowed}',
        (
            'gate.toml: caller[3].user: "nobody" is how the kernel calls everybody whom it cannot name, and is never '
            f"answered; {allowed}"
        ),
        f'gate.toml: caller[4].user: this machine has no user "xs-nobody-knows"; {allowed}',
    ]


@pytest.fixture
def pi(tmp_path: Path) -> Path:
    """The `dev` and `sys` of a Raspberry Pi 5, as far as the check looks."""
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/gpiochip0").touch()
    (tmp_path / MODEL).parent.mkdir(parents=True)
    (tmp_path / MODEL).write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    return tmp_path


def board_mistakes(pi: Path) -> list[str]:
    gate = read_gate(written(pi, GPIO_GATE))
    return [str(each) for each in check_machine(gate, {}, "gate.toml", pi) if each.key.startswith("board.")]


def test_pin_map_for_this_computer(pi: Path) -> None:
    assert board_mistakes(pi) == []


@pytest.mark.parametrize(
    ("model", "what"),
    [(b"Raspberry Pi 4 Model B Rev 1.4\0", "Raspberry Pi 4 Model B Rev 1.4"), (None, "no Raspberry Pi")],
)
def test_pin_map_for_another_computer(pi: Path, model: bytes | None, what: str) -> None:
    if model is None:
        (pi / MODEL).unlink()
    else:
        (pi / MODEL).write_bytes(model)
    assert board_mistakes(pi) == [
        (
            f'gate.toml: board.map: this machine is {what}, for which "pi5-header" is not made; '
            "allowed: Raspberry Pi 5 Model B or Raspberry Pi Compute Module 5, or another pin map"
        )
    ]


def test_computer_without_a_gpio_chip(pi: Path) -> None:
    (pi / "dev/gpiochip0").unlink()
    assert board_mistakes(pi) == [
        (
            "gate.toml: board.kind: this machine has no GPIO chip in /dev; "
            "allowed: a Raspberry Pi, and the user to whom systemd/99-xs-terminal-gpio.rules gives its chips"
        )
    ]


def test_reader_in_another_slot_is_suggested(machine: Path) -> None:
    assert told(machine, ("Reader 00 00", "Reader 02 00")) == [
        (
            'gate.toml: lane[2].reader[1].name: no single reader is called "Reader 01 00", did you mean "Reader 02 '
            '00"?; allowed: "Reader 00 00", "Reader 02 00"'
        )
    ]


@pytest.mark.parametrize(
    "present",
    [
        ("Reader 00 00",),
        ("Reader",),
        ("Reader 0A 00", "Reader 01 00"),
        ("Reader 00 0a",),
        ("Reader 00 00", "Other"),
        (),
    ],
)
def test_check_finds_a_reader_exactly_when_the_gate_does(machine: Path, present: tuple[str, ...]) -> None:
    path = machine / "gate.toml"
    path.write_text(path.read_text().replace("Reader 00 00", "Reader").replace("Reader 01 00", "Other"))
    missing = [each.key for each in check_gate(path, None, present)[1]]
    wanted = {"lane[1].reader[1].name": "Reader", "lane[2].reader[1].name": "Other"}
    assert missing == [key for key, name in wanted.items() if find_reader(name, present) is None]


def test_faulty_file_ends_the_check(tmp_path: Path) -> None:
    gate, mistakes = check_gate(written(tmp_path, ""), {}, ())
    assert gate is None
    assert [each.key for each in mistakes] == ["board", "lane", "terminal"]


def test_summary_reads_the_gate_back(machine: Path) -> None:
    gate, _ = check_gate(machine / "gate.toml")
    assert gate is not None
    assert summary(gate) == (
        "terminal kade-1 at site 7, simulated board",
        "lane 1: entry, impulse, pulse 500 ms, readers Reader 00 00",
        "lane 2: exit, impulse, pulse 500 ms, readers Reader 01 00",
    )


def test_summary_reads_the_wiring_back(tmp_path: Path) -> None:
    assert summary(read_gate(written(tmp_path, GPIO_GATE))) == (
        "terminal kade-1 at site 7, gpio board, pin map pi5-header",
        "lane 1: entry, impulse, pulse 500 ms, readers Reader 00 00",
        "lane 1: open K11 (GPIO 17), close K12 (GPIO 18), loop_safety IN21 (GPIO 9), fire IN33 (GPIO 13)",
        "lane 2: exit, impulse, pulse 500 ms, readers Reader 01 00",
        "lane 2: open K16 (GPIO 23)",
    )


@pytest.mark.parametrize("bias", ["disabled", "as-is"])
def test_contact_that_floats_unless_the_board_has_a_resistor(tmp_path: Path, bias: str) -> None:
    own = tmp_path / "own.toml"
    pulled_up = 'gpio = 9, active = "low", bias = "pull-up"'
    own.write_text(map_path("pi5-header").read_text().replace(pulled_up, pulled_up.replace("pull-up", bias)))
    gate = read_gate(spoiled(tmp_path, GPIO_GATE, ("pi5-header", str(own))))
    line = (
        f'lane 1: look again: loop_safety is read without a resistor of the computer (bias "{bias}"): unless the board'
        " has one, the line floats and says anything"
    )
    assert [each for each in summary(gate) if "look again" in each] == [line]


def test_fire_contact_whose_broken_wire_goes_unnoticed(tmp_path: Path) -> None:
    gate = read_gate(spoiled(tmp_path, GPIO_GATE, ('normally_closed = ["fire"]', "")))
    assert "lane 1: look again: fire is not in normally_closed, so a broken wire goes unnoticed" in summary(gate)
