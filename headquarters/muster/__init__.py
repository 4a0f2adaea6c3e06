"""Who is inside: stays out of the journals, and who may be told of them.

Read `movements` (of one journal), `inside` (matched over all of them), `evidence` (what each stay rests on),
`disclosure` (on what ground it is shown, and the note that it was).
"""
