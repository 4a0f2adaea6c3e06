"""What one gate is made of: the typed configuration, and later its boards, pin maps and settings of the system.

* A **gate** is one terminal with its board and its one to four lanes; `gate.toml` describes it.
* A **mistake** names the file, the key, what is wrong there and what is allowed; all of them are told at once.
* The **machine** is where the gate runs: the folders, keys and readers that `gate.toml` speaks of.

Read `gate` (what may be written), then `configuration` (file → values), `crosschecks` (what must hold between keys),
`cardkeys` and `machine` (what must be there), and `reference` (the page in `docs/`). This package imports no other.
"""
