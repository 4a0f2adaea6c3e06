"""The people who may see and order something on the guard's page: accounts, passwords, sessions.

    role       what somebody may: viewer, guard, chief, installer                                  (`roles`)
    account    a name, a role, a hash of a password, in a file of its own                           (`store`)
    password   checked with Argon2id, slowly on purpose                                             (`passwords`)
    throttle   how long whoever fails must wait before he may try again                             (`throttle`)
    session    who is logged in: a random token that only his browser knows, until he is idle or changed  (`sessions`)

A log-in, from start to end: `throttle.wait_s` says whether it may be tried now; `Store.find` looks the name up;
`passwords.is_right` checks, against a hash of nobody's where there is no such account, so that it takes as long;
`throttle.failed` or `throttle.succeeded` remembers how it went; `Sessions.begin` gives the token for the cookie.
Nothing here knows a web page, and there is no account that nobody made.
"""
