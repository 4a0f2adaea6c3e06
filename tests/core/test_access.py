"""The decision as stories: one right card, one thing changed, one answer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from terminal.core.access import decide
from terminal.core.credential import Product
from terminal.core.hours import Window
from terminal.core.policy import HOUR_S, ListAgeLimits, Payer
from terminal.core.presented import NotAnXsKey, NotAuthentic, Presented, RandomUid, Unreadable
from terminal.core.reasons import Help, Outcome, Reason
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.core.situation import Decision, Inside, LaneState, Occupancy, OnAccount, SecondFactor, Situation
from tests.core.people import EAN, NOON, OTHER_EAN, card, policy, situation, training, visit

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
PAYER = Payer(ean=str(EAN), offline_cents=5000, offline_charges=3, card_cents=2000, list_age_s=HOUR_S)


def answer(outcome: Outcome, reason: Reason, help_: Help, *flags: Reason, lacking: tuple[str, ...] = ()) -> Decision:
    return Decision(outcome=outcome, reason=reason, help=help_, flags=flags, trainings_lacking=lacking)


OK = answer(Outcome.ADMIT, Reason.OK, Help.DRIVER)


def test_a_good_card_is_admitted() -> None:
    assert decide(card(), situation()) == OK


@pytest.mark.parametrize(
    ("presented", "changes", "expected"),
    [
        (Unreadable("card-lost"), {}, answer(Outcome.REFUSE, Reason.UNREADABLE, Help.DRIVER)),
        (NotAnXsKey("select"), {}, answer(Outcome.REFUSE, Reason.NOT_AN_XS_KEY, Help.DRIVER)),
        (RandomUid(), {}, answer(Outcome.REFUSE, Reason.RANDOM_UID, Help.ISSUER)),
        (NotAuthentic("signature"), {}, answer(Outcome.REFUSE, Reason.NOT_AUTHENTIC, Help.ISSUER)),
        (card(not_before=int(NOON.timestamp()) + 1), {}, answer(Outcome.REFUSE, Reason.NOT_YET_VALID, Help.ISSUER)),
        (card(not_before=int(NOON.timestamp())), {}, OK),
        (card(expires=int(NOON.timestamp())), {}, answer(Outcome.REFUSE, Reason.EXPIRED, Help.ISSUER)),
        (card(expires=int(NOON.timestamp()) + 1), {}, OK),
        (card(), {"card_status": CardStatus.BLOCKED}, answer(Outcome.REFUSE, Reason.BLOCKED, Help.ISSUER)),
        (card(), {"card_status": CardStatus.SUSPENDED}, answer(Outcome.REFUSE, Reason.SUSPENDED, Help.ISSUER)),
        (card(), {"card_status": CardStatus.NOT_ACTIVATED}, answer(Outcome.REFUSE, Reason.NOT_ACTIVATED, Help.ISSUER)),
        (card(), {"card_status": None}, answer(Outcome.DESK, Reason.UNKNOWN_CARD, Help.ISSUER)),
        (
            card(),
            {"company_status": CompanyStatus.ENDED},
            answer(Outcome.REFUSE, Reason.COMPANY_BLOCKED, Help.EMPLOYER),
        ),
        (
            card(),
            {"company_status": CompanyStatus.ARREARS},
            answer(Outcome.REFUSE, Reason.COMPANY_SUSPENDED, Help.EMPLOYER),
        ),
        (card(), {"company_status": 3}, answer(Outcome.DESK, Reason.UNKNOWN_COMPANY, Help.ISSUER)),
        (card(), {"company_status": None}, answer(Outcome.DESK, Reason.UNKNOWN_COMPANY, Help.ISSUER)),
        (
            card(product=Product.DSP),
            {"policy": policy(products=("cargocard",))},
            answer(Outcome.REFUSE, Reason.PRODUCT_NOT_ACCEPTED, Help.DESK),
        ),
        (
            card(),
            {"lane_state": LaneState.CLOSED},
            answer(Outcome.REFUSE, Reason.LANE_CLOSED, Help.DRIVER),
        ),
        (card(), {"lane_state": LaneState.BUSY}, answer(Outcome.REFUSE, Reason.LANE_BUSY, Help.DRIVER)),
        (card(), {"lane": 9}, answer(Outcome.REFUSE, Reason.LANE_CLOSED, Help.DRIVER)),
    ],
)
def test_one_thing_is_wrong_at_the_entry(presented: Presented, changes: dict, expected: Decision) -> None:  # type: ignore[type-arg]
    assert decide(presented, situation(**changes)) == expected


def test_the_first_check_that_fails_decides() -> None:
    worst = situation(
        card_status=CardStatus.BLOCKED, company_status=CompanyStatus.ENDED, lane_state=LaneState.CLOSED, list_age_s=1e9
    )
    assert decide(card(expires=0), worst).reason is Reason.EXPIRED
    assert decide(card(), worst).reason is Reason.BLOCKED
    assert decide(card(), replace(worst, card_status=0)).reason is Reason.COMPANY_BLOCKED
    assert decide(card(), replace(worst, card_status=0, company_status=0)).reason is Reason.LIST_TOO_OLD


class TestListAge:
    def at(self, age_s: float, **changes: object) -> Situation:
        return situation(list_age_s=age_s, lists_issued_at_s=NOON.timestamp() - age_s, **changes)

    def test_level_1_believes_a_list_for_seven_days_and_sends_to_the_desk_after(self) -> None:
        assert decide(card(), self.at(7 * 24 * HOUR_S)) == OK
        assert decide(card(), self.at(7 * 24 * HOUR_S + 1)) == answer(Outcome.DESK, Reason.LIST_TOO_OLD, Help.DESK)

    def test_levels_2_and_3_believe_a_list_for_a_day(self) -> None:
        for level in ("2", "3"):
            assert decide(card(), self.at(24 * HOUR_S, level=level)) == OK
            assert decide(card(), self.at(24 * HOUR_S + 1, level=level)).reason is Reason.LIST_TOO_OLD

    def test_the_policy_may_refuse_or_admit_with_a_flag(self) -> None:
        limits = {n: ListAgeLimits(warn_s=1, max_s=10, past_max="refuse") for n in ("1", "2", "3")}
        assert decide(card(), self.at(11, policy=policy(list_age=limits))).outcome is Outcome.REFUSE
        limits = {n: replace(limit, past_max="admit-flagged") for n, limit in limits.items()}
        flagged = answer(Outcome.ADMIT, Reason.OK, Help.DRIVER, Reason.LIST_TOO_OLD)
        assert decide(card(), self.at(11, policy=policy(list_age=limits))) == flagged

    def test_twelve_hours_after_a_raise_of_the_level_older_lists_are_too_old(self) -> None:
        raised_s = NOON.timestamp() - 12 * HOUR_S
        issued_before = {"level": "2", "level_since_s": raised_s, "lists_issued_at_s": raised_s - 1}
        assert decide(card(), situation(**issued_before)).reason is Reason.LIST_TOO_OLD
        assert decide(card(), situation(**issued_before, now_s=NOON.timestamp() - 1)) == OK
        assert decide(card(), situation(**{**issued_before, "lists_issued_at_s": raised_s})) == OK


class TestHours:
    def test_the_lane_opens_at_its_hour_and_closes_at_its_hour(self) -> None:
        rules = policy(lane={"hours": (Window(days=("tue",), start="12:00", end="13:00"),)})
        assert decide(card(), situation(policy=rules)) == OK
        assert decide(card(), situation(policy=rules, now_s=NOON.timestamp() - 1)).reason is Reason.CLOSED
        assert decide(card(), situation(policy=rules, now_s=NOON.timestamp() + HOUR_S - 1)) == OK
        assert decide(card(), situation(policy=rules, now_s=NOON.timestamp() + HOUR_S)).reason is Reason.CLOSED

    def test_a_night_window_belongs_to_the_day_it_begins_on(self) -> None:
        rules = policy(lane={"hours": (Window(days=("mon",), start="18:00", end="12:01", end_day=1),)})
        assert decide(card(), situation(policy=rules)) == OK
        rules = policy(lane={"hours": (Window(days=("tue",), start="18:00", end="12:01", end_day=1),)})
        assert decide(card(), situation(policy=rules)).reason is Reason.CLOSED


class TestSecondFactor:
    rules = policy(zone={"second_factor_levels": ("2",)})

    def test_is_asked_only_at_the_levels_of_the_zone_and_never_a_dead_end(self) -> None:
        assert decide(card(), situation(policy=self.rules)) == OK
        missing = decide(card(), situation(policy=self.rules, level="2"))
        assert missing == answer(Outcome.DESK, Reason.SECOND_FACTOR_MISSING, Help.DESK)
        failed = decide(card(), situation(policy=self.rules, level="2", second_factor=SecondFactor.FAILED))
        assert failed == answer(Outcome.DESK, Reason.SECOND_FACTOR_FAILED, Help.DESK)
        assert decide(card(), situation(policy=self.rules, level="2", second_factor=SecondFactor.PASSED)) == OK


class TestTrainings:
    rules = policy(zone={"trainings": ("VCA", "GATE")})
    today = date(2026, 9, 15)

    def test_both_held_today_is_their_last_day(self) -> None:
        held = card(training("VCA", self.today), training("GATE", self.today))
        assert decide(held, situation(policy=self.rules)) == OK

    def test_the_last_day_ends_at_the_sites_midnight_not_at_utc(self) -> None:
        held = card(training("VCA", self.today), training("GATE", self.today))
        local_midnight_s = NOON.timestamp() + 12 * HOUR_S
        assert decide(held, situation(policy=self.rules, now_s=local_midnight_s - 1)) == OK
        assert decide(held, situation(policy=self.rules, now_s=local_midnight_s)) == answer(
            Outcome.DESK, Reason.TRAINING_EXPIRED, Help.EMPLOYER, lacking=("VCA", "GATE")
        )

    def test_missing_goes_before_expired_and_both_are_named(self) -> None:
        held = card(training("GATE", self.today - timedelta(days=1)))
        assert decide(held, situation(policy=self.rules)) == answer(
            Outcome.DESK, Reason.TRAINING_MISSING, Help.EMPLOYER, lacking=("VCA", "GATE")
        )

    def test_a_renewed_training_stands_on_the_card_twice(self) -> None:
        held = card(training("GATE", self.today), training("VCA", self.today), training("VCA", date(2020, 1, 1)))
        assert decide(held, situation(policy=self.rules)) == OK

    @pytest.mark.parametrize(
        ("lacking", "outcome", "reason"),
        [
            ("refuse", Outcome.REFUSE, Reason.TRAINING_MISSING),
            ("admit-escorted", Outcome.ADMIT, Reason.OK),
        ],
    )
    def test_the_policy_may_refuse_or_send_an_escort(self, lacking: str, outcome: Outcome, reason: Reason) -> None:
        rules = policy(zone={"trainings": ("VCA",), "training_lacking": lacking})
        decision = decide(card(), situation(policy=rules))
        assert (decision.outcome, decision.reason, decision.trainings_lacking) == (outcome, reason, ("VCA",))


class TestVisits:
    rules = policy(zone={"visits": "required", "early_wait_min": 30, "late_grace_min": 10})

    @pytest.mark.parametrize(
        ("begins", "ends", "expected"),
        [
            (NOON, NOON + HOUR, OK),
            (NOON + MINUTE, NOON + HOUR, answer(Outcome.ADMIT_WAIT, Reason.TOO_EARLY, Help.PLANNER)),
            (NOON + 30 * MINUTE, NOON + HOUR, answer(Outcome.ADMIT_WAIT, Reason.TOO_EARLY, Help.PLANNER)),
            (NOON + 31 * MINUTE, NOON + HOUR, answer(Outcome.REFUSE, Reason.TOO_EARLY, Help.PLANNER)),
            (NOON - HOUR, NOON - 9 * MINUTE, OK),
            (NOON - HOUR, NOON - 10 * MINUTE, answer(Outcome.DESK, Reason.TOO_LATE, Help.PLANNER)),
        ],
    )
    def test_the_time_window(self, begins: object, ends: object, expected: Decision) -> None:
        assert decide(card(), situation(visit(begins, ends), policy=self.rules)) == expected  # type: ignore[arg-type]

    def test_nobody_announced_this_company(self) -> None:
        assert decide(card(), situation(policy=self.rules)).reason is Reason.NO_VISIT
        other = visit(NOON, NOON + HOUR, OTHER_EAN)
        assert decide(card(), situation(other, policy=self.rules)).reason is Reason.VISIT_OTHER_COMPANY
        other = visit(NOON + HOUR, NOON + 2 * HOUR, OTHER_EAN)
        assert decide(card(), situation(other, policy=self.rules)).reason is Reason.NO_VISIT

    def test_the_best_of_several_visits_counts(self) -> None:
        visits = (visit(NOON - 2 * HOUR, NOON - HOUR), visit(NOON, NOON + HOUR))
        assert decide(card(), situation(*visits, policy=self.rules)) == OK

    def test_an_early_visitor_who_may_wait_is_still_not_let_into_a_full_site(self) -> None:
        rules = policy(zone={"visits": "required", "early_wait_min": 30, "capacity": 1})
        early = situation(visit(NOON + MINUTE, NOON + HOUR), policy=rules, occupancy=Occupancy(zone=1))
        assert decide(card(), early) == answer(Outcome.DESK, Reason.FULL, Help.DESK)


class TestInside:
    def test_hard_anti_passback_believes_the_terminals_and_only_flags_the_cards_word(self) -> None:
        rules = policy(zone={"anti_passback": "hard"})
        inside = decide(card(), situation(policy=rules, inside=Inside.TERMINAL))
        assert inside == answer(Outcome.DESK, Reason.ALREADY_INSIDE, Help.DESK)
        flagged = answer(Outcome.ADMIT, Reason.OK, Help.DRIVER, Reason.ALREADY_INSIDE)
        assert decide(card(), situation(policy=rules, inside=Inside.CARD_ONLY)) == flagged

    def test_soft_flags_and_off_is_silent(self) -> None:
        soft, off = policy(zone={"anti_passback": "soft"}), policy()
        assert decide(card(), situation(policy=soft, inside=Inside.TERMINAL)).flags == (Reason.ALREADY_INSIDE,)
        assert decide(card(), situation(policy=off, inside=Inside.TERMINAL)) == OK

    def test_the_last_place_is_given_and_then_it_is_full(self) -> None:
        rules = policy(zone={"capacity": 10, "capacity_per_company": 2})
        assert decide(card(), situation(policy=rules, occupancy=Occupancy(zone=9, company=1))) == OK
        for occupancy in (Occupancy(zone=10, company=1), Occupancy(zone=9, company=2)):
            assert decide(card(), situation(policy=rules, occupancy=occupancy)).reason is Reason.FULL


class TestPayment:
    rules = policy(zone={"paid": True}, payers=(PAYER,))

    def test_only_an_employer_that_accepted_the_terms_pays_on_account(self) -> None:
        assert decide(card(), situation(policy=self.rules)) == OK
        stranger = decide(card(ean=OTHER_EAN), situation(policy=self.rules))
        assert stranger == answer(Outcome.DESK, Reason.PAYMENT_NOT_POSSIBLE, Help.DESK)

    def test_paid_zone_behind_a_gate_that_cannot_charge_is_not_free(self) -> None:
        assert decide(card(), situation(policy=self.rules)) == OK
        nobody = decide(card(), situation(policy=self.rules, payers={}))
        assert nobody == answer(Outcome.DESK, Reason.PAYMENT_NOT_POSSIBLE, Help.DESK)

    @pytest.mark.parametrize(
        ("below", "reached"),
        [
            ({"on_account": OnAccount(payer_cents=4999)}, {"on_account": OnAccount(payer_cents=5000)}),
            ({"on_account": OnAccount(payer_charges=2)}, {"on_account": OnAccount(payer_charges=3)}),
            ({"on_account": OnAccount(card_cents=1999)}, {"on_account": OnAccount(card_cents=2000)}),
            ({"list_age_s": HOUR_S}, {"list_age_s": HOUR_S + 1}),
        ],
    )
    def test_each_offline_limit_ends_it(self, below: dict, reached: dict) -> None:  # type: ignore[type-arg]
        assert decide(card(), situation(policy=self.rules, **below)) == OK
        assert decide(card(), situation(policy=self.rules, **reached)).reason is Reason.PAYMENT_NOT_POSSIBLE


class TestExit:
    def test_nobody_is_locked_in_for_a_list_or_for_money(self) -> None:
        rules = policy(zone={"paid": True, "trainings": ("VCA",), "capacity": 0, "visits": "required"}, products=())
        leaving = situation(
            direction="exit",
            policy=rules,
            card_status=CardStatus.BLOCKED,
            company_status=CompanyStatus.ARREARS,
            list_age_s=1e9,
        )
        wrong = (Reason.EXPIRED, Reason.BLOCKED, Reason.COMPANY_SUSPENDED, Reason.LIST_TOO_OLD)
        expected = answer(Outcome.ADMIT, Reason.OK, Help.DRIVER, *wrong, Reason.PRODUCT_NOT_ACCEPTED)
        assert decide(card(expires=0), leaving) == expected

    @pytest.mark.parametrize("presented", [Unreadable(""), NotAnXsKey(""), RandomUid(), NotAuthentic("")])
    def test_a_card_that_is_not_believed_goes_to_the_desk(self, presented: Presented) -> None:
        assert decide(presented, situation(direction="exit")).outcome is Outcome.DESK

    def test_an_exit_for_open_stays_asks_the_desk_only_while_it_is_staffed(self) -> None:
        hours = (Window(days=("tue",), start="12:00", end="13:00"),)
        rules = policy(lane={"exit_requires": "open-stay"}, desk_hours=hours)
        staffed = situation(direction="exit", policy=rules)
        assert decide(card(), staffed) == answer(Outcome.DESK, Reason.NO_OPEN_STAY, Help.DESK)
        assert decide(card(), replace(staffed, inside=Inside.CARD_ONLY)) == OK
        unstaffed = replace(staffed, now_s=NOON.timestamp() - 1)
        assert decide(card(), unstaffed) == answer(Outcome.ADMIT, Reason.OK, Help.DRIVER, Reason.NO_OPEN_STAY)

    def test_a_lane_out_of_service_calls_the_desk(self) -> None:
        for state, reason in ((LaneState.CLOSED, Reason.LANE_CLOSED), (LaneState.BUSY, Reason.LANE_BUSY)):
            decision = decide(card(), situation(direction="exit", lane_state=state))
            assert decision == answer(Outcome.DESK, reason, Help.DRIVER)
