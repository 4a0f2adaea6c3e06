"""The routes of the guard's page: log-in, page, stream, orders. Whoever is not logged in sees the form of a log-in.

A form counts once: it carries a number that is used up by it, and a word that only pages of this session know. An order
goes to the gate over its socket, for the account by name; the gate writes it down before it moves anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from terminal.accounts import passwords
from terminal.accounts.roles import MAY, Right
from terminal.accounts.sessions import Random, Session, Sessions, is_form_of
from terminal.accounts.store import Account, Store
from terminal.accounts.throttle import Throttle
from terminal.core.barrier_words import GuardOrder
from terminal.core.journal import Access, OrderResult
from terminal.errors import XsError
from terminal.order_words import WORDS
from terminal.web.driver.pages import FOREVER
from terminal.web.guard import phrases
from terminal.web.guard.asking import Ask, write_down
from terminal.web.guard.board import LANGUAGES, Board
from terminal.web.guard.forms import form_of, order, preferred, set_cookie
from terminal.web.guard.rendering import GuardPages, Who
from terminal.words.catalogues import GUARD, best_language, mark, words

SESSION, LOGIN = "xs-session", "xs-login"
ONCE_BYTES = 12
MOST_CHECKS = 4
"""Log-ins whose password waits for its check; more are asked to come again."""
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
        self._throttle = Throttle()
        self._checks = 0
        self._said: dict[str, _Said] = {}

    def routes(self) -> list[BaseRoute]:
        """For the application."""
        looks = self._looks
        return [
            Route("/", self._page),
            Route("/login", self._login, methods=["GET", "POST"]),
            Route("/logout", self._logout, methods=["POST"]),
            Route("/orders", self._order, methods=["POST"]),
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

    # -------------------------------------------------------------------------------------------------------- log-in

    async def _login(self, request: Request) -> Response:
        language = best_language(preferred(request), "en")
        language = language if language in LANGUAGES else "en"
        if request.method == "GET":
            return self._asked(request, language)
        form = await form_of(request)
        name, password = form.get("name", "").strip().lower(), form.get("password", "")
        known = request.cookies.get(LOGIN, "")
        if not known or not compare_digest(known.encode(), form.get("csrf", "").encode(errors="surrogatepass")):
            said = words(language, GUARD).gettext("This form is too old. Please try again.")
            return self._asked(request, language, name=name, said=said, status=403)
        return await self._tried(request, language, name, password)

    async def _tried(self, request: Request, language: str, name: str, password: str) -> Response:
        spoken = words(language, GUARD)
        address = request.client.host if request.client else ""
        wait_s = self._throttle.wait_s(name, address, self._monotonic_s())
        if wait_s > 0 or self._checks >= MOST_CHECKS:
            said = spoken.ngettext(
                "Too many attempts. Try again in {times} second.",
                "Too many attempts. Try again in {times} seconds.",
                int(wait_s) + 1,
            )
            return self._asked(request, language, name=name, said=said, status=429)
        self._checks += 1
        try:
            account = await asyncio.to_thread(self._checked, name, password)
        except XsError as error:
            log.warning("accounts", why=str(error))
            said = spoken.gettext("The accounts cannot be read. Call whoever looks after this terminal.")
            return self._asked(request, language, name=name, said=said, status=503)
        finally:
            self._checks -= 1
        now_s = self._monotonic_s()
        if account is None:
            self._throttle.failed(name, address, now_s)
            log.warning("log-in-failed", address=address)
            await write_down(self._ask, Access.LOG_IN_FAILED, name, address)
            said = spoken.gettext("Name or password is not right.")
            return self._asked(request, language, name=name, said=said, status=403)
        self._throttle.succeeded(name)
        self._sessions.end(request.cookies.get(SESSION, ""))
        token = self._sessions.begin(account, now_s)
        log.info("logged-in", account=account.name, address=address)
        await write_down(self._ask, Access.LOGGED_IN, account.name, address)
        answer = RedirectResponse("/", 303)
        set_cookie(answer, request, SESSION, token)
        answer.delete_cookie(LOGIN)
        return answer

    def _checked(self, name: str, password: str) -> Account | None:
        """The account, if that is its password. Takes as long where there is none."""
        account = self._accounts.find(name)
        right = passwords.is_right(account.hash_ if account else passwords.NOBODYS, password)
        return account if right and account is not None else None

    def _asked(
        self, request: Request, language: str, *, name: str = "", said: str | None = None, status: int = 200
    ) -> Response:
        csrf = request.cookies.get(LOGIN) or self._random(16).hex()
        answer = HTMLResponse(self._looks.login(language, csrf=csrf, name=name, said=said), status)
        set_cookie(answer, request, LOGIN, csrf)
        return answer

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
        session = self._session(request)
        form = await form_of(request)
        if session is None:
            return self._answered(request, None, 403, "bad", mark("Please log in again."))
        if not is_form_of(session, form.get("csrf", "")):
            return self._answered(request, session, 403, "bad", mark("This form is too old. Please try again."))
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
