"""The gate process: the one that holds devices, card keys and the journal.

Read `process` (what it consists of, and which thread does what), then `lane` (one lane put together: barrier, taps and
`readers`), `listening` with `requests` (the local socket, and what may be asked there), `from_rules` (what the parts go
by), `surroundings` (what it gets from the machine), `waiting` (a gate that has no keys yet), `ending` (how it stops),
`summary` and `told` (what the service's line, the view and the log say of it).
"""
