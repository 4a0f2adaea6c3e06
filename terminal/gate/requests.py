"""What may be asked over the local socket, and the answers: JSON objects, as docs/socket.md tells them.

A request is read strictly (a word that is misspelt is refused, never left out), then held against what its caller may,
then answered. `asked.REQUESTS` is the whole list; each is one entry there and one method. Here nothing is believed of
who asks but the uid, which comes from the kernel.
"""

import math
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from typing import Any

import structlog

from terminal.acknowledging import Acknowledging
from terminal.alarms import AlarmKey, Alarms
from terminal.callers import ACCESS, ACKNOWLEDGE, ALARM, COMMAND, STATE, STAYS, WATCH, Caller, Callers, Rate
from terminal.commanding import Commanding
from terminal.core.barrier_words import GuardOrder, Side
from terminal.core.journal import NOT_DURABLE, Entry, EntryKey, Kind, OrderResult
from terminal.edges.local_socket import Packets
from terminal.errors import StorageError
from terminal.gate.asked import VERSION, wrong
from terminal.gate.shown import Shown
from terminal.knowing_stays import KnowingStays
from terminal.live import Live
from terminal.orders import Answer, Order, Orders
from terminal.ports import Journal

DURABLE_S = 2.0
BEAT_S = 1.0
"""Whoever watches hears something at least so often."""
REMEMBERED = 256
"""Orders whose answer is kept, so that the same one sent again is not carried out again."""
ORDERS_A_MINUTE = 60
"""Of one user; a person gives far fewer."""
ACKNOWLEDGEMENTS_A_MINUTE = 600
"""Of one user, and his commands among them; the newest says all that those before it said."""
DENIALS_A_MINUTE = 1
"""Of one user, in the journal; each is answered."""
NOT_UNDERSTOOD, NOT_ALLOWED, TOO_MANY, ID_USED = "not-understood", "not-allowed", "too-many", "id-used"
NO_ALARM = "no-alarm"

log = structlog.get_logger()


RIGHTS: Mapping[str, str] = {
    STATE: STATE,
    WATCH: WATCH,
    ACCESS: ACCESS,
    ALARM: ALARM,
    ACKNOWLEDGE: ACKNOWLEDGE,
    COMMAND: COMMAND,
    STAYS: COMMAND,
}
"""What its caller must have been given, by what is asked; an order wants the right to that order. Whoever brings
headquarters' commands brings the stays, and is believed for neither."""


class Requests:
    """Answers whoever asks. Thread-safe; an order and an acknowledgement block, a question for the state does not."""

    def __init__(
        self,
        callers: Callers,
        orders: Orders,
        acknowledging: Acknowledging,
        journal: Journal,
        alarms: Alarms,
        *,
        commanding: Commanding,
        known_stays: KnowingStays,
        shown: Shown,
        live: Live,
        name_of: Callable[[int], str | None],
        orders_rate: Rate,
        acknowledgements_rate: Rate,
        denials_rate: Rate,
    ) -> None:
        """`name_of` tells a stranger's name, for the answer to him; it may block."""
        self._callers = callers
        self._orders = orders
        self._acknowledging = acknowledging
        self._commanding = commanding
        self._known_stays = known_stays
        self._shown = shown
        self._live = live
        self._journal = journal
        self._alarms = alarms
        self._name_of = name_of
        self._orders_rate = orders_rate
        self._acknowledgements_rate = acknowledgements_rate
        self._denials_rate = denials_rate
        self._lock = threading.Lock()
        self._given: dict[tuple[int, str], tuple[Order, Future[Answer]]] = {}

    def knows(self, uid: int) -> bool:
        """Tell whether this user may ask anything at all. Never blocks."""
        return self._callers.caller(uid) is not None

    def answer(self, uid: int, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to one request of the user with this uid. Blocks as long as what is asked for does.

        Of `watch` it is the refusal, or that it begins; `serve` goes on with the news.
        """
        head = _head(asked)
        if (mistake := wrong(asked)) is not None:
            return {**head, **_told(_refused(NOT_UNDERSTOOD, mistake))}
        caller = self._callers.caller(uid)
        right = RIGHTS.get(asked["ask"]) or asked["order"]
        if caller is None or right not in caller.may:
            return {**head, **_told(self._denied(uid, caller, right, asked.get("lane")))}
        if asked["ask"] == WATCH:
            return {**head, **self._shown.begin()}
        if asked["ask"] == STATE:
            return {**head, **self._shown.state()}
        if asked["ask"] == ACCESS:
            return {**head, **_told(self._access(uid, caller, asked))}
        if asked["ask"] == ALARM:
            return {**head, **_told(self._alarm(uid, caller, asked))}
        if asked["ask"] == ACKNOWLEDGE:
            return {**head, **self._believed(uid, self._acknowledging.take, asked["note"])}
        if asked["ask"] == COMMAND:
            return {**head, **self._believed(uid, self._commanding.take, asked["command"])}
        if asked["ask"] == STAYS:
            return {**head, **self._believed(uid, self._known_stays.take, asked["page"])}
        return {**head, **_told(self._order(uid, asked["id"], _order(caller, asked)))}

    def serve(self, uid: int, asked: Mapping[str, Any]) -> dict[str, Any] | Packets:
        """The answer to one request, as the socket gives it: of who may watch, with all that follows."""
        answer = self.answer(uid, asked)
        return Packets(self._news(answer)) if asked.get("ask") == WATCH and "why" not in answer else answer

    # ------------------------------------------------------------------------------------------------- what is asked

    def _news(self, begin: Mapping[str, Any]) -> Generator[Mapping[str, Any], None, None]:
        """All as it is, then what changes, with a sign of life each second; ends for who takes it too slowly."""
        with self._live.watching() as watcher:
            yield begin
            yield from self._shown.everything()
            beat_s = -math.inf
            while not watcher.too_slow:
                now_s = time.monotonic()
                if now_s >= beat_s + BEAT_S:
                    beat_s = now_s
                    yield self._shown.beat()
                if (news := watcher.next(max(0.0, beat_s + BEAT_S - now_s))) is not None:
                    yield news

    def _believed(self, uid: int, take: Callable[[str], dict[str, Any]], signed: str) -> dict[str, Any]:
        """What headquarters signed, to whoever judges that."""
        with self._lock:
            if not self._acknowledgements_rate.allows(uid):
                say = f"nothing was done: more than {ACKNOWLEDGEMENTS_A_MINUTE} notes in a minute; the newest is enough"
                return _told(_refused(TOO_MANY, say))
        return take(signed)

    def _access(self, uid: int, caller: Caller, asked: Mapping[str, Any]) -> Answer:
        """Write down who logged in to a page, or tried; answered when that is durable, or was not in time."""
        if (refused := self._too_many(uid)) is not None:
            return refused
        entry = Entry(
            kind=Kind.ACCESS,
            public={"what": asked["what"], "by": caller.user},
            sealed={"account": asked["account"], "address": asked["address"]},
        )
        written = self._journal.append(entry)
        written.add_done_callback(self._alarms.stored)
        return _durable(written)

    def _alarm(self, uid: int, caller: Caller, asked: Mapping[str, Any]) -> Answer:
        """Write down that somebody has seen to an alarm."""
        if (refused := self._too_many(uid)) is not None:
            return refused
        note = {"note": asked["note"].strip(), **({"account": asked["account"]} if "account" in asked else {})}
        alarm = AlarmKey(asked["alarm"], asked["lane"], asked["about"])
        written = self._alarms.acknowledge(alarm, caller.user, note)
        if written is None:
            return _refused(NO_ALARM, "this alarm does not stand any more")
        return _durable(written)

    def _too_many(self, uid: int) -> Answer | None:
        with self._lock:
            if self._orders_rate.allows(uid):
                return None
        return _refused(TOO_MANY, f"nothing was written: more than {ORDERS_A_MINUTE} in a minute")

    def _order(self, uid: int, name: str, order: Order) -> Answer:
        """Give the order, once for each `id`: whoever sends it again gets the answer of the first time."""
        with self._lock:
            if (uid, name) not in self._given and not self._orders_rate.allows(uid):
                say = f"nothing was done: more than {ORDERS_A_MINUTE} orders in a minute; wait, and see who gives them"
                return _refused(TOO_MANY, say)
            first, coming = self._given.setdefault((uid, name), (order, Future()))
            self._forget()
        if first is order:
            try:
                coming.set_result(self._orders.give(order))
            except BaseException as error:  # whoever waits for the same answer must hear of it too
                coming.set_exception(error)
                raise
        elif first != order:
            return _refused(ID_USED, "nothing was done: this id was that of another order; give each its own")
        return coming.result()

    def _forget(self) -> None:
        over = len(self._given) - REMEMBERED
        done = [key for key, (_, coming) in self._given.items() if coming.done()]
        for key in done[: max(0, over)]:
            del self._given[key]

    # ------------------------------------------------------------------------------------------------ who may not ask

    def _denied(self, uid: int, caller: Caller | None, right: str, lane: int | None) -> Answer:
        """Say what is missing; an order is written down as well, and as often as a person could be meant by it."""
        by = caller.user if caller else f"uid {uid}"
        with self._lock:
            write = right not in (STATE, WATCH, ACCESS, ALARM, ACKNOWLEDGE, COMMAND) and self._denials_rate.allows(uid)
        if write:
            public = {"order": right, "by": by, "result": str(OrderResult.REFUSED), "why": NOT_ALLOWED}
            known = lane if lane in self._orders.state() else None
            self._journal.append(Entry(kind=Kind.ORDER, lane=known, public=public)).add_done_callback(
                self._alarms.stored
            )
            log.warning("order-denied", lane=lane, order=right, by=by)
        name = caller.user if caller else self._name_of(uid) or f"uid {uid}"
        if caller:
            line = f'add "{right}" to `may` of [[caller]] user = "{name}"'
        else:
            line = f'add [[caller]] with user = "{name}" and may = ["{right}"]'
        return _refused(NOT_ALLOWED, f"user {name} may not ask for {right}; {line} in gate.toml, and restart the gate")


def _durable(written: "Future[EntryKey]") -> Answer:
    try:
        key = written.result(DURABLE_S)
    except (StorageError, TimeoutError):
        return _refused(NOT_DURABLE, "it could not be written down in time; see to the disk")
    return Answer(result=OrderResult.OBEYED, say="written down", sequence=key.sequence)


def _head(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": VERSION, **({"id": asked["id"]} if isinstance(asked.get("id"), str) else {})}


def _order(caller: Caller, asked: Mapping[str, Any]) -> Order:
    return Order(
        order=GuardOrder(asked["order"]),
        lane=asked["lane"],
        reason=asked["reason"].strip(),
        by=caller.user,
        account=asked.get("account"),
        side=Side(asked["side"]) if "side" in asked else None,
        sure=asked.get("sure", False),
    )


def _refused(why: str, say: str) -> Answer:
    return Answer(result=OrderResult.REFUSED, say=say, why=why)


def _told(answer: Answer) -> dict[str, Any]:
    told = {"result": str(answer.result), "why": answer.why, "say": answer.say, "sequence": answer.sequence}
    return {key: value for key, value in told.items() if value is not None}
