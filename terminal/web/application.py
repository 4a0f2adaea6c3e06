"""The pages of a terminal as one ASGI application."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from terminal.web.driver import pages as driver
from terminal.web.driver.rendering import DriverPages
from terminal.web.driver.showing import Showing
from terminal.web.guard.pages import GuardRoutes
from terminal.web.guarded import Guarded


def application(showing: Showing, looks: DriverPages, guard: GuardRoutes, hosts: frozenset[str]) -> Guarded:
    """Everything that can be asked for at 127.0.0.1."""
    made = Starlette(routes=[Route("/healthz", _healthz(showing)), *driver.routes(showing, looks), *guard.routes()])
    return Guarded(made, hosts)


def _healthz(showing: Showing) -> driver.Endpoint:
    async def healthz(_: Request) -> Response:
        return PlainTextResponse("ok\n" if showing.whole else "no gate\n", 200 if showing.whole else 503)

    return healthz
