"""A stay from the entry's journal to the exit's price, with sync, broker, collector and telling between them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from demonstration.office import SITE
from headquarters.database import Database
from headquarters.journal.cosigner import acknowledgement_keys, known_issuers
from terminal.core.charge import Flag, StayId
from terminal.core.paid_stay import StayTold
from terminal.edges.clock import FlooredClock
from terminal.edges.local_socket import LocalSocket
from terminal.knowing_stays import KnowingStays
from terminal.sync.process import Sync
from tests.headquarters.conftest import Office
from tests.lane.rig import MemoryNumber
from tests.mqtt.broker_rig import Rig, running_rig
from tests.paid.day import Day
from tests.paid.park import Park
from tests.scenes.gate import JOURNAL_KEY
from tests.sync.rig import WAIT_S, Headquarters, NoBeats, Until, answer_to
from tests.sync.teller import Teller
from tests.tap.site import Site


class Line:
    """What joins the gate of one lane with headquarters: its view and socket, and the process that talks."""

    def __init__(self, folder: Path, rig: Rig, park: Park, office: Office, known: KnowingStays) -> None:
        folder.mkdir()
        (folder / "mirror").mkdir()
        self.known = known
        self.news = Until()
        self._gate = park.stage.gate
        self._keys = acknowledgement_keys(office.keys)
        self._view = self._gate.view(folder / "view.db")
        self._socket = LocalSocket(
            folder / "gate.sock", self._answer, knows=lambda _: True, heartbeat=NoBeats(), trouble=lambda _: None
        )
        name = park.world.terminal
        self._sync = Sync(
            rig.terminal(name, SITE, JOURNAL_KEY.public_key().public_bytes_raw()),
            terminal=name,
            site=SITE,
            view=folder / "view.db",
            mirror=folder / "mirror",
            gate=folder / "gate.sock",
            random=lambda: 0.0,
        )

    @contextmanager
    def up(self) -> "Iterator[Line]":
        """For as long as the block lasts."""
        self._view.start()
        self._socket.start()
        self._sync.start()
        try:
            yield self
        finally:
            self._sync.stop()
            self._socket.stop()
            assert self._view.stop(WAIT_S)

    def wait_until_told(self, card_number: bytes, condition: Callable[[StayTold], bool]) -> StayTold:
        """Until headquarters has told the gate so of the newest stay of this card."""

        def told() -> bool:
            stay = self.known.of(card_number)
            return stay is not None and condition(stay)

        self.news.wait(told)
        stay = self.known.of(card_number)
        assert stay is not None
        return stay

    def _answer(self, _uid: int, request: Mapping[str, Any]) -> Mapping[str, Any]:
        if request["ask"] == "stays":
            answer = {"version": 1, **self.known.take(request["page"])}
            self.news.tell()
            return answer
        return answer_to(self._gate.acknowledge(request["note"].encode(), self._keys))


@pytest.fixture
def office(headquarters: Database, day_site: Site, tmp_path: Path) -> Office:
    return Office(day_site.keys_of_headquarters, headquarters, tmp_path)


@pytest.fixture
def rig(day: Day, office: Office, tmp_path: Path) -> Iterator[Rig]:
    """A broker with headquarters behind it: it collects what terminals send, and tells them of stays."""
    with running_rig(tmp_path / "line", office.database) as rig, ExitStack() as parts:
        for terminal in (
            "gate-1",
            "gate-2",
        ):  # both are known before anybody connects: the broker starts anew with each
            rig.terminal(terminal, SITE, JOURNAL_KEY.public_key().public_bytes_raw())
        collecting = Headquarters(rig.headquarters, office)
        parts.callback(collecting.stop)
        teller = Teller(rig.headquarters, office, lambda: int(day.way_in.stage.now_ms))
        teller.start()
        parts.callback(teller.stop)
        yield rig


@pytest.fixture
def entry(day: Day, rig: Rig, office: Office, tmp_path: Path) -> Iterator[Line]:
    """The entry lane's, which is up."""
    known = KnowingStays("gate-1", lambda: known_issuers(office.keys).commands, FlooredClock(MemoryNumber()))
    with Line(tmp_path / "of-gate-1", rig, day.way_in, office, known).up() as line:
        yield line


@pytest.fixture
def exit_(day: Day, rig: Rig, office: Office, tmp_path: Path) -> Line:
    """The exit lane's, which is cut until somebody has it `up`."""
    return Line(tmp_path / "of-gate-2", rig, day.way_out, office, day.known)


def test_stay_that_the_card_has_lost_is_priced_at_another_terminal_by_its_true_entry(
    day: Day, entry: Line, exit_: Line
) -> None:
    els = day.way_in.world.site.numbers["els"]
    let_in = day.way_in.drives_in("els").key
    assert let_in is not None
    stay = StayId(let_in.epoch[:4], let_in.sequence)
    with exit_.up():
        exit_.wait_until_told(els, lambda told: told.stay == stay and told.inside)
        day.loses_his_stay("els")
        day.at(11, 30)
        charge = day.leaves("els")
        assert (charge.amount_cents, charge.stay, charge.flags) == (900, stay, ())  # 5 h 30: six hours begun
        told = f"inside {stay.epoch.hex()}/{stay.sequence} 0"
        assert charge.sources == {"card": "blank", "terminal": "none", "headquarters": told}
        after = entry.wait_until_told(els, lambda told: not told.inside)
        assert (after.stay, after.charged_cents, after.last_exit_ms) == (stay, 900, charge.ended_ms)


def test_line_to_the_exit_is_cut_while_he_leaves_and_his_stay_ends_when_it_is_back(
    day: Day, entry: Line, exit_: Line
) -> None:
    els = day.way_in.world.site.numbers["els"]
    day.way_in.drives_in("els")
    entry.wait_until_told(els, lambda told: told.inside)  # so headquarters knows; the exit does not
    day.loses_his_stay("els")
    day.at(11, 30)
    charge = day.leaves("els")
    assert (charge.amount_cents, charge.stay, charge.flags) == (0, None, (Flag.ENTRY_UNKNOWN,))
    assert charge.sources == {"card": "blank", "terminal": "none", "headquarters": "none"}
    assert day.way_out.passages == [("els", "passed")]
    with exit_.up():
        after = entry.wait_until_told(els, lambda told: not told.inside)
    assert (after.charged_cents, after.last_exit_ms) == (0, charge.ended_ms)
