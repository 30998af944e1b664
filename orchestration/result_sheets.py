"""The results of `tieout match` as an Excel file: what to decide, what is open, what is matched; a row is an item.

The items of a group stand together under its number; what the engine says of the group stands on the first of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb
import polars as pl

from orchestration.result_files import TABLES, WORKBOOK
from orchestration.workbook import AS_GIVEN, write_sheet
from reconciliation.matching import Rules
from reconciliation.matching.item_frames import item_frame

_SHOWN = ("item_id", "date", "amount", "currency", "counterparty_name", "references", "text")
_ITEM = "item.dataset, item.item_id, item.date, item.amount"
_SAID = 'item.currency, item.counterparty_name, item."references", item.text'
_GROUPS = f"""
    SELECT "group", status, confidence, {_ITEM}, applied_amount, {_SAID},
        CASE WHEN place = 1 THEN difference END AS difference,
        CASE WHEN place = 1 THEN nullif(difference_kind, 'none') END AS difference_kind,
        CASE WHEN place = 1 THEN explanation END AS explanation, leg, "pass"
    FROM (
        SELECT *, row_number() OVER (PARTITION BY "group" ORDER BY dataset, item_id) AS place
        FROM (
            SELECT *, dense_rank() OVER (ORDER BY abs(left_total) DESC, group_id) AS "group" FROM match_group
            WHERE status {{}} 'matched'
        ) JOIN match_item USING (group_id)
    ) AS member JOIN item USING (dataset, item_id)
    ORDER BY "group", dataset, item_id"""
_TOLD = """
    CREATE TEMPORARY VIEW told AS
    SELECT dataset, item_id FROM unmatched WHERE leg NOT IN (SELECT leg FROM offsetting)
    UNION ALL
    SELECT dataset, item_id FROM match_item"""
_SHEETS = {
    "To decide": _GROUPS.format("!="),
    "Open": f"""
    SELECT {_ITEM}, open_amount, {_SAID}, replace(reason, '_', ' ') AS reason,
        array_to_string(best_candidates, ' | ') AS nearest_candidates, leg
    FROM unmatched JOIN item USING (dataset, item_id)
    -- what nothing undoes is open only where no other leg says what became of it
    WHERE leg NOT IN (SELECT leg FROM offsetting) OR (dataset, item_id) NOT IN (SELECT (dataset, item_id) FROM told)
    ORDER BY abs(open_amount) DESC, dataset, item_id, leg""",
    "Matched": _GROUPS.format("="),
}


def write_result_sheets(out: Path, items: Mapping[str, pl.LazyFrame], rules: Rules) -> None:
    """Write result.xlsx to the folder of a run's results; `items` is what it matched (dataset -> items) by the `rules`."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(out / WORKBOOK), AS_GIVEN) as book, duckdb.connect() as connection:
        for name in TABLES:
            connection.register(name, pl.read_parquet(out / f"{name}.parquet").to_arrow())
        connection.register("item", pl.concat([_shown(name, frame) for name, frame in items.items()]).to_arrow())
        offsetting = pl.DataFrame({"leg": [leg.name for leg in rules.legs if leg.offsets]}, schema={"leg": pl.String})
        connection.register("offsetting", offsetting.to_arrow())
        connection.execute(_TOLD)
        for title, sql in _SHEETS.items():
            write_sheet(book, connection, title, sql, f"{', '.join(f'{name}.parquet' for name in TABLES)}")


def _shown(dataset: str, items: pl.LazyFrame) -> pl.DataFrame:
    """What a person reads of the items of a dataset."""
    frame, _ = item_frame(items, dataset)
    shown = frame.select(pl.lit(dataset).alias("dataset"), *_SHOWN)
    return shown.with_columns(pl.col("references").list.join(" | ")).collect()
