"""What is on a card, for a person and for a program."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

from provisioning.cards import Shown
from terminal.card.stay import NoStay, StayRecord
from terminal.core.credential import Credential, Qualifications
from terminal.core.presented import (
    Authentic,
    NoQualifications,
    NotAnXsKey,
    NotAuthentic,
    Presented,
    RandomUid,
    Unreadable,
)


def kind(presented: Presented) -> str:
    """The stable word for what came of reading a card."""
    match presented:
        case Authentic():
            return "authentic"
        case NotAuthentic():
            return "not-authentic"
        case NotAnXsKey():
            return "not-an-xs-key"
        case RandomUid():
            return "random-uid"
        case Unreadable():
            return "unreadable"


def as_json(shown: Shown) -> dict[str, Any]:
    """One JSON object; absent parts are null."""
    presented = shown.presented
    return {
        "uid": shown.uid.hex(),
        "chip": f"DESFire {shown.generation}",
        "card": kind(presented),
        "detail": presented.detail,
        "credential": _credential(presented.credential) if isinstance(presented, Authentic) else None,
        "trainings": _trainings(presented.qualifications) if isinstance(presented, Authentic) else None,
        "stay": _stay(shown.stay),
        "template_bytes": shown.template_bytes,
        "register": None
        if shown.record is None
        else {
            "card_number": shown.record.card_number.hex(),
            "status": shown.record.status.name.lower().replace("_", "-"),
            "issued": shown.record.issued_at is not None,
        },
    }


def as_table(shown: Shown) -> Table:
    """The same for a person."""
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    for name, value in as_json(shown).items():
        match value:
            case None | []:
                table.add_row(name.replace("_", " "), "-")
            case dict():
                table.add_section()
                for inner, part in value.items():
                    table.add_row(f"{name} {inner.replace('_', ' ')}", str(part))
            case list():
                for item in value:
                    table.add_row("training", f"{item['code']}, until and including {item['last_valid_day']}")
            case _:
                table.add_row(name.replace("_", " "), str(value))
    return table


def _credential(credential: Credential) -> Mapping[str, Any]:
    return {
        "card_number": credential.card_number.hex(),
        "product": credential.product.label,
        "ean": f"{credential.ean:013}",
        "personal_number": credential.personal_number,
        "language": credential.language,
        "not_before": _instant(credential.not_before),
        "expires": _instant(credential.expires),
        "card_index": credential.card_index,
        "company_index": credential.company_index,
        "issuer_key": credential.key_id.hex(),
    }


def _trainings(qualifications: Qualifications | NoQualifications) -> list[Mapping[str, str]]:
    if isinstance(qualifications, NoQualifications):
        return []
    return [
        {"code": training.code, "last_valid_day": training.last_valid_day.isoformat()}
        for training in qualifications.trainings
    ]


def _stay(stay: StayRecord | NoStay | None) -> Mapping[str, Any] | str | None:
    if not isinstance(stay, StayRecord):
        return stay
    return {
        **asdict(stay),
        "state": stay.state.name.lower(),
        "entry": _instant(stay.entry_ms // 1000),
        "terminal_epoch": stay.terminal_epoch.hex(),
    }


def _instant(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{seconds} s after 1970"  # past the year 9999
