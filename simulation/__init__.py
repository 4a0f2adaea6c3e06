"""The outermost wire, made of software: cards that behave like chips, plugged into the real PC/SC daemon.

chip       a DESFire EV2 as its documentation describes it, with its status words, rights and transactions
slot       where a chip is laid on a virtual reader, and taken away
misbehaviour   what goes wrong with a card in a lane, as data

Read `vpcd` (a slot), `pcscd` (the daemon), then the package `card`.
"""
