"""The card keys that a gate was handed, as its taps use them."""

from firmware_config.cardkeys import CardKeys
from terminal.card.keys import KeyNumber, MasterKeys, SoftwareKey
from terminal.card.stay_file import SiteRecords


def master_keys(keys: CardKeys) -> MasterKeys:
    """Those that cards are asked with."""
    masters = {KeyNumber.READ: keys.read}
    if keys.stay is not None:
        masters[KeyNumber.STAY] = (keys.stay,)
    return MasterKeys(masters)


def site_records(site: int, keys: CardKeys) -> SiteRecords | None:
    """By what cards remember stays at this site; None: this terminal was not given the keys for that."""
    if keys.stay is None or keys.site is None:
        return None
    return SiteRecords(site, SoftwareKey(keys.site))
