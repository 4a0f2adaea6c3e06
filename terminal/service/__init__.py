"""A service point after the tap: a relay that gives a pulse or stays on, a meter that counts, and what that comes to.

`point` is the thread; `ending` what is written when a sale ends. Who may buy, and what he is asked, is `tap.service`.
"""
