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
    """One finding per open payable that needs no further approval, is not blocked, and that no live payment settles, or not all of
    it: more than the discount is left.

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
        .join(_on_the_way(inputs), on="open_item_id", how="left")
        .with_columns(
            pl.when(pl.col("payments").is_null())
            .then(pl.col("open_amount").abs())
            .otherwise(
                # what the ERP has deducted already is what was booked, as far as that goes
                pl.col("open_amount").abs()
                - pl.col("settled")
                + pl.min_horizontal(pl.col("amount").abs() - pl.col("open_amount").abs(), "booked")
            )
            .alias("left")
        )
        .filter(
            pl.col("payments").is_null()
            | (pl.col("left") > pl.max_horizontal(pl.col("discount_amount").fill_null(0), 0)).fill_null(value=False)
        )
        .with_columns(
            pl.when(pl.col("due_date") < as_of)
            .then(pl.lit("overdue"))
            .when(due_soon)
            .then(pl.lit("due"))
            .when(lapses & pl.col("payments").is_null())
            .then(pl.lit("discount"))
            .when(lost & pl.col("payments").is_null())
            .then(pl.lit("lost"))
            .alias("why"),
        )
        .filter(pl.col("why").is_not_null())
        .with_columns(
            pl.when(pl.col("why").is_in(["discount", "lost"]))
            .then(pl.col("discount_amount"))
            .otherwise(pl.min_horizontal(pl.col("left"), pl.col("open_amount").abs()))
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


def _on_the_way(inputs: MonitoringInputs) -> pl.DataFrame:
    """Per item: how many live payments settle it, how much they settle (null where one does not say) and how much of that is booked."""
    live = live_settlements(inputs).join(inputs.payments.select("payment_id", "is_booked"), on="payment_id")
    said = pl.when(pl.col("amount").null_count() == 0)
    booked = pl.col("is_booked").fill_null(value=False)
    return live.group_by("open_item_id").agg(
        pl.len().alias("payments"),
        said.then(pl.col("amount").sum().abs()).alias("settled"),
        said.then(pl.col("amount").filter(booked).sum().abs()).alias("booked"),
    )


def _message(row: Mapping[str, Value]) -> str:
    document = row["reference"] or row["document_number"]
    is_partly = row["payments"] is not None
    what = f"Invoice {document} may be paid since {row['since']} but is on {'a payment in part' if is_partly else 'no payment'}"
    if row["why"] == "overdue":
        return f"{what}: {money(row)} overdue since {row['due_date']}"
    if row["why"] == "due":
        return f"{what}: {money(row)} due on {row['due_date']}"
    if row["why"] == "discount":
        return f"{what}: a discount of {money(row)} lapses on {row['discount_until']}"
    return f"{what}: a discount of {money(row)} was lost on {row['discount_until']}"
