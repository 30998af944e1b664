"""Invoices that may be paid and are on no payment: due soon, overdue, or with a discount about to lapse or lost."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import polars as pl

from reconciliation.monitoring.config import ApprovedNotScheduled
from reconciliation.monitoring.findings import Value, findings, money
from reconciliation.monitoring.inputs import MonitoringInputs
from reconciliation.monitoring.left_to_pay import left_to_pay

NEXT_STEP = "Put the invoice on the next payment run, or set the block that keeps it from being paid"


def find(inputs: MonitoringInputs, settings: ApprovedNotScheduled, as_of: date) -> pl.DataFrame:
    """One finding per open payable that needs no further approval, is not blocked, and that neither live payments nor bank lines
    settle, or not all of it: more than the discount is left.

    What the supplier draws by direct debit nobody has to schedule.

    The money at stake is what is left of the open amount, where only a discount is at stake the discount. Age: days past due.
    """
    due_soon = pl.col("due_date") <= as_of + timedelta(days=settings.due_within_days)
    has_discount = (pl.col("discount_amount") > 0) & pl.col("discount_until").is_not_null()
    lapses = has_discount & pl.col("discount_until").is_between(
        as_of, as_of + timedelta(days=settings.discount_within_days)
    )
    lost = has_discount & (pl.col("discount_until") < as_of)
    is_untouched = pl.col("payments").is_null()
    rows = (
        inputs.open_items.filter(
            (pl.col("ledger") == "payable")
            & (pl.col("status") == "open")
            & (pl.col("kind") != "payment")
            & (pl.col("open_amount") < 0)
            & pl.col("approval_status").is_in(["approved", "not_required"])
            & ~pl.col("is_blocked").fill_null(value=False)
            & ~pl.col("is_direct_debit").fill_null(value=False)
        )
        .drop("paid_amount")
        .join(left_to_pay(inputs), on="open_item_id", how="left")
        .filter(
            is_untouched
            | (pl.col("left_amount") > pl.max_horizontal(pl.col("discount_amount").fill_null(0), 0)).fill_null(
                value=False
            )
        )
        .with_columns(
            pl.when(pl.col("due_date") < as_of)
            .then(pl.lit("overdue"))
            .when(due_soon)
            .then(pl.lit("due"))
            .when(lapses & is_untouched)
            .then(pl.lit("discount"))
            .when(lost & is_untouched)
            .then(pl.lit("lost"))
            .alias("why"),
        )
        .filter(pl.col("why").is_not_null())
        .join(_stopped(inputs), on="open_item_id", how="left")
        .with_columns(
            pl.when(pl.col("why").is_in(["discount", "lost"]))
            .then(pl.col("discount_amount"))
            .otherwise(pl.min_horizontal("left_amount", pl.col("open_amount").abs()))
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


def _stopped(inputs: MonitoringInputs) -> pl.DataFrame:
    """Per item the last of its payments that did not go through: open_item_id, stopped_on, stopped (rejected, cancelled, returned)."""
    stopped = inputs.payments.select(
        "payment_id",
        pl.coalesce("returned_on", pl.when(pl.col("status").is_in(["rejected", "cancelled"])).then("status_on")).alias(
            "stopped_on"
        ),
        pl.when(pl.col("returned_on").is_not_null())
        .then(pl.lit("returned"))
        .otherwise(pl.col("status"))
        .alias("stopped"),
    ).filter(pl.col("stopped_on").is_not_null())
    return (
        inputs.settlements.join(stopped, on="payment_id")
        .sort("open_item_id", "stopped_on", "payment_id")
        .unique("open_item_id", keep="last", maintain_order=True)
        .select("open_item_id", "stopped_on", "stopped")
    )


def _message(row: Mapping[str, Value]) -> str:
    document = row["reference"] or row["document_number"]
    if row["payments"]:
        how = "is on a payment in part"
    elif row["payments"] is not None:
        how = f"is on no payment; {money(row, 'paid_amount')} of it was paid without one"
    else:
        how = "is on no payment"
    if row["stopped"] and not row["payments"]:
        how += f", since its payment was {row['stopped']} on {row['stopped_on']}"
    what = f"Invoice {document} may be paid since {row['since']} but {how}"
    if row["why"] == "overdue":
        return f"{what}: {money(row)} overdue since {row['due_date']}"
    if row["why"] == "due":
        return f"{what}: {money(row)} due on {row['due_date']}"
    if row["why"] == "discount":
        return f"{what}: a discount of {money(row)} lapses on {row['discount_until']}"
    return f"{what}: a discount of {money(row)} was lost on {row['discount_until']}"
