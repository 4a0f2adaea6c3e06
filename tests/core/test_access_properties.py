"""What must hold of the decision for every input there is."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from terminal.core.access import decide
from terminal.core.credential import Product, Training
from terminal.core.hours import Window
from terminal.core.policy import ListAgeLimits, Payer, SitePolicy, Visits
from terminal.core.presented import NotAnXsKey, NotAuthentic, Presented, RandomUid, Unreadable
from terminal.core.reasons import MEANING, Outcome, Reason
from terminal.core.revocation import CardStatus, CompanyStatus
from terminal.core.situation import Inside, LaneState, Occupancy, OnAccount, SecondFactor, Situation
from terminal.core.visits import VisitBook
from tests.core.people import EAN, NOON, OTHER_EAN, card, policy, situation, visit

DAY_S = 86_400
near_noon_s = st.integers(-400, 400).map(lambda hours: NOON.timestamp() + hours * 3600)
levels = st.sampled_from(["1", "2", "3"])
windows = st.builds(
    Window, days=st.sampled_from([("mon",), ("tue",), ("tue", "wed")]), start=st.sampled_from(["00:00", "12:00"])
)
limits = st.builds(
    ListAgeLimits,
    warn_s=st.just(0),
    max_s=st.integers(0, 9 * DAY_S),
    past_max=st.sampled_from(["desk", "refuse", "admit-flagged"]),
)
zones = st.fixed_dictionaries(
    {
        "trainings": st.sampled_from([(), ("VCA",)]),
        "training_lacking": st.sampled_from(["desk", "refuse", "admit-escorted"]),
        "visits": st.sampled_from(["required", "off"]),
        "early_wait_min": st.integers(0, 10_000),
        "anti_passback": st.sampled_from(["hard", "soft", "off"]),
        "capacity": st.none() | st.integers(0, 3),
        "capacity_per_company": st.none() | st.integers(0, 3),
        "second_factor_levels": st.lists(levels, max_size=3).map(tuple),
        "paid": st.booleans(),
    }
)
lanes = st.fixed_dictionaries(
    {
        "hours": st.lists(windows, max_size=2).map(tuple),
        "exit_requires": st.sampled_from(["authentic-card", "open-stay"]),
    }
)
payers = st.builds(
    Payer,
    ean=st.sampled_from([str(EAN), str(OTHER_EAN)]),
    offline_cents=st.integers(0, 3),
    offline_charges=st.integers(0, 3),
    card_cents=st.integers(0, 3),
    list_age_s=st.integers(0, DAY_S),
)


@st.composite
def policies(draw: st.DrawFn) -> SitePolicy:
    return policy(
        zone=draw(zones),
        lane=draw(lanes),
        products=draw(st.sampled_from([(), ("cargocard",), ("cargocard", "dsp", "portkey")])),
        list_age={level: draw(limits) for level in ("1", "2", "3")},
        payers=draw(st.lists(payers, max_size=2).map(tuple)),
        desk_hours=draw(st.lists(windows, max_size=1).map(tuple)),
    )


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    visits = draw(
        st.lists(
            st.builds(
                lambda hours, ean: visit(NOON + timedelta(hours=hours), NOON + timedelta(hours=hours + 2), ean),
                st.integers(-400, 400),
                st.sampled_from([EAN, OTHER_EAN]),
            ),
            max_size=3,
        )
    )
    now_s = draw(near_noon_s)
    age_s = draw(st.floats(0, 10 * DAY_S))
    return situation(
        now_s=now_s,
        direction=draw(st.sampled_from(["entry", "exit"])),
        lane=draw(st.sampled_from([1, 1, 1, 2])),
        policy=draw(policies()),
        visits=VisitBook(Visits(site=4711, visits=tuple(visits))),
        card_status=draw(st.none() | st.integers(0, 3)),
        company_status=draw(st.none() | st.integers(0, 3)),
        list_age_s=age_s,
        lists_issued_at_s=now_s - age_s,
        level=draw(levels),
        level_since_s=draw(st.none() | near_noon_s),
        lane_state=draw(st.sampled_from(LaneState)),
        inside=draw(st.sampled_from(Inside)),
        occupancy=draw(st.builds(Occupancy, zone=st.integers(0, 3), company=st.integers(0, 3))),
        second_factor=draw(st.sampled_from(SecondFactor)),
        on_account=draw(st.builds(OnAccount, payer_cents=st.integers(0, 3), payer_charges=st.integers(0, 3))),
    )


authentic = st.builds(
    lambda product, days, last_day: card(
        *([Training("VCA", (NOON + timedelta(days=last_day)).date())] if last_day is not None else []),
        product=product,
        expires=int((NOON + timedelta(days=days)).timestamp()),
    ),
    st.sampled_from(Product),
    st.integers(-20, 20),
    st.none() | st.integers(-20, 20),
)
not_believed = st.sampled_from([Unreadable("x"), NotAnXsKey("x"), RandomUid(), NotAuthentic("x")])
presented_cards = authentic | not_believed


@given(presented_cards, situations())
def test_the_decision_is_total_and_keeps_to_the_table(presented: Presented, at: Situation) -> None:
    decision = decide(presented, at)
    assert decision.help is decision.reason.help
    by_policy = {Reason.LIST_TOO_OLD, Reason.TRAINING_MISSING, Reason.TRAINING_EXPIRED}
    if at.direction == "exit":
        assert decision.outcome in {Outcome.ADMIT, Outcome.DESK}
    elif decision.reason is Reason.TOO_EARLY:
        assert decision.outcome in {Outcome.ADMIT_WAIT, Outcome.REFUSE}
    elif decision.reason in by_policy:
        assert decision.outcome in {Outcome.DESK, Outcome.REFUSE}
    else:
        assert decision.outcome is MEANING[decision.reason].outcome


@given(not_believed, situations())
def test_a_card_that_is_not_believed_never_opens(presented: Presented, at: Situation) -> None:
    assert not decide(presented, at).outcome.opens


@given(authentic, situations(), st.sampled_from(list(CardStatus)[1:]), st.sampled_from(list(CompanyStatus)[1:3]))
def test_a_worse_status_never_gives_a_milder_answer(
    presented: Presented, at: Situation, card_status: CardStatus, company_status: CompanyStatus
) -> None:
    good = replace(at, card_status=CardStatus.VALID, company_status=CompanyStatus.VALID)
    before = decide(presented, good).outcome.severity
    assert decide(presented, replace(good, card_status=card_status)).outcome.severity >= before
    assert decide(presented, replace(good, company_status=company_status)).outcome.severity >= before


@given(authentic, situations())
def test_an_index_past_the_end_never_opens_an_entry(presented: Presented, at: Situation) -> None:
    entry = replace(at, direction="entry")
    assert not decide(presented, replace(entry, card_status=None)).outcome.opens
    assert not decide(presented, replace(entry, company_status=None)).outcome.opens


@given(authentic, situations())
def test_whatever_is_let_pass_is_flagged(presented: Presented, at: Situation) -> None:
    decision = decide(presented, at)
    if decision.outcome.opens and at.direction == "entry":
        strict = replace(
            at.policy, list_age={n: replace(limit, past_max="refuse") for n, limit in at.policy.list_age.items()}
        )
        assert (Reason.LIST_TOO_OLD in decision.flags) == (
            decide(presented, replace(at, policy=strict)).reason is Reason.LIST_TOO_OLD
        )
