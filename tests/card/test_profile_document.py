"""docs/card-profile.md says what the code does."""

import re
from pathlib import Path

import pytest

from terminal.card import credential, personalise, qualifications, stay
from terminal.card.apdu import CardRefused, Command
from terminal.card.credential import Claim, Inner
from terminal.card.diversification import AID, SYSTEM
from terminal.card.keys import KeyNumber
from terminal.card.signed import XS_CLAIM
from terminal.card.xs_key import FILES, MAX_PIECE, meaning
from terminal.core import cose

TEXT = (Path(__file__).parents[2] / "docs" / "card-profile.md").read_text()


def table(first_heading: str) -> list[list[str]]:
    """The rows of the table whose heading begins so, without heading and rule."""
    lines = TEXT.splitlines()
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip().strip("`") for cell in line.strip("|").split("|")])
    return rows


def test_keys() -> None:
    assert [row[:2] for row in table("number")] == [[str(key.value), key.name.lower()] for key in KeyNumber]
    assert AID.hex(" ").upper() in TEXT
    assert f'"{SYSTEM.decode()}"' in TEXT
    assert f"key settings `{personalise.KEY_SETTINGS:02X}`" in TEXT
    assert f"`{personalise.AES_KEYS | len(KeyNumber):02X}` (five AES keys)" in TEXT
    assert f"key version {personalise.KEY_VERSION}" in TEXT


def test_files() -> None:
    assert table("file") == [
        [
            str(file.number),
            file.name,
            file.kind,
            str(file.size),
            *(str(key.value) for key in (file.read, file.write, file.read_write, file.change)),
            personalise.access_rights(file).hex(),
        ]
        for file in FILES
    ]
    assert f"at most {MAX_PIECE} bytes" in TEXT


def test_claims() -> None:
    claims = [row[:2] for row in table("key | claim")]
    assert claims == [[str(claim.value), claim.name] for claim in Claim]
    assert [row[:2] for row in table("key | meaning")] == [[str(key.value), key.name] for key in Inner]
    assert f"Credential, at most {credential.MAX_BYTES} bytes" in TEXT
    assert f"Qualifications, at most {qualifications.MAX_BYTES} bytes" in TEXT
    assert f"of 1 to {qualifications.MAX_CODE} characters" in TEXT
    assert f"at most {credential.MAX_LANGUAGE} characters" in TEXT
    assert f"exactly `{cose.PROTECTED.hex(' ').upper()}`" in TEXT
    assert str(XS_CLAIM) in TEXT


def test_stay_record_is_gapless_and_whole() -> None:
    places = [(int(offset), int(size)) for offset, size, _ in table("offset")]
    assert [offset for offset, _ in places] == [sum(size for _, size in places[:n]) for n in range(len(places))]
    assert sum(size for _, size in places) == stay.RECORD_BYTES


@pytest.mark.parametrize(("happened", "means", "detail"), table("what happened"))
def test_meaning_of_a_status(happened: str, means: str, detail: str) -> None:
    command, status = happened.split()
    presented = meaning(CardRefused(Command[command], int(status, 16)))
    assert (type(presented).__name__, presented.detail) == (means, detail)


def test_every_detail_is_in_the_document() -> None:
    told = set(re.findall(r"`([a-z0-9-]+)`", TEXT))
    folder = Path(credential.__file__).parent
    code = "".join(path.read_text() for path in folder.glob("*.py"))
    used = set(re.findall(r'(?:Forged|CardGarbled|NotAuthentic|Unreadable)\("([a-z0-9-]+)"\)', code))
    assert used
    assert used <= told
