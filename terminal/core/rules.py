"""Everything headquarters says that is in force at this gate, as one value.

Made by `terminal.trust` only, from verified files. A new set replaces the old one as a whole: whoever holds a
`Rules` decides a tap to its end by one and the same set.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from terminal.core.issuers import Issuers
from terminal.core.policy import Companies, Payer, SitePolicy
from terminal.core.revocation import StatusList
from terminal.core.tariff.document import Tariffs
from terminal.core.visits import VisitBook


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The verified set. `lists_issued_at_s` is the older issued-at of the two changes files, in seconds.

    `versions` holds the version of each TUF role whose targets these are; `list_number` is the running number of the
    card changes, which every decision names. `content_digest` changes when the lists, the site's files or the issuers'
    say something else, not when they are only issued anew.
    """

    issuers: Issuers
    cards: StatusList
    companies: StatusList
    policy: SitePolicy
    visits: VisitBook
    company_names: Companies
    lists_issued_at_s: int
    list_number: int
    versions: Mapping[str, int]
    tariffs: Tariffs | None = None
    content_digest: bytes = b""
    payers: Mapping[int, Payer] = field(init=False)
    """Those of the policy, by EAN: there may be thousands, and every tap asks."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "payers", {int(payer.ean): payer for payer in self.policy.payers})

    def list_age_s(self, now_s: float) -> float:
        """Age of the lists in seconds; never negative."""
        return max(0.0, now_s - self.lists_issued_at_s)
