"""Tariffs of others as ours, and ours as a picture; neither needs keys or register.

    table        one of the published tables of Dutch open parking data, as rows of texts: `tables`, `values`
    regulation   what holds in an area: its time frames, their fares, when each of them is valid: `regulation`
    piece        a time frame within one day; nights are cut at midnight. `days` makes windows of them again
    remark       what became of a row or a field, in words: `report`
    chart        what a tariff costs, as SVG: over the length of a stay, and over the hours of a week

Read `importing` first, for what becomes of a regulation; docs/tariff-import.md has the fields. Then `chart`.
"""
