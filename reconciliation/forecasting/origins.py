"""What a forecast is made of: each of its figures taken apart into the payments and open items that add up to it, and the bank lines
that an estimate was learned from. Made from the same inputs when somebody asks; a run does not need it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import polars as pl

from reconciliation.contracts import AMOUNT
from reconciliation.forecasting import committed, open_items, recurring, run_off
from reconciliation.forecasting.config import ForecastingConfig
from reconciliation.forecasting.horizon import Horizon
from reconciliation.forecasting.inputs import ForecastInputs
from reconciliation.forecasting.minor_amounts import amounts
from reconciliation.forecasting.paying_accounts import paying_accounts
from reconciliation.frames import Shape, empty

PART: Shape = {
    "entity": pl.String(),
    "account": pl.String(),
    "currency": pl.String(),
    "date": pl.Date(),
    "layer": pl.String(),
    "certainty": pl.String(),
    "object_type": pl.String(),  # payment, open_item, series (a recurring flow) or usual (what usually moves)
    "object_id": pl.String(),
    "amount": AMOUNT,
}
LEARNED: Shape = {
    "account": pl.String(),
    "currency": pl.String(),
    "object_type": pl.String(),
    "object_id": pl.String(),
    "bank_line_id": pl.String(),
}
USUAL = "usual movements"


@dataclass(frozen=True)
class Origins:
    """`parts` (PART) add up to the figures of every layer but `opening`; `learned` (LEARNED) says which bank lines a series, or what
    usually moves on an account, was learned from.
    """

    parts: pl.DataFrame
    learned: pl.DataFrame


def origins(inputs: ForecastInputs, config: ForecastingConfig, as_of: date) -> Origins:
    """The forecast of `as_of` taken apart; raises as `forecast` does."""
    horizon = Horizon(as_of, config.weeks)
    series = recurring.find_series(inputs, config, horizon)
    found = list(open_items.schedules(inputs, paying_accounts(inputs, config), config, horizon))
    parts = [
        _parts(committed.placed(inputs, config, horizon).rename({"payment_id": "object_id"}), "payment"),
        *(
            _parts(
                part.rename({"open_item_id": "object_id"}).with_columns(
                    pl.when(pl.col("date") == horizon.beyond)
                    .then(pl.lit("beyond_horizon"))
                    .otherwise(pl.lit("open_items"))
                    .alias("layer"),
                    pl.lit("expected").alias("certainty"),
                ),
                "open_item",
            )
            for part in open_items.of_each_item(found, horizon)
        ),
        _parts(_of_series(series, inputs), "series"),
        _parts(run_off.layer(inputs, series, config, horizon).with_columns(pl.lit(USUAL).alias("object_id")), "usual"),
    ]
    return Origins(pl.concat(parts), pl.concat([_lines_of_series(series, inputs), _lines_of_usual(series, inputs)]))


def _parts(frame: pl.DataFrame, object_type: str) -> pl.DataFrame:
    return frame.with_columns(pl.lit(object_type).alias("object_type")).select(
        pl.col(name).cast(kind) for name, kind in PART.items()
    )


def _of_series(series: list[recurring.Series], inputs: ForecastInputs) -> pl.DataFrame:
    rows = [
        {"entity": one.entity, "account": one.account, "currency": one.currency, "date": day, "object_id": one.title, "points": amount}
        for one, day, amount in recurring.expected(series, inputs)
    ]  # fmt: skip
    if not rows:
        return empty(PART)
    frame = pl.DataFrame(rows, schema_overrides={"entity": pl.String, "points": pl.Int64})
    return frame.with_columns(
        amounts(frame["points"].to_numpy()),
        pl.lit("recurring").alias("layer"),
        pl.lit("expected").alias("certainty"),
    )


def _lines_of_series(series: list[recurring.Series], inputs: ForecastInputs) -> pl.DataFrame:
    numbers = pl.DataFrame(
        [
            {"account": one.account, "currency": one.currency, "object_id": one.title, "number": number}
            for one in series
            for number in one.lines
        ],
        schema={"account": pl.String, "currency": pl.String, "object_id": pl.String, "number": pl.UInt32},
    )
    lines = inputs.flows.select("bank_line_id").with_row_index("number")
    return _learned(numbers.join(lines, on="number"), "series")


def _lines_of_usual(series: list[recurring.Series], inputs: ForecastInputs) -> pl.DataFrame:
    lines = run_off.learned_from(inputs, series).rename({"account_id": "account"})
    return _learned(lines.with_columns(pl.lit(USUAL).alias("object_id")), "usual")


def _learned(frame: pl.DataFrame, object_type: str) -> pl.DataFrame:
    return (
        frame.with_columns(pl.lit(object_type).alias("object_type"))
        .select(pl.col(name).cast(kind) for name, kind in LEARNED.items())
        .unique(maintain_order=True)
    )
