"""The log-in of the guard's page: its form, and what comes of what is typed into it."""

import asyncio
from collections.abc import Callable
from hmac import compare_digest

import structlog
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from terminal.accounts import passwords
from terminal.accounts.sessions import Random, Sessions
from terminal.accounts.store import Account, Store
from terminal.accounts.throttle import Throttle
from terminal.core.journal import Access
from terminal.errors import XsError
from terminal.web.guard.asking import Ask, write_down
from terminal.web.guard.board import LANGUAGES
from terminal.web.guard.forms import form_of, preferred, set_cookie
from terminal.web.guard.rendering import GuardPages
from terminal.words.catalogues import GUARD, best_language, words

SESSION, LOGIN = "xs-session", "xs-login"
MOST_CHECKS = 4
"""Log-ins whose password waits for its check; more are asked to come again."""

log = structlog.get_logger()


class LogIn:
    """Belongs to one event loop. `endpoint` is a route."""

    def __init__(
        self,
        looks: GuardPages,
        accounts: Store,
        sessions: Sessions,
        *,
        ask: Ask,
        random: Random,
        monotonic_s: Callable[[], float],
    ) -> None:
        self._looks = looks
        self._accounts = accounts
        self._sessions = sessions
        self._ask = ask
        self._random = random
        self._monotonic_s = monotonic_s
        passwords.nobodys()  # made now, so that the first check does not take twice as long
        self._throttle = Throttle()
        self._checks = 0

    async def endpoint(self, request: Request) -> Response:
        """The form, and what is typed into it."""
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
        right = passwords.is_right(account.hash_ if account else passwords.nobodys(), password)
        return account if right and account is not None else None

    def _asked(
        self, request: Request, language: str, *, name: str = "", said: str | None = None, status: int = 200
    ) -> Response:
        csrf = request.cookies.get(LOGIN) or self._random(16).hex()
        answer = HTMLResponse(self._looks.login(language, csrf=csrf, name=name, said=said), status)
        set_cookie(answer, request, LOGIN, csrf)
        return answer
