"""How good the forecast is: rolling cut-offs on real daily flows and on the simulated company, against naive
forecasts.

python benchmarks/forecasting/backtest.py treasury [--folder ../shared/samples/cash_flows] python
benchmarks/forecasting/backtest.py warehouse PATH/warehouse.duckdb

`treasury` are two and a half years of daily deposits and withdrawals of the US Treasury (public domain); each is
one account. `warehouse` reads the facts of a workspace after a run, such as the demo's. Each line is one horizon
bucket: WAPE of days and of whole weeks, signed bias, MASE (against the day a week before), pinball loss, coverage and mean
width of the 80 % interval (both in units of the mean daily movement), and the WAPE of two naive forecasts: the mean of
the last eight weeks, and the due date.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl

from reconciliation.forecasting import ForecastingConfig, ForecastInputs, accuracy, forecast, known_by
from reconciliation.forecasting import inputs as shapes
from reconciliation.forecasting.accuracy import pinball_loss
from reconciliation.forecasting.history import daily_net
from reconciliation.forecasting.horizon import BUCKETS, bucket

CONFIG = ForecastingConfig()
SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "cash_flows"
Row = dict[str, str | bool | date | Decimal | None]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="what", required=True)
    treasury = commands.add_parser("treasury")
    treasury.add_argument("--folder", type=Path, default=SAMPLES)
    treasury.add_argument("--cutoffs", type=int, default=12)
    warehouse = commands.add_parser("warehouse")
    warehouse.add_argument("path", type=Path)
    warehouse.add_argument("--cutoffs", type=int, default=8)
    given = parser.parse_args()
    started = time.perf_counter()
    if given.what == "treasury":
        for name, inputs in treasury_accounts(given.folder):
            report(f"US Treasury, {name}", inputs, given.cutoffs, weeks_between=4)
    else:
        report(str(given.path), warehouse_facts(given.path), given.cutoffs, weeks_between=1)
    print(f"took {time.perf_counter() - started:.1f} s")


def report(title: str, inputs: ForecastInputs, cutoffs: int, weeks_between: int) -> None:
    """Forecast as of earlier days with what was known then, and print how it did."""
    end = max(day for day in inputs.balances["covered_until"].to_list() if day is not None)
    days = [end - timedelta(weeks=1 + weeks_between * back) for back in range(cutoffs)]
    first = min(day for day in inputs.balances["covered_from"].to_list() if day is not None)
    days = [day for day in days if day - first >= timedelta(days=42)]
    vintages = pl.concat([forecast(known_by(inputs, day), CONFIG, day) for day in days])
    compared = comparison(vintages, inputs, end)
    due_date = accuracy(vintages, inputs, CONFIG, end + timedelta(days=1))
    print(f"\n{title}: {len(days)} cut-offs from {min(days)} to {max(days)}")
    print("horizon    days    WAPE  weekly    bias    MASE pinball  cover  width  8-week     due")
    for name, _, _ in BUCKETS:
        mine = compared.filter(pl.col("bucket") == name)
        if mine.is_empty():
            continue
        moved = mine["net"].abs().sum()
        weekly = mine.group_by("vintage", "account", pl.col("date").dt.truncate("1w")).agg(
            pl.col("net", "amount").sum()
        )
        naive = due_date.filter((pl.col("horizon_bucket") == name) & pl.col("naive_wape").is_not_null())
        by_due_date = (naive["naive_wape"] * naive["days_compared"]).sum() / max(naive["days_compared"].sum(), 1)
        width = mine["width"].mean() / (moved / mine.height)
        eight_weeks = (mine["mean"] - mine["net"]).abs().sum() / moved
        print(
            f"{name:8} {mine.height:6} {error(mine) / moved:7.3f} {error(weekly) / weekly['net'].abs().sum():7.3f} "
            f"{(mine['amount'] - mine['net']).sum() / moved:7.3f} {error(mine) / mine['change'].sum():7.3f} "
            f"{mine['pinball'].sum() / moved:7.3f} {mine['inside'].mean():6.2f} "
            f"{width:6.2f} {eight_weeks:7.3f} "
            f"{f'{by_due_date:7.3f}' if inputs.open_items.height else '      -'}"
        )


def error(rows: pl.DataFrame) -> float:
    """Sum of absolute errors."""
    return float((rows["amount"] - rows["net"]).abs().sum())


def comparison(vintages: pl.DataFrame, inputs: ForecastInputs, end: date) -> pl.DataFrame:
    """Per vintage, account and day: forecast, interval, actual and the mean of the eight weeks before the vintage.

    Amounts are divided by the account's mean absolute movement, so that accounts of different currencies weigh alike.
    """
    moves = vintages.filter(~pl.col("layer").is_in(["opening", "beyond_horizon"]))
    daily = moves.group_by("vintage", "account", "currency", "date").agg(
        pl.col("amount", "low", "high").sum().cast(pl.Float64)
    )
    actual = daily_net(inputs, CONFIG, end).with_columns(pl.col("net").cast(pl.Float64))
    week_before = (pl.col("net") - pl.col("net").shift(5)).abs().mean()
    scale = actual.group_by("account", "currency", maintain_order=True).agg(
        pl.col("net").abs().mean().alias("scale"), week_before.alias("change")
    )
    cutoffs = vintages.select("vintage").unique()
    before = (
        actual.join(cutoffs, how="cross")
        .filter((pl.col("date") <= pl.col("vintage")) & (pl.col("date") > pl.col("vintage") - pl.duration(weeks=8)))
        .group_by("vintage", "account", "currency")
        .agg(pl.col("net").mean().alias("mean"))
    )
    return (
        actual.join(cutoffs, how="cross")
        .filter((pl.col("date") > pl.col("vintage")) & (pl.col("date") <= pl.col("vintage") + pl.duration(weeks=13)))
        .join(daily, on=["vintage", "account", "currency", "date"], how="left")
        .join(before, on=["vintage", "account", "currency"], how="left")
        .join(scale, on=["account", "currency"])
        .filter(pl.col("scale") > 0)
        .with_columns(pl.col("amount", "low", "high", "mean").fill_null(0.0))
        .with_columns(
            ((pl.col("net") >= pl.col("low")) & (pl.col("net") <= pl.col("high"))).alias("inside"),
            (pl.col("high") - pl.col("low")).alias("width"),
            bucket((pl.col("date") - pl.col("vintage")).dt.total_days()).alias("bucket"),
        )
        .with_columns(
            ((pinball_loss("low", 0.1) + pinball_loss("amount", 0.5) + pinball_loss("high", 0.9)) / 3).alias("pinball")
        )
        .with_columns(pl.col("net", "amount", "mean", "width", "change", "pinball") / pl.col("scale"))
    )


def treasury_accounts(folder: Path) -> Iterator[tuple[str, ForecastInputs]]:
    """Deposits and withdrawals, each as the account of one entity; millions of dollars on the FED calendar."""
    with (folder / "daily_cash_flows.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    for kind, sign in (("Deposits", 1), ("Withdrawals", -1)):
        mine = [row for row in rows if row["transaction_type"] == kind]
        days = sorted(date.fromisoformat(row["record_date"]) for row in mine)
        flows: list[Row] = [
            {
                "bank_line_id": row["record_date"],
                "account_id": kind,
                "entity_id": "UST",
                "currency": "USD",
                "date": date.fromisoformat(row["record_date"]),
                "amount": Decimal(row["transaction_today_amt"]) * sign,
                "settles_item": False,
            }
            for row in mine
        ]
        balance: Row = {
            "account_id": kind, "entity_id": "UST", "currency": "USD", "covered_from": days[0],
            "covered_until": days[-1],
        }  # fmt: skip
        account: Row = {"account_id": kind, "entity_id": "UST", "currency": "USD", "calendar": "FED"}
        yield (
            kind,
            replace(
                ForecastInputs(),
                accounts=frame("accounts", [account]),
                balances=frame("balances", [balance]),
                flows=frame("flows", flows),
            ),
        )


def warehouse_facts(path: Path) -> ForecastInputs:
    """Facts of a workspace's warehouse after a run."""
    from orchestration.assets.forecasting_inputs import read_forecast_inputs
    from orchestration.warehouse import connect

    with connect(path, read_only=True) as connection:
        return read_forecast_inputs(connection)


def frame(name: str, rows: list[Row]) -> pl.DataFrame:
    """Rows as a frame of one of the input shapes; what a row leaves out is null."""
    shape = shapes.SHAPES[name]
    return pl.DataFrame([{column: row.get(column) for column in shape} for row in rows], schema=dict(shape))


if __name__ == "__main__":
    main()
