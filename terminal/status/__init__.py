"""`xs-terminal status`: the pages of a terminal, as a process of its own. No devices, no card keys; it decides nothing.

    process   one asyncio loop: the line to the gate, the pages, signals and watchdog
    gate      the line to the gate's socket: its news, and questions put to it

What the pages show and say is in `terminal.web`.
"""
