"""Alarms: what terminals raised and what headquarters notices by itself, and who is told.

Read `entries` (alarms out of journals), `watching` (silence, old lists, clocks), `listing` (all of them, acknowledged);
then `settings`, `notices` (the outbox), `telling` with `webhook` and `mailing`; `rounds` does it all again and again.
"""
