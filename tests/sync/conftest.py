"""Headquarters' office, as in its own tests."""

from tests.headquarters.conftest import office

__all__ = ["office"]
