"""Open items that payments settle beyond their amount, payment by payment in the order of their days."""

from __future__ import annotations

from datetime import date

import polars as pl

from reconciliation.monitoring.ages import live_settlements
from reconciliation.monitoring.inputs import MonitoringInputs

PART = 3  # one part in so many of a payment has to be paid already


def paid_beyond(inputs: MonitoringInputs, payments: pl.DataFrame) -> pl.DataFrame:
    """The payments (payment_id, day, amount, currency) that pay again what earlier ones of the same item have paid: payment_id,
    first_payment_id, first_day, why, what, again (the money that is paid again); one row a payment.

    A payment that does not say how much of its only item it settles settles it with all its money. Where that is not known of
    one of an item's payments, all of them are weighed together against all items they settle: several payments may clear
    several items. A payment counts where a third and more of what it pays is paid already: interest or cents too much are none.
    """
    of = live_settlements(inputs)
    paid = (
        of.group_by("open_item_id", "payment_id")
        .agg(pl.when(pl.col("amount").null_count() == 0).then(pl.col("amount").sum()).alias("said"))
        .join(payments.select("payment_id", "day", "currency", pl.col("amount").alias("whole")), on="payment_id")
        .join(
            inputs.open_items.select(
                "open_item_id",
                "document_number",
                "reference",
                pl.col("amount").alias("due"),
                pl.col("currency").alias("due_in"),
            ),
            on="open_item_id",
        )
        .with_columns(pl.len().over("payment_id").alias("items"))
        .with_columns(
            pl.coalesce(
                "said", pl.when((pl.col("items") == 1) & (pl.col("currency") == pl.col("due_in"))).then(pl.col("whole"))
            )
            .abs()
            .alias("settled")
        )
        .filter(pl.len().over("open_item_id") > 1)
        .sort("open_item_id", "day", "payment_id")
        .with_columns(
            pl.col("payment_id").first().over("open_item_id").alias("first_payment_id"),
            pl.col("day").first().over("open_item_id").alias("first_day"),
            pl.col("settled").null_count().over("open_item_id").alias("unsaid"),
            pl.col("settled").cum_sum().over("open_item_id").alias("so_far"),
        )
    )
    beyond = pl.min_horizontal(pl.col("so_far") - pl.col("due").abs(), "settled")
    said = paid.filter((pl.col("unsaid") == 0) & (beyond * PART >= pl.col("settled")) & (beyond > 0)).with_columns(
        again=beyond
    )
    unsaid = paid.filter(pl.col("unsaid") > 0).join(_of_items_paid_beyond(of, payments, inputs), on="open_item_id")
    later = unsaid.filter(pl.col("payment_id") != pl.col("first_payment_id")).with_columns(
        again=pl.min_horizontal(pl.coalesce("settled", pl.col("due").abs()), "excess")
    )
    return (
        pl.concat([said.select(_COLUMNS), later.select(_COLUMNS)])
        .sort("payment_id", "first_day", "open_item_id")
        .group_by("payment_id", maintain_order=True)
        .agg(
            pl.col("first_payment_id", "first_day").first(),
            pl.lit("item").alias("why"),
            pl.coalesce("reference", "document_number").first().alias("what"),
            pl.len().alias("items"),
            pl.when(pl.col("again").null_count() == 0).then(pl.col("again").sum()).alias("again"),
        )
        .with_columns(
            pl.when(pl.col("items") > 1)
            .then(pl.format("{} and {} more", "what", pl.col("items") - 1))
            .otherwise("what")
            .alias("what")
        )
        .drop("items")
    )


def paid_at_the_bank(inputs: MonitoringInputs, payments: pl.DataFrame, as_of: date) -> pl.DataFrame:
    """The payments that pay again what bookings without a payment have paid, as by card, in the columns of `paid_beyond`.

    A payment that is under way may be that booking itself: only one that is booked too, or has yet to be executed, is told.
    """
    of = live_settlements(inputs).group_by("open_item_id", "payment_id").agg(
        pl.when(pl.col("amount").null_count() == 0).then(pl.col("amount").sum().abs()).alias("settled")
    )  # fmt: skip
    booked = inputs.open_items.filter(pl.col("paid_amount") > 0).select(
        "open_item_id",
        pl.coalesce("reference", "document_number").alias("what"),
        pl.col("amount").abs().alias("due"),
        "paid_amount",
        "currency",
    )
    again = pl.min_horizontal("settled", pl.col("settled") + pl.col("paid_amount") - pl.col("due"))
    return (
        of.join(
            payments.filter(pl.col("is_booked").fill_null(value=False) | (pl.col("day") > as_of)).select(
                "payment_id", "currency", pl.col("amount").abs().alias("whole")
            ),
            on="payment_id",
        )
        .with_columns(pl.coalesce("settled", pl.when(pl.len().over("payment_id") == 1).then("whole")).alias("settled"))
        .join(booked, on=["open_item_id", "currency"])
        .with_columns(again=again)
        .filter((pl.col("again") > 0) & (pl.col("again") * PART >= pl.col("settled")))
        .group_by("payment_id")
        .agg(
            pl.lit(None, pl.String).alias("first_payment_id"),
            pl.lit(None, pl.Date).alias("first_day"),
            pl.lit("booking").alias("why"),
            pl.col("what").min(),
            pl.col("again").sum(),
        )
    )


_COLUMNS = ("payment_id", "open_item_id", "first_payment_id", "first_day", "reference", "document_number", "again")


def _of_items_paid_beyond(of: pl.DataFrame, payments: pl.DataFrame, inputs: MonitoringInputs) -> pl.DataFrame:
    """Of items settled by several payments, those whose payments together exceed all items they settle: open_item_id, excess.

    Payments and items of several currencies cannot be weighed: two payments of one amount count, others do not.
    """
    pairs = of.select("open_item_id", "payment_id").unique().sort("open_item_id", "payment_id")
    # items of one clearing have the same payments: they are weighed once
    sets = (
        pairs.group_by("open_item_id")
        .agg(pl.len().alias("payments"), pl.col("payment_id").str.join("\x1f").alias("set"))
        .filter(pl.col("payments") > 1)
    )
    members = sets.unique("set").join(pairs, on="open_item_id").select("set", "payment_id")
    money = payments.select("payment_id", "currency", pl.col("amount").alias("paid"))
    due = inputs.open_items.select("open_item_id", pl.col("amount").alias("due"), pl.col("currency").alias("due_in"))
    all_paid = (
        members.join(money, on="payment_id")
        .group_by("set")
        .agg(
            pl.col("paid").sum(),
            pl.col("paid").abs().min().alias("least"),
            pl.col("paid").n_unique().alias("amounts"),
            pl.col("currency").unique(),
        )
    )
    all_due = (
        members.join(pairs, on="payment_id")
        .select("set", "open_item_id")
        .unique()
        .join(due, on="open_item_id")
        .group_by("set")
        .agg(pl.col("due").sum(), pl.col("due_in").unique())
    )
    return (
        all_paid.join(all_due, on="set")
        .with_columns(
            is_one=(pl.col("currency").list.len() == 1)
            & (pl.col("due_in").list.len() == 1)
            & (pl.col("currency").list.first() == pl.col("due_in").list.first())
        )
        .with_columns(excess=pl.when("is_one").then(pl.col("paid").abs() - pl.col("due").abs()))
        .filter(
            ((pl.col("excess") > 0) & (pl.col("excess") * PART >= pl.col("least")))
            | (~pl.col("is_one") & (pl.col("amounts") == 1))
        )
        .join(sets, on="set")
        .select("open_item_id", "excess")
    )
