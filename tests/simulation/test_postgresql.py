"""A PostgreSQL of one's own comes and goes with whoever started it."""

import os
import select
import shutil
import subprocess
import sys

from simulation.postgresql import Postgresql

HOLD = """
import sys
from simulation.postgresql import running_postgresql
with running_postgresql(durable=False) as server:
    print(server.process_id, server.folder, flush=True)
    sys.stdin.read()
"""


def test_server_ends_with_a_program_that_was_killed(postgresql: Postgresql) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as holder:
        assert holder.stdout is not None
        process_id, folder = holder.stdout.readline().split()
        server = os.pidfd_open(int(process_id))
        holder.kill()
    try:
        assert select.select([server], [], [], 60)[0], "the server is still there"
    finally:
        os.close(server)
        shutil.rmtree(folder)


def test_what_was_stored_is_there_after_a_crash_of_the_server(postgresql: Postgresql) -> None:
    before = postgresql.process_id
    address = postgresql.create_database("kept")
    postgresql.stop("QUIT")
    postgresql.start()
    assert postgresql.process_id != before
    assert postgresql.address("kept") == address
    postgresql.drop_database("kept")
