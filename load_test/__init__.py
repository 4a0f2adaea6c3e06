"""The load test: many terminals in one machine, with the real sync code and journals of their own (docs/load-test.md).

    simulated terminal   a gate's store, journal, view and answers, and a `Sync`; taps come from a draw, not from a card
    fleet                the simulated terminals of one process
    books                what was written, seen in the database and acknowledged, and when
    ground               the headquarters it runs against: an installation, or one of its own that goes with it

Read `command` (the story of a run), then `terminal` and `fleet`, `books` with `arrivals`, `enrolment`, `ground`,
`report`. Everything between a journal and headquarters' database is the real thing; only what is written is made up.
"""
