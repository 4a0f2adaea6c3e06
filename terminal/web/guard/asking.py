"""What the page asks of the gate beside orders: to write down who logs in."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from terminal.core.journal import Access, OrderResult
from terminal.errors import XsError

MOST_NAME = 64
WITHIN_S = 5.0

Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""Asks the gate; blocks. Raises XsError where it does not answer."""

log = structlog.get_logger()


async def write_down(ask: Ask, what: Access, name: str, address: str) -> None:
    """Have the gate write into its journal that somebody logged in, or tried; returns when it is durable.

    `name` is as it was typed. A gate that does not answer keeps nobody from logging in: it is in the log then.
    """
    shown = "".join(letter for letter in name if letter.isprintable()).strip()[:MOST_NAME] or "?"
    asked = {"version": 1, "ask": "access", "what": what.value, "account": shown, "address": address or "?"}
    try:
        answer = await asyncio.wait_for(asyncio.to_thread(ask, asked), WITHIN_S)
    except (XsError, TimeoutError) as error:
        log.warning("access-not-written", why=str(error))
    else:
        if answer.get("result") != OrderResult.OBEYED:
            log.warning("access-not-written", why=answer.get("say"))
