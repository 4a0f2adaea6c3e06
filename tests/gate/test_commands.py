"""A command of headquarters to a real gate: done once, whoever kills it when, and gone from the disk and the view."""

import json
import sqlite3
import time
from base64 import b64encode
from contextlib import closing
from typing import Any

import pytest

from terminal.core.command import Command, Erase
from terminal.core.journal import Kind
from terminal.edges.local_client import ask
from tests.gate.processes import GateFolder
from tests.gate.test_life import records
from tests.gate.test_orders import TO_OPEN
from tests.storage.support import TERMINAL
from tests.tap.site import Site

pytestmark = [pytest.mark.pcsc, pytest.mark.usefixtures("pcscd")]
HOUR_S = 3600


def test_sealed_part_is_erased_once_also_when_the_gate_is_killed_before_its_answer_is_known(
    place: GateFolder, site: Site
) -> None:
    with place.start() as gate:
        gate.ready()
        epoch = bytes.fromhex(gate.event("started")["epoch"])
        number = json.loads(place.command(*TO_OPEN, "--json").stdout)["sequence"]
        command = Command(terminal=TERMINAL, number=7, ends_s=int(time.time()) + HOUR_S, order=Erase(epoch, (number,)))
        body = b64encode(site.signed_command(command)).decode()
        request: dict[str, Any] = {"version": 1, "ask": "command", "command": body}
        answer = ask(place.socket, request)
        assert (answer["result"], answer["number"]) == ("done", 7)
        gate.kill()
    with place.start() as gate:
        gate.ready()
        assert ask(place.socket, request) == {"version": 1, "result": "done-before", "number": 7}
        forged = b64encode(bytes([*site.signed_command(command)[:-1], 0])).decode()
        assert ask(place.socket, {**request, "command": forged})["result"] == "ignored"
        assert gate.terminate() == 0
    told = [record.public for record in records(place.data) if record.kind is Kind.ERASURE]
    assert told == [{"command": 7, "what": "sealed-parts", "epoch": epoch, "count": 1, "missing": 0}]
    for file in (place.data / "journal.db", place.view):
        with closing(sqlite3.connect(file)) as database:
            row = database.execute("SELECT sealed FROM entries WHERE sequence = ?", (number,)).fetchone()
        assert row == (None,)
