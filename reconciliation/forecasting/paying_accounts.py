"""Which own account an entity's open items will move on: the configured one, else the one used most in the currency."""

from __future__ import annotations

import polars as pl

from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.inputs import ForecastInputs


def paying_accounts(inputs: ForecastInputs, config: ForecastingConfig) -> pl.DataFrame:
    """One row per entity, currency and direction (`incoming`): the `account`. A pair without any account has no
    row.

    Most used means most booked lines that way; then the entity's account with the most lines either way, then its
    first one by name. Items of a pair without an account are forecast for the entity without one.
    """
    configured = pl.DataFrame(
        [
            {"entity": entity, "currency": currency, "account": account, "incoming": incoming, "rank": 0, "used": 0}
            for entity, accounts in config.paying_accounts.items()
            for currency, account in accounts.items()
            for incoming in (False, True)
        ],
        schema=_CANDIDATE,
    )
    lines = inputs.flows.filter(pl.col("entity_id").is_not_null()).group_by(
        pl.col("entity_id").alias("entity"),
        pl.col("currency"),
        pl.col("account_id").alias("account"),
        (pl.col("amount") > 0).alias("incoming"),
    )
    used = lines.agg(pl.lit(1, pl.Int64).alias("rank"), pl.len().cast(pl.Int64).alias("used"))
    both_ways = pl.DataFrame({"incoming": [False, True]})
    either = (
        used.group_by("entity", "currency", "account")
        .agg(pl.lit(2, pl.Int64).alias("rank"), pl.col("used").sum())
        .join(both_ways, how="cross")
    )
    owned = (
        inputs.accounts.filter(pl.col("entity_id").is_not_null())
        .select(
            pl.col("entity_id").alias("entity"),
            "currency",
            pl.col("account_id").alias("account"),
            pl.lit(3, pl.Int64).alias("rank"),
            pl.lit(0, pl.Int64).alias("used"),
        )
        .join(both_ways, how="cross")
    )
    return (
        pl.concat([one.select(list(_CANDIDATE)) for one in (configured, used, either, owned)])
        .sort("entity", "currency", "incoming", "rank", -pl.col("used"), "account")
        .unique(["entity", "currency", "incoming"], keep="first", maintain_order=True)
        .select("entity", "currency", "incoming", "account")
    )


_CANDIDATE: dict[str, pl.DataType] = {
    "entity": pl.String(),
    "currency": pl.String(),
    "account": pl.String(),
    "incoming": pl.Boolean(),
    "rank": pl.Int64(),
    "used": pl.Int64(),
}
