"""Amounts of programs that write each with the decimals of its currency, in the notation of the user who saved the list.

SAP lists show 1.234,56- or 1,234.56- as the user has chosen, and 12.345 yen without decimals: the mark before the last digits
is told by the currency, never by the number alone.
"""

from __future__ import annotations

import polars as pl

from ingestion.currencies import CURRENCIES, minor_units

_SPACED = r"^([+-]?[0-9]{1,3})((?:['’ \u00a0\u202f][0-9]{3})+)([.,][0-9]+)?$"
_WHOLE = r"^[+-]?[0-9]+$"
_COMMA_LAST = r"^[+-]?[0-9]{1,3}(?:\.[0-9]{3})+,[0-9]+$"
_POINT_LAST = r"^[+-]?[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]+$"
_GROUPS = r"^[+-]?[0-9]{1,3}(?:(?:\.[0-9]{3}){2,}|(?:,[0-9]{3}){2,})$"
_ONE_MARK = r"^[+-]?[0-9]*[.,][0-9]+$"
_EITHER = r"^[+-]?[1-9][0-9]{0,2}[.,][0-9]{3}$"  # thousands, or three decimals


def decimals_of(currency: pl.Expr) -> pl.Expr:
    """How many decimals each currency has; null where it is not known."""
    known = {code: minor_units(code) for code in sorted(CURRENCIES)}
    return currency.replace_strict(known, default=None, return_dtype=pl.Int8)


def currency_amount(body: pl.Expr, decimals: pl.Expr, kind: pl.Decimal) -> pl.Expr:
    """Numbers without their sign marks as decimals; null where a number may be read in two ways, is none, or is smaller
    than the smallest unit of its currency."""
    spaced = pl.when(body.str.contains(_SPACED)).then(body.str.replace_all("['’ \u00a0\u202f]", "")).otherwise(body)
    without = spaced.str.replace_all("[.,]", "")
    pointed = spaced.str.replace(r",([0-9]+)$", ".${1}")
    plain = (
        pl.when(spaced.str.contains(_WHOLE))
        .then(spaced)
        .when(spaced.str.contains(_GROUPS))
        .then(without)
        .when(spaced.str.contains(_EITHER))
        .then(pl.when(decimals == 0).then(without).when(decimals == 3).then(pointed))
        .when(spaced.str.contains(_COMMA_LAST))
        .then(spaced.str.replace_all(".", "", literal=True).str.replace(",", ".", literal=True))
        .when(spaced.str.contains(_POINT_LAST))
        .then(spaced.str.replace_all(",", "", literal=True))
        .when(spaced.str.contains(_ONE_MARK))
        .then(pointed)
    )
    fraction = plain.str.extract(r"\.([0-9]*?)0*$").str.len_chars().fill_null(0)
    return (
        pl.when(fraction <= decimals.fill_null(kind.scale))
        .then(plain.str.replace(r"(\.[0-9]*?)0*$", "${1}"))
        .cast(kind, strict=False)
    )


def rate(body: pl.Expr, kind: pl.Decimal) -> pl.Expr:
    """Percentages and rates, which have no thousands: their one mark is that of the decimals."""
    return (
        pl.when(body.str.contains(_ONE_MARK) | body.str.contains(_WHOLE))
        .then(body.str.replace(",", ".", literal=True))
        .cast(kind, strict=False)
    )
