"""What the gates are told: signed files, made from the register, stored, then shown.

Read `ceremony` (the root), `roles` (signed metadata), `lists` (status lists), `site_documents`, `publisher` (a tree of
everything); then how it reaches the gates by MQTT: `announcing` (what to send, from what was sent: `announced_table`),
`announcer` (the connection), `watch` (the process that renews and announces).
"""
