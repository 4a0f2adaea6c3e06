"""The office of tests/headquarters, here too."""

from tests.headquarters.conftest import office

__all__ = ["office"]
