"""What a gate must still know after a power cut, in one SQLite database that nobody else opens.

* A **write** is what somebody wants stored; all writes that are waiting go into one **transaction** (group commit),
  on a thread of its own. Its future resolves when the transaction survives a power cut, never earlier.
* An **entry** is a write that gets the journal's next sequence number; a **change** of who is inside rides with it.
* The **epoch** is 16 random bytes; it tells this journal from any other of the same terminal. It ends when this journal
  turns out to have another past than others know.
* A **holder** is a card as the table of stays knows it: an HMAC under a key of this terminal.
* A **kept state** is a named value that outlives the run: the clock's floor, the highest versions seen, orders kept.
* The **reserve** is a file that holds room on the disk, given back in steps when a write finds none.
* The **trouble** is the one line that says what is wrong with the disk, or nothing.

Read `store` (the front door), then `writer` (the thread), `journal` (entries) with `checkpoints` (their tree) and
`epochs`, `retention` (what goes), `stays`, `passages`, `kept` and `daykeys`; `view` with `view_old`, a copy for other
processes; below them `database` (file, lock, settings), `reserve`, `schema` with `migrations`, and `trouble` (errors in
words).
"""
