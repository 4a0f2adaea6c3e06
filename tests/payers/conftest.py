"""The office of tests/headquarters, here too; and on both databases, where that may matter."""

from tests.headquarters.both_databases import address
from tests.headquarters.both_databases import office as either_office
from tests.headquarters.conftest import office

__all__ = ["address", "either_office", "office"]
