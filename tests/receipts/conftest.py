"""The ground of tests/settlement, here too."""

from tests.headquarters.both_databases import address
from tests.settlement.conftest import ground, settlement_keys

__all__ = ["address", "ground", "settlement_keys"]
