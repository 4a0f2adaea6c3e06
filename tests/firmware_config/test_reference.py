from pathlib import Path

from firmware_config.reference import configuration_page

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_page_is_the_one_made_from_the_types() -> None:
    assert PAGE.read_text() == configuration_page(), "run `make docs`"
