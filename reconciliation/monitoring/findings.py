"""A finding: what a check says of one object, before it gets its severity, owner and history.

Checks return frames of the FINDING shape; nothing in a finding depends on the order of the input rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.frames import Shape
from reconciliation.minor_units import show

FINDING: Shape = {
    "object_type": pl.String(),
    "object_id": pl.String(),
    "related_id": pl.String(),  # the other object of a pair: the earlier invoice, the earlier payment; else null
    "entity": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "amount": AMOUNT,  # money at stake, unsigned; null where unknown
    "owner": pl.String(),  # of the account or source; null where the config's owner is to be taken
    "message": pl.String(),
    "next_step": pl.String(),
    "since": pl.Date(),  # null: since the first run that saw it
    "days": pl.Int64(),  # how old the condition is in the check's own measure; null: calendar days since `since`
}

Value = str | int | Decimal | date | bool | None
Row = Mapping[str, Value]


def findings(
    rows: pl.DataFrame,
    *,
    object_type: str,
    object_id: str,
    message: Callable[[Mapping[str, Value]], str],
    next_step: str,
    account: str | None = "account_id",
    owner: str | None = None,
    related: str | None = None,
    days: str | None = None,
) -> pl.DataFrame:
    """Findings from rows that already are exceptions; they carry entity_id, currency, amount, since.

    `message` is called once per exception (few, by nature): that is the only Python loop over rows of monitoring.
    """
    texts = [message(row) for row in rows.iter_rows(named=True)]
    return rows.select(
        pl.lit(object_type).alias("object_type"),
        pl.col(object_id).alias("object_id"),
        (pl.col(related) if related else pl.lit(None)).cast(pl.String).alias("related_id"),
        pl.col("entity_id").alias("entity"),
        (pl.col(account) if account else pl.lit(None)).cast(pl.String).alias("account"),
        pl.col("currency"),
        pl.col("amount").abs().cast(AMOUNT),
        (pl.col(owner) if owner else pl.lit(None)).cast(pl.String).alias("owner"),
        pl.Series("message", texts, dtype=pl.String),
        pl.lit(next_step).alias("next_step"),
        pl.col("since").cast(pl.Date),
        (pl.col(days) if days else pl.lit(None)).cast(pl.Int64).alias("days"),
    )


def rows_of(rows: Sequence[Row]) -> pl.DataFrame:
    """Findings from dictionaries, for checks that go through the few accounts or sources of a group one by one; a name that a row
    lacks is null.
    """
    return pl.DataFrame([{name: row.get(name) for name in FINDING} for row in rows], schema=dict(FINDING), orient="row")


def party(row: Mapping[str, Value]) -> str:
    """Whom a payment goes to, or whom a collection comes from."""
    way = "from" if row["direction"] == "direct_debit" else "to"
    return f"{way} {row['counterparty_name'] or '(no name)'}"


def money(row: Mapping[str, Value], amount: str = "amount", currency: str = "currency") -> str:
    """The unsigned amount of a row in words."""
    value, unit = row[amount], row[currency]
    if value is not None and not isinstance(value, Decimal):
        raise TypeError(f"{amount} is {type(value).__name__}, expected Decimal")
    return show(None if value is None else abs(value), None if unit is None else str(unit))
