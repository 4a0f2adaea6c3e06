from datetime import date

from tests.core.people import card, training


def test_card_in_a_log_or_a_trace_of_an_exception_does_not_tell_whose_it_is() -> None:
    shown = card(training("VCA", date(2027, 1, 1)))
    one = shown.credential
    assert repr(shown) == (
        f"Authentic(credential=Credential(key_id={one.key_id!r}, not_before={one.not_before}, expires={one.expires},"
        f" product={one.product!r}), qualifications=Qualifications(issued_at=0), detail='read-key-newest')"
    )
