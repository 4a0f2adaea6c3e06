"""What one gate is made of: the typed configuration, and the pin maps of its boards.

* A **gate** is one terminal with its board and its one to four lanes; `gate.toml` describes it.
* A **pin map** says which terminal of a board (what is printed beside a screw) is which line of the computer.
* A **mistake** names the file, the key, what is wrong there and what is allowed; all of them are told at once.
* The **machine** is where the gate runs: the folders, keys, users, chips and readers that `gate.toml` speaks of.

Read `gate` (what may be written) and `values` (what one value may be), then `configuration` (file → values) with
`reading`; `crosschecks`, `lanechecks` and `boardchecks` (what must hold between keys); `board_map` and `wiring` (from
terminals to lines), `cardkeys` and `machine` (what must be there), `check`, and `reference` (the page in `docs/`). This
package imports no other, save values of the terminal's core.
"""
