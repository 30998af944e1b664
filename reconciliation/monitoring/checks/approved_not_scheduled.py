"""Invoices that may be paid and are on no payment: due soon, overdue, or with a discount about to lapse or lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.ages import live_settlements
from reconciliation.monitoring.config import ApprovedNotScheduled
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs

NEXT_STEP = "Put the invoice on the next payment run, or set the block that keeps it from being paid"


def find(inputs: MonitoringInputs, settings: ApprovedNotScheduled, as_of: date) -> pl.DataFrame:
    """One finding per open payable that needs no further approval, is not blocked, and that no live payment settles.

    What the supplier draws by direct debit nobody has to schedule.

    The money at stake is the open amount, where only a discount is at stake the discount. Age: days past due.
    """
    due_soon = pl.col("due_date") <= as_of + timedelta(days=settings.due_within_days)
    has_discount = (pl.col("discount_amount") > 0) & pl.col("discount_until").is_not_null()
    lapses = has_discount & pl.col("discount_until").is_between(
        as_of, as_of + timedelta(days=settings.discount_within_days)
    )
    lost = has_discount & (pl.col("discount_until") < as_of)
    rows = (
        inputs.open_items.filter(
            (pl.col("ledger") == "payable")
            & (pl.col("status") == "open")
            & (pl.col("kind") != "payment")
            & (pl.col("open_amount") < 0)
            & ~pl.col("is_paid").fill_null(value=False)
            & pl.col("approval_status").is_in(["approved", "not_required"])
            & ~pl.col("is_blocked").fill_null(value=False)
            & ~pl.col("is_direct_debit").fill_null(value=False)
        )
        .join(live_settlements(inputs), on="open_item_id", how="anti")
        .with_columns(
            pl.when(pl.col("due_date") < as_of)
            .then(pl.lit("overdue"))
            .when(due_soon)
            .then(pl.lit("due"))
            .when(lapses)
            .then(pl.lit("discount"))
            .when(lost)
            .then(pl.lit("lost"))
            .alias("why"),
        )
        .filter(pl.col("why").is_not_null())
        .with_columns(
            pl.when(pl.col("why").is_in(["discount", "lost"]))
            .then(pl.col("discount_amount"))
            .otherwise(pl.col("open_amount"))
            .alias("amount"),
            pl.coalesce("approved_on", "posting_date", "document_date").alias("since"),
            (pl.lit(as_of) - pl.col("due_date")).dt.total_days().clip(lower_bound=0).fill_null(0).alias("overdue"),
        )
    )
    return findings(
        rows,
        object_type="open_item",
        object_id="open_item_id",
        message=_message,
        next_step=NEXT_STEP,
        account=None,
        days="overdue",
    )


def _message(row: Mapping[str, Value]) -> str:
    document = row["reference"] or row["document_number"]
    what = f"Invoice {document} may be paid since {row['since']} but is on no payment"
    if row["why"] == "overdue":
        return f"{what}: {money(row)} overdue since {row['due_date']}"
    if row["why"] == "due":
        return f"{what}: {money(row)} due on {row['due_date']}"
    if row["why"] == "discount":
        return f"{what}: a discount of {money(row)} lapses on {row['discount_until']}"
    return f"{what}: a discount of {money(row)} was lost on {row['discount_until']}"
