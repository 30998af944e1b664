"""What is left to pay of each item: what is open, less what is on its way and what bank lines have paid that no payment stands behind."""

from __future__ import annotations

import polars as pl

from reconciliation.contracts import AMOUNT, PAYABLE
from reconciliation.monitoring.ages import live_settlements
from reconciliation.monitoring.inputs import MonitoringInputs


def left_to_pay(inputs: MonitoringInputs) -> pl.DataFrame:
    """The open payables on which something has been paid or instructed (PAYABLE): how many live payments settle an item, what bank
    lines alone have paid of it, and what is left (unsigned; null where a payment does not say how much it settles).

    What the ERP has deducted already is what was booked, as far as that goes.
    """
    open_amount, amount = pl.col("open_amount").abs(), pl.col("amount").abs()
    paid = pl.col("paid_amount").fill_null(0)
    settled = pl.when(pl.col("payments").is_null()).then(pl.lit(0)).otherwise(pl.col("settled"))
    booked = pl.col("booked").fill_null(0)
    return (
        inputs.open_items.filter(
            (pl.col("ledger") == "payable") & (pl.col("status") == "open") & (pl.col("kind") != "payment")
        )
        .join(_on_the_way(inputs), on="open_item_id", how="left")
        .filter(pl.col("payments").is_not_null() | (paid != 0))
        .select(
            "open_item_id",
            pl.col("payments").fill_null(0).cast(pl.Int64).alias("payments"),
            paid.cast(AMOUNT).alias("paid_amount"),
            (open_amount - settled - paid + pl.min_horizontal(amount - open_amount, booked + paid))
            .cast(AMOUNT)
            .alias("left_amount"),
        )
        .select(list(PAYABLE))
        .sort("open_item_id")
    )


def is_paid_by_lines() -> pl.Expr:
    """Whether bank lines alone pay all that is open of an item, or all of one that its ERP has cleared."""
    paid, amount, open_amount = (pl.col(name).abs() for name in ("paid_amount", "amount", "open_amount"))
    of_open = open_amount - paid + pl.min_horizontal(amount - open_amount, paid) <= 0
    return ((paid > 0) & pl.when(pl.col("status") == "open").then(of_open).otherwise(paid >= amount)).fill_null(
        value=False
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
