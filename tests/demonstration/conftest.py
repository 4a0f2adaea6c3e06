"""Scenes in virtual time, as `tests.scenes` plays them."""

from tests.scenes.conftest import open_stage, world

__all__ = ["open_stage", "world"]
