"""The routes of the guard's page: log-in, page, stream, orders. Whoever is not logged in sees the form of a log-in.

A form counts once: it carries a number that is used up by it, and a word that only pages of this session know. An order
goes to the gate over its socket, for the account by name; the gate writes it down before it moves anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from terminal.accounts.roles import MAY, Right
from terminal.accounts.sessions import Random, Session, Sessions, is_form_of
from terminal.accounts.store import Account, Store
from terminal.core.barrier_words import GuardOrder
from terminal.core.journal import Access, OrderResult
from terminal.errors import XsError
from terminal.order_words import WORDS
from terminal.web.driver.pages import FOREVER
from terminal.web.guard import phrases
from terminal.web.guard.asking import Ask, write_down
from terminal.web.guard.board import Board
from terminal.web.guard.forms import Form, alarm, form_of, order
from terminal.web.guard.log_in import SESSION, LogIn
from terminal.web.guard.rendering import GuardPages, Who
from terminal.words.catalogues import GUARD, words
from terminal.words.marking import mark

ONCE_BYTES = 12
WELCOME_S = 1.0
"""So often a page that is open is asked whether its session goes on."""

Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


@dataclass(slots=True, kw_only=True)
class _Said:
    """What the next page says first."""

    tone: str
    line: str


class GuardRoutes:
    """All of them. Belongs to one event loop."""

    def __init__(
        self,
        board: Board,
        looks: GuardPages,
        accounts: Store,
        *,
        ask: Ask,
        random: Random,
        monotonic_s: Callable[[], float],
    ) -> None:
        self._board = board
        self._looks = looks
        self._accounts = accounts
        self._ask = ask
        self._random = random
        self._monotonic_s = monotonic_s
        self._sessions = Sessions(random, self._find)
        self._log_in = LogIn(looks, accounts, self._sessions, ask=ask, random=random, monotonic_s=monotonic_s)
        self._said: dict[str, _Said] = {}

    def routes(self) -> list[BaseRoute]:
        """For the application."""
        looks = self._looks
        return [
            Route("/", self._page),
            Route("/login", self._log_in.endpoint, methods=["GET", "POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/orders", self._order, methods=["POST"]),
            Route("/alarms", self._alarm, methods=["POST"]),
            Route("/guard/events", self._events),
            Route(looks.stylesheet_path, _asset(looks.stylesheet, "text/css")),
            Route(looks.script_path, _asset(looks.script, "text/javascript")),
        ]

    # ------------------------------------------------------------------------------------------------------- the page

    async def _page(self, request: Request) -> Response:
        session = self._session(request)
        if session is None:
            return RedirectResponse("/login", 303)
        who = self._who(session)
        said = self._said.pop(session.csrf, None)
        return HTMLResponse(
            self._looks.page(
                self._board.now,
                who,
                items=self._board.items(who.language),
                events=self._board.events(who.language),
                last=self._board.last,
                said=(said.tone, said.line) if said else None,
            )
        )

    async def _events(self, request: Request) -> Response:
        session = self._session(request, active=False)
        if session is None:
            return Response(status_code=403)
        token = request.cookies.get(SESSION, "")
        last = request.headers.get("last-event-id") or request.query_params.get("last", "")
        language = session.account.language

        looked_s = self._monotonic_s()

        def is_welcome() -> bool:
            nonlocal looked_s
            now_s = self._monotonic_s()
            if now_s < looked_s + WELCOME_S:
                return True
            looked_s = now_s
            return self._found(token, active=False) is not None

        return self._board.stream(language).answer(self._board.first(language, last), is_welcome)

    async def _logout(self, request: Request) -> Response:
        session = self._session(request)
        form = await form_of(request)
        if session is not None and is_form_of(session, form.get("csrf", "")):
            self._sessions.end(request.cookies.get(SESSION, ""))
            log.info("logged-out", account=session.account.name)
            address = request.client.host if request.client else ""
            await write_down(self._ask, Access.LOGGED_OUT, session.account.name, address)
        answer = RedirectResponse("/login", 303)
        answer.delete_cookie(SESSION)
        return answer

    # -------------------------------------------------------------------------------------------------------- orders

    async def _order(self, request: Request) -> Response:
        session, form, refused = await self._sent(request)
        if session is None or refused is not None:
            return refused or Response(status_code=403)
        asked = order(form, session.account.name)
        if isinstance(asked, str):
            return self._answered(request, session, 400, "bad", asked)
        if Right(asked["order"]) not in MAY[session.account.role]:
            return self._answered(request, session, 403, "bad", mark("Your role may not give this order."))
        if asked["id"] in session.used:
            return self._answered(request, session, 409, "wait", mark("This order was given already."))
        session.used.add(asked["id"])
        try:
            answer = await asyncio.to_thread(self._ask, asked)
        except XsError as error:
            log.warning("order-not-asked", why=str(error))
            return self._answered(request, session, 503, "bad", mark("The gate does not answer. Look at the boom."))
        return self._became(request, session, asked, answer)

    async def _sent(self, request: Request) -> tuple[Session | None, Form, Response | None]:
        """Whose form this is, and what is in it; or why it is not taken."""
        session = self._session(request)
        form = await form_of(request)
        if session is None:
            return None, form, self._answered(request, None, 403, "bad", mark("Please log in again."))
        if not is_form_of(session, form.get("csrf", "")):
            why = mark("This form is too old. Please try again.")
            return session, form, self._answered(request, session, 403, "bad", why)
        return session, form, None

    async def _alarm(self, request: Request) -> Response:
        session, form, refused = await self._sent(request)
        if session is None or refused is not None:
            return refused or Response(status_code=403)
        if Right.ALARM not in MAY[session.account.role]:
            return self._answered(request, session, 403, "bad", mark("Your role may not give this order."))
        asked = alarm(form, session.account.name)
        if isinstance(asked, str):
            return self._answered(request, session, 400, "bad", asked)
        try:
            answer = await asyncio.to_thread(self._ask, asked)
        except XsError as error:
            log.warning("alarm-not-asked", why=str(error))
            return self._answered(request, session, 503, "bad", mark("The gate does not answer. What you see is old."))
        if answer.get("result") == OrderResult.OBEYED:
            return self._answered(request, session, 200, "good", mark("Acknowledged."))
        return self._answered(request, session, 200, "wait", mark("This alarm does not stand any more."))

    def _became(
        self, request: Request, session: Session, asked: Mapping[str, Any], answer: Mapping[str, Any]
    ) -> Response:
        spoken = words(session.account.language, GUARD)
        result = OrderResult(answer.get("result", "unknown"))
        tone = {OrderResult.OBEYED: "good", OrderResult.REFUSED: "wait", OrderResult.UNKNOWN: "bad"}[result]
        why = str(answer.get("why", ""))
        said = spoken.gettext(
            "Lane {number}, {order}: {result}",
            number=asked["lane"],
            order=spoken.gettext(phrases.ORDERS[GuardOrder(asked["order"])]),
            result=spoken.gettext(phrases.ORDER_RESULTS[result]),
        )
        if why in WORDS:
            said += f"; {spoken.gettext(WORDS[why])}"
        return self._answered(request, session, 200, tone, said, in_words=True)

    def _answered(
        self, request: Request, session: Session | None, status: int, tone: str, line: str, *, in_words: bool = False
    ) -> Response:
        """To a script a line, to a form the page, which says that line first."""
        language = session.account.language if session else "en"
        said = line if in_words else words(language, GUARD).gettext(line)
        if "application/json" in request.headers.get("accept", ""):
            return JSONResponse({"tone": tone, "say": said, "once": self._random(ONCE_BYTES).hex()}, status)
        if session is None:
            return RedirectResponse("/login", 303)
        self._said[session.csrf] = _Said(tone=tone, line=said)
        return RedirectResponse("/", 303)

    # ------------------------------------------------------------------------------------------------------- who asks

    def _session(self, request: Request, *, active: bool = True) -> Session | None:
        return self._found(request.cookies.get(SESSION, ""), active=active)

    def _found(self, token: str, *, active: bool) -> Session | None:
        try:
            return self._sessions.find(token, self._monotonic_s(), active=active)
        except XsError as error:
            log.warning("accounts", why=str(error))
            return None

    def _find(self, name: str) -> Account | None:
        return self._accounts.find(name)

    def _who(self, session: Session) -> Who:
        account = session.account
        return Who(
            name=account.name,
            full_name=account.full_name,
            role=account.role.value,
            language=account.language,
            rights=MAY[account.role],
            csrf=session.csrf,
            once=self._random(ONCE_BYTES).hex(),
        )


def _asset(content: bytes, kind: str) -> Endpoint:
    async def asset(_: Request) -> Response:
        return Response(content, media_type=kind, headers=FOREVER)

    return asset
