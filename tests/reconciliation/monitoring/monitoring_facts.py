"""Facts for the monitoring tests: a small group on a quiet Wednesday, and rows that state only what matters."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl

from reconciliation.contracts import ALERT
from reconciliation.frames import Shape
from reconciliation.monitoring import MonitoringConfig, MonitoringInputs, monitor
from reconciliation.monitoring import inputs as shapes

AS_OF = date(2026, 3, 11)  # a Wednesday
KNOWN_AT = datetime(2026, 3, 11, 18, 0, tzinfo=UTC)
NOTHING_KNOWN = pl.DataFrame(schema=dict(ALERT))

Value = str | int | bool | date | datetime | Decimal | None
Row = dict[str, Value]

ACCOUNT: Row = {
    "account_id": "DE-EUR", "entity_id": "DE", "currency": "EUR", "calendar": "TARGET2", "statement_by": "08:00:00",
    "timezone": "Europe/Berlin", "owner": "cash.desk", "is_configured": True,
}  # fmt: skip
STATEMENT: Row = {
    "statement_key": "s1", "account_id": "DE-EUR", "entity_id": "DE", "kind": "statement", "statement_id": "1",
    "sequence": 48, "statement_date": date(2026, 3, 10), "currency": "EUR", "opening_balance": Decimal(100),
    "closing_balance": Decimal(100), "balance_check": "ok", "continuity": "ok", "known_at": KNOWN_AT,
}  # fmt: skip
INVOICE: Row = {
    "open_item_id": "sap|1000|19|2026|1", "entity_id": "DE", "ledger": "payable", "kind": "invoice",
    "counterparty_id": "sap|supplier|7", "golden_id": "g7", "source_system": "sap", "document_number": "19",
    "reference": "RE-1001", "currency": "EUR", "amount": Decimal("-1190.00"), "open_amount": Decimal("-1190.00"),
    "document_date": date(2026, 2, 1), "posting_date": date(2026, 2, 2), "due_date": date(2026, 3, 3),
    "is_blocked": False, "is_direct_debit": False, "approval_status": "approved", "approved_on": date(2026, 2, 5), "status": "open",
    "paid_amount": None,
}  # fmt: skip
PAYMENT: Row = {
    "payment_id": "m1|p1|1", "batch_id": "m1|p1", "end_to_end_id": "E2E-1", "entity_id": "DE", "account_id": "DE-EUR",
    "direction": "credit_transfer", "currency": "EUR", "amount": Decimal("-1190.00"),
    "execution_date": date(2026, 3, 6), "counterparty_name": "Meyer GmbH",
    "counterparty_account": "DE02120300000000202051",
    "status": "sent", "status_on": date(2026, 3, 5), "sent_on": date(2026, 3, 5), "is_acknowledged": False,
    "is_booked": False,
}  # fmt: skip
LINE: Row = {
    "bank_line_id": "l1", "account_id": "DE-EUR", "entity_id": "DE", "currency": "EUR", "amount": Decimal("-75.00"),
    "open_amount": Decimal("-75.00"), "date": date(2026, 3, 2), "known_on": date(2026, 3, 3),
    "counterparty_name": "Meyer GmbH", "state": "open",
}  # fmt: skip
SOURCE: Row = {
    "source": "sap_items", "title": "SAP items", "calendar": "TARGET2", "due_by": "06:00:00",
    "timezone": "Europe/Berlin",
    "lag_days": 1, "owner": "erp.team", "last_received_at": datetime(2026, 3, 11, 4, 0, tzinfo=UTC),
}  # fmt: skip


def frame(shape: Shape, *rows: Row) -> pl.DataFrame:
    """Rows of a shape; what a row leaves out is null."""
    return pl.DataFrame([{name: row.get(name) for name in shape} for row in rows], schema=dict(shape))


def facts(**frames: list[Row]) -> MonitoringInputs:
    """Inputs with these frames; a frame that is not given is empty."""
    base = MonitoringInputs(known_at=KNOWN_AT, base_currency="EUR")
    return replace(base, **{name: frame(shapes.SHAPES[name], *rows) for name, rows in frames.items()})  # type: ignore[arg-type]


def alerts(
    inputs: MonitoringInputs,
    check: str | None = None,
    config: MonitoringConfig | None = None,
    as_of: date = AS_OF,
    known: pl.DataFrame = NOTHING_KNOWN,
) -> list[Row]:
    """The alerts as dictionaries, of one check where it is named."""
    found = monitor(inputs, config or MonitoringConfig(), as_of, known)
    if check is not None:
        found = found.filter(pl.col("check") == check)
    return found.to_dicts()


def only(rows: list[Row]) -> Row:
    """The one alert there is."""
    assert len(rows) == 1, [row["message"] for row in rows]
    return rows[0]
