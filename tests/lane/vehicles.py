"""Who comes to the lane in these tests, and how he drives."""

from dataclasses import replace

from simulation.world import World
from terminal.core.barrier_words import LOOP_ARM
from terminal.core.credential import Credential, Product
from tests.lane.rig import Rig

QUICK_M_S = 100.0
ANNA = Credential(
    key_id=bytes(4),
    card_number=b"anna-001",
    not_before=0,
    expires=2**32,
    product=Product.CARGOCARD,
    ean=8712345678906,
    personal_number=1,
    card_index=0,
    company_index=0,
    uid=bytes(7),
    language="nl",
)
BRAM = replace(ANNA, card_number=b"bram-001", personal_number=2)


def arrives(rig: Rig, world: World) -> None:
    world.vehicle("arrive", speed_m_s=QUICK_M_S)
    rig.wait_for(lambda state: LOOP_ARM in state.active)


def passes(world: World) -> None:
    world.vehicle("pass", speed_m_s=QUICK_M_S)
