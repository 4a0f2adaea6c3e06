"""A good document of each kind, as JSON."""

from typing import Any

EAN = "8712345678906"
GOOD: dict[str, Any] = {
    "issuers": {
        "issuers": [
            {
                "id": "00c0ffee",
                "key": "ab" * 32,
                "products": ["cargocard", "qualifications"],
                "begins": "2026-01-01T00:00:00Z",
                "ends": "2036-01-01T00:00:00.5+01:00",
            }
        ],
        "sealing": [{"id": "00000001", "key": "cd" * 32}],
        "commands": [{"name": "hq/command", "key": "ef" * 32}],
    },
    "policy": {
        "site": 7,
        "name": "Terminal",
        "time_zone": "Europe/Amsterdam",
        "level_since": "2026-03-29T01:00:00+01:00",
        "zones": [{"number": 0, "name": "yard", "capacity": 10}, {"number": 255, "name": "quay", "capacity": None}],
        "lanes": [
            {"number": 1, "zone": 0, "hours": [{"days": ["mon"], "start": "22:00", "end": "06:00", "end_day": 1}]}
        ],
        "payers": [{"ean": EAN, "offline_cents": 0, "offline_charges": 1, "card_cents": 5, "list_age_s": 3600}],
        "contact": {"phone": "+31 10 000 0000"},
    },
    "tariffs": {
        "site": 7,
        "tz": "Europe/Amsterdam",
        "tariffs": [
            {
                "number": 1,
                "from": "2026-01-01T00:00:00Z",
                "vat": "21",
                "max_stay": "P2D",
                "special_days": {"2026-12-25": "holiday"},
                "lines": [{"kind": "incrementing", "amount": "2.50", "each": "PT1H30M"}],
            }
        ],
    },
    "visits": {
        "site": 7,
        "visits": [{"reference": "r", "ean": EAN, "begins": "2026-01-01T08:00:00Z", "ends": "2026-01-01T09:00:00Z"}],
    },
    "companies": {"site": 7, "companies": [{"ean": EAN, "name": "Haulier"}]},
}
