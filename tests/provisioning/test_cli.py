"""`xs-provision` as somebody types it, on a real PC/SC daemon with a virtual reader."""

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from provisioning.cli import app
from simulation.card import DesfireChip, OtherCard, blank_chip
from simulation.vpcd import READERS, VirtualReaderSlot
from terminal.card.xs_key import read_card
from terminal.core.presented import Authentic, NotAuthentic
from tests.card.chips import Held
from tests.provisioning.conftest import JANSEN, Workshop

UID = bytes.fromhex("04A1B2C3D4E5F6")
EVA = f"card issue --product dsp --ean {JANSEN} --personal-number 5 --valid-until 2099-12-31"
TRAININGS = "--training VCA-B:2027-01-31 --training GATE:4711:2026-12-24"


def run(workshop: Workshop, line: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    before = ["--folder", str(workshop.keys.path), "--database", str(workshop.path / "register.db"), "--by", "tester"]
    result = CliRunner().invoke(app, [*before, *shlex.split(line)], catch_exceptions=False)
    return result.exit_code, result.stdout, result.stderr


def answer(workshop: Workshop, line: str) -> Any:
    code, said, errors = run(workshop, f"{line} --json")
    assert (code, [line for line in errors.splitlines() if not line.startswith("lay the card on")]) == (0, [])
    return json.loads(said)


@pytest.mark.pcsc
def test_card_from_blank_to_retired(workshop: Workshop, slot: VirtualReaderSlot) -> None:
    chip = blank_chip(UID)
    slot.insert(chip)
    made = answer(
        workshop, f"{EVA} {TRAININGS} --valid-from 2026-01-01 --language pl --reader '{READERS[0].name[-5:]}'"
    )
    number = made["card_number"]
    assert made == {"card_number": number, "card_index": 0, "uid": "04a1b2c3d4e5f6"}

    shown = answer(workshop, "card show")
    assert shown == {
        "uid": "04a1b2c3d4e5f6",
        "chip": "DESFire EV2",
        "card": "authentic",
        "detail": "read-key-newest",
        "credential": {
            "card_number": number,
            "product": "dsp",
            "ean": JANSEN,
            "personal_number": 5,
            "language": "pl",
            "not_before": "2026-01-01T00:00:00+00:00",
            "expires": "2100-01-01T00:00:00+00:00",
            "card_index": 0,
            "company_index": 0,
            "issuer_key": shown["credential"]["issuer_key"],
        },
        "trainings": [
            {"code": "VCA-B", "last_valid_day": "2027-01-31"},
            {"code": "GATE:4711", "last_valid_day": "2026-12-24"},
        ],
        "stay": "blank",
        "template_bytes": 0,
        "register": {"card_number": number, "status": "not-activated", "issued": True},
    }
    code, words, _ = run(workshop, "card show")
    assert code == 0
    assert "VCA-B, until and including 2027-01-31" in words
    assert number in words

    assert answer(workshop, "card update --training VCA-VOL:2030-01-31") == {
        "card_number": number,
        "trainings": ["VCA-VOL"],
    }
    assert answer(workshop, "card show")["trainings"] == [{"code": "VCA-VOL", "last_valid_day": "2030-01-31"}]
    assert answer(workshop, "card update --none")["trainings"] == []

    assert answer(workshop, "card retire --why lost") == {"card_numbers": [number]}
    assert answer(workshop, "card show")["card"] == "not-authentic"
    slot.remove()
    assert reads(chip, workshop) == NotAuthentic("no-credential")


def reads(chip: DesfireChip, workshop: Workshop) -> object:
    bench = workshop.bench()
    return read_card(Held(chip), bench.keys, bench.issuers, bench.now_s, trainings=False, random=bench.random)


@pytest.mark.pcsc
def test_card_is_waited_for_and_the_reader_with_the_card_is_found(
    workshop: Workshop, slot: VirtualReaderSlot, other_slot: VirtualReaderSlot
) -> None:
    code, _, errors = run(workshop, "card show --wait 0")
    assert (code, errors.splitlines()[-1]) == (
        2,
        f"xs-provision: no card came within 0 s on {READERS[0].name} or {READERS[1].name}",
    )
    chip = blank_chip(UID)
    other_slot.insert(chip)
    assert answer(workshop, EVA)["uid"] == UID.hex()
    assert isinstance(reads(chip, workshop), Authentic)
    slot.insert(OtherCard(bytes.fromhex("04112233445566")))
    code, _, errors = run(workshop, f"card show --reader {READERS[0].name.replace(' ', '')}")
    assert (code, len(errors.splitlines())) == (2, 1)
    assert "none of these" in errors


@pytest.mark.pcsc
def test_some_other_card_is_one_clear_line(workshop: Workshop, slot: VirtualReaderSlot) -> None:
    slot.insert(OtherCard(bytes.fromhex("04112233445566")))
    code, said, errors = run(workshop, EVA)
    assert (code, said, errors.splitlines()[-1]) == (
        2,
        "",
        "xs-provision: this is no DESFire chip; an XS-Key takes a MIFARE DESFire EV2 or EV3",
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{EVA} --language <b>", "--language <b>: wants a language tag"),
        (f"{EVA} --valid-from soon", "--valid-from soon: wants a day"),
        (f"{EVA} --valid-from 2026-09-15T12:00", "--valid-from 2026-09-15T12:00: wants a day"),
        (f"{EVA} --valid-from 1969-12-31", "--valid-from 1969-12-31: wants a day"),
        (f"{EVA} --training VCA", "--training VCA: wants CODE:YYYY-MM-DD"),
        (f"{EVA} --training :2027-01-31", "--training :2027-01-31: wants CODE:YYYY-MM-DD"),
        (f"{EVA} --training VCA:2027-02-30", "--training VCA:2027-02-30: wants CODE:YYYY-MM-DD"),
        (f"{EVA} --training VCA:2027-01-31 --training VCA:2028-01-31", "--training VCA: named twice"),
        (EVA.replace(JANSEN, "8712345678905"), "--ean 8712345678905: wants 13 digits"),
        (EVA.replace("2099-12-31", "9999-12-31"), "--valid-until 9999-12-31: wants a day"),
        ("card update", "say which trainings"),
        ("card update --none --training VCA:2027-01-31", "say which trainings"),
    ],
)
def test_wrong_words_are_one_clear_line_and_touch_nothing(workshop: Workshop, line: str, words: str) -> None:
    code, said, errors = run(workshop, line)
    assert (code, said, len(errors.splitlines())) == (2, "", 1)
    assert errors.startswith(f"xs-provision: {words}")


@pytest.mark.parametrize(
    "line", ["card issue", "card issue --product moped", "card erase", f"{EVA} --personal-number x"]
)
def test_wrong_usage_is_no_traceback(workshop: Workshop, line: str) -> None:
    code, _, errors = run(workshop, line)
    assert code == 2
    assert "Error: " in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("name", ["card-keys.json", "issuer.json", "issuers.json"])
def test_missing_key_file_is_named(workshop: Workshop, name: str) -> None:
    file = workshop.keys.path / name
    aside = file.rename(file.with_suffix(".aside"))
    try:
        code, _, errors = run(workshop, EVA)
    finally:
        aside.rename(file)
    assert (code, len(errors.splitlines())) == (2, 1)
    assert str(file) in errors


def test_broken_key_file_is_named_and_not_repeated(workshop: Workshop) -> None:
    file = workshop.keys.card_keys
    text = file.read_text()
    file.write_text(text.replace('"site"', '"sight"'))
    try:
        code, _, errors = run(workshop, EVA)
    finally:
        file.write_text(text)
    assert (code, len(errors.splitlines())) == (2, 1)
    secrets = json.loads(text)
    assert str(file) in errors
    assert not any(secret in errors for secret in (*secrets.pop("read"), *secrets.values()))


def test_every_command_and_option_is_in_the_document() -> None:
    text = (Path(__file__).parents[2] / "docs" / "provisioning.md").read_text()
    (card,) = get_command(app).commands.values()  # type: ignore[attr-defined]  # a group, which typer does not say
    for name, command in card.commands.items():
        assert f"`card {name}`" in text
        for parameter in command.params:
            assert f"`{parameter.opts[0]}`" in text, f"{name} {parameter.opts[0]}"
