"""Which way the entries of a bank's list go and on which day, and which rows leave that open."""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from ingestion.declaration import FileDeclaration
from ingestion.declaration_mapping import FAILED, Failure

SIDES = "#sides"
INDICATOR = "#indicator"
UNDATED = "#undated"
ZERO = Decimal(0)


def failure_of_entry(row: dict[str, object], declaration: FileDeclaration) -> Failure | None:
    """Why the direction or the day of an entry cannot be told, where that is what failed."""
    if row[FAILED] == UNDATED:
        return Failure(
            "booking_date",
            "",
            "a booking date or a value date",
            "declare the row as no record (skip) where it is a total, or map the column that has its date",
        )
    if row[FAILED] == SIDES:
        return Failure(
            "debit, credit",
            f"debit {row.get('debit')}, credit {row.get('credit')}",
            f"exactly one of the two, {declaration.debit_values} where it is a debit",
            "declare the row as no record (skip), or set debit_values to the sign the file uses",
        )
    if row[FAILED] == INDICATOR:
        return Failure(
            "amount, credit_debit",
            f"{row.get('amount')} marked {row.get('credit_debit')}",
            f"a sign that agrees with the mark ({declaration.sign or 'plus_is_credit'})",
            "set `sign` to what a positive amount means in this file",
        )
    return None


def signed_rows(rows: pl.DataFrame, declaration: FileDeclaration) -> pl.DataFrame:
    """Mapped rows with `signed_amount` (positive: the account grows); rows whose direction is unclear are marked
    failed."""
    if "debit" in rows.columns:
        if _have_one_side(rows, declaration):
            side = -pl.col("debit") if declaration.debit_values == "positive" else pl.col("debit")
            return rows.with_columns(pl.coalesce(side, "credit").cast(pl.Decimal(23, 5)).alias("signed_amount"))
        debit, credit = (
            pl.when(pl.col(name) != 0).then(pl.col(name)) for name in ("debit", "credit")
        )  # 0.00 in the other column says nothing
        zero = pl.when((pl.col("debit") == 0) | (pl.col("credit") == 0)).then(pl.lit(ZERO, pl.Decimal(23, 5)))
        outgoing = -debit if declaration.debit_values == "positive" else debit
        signed = pl.coalesce(outgoing, credit, zero)
        wrong = (debit.is_not_null() & credit.is_not_null()) | (outgoing > 0) | (credit < 0) | signed.is_null()
        failure = SIDES
    elif "credit_debit" in rows.columns:
        incoming = pl.col("credit_debit") == "CRDT"
        signed = pl.when(incoming).then(pl.col("amount").abs()).otherwise(-pl.col("amount").abs())
        negative_is_credit = declaration.sign == "plus_is_debit"
        wrong = (pl.col("amount") < 0) & (incoming != negative_is_credit)
        failure = INDICATOR
    else:
        signed = -pl.col("amount") if declaration.sign == "plus_is_debit" else pl.col("amount")
        return rows.with_columns(signed.cast(pl.Decimal(23, 5)).alias("signed_amount"))
    marked = pl.when(pl.col(FAILED).is_null() & wrong.fill_null(False)).then(pl.lit(failure)).otherwise(pl.col(FAILED))
    return rows.with_columns(signed.cast(pl.Decimal(23, 5)).alias("signed_amount"), marked.alias(FAILED))


def stated_balance(rows: pl.DataFrame, declaration: FileDeclaration, *, last: bool) -> Decimal | None:
    """What a mapped row that is no entry states as balance: its running balance, else its amount, signed as that of an entry is."""
    signed = signed_rows(rows, declaration)
    named = [name for name in ("running_balance", "signed_amount") if name in signed.columns]
    found = signed.select(pl.coalesce(named).alias("balance")).drop_nulls().to_series().to_list()
    return found[-1 if last else 0] if found else None


def _have_one_side(rows: pl.DataFrame, declaration: FileDeclaration) -> bool:
    """Whether each row has just one of debit and credit, with the sign that is declared, as most often."""
    debit, credit = rows.get_column("debit"), rows.get_column("credit")
    if not (debit.is_null() != credit.is_null()).all():
        return False
    outgoing = debit if declaration.debit_values == "positive" else -debit
    return not ((outgoing < 0).any() or (credit < 0).any())


def dated_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """Mapped rows; those that are booked, but on no day, are marked failed: totals below a list look like that."""
    names = [name for name in ("booking_date", "value_date") if name in rows.columns]
    if not all(rows.get_column(name).null_count() for name in names):
        return rows  # a day in every row, as most often
    days = [pl.col(name).is_null() for name in names]
    booked = pl.col("status").eq("BOOK").fill_null(True) if "status" in rows.columns else pl.lit(True)
    undated = pl.all_horizontal(*days, booked, pl.col(FAILED).is_null())
    return rows.with_columns(pl.when(undated).then(pl.lit(UNDATED)).otherwise(pl.col(FAILED)).alias(FAILED))
