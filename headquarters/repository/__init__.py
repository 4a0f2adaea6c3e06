"""What the gates are told: signed files, made from the register, stored, then shown.

Read `ceremony` (the root), `roles` (signed metadata), `lists` (status lists), `site_documents` (of one site, made anew
only where it changed), `publisher` (a tree of everything); then how it reaches the gates by MQTT: `announcing` (what to
send, from what was sent: the table `announced`), `announcer` (the connection), `watch` (the process that does both).
"""
