"""docs/driver-screen.md names every face and every language."""

import re
from pathlib import Path

from terminal.web.driver.faces import Face
from terminal.words.catalogues import DRIVER, languages

TEXT = (Path(__file__).parents[3] / "docs" / "driver-screen.md").read_text()


def test_every_face_is_told() -> None:
    assert re.findall(r"^\| `([a-z-]+)` \|", TEXT, flags=re.MULTILINE) == [str(face) for face in Face]


def test_every_language_is_told() -> None:
    section = TEXT.split("## Languages")[1]
    assert sorted(section.split(". The wording")[0].split()) == sorted(languages(DRIVER))
