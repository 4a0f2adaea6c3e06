"""After the storm: everything runs and the line is good, until headquarters has all that the terminals have."""

from collections.abc import Callable, Mapping

from tests.storm.deeds import Deeds
from tests.storm.ground import Ground
from tests.storm.terminals import Terminal

WITHIN_S = 600.0
Sizes = Mapping[str, tuple[bytes, int]]


def settle(ground: Ground, deeds: Deeds, seed: int) -> None:
    """Blocks until it is so, and everything is stopped.

    Raises:
        RuntimeError: it does not become so, or a process ended by itself; the message says what is where.
    """

    def wait(what: str, sizes: Callable[[], Sizes], until: Callable[[Terminal, bytes, int], bool]) -> None:
        def all_of_them() -> bool:
            if wrong := ground.wrong_ends():
                raise RuntimeError(f"seed {seed}: {', '.join(wrong)}")
            now = sizes()
            return all(until(each, *now[each.name]) for each in ground.terminals)

        if not deeds.until(all_of_them, WITHIN_S):
            there = {name: deeds.size_at_headquarters(name, epoch) for name, (epoch, _) in sizes().items()}
            raise RuntimeError(f"seed {seed}: {what}: terminals have {sizes()}, headquarters {there}")

    def shown() -> Sizes:
        return {each.name: deeds.shown(each) for each in ground.terminals}

    def is_there(each: Terminal, epoch: bytes, size: int) -> bool:
        # A terminal whose old image was brought back has to find out, and begin anew.
        return epoch not in each.past_epochs and deeds.size_at_headquarters(each.name, epoch) == size

    deeds.calm()
    wait("headquarters does not get everything", shown, is_there)
    ground.start_gates_anew()  # gives its outcome to all that was open
    wait("a gate does not start", shown, lambda each, _epoch, _size: each.gate.has_said("ready"))
    ground.stop_gates()
    present = {each.name: each.present() for each in ground.terminals}
    wait("headquarters does not get the last entries", lambda: present, is_there)
    ground.stop()
