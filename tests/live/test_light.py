"""What the gate's process does not load: a small machine's memory is for the gate, not for pages and catalogues."""

import subprocess
import sys

HEAVY = ("babel", "jinja2", "starlette", "uvicorn", "argon2", "prometheus_client")


def test_gate_loads_nothing_of_the_pages() -> None:
    program = (
        "import sys, terminal.cli, terminal.gate.process;"
        f" sys.stdout.write(repr([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]"
