"""What the terminals wrote: taken, compared, proven, read again.

Read `terminals` (whose) and `epochs` (a journal as it is here), then `arriving` (bytes to a batch), `storing` (insert
or compare, and the cursor), `contradictions` (forks), `collecting` (the one transaction around them), `cosigner` (the
acknowledgement). Afterwards: `reading` (entries, opened), `verifying` (every root and signature again), `proving` (one
entry, to a stranger).
"""
