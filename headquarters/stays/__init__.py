"""Paid stays as headquarters knows them, and what it tells the terminals of them (docs/adr/0040).

    tap          a paid entry, or an exit that was charged; whether he drove is told by its passage
    open time    when a lane stood open to anybody, so that nobody knows who left
    stay         what the taps of a card come to, in whatever order their entries arrived
    told         the newest stay of each card that is inside, or left within a day

Read `account` (what taps come to), `journals` (taps out of journals), `book` (both, round after round), `telling` (to
terminals), `watching` (the process).
"""
