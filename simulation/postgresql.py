"""A PostgreSQL of one's own: a server in a folder that is made for it, on a Unix socket, gone with whoever started it.

For tests and the bench; it is no server to keep anything in. It uses what Debian's package has installed and touches
no cluster of the machine. PostgreSQL does not run as root: then it runs as `postgres`, the package's user.
"""

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from terminal.errors import XsError

USER = "postgres"
START_S = 120
STOP_S = 120
POLL_S = 0.05

# Runs the server and sends it the signals it reads, the last one when its own input ends: so it ends also when whoever
# started it is killed.
KEEPER = """
exec 3<&0
"$@" </dev/null &
server=$!
( while read -r signal <&3; do kill -"$signal" $server; done; kill -QUIT $server ) 2>/dev/null &
keeper=$!
wait $server
kill $keeper
"""

Shutdown = Literal["INT", "QUIT"]
"""How a server ends: `INT` breaks off what runs and writes everything, `QUIT` ends as a crash would (it recovers)."""


class PostgresqlUnavailable(XsError):
    """No PostgreSQL of one's own can be had; the message says what to do."""


class PostgresqlMissing(PostgresqlUnavailable):
    """It is not installed."""


class Postgresql:
    """A server, and the folder of its data. `running_postgresql` makes both and removes them.

    `durable` False leaves out every fsync: quicker, safe against all but a crash of the machine, and nothing that a
    measurement may rest on.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Make its data in an empty folder; no path longer than 90 bytes, since the socket lies in it.

        Raises:
            PostgresqlMissing: PostgreSQL is not installed.
            PostgresqlUnavailable: it makes no data there.
        """
        self._programs = _programs()
        self.folder = folder
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None
        if os.geteuid() == 0:
            _hand_over(folder)
        made = subprocess.run(  # noqa: S603 - all words are our own
            [
                *(*_as_user(), str(self._programs / "initdb"), "--pgdata", str(self._data), "--username", USER),
                *("--auth", "trust", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"),
            ],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise PostgresqlUnavailable(f"initdb makes no data in {folder}: {made.stderr.strip()}")

    @property
    def process_id(self) -> int:
        """Of the server's first process, while it runs."""
        return int((self._data / "postmaster.pid").read_text().split()[0])

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def address(self, database: str = "postgres") -> str:
        """Where a database of this server is, as `--database` takes it. There is no password: the folder is ours."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def create_database(self, name: str, *, like: str = "template1") -> str:
        """Make a database, empty or as one that nobody is connected to, and return its address.

        Raises:
            PostgresqlUnavailable: it cannot be made.
        """
        self._say(f'CREATE DATABASE "{name}" TEMPLATE "{like}"')
        return self.address(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever uses it.

        Raises:
            PostgresqlUnavailable: it cannot be removed.
        """
        self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def start(self) -> None:
        """Return once the server answers.

        Raises:
            PostgresqlUnavailable: it does not start.
        """
        settings = [f"unix_socket_directories={self.folder}", "listen_addresses="]
        if not self._durable:
            settings += ["fsync=off", "full_page_writes=off"]
        server = [str(self._programs / "postgres"), "-D", str(self._data)]
        for setting in settings:
            server += ["-c", setting]
        log = self.folder / "log"
        with log.open("ab") as said:
            self._process = subprocess.Popen(  # noqa: S603 - all words are our own
                ["/bin/sh", "-c", KEEPER, "keeper", *_as_user(), *server],
                stdin=subprocess.PIPE,
                bufsize=0,
                stdout=said,
                stderr=said,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is for the program in front, which then stops the server
            )
        deadline_s = time.monotonic() + START_S
        while self._process.poll() is None and time.monotonic() < deadline_s:
            if self._ready():
                return
            time.sleep(POLL_S)
        self.stop()
        raise PostgresqlUnavailable(f"PostgreSQL does not start: {log.read_text(errors='replace')[-2000:]}")

    def stop(self, how: Shutdown = "INT") -> None:
        """End the server, and wait until it has ended."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        with process.stdin as keeper, contextlib.suppress(BrokenPipeError):
            keeper.write(f"{how}\n".encode())
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_S)
                return
        process.wait(STOP_S)

    def _ready(self) -> bool:
        ask = [str(self._programs / "pg_isready"), "--quiet", "--host", str(self.folder)]
        return subprocess.run(ask, check=False, timeout=START_S).returncode == 0  # noqa: S603

    def _say(self, statement: str) -> None:
        psql = [str(self._programs / "psql"), "--no-psqlrc", "--quiet", "--host", str(self.folder)]
        done = subprocess.run(  # noqa: S603 - all words are our own
            [*psql, "--username", USER, "--command", statement, "postgres"], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise PostgresqlUnavailable(f"{statement}: {done.stderr.strip()}")


@contextlib.contextmanager
def running_postgresql(*, durable: bool = True) -> Iterator[Postgresql]:
    """A new server with nothing in it, for as long as the block lasts.

    Raises:
        PostgresqlMissing: PostgreSQL is not installed.
        PostgresqlUnavailable: it does not start.
    """
    with tempfile.TemporaryDirectory(prefix="xs-postgresql-", ignore_cleanup_errors=True) as folder:
        server = Postgresql(Path(folder), durable=durable)
        server.start()
        try:
            yield server
        finally:
            server.stop("QUIT")


def _programs() -> Path:
    """Where the newest installed PostgreSQL has its programs."""
    found = [each.parent for each in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if found:
        return max(found, key=lambda programs: int("0" + "".join(filter(str.isdigit, programs.parent.name))))
    if (elsewhere := shutil.which("postgres")) is not None:
        return Path(elsewhere).resolve().parent
    raise PostgresqlMissing("PostgreSQL is not installed; on Debian: apt-get install postgresql")


def _hand_over(folder: Path) -> None:
    try:
        user = pwd.getpwnam(USER)
    except KeyError:
        raise PostgresqlUnavailable(f"PostgreSQL does not run as root, and there is no user {USER}") from None
    os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)


def _as_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
