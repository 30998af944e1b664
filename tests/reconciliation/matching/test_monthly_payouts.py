"""What an agency collects over a month and pays out less its commission, in one amount that names it."""

from __future__ import annotations

from collections import defaultdict

import polars as pl

from reconciliation.matching import match, preset
from tests.reconciliation.matching.two_sided_rows import Row, side

GUESTS = ("Baumann", "Vogel", "Keller", "Friedrich", "Becker", "Schmitt", "Fuchs", "Wagner", "Huber", "Koch", "Krause")
MONTHS = ((0, 31), (31, 59), (59, 90))


def _money(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}" if cents >= 0 else f"-{_money(-cents)}"


def test_the_stays_of_a_month_less_the_commission_are_the_payout_that_names_the_agency() -> None:
    left: list[Row] = []
    right: list[Row] = []
    whole: dict[str, set[str]] = defaultdict(set)
    for place, (agency, share) in enumerate((("Booking.com", 15), ("Expedia", 18))):
        for month, (first, end) in enumerate(MONTHS):
            total = 0
            for stay in range(5 + (place + month) % 3):
                cents = 9_000 + 7_919 * (stay + 1) * (place + 2) * (month + 3) % 61_000
                day = first + (11 * stay + 5 * place) % (end - first - 1)
                name = f"{agency}-{month}-{stay}"
                right.append((name, _money(cents), day, f"{agency} {GUESTS[(stay + month) % 11]} stay"))
                whole[f"{agency}-{month}"].add(name)
                total += cents
            commission = -total * share // 100
            right.append((f"{agency}-{month}-fee", _money(commission), end - 1, f"{agency} commission"))
            whole[f"{agency}-{month}"] |= {f"{agency}-{month}-fee", f"{agency}-{month}"}
            paid = _money(total + commission)
            left.append(
                (f"{agency}-{month}", paid, end + 1 + month, f"{agency.upper()} B.V. PAYOUT {7919 * month + 10_007}")
            )
    for number in range(90):
        cents = 13_000 + 9_973 * number * number % 400_000
        left.append((f"l{number}", _money(cents), number + 1, f"VISA UMSATZ VOM {number}"))
        right.append((f"r{number}", _money(cents), number, f"Visa Tagesabschluss {number}"))

    result = match({"left": side(left), "right": side(right)}, preset("two_sided"))

    matched = result.items.join(result.groups.filter(pl.col("status") == "matched"), on="group_id", how="semi")
    groups = [set(ids) for ids in matched.group_by("group_id").agg("item_id")["item_id"].to_list()]
    assert all(members in groups for members in whole.values())
