"""Stays from headquarters' journals to a gate that asks for them: real telling, broker, sync and socket."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from terminal.core import topics
from terminal.core.paid_stay import StayTold
from terminal.edges.mqtt import Line
from tests.headquarters.box import NAME
from tests.headquarters.conftest import Office
from tests.headquarters.inside_ground import Ground, at, site_ground
from tests.headquarters.stays_ground import Park, card
from tests.mqtt.broker_rig import Rig, running_rig
from tests.storage.support import SIGNING_KEY, TERMINAL
from tests.sync.rig import SITE, WAIT_S, GateSide, sync_of
from tests.sync.teller import Teller

__all__ = ["site_ground"]


@dataclass
class Way:
    rig: Rig
    park: Park
    side: GateSide
    teller: Teller

    def wait_until_known(self, person: int, *, inside: bool) -> StayTold:
        def known() -> bool:
            told = self.side.known_stays.of(card(person))
            return told is not None and told.inside is inside

        self.side.news.wait(known)
        told = self.side.known_stays.of(card(person))
        assert told is not None
        return told


@pytest.fixture
def way(office: Office, ground: Ground, tmp_path: Path) -> Iterator[Way]:
    with running_rig(tmp_path / "broker", office.database, tmp_path / "hq") as rig:
        broker = rig.terminal(TERMINAL, SITE, SIGNING_KEY.public_key().public_bytes_raw())
        side = GateSide(tmp_path / "gate", office)
        sync = sync_of(broker, side)
        sync.start()
        teller = Teller(rig.headquarters, office, lambda: at(24))
        teller.start()
        yield Way(rig, Park(ground), side, teller)
        teller.stop()
        sync.stop()
        side.end()


def test_entry_at_one_terminal_is_known_at_another_and_so_is_its_end(way: Way) -> None:
    stay = way.park.enter(1, 7)
    way.park.arrive(NAME)
    told = way.wait_until_known(7, inside=True)
    assert (told.stay, told.entered_ms, told.tariff) == (stay, at(1), 3)
    way.park.leave(5, 7, (stay, 1), 600)
    way.park.arrive(NAME)
    told = way.wait_until_known(7, inside=False)
    assert (told.last_exit_ms, told.charged_cents) == (at(5), 600)


def test_gate_that_begins_anew_is_told_again_while_headquarters_is_silent(way: Way) -> None:
    way.park.enter(1, 7)
    way.park.arrive(NAME)
    way.wait_until_known(7, inside=True)
    way.teller.stop()
    way.side.end()
    way.side.begin()
    way.wait_until_known(7, inside=True)


def test_broker_that_was_killed_and_forgot_is_told_anew(way: Way) -> None:
    way.rig.mosquitto.kill()
    way.park.enter(1, 7)
    way.park.arrive(NAME)
    way.rig.mosquitto.start()
    way.wait_until_known(7, inside=True)


def test_forged_page_at_the_broker_leaves_what_headquarters_told(way: Way) -> None:
    way.park.enter(1, 7)
    way.park.arrive(NAME)
    way.wait_until_known(7, inside=True)
    connected = threading.Event()
    line = Line(way.rig.headquarters, "mallory", lambda _: connected.set(), random=lambda: 0.0, session_expiry_s=0)
    line.start()
    assert connected.wait(WAIT_S)
    line.publish(topics.stays_page(TERMINAL, 0), b"forged", retain=True).result(WAIT_S)
    way.side.news.wait(lambda: any(each.get("why") == "not-understood" for each in way.side.asked))
    assert line.stop(WAIT_S)
    way.wait_until_known(7, inside=True)
