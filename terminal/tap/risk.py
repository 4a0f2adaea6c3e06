"""What the policy would have refused had it been known before: it is charged all the same, and a person hears of it."""

from terminal.core.charge import Charge, Flag
from terminal.core.rules import Rules
from terminal.ports import Accounts


def risk(accounts: Accounts, rules: Rules, charge: Charge) -> tuple[Flag, ...]:
    """What is to be flagged of a charge for whom it concerns, and for its amount (design 6, 'Charges')."""
    payer = rules.payers.get(charge.payer)
    if not charge.amount_cents:
        return ()
    if payer is None:
        return (Flag.PAYER_UNKNOWN,)
    used = accounts.used(charge.card_number, charge.payer)
    over = (
        used.payer_cents + charge.amount_cents > payer.offline_cents
        or used.payer_charges + 1 > payer.offline_charges
        or used.card_cents + charge.amount_cents > payer.card_cents
        or (payer.stay_cents is not None and charge.total_cents > payer.stay_cents)
    )
    return (Flag.OVER_LIMIT,) if over else ()
