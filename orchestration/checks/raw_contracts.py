"""Checks of the raw tables against the record contracts, beyond what types and NOT NULL of the tables already enforce."""

from collections.abc import Sequence

import dagster as dg
import duckdb

from ingestion.contracts import CONTRACTS

CONTRACT = "record_contract"
CODE_RULE = "is an ISO 4217 code"  # one bank's odd code is told, it does not stop the group's run


def rules(kind: str) -> dict[str, str]:
    """The rules of one kind: name -> SQL condition that every row has to meet."""
    columns = set(CONTRACTS[kind].names)
    found = {"record_number counts from 1": "record_number >= 1"}
    if {"credit_debit", "amount", "signed_amount"} <= columns:
        found["credit_debit is CRDT or DBIT"] = "credit_debit IS NULL OR credit_debit IN ('CRDT', 'DBIT')"
        found["signed_amount follows credit_debit"] = (
            "credit_debit IS NULL OR amount IS NULL OR signed_amount = CASE credit_debit WHEN 'DBIT' THEN -amount ELSE amount END"
        )
    for column in sorted(columns):
        if column == "currency" or column.endswith("_currency"):
            found[f"{column} {CODE_RULE}"] = f'"{column}" IS NULL OR regexp_full_match("{column}", \'[A-Z]{{3}}\')'
    if {"byte_start", "byte_end"} <= columns:
        found["byte range is in order"] = "byte_start IS NULL OR byte_end IS NULL OR byte_start <= byte_end"
    return found


def contract_check(connection: duckdb.DuckDBPyConnection, kind: str, deliveries: Sequence[str]) -> dg.AssetCheckResult:
    """Whether the rows of these deliveries keep the contract of their kind."""
    conditions = rules(kind)
    counted = ", ".join(f"count(*) FILTER (NOT ({condition}))" for condition in conditions.values())
    row = connection.execute(
        f"SELECT count(*), {counted} FROM raw.{kind} WHERE delivery_id IN (SELECT unnest(?::VARCHAR[]))",
        [list(deliveries)],
    ).fetchone()
    assert row is not None  # noqa: S101  (an aggregate without GROUP BY has one row)
    failing = {name: count for name, count in zip(conditions, row[1:], strict=True) if count}
    only_codes = all(name.endswith(CODE_RULE) for name in failing)
    return dg.AssetCheckResult(
        asset_key=dg.AssetKey(["raw", kind]), check_name=CONTRACT, passed=not failing,
        severity=dg.AssetCheckSeverity.WARN if only_codes else dg.AssetCheckSeverity.ERROR,
        metadata={"rows_checked": row[0], **{name: f"{count} rows break it" for name, count in failing.items()}},
    )  # fmt: skip
