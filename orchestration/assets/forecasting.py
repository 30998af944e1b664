"""Cash forecasts: one vintage a business day, kept, and what became of the earlier ones."""

from datetime import date

import dagster as dg
import duckdb

from orchestration import fingerprints, run_time
from orchestration.resources import WAREHOUSE_POOL, WorkspaceResource
from orchestration.warehouse import connect, transaction

FORECAST, ACCURACY = dg.AssetKey(["forecasting", "cash_forecast"]), dg.AssetKey(["forecasting", "forecast_accuracy"])
READS = ("canonical", "matching")
ROWS = """
    SELECT (SELECT count(*) FROM forecasting.known_forecast WHERE vintage = ?), count(*) FROM forecasting.forecast_accuracy
"""
# A vintage made twice on its day is kept as it was made last. One made with hindsight, on a later day, stands beside it.
REPLACED = """
    DELETE FROM forecasting.cash_forecast AS earlier
    USING config.run_parameter AS run, config.company AS company
    WHERE earlier.vintage = run.as_of AND (
        earlier.known_at = run.known_at
        OR (coalesce(earlier.known_at < run.known_at, true)
            AND run.known_at < timezone(company.timezone, CAST(run.as_of + 1 AS TIMESTAMP)))
    )
"""
INPUTS = (
    "bank_account", "bank_intraday_line", "bank_statement", "bank_statement_line", "open_item", "payment_instruction",
    "remittance_advice",
)  # fmt: skip


@dg.multi_asset(
    name="forecast",
    specs=[
        dg.AssetSpec(
            FORECAST, deps=[*(["canonical", name] for name in INPUTS), ["matching", "match_item"]],
            group_name="forecasting", kinds={"polars", "numpy"}, owners=["team:treasury"],
            description="13 weeks, daily, per account and currency, in layers that add up: opening balance, committed payments, "
            "open items by each party's own payment delay, recurring flows, run-off. A vintage is kept as it was made on its day.",
        ),
        dg.AssetSpec(
            ACCURACY, deps=[FORECAST], group_name="forecasting", kinds={"polars"}, owners=["team:treasury"],
            description="Earlier vintages against what the statements say happened, by horizon, beside two naive forecasts.",
        ),
    ],
    pool=WAREHOUSE_POOL,
)  # fmt: skip
def forecasting_assets(workspace: WorkspaceResource):  # type: ignore[no-untyped-def]
    """Forecast from canonical facts with config/forecasting.yml."""
    rules = workspace.workspace.optional_text("forecasting.yml")
    with connect(workspace.workspace.warehouse) as connection:
        day = run_time.read(connection).as_of
        unchanged = fingerprints.job_stands(connection, fingerprints.FORECASTING, READS, rules)
        if not unchanged:
            _forecast(connection, rules, str(workspace.workspace.config / "forecasting.yml"), day)
            fingerprints.job_ended(connection, fingerprints.FORECASTING, READS, rules)
        rows = connection.execute(ROWS, [day]).fetchone() or (0, 0)
    yield dg.MaterializeResult(FORECAST, metadata={"rows": rows[0], "vintage": day.isoformat(), "unchanged": unchanged})
    yield dg.MaterializeResult(ACCURACY, metadata={"rows": rows[1], "unchanged": unchanged})


def _forecast(connection: duckdb.DuckDBPyConnection, rules: str, where: str, day: date) -> None:
    """Write the vintage of the day, and what became of the earlier ones."""
    from orchestration.assets.forecasting_inputs import read_forecast_inputs
    from reconciliation.forecasting import accuracy, forecast, parse_forecasting

    config = parse_forecasting(rules, where)
    inputs = read_forecast_inputs(connection)
    vintage = forecast(inputs, config, day)
    earlier = connection.execute("SELECT * FROM forecasting.known_forecast WHERE vintage < ?", [day]).pl()
    compared = accuracy(earlier, inputs, config, day)
    with transaction(connection):
        connection.register("new_vintage", vintage.to_arrow())
        connection.register("new_accuracy", compared.to_arrow())
        connection.execute(REPLACED)
        connection.execute(
            "INSERT INTO forecasting.cash_forecast BY NAME SELECT new_vintage.*, run.known_at FROM new_vintage "
            "CROSS JOIN config.run_parameter AS run ORDER BY entity, account, date, layer"
        )
        connection.execute("DELETE FROM forecasting.forecast_accuracy")
        connection.execute("INSERT INTO forecasting.forecast_accuracy BY NAME SELECT * FROM new_accuracy ORDER BY ALL")
        connection.unregister("new_vintage")
        connection.unregister("new_accuracy")
