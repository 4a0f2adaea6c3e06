"""What may stand in `gate.toml` about a service point: a place without a boom where something is sold on account."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le, MaxLen, MinLen

from firmware_config.values import ReaderName, ScrewName, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceWiring(Section):
    """Where the relay and the meter of the service point above are connected. Only with a `gpio` board."""

    service: ScrewName
    """Relay that switches on what is sold."""
    meter: ScrewName | None = None
    """Pulse output of a meter (S0); only with `pulses_a_unit`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReader(Section):
    """One card reader of a service point."""

    name: ReaderName
    """As that of a lane's reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Section):
    """A place without a boom where something is sold on account: a weighbridge, a shower, power for trailers. What is
    sold there, and for how much, is the site's policy.
    """

    number: Annotated[int, Ge(1), Le(255)]
    """The service point's number in the site's policy; no lane has it."""
    pulse_ms: Annotated[int, Ge(200), Le(10_000)] = 500
    """Length of a pulse, where a use is sold."""
    pulses_a_unit: Annotated[int, Ge(1), Le(100_000)] | None = None
    """Pulses of the meter for one unit; it stands on the meter, as 1000 imp/kWh. Left out where no meter is wired, and
    then no units can be sold here."""
    wiring: ServiceWiring | None = None
    """`[service.wiring]` under the `[[service]]` it belongs to."""
    reader: Annotated[tuple[ServiceReader, ...], MinLen(1), MaxLen(4)]
    """One `[[service.reader]]` a reader, under the `[[service]]` it belongs to."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Its relay."""
        return ("service",)

    @property
    def contacts(self) -> tuple[str, ...]:
        """Its meter, if there is one."""
        return () if self.pulses_a_unit is None else ("meter",)

    @property
    def normally_closed(self) -> tuple[str, ...]:
        """A meter rests open."""
        return ()
