"""`python -m tests.storm`: the long form."""

import argparse
import random
import sys
from contextlib import ExitStack

from simulation.postgresql import PostgresqlUnavailable, running_postgresql
from tests.storm.storm import Wanted, storm

ENTRIES = 10_000


def main() -> int:
    """Rage as the arguments say; 1 when something does not hold."""
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=main.__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--entries", type=int, default=ENTRIES, help="at headquarters, at least")
    parser.add_argument("--minutes", type=float, default=0.0, help="at least")
    parser.add_argument("--terminals", type=int, default=3)
    parser.add_argument("--collectors", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    words = parser.parse_args()
    both = ("sqlite", "postgresql") if words.database == "both" else (words.database,)
    good = True
    for database in both:
        print(f"storm on {database}, seed {words.seed}", flush=True)  # noqa: T201
        wanted = Wanted(
            seed=words.seed,
            entries=words.entries // len(both),
            minutes=words.minutes / len(both),
            terminals=words.terminals,
            collectors=words.collectors,
        )
        with ExitStack() as stack:
            try:
                server = stack.enter_context(running_postgresql()) if database == "postgresql" else None
            except PostgresqlUnavailable as error:
                print(f"no storm on PostgreSQL: {error}")  # noqa: T201
                return 2
            outcome = stack.enter_context(storm(wanted, server))
            print(outcome, flush=True)  # noqa: T201
            good = good and outcome.verdict.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
