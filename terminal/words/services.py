"""The names of what is sold at a site beside parking, in every language of a driver."""

from terminal.words.catalogues import Words


def service(words: Words, what: str) -> str:
    """What was charged for; a site may sell what no catalogue knows, under its own name."""
    match what:
        case "parking":
            return words.gettext("Parking")
        case "weighbridge":
            return words.gettext("Weighbridge")
        case "wash":
            return words.gettext("Washing")
        case "shower":
            return words.gettext("Shower")
        case "reefer-power":
            return words.gettext("Power for a refrigerated trailer")
        case _:
            return what
