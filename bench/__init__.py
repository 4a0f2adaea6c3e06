"""The bench: what a tap costs, beside a card that is not ours to make faster, with ten million cards on the list.

    own time   a tap minus the same APDUs sent bare over pyscard to the same card
    figure     one measured number under a name that stays, with its target where the system has one

Everything measured is the real thing: PC/SC daemon, published and loaded lists, journal on the disk below `build/`, the
gate as a process of its own. The card answers from a process of its own, as a chip does. Read `figures` (names,
targets, table), `setting` (keys, cards, lists), then what measures: `taps`, `lists`, `gate`, `air`. What the names
mean: docs/bench.md.
"""
