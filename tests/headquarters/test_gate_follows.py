from dataclasses import dataclass, field

from headquarters.repository.publisher import fill_mirror
from terminal.core.instant import ClockQuality, Now
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.trust.keeper import RulesKeeper
from terminal.trust.seen import SeenDatabase
from tests.headquarters.conftest import JANSEN, Office


@dataclass
class OfficeClock:
    office: Office
    floors: list[int] = field(default_factory=list)

    def now(self) -> Now:
        return Now(int(self.office.now.timestamp() * 1000), ClockQuality.GOOD)

    def monotonic_s(self) -> float:
        return self.office.now.timestamp()

    def raise_floor(self, issued_at_s: int) -> None:
        self.floors.append(issued_at_s)


def test_gate_follows_what_headquarters_publishes(office: Office) -> None:
    mirror = office.folder / "mirror"
    office.site(4711)
    cards = [office.issued(chip) for chip in range(3)]
    office.publish()
    fill_mirror(office.published, 4711, mirror)
    keeper = RulesKeeper(
        site=4711,
        root=office.keys.roots / "1.root.json",
        mirror=mirror,
        state=office.folder / "state",
        seen=SeenDatabase(office.folder / "seen.db"),
        clock=OfficeClock(office),
    )
    first = keeper.refresh()
    assert (first.refused, first.rules is not None) == ((), True)

    office.later(minutes=5)
    for card, status in zip(cards, (CardStatus.VALID, CardStatus.BLOCKED, CardStatus.SUSPENDED), strict=True):
        office.register.set_card_status(card.card_number, status, office.change)
    office.register.set_company_status(JANSEN, CompanyStatus.ARREARS, office.change)
    late = office.issued(3)
    office.publish()
    fill_mirror(office.published, 4711, mirror)
    second = keeper.refresh()
    rules = second.rules
    assert rules is not None
    assert second.refused == ()
    assert [rules.cards.status(card.card_index) for card in (*cards, late)] == [0, 1, 2, 3]
    assert rules.companies.status(cards[0].company_index) == 2
    assert (rules.list_number, rules.lists_issued_at_s) == (2, int(office.now.timestamp()))
    assert rules.policy.name == "site 4711"
