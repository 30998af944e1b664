"""Invoices that look entered twice: one supplier over all systems, one amount, and the same number once typing is
forgiven.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.config import DuplicateInvoice
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Compare both documents; block the second one before the next payment run"
MINIMUM_DIGITS = 3  # a shorter number ("1", "12") says nothing about two documents being one


def find(inputs: MonitoringInputs, settings: DuplicateInvoice, as_of: date) -> pl.DataFrame:
    """One finding per later document of a pair, naming the earlier one.

    Forgiven in the supplier's number: case, separators, leading letters and zeros, O for 0 and I or L for 1; and two
    neighbouring digits swapped where the document dates agree. Consecutive numbers with one amount are two invoices. A
    document that is cancelled is no duplicate. Age: days since the later document was posted.
    """
    entered = pl.coalesce("posting_date", "document_date")
    items = (
        inputs.open_items.filter(
            (pl.col("ledger") == "payable")
            & pl.col("kind").is_in(["invoice", "residual"])
            & (pl.col("status") != "cancelled")
            & (pl.col("amount") < 0)
            & pl.col("reference").is_not_null()
        )
        .with_columns(entered.alias("entered"), normal_number("reference").alias("number"))
        .filter(pl.col("number").str.count_matches(r"\d") >= MINIMUM_DIGITS)
        .with_columns(_sorted_characters("number").alias("characters"))
    )
    keys = ["golden_id", "currency", "amount"]
    columns = ["open_item_id", "number", "document_date", "entered", "source_system", "document_number", "reference"]
    earlier = items.select(*keys, "characters", *columns).rename({name: f"first_{name}" for name in columns})
    pairs = items.join(earlier, on=[*keys, "characters"]).filter(
        pl.struct("first_entered", "first_open_item_id") != pl.struct("entered", "open_item_id")
    )
    comes_later = (pl.col("entered") > pl.col("first_entered")) | (
        (pl.col("entered") == pl.col("first_entered")) & (pl.col("open_item_id") > pl.col("first_open_item_id"))
    )
    swapped = pl.Series(
        "swapped",
        [swapped_neighbours(one, other) for one, other in pairs.select("number", "first_number").iter_rows()],
        dtype=pl.Boolean,
    )
    same_document = (
        (pl.col("source_system") == pl.col("first_source_system"))
        & (pl.col("document_number") == pl.col("first_document_number"))
    ).fill_null(value=False)
    rows = (
        pairs.with_columns(swapped)
        .filter(
            comes_later
            & ~same_document  # two lines of one document
            & (pl.col("entered") >= as_of - timedelta(days=settings.within_days))
            & (pl.col("entered") <= as_of)
            & (
                (pl.col("number") == pl.col("first_number"))
                | (pl.col("swapped") & (pl.col("document_date") == pl.col("first_document_date")))
            )
        )
        .sort("open_item_id", "first_entered", "first_open_item_id")
        .unique("open_item_id", keep="first", maintain_order=True)
        .with_columns(pl.col("entered").alias("since"))
    )
    return findings(
        rows, object_type="open_item", object_id="open_item_id", message=_message, next_step=NEXT_STEP, account=None
    )


def normal_number(column: str) -> pl.Expr:
    """An invoice number without what people type differently; empty where nothing is left."""
    return (
        pl.col(column)
        .str.to_uppercase()
        .str.replace_all(r"[^A-Z0-9]", "")
        .str.replace(r"^[A-Z]+", "")
        .str.replace_all("O", "0", literal=True)
        .str.replace_all(r"[IL]", "1")
        .str.strip_chars_start("0")
    )


def swapped_neighbours(one: str, other: str) -> bool:
    """Whether the texts differ by two neighbouring characters that changed places."""
    if len(one) != len(other):
        return False
    places = [place for place in range(len(one)) if one[place] != other[place]]
    if len(places) != 2 or places[1] != places[0] + 1:
        return False
    first, second = places
    return one[first] == other[second] and one[second] == other[first]


def _sorted_characters(column: str) -> pl.Expr:
    """The characters in order: equal for equal numbers and for swapped ones, so that only those are compared in
    pairs.
    """
    return pl.col(column).str.split("").list.sort().list.join("")


def _message(row: Mapping[str, Value]) -> str:
    systems = (
        f" in {row['source_system']} and {row['first_source_system']}"
        if row["source_system"] != row["first_source_system"]
        else ""
    )
    return (
        f"Invoice {row['reference']} over {money(row)}, entered on {row['entered']} as {row['document_number']}, "
        f"looks like {row['first_reference']} of {row['first_entered']} ({row['first_document_number']}){systems}"
    )
