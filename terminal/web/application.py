"""The pages of a terminal as one ASGI application."""

from collections.abc import Awaitable, Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from terminal.web.driver import pages as driver
from terminal.web.driver.rendering import DriverPages
from terminal.web.driver.showing import Showing
from terminal.web.guard.pages import GuardRoutes
from terminal.web.guarded import Guarded
from terminal.web.metrics import CONTENT_TYPE

Measured = Callable[[], Awaitable[bytes]]
"""Gives the text of `/metrics`."""


def application(
    showing: Showing, looks: DriverPages, guard: GuardRoutes, measured: Measured, hosts: frozenset[str]
) -> Guarded:
    """Everything that can be asked for at 127.0.0.1."""
    made = Starlette(
        routes=[
            Route("/healthz", _healthz(showing)),
            Route("/metrics", _metrics(measured)),
            *driver.routes(showing, looks),
            *guard.routes(),
        ]
    )
    return Guarded(made, hosts)


def _metrics(measured: Measured) -> driver.Endpoint:
    async def metrics(_: Request) -> Response:
        return Response(await measured(), media_type=CONTENT_TYPE)

    return metrics


def _healthz(showing: Showing) -> driver.Endpoint:
    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n" if showing.whole else "no gate\n", 200 if showing.whole else 503)

    return healthz
