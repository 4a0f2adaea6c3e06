"""The collector's process: batches from the broker into `headquarters.journal`, and its answers back.

Read `process`, then `worker` (one batch after the other), `inbox` and `outbox` (its two ends), `tally` (what it
counted).
"""
