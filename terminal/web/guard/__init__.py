"""The guard's page: what happens at every lane, and the orders of whoever is logged in.

    phrase    what a word of the gate (a phase, a reason, an alarm) means to a guard              (`phrases`)
    event     one entry of the journal in words; never a name, since the journal has none in clear  (`events`)
    glance    what a guard needs in the first second: do lanes work, is anything wrong, is it up to date (`glance`)
    board     all of it, made anew when something changes, and sent to every page that is open   (`board`)
    pages     log-in, page, stream, orders                                                        (`pages`)

Read in that order. How it looks is in `rendering` and `assets`.
"""
