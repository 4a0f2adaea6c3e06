"""The page of receipts behind a socket (uvicorn)."""

import socket
from collections.abc import Callable

import uvicorn

from headquarters.database import Database
from headquarters.receipts.allowance import Allowance
from headquarters.receipts.serving import Receipts
from terminal.errors import ConfigurationError

AT_ONCE = 100
"""Connections beyond that are answered with 503."""
IDLE_S = 10
STOPPING_S = 5


def serve(
    database: Database,
    host: str,
    port: int,
    proxy: str | None,
    *,
    say: Callable[[str], object],
    monotonic_s: Callable[[], float],
) -> None:
    """Show receipts until SIGINT or SIGTERM; `say` hears where, once it does. Logs neither who asks nor for what.

    Raises:
        ConfigurationError: nobody can listen there.
    """
    with listening(host, port) as listener:
        name, number = listener.getsockname()[:2]
        where = f"receipts at http://{f'[{name}]' if ':' in name else name}:{number}/"
        served = server(database, proxy, monotonic_s=monotonic_s, started=lambda: say(where))
        served.run(sockets=[listener])


class _Server(uvicorn.Server):
    """Tells when it serves, and hears of signals."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], object]) -> None:
        super().__init__(config)
        self._tell_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._tell_started()


def server(
    database: Database,
    proxy: str | None,
    *,
    monotonic_s: Callable[[], float],
    started: Callable[[], object] = lambda: None,
) -> uvicorn.Server:
    """The server, which does not run yet. Without a proxy, who connects is who asks."""
    return _Server(
        uvicorn.Config(
            Receipts(database, Allowance(monotonic_s)).application(),
            access_log=False,  # its lines would hold codes
            log_level="warning",
            lifespan="off",
            ws="none",
            server_header=False,
            proxy_headers=proxy is not None,
            forwarded_allow_ips=proxy,
            limit_concurrency=AT_ONCE,
            timeout_keep_alive=IDLE_S,
            timeout_graceful_shutdown=STOPPING_S,
        ),
        started,
    )


def listening(host: str, port: int) -> socket.socket:
    """A socket that listens there; port 0 is any that is free.

    Raises:
        ConfigurationError: it cannot.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=AT_ONCE)
    except OSError as error:
        raise ConfigurationError(f"receipts cannot be served at {host}, port {port}: {error.strerror}") from error
