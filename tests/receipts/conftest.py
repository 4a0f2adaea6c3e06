"""The ground of tests/settlement, here too."""

from tests.settlement.conftest import ground, settlement_keys

__all__ = ["ground", "settlement_keys"]
