"""The page of receipts: `/` asks for a code, `/r/CODE` shows what is found.

No script, no cookie, no request to anybody else; nothing that was asked is logged. A code that is not here is answered
like one that never was. How often an address may ask is bounded before anything is looked at.
"""

from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from urllib.parse import parse_qs

from babel import Locale
from jinja2 import Environment, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headquarters.database import Database
from headquarters.receipts.allowance import AGAIN_EVERY_S, Allowance
from headquarters.receipts.finding import find_receipt
from headquarters.receipts.paper import Paper, paper
from terminal.core.receipt_code import read_code, shown_code
from terminal.errors import XsError
from terminal.words.catalogues import Words, best_language, languages, words

MAX_FORM_BYTES = 512
MAX_LANGUAGES = 20
"""So many of a browser's languages are looked at."""
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",  # noqa: E501
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Receipts:
    """What the page shows of a database, to whom, and how often."""

    database: Database
    allowance: Allowance

    def application(self) -> ASGIApp:
        """The page as an ASGI application."""
        routes = [
            Route("/", self._ask, methods=["GET", "HEAD"]),
            Route("/", self._asked, methods=["POST"]),
            Route("/r/{code}", self._show, methods=["GET", "HEAD"]),
            Route("/receipt.css", _style, methods=["GET", "HEAD"]),
        ]
        return _Guarded(Starlette(routes=routes))

    async def _ask(self, request: Request) -> Response:
        chosen = _words(request)
        return _page(chosen, title=chosen.gettext("Receipt"))

    async def _asked(self, request: Request) -> Response:
        chosen = _words(request)
        typed = parse_qs((await _body(request)).decode(errors="replace")).get("code", [""])[0]
        code = read_code(typed)
        if code is None:
            return _page(chosen, title=chosen.gettext("Receipt"), told=_no_code(chosen), status=400)
        where = f"/r/{shown_code(code).replace(' ', '')}?language={chosen.language}"
        return RedirectResponse(where, status_code=303)

    async def _show(self, request: Request) -> Response:
        chosen = _words(request)
        if not self.allowance.take(request.client.host if request.client else ""):
            told = chosen.gettext("Too many questions from here. Try again in a few minutes.")
            answer = _page(chosen, title=chosen.gettext("Receipt"), told=told, status=429)
            answer.headers["retry-after"] = str(int(AGAIN_EVERY_S))
            return answer
        code = read_code(request.path_params["code"])
        if code is None:
            return _page(chosen, title=chosen.gettext("Receipt"), told=_no_code(chosen), status=400)
        try:
            found = await run_in_threadpool(partial(self._paper, code, chosen))
        except XsError:  # the database is away, or what stands there is damaged; `ledger verify` says what
            told = chosen.gettext("Receipts cannot be shown at the moment. Try again later.")
            return _page(chosen, title=chosen.gettext("Receipt"), told=told, status=503)
        if found is None:
            return _page(chosen, title=chosen.gettext("Receipt"), told=not_here(chosen), status=404)
        return _page(chosen, title=found.title, shown=found)

    def _paper(self, code: bytes, chosen: Words) -> Paper | None:
        with self.database.transaction(read_only=True) as connection:
            found = find_receipt(connection, code)
        return None if found is None else paper(found, chosen)


def not_here(words: Words) -> str:
    """What is said of a code that nothing is found by: it cannot be told which of the two it is."""
    return words.gettext(
        "There is no receipt with this code: it is not here yet, or the code is not right. "
        "A gate without a line brings its receipts later; try again tomorrow."
    )


class _Guarded:
    """Gives every answer its headers, also those that Starlette makes itself."""

    def __init__(self, application: ASGIApp) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        await self._application(scope, receive, with_headers)


def _no_code(chosen: Words) -> str:
    return chosen.gettext("That is no code: it has 16 letters and digits. Look again, and type it anew.")


async def _body(request: Request) -> bytes:
    """What a form sent, as far as one of ours goes."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            return b""
    return body


def _words(request: Request) -> Words:
    asked = request.query_params.get("language")
    if asked in languages():
        return words(asked)
    return words(best_language(accepted(Headers(scope=request.scope).get("accept-language", ""))))


def accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, those wanted most first (RFC 9110, 12.5.4)."""
    found = []
    for each in header.split(",")[:MAX_LANGUAGES]:
        name, _, parameter = each.partition(";")
        key, _, weight = parameter.strip().partition("=")
        try:
            wanted = float(weight) if key == "q" else 1.0
        except ValueError:
            wanted = 0.0
        if name.strip() and 0 < wanted <= 1:
            found.append((wanted, name.strip()))
    return [name for _, name in sorted(found, key=lambda pair: -pair[0])]


_TEMPLATE = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(
    files(__package__).joinpath("page.html").read_text(encoding="utf-8")
)
_STYLE = files(__package__).joinpath("receipt.css").read_bytes()


async def _style(_request: Request) -> Response:
    return Response(_STYLE, media_type="text/css")


def _page(
    chosen: Words, *, title: str, told: str | None = None, shown: Paper | None = None, status: int = 200
) -> HTMLResponse:
    named = [{"language": each, "name": Locale.parse(each).get_display_name(each)} for each in languages()]
    content = _TEMPLATE.render(
        words=chosen, gettext=chosen.gettext, title=title, told=told, paper=shown, languages=named
    )
    return HTMLResponse(content, status_code=status)
