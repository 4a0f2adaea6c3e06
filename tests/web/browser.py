"""A real browser, Debian's chromium, for the tests of the pages."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

CHROMIUM = "/usr/bin/chromium"
"""Not what playwright would download: it is what the kiosk and the guards use."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The browser, without a window. Skips the test where there is none: `scripts/setup tests` brings it."""
    if shutil.which(CHROMIUM) is None:
        pytest.skip("chromium is not installed; run scripts/setup tests")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"]
        )
        try:
            yield browser
        finally:
            browser.close()
