"""What was published, looked at without the publisher's help."""

from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata

from headquarters.repository.publisher import fill_mirror
from tests.headquarters.conftest import Office
from tests.headquarters.tuf_client import TufClient

TARGETS = (
    "issuers.json",
    "revocation/cards",
    "revocation/cards-changes",
    "revocation/companies",
    "revocation/companies-changes",
    "sites/4711/policy.json",
    "sites/4711/tariffs.json",
    "sites/4711/visits.json",
    "sites/4711/companies.json",
)


def role(office: Office, path: str) -> Any:
    return Metadata[Any].from_bytes((office.published / path).read_bytes()).signed


def versions(office: Office) -> dict[str, int]:
    paths = ("targets", "site-4711", "snapshot", "timestamp")
    found = {name: role(office, f"sites/4711/{name}.json").version for name in paths}
    return {**found, "revocation": role(office, "shared/revocation.json").version}


def filled_mirror(office: Office, site: int = 4711) -> Path:
    mirror = office.folder / f"mirror-{site}"
    fill_mirror(office.published, site, mirror)
    return mirror


def client_of(office: Office, mirror: Path) -> TufClient:
    return TufClient(mirror, office.folder / "client", (office.keys.roots / "1.root.json").read_bytes())
