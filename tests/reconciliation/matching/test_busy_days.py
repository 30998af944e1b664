"""Sums on accounts with dozens of entries a day: too many to add up a whole day, or all that a party had within a month."""

from __future__ import annotations

import numpy as np
import polars as pl

from reconciliation.matching import match, preset
from reconciliation.matching.part_candidates import fewer, smaller_parts
from tests.reconciliation.matching.two_sided_rows import Row, side

PARTIES = ("Granite Properties", "Harbor Coffee Roasters", "Evergreen Plumbing", "Lone Star Insurance", "Beacon Logistics",
           "Summit Hardware", "Cascade Media", "Pioneer Freight", "Liberty Software", "Atlas Consulting")  # fmt: skip
DAYS = 20


def test_a_payment_of_several_entries_of_its_party_is_found_among_dozens_of_a_day() -> None:
    """Each party is paid every day for four entries, of which one shows no text."""
    rng = np.random.default_rng(5)
    bank: list[Row] = []
    book: list[Row] = []
    truth: dict[str, set[str]] = {}
    for day in range(DAYS):
        for party in PARTIES:
            line, parts = f"B{len(bank)}", rng.integers(2_000, 900_000, 4).tolist()
            truth[line] = {f"L{len(book) + number}" for number in range(4)}
            for number, cents in enumerate(parts):
                book.append(
                    (f"L{len(book)}", f"-{cents / 100:.2f}", day, None if number == 3 else f"Payment to {party}")
                )
            bank.append(
                (line, f"-{sum(parts) / 100:.2f}", day + int(rng.integers(0, 3)), f"ACH DEBIT {party.upper()[:16]}")
            )
    result = match({"left": side(bank), "right": side(book)}, preset("two_sided"))
    found = _groups(result.items, result.groups.filter(status="matched"))
    assert all(truth[line] == parts for line, parts in found.items())
    assert len(found) >= 0.95 * len(truth)


def _groups(items: pl.DataFrame, groups: pl.DataFrame) -> dict[str, set[str]]:
    """The right items of each left item, of groups of one left item."""
    members = items.join(groups.select("group_id"), on="group_id", how="semi")
    left, right = (members.filter(dataset=name).select("group_id", "item_id") for name in ("left", "right"))
    joined = left.join(right, on="group_id").group_by("item_id").agg("item_id_right")
    return {str(line): set(parts) for line, parts in joined.rows()}


def test_of_too_many_candidates_those_nearer_in_time_and_in_their_texts_are_kept() -> None:
    """A party that is paid daily has more entries within a month than can be added up; one of few has all of them looked at."""
    often = [(1, 100 + n, n % 30, n % 2 == 0) for n in range(90)]
    seldom = [(2, 200 + n, 3 * n, False) for n in range(10)]
    found = pl.DataFrame([*often, *seldom], schema=["one", "row", "lag", "alike"], orient="row")
    near = pl.col("lag") <= 10
    kept = fewer(found, ["one"], [near, near & pl.col("alike")], 24)
    few = kept.filter(one=1)
    assert few.height == 18 and few["lag"].max() == 10 and few["alike"].all()
    assert kept.filter(one=2).height == len(seldom)


def test_the_parts_of_a_busy_day_are_counted_before_they_are_brought_together() -> None:
    """Of the day, the currency and the sign; what is as large as the item is no part of it."""
    parts = pl.DataFrame(
        [(1, 0, 300), (1, 0, 500), (1, 0, 700), (1, 0, -100), (2, 0, 100), (1, 1, 100)],
        schema=["day", "currency", "value"],
        orient="row",
    )
    asked = pl.DataFrame(
        [(1, 0, 700), (1, 0, -700), (3, 0, 700), (1, 0, 300)], schema=["day", "currency", "target"], orient="row"
    )
    assert smaller_parts(asked, parts).to_list() == [2, 1, 0, 0]
