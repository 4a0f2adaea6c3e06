"""The simulated board: a process of its own, as hardware is, that serves relays and contacts on a Unix socket.

    python -m simulation.board --socket PATH --trace FILE [--lanes 1] [--logic impulse] [--speed 1] ...

It outlives the gate. When the gate dies its relays stay as they are, as on a Raspberry Pi; whoever takes a lane's lines
anew finds every output set to its safe level first. A second taker of the same lane is refused and told who holds it.
Protocol and trace: docs/simulated-board.md.
"""

import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from simulation.board_options import read_options
from simulation.lane import LaneSetup, SimulatedLane
from simulation.service_place import SimulatedService, happen_at_service
from simulation.surroundings import Refusals, happen
from simulation.trace import Trace

PACKET_BYTES = 4096
BACKLOG = 8


class Refused(Exception):
    """What a client asked for cannot be done; the message says why."""


class _Client:
    """One connection: nobody yet, the gate's hold of a lane, or the world around the lanes."""

    def __init__(self, wire: socket.socket) -> None:
        self.wire = wire
        self.pid: int = struct.unpack("3i", wire.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        self.lane: int | None = None
        self.watches = False


class BoardServer:
    """Serves lanes and service points on one socket, in one thread. `trace` is written before anything takes effect."""

    def __init__(
        self,
        path: Path,
        trace: Trace,
        lanes: Mapping[int, LaneSetup],
        services: Iterable[int] = (),
        speed: float = 1.0,
    ) -> None:
        """Listen on `path`; a socket that a dead board left there is replaced. The model goes `speed` times real time.

        Raises:
            OSError: somebody serves there already, or the place cannot be used.
        """
        self._trace = trace
        self._speed = speed
        self._clients: dict[socket.socket, _Client] = {}
        self._listener = _listen(path)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        now_ms = self._now_ms()
        self._lanes: dict[int, SimulatedLane | SimulatedService] = {
            lane: SimulatedLane(partial(self._happened, lane), now_ms, setup) for lane, setup in lanes.items()
        }
        self._lanes |= {number: SimulatedService(partial(self._happened, number), now_ms) for number in services}
        for lane, model in self._lanes.items():
            logic = lanes[lane].logic.value if lane in lanes else "service"
            self._tell("board", lane=lane, does="start", contacts=model.contacts, logic=logic, speed=speed)

    def serve(self) -> None:
        """Serve until an exception ends it: OSError when the trace cannot be written."""
        while True:
            self.turn()

    def turn(self) -> None:
        """Wait for the next thing to happen or to be asked, and do it."""
        due = [at for at in (lane.next_ms() for lane in self._lanes.values()) if at is not None]
        timeout = max(0.0, min(due) - self._now_ms()) / 1000 / self._speed if due else None
        ready = [key.fileobj for key, _ in self._selector.select(timeout)]
        for lane in self._lanes.values():
            lane.advance(self._now_ms())
        # Who hung up goes first: a gate that was killed and started again must find its lines free.
        for wire in ready:
            if isinstance(wire, socket.socket) and wire in self._clients:
                self._hear(self._clients[wire])
        if self._listener in ready:
            wire, _ = self._listener.accept()
            wire.setblocking(False)
            self._clients[wire] = _Client(wire)
            self._selector.register(wire, selectors.EVENT_READ)

    def _hear(self, client: _Client) -> None:
        try:
            packet = client.wire.recv(PACKET_BYTES)
        except OSError:
            packet = b""
        if not packet:
            self._drop(client)
            return
        asked: dict[str, Any] = {}
        try:
            asked = _parse(packet)
            answer = self._answer(client, asked)
        except (Refused, *Refusals, RecursionError) as error:
            answer = {"error": str(error)}
        self._send(client, {"id": asked["id"], **answer} if "id" in asked else answer)

    def _answer(self, client: _Client, asked: Mapping[str, Any]) -> dict[str, Any]:
        match asked:
            case {"gate": bool()} | {"lane": bool()}:
                pass
            case {"gate": int(lane)} if client.lane is None and not client.watches:
                return self._take(client, lane)
            case {"world": True} if client.lane is None:
                client.watches = True
                return {"lanes": sorted(self._lanes)}
            case {"drive": str(output), "on": bool(on)} if client.lane is not None:
                self._lanes[client.lane].drive(output, on, self._now_ms())
                return {}
            case {"levels": True} if client.lane is not None:
                return {"levels": self._lanes[client.lane].contacts}
            case {"lane": int(lane)} if client.watches and lane in self._lanes:
                place = self._lanes[lane]
                if isinstance(place, SimulatedService):
                    return happen_at_service(place, asked, self._now_ms())
                return happen(place, asked, self._now_ms())
        raise Refused("not understood: docs/simulated-board.md says what may be asked by whom")

    def _take(self, client: _Client, lane: int) -> dict[str, Any]:
        if lane not in self._lanes:
            raise Refused(f"there is no lane {lane}; there are {', '.join(map(str, self._lanes))}")
        holder = next((other for other in self._clients.values() if other.lane == lane), None)
        if holder is not None:
            raise Refused(f"the lines of lane {lane} are held by process {holder.pid}")
        self._tell("gate", lane=lane, does="take", pid=client.pid)
        model = self._lanes[lane]
        model.make_safe(self._now_ms())
        client.lane = lane
        return {"outputs": list(model.outputs), "levels": model.contacts}

    def _now_ms(self) -> float:
        """The model's clock."""
        return time.monotonic_ns() / 1e6 * self._speed

    def _happened(self, lane: int, what: str, **facts: Any) -> None:
        self._tell(what, lane=lane, **facts)
        if what == "contact":
            for client in [client for client in self._clients.values() if client.lane == lane]:
                self._send(client, {"contact": facts["name"], "on": facts["on"]})

    def _tell(self, what: str, **facts: Any) -> None:
        line = self._trace.write(what, **facts)
        for client in [client for client in self._clients.values() if client.watches]:
            self._send(client, {"trace": json.loads(line)})

    def _send(self, client: _Client, message: Mapping[str, Any]) -> None:
        try:
            client.wire.send(json.dumps(message, separators=(",", ":")).encode())
        except OSError:  # gone, or it does not read: its own affair, the others go on
            self._drop(client)

    def _drop(self, client: _Client) -> None:
        if self._clients.pop(client.wire, None) is None:
            return
        self._selector.unregister(client.wire)
        client.wire.close()
        if client.lane is not None:
            self._tell("gate", lane=client.lane, does="leave", pid=client.pid)


def _parse(packet: bytes) -> dict[str, Any]:
    asked = json.loads(packet)
    if not isinstance(asked, dict):
        raise Refused("one JSON object a packet")
    return asked


def _listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        if probe.connect_ex(str(path)) == 0:
            raise OSError(f"another board serves on {path} already")
    try:
        with suppress(FileNotFoundError):
            path.unlink()
        listener.bind(str(path))
        path.chmod(0o600)
    except OSError as error:  # a failed bind names no path
        why = error.strerror or error
        raise OSError(
            f"cannot serve on {path}: {why}; --socket names a file in a folder that this user can write"
        ) from None
    listener.listen(BACKLOG)
    listener.setblocking(False)
    return listener


def main(arguments: list[str] | None = None) -> int:
    """Serve until killed; prints one JSON line once clients may connect."""
    given = read_options(arguments)
    try:
        trace = Trace(given.trace, time.monotonic_ns, lambda: time.time_ns() // 1_000_000)
        server = BoardServer(given.socket, trace, given.lanes, given.services, given.speed)
    except OSError as error:
        sys.stderr.write(f"simulated board: {error}\n")
        return 1
    sys.stdout.write(json.dumps({"serving": str(given.socket)}) + "\n")
    sys.stdout.flush()
    try:
        server.serve()
    except KeyboardInterrupt:
        return 0
    except OSError as error:
        sys.stderr.write(f"simulated board: {error}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
