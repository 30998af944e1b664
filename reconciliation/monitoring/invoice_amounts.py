"""Two amounts that may be one invoice's: mistyped, with and without its tax, or in two currencies."""

from __future__ import annotations

import polars as pl

from reconciliation.minor_units import DECIMALS

TAX = (0.02, 0.27)  # by which one amount may be the other with its tax, so exactly that chance has no part in it
TAX_STEPS = (0.01, 0.001)
TELLING_STEP = 20  # minor units between one rate and the next, so that few amounts fit any
SAME_VALUE = 0.05  # of two currencies: rates of other days and sources differ by as much
CORRECTED = 0.05  # of an amount: freight, a discount, a fee that the one has and the other has not
SAME_MONEY = 1000  # amounts that differ by less than one part in so many may be one, rounded differently


def with_value(invoices: pl.DataFrame, rates: pl.DataFrame) -> pl.DataFrame:
    """The invoices with their `value` in the group's currency, by `rates` (currency, numerator, denominator); an estimate, and null
    without a rate."""
    rate = pl.col("numerator").cast(pl.Float64) / pl.col("denominator").cast(pl.Float64)
    rates = rates.select("currency", rate.alias("rate"))
    valued = invoices.join(rates, on="currency", how="left", maintain_order="left")
    return valued.with_columns(value=pl.col("amount").cast(pl.Float64) * pl.col("rate")).drop("rate")


def may_be_one_amount(amount: pl.Expr, other: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Whether two amounts in a currency may be one: nearly the same, with digits or the decimal point out of place, or with and
    without tax."""
    near = (amount - other).abs() * SAME_MONEY <= amount.abs()
    turned = _digits(amount) == _digits(other)
    return near | turned | _is_slipped(amount, other) | _is_with_tax(amount, other, currency)


def may_be_corrected(amount: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether one amount may be the other with some freight or discount more or less."""
    larger = pl.max_horizontal(amount.abs(), other.abs()).cast(pl.Float64)
    return (amount - other).abs().cast(pl.Float64) <= CORRECTED * larger


def may_be_one_value(value: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether two values in the group's currency may be one amount in two currencies."""
    return ((value - other).abs() <= SAME_VALUE * value.abs()).fill_null(value=False)


def _is_with_tax(amount: pl.Expr, other: pl.Expr, currency: pl.Expr) -> pl.Expr:
    """Whether the larger amount is the smaller one with a tax, to the minor unit: gross and net of one invoice. Taxes are of whole
    percent or, where the amounts are large enough to tell, of tenths.
    """
    cent = currency.replace_strict(
        {name: 10.0**-count for name, count in DECIMALS.items()}, default=0.01, return_dtype=pl.Float64
    )
    one, two = (each.cast(pl.Float64).abs() for each in (amount, other))
    gross, net = pl.max_horizontal(one, two), pl.min_horizontal(one, two)
    fits = []
    for step in TAX_STEPS:
        rate = ((gross / net - 1) / step).round() * step
        is_telling = net * step >= TELLING_STEP * cent
        fits.append(is_telling & rate.is_between(*TAX) & ((net * (1 + rate) - gross).abs() <= cent))
    return pl.any_horizontal(fits)


def _is_slipped(amount: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Whether the decimal point of one amount slipped by a place or two."""
    return (amount == other * 10) | (amount == other * 100) | (other == amount * 10) | (other == amount * 100)


def _digits(amount: pl.Expr) -> pl.Expr:
    """The characters of an amount in order: equal where some changed places."""
    return amount.cast(pl.String).str.split("").list.sort()
