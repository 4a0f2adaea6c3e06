"""The relays and contacts of one lane on the lines of a real GPIO chip: libgpiod 2 on Linux's character device.

Debouncing, timestamps and the queue of edges are the kernel's. One thread a lane waits, without a time-out, for an
edge or for the end. docs/gpio.md tells what has been seen on a kernel; chip and errors stand in `gpio_chip`.
"""

import select
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

import gpiod
from gpiod.line import Bias, Direction, Edge, Value

from firmware_config.wiring import LaneWiring, Line
from terminal.edges.gpio_chip import DEVICES, open_chip, request_lines
from terminal.errors import HardwareError
from terminal.ports import Input, Output

BIAS = {
    "pull-up": Bias.PULL_UP,
    "pull-down": Bias.PULL_DOWN,
    "disabled": Bias.DISABLED,
    "as-is": Bias.AS_IS,
}


def take_gpio(wiring: LaneWiring, lane: int, debounce_ms: int, *, devices: Path = DEVICES) -> "GpioBoard":
    """Take all lines of a lane. Every output becomes inactive in the same call that makes it an output.

    Raises:
        HardwareError: the chip is missing, shut to this user or without such lines, or a line is held; the message
            names the holder. What was taken by then is let go of.
    """
    consumer = f"xs-gate lane {lane}"
    with open_chip(wiring.chip_label, devices) as chip:
        relays = request_lines(chip, wiring.outputs, _output, consumer)
        try:
            contacts = None
            if wiring.inputs:
                contacts = request_lines(chip, wiring.inputs, partial(_input, debounce_ms=debounce_ms), consumer)
        except HardwareError:
            relays.release()
            raise
    return GpioBoard(wiring, lane, relays, contacts)


class GpioBoard:
    """A `terminal.ports.LaneBoard` on lines that were taken: `relays`, and `contacts` if any are fitted.

    Once a call has failed the board counts as gone: every later one raises, and the lane takes it anew.
    """

    def __init__(
        self, wiring: LaneWiring, lane: int, relays: gpiod.LineRequest, contacts: gpiod.LineRequest | None
    ) -> None:
        self._name = f"lane {lane} on GPIO chip `{wiring.chip_label}`"
        self._outputs = {Output(name): line.offset for name, line in wiring.outputs.items()}
        self._inputs = {line.offset: Input(name) for name, line in wiring.inputs.items()}
        self._relays = relays
        self._contacts = contacts
        self._changed: Callable[[Input, bool], None] | None = None
        self._gone: str | None = None
        self._lock = threading.Lock()  # libgpiod leaves it to its users
        self._end, self._ended = socket.socketpair()
        self._thread = threading.Thread(target=self._watch, name=f"gpio-lane-{lane}", daemon=True)
        self._thread.start()

    def drive(self, output: Output, on: bool) -> None:
        """Set an output; returns when the chip has been told."""
        if output not in self._outputs:
            raise HardwareError(f"{self._name}: no line is wired to the output `{output}`; correct the pin map")
        with self._asking():
            self._relays.set_value(self._outputs[output], Value.ACTIVE if on else Value.INACTIVE)

    def levels(self) -> Mapping[Input, bool]:
        """The contacts that are fitted and whether each is active, read anew; a debounced one as it was last steady."""
        with self._asking():
            values = self._contacts.get_values(list(self._inputs)) if self._contacts is not None else []
        return {contact: bool(value) for contact, value in zip(self._inputs.values(), values, strict=True)}

    def subscribe(self, changed: Callable[[Input, bool], None]) -> None:
        """Call `changed` for every change of a contact, on this board's own thread."""
        self._changed = changed

    def outputs(self) -> frozenset[Output]:
        """The outputs that are fitted."""
        return frozenset(self._outputs)

    def close(self) -> None:
        """Let go of the lines. Their levels then are the kernel driver's affair: a Raspberry Pi's keeps them."""
        self._end.close()
        if threading.current_thread() is not self._thread:
            self._thread.join()
        with self._lock:
            self._gone = self._gone or f"{self._name}: was let go of"
            self._relays.release()
            if self._contacts is not None:
                self._contacts.release()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        with self._lock:
            if self._gone is not None:
                raise HardwareError(self._gone)
            try:
                yield
            except OSError as error:
                self._gone = f"{self._name}: the chip does not answer ({error.strerror}); is it still there?"
                raise HardwareError(self._gone) from None

    def _watch(self) -> None:
        poll = select.poll()
        poll.register(self._ended, select.POLLIN)
        if self._contacts is not None:
            poll.register(self._contacts.fd, select.POLLIN)
        try:
            while self._ended.fileno() not in dict(poll.poll()):
                for contact, on in self._edges():
                    if self._changed is not None and self._gone is None:
                        self._changed(contact, on)
        except HardwareError:  # whoever asks next is told
            pass
        finally:
            self._gone = self._gone or f"{self._name}: reports no contacts any more"
            self._ended.close()

    def _edges(self) -> list[tuple[Input, bool]]:
        """Those that the kernel has queued; waits when there are none."""
        with self._asking():
            events = self._contacts.read_edge_events() if self._contacts is not None else []
        rising = gpiod.EdgeEvent.Type.RISING_EDGE  # of the logical level: from inactive to active
        return [(self._inputs[event.line_offset], event.event_type is rising) for event in events]


def _output(line: Line) -> gpiod.LineSettings:
    return gpiod.LineSettings(
        direction=Direction.OUTPUT,
        output_value=Value.INACTIVE,
        active_low=line.active_low,
        bias=BIAS[line.bias],
    )


def _input(line: Line, debounce_ms: int) -> gpiod.LineSettings:
    return gpiod.LineSettings(
        direction=Direction.INPUT,
        edge_detection=Edge.BOTH,
        active_low=line.active_low,
        bias=BIAS[line.bias],
        debounce_period=timedelta(milliseconds=debounce_ms),
    )
