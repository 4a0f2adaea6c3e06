"""A client that is another Unix user: `python -m tests.edges.as_user UID SOCKET`, requests on standard input.

Started by root, becomes that user before it connects, takes a request a line, and prints each answer as one.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")


def ask_as(uid: int, path: Path, requests: Iterable[str]) -> list[str]:
    """The answers to `requests`, asked by this user."""
    command = [sys.executable, "-m", "tests.edges.as_user", str(uid), str(path)]
    lines = "".join(f"{request}\n" for request in requests)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, cwd=ROOT)
    return done.stdout.splitlines()


def _main(uid: int, path: str) -> None:
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as wire:
        wire.connect(path)
        for line in sys.stdin:
            wire.send(line.strip().encode())
            sys.stdout.write(wire.recv(65_536).decode() + "\n")


if __name__ == "__main__":
    _main(int(sys.argv[1]), sys.argv[2])
