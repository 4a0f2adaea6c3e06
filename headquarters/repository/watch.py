"""Publishing for as long as a process lives: renewed every few minutes, and soon after the register changed.

Nothing here ends it. While the database, a key or the broker is away, what there is stays announced, what is wrong is
said once, and what can be done is done; how old the lists get is seen at the terminals.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

import sqlalchemy as sa

from headquarters.database import Database, audit
from headquarters.keys import KeyFolder
from headquarters.repository.announcer import Announcer, Troubles
from headquarters.repository.announcing import Messages, forget_superseded, what_to_announce
from headquarters.repository.publisher import publish, published_files
from headquarters.repository.site_documents import SiteDocuments
from terminal.errors import StorageError, XsError

RENEW_EVERY_S = 240.0
"""Gates are promised new lists every 300 s; that leaves a minute to sign and send them."""
LOOK_EVERY_S = 1.0
"""How soon a change that another process makes in the register is noticed."""
AGAIN_AFTER_S = 10.0
"""After a publish that failed."""


class Watch:
    """Publishes what the register says. Call `turn` again and again; it waits for database and broker only."""

    def __init__(
        self,
        database: Database,
        keys: KeyFolder,
        announcer: Announcer,
        troubles: Troubles,
        *,
        now: Callable[[], datetime],
        monotonic_s: Callable[[], float],
    ) -> None:
        self._database = database
        self._keys = keys
        self._announcer = announcer
        self._troubles = troubles
        self._now = now
        self._monotonic_s = monotonic_s
        self._documents = SiteDocuments()
        self._renew_at_s = float("-inf")
        self._seen = -1
        self._wanted: Messages = {}
        self._announced = False

    def turn(self) -> bool:
        """Publish when it is due, and announce what the broker does not hold; tells whether it holds everything."""
        if self._due():
            self._publish()
        self._announced = self._announcer.send(self._wanted) and bool(self._wanted)
        return self._announced

    def _due(self) -> bool:
        if self._monotonic_s() >= self._renew_at_s:
            return True
        try:
            changed = newest_change(self._database) != self._seen
        except StorageError as error:
            self._troubles.note("register", str(error))
            return False
        self._troubles.note("register", None)
        return changed

    def _publish(self) -> None:
        now = self._now()
        began_at_s = self._monotonic_s()
        try:
            # Before it is read, so that a change made meanwhile is at worst published twice.
            self._seen = newest_change(self._database)
            if self._announced:  # what is forgotten now was cleared on this connection
                forget_superseded(self._database, int(now.timestamp()))
            done = publish(self._database, self._keys, None, now, documents=self._documents)
            self._wanted = what_to_announce(self._database, done.files, int(now.timestamp()))
        except XsError as error:
            self._troubles.note(
                "publish", f"{error}; what was published stays, tried again every {AGAIN_AFTER_S:.0f} s"
            )
            self._renew_at_s = began_at_s + AGAIN_AFTER_S
            if not self._wanted:  # just started: the broker may have forgotten what another run published
                self._take_up(int(now.timestamp()))
            return
        for fine in ("register", "publish"):
            self._troubles.note(fine, None)
        self._troubles.note("soon", "; ".join(done.warnings) or None)
        self._renew_at_s = began_at_s + RENEW_EVERY_S

    def _take_up(self, now_s: int) -> None:
        with suppress(StorageError):  # has been told already, and is tried again
            self._wanted = what_to_announce(self._database, published_files(self._database), now_s)


def newest_change(database: Database) -> int:
    """The number of the newest change of the register that anybody made.

    Raises:
        StorageError: the database fails.
    """
    with database.transaction(read_only=True) as connection:
        return connection.scalar(sa.select(sa.func.max(audit.c.id))) or 0
