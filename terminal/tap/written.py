"""What a tap writes down, and how long it waits for that."""

from concurrent.futures import Future

import structlog

from terminal.alarms import STORAGE_ALARM
from terminal.core.journal import Entry, EntryKey, Kind, SaleResult, TapResult
from terminal.errors import StorageError
from terminal.ports import Change, Following
from terminal.tap.entry import Course, settled
from terminal.tap.ports import ServiceTapPorts, TapPorts

log = structlog.get_logger()


class TapJournal:
    """The journal as the taps of one lane, or one service point, use it; `outcome` is the kind of what settles one."""

    def __init__(self, ports: TapPorts | ServiceTapPorts, outcome: Kind = Kind.TAP_OUTCOME) -> None:
        self._ports = ports
        self._outcome = outcome

    def write(
        self, course: Course, entry: Entry, also: Change | None = None, *, followed_by: Following | None = None
    ) -> "Future[EntryKey]":
        """Wait until `entry` is durable, at most for the budget; past it `course.key` stays None with an alarm."""
        future = self._ports.journal.append(entry, also, followed_by=followed_by)
        try:
            course.key = future.result(self._ports.intent_budget_s)
        except (TimeoutError, StorageError) as error:
            log.warning("not-durable", lane=self._ports.number, why=str(error) or "the disk is too slow")
        except Exception:  # a mistake in here, such as an entry without an encoding: nothing opens on its account
            log.exception("not-durable", lane=self._ports.number)
        else:
            self._ports.alarms.cleared(STORAGE_ALARM)
            course.durable_ms = course.since_ms(self._ports.clock)
            return future
        self._ports.alarms.raised(STORAGE_ALARM)
        return future

    def settle_late(self, result: TapResult | SaleResult, intent: "Future[EntryKey]") -> None:
        """Settle an intent that was not durable in time, now that it is, or will never be.

        An order that was given all the same, at an exit, is told in either case: by the name of its intent or by none.
        """
        if intent.exception() is None:
            self.settle(intent.result(), result)
        elif result is not TapResult.STORAGE:
            self.settle(None, result)

    def settle(self, key: EntryKey | None, result: TapResult | SaleResult) -> None:
        """Write the outcome of an intent."""
        self._ports.journal.append(settled(self._ports.number, key, result, self._outcome))
