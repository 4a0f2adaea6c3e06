"""Settlement: what terminals charged becomes what payers owe, and the papers that say so.

    item        a charge or a credit, settled: posted once, by the id of its entry: `account`
    ledger      two postings for each item: `posting`
    settling    from the journals to the ledger: `settling`; headquarters' own corrections: `correcting`
    statement   the items of a payer and period, issued once: `periods`, `statement`, `issuing`
    paper       a statement as CSV, PDF or electronic invoice: `csv_paper`, `pdf_paper`, `ubl_paper`; from `seller`

Read in that order. `verifying` recomputes everything, `exporting` lets an auditor do so with a program of his own.
Everything here is for years, and refers to no row of the journals (docs/statements.md).
"""
