"""The routes of the driver's screens: a page a place, its events, and what it is made of."""

from collections.abc import Awaitable, Callable, Iterable

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from terminal.core.barrier_words import Side
from terminal.web.driver.rendering import DriverPages
from terminal.web.driver.screens import Place
from terminal.web.driver.showing import Showing

Endpoint = Callable[[Request], Awaitable[Response]]
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""Of what is named by its content."""


def path(place: Place, places: Iterable[Place]) -> str:
    """Where a place's page is: `/driver/<lane>`; with `/entry` or `/exit` behind it where both ways have a screen."""
    sides = [each for each in places if each.number == place.number]
    return f"/driver/{place.number}" + (f"/{place.side}" if place.side and len(sides) > 1 else "")


def routes(showing: Showing, looks: DriverPages) -> list[BaseRoute]:
    """All of them, for every place that has a screen."""
    made: list[BaseRoute] = []
    for place in showing.places:
        at = path(place, showing.places)
        made += [Route(at, _page(showing, looks, place, at)), Route(f"{at}/events", _events(showing, place))]
    return [
        *made,
        Route("/driver/{rest:path}", _nowhere(showing)),
        Route(looks.stylesheet_path, _asset(looks.stylesheet, "text/css")),
        Route(looks.script_path, _asset(looks.script, "text/javascript")),
    ]


def _page(showing: Showing, looks: DriverPages, place: Place, at: str) -> Endpoint:
    async def page(_: Request) -> Response:
        return HTMLResponse(looks.page(showing.screen(place), at))

    return page


def _events(showing: Showing, place: Place) -> Endpoint:
    async def events(_: Request) -> Response:
        return showing.stream(place).answer(lambda: showing.first(place))

    return events


def _nowhere(showing: Showing) -> Endpoint:
    async def nowhere(_: Request) -> Response:
        there = " ".join(path(place, showing.places) for place in showing.places)
        return PlainTextResponse(f"no screen here; there is {there}, by gate.toml\n", 404)

    return nowhere


def _asset(content: bytes, kind: str) -> Endpoint:
    async def asset(_: Request) -> Response:
        return Response(content, media_type=kind, headers=FOREVER)

    return asset


def places(lanes: Iterable[tuple[int, Iterable[Side]]], services: Iterable[int]) -> tuple[Place, ...]:
    """A place for each side of a lane at which a reader stands, and for each service point."""
    sides = [Place(number, side) for number, each in lanes for side in Side if side in set(each)]
    return (*sides, *(Place(number, None) for number in services))
