"""A workspace whose items are written by hand: its legs run, decisions are made, without files, dbt or Dagster."""

from __future__ import annotations

import shutil
from copy import copy, deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
from small_workspace import small_workspace

from orchestration import run_time
from orchestration.decisions.tables import load_decisions
from orchestration.match_ledger import run_leg, write_leg
from orchestration.rule_versions import record_rules
from orchestration.run_time import RunTime
from orchestration.settling import settle
from orchestration.warehouse import connect, create_tables, transaction
from orchestration.workspace import Workspace
from reconciliation.contracts import ITEM, LINK

RULES = """\
author: grace
approved_by: ada
legs:
  - name: bank_lines_payments
    left: {dataset: bank_lines, pool: cash}
    right: {dataset: payments, pool: cash}
    passes:
      - {kind: reference, amounts: [equal]}
      - {kind: amount_date, before: 2, after: 8}
  - name: payments_open_items
    left: {dataset: payments, pool: ledger}
    right: {dataset: open_items, pool: ledger}
    passes:
      - {kind: reference, amounts: [equal, sum]}
"""
DATASETS = ("bank_lines", "payments", "open_items")
DAY = date(2026, 9, 28)
LONG_AFTER = datetime(2999, 1, 1, tzinfo=UTC)
QUEUE = """
CREATE OR REPLACE TABLE marts.exception_queue AS
SELECT md5(concat_ws('|', cause, object_type, object_id, detail)) AS exception_id, * FROM (
    SELECT g.status AS cause, 'match_group' AS object_type, group_id AS object_id, leg AS detail, explanation AS message,
           left_total AS amount, currency
    FROM matching.known_group g WHERE superseded_by IS NULL AND status != 'matched'
    UNION ALL
    SELECT DISTINCT 'unmatched_item', u.dataset, u.item_id, u.leg, u.reason, u.open_amount, 'EUR' FROM matching.unmatched u
)
"""


def item(item_id: str, amount: str, day: int = 0, **more: object) -> dict[str, object]:
    """An item in euros, dated so many days after the first."""
    return {"item_id": item_id, "amount": Decimal(amount), "currency": "EUR", "date": DAY + timedelta(days=day)} | more


class World:
    """The items as they are delivered, and runs over them."""

    def __init__(self, root: Path, rules: str = RULES) -> None:
        self.workspace = small_workspace(root)
        (self.workspace.config / "matching.yml").write_text(rules, "utf-8")
        self.items: dict[str, dict[str, dict[str, object]]] = {name: {} for name in DATASETS}
        self.runs = self.looked_again = 0
        with connect(self.workspace.warehouse) as connection:
            create_tables(connection)
            for schema in ("raw", "forecasting"):  # a smaller file opens faster
                connection.execute(f"DROP SCHEMA {schema} CASCADE")
            for schema in ("matching_input", "canonical", "marts"):
                connection.execute(f"CREATE SCHEMA {schema}")
            connection.execute("INSERT INTO config.company VALUES ('Small Group', 'EUR', 'Europe/Berlin')")
            connection.execute(
                "CREATE TABLE canonical.group_rate AS SELECT 'EUR' AS currency, 1 AS numerator, 1 AS denominator"
            )
            connection.execute(
                "CREATE TABLE canonical.counterparty AS SELECT unnest(['a|supplier|1', 'b|supplier|2']) AS counterparty_id"
            )

    def copy(self, root: Path) -> World:
        """The same company in another folder."""
        shutil.copytree(self.workspace.root, root)
        other = copy(self)
        other.workspace, other.items = Workspace(root), deepcopy(self.items)
        return other

    def deliver(self, dataset: str, *rows: dict[str, object]) -> None:
        """Add items, or put them in the place of those of the same id."""
        self.items[dataset] |= {str(row["item_id"]): row for row in rows}

    def cancel(self, dataset: str, item_id: str) -> None:
        """The item is no longer there."""
        del self.items[dataset][item_id]

    def run(self, as_of: date = DAY, known_at: datetime = LONG_AFTER) -> None:
        """Bring in the decisions, run every leg, settle."""
        self.runs += 1
        rules, now = self.workspace.matching_rules(), RunTime(as_of, known_at, f"run{self.runs}")
        with connect(self.workspace.warehouse) as connection:
            for name, rows in self.items.items():
                frame = pl.DataFrame(
                    [{column: row.get(column) for column in ITEM} for row in rows.values()], schema=ITEM
                )  # fmt: skip
                connection.register("given", frame.to_arrow())
                connection.execute(f"CREATE OR REPLACE TABLE matching_input.{name} AS SELECT * FROM given")
            connection.register("given", pl.DataFrame(schema=LINK).to_arrow())
            connection.execute("CREATE OR REPLACE TABLE matching_input.links AS SELECT * FROM given")
            with transaction(connection):
                run_time.write(connection, now)
                load_decisions(connection, self.workspace, now)
                record_rules(connection, self.workspace, now)
            for leg in rules.legs:
                update, _ = run_leg(connection, rules, leg)
                with transaction(connection):
                    write_leg(connection, leg.name, update, now)
            self.looked_again = settle(connection, rules, now)
            connection.execute(QUEUE)

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        """Rows of the warehouse."""
        with connect(self.workspace.warehouse, read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def groups(self, status: str = "matched") -> dict[str, str]:
        """The items of each group in force, `B1 P1`, and its id."""
        found = self.rows(
            "SELECT string_agg(m.item_id, ' ' ORDER BY m.item_id), g.group_id FROM matching.known_group g "
            f"JOIN matching.match_item m USING (group_id, run_id) WHERE superseded_by IS NULL AND status = '{status}' "
            "GROUP BY ALL ORDER BY ALL"
        )
        return {str(names): str(group) for names, group in found}

    def open(self) -> dict[str, str]:
        """What is open in the leg of bank lines, and why."""
        rows = self.rows("SELECT item_id, reason FROM matching.unmatched WHERE leg = 'bank_lines_payments'")
        return {str(name): str(reason) for name, reason in rows}
