"""One tap on a PC/SC reader: a conversation with a budget, held on a thread that may hang in a driver.

`SCardTransmit` cannot be interrupted: not by `SCardCancel`, not from another context. So it runs on a thread of its own
for each reader; the tap waits for it no longer than its budget and then goes without, while that thread comes back
when the driver lets it.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

from terminal.edges.pcsc_card import PcscCard, pcsc_context
from terminal.errors import HardwareError
from terminal.ports import CardLost

Result = TypeVar("Result")


class CardThread:
    """Where calls to the cards of one reader run, one after the other, in a PC/SC context of their own.

    The thread is a daemon: one that hangs in a driver does not keep the process alive.
    """

    def __init__(self, reader: str) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._held = ExitStack()
        self._context: Any = None
        self._thread = threading.Thread(target=self._run, name=f"card:{reader}", daemon=True)

    def start(self) -> None:
        """Begin; may be called once."""
        self._thread.start()

    def submit(self, call: Callable[[], Result]) -> "Future[Result]":
        """Run `call` after all that was submitted before it."""
        future: Future[Result] = Future()
        self._jobs.put(partial(_fulfil, future, call))
        return future

    def end(self) -> None:
        """Let go of the context and end the thread, as soon as the last call has come back. Does not block."""
        self._jobs.put(self.let_go)
        self._jobs.put(None)

    def context(self) -> Any:
        """The context of this thread; call it there only.

        Raises:
            HardwareError: the daemon does not answer.
        """
        if self._context is None:
            self._context = self._held.enter_context(pcsc_context())
        return self._context

    def let_go(self) -> None:
        """Release the context, and with it any card; call it on this thread only."""
        self._context = None
        self._held.close()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _fulfil(future: "Future[Result]", call: Callable[[], Result]) -> None:
    try:
        future.set_result(call())
    except Exception as error:  # noqa: BLE001 - it is raised again where the result is asked for
        future.set_exception(error)


class Tap:
    """The transport of one tap: connects with the first APDU, to the exclusion of every other program.

    Its budget begins with that APDU: until then the tap may have waited for the other readers of its lane.

    Exclusive rather than shared: no other program can put a command between two of ours and so break the secure
    channel, and it costs no transaction commands. Whoever else holds the card makes this tap fail, with a message that
    says so.
    """

    def __init__(
        self,
        thread: CardThread,
        reader: str,
        *,
        budget_s: float,
        monotonic_s: Callable[[], float],
        beat: Callable[[], None],
    ) -> None:
        self._thread = thread
        self._reader = reader
        self._budget_s = budget_s
        self._monotonic_s = monotonic_s
        self._beat = beat
        self._deadline_s: float | None = None
        self._card: PcscCard | None = None
        self._over = False
        self._lost = False

    def transceive(self, apdu: bytes) -> tuple[bytes, int]:
        """Send one APDU; returns (data, status word). Blocks until answered, never past the budget of the tap.

        Raises:
            CardLost: no answer will come, the budget is used up, or the tap is over.
        """
        try:
            return self._in_time(apdu)
        except CardLost:
            self._lost = True
            raise

    @property
    def lost(self) -> bool:
        """The conversation broke off."""
        return self._lost

    def end(self) -> "Future[None]":
        """Let go of the card; no APDU passes from now on. Done once the last call has come back from the driver."""
        self._over = True
        return self._thread.submit(self._release)

    def _in_time(self, apdu: bytes) -> tuple[bytes, int]:
        self._beat()
        if self._over or self._lost:
            raise CardLost(f"the conversation with the card on {self._reader} is over")
        now_s = self._monotonic_s()
        deadline_s = self._deadline_s = now_s + self._budget_s if self._deadline_s is None else self._deadline_s
        if now_s >= deadline_s:
            raise self._too_late()
        try:
            answer = self._thread.submit(partial(self._exchange, apdu)).result(deadline_s - now_s)
        except TimeoutError:
            raise self._too_late() from None
        if self._monotonic_s() > deadline_s:
            raise self._too_late()
        return answer

    def _too_late(self) -> CardLost:
        return CardLost(
            f"no answer from the card on {self._reader} within {self._budget_s:g} s; hold it there and still"
        )

    def _exchange(self, apdu: bytes) -> tuple[bytes, int]:
        try:
            if self._card is None:
                self._card = PcscCard.connect(self._thread.context(), self._reader)
            return self._card.transceive(apdu)
        except (CardLost, HardwareError) as error:
            self._card = None
            self._thread.let_go()  # whatever state the connection is in, the next tap begins with a new one
            raise CardLost(str(error)) from error

    def _release(self) -> None:
        card, self._card = self._card, None
        if card is not None:
            card.disconnect(reset=False)  # nobody else has its session keys, and a reset could make it come again
