"""Tests: named after what happened, against real parts, with no sleeps and no mocks of our own code."""
