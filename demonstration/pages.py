"""The pages of the demonstration's terminal: `xs-terminal status` beside its gate, for a browser on this machine."""

import json
import secrets
import socket
import time
from base64 import b32encode
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from demonstration.configuration import Place
from demonstration.processes import Process
from demonstration.services import why_it_ended
from terminal.accounts.passwords import hashed
from terminal.accounts.roles import Role
from terminal.accounts.store import Account, Store
from terminal.errors import HardwareError

USUAL_PORT = 8080
GUARD = "guard"
PASSWORD_BYTES = 10
STARTED_S = 30.0
LOOK_S = 0.02


def free_port() -> int:
    """The usual port, so that a page stays where it was; another one where somebody has it."""
    for port in (USUAL_PORT, 0):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)) as listener:
            return int(listener.getsockname()[1])
    raise HardwareError("no port is free at 127.0.0.1")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the pages are: `screens` are the driver's, `guard` is for whoever knows `name` and `password`."""

    screens: tuple[str, ...] = ()
    guard: str = ""
    name: str = ""
    password: str = ""

    def lines(self) -> list[str]:
        """All of it for a person; nothing where no pages are served."""
        if not self.guard:
            return []
        screens = [f"driver's screen: {screen}" for screen in self.screens]
        return [*screens, f"guard's page: {self.guard} name {self.name} password {self.password}"]


def make_guard(accounts: Path) -> tuple[str, str]:
    """Make the account of this demonstration's guard, and a password of its own; returns both."""
    password = b32encode(secrets.token_bytes(PASSWORD_BYTES)).decode().lower()
    accounts.unlink(missing_ok=True)
    Store(accounts).add(
        Account(name=GUARD, full_name="Guard", role=Role.CHIEF, language="en", hash_=hashed(GUARD, password))
    )
    return GUARD, password


class Pages:
    """The process. Use it as a context manager: it serves when the block begins, at `addresses`."""

    def __init__(self, place: Place, guard: tuple[str, str]) -> None:
        """`guard`: name and password of an account that is there."""
        self._place = place
        self._guard = guard
        self.addresses = Addresses()

    def __enter__(self) -> Self:
        log = self._place.folder / "status.log"
        with log.open("wb") as written:
            arguments = ["terminal", "status", str(self._place.configuration)]
            self._process = Process(arguments, stdout=written, stderr=written)
        deadline_s = time.monotonic() + STARTED_S
        while time.monotonic() < deadline_s:
            for line in log.read_text().splitlines():
                with suppress(ValueError):  # half a line, or no JSON
                    if (told := json.loads(line))["event"] == "serving":
                        self.addresses = Addresses(tuple(told["screens"]), f"{told['address']}/", *self._guard)
                        return self
            if self._process.ended():
                raise HardwareError(f"the pages are not served: {why_it_ended(self._process, log)}")
            time.sleep(LOOK_S)
        self._process.stop()
        raise HardwareError(f"the pages were not served within {STARTED_S:g} s")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.stop()
