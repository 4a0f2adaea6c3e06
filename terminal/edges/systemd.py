"""The service manager: tell it when the gate is ready, how it is, and that it makes progress (sd_notify(3)).

Without `$NOTIFY_SOCKET` there is nobody to tell and nothing happens.
"""

import os
import socket
from collections.abc import Mapping

MAX_STATUS = 400


class ServiceManager:
    """One datagram a message. Nothing here blocks or raises: a gate works on without its service manager.

    `watchdog_s` is the time within which `watchdog` must be called again (`WatchdogSec=`), None when nobody watches.
    """

    def __init__(self, environ: Mapping[str, str], pid: int | None = None) -> None:
        """Take the socket from `environ`, which is only read: a path, or an abstract name after `@`."""
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + name[1:] if name[:1] == "@" else name
        self._socket: socket.socket | None = None
        if name[:1] in {"@", "/"}:
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK)
        self.watchdog_s = _watchdog_s(environ, os.getpid() if pid is None else pid)

    def ready(self, status: str) -> bool:
        """Start-up is done."""
        return self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def status(self, status: str) -> bool:
        """One line for `systemctl status`."""
        return self._send(f"STATUS={_one_line(status)}")

    def watchdog(self) -> bool:
        """Everything that must make progress does."""
        return self._send("WATCHDOG=1")

    def stopping(self, status: str) -> bool:
        """A clean stop has begun."""
        return self._send(f"STOPPING=1\nSTATUS={_one_line(status)}")

    def close(self) -> None:
        """Send nothing more."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _send(self, message: str) -> bool:
        """Tell whether somebody got it."""
        if self._socket is None:
            return False
        try:
            self._socket.sendto(message.encode(), self._address)
        except OSError:  # gone, or its queue is full; the watchdog's time is what notices
            return False
        return True


def report(manager: ServiceManager, stale: tuple[str, ...], status: str) -> bool:
    """Feed the watchdog when nothing is stale, else say who is; call it a few times within `watchdog_s`.

    Returns whether everything makes progress.
    """
    if stale:
        manager.status(f"no progress: {', '.join(stale)}; {status}")
        return False
    manager.status(status)
    manager.watchdog()
    return True


def _watchdog_s(environ: Mapping[str, str], pid: int) -> float | None:
    if environ.get("WATCHDOG_PID", str(pid)) != str(pid):
        return None
    text = environ.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isascii() and text.isdigit() and int(text) > 0 else None


def _one_line(text: str) -> str:
    """A message is a list of lines: a line end in a reader's name must not begin another assignment."""
    return "".join(each if each.isprintable() else "?" for each in text)[:MAX_STATUS]
