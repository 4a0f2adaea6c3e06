"""Gates in processes of their own, for tests that kill them, starve them or lock them out.

python -m tests.storage.children append FOLDER FIRST COUNT    print a line for each intent that became durable;
                                                              after COUNT of them wait to be killed
python -m tests.storage.children hold FOLDER                  print "open", keep the journal until stdin ends
python -m tests.storage.children fill FOLDER LIMIT            write past a limit on the size of files, lift it, go on
python -m tests.storage.children end-epoch FOLDER WHEN        end the epoch that is marked; killed before or after its
                                                              commit
python -m tests.storage.children fill-disk FOLDER             the same on a disk that is full (FOLDER is on a small one)
python -m tests.storage.children drop FOLDER                  drop what is acknowledged, a line for each transaction
python -m tests.storage.children reserve FOLDER               write on a disk that others fill, until no reserve is left
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from terminal.core.journal import Entry, EntryKey, Kind
from terminal.core.stay import Stay, StayOpened
from terminal.errors import StorageError
from terminal.recovery import settle
from terminal.storage.reserve import Reserve
from tests.storage.support import DECISION, EAN, Gate

IN_FLIGHT = 3
LARGE = 14_000


def numbered(number: int, pad: int = 300) -> Entry:
    """Every other entry is an intent that the next one settles, if all goes well."""
    card = number.to_bytes(8)
    public = {**DECISION, "number": number}
    return Entry(kind=Kind.TAP_INTENT, lane=1, public=public, card_number=card, sealed={"card": card, "pad": "a" * pad})


def settled(key: EntryKey) -> Entry:
    return Entry(kind=Kind.TAP_OUTCOME, lane=1, public={"intent": key.sequence, "result": "opened"})


def append(folder: Path, first: int, count: int) -> None:
    def durable(number: int) -> Callable[["Future[EntryKey]"], object]:
        return lambda future: os.write(1, f"{number} {future.result().sequence}\n".encode())

    with Gate(folder) as gate:
        waiting: list[Future[EntryKey]] = []
        for number in range(first, first + count):
            intent = gate.journal.append(numbered(number))
            intent.add_done_callback(durable(number))
            waiting.append(intent)
            if len(waiting) == IN_FLIGHT:
                key = waiting.pop(0).result()
                stay = Stay(zone=1, lane=1, entered_ms=gate.clock.ms, intent=key.sequence)
                gate.journal.append(settled(key), StayOpened(key.sequence.to_bytes(8), EAN, stay))
        signal.pause()


def hold(folder: Path) -> None:
    with Gate(folder):
        os.write(1, b"open\n")
        sys.stdin.read()


def end_epoch(folder: Path, when: str) -> None:
    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    before: list[Callable[[], None]] = []
    with Gate(folder, before_commit=lambda: [each() for each in before]) as gate:
        settle(gate.journal, software="1.0", stay_after=lambda _: None)
        if when == "before":
            before.append(die)
        gate.store.begin_epoch(gate.journal)
        die()


def fill(folder: Path, limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    _until_full(folder, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2))


def fill_disk(folder: Path) -> None:
    ballast = folder.parent / "ballast"
    ballast.write_bytes(bytes(512 * 1024))
    _until_full(folder, ballast.unlink)


def drop(folder: Path) -> None:
    with Gate(folder) as gate:
        retention = gate.store.retention()
        while retention.drop(before_ms=None):
            os.write(1, b"dropped\n")
        os.write(1, b"nothing left\n")
        signal.pause()


def reserve(folder: Path) -> None:
    """On a disk of its own: others fill it to the last byte, again and again."""
    reserve = Reserve(folder)
    disk = folder.parent
    with Gate(folder, reserve=reserve) as gate:
        reserve.refill()
        whole_bytes = reserve.space().reserve_bytes
        gate.journal.append(numbered(0, LARGE)).result()
        fill_up(disk / "ballast")
        written, refused = 0, ""
        try:
            while True:
                gate.journal.append(numbered(written + 1, LARGE)).result()
                written += 1
        except StorageError as error:
            refused = str(error)
    left_bytes = reserve.space().reserve_bytes
    (disk / "ballast").unlink()
    reserve.refill()
    made_anew_bytes = reserve.space().reserve_bytes
    fill_up(disk / "ballast")
    with Gate(folder, reserve=reserve) as gate:  # there is not one free block: it starts from the reserve
        gate.journal.append(numbered(written + 1, LARGE)).result()
        numbers = [entry.record.public["number"] for entry in gate.entries()]
    report = {"whole": whole_bytes, "written": written, "refused": refused, "left": left_bytes, "stored": len(numbers)}
    print(json.dumps({**report, "made_anew": made_anew_bytes}))  # noqa: T201  it is what the parent reads


def fill_up(ballast: Path) -> None:
    """Write until not one more byte fits."""
    with ballast.open("ab", buffering=0) as file:
        for size in (2**20, 4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                pass


def _until_full(folder: Path, make_room: Callable[[], None]) -> None:
    durable: list[int] = []
    errors: list[str] = []
    with Gate(folder) as gate:
        number = 0
        while len(errors) < 20:
            try:
                gate.journal.append(numbered(number)).result()
                durable.append(number)
            except StorageError as error:
                errors.append(str(error))
            number += 1
        trouble = gate.store.trouble
        make_room()
        gate.journal.append(numbered(number)).result()
        durable.append(number)
        trouble_after = gate.store.trouble
    with Gate(folder) as gate:
        stored = [entry.record.public.get("number") for entry in gate.entries()]
        sequences = [entry.record.sequence for entry in gate.entries()]
    report = {"durable": durable, "errors": errors, "trouble": trouble, "trouble_after": trouble_after}
    print(json.dumps({**report, "stored": stored, "sequences": sequences}))  # noqa: T201  it is what the parent reads


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["append", folder, first, count]:
            append(Path(folder), int(first), int(count))
        case ["hold", folder]:
            hold(Path(folder))
        case ["end-epoch", folder, when]:
            end_epoch(Path(folder), when)
        case ["fill", folder, limit]:
            fill(Path(folder), int(limit))
        case ["fill-disk", folder]:
            fill_disk(Path(folder))
        case ["drop", folder]:
            drop(Path(folder))
        case ["reserve", folder]:
            reserve(Path(folder))
        case _:
            sys.exit(__doc__)
