"""A screen of every face, with all that it can tell."""

from dataclasses import replace

from terminal.core.barrier_words import Side
from terminal.core.reasons import Help
from terminal.web.driver.faces import Contact, Face, Screen, What

CONTACT = Contact(phone="+31 10 123 45 67", hours="ma-vr 06:00-22:00")
RECEIPT = "MFRG GZDF MZTW Q2LK"


def screens(language: str) -> tuple[Screen, ...]:
    """Every face at least once; each thing that can be said in it, and the longest."""
    plain = Screen(face=Face.READY, language=language, side=Side.ENTRY, contact=CONTACT)
    point = replace(plain, side=None)
    power = replace(point, service="reefer-power")
    return (
        *(replace(plain, face=face) for face in Face if face not in _MORE),
        *(replace(plain, face=Face.SORRY, what=what, help=Help.ISSUER) for what in What),
        *(replace(plain, face=Face.DESK, what=What.ASK, help=each) for each in Help),
        replace(plain, face=Face.THANK_YOU, side=Side.EXIT, paid_cents=123_450, receipt=RECEIPT),
        replace(plain, face=Face.EMERGENCY, side=Side.EXIT),
        replace(plain, face=Face.WRONG_LANE, lanes=(2, 3, 4)),
        replace(point, face=Face.OUT_OF_SERVICE),
        replace(point, face=Face.CLOSED),
        replace(power, face=Face.THANK_YOU, paid_cents=123_450, receipt=RECEIPT),
        replace(power, face=Face.OFFER, price="0.475", unit="kWh", confirm_s=20),
        replace(power, face=Face.OFFER, price="1234.50", seconds=5400, confirm_s=20),
        replace(point, face=Face.OFFER, price="15.00", confirm_s=20, service="weighbridge"),
        replace(power, face=Face.SO_FAR, unit="kWh", thousandths=1_234_567, so_far_cents=98_765),
        replace(power, face=Face.SO_FAR),
    )


_MORE = {Face.SORRY, Face.DESK, Face.THANK_YOU, Face.OFFER, Face.SO_FAR, Face.WRONG_LANE}
