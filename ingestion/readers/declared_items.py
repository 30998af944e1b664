"""Open items of a ledger list whose amounts are signed as the ledger's are."""

from __future__ import annotations

import polars as pl

from ingestion.declaration import FileDeclaration


def marked_items(rows: pl.DataFrame, declaration: FileDeclaration) -> pl.DataFrame:
    """Mapped open items with the amount unsigned and `debit_credit` D or C, as `sign` says what a plus is; without `sign` the amount
    is the document's own and stays as it is."""
    if declaration.sign is None:
        return rows
    plus, minus = ("C", "D") if declaration.sign == "plus_is_credit" else ("D", "C")
    mark = pl.when(pl.col("amount") < 0).then(pl.lit(minus)).otherwise(pl.lit(plus))
    return rows.with_columns(mark.alias("debit_credit"), pl.col("amount").abs())
