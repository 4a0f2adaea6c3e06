"""The sync process: the journal up, lists and acknowledgements down. No devices, no card keys, no decisions (design 7).

    up     the thread that sends: new entries ahead of the backlog, heads, presence, again what nobody acknowledged
    down   the thread that receives: files into the mirror, acknowledgements to the gate, wishes to `up`
    gate   the gate's local socket, as this process asks it

Read `process`, which puts them together, then `up` and `down`. The rules of what to send next are `core.uplink`.
"""
