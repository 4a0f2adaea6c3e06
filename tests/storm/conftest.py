"""What came of the storms is told at the end of a run, good or not: without its seed no storm can be made again."""

import pytest

OUTCOMES = pytest.StashKey[list[str]]()


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """After the last one."""
    for outcome in terminalreporter.config.stash.get(OUTCOMES, []):
        terminalreporter.write_line(outcome)
