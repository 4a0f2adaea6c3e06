"""What goes out to the terminals of a site: to whom, under which numbers, and again when."""

from concurrent.futures import Future
from dataclasses import dataclass, field, replace

import pytest

from headquarters.journal.commands import command_key
from headquarters.journal.cosigner import known_issuers
from headquarters.journal.terminals import Terminals
from headquarters.repository.announcer import Troubles
from headquarters.stays.account import PaidStay
from headquarters.stays.book import tellable
from headquarters.stays.telling import MAX_STAYS, messages_to
from headquarters.stays.watching import A_PAGE_S, ANEW_S, EVERY_S, Telling
from headquarters.tables.stays import stays as stays_table
from terminal.core import topics
from terminal.core.charge import StayId
from terminal.core.known_stays import MAX_STAYS_A_PAGE, Page, read_page, who
from terminal.edges.mqtt import Connected
from tests.headquarters.both_databases import address, office
from tests.headquarters.box import NAME, SITE
from tests.headquarters.conftest import JANSEN, Office
from tests.headquarters.inside_ground import Ground, at, site_ground
from tests.headquarters.stays_ground import OTHER, Park, card

__all__ = ["address", "office", "site_ground"]

FIRST = PaidStay(
    stay=StayId(b"abcd", 0), card_number=bytes(8), payer=int(JANSEN), entered_ms=at(1), zone=1, lane=1, tariff=3
)


def stays(count: int) -> list[tuple[bytes, PaidStay]]:
    """Of so many cards, the later number having come in later."""
    return [
        (number.to_bytes(8), replace(FIRST, stay=StayId(b"abcd", number), entered_ms=at(1) + number))
        for number in range(count)
    ]


class Clock:
    """Headquarters' monotonic one, that stands still until a test moves it."""

    s = 0.0

    def __call__(self) -> float:
        return self.s


@dataclass
class Sent:
    """A line whose broker takes each message, until it is `deaf`."""

    topics: list[str] = field(default_factory=list)
    bodies: dict[str, bytes] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)
    deaf: bool = False

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> "Future[None]":
        assert retain
        done: Future[None] = Future()
        if self.deaf:
            done.set_exception(TimeoutError())
        else:
            done.set_result(None)
            self.topics.append(topic)
            self.bodies[topic] = body
        return done

    def cut(self, why: str) -> None:
        self.cuts.append(why)


@dataclass
class Desk:
    """Who tells, at a park with two gates; time stands still."""

    park: Park
    line: Sent
    clock: Clock
    telling: Telling
    troubles: Troubles
    hour: list[float]

    @property
    def office(self) -> Office:
        return self.park.ground.office

    def messages(self, to: str, told: list[tuple[bytes, PaidStay]], now_ms: int) -> list[tuple[str, bytes]]:
        with self.office.database.transaction() as connection:
            key = command_key(self.office.keys)
            return messages_to(connection, to, told, key=key, now_ms=now_ms, salt=bytes(16))

    def read(self, body: bytes, terminal: str = NAME) -> Page:
        return read_page(body, terminal=terminal, keys=known_issuers(self.office.keys).commands)

    def turn(self, later_s: float = EVERY_S) -> list[str]:
        """A round that much later; the topics that were sent to in it."""
        self.clock.s += later_s
        before = len(self.line.topics)
        self.telling.turn(self.line, 0.0)
        return self.line.topics[before:]

    def enters(self, person: int) -> None:
        self.park.enter(1, person)
        self.park.arrive(NAME)


@pytest.fixture
def desk(ground: Ground) -> Desk:
    park = Park(ground)
    clock, hour, troubles = Clock(), [24.0], Troubles(lambda _: None)
    telling = Telling(
        ground.office.database,
        park.book,
        command_key(ground.office.keys),
        troubles,
        now_ms=lambda: at(hour[0]),
        monotonic_s=clock,
        random_bytes=bytes,
    )
    telling.events.put(Connected(session_kept=False))
    return Desk(park, Sent(), clock, telling, troubles, hour)


FIRST_PAGE = topics.stays_page(NAME, 0)


def test_numbers_come_from_the_clock_and_never_go_back(desk: Desk) -> None:
    hours = (1, 2, 1.5, 3)  # it was set back in between
    bodies = [desk.messages(NAME, [], at(hour))[0][1] for hour in hours]
    assert [desk.read(body).number for body in bodies] == [at(1), at(2), at(2) + 1, at(3)]


def test_topics_that_held_a_page_before_are_cleared_also_the_next_time(desk: Desk) -> None:
    second = topics.stays_page(NAME, 1)
    assert [topic for topic, _ in desk.messages(NAME, stays(MAX_STAYS_A_PAGE + 1), at(1))] == [FIRST_PAGE, second]
    for hour in (2, 3):  # who tells may be killed before the broker has it
        (first, _), *rest = desk.messages(NAME, stays(1), at(hour))
        assert (first, rest) == (FIRST_PAGE, [(second, b"")])


def test_of_more_stays_than_all_pages_hold_those_that_entered_first_are_left_out(desk: Desk) -> None:
    messages = desk.messages(NAME, stays(MAX_STAYS + 1), at(1))
    told = {whose for _, body in messages for whose in desk.read(body).stays}
    assert len(told) == MAX_STAYS
    assert who(bytes(16), (0).to_bytes(8)) not in told
    assert who(bytes(16), MAX_STAYS.to_bytes(8)) in told


def test_only_the_newest_stay_of_a_card_is_told_and_of_this_site_alone(desk: Desk) -> None:
    desk.park.enter(1, 7)
    second = desk.park.enter(9, 7)
    desk.park.arrive(NAME)
    desk.park.stays()
    desk.office.site(4712)
    with desk.office.database.transaction(read_only=True) as connection:
        assert [(number, stay.stay) for number, stay in tellable(connection, SITE, at(24))] == [(card(7), second)]
        assert tellable(connection, 4712, at(24)) == []


def test_each_terminal_in_use_is_told_by_pages_of_its_own(desk: Desk) -> None:
    desk.park.ground.gate(OTHER)
    desk.enters(7)
    assert desk.turn() == [FIRST_PAGE, topics.stays_page(OTHER, 0)]
    for terminal in (NAME, OTHER):
        page = desk.read(desk.line.bodies[topics.stays_page(terminal, 0)], terminal)
        assert list(page.stays) == [who(bytes(16), card(7))]


def test_retired_terminal_is_told_nothing(desk: Desk) -> None:
    desk.park.ground.gate(OTHER)
    Terminals(desk.office.database).retire(OTHER, desk.office.change)
    assert desk.turn() == [FIRST_PAGE]


def test_what_has_not_changed_is_told_again_only_after_a_while(desk: Desk) -> None:
    desk.enters(7)
    assert desk.turn() == [FIRST_PAGE]
    assert desk.turn(ANEW_S - 1) == []
    assert desk.turn() == [FIRST_PAGE]


def test_news_are_told_at_the_next_round_and_rounds_are_not_due_at_once(desk: Desk) -> None:
    desk.turn()
    desk.enters(7)
    assert desk.turn(EVERY_S - 0.1) == []
    assert desk.turn(0.1) == [FIRST_PAGE]


def test_site_with_many_pages_is_told_more_seldom(desk: Desk) -> None:
    pages = int(EVERY_S / A_PAGE_S) + 1
    row = {
        "site": SITE, "stay_epoch": b"abcd", "payer": int(JANSEN), "state": "inside", "entered_ms": at(1), "zone": 1,
        "lane": 1, "charged_cents": 0, "passenger": 0,
    }  # fmt: skip
    count = (pages - 1) * MAX_STAYS_A_PAGE + 1
    with desk.office.database.transaction() as connection:
        rows = [{**row, "stay_sequence": number, "card": number.to_bytes(8)} for number in range(count)]
        connection.execute(stays_table.insert(), rows)
    assert len(desk.turn()) == pages
    desk.enters(7)
    assert desk.turn() == []
    assert len(desk.turn()) == pages


def test_new_connection_is_told_everything_anew(desk: Desk) -> None:
    desk.enters(7)
    desk.turn()
    desk.telling.events.put(Connected(session_kept=False))
    assert desk.turn(0) == [FIRST_PAGE]


def test_who_left_a_day_ago_is_told_no_more(desk: Desk) -> None:
    stay = desk.park.enter(1, 7)
    desk.park.leave(5, 7, (stay, 1), 600)
    desk.park.arrive(NAME)
    desk.turn()
    assert len(desk.read(desk.line.bodies[FIRST_PAGE]).stays) == 1
    desk.hour[0] = 29.1
    assert desk.turn() == [FIRST_PAGE]
    assert desk.read(desk.line.bodies[FIRST_PAGE]).stays == {}


def test_broker_that_takes_nothing_is_left_and_what_it_did_not_take_is_told_again(desk: Desk) -> None:
    desk.line.deaf = True
    assert desk.turn() == []
    assert len(desk.line.cuts) == 1
    assert "broker" in desk.troubles.standing
    desk.line.deaf = False
    assert desk.turn() == [FIRST_PAGE]
