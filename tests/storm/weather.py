"""What becomes of messages on their way: nothing, or what brokers and networks were seen to do."""

import random
import threading
from collections.abc import Callable, Mapping

from simulation.mqtt_proxy import Deed

WEATHERS: Mapping[str, Mapping[Deed, float]] = {
    "calm": {},
    "drops": {Deed.DROP: 0.08},
    "doubles": {Deed.TWICE: 0.3},
    "late": {Deed.LATE: 0.3},
    "quota": {Deed.REFUSE: 0.25},
    "cuts": {Deed.CUT: 0.02},
    "all": {Deed.DROP: 0.03, Deed.TWICE: 0.1, Deed.LATE: 0.1, Deed.REFUSE: 0.05, Deed.CUT: 0.005},
}
"""How likely each is for one message."""


class Weather:
    """One for the whole storm; each proxy asks its own `place`, whose chances are drawn by the seed."""

    def __init__(self, seed: int) -> None:
        self.name = "calm"
        self.met: dict[str, int] = {}
        self._seed = seed
        self._lock = threading.Lock()

    def place(
        self, name: str, struck: Callable[[bool, str], bool] = lambda *_: False
    ) -> Callable[[str, bool, str], Deed]:
        """What a proxy asks about each message. `struck(from_client, topic)` True: the connection ends there."""
        chances = {side: random.Random(f"{self._seed} {name} {side}") for side in (True, False)}  # noqa: S311

        def decide(_client: str, from_client: bool, topic: str) -> Deed:
            if struck(from_client, topic):
                return self._met(Deed.CUT)
            at = chances[from_client].random()
            for deed, chance in WEATHERS[self.name].items():
                if at < chance:
                    return self._met(deed)
                at -= chance
            return Deed.PASS

        return decide

    def _met(self, deed: Deed) -> Deed:
        with self._lock:
            self.met[deed.name.lower()] = self.met.get(deed.name.lower(), 0) + 1
        return deed
