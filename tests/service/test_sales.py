"""Somebody buys at a service point: what he is shown, what is switched on, what he is charged."""

import pytest

from terminal.core.charge import Flag
from terminal.core.journal import Kind
from terminal.core.tariff.explanation import What
from tests.service.conftest import OpenPoint
from tests.simulation_board.board_process import BoardProcess
from tests.tap.one_lane import said
from tests.tap.site import POWER, SHOWER, WEIGHBRIDGE, Site


def test_first_tap_shows_the_price_and_the_second_one_pulses_and_charges(site: Site, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        anna = site.card("anna")
        offered = weighbridge.tap(anna)
        assert said(offered) == ("admit", "ok")
        assert offered.sale is not None
        assert (offered.sale.step, offered.sale.amount, offered.sale.confirm_s) == ("offered", "12.50", 20)
        assert (weighbridge.switched(), weighbridge.cents()) == ([], [])
        given = weighbridge.tap(anna)
        assert given.sale is not None
        assert given.charge is not None
        assert (given.sale.step, given.charge.amount_cents) == ("given", 1250)
        weighbridge.world.wait_for(what="output", on=False)
        assert weighbridge.switched() == [True, False]
        (charge,) = weighbridge.charges()
        assert (charge.what, charge.vat, charge.zone, charge.stay) == ("weighbridge", "21", None, None)
        assert [(line.what, line.times, line.amount_micro) for line in charge.lines] == [(What.UNITS, 1, 12_500_000)]
        intent, outcome = weighbridge.told(Kind.SALE_INTENT), weighbridge.told(Kind.SALE_OUTCOME)
        assert "side" not in intent[0]
        assert [each.get("result") for each in outcome] == [None, "given"]


def test_confirmation_that_comes_too_late_is_another_first_tap(site: Site, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        anna = site.card("anna")
        steps = [weighbridge.tap(anna, later_s).sale for later_s in (0, 21, 15)]
        assert [sale.step for sale in steps if sale] == ["offered", "offered", "given"]
        assert weighbridge.cents() == [1250]


def test_card_that_is_held_unsteadily_confirms_nothing(site: Site, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        anna = site.card("anna")
        steps = [weighbridge.tap(anna, 0).sale for _ in range(3)]
        assert [sale.step for sale in steps if sale] == ["offered"] * 3
        assert weighbridge.cents() == []


def test_somebody_elses_card_does_not_confirm(site: Site, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        weighbridge.tap(site.card("anna"))
        other = weighbridge.tap(site.card("eva"))
        assert other.sale is None or other.sale.step == "offered"
        again = weighbridge.tap(site.card("anna"))
        assert again.sale is not None
        assert again.sale.step == "offered"
        assert weighbridge.cents() == []


def test_blocked_card_between_price_and_confirmation(site: Site, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        weighbridge.tap(site.card("anna"))
        weighbridge.take("anna-blocked")
        assert said(weighbridge.tap(site.card("anna"))) == ("refuse", "blocked")
        assert (weighbridge.switched(), weighbridge.cents()) == ([], [])


def test_card_limit_is_reached_by_what_is_sold(site: Site, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        weighbridge.buys(site.card("anna"))  # 12.50 of the 20.00 that a card may have while nothing is heard
        assert said(weighbridge.tap(site.card("anna"))) == ("desk", "payment-not-possible")
        assert weighbridge.cents() == [1250]


def test_time_that_was_bought_ends_by_itself(site: Site, point: OpenPoint) -> None:
    with point(SHOWER) as shower:
        begun = shower.buys(site.card("anna"))
        assert begun.sale is not None
        assert (begun.sale.step, shower.cents(), shower.is_on) == ("begun", [200], True)
        shower.moves(479)
        assert shower.point.goes_on is not None
        shower.moves(2)
        shower.world.wait_for(what="output", on=False)
        shower.until(lambda: bool(shower.told(Kind.SALE_ENDED)))
        (ended,) = shower.told(Kind.SALE_ENDED)
        assert begun.key is not None
        assert (ended["service"], ended["why"], ended["intent"]) == ("shower", "time", begun.key.sequence)
        assert shower.cents() == [200]


def test_time_is_bought_again_while_it_runs(site: Site, point: OpenPoint) -> None:
    with point(SHOWER) as shower:
        first = shower.buys(site.card("anna"))
        longer = shower.buys(site.card("anna"))
        assert first.sale is not None
        assert longer.sale is not None
        assert (longer.sale.ends_ms or 0) - (first.sale.ends_ms or 0) == 480_000
        assert shower.cents() == [200, 200]
        assert shower.switched() == [True]


def test_somebody_else_waits_until_it_is_free(site: Site, point: OpenPoint) -> None:
    with point(SHOWER) as shower:
        shower.buys(site.card("anna"))
        assert said(shower.tap(site.card("farid"))) == ("refuse", "lane-busy")


def test_units_are_charged_by_the_meter_when_he_taps_again(site: Site, point: OpenPoint) -> None:
    with point(POWER) as power:
        assert power.buys(site.card("anna")).charge is None
        assert power.switched() == [True]
        power.takes(37)
        taken = power.point.meter
        ended = power.tap(site.card("anna"))
        assert ended.sale is not None
        assert ended.sale.step == "ended"
        assert power.switched() == [True, False]
        (charge,) = power.charges()
        assert (charge.unit, charge.what) == ("kWh", "reefer-power")
        assert charge.lines[0].times == taken * 100  # ten pulses a unit
        assert charge.amount_cents == (taken * 45 + 5) // 10  # half up
        assert ended.charge == charge
        assert power.told(Kind.SALE_ENDED)[0]["why"] == "tap"


def test_blocked_card_ends_what_it_bought_all_the_same(site: Site, point: OpenPoint) -> None:
    with point(POWER) as power:
        power.buys(site.card("anna"))
        power.takes(10)
        power.take("anna-blocked")
        power.tap(site.card("anna"))
        assert not power.is_on
        assert len(power.charges()) == 1


def test_units_end_when_nothing_is_taken_any_more(site: Site, point: OpenPoint) -> None:
    with point(POWER) as power:
        power.buys(site.card("anna"))
        power.takes(10)
        power.moves(1800)
        power.world.wait_for(what="output", on=False)
        power.until(lambda: bool(power.told(Kind.SALE_ENDED)))
        assert power.told(Kind.SALE_ENDED)[0]["why"] == "idle"
        assert len(power.cents()) == 1


def test_no_more_is_charged_than_may_be_taken(site: Site, point: OpenPoint) -> None:
    with point(POWER) as power:
        power.buys(site.card("anna"))
        power.world.happen(takes=100.0)
        power.world.wait_for(what="output", on=False)
        power.until(lambda: bool(power.told(Kind.SALE_ENDED)))
        assert power.told(Kind.SALE_ENDED)[0]["why"] == "most"
        assert power.cents() == [900]  # 20 kWh


def test_service_point_without_a_meter_sells_no_units(site: Site, point: OpenPoint) -> None:
    with point(POWER, pulses_a_unit=None) as power:
        assert said(power.tap(site.card("anna"))) == ("refuse", "lane-closed")


def test_service_point_that_the_policy_does_not_name(site: Site, board: BoardProcess, point: OpenPoint) -> None:
    with point(WEIGHBRIDGE, publication=None) as weighbridge:
        assert said(weighbridge.tap(site.card("anna"))) == ("refuse", "lane-closed")
        assert weighbridge.switched() == []


@pytest.mark.parametrize("person", ["bram", "kim"])
def test_card_that_may_not_pay_is_turned_away(site: Site, point: OpenPoint, person: str) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        answer = weighbridge.tap(site.card(person))
        assert answer.sale is None
        assert answer.decision is not None
        assert not answer.decision.outcome.opens


def test_board_that_is_gone_sells_nothing_and_charges_nothing(
    site: Site, board: BoardProcess, point: OpenPoint
) -> None:
    with point(WEIGHBRIDGE) as weighbridge:
        weighbridge.tap(site.card("anna"))
        board.kill()
        weighbridge.until(lambda: not weighbridge.point.has_board)
        assert said(weighbridge.tap(site.card("anna"))) == ("refuse", "lane-closed")
        assert weighbridge.cents() == []
        assert "board" in [alarm.name for alarm in weighbridge.alarms.standing()]


def test_charge_above_what_a_card_may_have_is_flagged(site: Site, point: OpenPoint) -> None:
    with point(POWER) as power:
        for _ in range(3):
            power.buys(site.card("anna"))
            power.takes(195)
            power.tap(site.card("anna"))
        flags = [charge.flags for charge in power.charges()]
        assert flags[:2] == [(), ()]
        assert flags[2] == (Flag.OVER_LIMIT,)
