"""A worker that kills itself at a chosen moment: MOMENT DATABASE KEYS HOST PORT CA CERTIFICATE KEY."""

import os
import signal
import sys
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path

from headquarters.collector.inbox import Inbox
from headquarters.collector.worker import Worker
from headquarters.database import Database
from headquarters.journal.collecting import Collector, Outcome
from headquarters.journal.cosigner import load_cosigner
from headquarters.keys import KeyFolder
from terminal.edges.mqtt import Arrived, Broker, Event, Line
from tests.headquarters.ends import WITHIN_S, WORKER


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class DiesWhenCommitted(Collector):
    def collect(self, terminal: str, body: bytes, now_s: int) -> Outcome:
        super().collect(terminal, body, now_s)
        die()
        raise AssertionError


class Remembering(Line):
    """Remembers what it published last."""

    published: "Future[None] | None" = None

    def publish(self, topic: str, body: bytes, *, retain: bool = False) -> "Future[None]":
        self.published = super().publish(topic, body, retain=retain)
        return self.published


def main(moment: str, database: str, keys: str, host: str, port: str, *files: str) -> None:
    inbox = Inbox()

    def dies_when_answered() -> None:
        assert line.published is not None
        line.published.result(WITHIN_S)
        die()

    def told(event: Event) -> None:
        if moment == "answered" and isinstance(event, Arrived):
            event = replace(event, take=dies_when_answered)
        inbox.put(event)

    def turned() -> None:
        if worker.subscribed:
            say_once()

    ca, certificate, key = map(Path, files)
    broker = Broker(host=host, port=int(port), ca=ca, certificate=certificate, key=key)
    line = Remembering(broker, WORKER, told, random=lambda: 0.0, session_expiry_s=3600)
    kind: Callable[..., Collector] = DiesWhenCommitted if moment == "committed" else Collector
    collector = kind(Database(Path(database)), load_cosigner(KeyFolder(Path(keys))))
    worker = Worker(collector, line, inbox, now_s=lambda: 1_790_000_500, beat=turned)
    said: list[str] = []

    def say_once() -> None:
        if not said:
            said.append("ready")
            os.write(1, b"ready\n")

    line.start()
    worker.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
