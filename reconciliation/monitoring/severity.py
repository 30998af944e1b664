"""How serious a finding is: money against limits in the group's currency, age against limits in days.

Limits are converted into each finding's currency and amounts compared there, exactly; no amount is converted or
rounded.
"""

from __future__ import annotations

from datetime import date
from decimal import ROUND_CEILING, Context, Decimal

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.monitoring.config import CheckSettings

_FIVE_DECIMALS = Decimal("0.00001")
_EXACT = Context(prec=60, rounding=ROUND_CEILING)
_LARGEST = Decimal(10) ** 18 - _FIVE_DECIMALS


def _limit_per_currency(limit: Decimal | None, rates: pl.DataFrame, base_currency: str) -> pl.DataFrame:
    """The smallest amount in each currency that is worth the limit; without a limit, no rows."""
    found: dict[str, Decimal] = {}
    if limit is not None:
        found[base_currency] = limit
        for currency, numerator, denominator in rates.select("currency", "numerator", "denominator").iter_rows():
            exact = _EXACT.divide(_EXACT.multiply(limit, denominator), numerator)
            found[currency] = min(exact.quantize(_FIVE_DECIMALS, context=_EXACT), _LARGEST)
    return pl.DataFrame(
        {"currency": list(found), "limit": list(found.values())}, schema={"currency": pl.String, "limit": AMOUNT}
    )


def with_severity(
    found: pl.DataFrame, settings: CheckSettings, rates: pl.DataFrame, base_currency: str, as_of: date
) -> pl.DataFrame:
    """The findings with `severity`: critical, warning or info.

    Money whose value in the group's currency is not known is at least a warning where the check has an amount
    limit: its size cannot be judged, and a missing rate must not make it small.
    """
    age = pl.coalesce(pl.col("days"), (pl.lit(as_of) - pl.col("since")).dt.total_days(), pl.lit(0))
    found = found.with_row_index("place")
    for name, limit in (("warning", settings.warning_amount), ("critical", settings.critical_amount)):
        limits = _limit_per_currency(limit, rates, base_currency).rename({"limit": f"{name}_limit"})
        found = found.join(limits, on="currency", how="left", maintain_order="left")
    has_limit = settings.warning_amount is not None or settings.critical_amount is not None
    known = pl.col("currency").is_in([base_currency, *rates["currency"].to_list()])
    unvalued = pl.lit(has_limit) & pl.col("amount").is_not_null() & ~known.fill_null(value=False)

    def reached(name: str, days: int | None) -> pl.Expr:
        by_age = age >= days if days is not None else pl.lit(value=False)
        return (pl.col("amount") >= pl.col(f"{name}_limit")).fill_null(value=False) | by_age

    return found.with_columns(
        pl.when(reached("critical", settings.critical_days))
        .then(pl.lit("critical"))
        .when(reached("warning", settings.warning_days) | unvalued)
        .then(pl.lit("warning"))
        .otherwise(pl.lit("info"))
        .alias("severity")
    ).drop("place", "warning_limit", "critical_limit")
