"""What lanes and orders log is kept off the screen, and can be looked at."""

from collections.abc import Iterator, Mapping, Sequence

import pytest
import structlog.testing


@pytest.fixture(autouse=True)
def log() -> Iterator[Sequence[Mapping[str, object]]]:
    """What was logged."""
    with structlog.testing.capture_logs() as entries:
        yield entries
