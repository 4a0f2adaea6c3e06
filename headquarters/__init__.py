"""Headquarters' end of the line: keys, register, what the gates are told, and what they wrote.

    key folder   every key of headquarters, a file each; `keys` reads them, `repository.ceremony` makes them
    register     sites, companies and cards, with who changed what and why: `register`, `sites`, in one `database`
    repository   the signed files that say what the gates are told, and their way to the gates: `repository`
    tree         everything that is published at one moment, for all sites; stored first, then shown
    mirror       the part of a tree that belongs to one site, as a gate or a USB stick holds it
    broker       between here and the terminals; its certificates and its set-up: `broker`

    journal      what a terminal wrote, taken by its journal key, compared and proven: `journal`
    epoch        one journal of a terminal as it is here: cursor, tree, what waits beyond
    batch        entries that arrived together
    worker       takes batches from the broker, one after the other, and answers: `collector`
    fork         what contradicts a journal; put aside, and an alarm
    alarm        raised by a terminal, or noticed here; a notice is what is told of it: `alarms`
    stay         from an entry to an exit, matched over all journals; `muster` says who is inside, to whom it may;
                 `stays` keeps the paid ones and tells the terminals
    payer        an employer that pays on account, and what stands against him: `payers`
    tariff       what a stay costs; `tariffs` imports those of others and draws them
    receipt      what a driver finds of a charge by a random code; charges that are disputed: `receipts`

Read in that order; each package's own docstring says where to begin in it. `installation` is one headquarters as a
command or a process opens it; `cli` is the command line (docs/headquarters.md); formats: docs/repository.md.
"""
